"""The state of a conversation: what carries over from one turn to the next, and for how long.

Only terms of the guide are carried, never what was typed; nothing crosses a refusal, an urgent
reply or ten idle minutes. Deciding a turn is left to `answer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.index import IndexedGuide
from bot.records import Outcome, Visit
from bot.text import fold_space

IDLE_SECONDS = 600.0
"""After ten minutes a new message starts a new topic (design)."""
CARRIED_WEIGHT = 0.4
"""Weight of a carried term beside a typed one; 0.3 to 0.5 in the literature (CAsT 2019)."""
MAX_CARRIED = 3
MAX_CONTENT_TERMS = 3
"""A turn with more content words than this stands on its own."""
_POINTERS = frozenset(
    "it its this that these those they them their one ones he she there such more else same"
    " why another".split()
)
_OPENERS = (
    ("and",),
    ("what", "about"),
    ("how", "about"),
    ("what", "of"),
    ("but",),
    ("so",),
    ("then",),
    ("or",),
    ("also",),
    ("ok",),
    ("why",),
    ("really",),
)
_MORE = frozenset(
    ("more", "tell me more", "show more", "read more", "go on", "continue", "more please",
     "and more", "what else", "more info", "more information", "anything else", "next",
     "keep going", "show me more", "can you tell me more", "more details", "say more",
     "tell me more please", "more about that", "tell me more about that", "more on that")
)  # fmt: skip
_CLEAR: tuple[Outcome, ...] = (
    "dosing_refusal",
    "emergency",
    "overdose",
    "crisis",
    "personal_advice",
)


def refreshed(visit: Visit, guide_id: str, at: float) -> Visit:
    """The visit as a new turn finds it: without context after ten minutes or in another guide."""
    same = visit.guide_id in ("", guide_id)
    if same and (not visit.at or at - visit.at <= IDLE_SECONDS):
        return replace(visit, guide_id=guide_id)
    return Visit(visit_id=visit.visit_id, guide_id=guide_id, turn=visit.turn, at=visit.at)


def offered(visit: Visit, text: str) -> str | None:
    """The passage that "2" or "2." stands for among the choices offered last, or None."""
    digits = fold_space(text).rstrip(".)")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 2:
        return None
    number = int(digits)
    return visit.choices[number - 1] if 1 <= number <= len(visit.choices) else None


def wants_more(visit: Visit, text: str) -> bool:
    """Whether the message asks for more of what was quoted last."""
    folded = fold_space(text).lower().rstrip(".!? ")
    return visit.more is not None and folded in _MORE


def leans_on_context(words: Sequence[str], n_content: int) -> bool:
    """Whether a turn is short or elliptic enough to be helped by the last answered one."""
    if n_content > MAX_CONTENT_TERMS:
        return False
    opens = any(tuple(words[: len(o)]) == o for o in _OPENERS)
    return opens or n_content <= 1 or any(word in _POINTERS for word in words)


def carried_terms(visit: Visit) -> tuple[str, ...]:
    """The terms that may help the new turn; none after a refusal or an urgent reply."""
    return () if visit.last_outcome in _CLEAR else visit.carried


def terms_to_carry(passage_id: str, indexed: IndexedGuide) -> tuple[str, ...]:
    """The rarest terms of an answered passage's heading and text, heading first."""
    passage = indexed.guide.passage(passage_id)
    heading = {term.term for term in indexed.analyser.terms(passage.section)}
    order = sorted(heading, key=lambda term: (-indexed.passages.idf(term), term))
    return tuple(term for term in order if indexed.passages.idf(term) > 0.5)[:MAX_CARRIED]


def after(
    visit: Visit,
    outcome: Outcome,
    reason: str,
    at: float,
    *,
    passages: tuple[str, ...] = (),
    carried: tuple[str, ...] = (),
    choices: tuple[str, ...] = (),
    more: str | None = None,
) -> Visit:
    """The visit after a turn.

    Small talk leaves the context as it is, so that a "thanks" in between loses nothing.
    """
    missed = outcome in ("not_covered", "unintelligible", "clarify")
    keeps = outcome in ("smalltalk", "clarify", "not_covered", "unintelligible")
    return Visit(
        visit_id=visit.visit_id,
        guide_id=visit.guide_id,
        turn=visit.turn + 1,
        last_outcome=visit.last_outcome if outcome == "smalltalk" else outcome,
        last_reason=visit.last_reason if outcome == "smalltalk" else reason,
        last_passages=passages or (visit.last_passages if keeps else ()),
        carried=carried or (carried_terms(visit) if keeps else ()),
        choices=choices,
        more=more,
        n_misses=visit.n_misses + 1 if missed else 0,
        at=at,
    )
