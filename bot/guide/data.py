"""The hand-written data beside a guide's text: manifest, lexicon, questions, absent topics.

Each reader checks what it names against the guide; reading the text itself is left to `load`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from bot.guide.model import AbsentTopic, CuratedQuestion, LexiconEntry, Pair
from bot.records import CardLevel, Passage, Section
from bot.tables import Table, closest

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_LEVELS: tuple[CardLevel, ...] = get_args(CardLevel)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What guide.toml says about the text as a whole; empty texts where it says nothing."""

    guide_id: str
    title: str
    language: str
    origin: str
    licence: str
    version: str
    sha256: str
    reviewed_by: str
    reviewed_on: str
    review_by: str
    dose_section: str


def read_manifest(table: Table) -> Manifest:
    """The single values of guide.toml; `read_notes` reads its tables."""
    return Manifest(
        guide_id=_matching(table, "id", _ID, "lower-case letters, digits and hyphens"),
        title=" ".join(table.text("title").split()),
        language=_matching(table, "language", _LANGUAGE, 'a language tag such as "en"') or "en",
        origin=table.text("origin"),
        licence=table.text("licence"),
        version=table.text("version"),
        sha256=_matching(table, "sha256", _SHA256, "64 hexadecimal digits"),
        reviewed_by=table.text("reviewed_by"),
        reviewed_on=table.day("reviewed_on"),
        review_by=table.day("review_by"),
        dose_section=table.text("dose_section"),
    )


@dataclass(frozen=True, slots=True)
class Notes:
    """What guide.toml says about single places of the text."""

    cards: Mapping[str, str]
    withheld: tuple[tuple[int, int], ...]
    why_withheld: tuple[str, ...]
    pairs: tuple[Pair, ...]


def read_notes(
    table: Table, source: str, sections: Sequence[Section], passages: Sequence[Passage]
) -> Notes:
    """Cards, withheld words and pairs, each checked against the text."""
    titles = {s.title for s in sections}
    _check(table, "dose_section", [table.text("dose_section")], titles, "section")
    cards = table.table("cards")
    levels = {title: cards.choice(title, _LEVELS, "info") for title in cards.data}
    for title in levels:
        _check(cards, title, [title], titles, "section")
    withheld = dict(
        sorted(r for entry in table.tables("withhold") for r in _withheld(entry, source))
    )
    pairs = _pairs(table, {p.passage_id for p in passages})
    table.refuse_unknown()
    return Notes(levels, tuple(withheld), tuple(withheld.values()), pairs)


def read_lexicon(table: Table) -> tuple[tuple[str, ...], tuple[LexiconEntry, ...]]:
    """How people name the subject, and the entries of lexicon.toml."""
    subject = table.texts("subject")
    entries = []
    for entry in table.tables("entry"):
        entries.append(
            LexiconEntry(
                say=entry.texts("say", required=True),
                means=entry.texts("means", required=True),
                weight=entry.number("weight", 0.5, 0.0, 1.0),
                source=entry.text("source"),
            )
        )
        entry.refuse_unknown()
    table.refuse_unknown()
    return subject, tuple(entries)


def read_questions(table: Table, passages: Sequence[Passage]) -> tuple[CuratedQuestion, ...]:
    """The other ways to ask in questions.toml."""
    known = {p.passage_id for p in passages}
    questions: list[CuratedQuestion] = []
    for entry in table.tables("section"):
        passage_id = entry.text("passage_id", required=True)
        _check(entry, "passage_id", [passage_id], known, "passage")
        questions += [CuratedQuestion(passage_id, q) for q in entry.texts("ask", required=True)]
        entry.refuse_unknown()
    table.refuse_unknown()
    return tuple(questions)


def read_absent(
    table: Table, passages: Sequence[Passage]
) -> tuple[tuple[AbsentTopic, ...], tuple[str, ...]]:
    """The topics of absent.toml, each id once, and its questions about anything else."""
    known = {p.passage_id for p in passages}
    topics: dict[str, AbsentTopic] = {}
    for entry in table.tables("topic"):
        topic_id = entry.text("id", required=True)
        if topic_id in topics:
            table.fault(f"a second topic {topic_id!r}", "each id once", entry.where("id"))
        near = entry.texts("near")
        _check(entry, "near", near, known, "passage")
        topics[topic_id] = AbsentTopic(
            topic_id=topic_id,
            name=entry.text("name", required=True),
            words=entry.texts("words", required=True),
            near=near,
            ask=entry.texts("ask"),
        )
        entry.refuse_unknown()
    silent = table.texts("silent")
    table.refuse_unknown()
    return tuple(topics.values()), silent


def _withheld(entry: Table, source: str) -> list[tuple[tuple[int, int], str]]:
    """Every place of the words in the source, and why; white space between them may differ."""
    words = entry.raw_text("text").split()
    why = " ".join(entry.text("why", required=True).split())
    entry.refuse_unknown()
    if not words:
        return []
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    ranges = [found.span() for found in pattern.finditer(source)]
    if not ranges:
        entry.fault(
            "withheld words that the text does not hold", "exact words", entry.where("text")
        )
    return [(place, why) for place in ranges]


def _pairs(table: Table, known: set[str]) -> tuple[Pair, ...]:
    pairs = []
    for entry in table.tables("pair"):
        a, b = entry.text("a", required=True), entry.text("b", required=True)
        _check(entry, "a", [a], known, "passage")
        _check(entry, "b", [b], known, "passage")
        if a and a == b:
            entry.fault(f"a pair of {a!r} with itself", "two passages", entry.where("b"))
        entry.refuse_unknown()
        pairs.append(Pair(a, b))
    return tuple(pairs)


def _check(table: Table, key: str, named: Iterable[str], known: set[str], kind: str) -> None:
    for name in named:
        if name and name not in known:
            expected = closest(name, known) or f"a {kind} of this guide"
            table.fault(f"no {kind} {name!r}", expected, table.where(key))


def _matching(table: Table, key: str, pattern: re.Pattern[str], expected: str) -> str:
    value = table.text(key)
    if value and not pattern.fullmatch(value):
        table.fault(repr(value), expected, table.where(key))
        return ""
    return value
