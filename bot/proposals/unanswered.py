"""Asks the bot many questions and keeps those that the guide left open.

What a gate caught is counted and never kept: its words must not become a way to ask for a
passage. What to do about the others is left to `propose`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.analysis import stop_words
from bot.answer import Policy, ReadyGuide, reply
from bot.answer.asked import Asked, ground_all, read_turn, runs_of
from bot.answer.drafts import vague
from bot.excerpt import quotable
from bot.grounding import Grounding, information, load_model
from bot.records import Reply, Turn, Visit
from bot.text import fold_space, normalise

# Seven digits with what stands between them are a phone number, a date of birth or a record's.
_PRIVATE = re.compile(r"\S@\S|https?://|(?:\d[\s()./+-]*){7,}")
_LOOSE_END = re.compile(r"[\s,]+(?:or|and|but|so)$", re.IGNORECASE)
"""What joins a clause to the next one, which is left out."""
JUST_UNDER = 0.6
"""Share of the threshold for asking back from which on a question may be near a passage. Of the
tuning part's open questions that the guide does answer 10 of 13 lie above it, of those that it
does not 6 of 29, of 313 about anything in the world (CLINC150, out of scope) 44; 2026-11."""
_MOST_UNKNOWN = 0.4
_LEAST_KNOWN = 0.5
"""Largest share of the information that may lie in unknown words, and least amount, in rare
words, that must lie in known ones; they leave 9, 4 and 26 of the above."""
_MAX_WORDS = 25
"""A longer wording is a story: too much of it has nothing to do with what is asked."""
_OF_GATES = ("dosing_refusal", "personal_advice", "emergency", "overdose", "crisis")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that the guide left open, however often it was asked.

    `text` is what was typed, made safe to print on one line; `words` the folded words of the
    part of it that asks, as they were read; `wording` that part with its spelling corrected,
    empty where it is too long or only tells a story; `near` the passage that it came near.
    """

    text: str
    count: int
    wording: str
    words: tuple[str, ...]
    grounding: Grounding
    near: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was asked, in the order of the questions, and what became of the others.

    `fates` counts messages by answered, open, gates, known, vague, private, smalltalk and
    unclear; `topics` those of known by the name of the absent topic that they were told.
    """

    n_asked: int
    n_different: int
    open: tuple[Unanswered, ...]
    fates: Mapping[str, int]
    topics: Mapping[str, int]


def ask_all(questions: Iterable[str], ready: ReadyGuide, policy: Policy) -> Heard:
    """Ask each question by itself, equal ones once, and keep what the guide left open.

    Kept is what was not covered or asked back, except: a gate fired anywhere in it; the guide's
    absent topics name it already; it asks for nothing in particular; it holds what looks like
    an address, a phone number or a date.
    """
    counts: dict[str, int] = {}
    shown: dict[str, str] = {}
    for question in questions:
        text = fold_space(normalise(question))
        key = text.casefold().rstrip(" ?!.")
        counts[key] = counts.get(key, 0) + 1
        shown.setdefault(key, text)
    # The emergency brake is for patients; nobody waits here.
    policy = replace(policy, paused=False)
    kept: list[Unanswered] = []
    fates: Counter[str] = Counter()
    topics: Counter[str] = Counter()
    for key, count in counts.items():
        fate, found = _fate(shown[key], ready, policy)
        fates[fate] += count
        if found is None:
            continue
        if fate == "known" and found.grounding.topic:
            topics[found.grounding.topic.name] += count
        elif fate == "open":
            kept.append(replace(found, count=count))
    return Heard(sum(counts.values()), len(counts), tuple(kept), fates, topics)


def say(text: str, ready: ReadyGuide, policy: Policy) -> Reply:
    """The reply to a message that begins a visit."""
    return reply(_turn(text), ready, _fresh(), policy)[0]


def _fate(text: str, ready: ReadyGuide, policy: Policy) -> tuple[str, Unanswered | None]:
    given = say(text, ready, policy)
    if given.outcome in _OF_GATES:
        return "gates", None
    if given.outcome not in ("not_covered", "clarify"):
        names = {"answer": "answered", "smalltalk": "smalltalk"}
        return names.get(given.outcome, "unclear"), None
    asked = read_turn(_turn(text), ready, _fresh(), policy)
    if asked.verdict.fired:
        return "gates", None
    found = _judged(text, asked)
    if found is None or vague(found.grounding):
        return "vague", None
    if found.grounding.topic:
        return "known", found
    return ("private", None) if _PRIVATE.search(text) else ("open", found)


def is_near(words: Sequence[str], grounding: Grounding, ready: ReadyGuide) -> bool:
    """Whether the first passage found is worth showing as the one that was meant.

    The score is not far under that for asking back; most of the words are the guide's own, or
    its questions'; they say something; no other medicine or illness is named.
    """
    figures, indexed = grounding.figures, ready.indexed
    model = load_model(with_questions=len(indexed.questions) > 0)
    if grounding.score < JUST_UNDER * model.clarify_from or figures["other_subject"]:
        return False
    terms = {indexed.analyser.term(word): word for word in words}
    typed = ((terms.get(term, term), term) for term in grounding.query.typed)
    known = sum(information(word, term, indexed) for word, term in typed if indexed.knows(term))
    if figures["unknown"] > _MOST_UNKNOWN or known < _LEAST_KNOWN:
        return False
    return bool(grounding.best) and quotable(grounding.best or "", ready.sentences)


def _judged(text: str, asked: Asked) -> Unanswered | None:
    """The part of a message that came nearest to an answer, of those that ask if any does."""
    clauses = asked.open_clauses("dosing")
    runs = list(zip(runs_of(asked, clauses), ground_all(asked, clauses), strict=True))
    asking = [run for run in runs if any(asked.message.asks[i] for i in run[0][0])]
    if not runs:
        return None
    (numbers, words), grounding = max(asking or runs, key=lambda run: run[1].score)
    told = not asking and len(asked.message.typed.words) > _MAX_WORDS
    wording = "" if told or len(words) > _MAX_WORDS else _wording(text, numbers, words, asked)
    near = grounding.best or "" if is_near(words, grounding, asked.ready) else ""
    return Unanswered(text, 1, wording, words, grounding, near)


def _wording(text: str, numbers: Sequence[int], words: Sequence[str], asked: Asked) -> str:
    """The part of a text that these clauses are, corrected towards words of the guide only.

    A curated question is compared as it stands, so that a misspelt one would never be found.
    """
    message, indexed = asked.message, asked.ready.indexed
    if len(numbers) < len(message.asks):
        typed = [word for i in numbers for word in message.typed.clauses[i].words]
        found = re.search(r"\W*".join(map(re.escape, typed)), text, re.IGNORECASE)
        if found is None:
            return " ".join(words)
        text = _LOOSE_END.sub("", found.group())
    said = indexed.lexicon.words()
    for wrong, right in message.best.changes:
        parts = right.split()
        if all(indexed.knows(indexed.analyser.term(w)) or w in said | stop_words() for w in parts):
            text = re.sub(rf"\b{re.escape(wrong)}\b", right, text, flags=re.IGNORECASE)
    return text


def _turn(text: str) -> Turn:
    return Turn(reply_id="suggest", at=0.0, text=text)


def _fresh() -> Visit:
    return Visit(visit_id="suggest-suggest-")
