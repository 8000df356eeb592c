"""Markdown: headings of any level, list items, paragraphs, table rows, quotes and code.

markdown-it-py finds the blocks and their lines; positions are then measured in the source
itself, so that every passage is an exact slice of it. Inline marks stay in the slice; taking
them out for display is left to `display`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.corpus.blocks import Block, Body, Heading, Line, assemble, lines_of
from bot.corpus.display import display
from bot.corpus.standing import Unit, standing_headings
from bot.records import Passage, PassageKind, Section

_FRONT_MATTER = re.compile(r"---[ \t]*(?:\r\n?|\n)(?=[A-Za-z_#-])")
_FENCE_END = re.compile(r"(?:---|\.\.\.)[ \t]*")
_QUOTE_MARK = re.compile(r"[ \t]*>[ \t]?")
_CELL_EDGE = "|" + "".join(c for c in map(chr, range(0x3001)) if c.isspace())
_BOLD_ONLY = re.compile(r"(\*\*|__)(?=\S)(?:(?!\1).){1,90}(?<![\s.!;,])\1:?")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A heading (level over 0) or a body block of the source."""

    start: int
    end: int
    kind: PassageKind = "paragraph"
    level: int = 0
    title: str = ""
    in_container: bool = False


def read(source: str, title: str) -> tuple[list[Section], list[Passage]]:
    """Cut a Markdown text into sections and passages.

    Args:
        source: The text as decoded, line ends kept.
        title: Section title for a text without any heading.

    Returns:
        Sections and passages in order. Front matter, HTML blocks, link definitions, rules and
        the header rows of tables are in no passage.
    """
    tokens = _parser().parse(_without_front_matter(source.removeprefix("\ufeff")))
    pieces = list(_Walk(source).pieces(tokens))
    return assemble(source, title, _blocks(source, pieces))


def _parser() -> MarkdownIt:
    """Blocks only: inline marks are not read here, so hostile ones cost nothing."""
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def _without_front_matter(source: str) -> str:
    """Blank out YAML between lines of three hyphens at the top; line numbers stay."""
    if not _FRONT_MATTER.match(source):
        return source
    for n, line in enumerate(lines_of(source)[1:], 1):
        if _FENCE_END.fullmatch(line.text):
            return "\n" * (n + 1) + source[line.end :].removeprefix("\r").removeprefix("\n")
    return source


def _blocks(source: str, pieces: list[_Piece]) -> Iterator[Block]:
    """Headings and bodies; short lines that stand for headings become some, one level down."""
    units = [_unit(source, piece) for piece in pieces]
    chosen = standing_headings(units, plain=False)
    level = 0
    for i, piece in enumerate(pieces):
        text = source[piece.start : piece.end]
        if piece.level:
            level = piece.level
            yield Heading(level, piece.title, piece.start)
        elif not _is_shown(text):
            continue
        elif i in chosen or (units[i].role == "heading" and not _at_an_end(pieces, i)):
            yield Heading(level + 1, _title(text) or text, piece.start)
        else:
            yield Body(piece.start, piece.end, piece.kind)


def _is_shown(text: str) -> bool:
    """Whether anything is left of a block once images and tags are taken out."""
    return ("![" not in text and "<" not in text) or bool(display(text))


def _title(text: str) -> str:
    """A heading's words without marks and trailing colon."""
    return display(text).rstrip(": ")


def _at_an_end(pieces: list[_Piece], i: int) -> bool:
    return i + 1 == len(pieces) or pieces[i + 1].level > 0


def _unit(source: str, piece: _Piece) -> Unit:
    text = source[piece.start : piece.end]
    if piece.kind == "paragraph" and not piece.in_container:
        is_heading = piece.level or _BOLD_ONLY.fullmatch(text)
        return Unit(text, "heading") if is_heading else Unit(text, alone=True)
    return Unit(text, "item" if piece.kind == "item" else "other")


class _Walk:
    """Goes through the block tokens and measures each block in the source."""

    def __init__(self, source: str) -> None:
        self._lines = lines_of(source.replace("\0", "\ufffd"))  # as the parser has it

    def pieces(self, tokens: list[Token]) -> Iterator[_Piece]:
        """Headings and body blocks in source order; paragraphs of one list item are joined."""
        item: _Piece | None = None
        for token, piece in self._measured(tokens):
            if piece and piece.kind == "item":
                item = replace(item, end=piece.end) if item else piece
                continue
            if item and (piece or token.type in ("list_item_open", "list_item_close")):
                yield item
                item = None
            if piece:
                yield piece

    def _measured(self, tokens: list[Token]) -> Iterator[tuple[Token, _Piece | None]]:
        containers: list[str] = []
        opener = None
        for token in tokens:
            if token.nesting < 0:
                containers.pop()
            yield token, self._piece(token, opener, containers)
            if token.nesting > 0:
                containers.append(token.type)
            opener = token

    def _piece(self, token: Token, opener: Token | None, around: list[str]) -> _Piece | None:
        if token.type == "tr_open" and "tbody_open" in around:
            return self._row(token, around.count("blockquote_open"))
        if token.type in ("fence", "code_block"):
            return self._text(token, "code", around, skip=int(token.type == "fence"))
        if token.type != "inline" or opener is None:
            return None
        if opener.type == "heading_open" and not _in_container(around):
            return self._heading(token, int(opener.tag[1:]))
        if opener.type in ("heading_open", "paragraph_open"):
            kind: PassageKind = "item" if around[-2:-1] == ["list_item_open"] else "paragraph"
            return self._text(token, kind, around)
        return None

    def _heading(self, token: Token, level: int) -> _Piece | None:
        title = _title(token.content)
        first, last = token.map or (0, 0)
        start, end = self._lines[first].start, self._lines[last - 1].end
        return _Piece(start, end, level=level, title=title) if title else None

    def _row(self, token: Token, n_quotes: int) -> _Piece | None:
        """A table row from its first cell to its last, without the pipes at both ends."""
        line = self._lines[(token.map or (0, 0))[0]]
        left = 0
        for _ in range(n_quotes):
            mark = _QUOTE_MARK.match(line.text, left)
            left = mark.end() if mark else left
        left += len(line.text[left:]) - len(line.text[left:].lstrip(_CELL_EDGE))
        right = len(line.text.rstrip(_CELL_EDGE))
        right += line.text[right - 1 : right + 1] == "\\|"  # an escaped pipe is text
        return _Piece(line.start + left, line.start + right, "row") if right > left else None

    def _text(
        self, token: Token, kind: PassageKind, around: list[str], skip: int = 0
    ) -> _Piece | None:
        """The range of a block's own text, without the marks of the containers around it."""
        words = [w for w in (part.strip() for part in token.content.split("\n")) if w]
        top, bottom = token.map or (0, 0)
        lines = self._lines[top + skip : bottom]
        if not words or not lines:
            return None
        start = next((p for p in (_find(line, words[0]) for line in lines) if p >= 0), -1)
        ends = (_find(line, words[-1]) for line in reversed(lines))
        end = next((p + len(words[-1]) for p in ends if p >= 0), -1)
        in_container = _in_container(around)
        return _Piece(start, end, kind, in_container=in_container) if 0 <= start < end else None


def _find(line: Line, words: str) -> int:
    """Where a block's own words stand in its line: at the end, behind any marks; -1: nowhere."""
    place = line.text.rfind(words)
    return line.start + place if place >= 0 else -1


def _in_container(around: list[str]) -> bool:
    return "list_item_open" in around or "blockquote_open" in around
