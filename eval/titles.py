"""How titles and quoted words are compared: white space and case do not count."""

from __future__ import annotations


def folded(text: str) -> str:
    """White space folded to single spaces, lower case; a sentence may run over a line end."""
    return " ".join(text.split()).lower()


def same_title(title: str) -> str:
    """A section title as compared: folded, without a trailing colon."""
    return folded(title).rstrip(":").strip()
