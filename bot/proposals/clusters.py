"""Puts questions together that ask for the same in like words; deterministic, by words alone.

A question is the vector of its terms, those of the lexicon beside the typed ones, each with
its weight; likeness is the cosine (Salton, Wong and Yang 1975). Clusters are merged as long as
the mean likeness between their members is high enough: group-average agglomerative clustering
(Sokal and Michener 1958; Manning, Raghavan and Schütze 2008, section 17.3).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence

from bot.analysis import words_of
from bot.grounding import information
from bot.index import IndexedGuide
from bot.query import Query

LIKENESS = 0.35
"""Mean cosine from which on two clusters are one; read off lists of real questions, where 0.25
put different matters together and 0.5 parted the same one for a single other word."""


def weigh(
    asked: Sequence[tuple[Sequence[str], Query]], indexed: IndexedGuide
) -> list[dict[str, float]]:
    """Unit vectors of questions, each given as its folded words and its query.

    A term weighs its information (`grounding.information`) times its inverse document
    frequency among these questions, `1 + log((1 + N) / (1 + n))`; a term of the lexicon, that
    of the entry's weight. What says nothing has no weight; a question may have no term.
    """
    # The lexicon writes the subject out, too: "b12" is "vitamin".
    named = {indexed.analyser.term(w) for name in indexed.guide.subject for w in words_of(name)}
    rows = [_informed(words, query, indexed, named) for words, query in asked]
    counts: dict[str, int] = {}
    for row in rows:
        for term in row:
            counts[term] = counts.get(term, 0) + 1
    idf = {term: 1 + math.log((1 + len(rows)) / (1 + n)) for term, n in counts.items()}
    return [_unit({term: mass * idf[term] for term, mass in row.items()}) for row in rows]


def cluster(
    vectors: Sequence[Mapping[str, float]], likeness: float = LIKENESS
) -> list[tuple[int, ...]]:
    """Numbers of the vectors that belong together, by first number; each stands in one cluster.

    Args:
        vectors: Unit vectors; an empty one stays alone.
        likeness: Mean cosine between the members of two clusters that makes them one, over 0.
    """
    sums = {number: dict(vector) for number, vector in enumerate(vectors)}
    members: dict[int, tuple[int, ...]] = {number: (number,) for number in sums}
    near: dict[int, set[int]] = {number: set() for number in sums}
    heap: list[tuple[float, int, int]] = []

    def join(a: int, b: int, mean: float) -> None:
        near[a].add(b)
        near[b].add(a)
        heapq.heappush(heap, (-mean, a, b))

    for a, b, cosine in _pairs(vectors):
        if cosine >= likeness:
            join(a, b, cosine)
    while heap:
        _, a, b = heapq.heappop(heap)
        if a not in sums or b not in sums:
            continue
        new = len(near)
        # A mean is never over the higher of its parts: only neighbours can stay near.
        candidates = sorted((near[a] | near[b]) & (sums.keys() - {a, b}))
        members[new] = members.pop(a) + members.pop(b)
        sums[new] = _added(sums.pop(a), sums.pop(b))
        near[new] = set()
        for other in candidates:
            mean = _dot(sums[new], sums[other]) / (len(members[new]) * len(members[other]))
            if mean >= likeness:
                join(other, new, mean)
    return sorted(tuple(sorted(found)) for found in members.values())


def _informed(
    words: Sequence[str], query: Query, indexed: IndexedGuide, named: set[str]
) -> dict[str, float]:
    """The terms that say something, with how much; none of those that name the subject."""
    by_term = {indexed.analyser.term(word): word for word in words}
    row = {term: information(by_term.get(term, term), term, indexed) for term in query.typed}
    for term, weight in query.expanded.items():
        row[term] = weight * information(term, term, indexed)
    return {term: mass for term, mass in row.items() if mass > 0 and term not in named}


def _unit(row: Mapping[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in row.values()))
    return {term: weight / length for term, weight in row.items()}


def _pairs(vectors: Sequence[Mapping[str, float]]) -> list[tuple[int, int, float]]:
    """Every two vectors that share a term, with their cosine."""
    postings: dict[str, list[tuple[int, float]]] = {}
    found: list[tuple[int, int, float]] = []
    for number, vector in enumerate(vectors):
        cosines: dict[int, float] = {}
        for term, weight in vector.items():
            for other, its in postings.get(term, ()):
                cosines[other] = cosines.get(other, 0.0) + weight * its
            postings.setdefault(term, []).append((number, weight))
        found += [(other, number, cosine) for other, cosine in cosines.items()]
    return found


def _added(a: dict[str, float], b: Mapping[str, float]) -> dict[str, float]:
    for term, weight in b.items():
        a[term] = a.get(term, 0.0) + weight
    return a


def _dot(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    few, many = (a, b) if len(a) <= len(b) else (b, a)
    return sum(weight * many.get(term, 0.0) for term, weight in few.items())
