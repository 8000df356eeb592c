"""BM25 over documents given as lists of terms, with weighted queries; built once.

Counting is rank-bm25's; the inverse document frequency and the weighted sum are ours, since
its own goes negative where most passages hold a term, and takes no query weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from rank_bm25 import BM25

from bot.records import Hit

K1 = 1.2
"""Saturation of term counts; 0.8 to 1.2 serve short passages (Anserini's and Lucene's range)."""
B = 0.5
"""Share of length normalisation; passages of one guide differ little in length."""


class _Counts(BM25):  # type: ignore[misc]
    """rank-bm25's counting without its IDF: term counts, lengths and document frequencies."""

    def _calc_idf(self, nd: dict[str, int]) -> None:
        self.document_frequency = nd


class Index:
    """An immutable BM25 index over documents given as lists of terms.

    Args:
        documents: (id, terms) in guide order; a term that should weigh double, such as a
            heading's, stands twice, which is the same as weighting it before saturation
            (Robertson et al. 2004). Documents without terms are kept and never found.
        k1: Saturation, over 0.
        b: Length normalisation, 0 to 1.

    Raises:
        ValueError: If `k1` or `b` is out of range.
    """

    def __init__(
        self, documents: Sequence[tuple[str, Sequence[str]]], *, k1: float = K1, b: float = B
    ) -> None:
        if k1 <= 0 or not 0 <= b <= 1:
            raise ValueError(f"k1 {k1} and b {b}: expected k1 over 0 and b from 0 to 1")
        self._ids = tuple(doc_id for doc_id, _ in documents)
        self._df: dict[str, int] = {}
        self._idf: dict[str, float] = {}
        self._unknown = self._rarity(0)
        self._postings: dict[str, tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]] = {}
        if any(terms for _, terms in documents):  # rank-bm25 divides by zero on nothing
            self._count([terms for _, terms in documents], k1, b)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, term: str) -> bool:
        return term in self._df

    @property
    def vocabulary(self) -> frozenset[str]:
        """All terms of all documents."""
        return frozenset(self._df)

    def document_frequency(self, term: str) -> int:
        """In how many documents the term stands."""
        return self._df.get(term, 0)

    def id_of(self, number: int) -> str:
        """The id of the document of that number."""
        return self._ids[number]

    def idf(self, term: str) -> float:
        """`log(1 + (N - n + .5) / (n + .5))`, never negative (Lucene's BM25Similarity)."""
        return self._idf.get(term, self._unknown)

    def _rarity(self, n: int) -> float:
        return math.log(1 + (len(self._ids) - n + 0.5) / (n + 0.5))

    def scores(self, terms: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """The score of every document by its number, the place in the order given; 0 or more."""
        found = np.zeros(len(self._ids))
        for term, weight in terms.items():
            if term in self._postings:
                numbers, scores = self._postings[term]
                found[numbers] += weight * scores
        return found

    def search(self, terms: Mapping[str, float], k: int) -> list[Hit]:
        """Rank documents for weighted query terms.

        Args:
            terms: Analysed term to weight, over 0; may be empty.
            k: Most hits wanted, 1 or more.

        Returns:
            Up to k hits, best first; ties keep guide order. Scores are BM25, over zero, and
            mean nothing outside this index. No shared term: an empty list.

        Raises:
            ValueError: If k is under 1.
        """
        if k < 1:
            raise ValueError(f"k is {k}, expected 1 or more")
        scores = self.scores(terms)
        ranked = [int(n) for n in np.argsort(-scores, kind="stable")[:k] if scores[n] > 0]
        return [Hit(self._ids[n], float(scores[n]), rank) for rank, n in enumerate(ranked, 1)]

    def _count(self, documents: list[Sequence[str]], k1: float, b: float) -> None:
        counts = _Counts(documents)
        self._df = counts.document_frequency
        rarity = {n: self._rarity(n) for n in set(self._df.values())}
        self._idf = {term: rarity[n] for term, n in self._df.items()}
        postings: dict[str, list[tuple[int, float]]] = {}
        for number, frequencies in enumerate(counts.doc_freqs):
            norm = k1 * (1 - b + b * counts.doc_len[number] / counts.avgdl)
            for term, tf in frequencies.items():
                score = self.idf(term) * tf * (k1 + 1) / (tf + norm)
                postings.setdefault(term, []).append((number, score))
        self._postings = {
            term: (np.array([n for n, _ in rows]), np.array([score for _, score in rows]))
            for term, rows in postings.items()
        }
