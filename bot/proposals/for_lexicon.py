"""Entries for lexicon.toml: a word that the guide does not know in questions near one passage."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.analysis import Analyser, stop_words, words_of
from bot.answer import Policy, ReadyGuide
from bot.answer.drafts import vague
from bot.excerpt import quotable
from bot.grounding import Grounding, ground, information
from bot.proposals.model import Entry, n_messages
from bot.proposals.unanswered import Unanswered, is_near

_MIN_LETTERS = 3
_INFORMED = 0.45
"""Least information of the word: commoner ones have too many meanings."""
_AGREE = 2 / 3
"""Share of the word's messages that must come near the same passage without it."""
_MOST_MEANS = 3
_WEIGHT = 0.5
_MISSPELT_WEIGHT = 0.8
"""The weight of a guess, and of a spelling, as `corpus/README.md` puts them."""
_SPELT_LIKE = 0.8
"""Likeness of letters (difflib) that makes a word a misspelling of another."""


@dataclass(frozen=True, slots=True)
class _Without:
    """A question without the word, and where it leads then."""

    member: Unanswered
    grounding: Grounding
    is_near: bool


def find_entries(
    open_: Sequence[Unanswered], ready: ReadyGuide, policy: Policy, least: int
) -> list[Entry]:
    """An entry for each unknown word whose questions, without it, are near the same passage.

    Never for a word that the gates look for or that names another medicine or illness: what
    is dangerous must not become another word for what is not.
    """
    found: list[Entry] = []
    for term, members in _by_unknown(open_, ready, policy).items():
        if n_messages(members) < least:
            continue
        without = [_without(member, term, ready) for member in members]
        near = [one for one in without if one.is_near]
        votes: dict[str, list[_Without]] = {}
        for one in near:
            votes.setdefault(one.grounding.best or "", []).append(one)
        for passage_id, those in votes.items():
            agreeing = n_messages(w.member for w in those)
            if agreeing >= max(least, _AGREE * n_messages(members)):
                found.append(_entry(term, passage_id, members, those, ready))
    return found


def _by_unknown(
    open_: Sequence[Unanswered], ready: ReadyGuide, policy: Policy
) -> dict[str, list[Unanswered]]:
    analyser = ready.indexed.analyser
    avoided = policy.gates.features.words | ready.indexed.others.words()
    found: dict[str, list[Unanswered]] = {}
    for member in open_:
        if member.grounding.figures["other_subject"]:
            continue
        terms = dict.fromkeys(
            analyser.term(word)
            for word in member.grounding.unknown
            if word.isalpha()
            and len(word) >= _MIN_LETTERS
            and word not in avoided
            and information(word, analyser.term(word), ready.indexed) >= _INFORMED
        )
        for term in terms:
            found.setdefault(term, []).append(member)
    return found


def _without(member: Unanswered, term: str, ready: ReadyGuide) -> _Without:
    analyser = ready.indexed.analyser
    rest = tuple(word for word in member.words if analyser.term(word) != term)
    found = ground(rest, ready.indexed)
    near = found.band == "clarify" and not vague(found) and is_near(rest, found, ready)
    if found.band == "answer" and set(found.query.typed) - {Analyser.subject_term}:
        near = quotable(found.best or "", ready.sentences)
    return _Without(member, found, near and not found.topic)


def _entry(
    term: str,
    passage_id: str,
    members: Sequence[Unanswered],
    near: Sequence[_Without],
    ready: ReadyGuide,
) -> Entry:
    analyser = ready.indexed.analyser
    say = dict.fromkeys(w for m in members for w in m.words if analyser.term(w) == term)
    ranked = _best_terms(passage_id, near, ready)
    like = difflib.get_close_matches(next(iter(say)), ranked, n=1, cutoff=_SPELT_LIKE)
    return Entry(
        tuple(say),
        tuple(like or ranked[:_MOST_MEANS]),
        _MISSPELT_WEIGHT if like else _WEIGHT,
        passage_id,
        tuple(sorted(members, key=lambda u: -u.count)),
    )


def _best_terms(passage_id: str, near: Sequence[_Without], ready: ReadyGuide) -> list[str]:
    """Words of a passage that the questions do not hold, those that may fill their gap first.

    A term weighs its inverse document frequency, double where it stands in the heading, and
    more where it stands in a curated question that is otherwise like the ones asked.
    """
    indexed = ready.indexed
    passage = ready.guide.passage(passage_id)
    held = {term for one in near for term in one.grounding.query.typed}
    named = {word for name in ready.guide.subject for word in words_of(name)}
    heading = {indexed.analyser.term(word) for word in words_of(passage.section)}
    worth: dict[str, tuple[float, str]] = {}
    for word in words_of(f"{passage.section} {passage.text}"):
        term = indexed.analyser.term(word)
        says = word not in stop_words() | named and information(word, term, indexed) > 0
        if term in worth or term in held or not says or not word.isalpha():
            continue
        fits = sum(_fits(term, passage_id, one, ready) for one in near) / len(near)
        share = indexed.passages.idf(term) * (2 if term in heading else 1)
        worth[term] = (share * (0.2 + fits), word)
    return [word for _, word in sorted(worth.values(), key=lambda pair: (-pair[0], pair[1]))]


def _fits(term: str, passage_id: str, one: _Without, ready: ReadyGuide) -> float:
    """Overlap of a question with the likest curated one that holds the term, 0 to 1."""
    indexed = ready.indexed
    typed = frozenset(one.grounding.query.typed) - {Analyser.subject_term}
    rows = (
        row
        for row, at in zip(indexed.row_terms, indexed.row_passages, strict=True)
        if at == passage_id and term in row
    )
    return max((len(typed & row) / len(typed | row) for row in rows), default=0.0)
