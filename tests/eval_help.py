"""Small items, replies and a scripted door for the tests of the eval machinery."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.records import Card, Excerpt, Number, Reply, Suggestion, Turn, Visit
from eval.judge import judge
from eval.records import Item, Judged, Result
from eval.sources import Sources

TEXT = (
    "Uses\n\nIt helps tired people.\nIt helps nerves too.\n\nRisks\n\nRedness may occur "
    "at the site.\n\nCosts\n\nAsk the desk.\n"
)
PLACES = {
    "Uses": "It helps tired people.",
    "Risks": "Redness may occur at the site.",
    "Costs": "Ask the desk.",
}


def make_guide(folder: Path, text: str = TEXT) -> Sources:
    """A corpus folder with the guide `tiny`, and the sources that read it."""
    place = folder / "corpus" / "tiny"
    place.mkdir(parents=True, exist_ok=True)
    (place / "guide.txt").write_text(text, encoding="utf-8", newline="")
    return Sources(folder / "corpus", folder / "bare")


class TinySource(Sources):
    """The tiny guide without a file."""

    def _source(self, guide_id: str) -> tuple[str, str]:
        return TEXT, hashlib.sha256(TEXT.encode()).hexdigest()


def make_item(item_id: str = "q1", **given: Any) -> Item:
    """An answerable item whose right section is `Uses`, unless told otherwise."""
    values: dict[str, Any] = {
        "guide": "tiny",
        "turns": ("what is it good for",),
        "outcome": "answer",
        "accept": (),
        "sections": ("Uses",),
        "must_contain": (),
        "slices": (),
        "family": item_id,
        "split": "test",
        "rows": (),
        "where": "questions.jsonl:1",
    }
    return Item(item_id=item_id, **{**values, **given})


def make_excerpt(section: str = "Uses", **given: Any) -> Excerpt:
    """The sentence of a section of the tiny guide, quoted as it stands."""
    quote = PLACES[section]
    start = TEXT.index(quote)
    values: dict[str, Any] = {
        "guide": "tiny",
        "passage_id": f"{section.lower()}-1",
        "section": section,
        "path": (section,),
        "quote": quote,
        "display": quote,
        "start": start,
        "end": start + len(quote),
        "sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
        "url": "/guides/tiny#uses",
    }
    return Excerpt(**{**values, **given})


def make_reply(
    outcome: str = "answer",
    quoted: Sequence[str] = (),
    offered: Sequence[str] = (),
    score: float | None = None,
    **given: Any,
) -> Reply:
    """A reply that quotes and offers sections of the tiny guide."""
    values: dict[str, Any] = {
        "reply_id": "r1",
        "visit_id": "v1",
        "outcome": outcome,
        "reason": "",
        "text": "Here is what the guide says.",
        "excerpts": tuple(make_excerpt(s) for s in quoted),
        "suggestions": tuple(Suggestion(s, f"{s.lower()}-1") for s in offered),
        "card": None,
        "notice": "",
        "lang": "en",
        "guide_version": "1",
        "policy_version": "7",
        "explain": None if score is None else {"grounding": {"score": score}},
    }
    return Reply(**{**values, **given})


def make_card(number: str = "555 0100") -> Card:
    """An emergency card with one line."""
    return Card("emergency", "Call now", ("Do not wait.",), (Number("Ambulance", number),))


def judged(item: Item, reply: Reply | None, sources: Sources | None = None) -> Judged:
    """Judge one reply, by default against the tiny guide held in memory."""
    offered = tuple(s.label for s in reply.suggestions) if reply else ()
    result = Result(item.item_id, (reply,) if reply else (), offered, "" if reply else "broke")
    return judge(item, result, sources or TinySource())


class ScriptedDoor:
    """Gives the reply written for a text, counts turns and remembers what it was asked."""

    def __init__(self, script: Mapping[str, Reply]) -> None:
        self.script = script
        self.asked: list[tuple[Turn, Visit, str | None]] = []

    def ask(self, turn: Turn, visit: Visit, guide_id: str | None = None) -> tuple[Reply, Visit]:
        self.asked.append((turn, visit, guide_id))
        reply = self.script[turn.text or ""]
        return reply, Visit(visit.visit_id, visit.guide_id, turn=visit.turn + 1, at=turn.at)
