"""Asks the bot as a channel would: one message after another, through `Bot.ask`.

Labels are not looked at here; judging is left to `judge`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.answer import Bot, open_bot
from bot.answer.kept import cache_folder
from bot.records import Passage, Reply, Turn, Visit
from bot.settings import Settings
from eval.records import Item, Result
from eval.sources import BARE_GUIDES, CORPUS, SUFFIXES, source_path

# A patient reads and types for about this long; context expires after ten minutes.
SECONDS_PER_TURN = 20.0
# Any moment does; a fixed one keeps runs equal. 2026-01-01 09:00 UTC.
START = 1767258000.0


class Door(Protocol):
    """What the runner needs of a bot; `bot.answer.Bot` has it."""

    def ask(self, turn: Turn, visit: Visit, guide_id: str | None = None) -> tuple[Reply, Visit]:
        """Answer one turn of a visit."""


@dataclass(frozen=True)
class Doors:
    """The bot that answers for each guide, and the section title of each guide's passages."""

    by_guide: Mapping[str, Door]
    titles: Mapping[str, Mapping[str, str]]


def open_doors(guide_ids: Iterable[str], corpus: Path = CORPUS, bare: Path = BARE_GUIDES) -> Doors:
    """Load the bot over the guides that are asked about, with default settings.

    Guides of `corpus/` are loaded as the clinic has them; those of `eval/guides/` as bare
    files without any hints, beside the same clinic facts and rules.

    Raises:
        GuideError: A guide is neither here nor there, or wrong.
    """
    paths = {guide_id: source_path(guide_id, corpus, bare) for guide_id in guide_ids}
    loose = {g: path for g, path in paths.items() if path.parent == bare}
    by_guide: dict[str, Bot] = {}
    if len(loose) < len(paths):
        bot = open_bot(Settings(corpus_dir=str(corpus), database_url=""), cache=cache_folder())
        by_guide |= {g: bot for g in paths if g not in loose}
    if loose:
        with tempfile.TemporaryDirectory() as folder:
            lay_out(loose, corpus, Path(folder))
            bot = open_bot(Settings(corpus_dir=folder, database_url=""))
        by_guide |= dict.fromkeys(loose, bot)
    titles = {
        g: {p.passage_id: p.section for p in passages_of(bot, g)} for g, bot in by_guide.items()
    }
    return Doors(by_guide, titles)


def lay_out(loose: Mapping[str, Path], corpus: Path, folder: Path) -> None:
    """Copy bare guides into a corpus folder, with the clinic's own files but no guide's data."""
    for entry in corpus.iterdir():
        if entry.is_file():
            shutil.copy(entry, folder / entry.name)
        elif not any((entry / f"guide{s}").exists() for s in SUFFIXES):
            shutil.copytree(entry, folder / entry.name)
    for guide_id, path in loose.items():
        (folder / guide_id).mkdir()
        shutil.copy(path, folder / guide_id / f"guide{path.suffix}")


def passages_of(door: Door, guide_id: str) -> tuple[Passage, ...]:
    """The passages of a loaded guide; none where the door does not say."""
    return tuple(door.guide(guide_id).guide.passages) if isinstance(door, Bot) else ()


def run(items: Iterable[Item], doors: Doors, *, explain: bool = True) -> list[Result]:
    """Ask every item in a visit of its own, in order; one result each, whatever happens."""
    return [ask(item, doors, explain=explain) for item in items]


def ask(item: Item, doors: Doors, *, explain: bool = True) -> Result:
    """Say the item's turns in one visit and keep every reply.

    A fault of the bot is a result without replies, which the measures count as zero.
    """
    try:
        replies = converse(item, doors.by_guide[item.guide], explain=explain)
    except Exception as error:  # noqa: BLE001 - whatever breaks the bot must stay in the figures
        return Result(item.item_id, fault=f"{type(error).__name__}: {error}")
    titles = doors.titles.get(item.guide, {})
    suggested = tuple(titles.get(s.passage_id, s.label) for s in replies[-1].suggestions)
    return Result(item.item_id, replies, suggested)


def converse(item: Item, door: Door, *, explain: bool) -> tuple[Reply, ...]:
    """One reply a turn, the visit handed on, the clock advancing."""
    visit = Visit(visit_id=f"eval-{item.item_id}", guide_id=item.guide, at=START)
    replies = []
    for number, text in enumerate(item.turns):
        turn = Turn(
            reply_id=f"{item.item_id}-{number}",
            at=START + number * SECONDS_PER_TURN,
            text=text,
            explain=explain,
        )
        reply, visit = door.ask(turn, visit, item.guide)
        replies.append(reply)
    return tuple(replies)
