"""Measures the bot with one of its parts switched off at a time: what does each part bring?

The parts are named here, switching them is the policy's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.answer import Bot, with_switches
from eval.door import Doors, run
from eval.judge import judge_all
from eval.measures import measures
from eval.records import Item
from eval.sources import Sources

PARTS = (
    "stems",
    "headings",
    "lexicon",
    "questions",
    "relevance",
    "spelling",
    "context",
    "coverage",
)
COLUMNS = (
    "success_at_1",
    "decisive",
    "wrong_answer_rate",
    "clarify_rate",
    "near_answered",
    "aurc",
)


def variants() -> list[tuple[str, frozenset[str]]]:
    """Name and parts switched off: nothing, each part alone, and all of them."""
    alone = [(f"without {part}", frozenset({part})) for part in PARTS]
    return [("everything on", frozenset()), *alone, ("all of them off", frozenset(PARTS))]


def without(bot: Bot, off: frozenset[str]) -> Bot:
    """The same bot with some parts switched off."""
    return with_switches(bot, frozenset(PARTS) - off)


def ablate(items: Sequence[Item], doors: Doors, sources: Sources) -> list[dict[str, Any]]:
    """One row a variant: its name, then each column's measure by its label, a share or None."""
    return [
        {"variant": name, **_figures(items, _switched(doors, off), sources)}
        for name, off in variants()
    ]


def _switched(doors: Doors, off: frozenset[str]) -> Doors:
    made: dict[int, Bot] = {}
    for bot in _bots(doors):
        made[id(bot)] = without(bot, off)
    return Doors({g: made.get(id(d), d) for g, d in doors.by_guide.items()}, doors.titles)


def _bots(doors: Doors) -> Iterable[Bot]:
    return (door for door in doors.by_guide.values() if isinstance(door, Bot))


def _figures(items: Sequence[Item], doors: Doors, sources: Sources) -> dict[str, float | None]:
    found = measures(judge_all(items, run(items, doors), sources))
    return {m.label: m.value for key in COLUMNS for m in found if m.key == key}
