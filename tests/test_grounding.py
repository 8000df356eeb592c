"""Grounding: the three bands, the figures behind them, and what decides them."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysis import Analyser, words_of
from bot.answer import ReadyGuide
from bot.grounding import FIGURES, Grounding, Model, ground, information, load_model

MODEL = Model(0.0, {"coverage": 2.0, "unknown": -1.0}, answer_from=0.6, clarify_from=0.4)


def grounded(ready: ReadyGuide, text: str) -> Grounding:
    return ground(words_of(text), ready.indexed)


class TestModel:
    @pytest.mark.parametrize(
        ("score", "band"),
        [
            (1.0, "answer"),
            (0.6, "answer"),
            (0.599, "clarify"),
            (0.4, "clarify"),
            (0.399, "not_covered"),
            (0.0, "not_covered"),
        ],
    )
    def test_a_score_falls_into_one_of_three_bands(self, score: float, band: str) -> None:
        assert MODEL.band(score) == band

    def test_the_score_is_the_logistic_of_the_weighted_figures(self) -> None:
        assert MODEL.score({}) == 0.5
        found = MODEL.score({"coverage": 1.0, "unknown": 0.5, "ignored": 9.0})
        assert found == pytest.approx(1 / (1 + math.exp(-1.5)))

    @given(st.floats(-1e9, 1e9))
    def test_it_lies_from_zero_to_one(self, value: float) -> None:
        assert 0 <= MODEL.score({"coverage": value}) <= 1

    @pytest.mark.parametrize("with_questions", [True, False])
    def test_the_fitted_ones_are_sound(self, with_questions: bool) -> None:
        model = load_model(with_questions=with_questions)
        assert set(model.weights) <= set(FIGURES)
        assert 0 < model.clarify_from < model.answer_from < 1

    @pytest.mark.parametrize("with_questions", [True, False])
    @pytest.mark.parametrize("figure", ["unknown", "other_subject", "absent"])
    def test_what_the_guide_does_not_know_never_speaks_for_it(
        self, figure: str, with_questions: bool
    ) -> None:
        assert load_model(with_questions=with_questions).weights.get(figure, 0.0) <= 0

    @pytest.mark.parametrize("with_questions", [True, False])
    def test_what_the_passage_holds_never_speaks_against_it(self, with_questions: bool) -> None:
        assert load_model(with_questions=with_questions).weights["coverage"] >= 0


class TestGround:
    @pytest.mark.parametrize(
        "text",
        [
            "what is pernicious anemia",
            "what allergic reactions are there",
            "can it interact with other medications",
            "reactions at the injection site",
        ],
    )
    def test_what_a_section_is_about_is_an_answer(self, ready: ReadyGuide, text: str) -> None:
        assert grounded(ready, text).band == "answer"

    @pytest.mark.parametrize(
        "text",
        [
            "how do i renew my passport",
            "when does the football match begin",
            "vitamin b12 parking fees",
            "which phone has the longest battery",
        ],
    )
    def test_another_world_is_no_answer(self, ready: ReadyGuide, text: str) -> None:
        assert grounded(ready, text).band != "answer"

    def test_nothing_asked_finds_nothing(self, ready: ReadyGuide) -> None:
        found = ground((), ready.indexed)
        assert (found.best, found.ranking, found.score) == (None, (), 0.0)
        assert found.band == "not_covered"

    def test_the_subject_alone_is_no_answer(self, ready: ReadyGuide) -> None:
        assert grounded(ready, "vitamin b12").band != "answer"

    def test_words_the_guide_never_heard_of_are_named_the_rarest_first(
        self, ready: ReadyGuide
    ) -> None:
        assert grounded(ready, "volleyball zyzzogeton injection").unknown == (
            "zyzzogeton",
            "volleyball",
        )

    def test_an_absent_topic_is_named(self, ready: ReadyGuide) -> None:
        topic = grounded(ready, "how much does it cost").topic
        assert topic is not None
        assert topic.topic_id == "cost"

    def test_another_medicine_is_seen(self, ready: ReadyGuide) -> None:
        assert grounded(ready, "uses of metformin").figures["other_subject"] == 1
        assert grounded(ready, "uses of vitamin b12").figures["other_subject"] == 0

    def test_the_figures_are_finite_and_complete(self, ready: ReadyGuide) -> None:
        for text in ("side effects", "zyzzogeton", "b12", ""):
            figures = grounded(ready, text).figures
            assert set(FIGURES) <= set(figures)
            assert all(math.isfinite(value) for value in figures.values())

    @given(words=st.lists(st.sampled_from("side effect b 12 iron dog anemia is the jab".split())))
    def test_any_words_give_a_score_from_zero_to_one(
        self, ready: ReadyGuide, words: list[str]
    ) -> None:
        found = ground(words, ready.indexed)
        assert 0 <= found.score <= 1
        assert found == ground(words, ready.indexed)
        assert all(a[1] >= b[1] for a, b in pairwise(found.ranking))

    def test_without_the_check_what_is_found_is_answered(self, ready: ReadyGuide) -> None:
        words = words_of("injection parking")
        assert ground(words, ready.indexed).band != "answer"
        assert ground(words, ready.indexed, coverage=False).band == "answer"
        nothing = ground(("zyzzogeton",), ready.indexed, coverage=False)
        assert nothing.band == "not_covered"

    def test_it_works_on_a_bare_guide(self, small: ReadyGuide) -> None:
        assert grounded(small, "does a headache follow the infusion").best == "side-effects-1"
        assert grounded(small, "vitamin parking fees").band == "not_covered"


class TestContext:
    def test_carried_terms_help_the_ranking(self, ready: ReadyGuide) -> None:
        carried = ready.indexed.analyser.term("allergic")
        words = words_of("is it serious")
        helped = ground(words, ready.indexed, carried=(carried,), carried_weight=0.4)
        assert helped.best is not None
        assert ready.guide.passage(helped.best).section == "Allergic Reactions"

    def test_they_are_no_part_of_what_was_asked(self, ready: ReadyGuide) -> None:
        carried = ready.indexed.analyser.term("allergic")
        helped = ground(words_of("parking"), ready.indexed, carried=(carried,), carried_weight=0.4)
        assert carried not in helped.query.terms
        assert helped.band == "not_covered"

    def test_a_carried_term_that_the_guide_does_not_know_is_nothing(
        self, ready: ReadyGuide
    ) -> None:
        words = words_of("side effects")
        alone = ground(words, ready.indexed)
        assert ground(words, ready.indexed, carried=("zyzzogeton",), carried_weight=1.0) == alone


class TestRanking:
    @pytest.mark.parametrize("text", ["injection", "side effects", "is the body healthy", "b12"])
    def test_the_best_comes_first_and_ties_keep_guide_order(
        self, ready: ReadyGuide, text: str
    ) -> None:
        order = [p.passage_id for p in ready.guide.passages]
        ranked = [(-score, order.index(pid)) for pid, score in grounded(ready, text).ranking]
        assert ranked == sorted(ranked) != []

    def test_curated_questions_lead_to_their_passage(self, ready: ReadyGuide) -> None:
        rows = ready.guide.questions
        right = 0
        for question in rows[:: max(1, len(rows) // 100)]:
            found = ground(words_of(question.text), ready.indexed).best
            right += found is not None and found == question.passage_id
        assert right >= 80


class TestInformation:
    def test_the_subject_says_nothing(self, ready: ReadyGuide) -> None:
        assert information("b12", Analyser.subject_term, ready.indexed) == 0

    def test_a_word_unknown_to_everyone_says_most(self, ready: ReadyGuide) -> None:
        assert information("zyzzogeton", "zyzzogeton", ready.indexed) == 1

    def test_rare_words_of_the_guide_say_more_than_common_ones(self, ready: ReadyGuide) -> None:
        def said(word: str) -> float:
            return information(word, ready.indexed.analyser.term(word), ready.indexed)

        assert 0 <= said("injection") < said("hives") <= 1

    def test_rare_words_of_english_say_more_than_common_ones(self, small: ReadyGuide) -> None:
        def said(word: str) -> float:
            return information(word, small.indexed.analyser.term(word), small.indexed)

        assert 0 < said("house") < said("telescope") <= 1
