"""Plain text: headings, bullets and paragraphs by blank lines and the look of each line.

A heading is a short line standing alone, a short line ending in a colon before a bullet, an
underlined line, or a line in capitals above its text. Two or more blank lines close the open
section, unless that is how the whole text is spaced.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bot.corpus.blocks import Block, Body, Close, Heading, Line, assemble, lines_of
from bot.corpus.standing import Role, Unit, is_short, standing_headings
from bot.records import Passage, Section

_BULLET = re.compile(r"[•◦▪▫‣⁃∙·●○■□►▶➢➤✓✔❖\uf0b7][ \t\xa0]*|[-*+–—][ \t\xa0]+|(?<=[ \t])o[ \t]+")
_NUMBERED = re.compile(r"\(?(?P<mark>\d{1,3}|[a-zA-Z]|[ivx]{2,4})(?P<end>[.)])[ \t\xa0]+")
_UNDERLINE = re.compile(r"[ \t]*(?:={3,}|-{3,}|~{3,}|_{3,})[ \t]*")
_FIRST_MARKS = frozenset({"1", "a", "A", "i"})  # a wrapped line may begin "12. " by accident
_UNDERLINED, _ALONE, _COLON = 1, 2, 3  # levels; a missing one leaves no hole in the path


@dataclass(frozen=True, slots=True)
class _Piece:
    role: Role
    start: int
    end: int
    level: int = _ALONE
    alone: bool = False
    closes: bool = False  # the open section ends before this piece


def read(source: str, title: str) -> tuple[list[Section], list[Passage]]:
    """Cut a plain text into sections and passages.

    Args:
        source: The text as decoded, line ends kept.
        title: Section title for a text without any heading.

    Returns:
        Sections and passages in order; text before the first heading is `Introduction`, text
        under no heading after a close is `Conclusion`. A bullet's passage starts after its mark.
    """
    pieces = list(_pieces(lines_of(source)))
    units = [Unit(source[p.start : p.end], p.role, p.alone) for p in pieces]
    chosen = standing_headings(units, plain=True)
    return assemble(source, title, _blocks(source, pieces, chosen))


def _blocks(source: str, pieces: list[_Piece], chosen: set[int]) -> Iterator[Block]:
    has_body = False
    for i, piece in enumerate(pieces):
        if piece.closes and has_body:
            yield Close()
        text = source[piece.start : piece.end]
        has_body = not (piece.role == "heading" or i in chosen)
        if has_body:
            yield Body(piece.start, piece.end, "item" if piece.role == "item" else "paragraph")
        else:
            level = _COLON if text.endswith(":") else piece.level
            yield Heading(level, " ".join(text.rstrip(": \t").split()), piece.start)


def _pieces(lines: list[Line]) -> Iterator[_Piece]:
    groups = _groups(lines)
    usual = _usual_gap([gap for gap, _ in groups[1:]])
    for gap, group in groups:
        closes = gap > max(usual, 1)
        for piece in _cut(group):
            yield _closing(piece) if closes else piece
            closes = False


def _closing(piece: _Piece) -> _Piece:
    return _Piece(piece.role, piece.start, piece.end, piece.level, piece.alone, True)


def _groups(lines: list[Line]) -> list[tuple[int, list[Line]]]:
    """Runs of lines that are not blank, each with the number of blank lines before it."""
    groups: list[tuple[int, list[Line]]] = []
    gap, is_open = 0, False
    for line in lines:
        if not line.text.replace("\u200b", "").strip():
            gap, is_open = gap + 1, False
        elif is_open:
            groups[-1][1].append(line)
        else:
            groups.append((gap, [line]))
            gap, is_open = 0, True
    return groups


def _usual_gap(gaps: list[int]) -> int:
    counts = Counter(gaps)
    return min(counts, key=lambda gap: (-counts[gap], gap)) if counts else 1


def _cut(group: list[Line]) -> Iterator[_Piece]:
    """Headings, items and paragraphs of one run of lines."""
    head = _heading_lines(group)
    if head:
        start, end = group[0].trimmed()
        yield _Piece("heading", start, end, _level(group[0].text.strip()))
        group = group[head:]
    starts = _starts(group)
    ends = [n for n, _, _ in starts[1:]] + [len(group)] * bool(starts)
    for (_, start, role), stop in zip(starts, ends, strict=True):
        end = max(start, group[stop - 1].trimmed()[1])
        yield _Piece(role, start, end, alone=role == "paragraph" and len(group) == 1 and not head)


def _heading_lines(group: list[Line]) -> int:
    """How many lines at the top of a run are a heading and its underline; mostly none."""
    text = group[0].text.strip()
    if len(group) < 2 or not is_short(text) or _mark(group[0].text):
        return 0
    if _UNDERLINE.fullmatch(group[1].text) and any(c.isalnum() for c in text):
        return 2
    if text.endswith(":") and _mark(group[1].text):
        return 1
    return 1 if _is_shouted(text) and not _is_shouted(group[1].text.strip()) else 0


def _level(text: str) -> int:
    return _COLON if text.endswith(":") else _UNDERLINED


def _is_shouted(text: str) -> bool:
    return text.isupper() and sum(map(str.isalpha, text)) > 3 and text[-1] not in ".!;,"


def _starts(group: list[Line]) -> list[tuple[int, int, Role]]:
    """(line number, position, role) where each piece of a run begins."""
    starts: list[tuple[int, int, Role]] = []
    for n, line in enumerate(group):
        mark = _mark(line.text)
        if mark and (not starts or starts[-1][2] == "item" or _may_interrupt(line.text)):
            starts.append((n, line.start + mark, "item"))
        elif not starts:
            starts.append((n, line.trimmed()[0], "paragraph"))
    return starts


def _mark(text: str) -> int:
    """Length of the bullet or number before an item's words, white space included; 0: none."""
    indent = len(text) - len(text.lstrip(" \t\xa0\f"))
    found = _BULLET.match(text, indent) or _NUMBERED.match(text, indent)
    words = text[found.end() :].lstrip() if found else ""
    return len(text) - len(words) if words else 0


def _may_interrupt(text: str) -> bool:
    found = _NUMBERED.match(text.lstrip(" \t\xa0\f"))
    return found is None or found["mark"] in _FIRST_MARKS
