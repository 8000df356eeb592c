"""The runner speaks to the bot as a channel does, and loses no question."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import GuideError
from bot.settings import Settings
from eval.door import SECONDS_PER_TURN, START, Doors, ask, lay_out, open_doors, run
from eval.sources import source_path
from tests.eval_help import ScriptedDoor, make_guide, make_item, make_reply


def doors_of(door: ScriptedDoor) -> Doors:
    return Doors({"tiny": door}, {"tiny": {"uses-1": "Uses of it"}})


def test_turns_follow_one_another_in_one_visit() -> None:
    first, last = make_reply("smalltalk"), make_reply(quoted=["Uses"], offered=["Uses", "Risks"])
    door = ScriptedDoor({"hi": first, "and why": last})
    result = ask(make_item(turns=("hi", "and why")), doors_of(door))
    assert result.replies == (first, last)
    assert result.reply is last
    assert result.suggested == ("Uses of it", "Risks")
    (one, before, guide), (two, between, _) = door.asked
    assert (one.at, two.at) == (START, START + SECONDS_PER_TURN)
    assert (before.turn, between.turn) == (0, 1)
    assert before.visit_id == between.visit_id
    assert guide == "tiny"
    assert one.explain


def test_items_do_not_share_a_visit() -> None:
    door = ScriptedDoor({"hi": make_reply("smalltalk")})
    run([make_item("a", turns=("hi",)), make_item("b", turns=("hi",))], doors_of(door))
    visits = [visit for _, visit, _ in door.asked]
    assert visits[0].visit_id != visits[1].visit_id
    assert [v.turn for v in visits] == [0, 0]


def test_a_fault_of_the_bot_is_a_result() -> None:
    results = run([make_item("a"), make_item("b", turns=("hi",))], doors_of(ScriptedDoor({
        "hi": make_reply("smalltalk"),
    })))  # fmt: skip
    assert results[0].replies == ()
    assert results[0].fault.startswith("KeyError")
    assert results[1].reply is not None


def test_a_guide_is_found_in_the_corpus_first(tmp_path: Path) -> None:
    make_guide(tmp_path)
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("tiny.md", "other.md"):
        (bare / name).write_text("# Uses\n\nText.\n", encoding="utf-8")
    assert source_path("tiny", tmp_path / "corpus", bare).name == "guide.txt"
    assert source_path("other", tmp_path / "corpus", bare) == bare / "other.md"
    with pytest.raises(GuideError, match="absent"):
        source_path("absent", tmp_path / "corpus", bare)


def test_a_bare_guide_gets_the_clinics_files_and_no_hints(tmp_path: Path) -> None:
    make_guide(tmp_path)
    corpus, laid = tmp_path / "corpus", tmp_path / "laid"
    laid.mkdir()
    (corpus / "clinic.toml").write_text('name = "Example"\n', encoding="utf-8")
    (corpus / "tiny" / "lexicon.toml").write_text("", encoding="utf-8")
    (corpus / "gates").mkdir()
    (corpus / "gates" / "ours.toml").write_text("", encoding="utf-8")
    bare = tmp_path / "other.md"
    bare.write_text("# Uses\n", encoding="utf-8")
    lay_out({"other": bare}, corpus, laid)
    assert {str(p.relative_to(laid)) for p in laid.rglob("*") if p.is_file()} == {
        "clinic.toml",
        "gates/ours.toml",
        "other/guide.md",
    }


def test_each_guide_gets_its_bot_and_bare_ones_share_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_guide(tmp_path)
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "other.md").write_text("# Uses\n\nText.\n", encoding="utf-8")
    opened: dict[str, set[str]] = {}

    def open_bot(settings: Settings, cache: Path | None = None) -> ScriptedDoor:
        assert (cache is None) == (settings.corpus_dir != str(tmp_path / "corpus"))
        assert settings.database_url == ""
        opened[settings.corpus_dir] = {p.name for p in Path(settings.corpus_dir).iterdir()}
        return ScriptedDoor({})

    monkeypatch.setattr("eval.door.open_bot", open_bot)
    doors = open_doors(["tiny", "other"], tmp_path / "corpus", bare)
    assert list(opened.values()) == [{"tiny"}, {"other"}]
    assert doors.by_guide["tiny"] is not doors.by_guide["other"]
    assert not Path(list(opened)[1]).exists()
    assert set(open_doors(["other"], tmp_path / "corpus", bare).by_guide) == {"other"}
    assert len(opened) == 3
