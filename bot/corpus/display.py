"""The words of a passage as people should see them: no inline marks, white space folded.

Display text is for eyes only; quoting, hashing and positions always use the source itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Markup = Literal["plain", "markdown"]

_QUOTE_MARKS = re.compile(r"(?<=[\n\r])[ \t]*>[> \t]*")
_CUT_MARKS = re.compile(r"(?<!\w)(?:\*{2,3}|_{2,3})(?=\w)|(?<=[\w.,;:!?)])(?:\*{2,3}|_{2,3})(?!\w)")
_LINK_BY_NAME = re.compile(r"\[([^\[\]\n]{1,200})\]\[[^\[\]\n]{0,200}\]")
_MAX_CHARS = 20_000  # no real passage is longer; beyond it only white space is folded


def display(text: str, markup: Markup = "markdown") -> str:
    """Take inline Markdown out of a slice of a guide and fold its white space.

    Emphasis, code ticks and escapes go, links keep their text, images and HTML tags go, table
    cells are joined by " | ". A slice may begin or end inside emphasis. Plain text is folded
    only.
    """
    if markup == "plain" or len(text) > _MAX_CHARS:
        return " ".join(text.split())
    text = _QUOTE_MARKS.sub("", text)
    text = _LINK_BY_NAME.sub(r"\1", text)
    tokens = _parser().parseInline(text)
    shown = "".join(_shown(tokens[0].children or [])) if tokens else text
    return " ".join(shown.split())


@cache
def _parser() -> MarkdownIt:
    """Inline marks only; text keeps its escapes apart, so that they can be told from marks."""
    from markdown_it import MarkdownIt  # slow to import, and plain guides never need it

    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block", "inline"])
    return parser


def _shown(tokens: Iterable[Token]) -> Iterable[str]:
    for token in tokens:
        if token.type == "text":
            yield _CUT_MARKS.sub("", token.content).replace("|", " | ")
        elif token.type in ("text_special", "code_inline"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak", "html_inline"):
            yield " " if token.type != "html_inline" or token.content.startswith("<br") else ""
