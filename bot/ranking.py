"""Which passages a question finds, best first: BM25, curated questions, headings, relevance.

Whether the first one answers is left to `grounding`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.analysis import Analyser
from bot.index import IndexedGuide
from bot.query import Query

_ROW_DISCOUNTS = np.array((1.0, 0.5, 0.33, 0.25, 0.2))
"""How the best rows of a passage add up: each further one says less (reciprocal rank)."""
_N_ROWS = len(_ROW_DISCOUNTS)
_PASSAGE_SHARE = 0.6
"""Weight of a passage's own score beside that of its questions; tuning part, 2026-11."""
_RELEVANCE_SHARE = 0.5
"""Of the best total, given to a passage that all relevance points to; tuning part, 2026-11."""
_LIKENESS_SHARE = 0.6
"""Of the best total, given to a passage that is wholly alike; tuning part, 2026-11."""
_HEADING_WORDS = 3
_HEADING_SHARE = 0.2
_DEFINITION_SHARE = 0.6
"""Of the best total, as above; tuning part and public guides, 2026-11."""
_LAST_SHARE = 0.2
_WORD_FOR_WORD = 10.0
"""A curated question itself: whoever wrote it meant this passage."""
_WHAT = frozenset(
    (
        ("whats",),
        ("what", "is"),
        ("what", "are"),
        ("what", "exactly", "is"),
        ("define",),
        ("explain",),
        ("what", "does"),
        ("tell", "me", "about"),
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """Passages with their scores, best first, and what speaks for them.

    `rows` are the first passage's nearest questions by number, `own` a passage's own BM25 score,
    `leaning` the share of the relevance weights that points to it, 0 to 1; `alike` how far
    question and passage point to the same kinds of section, 0 to 1; `silent` the probability that
    the guide does not answer.
    """

    ranking: tuple[tuple[str, float], ...]
    rows: tuple[int, ...]
    own: Mapping[str, float]
    leaning: Mapping[str, float]
    alike: Mapping[str, float]
    silent: float


def search(
    terms: Mapping[str, float],
    indexed: IndexedGuide,
    words: Sequence[str],
    query: Query,
    last: Sequence[str] = (),
) -> Found:
    """Rank passages for weighted terms, ties in guide order.

    Args:
        terms: Terms to search with their weights; those of `query`, and carried ones.
        indexed: The guide.
        words: The folded words that were asked.
        query: Their analysis.
        last: Passages that were quoted last, where the words lean on them ("is it common?").

    The subject's own name takes no part: nearly every passage and question holds it. A heading
    asked for in its own words ("who should not have it") gets a bonus, since those may be stop
    words; a question that asks only what the subject is, the passage that says so.
    """
    asked = {term: weight for term, weight in terms.items() if term != Analyser.subject_term}
    asked = asked or dict(terms)
    scores = indexed.passages.scores(asked)
    own = {indexed.passages.id_of(int(n)): float(scores[n]) for n in np.flatnonzero(scores)}
    totals: defaultdict[str, float] = defaultdict(float)
    totals |= {passage_id: _PASSAGE_SHARE * score for passage_id, score in own.items()}
    row_scores = _row_scores(asked, indexed)
    for passage_id, total in _row_totals(row_scores, indexed):
        if total:
            totals[passage_id] += total
    features = indexed.features(words, query)
    leaning = _leaning(features, indexed)
    top = max(totals.values(), default=0.0) or 1.0
    for passage_id, share in leaning.items():
        totals[passage_id] += _RELEVANCE_SHARE * top * share
    alike = indexed.likeness.of(features)
    for passage_id, likeness in alike.items():
        totals[passage_id] += _LIKENESS_SHARE * top * likeness
    for passage_id, share in _bonuses(words, query, indexed):
        totals[passage_id] += share * top
    for passage_id in last:
        totals[passage_id] += _LAST_SHARE * top
    ranking = sorted(totals.items(), key=lambda pair: (-pair[1], indexed.order[pair[0]]))
    silent = indexed.silence.share(features | indexed.facts(words, query))
    rows = _nearest_rows(row_scores, ranking[0][0], indexed) if ranking else ()
    return Found(tuple(ranking), rows, own, leaning, alike, silent)


def _row_scores(
    asked: Mapping[str, float], indexed: IndexedGuide
) -> npt.NDArray[np.float64] | None:
    """A line of scores for each passage with questions of its own; None without any."""
    groups = indexed.row_groups
    if not len(groups.passages):
        return None
    # One more score, 0, for the places that fill up the shorter groups.
    scores: npt.NDArray[np.float64] = np.append(indexed.questions.scores(asked), 0.0)[groups.rows]
    return scores


def _row_totals(
    scores: npt.NDArray[np.float64] | None, indexed: IndexedGuide
) -> Iterator[tuple[str, float]]:
    """What the nearest questions of each passage add up to."""
    if scores is None:
        return
    n = min(_N_ROWS, scores.shape[1])
    best = -np.sort(np.partition(-scores, n - 1, axis=1)[:, :n], axis=1)
    totals = (best @ _ROW_DISCOUNTS[:n]).tolist()
    yield from zip(indexed.row_groups.passages, totals, strict=True)


def _nearest_rows(
    scores: npt.NDArray[np.float64] | None, passage_id: str, indexed: IndexedGuide
) -> tuple[int, ...]:
    """The nearest questions of a passage by number, best first."""
    groups = indexed.row_groups
    if scores is None or passage_id not in groups.passages:
        return ()
    line = groups.passages.index(passage_id)
    found = np.flatnonzero(scores[line])
    nearest = found[np.argsort(-scores[line][found], kind="stable")[:_N_ROWS]]
    return tuple(groups.rows[line][nearest[scores[line][nearest] > 0]].tolist())


def _bonuses(
    words: Sequence[str], query: Query, indexed: IndexedGuide
) -> Iterator[tuple[str, float]]:
    said = frozenset(words)
    for passage_id, heading in indexed.headings.items():
        shared = len(heading & said)
        if shared >= _HEADING_WORDS:
            yield passage_id, _HEADING_SHARE * shared / len(heading)
    if indexed.definition and asks_what_it_is(words, query, indexed):
        yield indexed.definition, _DEFINITION_SHARE
    for passage_id in asked_heading(query, indexed)[:1]:
        yield passage_id, _DEFINITION_SHARE
    for passage_id in indexed.word_for_word.get(tuple(words), ()):
        yield passage_id, _WORD_FOR_WORD


def _leaning(features: Iterable[str], indexed: IndexedGuide) -> dict[str, float]:
    """The share of each passage, or of all those that answer one kind of question."""
    leaning: dict[str, float] = {}
    for passages, share in indexed.relevance.shares(features).items():
        for passage_id in passages:
            leaning[passage_id] = leaning.get(passage_id, 0.0) + share
    return leaning


def asked_heading(query: Query, indexed: IndexedGuide) -> tuple[str, ...]:
    """First passages of the sections under a heading, where only that heading is asked for."""
    typed = query.typed.keys() - indexed.scope - {Analyser.subject_term}
    return next((firsts for terms, firsts in indexed.parents if typed and typed <= terms), ())


def asks_what_it_is(words: Sequence[str], query: Query, indexed: IndexedGuide) -> bool:
    """Whether a question asks for nothing but what the subject is ("what is vitamin B12")."""
    opens = tuple(words[:1]) in _WHAT or tuple(words[:2]) in _WHAT or tuple(words[:3]) in _WHAT
    typed = query.typed.keys() - indexed.scope - {Analyser.subject_term}
    return opens and bool(query.terms) and not typed
