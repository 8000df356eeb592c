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
from bot.subjects import read_other_subjects


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
    """The packaged word data; `others` maps words of other subjects to their group, `kinds`
    gives the kinds of sections."""

    lexicon: tuple[LexiconEntry, ...]
    absent: tuple[GeneralTopic, ...]
    others: Mapping[str, str]
    kinds: Callable[[], tuple[SectionKind, ...]] = tuple


@cache
def load_general() -> General:
    """Read the packaged data once."""
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
        {word: group["id"] for group in read_other_subjects()["group"] for word in group["words"]},
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
