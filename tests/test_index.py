"""The index: a score worked by hand, agreement with an independent BM25, and the edges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from bot.analysis import Analyser
from bot.answer import ReadyGuide
from bot.bm25 import K1, B, Index
from bot.guide import load_general
from bot.index import index_guide
from bot.records import Hit

Documents = list[tuple[str, list[str]]]


def straightforward_bm25(
    documents: Documents, terms: Mapping[str, float], k1: float, b: float
) -> list[tuple[str, float]]:
    """BM25 as the textbook has it, with Lucene's IDF; nothing shared with what is tested."""
    if not documents:
        return []
    mean = sum(len(words) for _, words in documents) / len(documents)
    scored = []
    for doc_id, words in documents:
        score = 0.0
        for term, weight in terms.items():
            n = sum(term in other for _, other in documents)
            tf = words.count(term)
            if tf:
                idf = math.log(1 + (len(documents) - n + 0.5) / (n + 0.5))
                norm = 1 - b + b * len(words) / mean
                score += weight * idf * tf * (k1 + 1) / (tf + k1 * norm)
        if score > 0:
            scored.append((doc_id, score))
    return sorted(scored, key=lambda pair: -pair[1])


def scores_of(index: Index, terms: Mapping[str, float]) -> dict[str, float]:
    """All scores over zero by id."""
    return {hit.passage_id: hit.score for hit in index.search(terms, max(1, len(index)))}


WORD = st.sampled_from(list("abcdefgh"))
CORPUS = st.lists(st.lists(WORD, max_size=12), max_size=8)
QUERY = st.dictionaries(WORD, st.sampled_from([0.25, 0.5, 1.0, 2.0]), max_size=5)


class TestScores:
    def test_a_score_worked_by_hand(self) -> None:
        index = Index([("x", ["iron", "iron", "vein"]), ("y", ["rash"])], k1=1.2, b=0.5)
        # N 2, n 1: idf = ln(1 + 1.5/1.5) = 0.693147. Mean length 2, |x| 3: norm = 1.2 * 1.25
        # = 1.5. tf 2: 2 * 2.2 / (2 + 1.5) = 1.257143. Together 0.871385.
        (hit,) = index.search({"iron": 1.0}, 5)
        assert hit == Hit("x", hit.score, 1)
        assert hit.score == pytest.approx(0.871385, abs=1e-6)

    @given(CORPUS, QUERY, st.sampled_from([0.5, 1.2, 2.0]), st.sampled_from([0.0, 0.5, 1.0]))
    def test_it_agrees_with_an_independent_bm25(
        self, corpus: list[list[str]], query: dict[str, float], k1: float, b: float
    ) -> None:
        documents = [(f"p{n}", words) for n, words in enumerate(corpus)]
        found = scores_of(Index(documents, k1=k1, b=b), query)
        expected = dict(straightforward_bm25(documents, query, k1, b))
        assert found.keys() == expected.keys()
        assert all(found[p] == pytest.approx(expected[p]) for p in found)

    @given(CORPUS, st.lists(WORD, min_size=1, max_size=2), QUERY)
    def test_it_agrees_where_heading_terms_stand_twice(
        self, corpus: list[list[str]], heading: list[str], query: dict[str, float]
    ) -> None:
        documents = [(f"p{n}", words + heading * 2) for n, words in enumerate(corpus)]
        found = scores_of(Index(documents), query)
        for doc_id, score in straightforward_bm25(documents, query, K1, B):
            assert found[doc_id] == pytest.approx(score)

    @given(CORPUS, WORD, st.sampled_from([0.5, 2.0, 3.0]))
    def test_a_weight_scales_the_score(
        self, corpus: list[list[str]], word: str, weight: float
    ) -> None:
        index = Index([(f"p{n}", words) for n, words in enumerate(corpus)])
        plain, weighted = scores_of(index, {word: 1.0}), scores_of(index, {word: weight})
        assert {p: pytest.approx(weight * s) for p, s in plain.items()} == weighted

    def test_a_term_said_more_often_scores_higher_but_less_and_less(self) -> None:
        index = Index([(str(n), ["iron"] * n + ["x"] * (9 - n)) for n in (1, 2, 3)])
        one, two, three = (scores_of(index, {"iron": 1.0})[n] for n in "123")
        assert one < two < three
        assert three - two < two - one


