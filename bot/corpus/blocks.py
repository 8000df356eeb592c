"""From a reader's stream of headings and body blocks to sections and passages with ids.

What is a heading and where a block begins and ends is the readers' business.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.records import Passage, PassageKind, Section

INTRODUCTION = "Introduction"
CONCLUSION = "Conclusion"
_NEWLINE = re.compile(r"\r\n?|\n")
_MAX_SLUG = 60  # characters; long enough to tell the headings of real guides apart
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ł": "l", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading at `start`; 1 is the topmost level, 0 one of our own that has no subsections."""

    level: int
    title: str
    start: int


@dataclass(frozen=True, slots=True)
class Body:
    """A unit of text, `source[start:end]`."""

    start: int
    end: int
    kind: PassageKind = "paragraph"


@dataclass(frozen=True, slots=True)
class Close:
    """The open section ends here although no heading follows."""


Block = Heading | Body | Close


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the source, `start` to `end` without its line end."""

    text: str
    start: int
    end: int

    def trimmed(self) -> tuple[int, int]:
        """The range without white space at either side; empty (start, start) for a blank line."""
        left = len(self.text) - len(self.text.lstrip())
        return self.start + left, self.start + max(left, len(self.text.rstrip()))


def lines_of(source: str) -> list[Line]:
    """Cut at LF, CR LF and CR only, as Markdown does; a byte order mark belongs to no line."""
    lines, start = [], int(source.startswith("\ufeff"))
    for found in _NEWLINE.finditer(source, start):
        lines.append(Line(source[start : found.start()], start, found.start()))
        start = found.end()
    if start < len(source):
        lines.append(Line(source[start:], start, len(source)))
    return lines


def assemble(
    source: str, title: str, blocks: Iterable[Block]
) -> tuple[list[Section], list[Passage]]:
    """Give every heading its section and every body its passage.

    Args:
        source: The text that the blocks' positions refer to.
        title: Section title where the text has no heading at all.
        blocks: In source order; bodies must not overlap. Those without a letter or digit
            (rules, ornaments) are left out.

    Returns:
        Sections and passages in source order; section ids and passage ids are each unique.
        A section that has only subsections has no passages.
    """
    wanted = [b for b in blocks if not isinstance(b, Body) or _has_words(source[b.start : b.end])]
    has_headings = any(isinstance(b, Heading) for b in wanted)
    names = _Names()
    opened: list[tuple[Section, list[Body]]] = []
    trail: list[Heading] = []
    for number, block in enumerate(
        _titled(wanted, INTRODUCTION if has_headings else title or INTRODUCTION)
    ):
        if isinstance(block, Body):
            opened[-1][1].append(block)
            continue
        while trail and trail[-1].level >= block.level:
            trail.pop()
        trail.append(block)
        start = block.start if number else 0
        path = tuple(h.title for h in trail)
        if block.level == 0:
            trail.clear()
        section = Section(names.mint(block.title), block.title, path, start, len(source))
        opened.append((section, []))
    sections = _with_ends([section for section, _ in opened])
    passages = [
        _passage(source, section, n, body)
        for section, (_, bodies) in zip(sections, opened, strict=True)
        for n, body in enumerate(bodies, 1)
    ]
    return sections, passages


def slug(text: str, default: str = "section") -> str:
    """Lower-case ASCII letters and digits joined by single hyphens; `default` if none is left."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    ascii_only = "".join(c for c in folded if not unicodedata.combining(c))
    words = re.findall(r"[a-z0-9]+", ascii_only)
    joined = "-".join(words)
    if len(joined) > _MAX_SLUG:
        joined = joined[: _MAX_SLUG + 1].rpartition("-")[0] or joined[:_MAX_SLUG]
    return joined or default


class _Names:
    """Hands out section ids; a repeated one gets the next free number behind it."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._taken: set[str] = set()

    def mint(self, title: str) -> str:
        base = slug(title)
        name, number = base, self._next.get(base, 2)
        while name in self._taken:
            name = f"{base}-{number}"
            number += 1
        self._next[base] = number
        self._taken.add(name)
        return name


def _titled(blocks: Iterable[Block], opening: str) -> Iterator[Heading | Body]:
    """Put a heading of our own before bodies that stand under none; nothing closes `opening`."""
    pending, has_heading = opening, False
    for block in blocks:
        if isinstance(block, Close):
            pending = CONCLUSION if has_heading else pending
            continue
        if isinstance(block, Body) and pending:
            yield Heading(0, pending, block.start)
        has_heading = has_heading or isinstance(block, Heading)
        pending = ""
        yield block


def _with_ends(sections: list[Section]) -> list[Section]:
    ends = [s.start for s in sections[1:]] + [sections[-1].end] if sections else []
    return [
        Section(s.section_id, s.title, s.path, s.start, end)
        for s, end in zip(sections, ends, strict=True)
    ]


def _passage(source: str, section: Section, number: int, body: Body) -> Passage:
    return Passage(
        passage_id=f"{section.section_id}-{number}",
        section_id=section.section_id,
        section=section.title,
        path=section.path,
        text=source[body.start : body.end],
        start=body.start,
        end=body.end,
        kind=body.kind,
    )


def _has_words(text: str) -> bool:
    return any(c.isalnum() for c in text)
