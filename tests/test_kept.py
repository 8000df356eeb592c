"""Guides made ready that are kept for the next command: never stale, never somebody else's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.answer import Bot, open_bot
from bot.answer.kept import cache_folder
from bot.errors import GuideError
from bot.records import Turn, Visit
from bot.settings import load_settings

GUIDE = "# Laser\n\n## The risks\n\nA scar may stay.\n\n## Clothes\n\nWear loose clothes.\n"


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    path = tmp_path / "laser.md"
    path.write_text(GUIDE, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "quotewell"


def opened(guide: Path, folder: Path | None) -> Bot:
    return open_bot(load_settings({}), guide, folder)


def said(bot: Bot, text: str) -> str:
    reply, _ = bot.ask(Turn("r" * 16, 0.0, text=text), Visit("v" * 16))
    return f"{reply.outcome}: {' '.join(e.quote for e in reply.excerpts)}"


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("ready-*"))


def test_what_was_kept_answers_as_what_is_made(guide: Path, folder: Path) -> None:
    first, again, afresh = opened(guide, folder), opened(guide, folder), opened(guide, None)
    assert len(kept(folder)) == 1
    for text in ("what are the risks", "which clothes", "is it dear", "how much do i take"):
        assert said(first, text) == said(again, text) == said(afresh, text)


def test_it_is_read_and_not_made_again(
    guide: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(guide, folder)
    monkeypatch.setattr("bot.answer.load.make_ready", None)
    assert said(opened(guide, folder), "which clothes").startswith("answer")


def test_a_changed_guide_is_made_anew(guide: Path, folder: Path) -> None:
    opened(guide, folder)
    guide.write_text(GUIDE.replace("A scar may stay.", "A scar never stays."), encoding="utf-8")
    assert "never" in said(opened(guide, folder), "what are the risks")


def test_few_are_kept(guide: Path, folder: Path) -> None:
    for n in range(6):
        guide.write_text(f"{GUIDE}\nLine {n}.\n", encoding="utf-8")
        opened(guide, folder)
    assert len(kept(folder)) == 4


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x05cos\nnothing\n."])
def test_a_broken_file_is_made_anew(guide: Path, folder: Path, content: bytes) -> None:
    opened(guide, folder)
    [file] = kept(folder)
    file.write_bytes(content)
    assert said(opened(guide, folder), "which clothes").startswith("answer")


def test_what_others_may_write_is_not_trusted(
    guide: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(guide, folder)
    [file] = kept(folder)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o666)
    monkeypatch.setattr("bot.answer.load.make_ready", None)
    with pytest.raises(TypeError):
        opened(guide, folder)


def test_a_folder_that_cannot_be_made_is_no_fault(guide: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    bot = opened(guide, tmp_path / "file" / "quotewell")
    assert said(bot, "which clothes").startswith("answer")


def test_a_missing_guide_is_still_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(GuideError, match=r"gone\.md"):
        opened(tmp_path / "gone.md", folder)


def test_nothing_that_was_typed_is_kept(guide: Path, folder: Path) -> None:
    bot = opened(guide, folder)
    said(bot, "wilhelmina has a scar")
    opened(guide, folder)
    assert all(b"wilhelmina" not in file.read_bytes() for file in kept(folder))


@pytest.mark.parametrize(("named", "found"), [("/x/y", "/x/y/quotewell"), ("", None), ("a", None)])
def test_the_folder_is_the_user_s(
    named: str, found: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = found or str(tmp_path / ".cache" / "quotewell")
    assert str(cache_folder()) == expected


def test_a_corpus_is_kept_as_a_whole(folder: Path, tmp_path: Path) -> None:
    settings = load_settings({"QUOTEWELL_CORPUS_DIR": str(tmp_path / "corpus")})
    shutil.copytree("corpus", tmp_path / "corpus")
    first = open_bot(settings, None, folder)
    assert said(open_bot(settings, None, folder), "what is it") == said(first, "what is it")
