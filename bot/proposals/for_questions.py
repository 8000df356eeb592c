"""Wordings for questions.toml: questions that came near a passage, put together."""

from __future__ import annotations

from collections.abc import Sequence

from bot.analysis import Analyser, words_of
from bot.answer import ReadyGuide
from bot.proposals.model import Wordings, n_messages
from bot.proposals.unanswered import Unanswered

_MAX_ASK = 10
_SAME = 0.75
"""Overlap (Jaccard) of terms from which on a wording adds nothing to another."""


def find_wordings(
    clusters: Sequence[Sequence[Unanswered]], ready: ReadyGuide, least: int
) -> list[Wordings]:
    """One proposal for each cluster and passage near it, and one for each passage's rest.

    A question just under the threshold for asking back counts only where `least` messages of
    its cluster came near the same passage; one above it counts alone, too, and is put together
    with the others of that passage.
    """
    found: list[Wordings] = []
    alone: dict[str, list[Unanswered]] = {}
    for members in clusters:
        for passage_id, near in _by_passage(members).items():
            if len(near) > 1 and n_messages(near) >= least:
                found.append(_wordings(passage_id, near, ready))
            else:
                sure = [u for u in near if u.grounding.band != "not_covered" or u.count >= least]
                alone.setdefault(passage_id, []).extend(sure)
    for passage_id, near in alone.items():
        if near:
            found.append(_wordings(passage_id, near, ready, alike=len(near) == 1))
    return found


def _by_passage(members: Sequence[Unanswered]) -> dict[str, list[Unanswered]]:
    near: dict[str, list[Unanswered]] = {}
    for member in members:
        if member.near and member.wording:
            near.setdefault(member.near, []).append(member)
    return near


def _wordings(
    passage_id: str, near: Sequence[Unanswered], ready: ReadyGuide, *, alike: bool = True
) -> Wordings:
    chosen = _unlike(near)
    new = [u for m in chosen for u in m.grounding.unknown if u in words_of(m.wording)]
    return Wordings(
        passage_id,
        tuple(member.wording for member in chosen),
        tuple(sorted(near, key=lambda u: -u.count)),
        alike,
        tuple(dict.fromkeys(new)),
        _other(passage_id, near, ready),
    )


def _unlike(near: Sequence[Unanswered]) -> list[Unanswered]:
    """The wordings that bring words of their own, those asked most and nearest first."""
    chosen: list[Unanswered] = []
    for member in sorted(near, key=lambda u: (-u.count, -u.grounding.score, u.text)):
        if len(chosen) < _MAX_ASK and all(_overlap(member, other) < _SAME for other in chosen):
            chosen.append(member)
    return chosen


def _overlap(a: Unanswered, b: Unanswered) -> float:
    first, second = (frozenset(u.grounding.query.typed) - {Analyser.subject_term} for u in (a, b))
    return len(first & second) / (len(first | second) or 1)


def _other(passage_id: str, near: Sequence[Unanswered], ready: ReadyGuide) -> str:
    """The passage of another section that most of them found second."""
    own = ready.guide.passage(passage_id).section_id
    votes: dict[str, int] = {}
    for member in near:
        for other, _ in member.grounding.ranking[1:3]:
            if ready.guide.passage(other).section_id != own:
                votes[other] = votes.get(other, 0) + member.count
    best = max(votes.items(), key=lambda pair: pair[1], default=("", 0))
    return best[0] if 2 * best[1] > n_messages(near) else ""
