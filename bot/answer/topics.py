"""Sections to offer: the guide's breadth in a few buttons, and what follows a passage."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answer.policy import ReadyGuide
from bot.excerpt import quotable
from bot.records import Excerpt


def topics(ready: ReadyGuide) -> list[str]:
    """A first passage of each section, those about the subject's main headings first."""
    seen: set[str] = set()
    found: list[str] = []
    for passage in ready.guide.passages:
        fresh = passage.section_id not in seen
        named = passage.section not in ("Introduction", "Conclusion")
        if fresh and named and quotable(passage.passage_id, ready.sentences):
            seen.add(passage.section_id)
            found.append(passage.passage_id)
    return _spread(found, ready)


def _spread(passage_ids: Sequence[str], ready: ReadyGuide) -> list[str]:
    """One section of each top heading first, so that three buttons show the guide's breadth."""
    firsts: list[str] = []
    rest: list[str] = []
    tops: set[str] = set()
    for passage_id in passage_ids:
        top = ready.guide.passage(passage_id).path[0]
        (rest if top in tops else firsts).append(passage_id)
        tops.add(top)
    return firsts + rest


def following(passage_id: str, ready: ReadyGuide) -> str | None:
    """The next quotable passage under the same top heading, for "more"."""
    passages = ready.guide.passages
    at = next(i for i, p in enumerate(passages) if p.passage_id == passage_id)
    top = passages[at].path[0]
    for passage in passages[at + 1 :]:
        if passage.path[0] == top and quotable(passage.passage_id, ready.sentences):
            return passage.passage_id
    return None


def announced(excerpt: Excerpt, ready: ReadyGuide) -> list[str]:
    """First passages of the sections below, where an excerpt ends by announcing them."""
    if not excerpt.display.endswith(":"):
        return []
    path = excerpt.path
    below = (p for p in ready.guide.passages if len(p.path) > len(path))
    found: list[str] = []
    seen: set[str] = set()
    for passage in below:
        fresh = passage.section_id not in seen and passage.path[: len(path)] == path
        if fresh and quotable(passage.passage_id, ready.sentences):
            seen.add(passage.section_id)
            found.append(passage.passage_id)
    return found
