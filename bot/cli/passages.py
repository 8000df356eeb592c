"""Lists the passages of a guide as the bot sees them: id, section, place, first words."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bot.cli.asking import print_json
from bot.cli.conversation import open_for
from bot.cli.render import Indented, console, lines_of, path_of, plain
from bot.guide import Guide
from bot.records import Passage, to_dict


def run(guide: str | None, *, as_json: bool, full: bool) -> None:
    """Print the passages of the guide that a command names."""
    bot = open_for(guide)
    opened = bot.guide().guide
    if as_json:
        print_json(passages_json(opened))
    else:
        screen = console()
        screen.print(passages_view(opened, screen.width, full=full))


def passages_json(guide: Guide) -> dict[str, Any]:
    """The guide's name and version, and all its passages with positions in code points."""
    return {
        "guide": guide.guide_id,
        "title": guide.title,
        "sha256": guide.sha256,
        "passages": to_dict(guide.passages),
    }


def passages_view(guide: Guide, width: int, *, full: bool = False) -> RenderableType:
    """The readable list.

    Args:
        guide: The guide to list.
        width: Columns to fit the first words into.
        full: Whole passages instead of first words.
    """
    count = f"{len(guide.passages)} passages in {len(guide.sections)} sections"
    head = Text.assemble((plain(guide.title), "bold"), f"\n{guide.guide_id}: {count}")
    return Group(head, *(_passage_view(p, guide, width, full=full) for p in guide.passages))


def _passage_view(passage: Passage, guide: Guide, width: int, *, full: bool) -> RenderableType:
    where = lines_of(guide.source, passage.start, passage.end)
    head = Text.assemble(
        "\n",
        (passage.passage_id, "bold cyan"),
        (f"  {where}, characters {passage.start}-{passage.end}", "dim"),
    )
    words = Text(plain(" ".join(passage.text.split()) if not full else passage.text))
    if not full:
        words.truncate(width - 4, overflow="ellipsis")
    path = Text(path_of(passage.path) or passage.section)
    return Group(head, Indented(path), Indented(words, "    "))
