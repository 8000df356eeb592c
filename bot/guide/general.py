"""What the bot knows for any guide: lay words, topics that guides leave out, other subjects.

The data stand in `bot/data`; a guide's own files come before them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from bot.guide.model import LexiconEntry


@dataclass(frozen=True, slots=True)
class GeneralTopic:
    """A topic that most guides lack; it counts only for a guide without any of `unless`."""

    topic_id: str
    name: str
    words: tuple[str, ...]
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SectionKind:
    """A kind of section that many guides have: what marks its heading, how patients ask for it."""

    kind_id: str
    headings: tuple[str, ...]
    ask: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class General:
    """The packaged word data; `others` maps words of other subjects to their group,
    `medicine_endings` are ends of medicines' names, `kinds` gives the kinds of sections."""

    lexicon: tuple[LexiconEntry, ...]
    absent: tuple[GeneralTopic, ...]
    others: Mapping[str, str]
    medicine_endings: tuple[str, ...] = ()
    kinds: Callable[[], tuple[SectionKind, ...]] = tuple


@cache
def load_general() -> General:
    """Read the packaged data once."""
    others = _read("other_subjects.toml")
    return General(
        tuple(
            LexiconEntry(
                tuple(entry["say"]),
                tuple(entry["means"]),
                float(entry.get("weight", 0.5)),
                str(entry.get("source", "")),
            )
            for entry in _read("lay.toml")["entry"]
        ),
        tuple(
            GeneralTopic(t["id"], t["name"], tuple(t["words"]), tuple(t.get("unless", ())))
            for t in _read("absent.toml")["topic"]
        ),
        {word: group["id"] for group in others["group"] for word in group["words"]},
        tuple(others["medicine_endings"]),
        load_kinds,
    )


@cache
def load_kinds() -> tuple[SectionKind, ...]:
    """Read the kinds of sections; only a guide without questions of its own needs them."""
    return tuple(
        SectionKind(kind["id"], tuple(kind["headings"]), tuple(kind["ask"]))
        for kind in _read("kinds.toml")["kind"]
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("bot") / "data" / name).read_text(encoding="utf-8"))
