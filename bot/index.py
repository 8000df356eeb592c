"""BM25 over passages, and over curated questions beside them, built once and never changed.

Counting is rank-bm25's; the inverse document frequency and the weighted sum are ours, since
its own goes negative where most passages hold a term, and takes no query weights. Whether a
hit is good enough to answer is left to `grounding`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rank_bm25 import BM25

from bot.analysis import Analyser, PhraseTable, Token, words_of
from bot.guide import Guide, LexiconEntry
from bot.records import Hit, Passage

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
        self._postings: dict[str, tuple[tuple[int, float], ...]] = {}
        self._max_idf = self._idf_of(0)
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

    def idf(self, term: str) -> float:
        """`log(1 + (N - n + .5) / (n + .5))`, never negative (Lucene's BM25Similarity)."""
        return self._idf_of(self._df.get(term, 0))

    def scores(self, terms: Mapping[str, float]) -> dict[str, float]:
        """Scores over zero by document id, in no set order; weights are taken as they are."""
        by_number: dict[int, float] = {}
        for term, weight in terms.items():
            factor = weight * self.idf(term)
            for number, saturated in self._postings.get(term, ()):
                by_number[number] = by_number.get(number, 0.0) + factor * saturated
        return {self._ids[number]: score for number, score in by_number.items()}

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
        order = {doc_id: number for number, doc_id in enumerate(self._ids)}
        ranked = sorted(self.scores(terms).items(), key=lambda pair: (-pair[1], order[pair[0]]))
        return [Hit(doc_id, score, rank) for rank, (doc_id, score) in enumerate(ranked[:k], 1)]

    def _idf_of(self, n: int) -> float:
        return math.log(1 + (len(self._ids) - n + 0.5) / (n + 0.5))

    def _count(self, documents: list[Sequence[str]], k1: float, b: float) -> None:
        counts = _Counts(documents)
        self._df = counts.document_frequency
        postings: dict[str, list[tuple[int, float]]] = {}
        for number, frequencies in enumerate(counts.doc_freqs):
            norm = k1 * (1 - b + b * counts.doc_len[number] / counts.avgdl)
            for term, tf in frequencies.items():
                postings.setdefault(term, []).append((number, tf * (k1 + 1) / (tf + norm)))
        self._postings = {term: tuple(rows) for term, rows in postings.items()}


HEADING_WEIGHT = 2
"""How often a section's own title counts in its passages; retrieval notes say 2 to 3."""
TYPED_COUNT = 2
"""A curated question's own words count double beside the lexicon's words for them."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched: weighted terms, and where the expanded ones come from.

    `typed` are the terms of the visitor's own words with weight 1; `expanded` those that the
    lexicon added, with its weights; `via` pairs what was said with the terms it added.
    """

    typed: Mapping[str, float]
    expanded: Mapping[str, float]
    via: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def terms(self) -> dict[str, float]:
        """All terms; a typed one keeps its own weight."""
        return {**self.expanded, **self.typed}


@dataclass(frozen=True)
class IndexedGuide:
    """A guide made searchable: its passages, its curated questions, its lexicon; immutable."""

    guide: Guide
    analyser: Analyser
    passages: Index
    questions: Index
    row_passages: tuple[str, ...]
    lexicon: PhraseTable[tuple[str, tuple[str, ...], float]]

    def query(self, words: Sequence[str]) -> Query:
        """Analyse folded words into weighted terms, with what the lexicon adds to them."""
        tokens = [Token(word, i, i + 1) for i, word in enumerate(words)]
        typed = {term.term: 1.0 for term in self.analyser.terms_of(tokens)}
        expanded: dict[str, float] = {}
        via: list[tuple[str, tuple[str, ...]]] = []
        for _, _, (said, means, weight) in self.lexicon.find(words):
            added = tuple(term for term in means if term not in typed)
            for term in added:
                expanded[term] = max(weight, expanded.get(term, 0.0))
            if added:
                via.append((said, added))
        return Query(typed, expanded, tuple(via))


def index_guide(
    guide: Guide,
    general: Sequence[LexiconEntry] = (),
    *,
    switches: frozenset[str] = frozenset(),
) -> IndexedGuide:
    """Build the indexes of a guide.

    Args:
        guide: The guide.
        general: Lexicon entries for any guide; the guide's own come first.
        switches: Parts to leave out, for the ablation: "stems", "headings", "lexicon",
            "questions".
    """
    subject = guide.subject
    analyser = Analyser(subject, stemming="stems" not in switches)
    documents = [
        (p.passage_id, _passage_terms(p, analyser, "headings" not in switches))
        for p in guide.passages
    ]
    passages = Index(documents)
    entries = () if "lexicon" in switches else (*guide.lexicon, *general)
    lexicon = _lexicon(entries, analyser, passages)
    bare = IndexedGuide(guide, analyser, passages, Index(()), (), lexicon)
    asked = () if "questions" in switches else guide.questions
    rows = [(str(n), _row_terms(bare, q.text)) for n, q in enumerate(asked)]
    return IndexedGuide(
        guide, analyser, passages, Index(rows), tuple(q.passage_id for q in asked), lexicon
    )


def _passage_terms(passage: Passage, analyser: Analyser, headings: bool) -> list[str]:
    terms = [term.term for term in analyser.terms(passage.text)]
    if headings:
        title = [term.term for term in analyser.terms(passage.section)]
        parents = [t.term for above in passage.path[:-1] for t in analyser.terms(above)]
        terms += title * HEADING_WEIGHT + parents
    return terms


def _row_terms(bare: IndexedGuide, text: str) -> list[str]:
    query = bare.query(words_of(text))
    return [t for t in query.typed for _ in range(TYPED_COUNT)] + list(query.expanded)


def _lexicon(
    entries: Sequence[LexiconEntry], analyser: Analyser, passages: Index
) -> PhraseTable[tuple[str, tuple[str, ...], float]]:
    """Phrases to the guide's terms that they stand for; the first entry for a phrase counts."""
    table: dict[tuple[str, ...], tuple[str, tuple[str, ...], float]] = {}
    for entry in entries:
        means = {analyser.term(word) for text in entry.means for word in words_of(text)}
        known = tuple(sorted(term for term in means if term in passages))
        if not known:
            continue
        for said in entry.say:
            words = words_of(said)
            if words:
                table.setdefault(words, (said, known, entry.weight))
    return PhraseTable(table.items())
