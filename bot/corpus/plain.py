"""Plain text: headings, bullets and paragraphs by blank lines and the look of each line.

A heading is a short line standing alone, a short line ending in a colon before a bullet, an
underlined line, or a line in capitals above its text. Two or more blank lines close the open
section, unless that is how the whole text is spaced.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.corpus.blocks import Block, Body, Close, Heading, Line, assemble, lines_of
from bot.corpus.standing import Role, Unit, is_lead_in, is_short, standing_headings
from bot.records import Passage, Section

_BULLET = re.compile(r"[•◦▪▫‣⁃∙·●○■□►▶➢➤✓✔❖\uf0b7][ \t\xa0]*|[-*+–—][ \t\xa0]+|(?<=[ \t])o[ \t]+")
_NUMBERED = re.compile(r"\(?(?P<mark>\d{1,3}|[a-zA-Z]|[ivx]{2,4})(?P<end>[.)])[ \t\xa0]+")
_UNDERLINE = re.compile(r"[ \t]*(?:={3,}|-{3,}|~{3,}|_{3,})[ \t]*")
_MAX_HEAD = 40  # characters; wrapped text has at least about 50 in a line
_FIRST_MARKS = frozenset({"1", "a", "A", "i"})  # a wrapped line may begin "12. " by accident
_RANKED, _ALONE, _COLON = 1, 2, 3  # levels; a missing one leaves no hole in the path


@dataclass(frozen=True, slots=True)
class _Piece:
    role: Role
    start: int
    end: int
    level: int = _ALONE
    alone: bool = False
    closes: bool = False  # the open section ends before this piece
    number: int = -1  # where the number of an item stands that fills its run of lines, else -1


def read(source: str, title: str) -> tuple[list[Section], list[Passage]]:
    """Cut a plain text into sections and passages.

    Args:
        source: The text as decoded, line ends kept.
        title: Section title for a text without any heading.

    Returns:
        Sections and passages in order; text before the first heading is `Introduction`, text
        under no heading after a close is `Conclusion`. A bullet's passage starts after its mark.
    """
    pieces = _with_numbered_headings(list(_pieces(lines_of(source))))
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
            yield replace(piece, closes=True) if closes else piece
            closes = False


def _with_numbered_headings(pieces: list[_Piece]) -> list[_Piece]:
    """Let "2. Storage" be a line that stands alone where no other item is beside it."""
    roles = ["", *(p.role for p in pieces), ""]
    return [
        replace(p, role="paragraph", alone=True, start=p.number)
        if p.number >= 0 and roles[i] != "item" and roles[i + 2] == "paragraph"
        else p
        for i, p in enumerate(pieces)
    ]


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
        yield _Piece("heading", start, end, _level(group))
        group = group[head:]
    starts = _starts(group)
    ends = [n for n, _, _ in starts[1:]] + [len(group)] * bool(starts)
    for (_, start, role), stop in zip(starts, ends, strict=True):
        end = max(start, group[stop - 1].trimmed()[1])
        alone = len(group) == 1 and not head
        number = group[0].trimmed()[0] if alone and _is_numbered(group[0].text) else -1
        yield _Piece(role, start, end, alone=alone and role == "paragraph", number=number)


def _heading_lines(group: list[Line]) -> int:
    """How many lines at the top of a run are a heading and its underline; mostly none."""
    text = group[0].text.strip()
    if len(group) < 2 or not is_short(text) or not any(c.isalnum() for c in text):
        return 0
    if _mark(group[0].text):
        return 0
    if _UNDERLINE.fullmatch(group[1].text):
        return 2
    if is_lead_in(text) or text[-1] in ".!;,":
        return 0
    if _mark(group[1].text):
        return int(text.endswith(":") or _may_interrupt(group[1].text))
    if _is_shouted(text) and not _is_shouted(group[1].text.strip()):
        return 1
    return int(_heads_its_lines(text, group))


def _heads_its_lines(text: str, group: list[Line]) -> bool:
    """A short line right above sentences: wrapped text fills its first line, a heading does not."""
    below = group[1].text.strip()
    return (
        len(text) <= _MAX_HEAD
        and text[0].isupper()
        and below[0].isupper()
        and group[-1].text.rstrip()[-1] in ".?!"
    )


def _level(group: list[Line]) -> int:
    text = group[0].text.strip()
    if text.endswith(":"):
        return _COLON
    is_ranked = _is_shouted(text) or _UNDERLINE.fullmatch(group[1].text)
    return _RANKED if is_ranked else _ALONE


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


def _is_numbered(text: str) -> bool:
    found = _NUMBERED.match(text.strip())
    return found is not None and found["mark"].isdigit()


def _may_interrupt(text: str) -> bool:
    found = _NUMBERED.match(text.lstrip(" \t\xa0\f"))
    return found is None or found["mark"] in _FIRST_MARKS
