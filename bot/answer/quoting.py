"""Excerpts for what was found: the words that answer, and the guide's other voice beside them."""

from __future__ import annotations

from bot.answer.policy import Policy, ReadyGuide
from bot.excerpt import choose, cut
from bot.grounding import Grounding
from bot.records import Excerpt

_PAIR_DF = 3
"""A term in at most so many passages is what a pair is about, not the guide's subject."""
_URGENT_TERMS = frozenset(("immedi", "emerg", "urgent"))


def quote(grounding: Grounding, ready: ReadyGuide, policy: Policy) -> tuple[Excerpt, ...]:
    """The excerpt for a grounding; empty where nothing of the passage may be quoted.

    Where the guide speaks of it in two voices (`Guide.pairs`) and that is what was asked, both
    are quoted; where it was not asked, the first of the pair is quoted without that sentence.
    """
    passage = ready.guide.passage(grounding.best or "")
    terms = grounding.query.terms
    paired = _paired_terms(passage.passage_id, ready)
    is_asked = bool(paired & frozenset(terms))
    first_of_pair = any(pair.a == passage.passage_id for pair in ready.guide.pairs)
    avoid = paired if first_of_pair and not is_asked else frozenset()
    ranged = choose(passage, ready.sentences, terms, ready.indexed, avoid=avoid)
    if ranged is None:
        return ()
    excerpt = cut(ready.guide, passage, *ranged, base_url=policy.base_url)
    return (excerpt, *partners(excerpt, ready, policy)) if is_asked else (excerpt,)


def quote_passage(
    passage_id: str, ready: ReadyGuide, policy: Policy, *, alone: bool = False
) -> tuple[Excerpt, ...]:
    """The beginning of a passage that was picked, with the partner that it needs.

    `alone` leaves out the sentence that would need a partner instead, for a passage that is
    one of several quoted.
    """
    passage = ready.guide.passage(passage_id)
    first_of_pair = any(pair.a == passage_id for pair in ready.guide.pairs)
    avoid = _paired_terms(passage_id, ready) if alone and first_of_pair else frozenset()
    ranged = choose(passage, ready.sentences, {}, ready.indexed, avoid=avoid)
    if ranged is None:
        return ()
    excerpt = cut(ready.guide, passage, *ranged, base_url=policy.base_url)
    paired = first_of_pair and not alone
    return (excerpt, *partners(excerpt, ready, policy)) if paired else (excerpt,)


def partners(excerpt: Excerpt, ready: ReadyGuide, policy: Policy) -> tuple[Excerpt, ...]:
    """The other voice of the guide, where the excerpt holds what a pair is about."""
    for pair in ready.guide.pairs:
        if excerpt.passage_id not in (pair.a, pair.b):
            continue
        other = ready.guide.passage(pair.b if excerpt.passage_id == pair.a else pair.a)
        paired = _paired_terms(other.passage_id, ready)
        said = {t.term for t in ready.indexed.analyser.terms(excerpt.quote)}
        for sentence in ready.sentences[other.passage_id]:
            if said & paired and sentence.terms & paired and not sentence.withheld:
                start, end = sentence.start, sentence.end
                return (cut(ready.guide, other, start, end, base_url=policy.base_url),)
    return ()


def supporting(ready: ReadyGuide, policy: Policy) -> tuple[Excerpt, ...]:
    """The guide's own sentence about urgent help, from a section that carries a card."""
    for passage in ready.guide.passages:
        if passage.section not in ready.guide.cards:
            continue
        for sentence in ready.sentences[passage.passage_id]:
            if not sentence.withheld and _URGENT_TERMS & sentence.terms:
                start, end = sentence.start, sentence.end
                return (cut(ready.guide, passage, start, end, base_url=policy.base_url),)
    return ()


def _paired_terms(passage_id: str, ready: ReadyGuide) -> frozenset[str]:
    """Rare terms that a passage and its partner share: what the pair is about."""
    shared: frozenset[str] = frozenset()
    for pair in ready.guide.pairs:
        if passage_id in (pair.a, pair.b):
            a = frozenset().union(*(s.terms for s in ready.sentences[pair.a]))
            b = frozenset().union(*(s.terms for s in ready.sentences[pair.b]))
            rare = ready.indexed.passages.document_frequency
            shared |= frozenset(term for term in a & b if rare(term) <= _PAIR_DF)
    return shared
