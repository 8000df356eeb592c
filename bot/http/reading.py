"""A guide laid out for its reading page: sections, groups of like passages, displayed words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

from bot.guide import Guide
from bot.records import Passage, PassageKind, Section

_ORDERED_MARK = re.compile(r"\d{1,9}[.)]\s*$")
_CELL_EDGE = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of a passage as displayed; withheld ones are never quoted."""

    text: str
    is_withheld: bool


@dataclass(frozen=True, slots=True)
class PassageView:
    """A passage; `cells` are filled for a table's row, `text` is its exact source."""

    passage_id: str
    text: str
    pieces: tuple[Piece, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbouring passages of one kind; `tag` is the list's element for items."""

    kind: PassageKind
    tag: Literal["ul", "ol", ""]
    passages: tuple[PassageView, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section; `depth` counts from 0, `level` is its heading's, 2 to 6."""

    section_id: str
    title: str
    depth: int
    level: int
    groups: tuple[Group, ...]


def view_of(guide: Guide) -> tuple[SectionView, ...]:
    """Lay out the whole guide, in its own order."""
    return tuple(_section(guide, section) for section in guide.sections)


def _section(guide: Guide, section: Section) -> SectionView:
    depth = min(len(section.path) - 1, 4)
    own = [p for p in guide.passages if p.section_id == section.section_id]
    grouped = groupby(own, key=lambda passage: (passage.kind, _tag(guide, passage)))
    groups = tuple(
        Group(kind, tag, tuple(_passage(guide, p) for p in passages))
        for (kind, tag), passages in grouped
    )
    return SectionView(section.section_id, section.title, depth, depth + 2, groups)


def _tag(guide: Guide, passage: Passage) -> Literal["ul", "ol", ""]:
    """A numbered item's slice starts after its number, so the number stands just before it."""
    if passage.kind != "item":
        return ""
    before = guide.source[max(0, passage.start - 12) : passage.start]
    return "ol" if _ORDERED_MARK.search(before) else "ul"


def _passage(guide: Guide, passage: Passage) -> PassageView:
    cells: tuple[str, ...] = ()
    if passage.kind == "row":
        parts = _CELL_EDGE.split(passage.text.strip().strip("|"))
        cells = tuple(guide.display(part) for part in parts)
    pieces = tuple(_pieces(guide, passage))
    return PassageView(passage.passage_id, passage.text, pieces, cells)


def _pieces(guide: Guide, passage: Passage) -> Iterator[Piece]:
    """Cut where words are withheld; one piece, and so one run of text, where none are."""
    cuts = {passage.start, passage.end}
    for start, end in guide.withheld:
        cuts |= {c for c in (start, end) if passage.start < c < passage.end}
    edges = sorted(cuts)
    for start, end in pairwise(edges):
        text = guide.source[start:end]
        is_withheld = any(s <= start and end <= e for s, e in guide.withheld)
        yield Piece(_spaced(text, guide.display(text)), is_withheld)


def _spaced(text: str, shown: str) -> str:
    """Displayed words, with a space kept where their slice begins or ends with white space."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() else ""
    return f"{before}{shown}{after}" if shown else " "