class TestSearch:
    def test_the_best_comes_first_and_ranks_count_from_one(self) -> None:
        index = Index([("a", ["x", "y", "y"]), ("b", ["x"]), ("c", ["z"])])
        hits = index.search({"x": 1.0}, 5)
        assert [(hit.passage_id, hit.rank) for hit in hits] == [("b", 1), ("a", 2)]

    def test_ties_keep_guide_order(self) -> None:
        index = Index([(name, ["same"]) for name in "zaxb"])
        assert [hit.passage_id for hit in index.search({"same": 1.0}, 9)] == list("zaxb")

    def test_no_more_than_k_are_given(self) -> None:
        index = Index([(name, ["same"]) for name in "abc"])
        assert [hit.passage_id for hit in index.search({"same": 1.0}, 2)] == ["a", "b"]

    @pytest.mark.parametrize("k", [0, -1])
    def test_k_is_one_or_more(self, k: int) -> None:
        with pytest.raises(ValueError, match=f"k is {k}, expected 1 or more"):
            Index([("a", ["x"])]).search({"x": 1.0}, k)

    @pytest.mark.parametrize("terms", [{}, {"unknown": 1.0}])
    def test_no_shared_term_finds_nothing(self, terms: dict[str, float]) -> None:
        assert Index([("a", ["x"])]).search(terms, 3) == []


class TestEdges:
    @pytest.mark.parametrize("documents", [[], [("a", [])], [("a", []), ("b", [])]])
    def test_an_index_over_nothing_finds_nothing(self, documents: Documents) -> None:
        index = Index(documents)
        assert len(index) == len(documents)
        assert index.search({"x": 1.0}, 3) == []
        assert index.idf("x") >= 0
        assert index.vocabulary == frozenset()

    def test_an_empty_passage_is_kept_and_never_found(self) -> None:
        index = Index([("a", []), ("b", ["x"])])
        assert len(index) == 2
        assert [hit.passage_id for hit in index.search({"x": 1.0}, 3)] == ["b"]

    @pytest.mark.parametrize(("k1", "b"), [(0.0, 0.5), (-1.0, 0.5), (1.2, -0.1), (1.2, 1.1)])
    def test_parameters_out_of_range_are_refused(self, k1: float, b: float) -> None:
        with pytest.raises(ValueError, match="expected k1 over 0 and b from 0 to 1"):
            Index([("a", ["x"])], k1=k1, b=b)

    def test_what_was_handed_in_can_change_without_the_index(self) -> None:
        words = ["x", "y"]
        documents = [("a", words), ("b", ["z"])]
        index = Index(documents)
        before = index.search({"x": 1.0, "z": 1.0}, 3)
        words.clear()
        documents.clear()
        assert index.search({"x": 1.0, "z": 1.0}, 3) == before
        assert len(index) == 2

    def test_searching_changes_nothing(self) -> None:
        index = Index([("a", ["x"]), ("b", ["x", "y"])])
        before = (index.scores({"x": 1.0}).tolist(), index.vocabulary, index.idf("x"))
        index.search(MappingProxyType({"x": 3.0, "new": 1.0}), 1)
        index.scores({"x": 1.0}).fill(9.0)
        assert (index.scores({"x": 1.0}).tolist(), index.vocabulary, index.idf("x")) == before

    def test_it_knows_its_terms(self) -> None:
        index = Index([("a", ["x", "x"]), ("b", ["x", "y"])])
        assert "x" in index
        assert "z" not in index
        assert index.document_frequency("x") == 2
        assert index.document_frequency("z") == 0


def terms_of_the_guide(ready: ReadyGuide) -> list[list[str]]:
    """The guide's passages with every word as it stands: the subject is not folded."""
    analyser = Analyser()
    return [
        [t.term for t in analyser.terms(f"{p.section}\n{p.text}")] for p in ready.guide.passages
    ]


