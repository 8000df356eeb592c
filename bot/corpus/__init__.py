"""One reader per file format: from a guide's text to its sections and passages.

Which file is a guide and what else the clinic says about it is left to `guide`.
"""

from __future__ import annotations

from bot.corpus.display import Markup, display
from bot.records import Passage, Section

__all__ = ["FORMATS", "Markup", "display", "read"]

FORMATS: dict[str, Markup] = {".txt": "plain", ".md": "markdown"}


def read(source: str, title: str, markup: Markup) -> tuple[list[Section], list[Passage]]:
    """Cut a text into sections and passages by the reader of its format.

    Any text is taken; one without words gives no passages. `title` names the only section of a
    text without headings.
    """
    if markup == "markdown":
        from bot.corpus import markdown  # its parser takes a while to import

        return markdown.read(source, title)
    from bot.corpus import plain

    return plain.read(source, title)
