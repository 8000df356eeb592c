"""`python -m eval`: what it prints and writes, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.answer import open_bot
from bot.settings import load_settings
from eval import cli
from eval.ablate import PARTS, variants, without
from eval.cli import Suite, clinic_phones
from eval.door import Doors
from eval.questions import QuestionError
from eval.records import Item
from tests.eval_help import ScriptedDoor, TinySource, make_item, make_reply

RIGHT = make_reply(quoted=["Uses"], score=0.9)
WRONG = make_reply(quoted=["Risks"], score=0.9)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(cli, "ACCEPTED", tmp_path / "accepted.json")
    monkeypatch.setattr(cli, "README", tmp_path / "README.md")
    (tmp_path / "README.md").write_text("<!-- eval:begin -->\n<!-- eval:end -->\n")
    monkeypatch.setattr(cli, "Sources", TinySource)
    give(monkeypatch, n_right=10)
    return tmp_path


def give(monkeypatch: pytest.MonkeyPatch, n_right: int) -> None:
    """Let the suite be ten questions of which the bot gets some right."""
    items = [make_item(f"q{i}", turns=(str(i),)) for i in range(10)]
    door = ScriptedDoor({str(i): RIGHT if i < n_right else WRONG for i in range(10)})

    def opened(split: str, guide: str, slice_: str) -> Suite:
        return Suite(items, Doors({"tiny": door}, {}), [])

    monkeypatch.setattr(cli, "open_suite", opened)


def call(here: Path, *args: str) -> Result:
    return CliRunner().invoke(cli.app, [*args, "--out", str(here / "out")])


def test_a_run_prints_and_writes_both_reports(here: Path) -> None:
    done = call(here)
    assert done.exit_code == 0
    assert "Success@1" in done.output
    assert json.loads((here / "out" / "report.json").read_text(encoding="utf-8"))["n_items"] == 10
    assert "<h1>" in (here / "out" / "report.html").read_text(encoding="utf-8")


def test_check_passes_after_accept_and_fails_when_a_figure_falls(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(here, "--accept").exit_code == 0
    assert "| Success@1 |" in (here / "README.md").read_text(encoding="utf-8")
    assert call(here, "--check").exit_code == 0
    give(monkeypatch, n_right=7)
    done = call(here, "--check")
    assert done.exit_code == 1
    assert "fell Success@1: 100.0 % (n=10) -> 70.0 % (n=10)" in done.output
    assert call(here).exit_code == 0


def test_check_without_accepted_figures_says_what_to_do(here: Path) -> None:
    assert call(here, "--check").exit_code == 2


@pytest.mark.parametrize("filter_", ["--guide=tiny", "--slice=typo", "--split=tune"])
@pytest.mark.parametrize("option", ["--check", "--accept"])
def test_a_part_is_neither_checked_nor_accepted(here: Path, option: str, filter_: str) -> None:
    assert call(here, option, filter_).exit_code == 2
    assert not (here / "accepted.json").exists()


def test_failures_are_printed_on_demand(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, n_right=9)
    assert "expected 'Uses'" in call(here, "--failures").output
    assert "expected 'Uses'" not in call(here).output


def test_a_wrong_question_ends_with_one_line(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(split: str, guide: str, slice_: str) -> Suite:
        raise QuestionError("not JSON", where="a.jsonl:3")

    monkeypatch.setattr(cli, "open_suite", broken)
    done = call(here)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_trec_writes_four_files(here: Path) -> None:
    assert call(here, "trec").exit_code == 0
    assert {p.name for p in (here / "out").iterdir()} == {
        "sections.qrels",
        "sections.run",
        "passages.qrels",
        "passages.run",
    }
    assert len((here / "out" / "sections.run").read_text(encoding="utf-8").splitlines()) == 10


def test_ablate_prints_and_the_next_report_shows_it(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake(items: Sequence[Item], doors: Doors, sources: object) -> list[dict[str, object]]:
        return [{"variant": "without stems", "Success@1": 0.5}]

    monkeypatch.setattr("eval.ablate.ablate", fake)
    assert "50.0 %" in call(here, "ablate").output
    call(here)
    page = (here / "out" / "report.html").read_text(encoding="utf-8")
    assert "without stems" in page


def test_every_part_is_switched_off_alone_and_all_together() -> None:
    found = variants()
    assert found[0][1] == frozenset()
    assert {off for _, off in found[1:-1]} == {frozenset({part}) for part in PARTS}
    assert found[-1][1] == frozenset(PARTS)


def test_phones_come_from_the_clinics_file(tmp_path: Path) -> None:
    path = tmp_path / "clinic.toml"
    assert clinic_phones(path) == []
    path.write_text('phone = "555 0100"\n[[number]]\nnumber = "911"\n', encoding="utf-8")
    assert clinic_phones(path) == ["555 0100", "911"]


def test_a_part_is_switched_off_in_the_policy_and_nowhere_else() -> None:
    bot = open_bot(load_settings({}))
    changed = without(bot, frozenset({"questions"}))
    assert changed.policy.switches == frozenset(PARTS) - {"questions"}
    assert changed.policy.version == bot.policy.version
    assert bot.policy.switches == frozenset(PARTS)
    assert len(changed.guide().indexed.questions) == 0