class TestInverseDocumentFrequency:
    """Why the stock IDF of rank-bm25 does not do: this guide says its subject everywhere."""

    COMMON = "vitamin"

    def test_the_subject_stands_in_nearly_every_passage(self, ready: ReadyGuide) -> None:
        corpus = terms_of_the_guide(ready)
        assert sum(self.COMMON in words for words in corpus) >= len(corpus) - 1

    def test_ours_is_never_negative_and_falls_as_a_term_spreads(self, ready: ReadyGuide) -> None:
        corpus = terms_of_the_guide(ready)
        index = Index([(str(n), words) for n, words in enumerate(corpus)])
        by_spread = sorted(index.vocabulary, key=index.document_frequency)
        values = [index.idf(term) for term in by_spread]
        assert values == sorted(values, reverse=True)
        assert values[-1] >= 0

    def test_the_stock_one_ranks_the_commonest_term_above_rarer_ones(
        self, ready: ReadyGuide
    ) -> None:
        corpus = terms_of_the_guide(ready)
        stock = BM25Okapi(corpus)
        n_common = sum(self.COMMON in words for words in corpus)
        spread = {t: sum(t in words for words in corpus) for t in stock.idf}
        overtaken = [
            t for t, n in spread.items() if n < n_common and stock.idf[t] <= stock.idf[self.COMMON]
        ]
        assert overtaken
        index = Index([(str(n), words) for n, words in enumerate(corpus)])
        assert all(index.idf(t) > index.idf(self.COMMON) for t in overtaken)

    def test_a_question_from_elsewhere_scores_more_with_the_stock_one(
        self, ready: ReadyGuide
    ) -> None:
        question = ["vitamin", "b", "12", "park", "fee"]
        corpus = terms_of_the_guide(ready)
        stock = BM25Okapi(corpus, k1=K1, b=B)
        ours = Index([(str(n), words) for n, words in enumerate(corpus)])
        n_found = sum(score > 0 for score in stock.get_scores(question))
        assert n_found >= len(corpus) - 1
        best = max(scores_of(ours, dict.fromkeys(question, 1.0)).values())
        assert best < max(stock.get_scores(question)) / 2

    def test_the_stock_one_goes_below_zero_on_a_small_corpus(self) -> None:
        corpus = [["iron", "vein"], ["iron", "vein"], ["iron"]]
        assert min(BM25Okapi(corpus).get_scores(["iron"])) < 0
        index = Index([(str(n), words) for n, words in enumerate(corpus)])
        assert min(scores_of(index, {"iron": 1.0}).values()) > 0

    def test_the_stock_one_cannot_hold_an_empty_corpus(self) -> None:
        with pytest.raises(ZeroDivisionError):
            BM25Okapi([])


class TestGuideIndex:
    def test_known_ranks_on_the_small_guide(self, small: ReadyGuide) -> None:
        def best(text: str) -> str:
            query = small.indexed.query(text.split())
            return small.indexed.passages.search(query.terms, 1)[0].passage_id

        assert best("headache") == "side-effects-1"
        assert best("anemia tablets") == "uses-1"

    def test_a_title_makes_its_passages_findable(self, small: ReadyGuide) -> None:
        found = scores_of(small.indexed.passages, small.indexed.query(["effects"]).terms)
        assert set(found) == {"side-effects-1"}

    def test_without_headings_it_is_not(self, small: ReadyGuide) -> None:
        indexed = index_guide(small.guide, load_general(), switches=frozenset({"stems"}))
        assert "effect" not in indexed.passages
        assert "headach" in indexed.passages

    def test_a_typed_term_keeps_its_weight_beside_an_expanded_one(self, ready: ReadyGuide) -> None:
        query = ready.indexed.query(["injection", "jab"])
        assert query.typed["inject"] == query.terms["inject"] == 1.0

    def test_lay_words_lead_to_the_guide_s(self, ready: ReadyGuide) -> None:
        query = ready.indexed.query(["jab"])
        assert "inject" in query.expanded
        assert 0 < query.expanded["inject"] <= 1
        assert query.via[0][0] == "jab"

    def test_every_expanded_term_stands_in_the_guide(self, ready: ReadyGuide) -> None:
        entries: Sequence[str] = [s for e in load_general().lexicon for s in e.say]
        for said in entries[:300]:
            for term in ready.indexed.query(said.lower().split()).expanded:
                assert term in ready.indexed.passages, said

    def test_no_word_knows_nothing(self, ready: ReadyGuide) -> None:
        assert ready.indexed.query([]).terms == {}
        assert not ready.indexed.knows("zyzzogeton")

    def test_a_topic_that_the_guide_speaks_of_is_not_absent(self, ready: ReadyGuide) -> None:
        assert ready.indexed.absent.find(["overdose"]) == []

    def test_the_guide_s_own_words_are_no_other_subject(self, ready: ReadyGuide) -> None:
        assert ready.indexed.others.find(["vitamin", "b", "12"]) == []
        assert ready.indexed.others.find(["metformin"]) != []
