"""Small talk: told by features that cover the whole message, so that a question is never lost."""

from __future__ import annotations

from collections.abc import Sequence

from bot.analysis import stop_words
from bot.answer.asked import Asked, answers
from bot.gates.features import Mark

_SMALL_TALK = ("joke", "insult", "who_you", "what_can", "how_you", "bye", "thanks", "greet")
_ENGLISH = frozenset(("en",))
_OWN_WORDS = frozenset(("joke", "insult", "who_you", "what_can", "how_you"))
"""Kinds whose phrases say enough by themselves, even with a word or two left over."""
_CLOSING = frozenset(("thanks", "bye"))
_OWN_TOUCH = 3
"""Words that thanks or a goodbye may hold besides."""
_PHRASE = 3
"""Words of such a phrase; "help" alone may be half of a question."""


def kind_of_small_talk(asked: Asked) -> str | None:
    """The kind of small talk that the whole message is, by its phrases or by all its words."""
    words, clauses = asked.message.best.words, asked.message.best.clauses
    marks: Sequence[Mark] = asked.verdict.marks
    if len(clauses) != 1 or clauses[0].subject or asked.message.languages != _ENGLISH:
        marks = asked.policy.gates.features.mark(words, _ENGLISH, ())
    return _by_phrases(asked, words, marks) or _by_all_words(asked)


def _by_all_words(asked: Asked) -> str | None:
    gates, clauses = asked.policy.gates, asked.message.best.clauses
    if any(fired.gate != "smalltalk" for fired in asked.verdict.fired):
        return None
    kind = gates.talk.kind(clauses, asked.verdict.marks)
    if kind is None or answers(asked, range(len(clauses))):
        return None
    return kind


def _by_phrases(asked: Asked, words: Sequence[str], marks: Sequence[Mark]) -> str | None:
    kinds = {mark.feature for mark in marks}
    kind = next((kind for kind in _SMALL_TALK if kind in kinds), None)
    if kind is None:
        return None
    left = _left_over(words, marks)
    if not left:
        # "is it good" is a question though all its words are polite ones.
        asks = any(asked.message.asks) and kind not in _OWN_WORDS
        return None if asks and not kinds & _OWN_WORDS else kind
    if kind in _CLOSING:
        # "cheers bud, you're a lifesaver": thanks with words of its own, and nothing asked.
        return kind if len(left) <= _OWN_TOUCH and not _asks_something(asked) else None
    indexed = asked.ready.indexed
    about = [w for w in left if indexed.knows(indexed.analyser.term(w))]
    plain = any(m.feature == kind and m.end - m.first >= _PHRASE for m in marks)
    return kind if kind in _OWN_WORDS and plain and not about and len(left) <= 2 else None


def _asks_something(asked: Asked) -> bool:
    if any(asked.message.asks) or any(f.gate != "smalltalk" for f in asked.verdict.fired):
        return True
    return bool(answers(asked, range(len(asked.message.asks))))


def _left_over(words: Sequence[str], marks: Sequence[Mark]) -> list[str]:
    """Words that are neither small talk nor without a topic."""
    spoken = frozenset((*_SMALL_TALK, "polite"))
    inside = {i for m in marks if m.feature in spoken for i in range(m.first, m.end)}
    stops = stop_words()
    return [w for i, w in enumerate(words) if i not in inside and w not in stops]
