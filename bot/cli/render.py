"""Shows a reply to a person at a terminal: card first, quotations set off, then what else to ask.

Colours go only to a terminal, and never where NO_COLOR is set; what a guide or a clinic wrote
is shown as text, never read as markup.
"""

from __future__ import annotations

import re
import sys

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bot.records import Card, Excerpt, Number, Reply

# Lines longer than this are hard to read, however wide the window is.
MAX_COLUMNS = 88

_CARD_COLOURS = {"emergency": "red", "urgent": "yellow", "info": "blue", "contact": "cyan"}
_LINE_ENDS = re.compile(r"\r\n?|\n")
_LIST_MARK = re.compile(r"^(?:\d+[.)]|[-•])\s+")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def console(*, stderr: bool = False) -> Console:
    """A console of at most 88 columns that takes no text for markup."""
    wide = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    return Console(
        stderr=stderr,
        markup=False,
        highlight=False,
        emoji=False,
        width=min(wide.width, MAX_COLUMNS),
        file=sys.stderr if stderr else sys.stdout,
    )


def plain(text: str) -> str:
    """The text without control characters, which could move the cursor or change colours."""
    return _CONTROLS.sub(" ", text)


def reply_view(reply: Reply, source: str) -> RenderableType:
    """What a person sees of a reply.

    Args:
        reply: The reply to show.
        source: The text of the guide that answered, for the numbers of the quoted lines.
    """
    blocks: list[RenderableType] = []
    if reply.card:
        blocks.append(_card_view(reply.card))
    if own := own_words(reply):
        blocks.append(Text("\n".join(plain(line) for line in own)))
    blocks += [_excerpt_view(excerpt, source) for excerpt in reply.excerpts]
    if reply.suggestions:
        blocks.append(_suggestions_view(reply))
    if reply.notice:
        blocks.append(Text(plain(reply.notice), style="dim"))
    return _spaced(blocks)


def _spaced(blocks: list[RenderableType]) -> Group:
    """The blocks with an empty line between each two."""
    return Group(*[part for block in blocks for part in (Text(), block)][1:])


class Indented:
    """What it is given, with a mark before every line and no spaces after any.

    Args:
        inner: What to indent.
        mark: Stands before every line.
        colour: Of the marks; none: the terminal's own.
        first: Stands before the first line instead; as wide as `mark`.
    """

    def __init__(
        self, inner: RenderableType, mark: str = "  ", colour: str | None = None, first: str = ""
    ) -> None:
        self.inner = inner
        self.mark = mark
        self.first = first or mark
        self.style = Style(color=colour)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        inner = options.update_width(max(options.max_width - len(self.mark), 20))
        for n, line in enumerate(console.render_lines(self.inner, inner, pad=False)):
            yield Segment(self.mark if n else self.first, self.style)
            yield from line
            yield Segment.line()


def own_words(reply: Reply) -> list[str]:
    """The lines of a reply's text that are not shown again as card, quotation or suggestion."""
    quotes = [_folded(excerpt.display) for excerpt in reply.excerpts]
    parts = ["", reply.notice, *(suggestion.label for suggestion in reply.suggestions)]
    numbers: list[str] = []
    if reply.card:
        parts += [reply.card.title, *reply.card.lines]
        numbers = [f"{number.label}: {number.number}" for number in reply.card.numbers]
    shown = {_folded(part).rstrip(".") for part in parts}
    return [
        line
        for line in map(_folded, reply.text.split("\n"))
        if _LIST_MARK.sub("", line).rstrip(".") not in shown
        and not any(quote in line for quote in quotes)
        and line not in numbers
    ]


def _folded(text: str) -> str:
    return " ".join(text.split())


def lines_of(source: str, start: int, end: int) -> str:
    """The lines on which a range of the source stands: "line 7" or "lines 7-9"."""
    first = len(_LINE_ENDS.findall(source[:start])) + 1
    last = first + len(_LINE_ENDS.findall(source[start:end].rstrip()))
    return f"line {first}" if first == last else f"lines {first}-{last}"


def path_of(path: tuple[str, ...]) -> str:
    """A section's path as people read it: "Benefits > Convenience"."""
    return " > ".join(plain(part) for part in path)


def _card_view(card: Card) -> RenderableType:
    colour = _CARD_COLOURS[card.level]
    rows: list[RenderableType] = [Text(plain(line)) for line in card.lines]
    if card.numbers:
        rows += [Text()] if rows else []
        rows.append(_numbers_view(card.numbers))
    title = Text(plain(card.title), style=f"bold {colour}")
    return Panel(Group(*rows), title=title, title_align="left", border_style=colour, padding=(0, 1))


def _numbers_view(numbers: tuple[Number, ...]) -> Table:
    table = Table.grid(padding=(0, 2))
    for number in numbers:
        how = {"call": "call", "text": "text", "both": "call or text"}[number.mode]
        hours = f"{how}, {plain(number.hours)}" if number.hours else how
        table.add_row(Text(plain(number.label)), Text(plain(number.number), style="bold"), hours)
    return table


def _excerpt_view(excerpt: Excerpt, source: str) -> RenderableType:
    where = f"{path_of(excerpt.path)} ({lines_of(source, excerpt.start, excerpt.end)})"
    origin = Text(f"{excerpt.guide}: {where}", style="dim")
    quote = Text(f"“{plain(excerpt.display)}”")
    return Group(Indented(quote, "  ┃ ", "green"), Indented(origin, "    "))


def _suggestions_view(reply: Reply) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for n, suggestion in enumerate(reply.suggestions, start=1):
        table.add_row(Text(f"  {n}", style="bold"), Text(plain(suggestion.label)))
    return table
