"""Visits: what carries over to the next turn, for how long, and what "2" and "more" mean."""

from __future__ import annotations

import dataclasses

import pytest

from bot.answer import Bot, ReadyGuide
from bot.records import OUTCOMES, URGENT_OUTCOMES, Outcome, Turn, Visit
from bot.visit import (
    IDLE_SECONDS,
    MAX_CARRIED,
    after,
    carried_terms,
    leans_on_context,
    offered,
    refreshed,
    terms_to_carry,
    wants_more,
)
from tests.core_help import NOON, VISIT, converse

GUIDE = "vitamin-b12-injection"
BUSY = Visit(
    VISIT,
    guide_id=GUIDE,
    turn=3,
    last_outcome="answer",
    last_passages=("allergic-reactions-1",),
    carried=("allerg",),
    choices=("a-1", "b-1", "c-1"),
    more="b-1",
    n_misses=1,
    at=NOON,
)
CLOSED: list[Outcome] = ["dosing_refusal", "personal_advice", *sorted(URGENT_OUTCOMES)]


class TestRefreshed:
    @pytest.mark.parametrize("seconds", [0.0, 1.0, IDLE_SECONDS])
    def test_within_ten_minutes_everything_is_kept(self, seconds: float) -> None:
        assert refreshed(BUSY, GUIDE, NOON + seconds) == BUSY

    def test_after_ten_minutes_the_context_is_gone(self) -> None:
        assert IDLE_SECONDS == 600
        found = refreshed(BUSY, GUIDE, NOON + IDLE_SECONDS + 0.1)
        assert found == Visit(VISIT, guide_id=GUIDE, turn=3, at=NOON)

    def test_another_guide_is_another_topic(self) -> None:
        found = refreshed(BUSY, "iron", NOON + 1)
        assert found == Visit(VISIT, guide_id="iron", turn=3, at=NOON)

    def test_a_new_visit_takes_on_its_guide(self) -> None:
        assert refreshed(Visit(VISIT), GUIDE, NOON) == Visit(VISIT, guide_id=GUIDE)


class TestOffered:
    @pytest.mark.parametrize(
        ("text", "choice"),
        [("1", "a-1"), ("3", "c-1"), (" 2 ", "b-1"), ("2.", "b-1"), ("2)", "b-1")],
    )
    def test_a_number_is_one_of_the_choices(self, text: str, choice: str) -> None:
        assert offered(BUSY, text) == choice

    @pytest.mark.parametrize(
        "text", ["0", "4", "99", "-1", "12345678901234567890", "two", "2 mg", "", "²", "２", "1 2"]
    )
    def test_anything_else_is_none(self, text: str) -> None:
        assert offered(BUSY, text) is None

    def test_where_nothing_was_offered_a_number_is_none(self) -> None:
        assert offered(Visit(VISIT), "1") is None


class TestMore:
    @pytest.mark.parametrize("text", ["more", "MORE!", " Tell me more. ", "go on", "continue"])
    def test_more_is_asked_for_in_many_ways(self, text: str) -> None:
        assert wants_more(BUSY, text)

    @pytest.mark.parametrize("text", ["more injections", "no more", "", "morning"])
    def test_a_question_is_no_more(self, text: str) -> None:
        assert not wants_more(BUSY, text)

    def test_without_a_place_to_go_on_from_there_is_none(self) -> None:
        assert not wants_more(dataclasses.replace(BUSY, more=None), "more")


class TestLeaning:
    @pytest.mark.parametrize(
        ("text", "n_content"),
        [("and the rash", 1), ("what about children", 1), ("is it bad", 1), ("why", 0)],
    )
    def test_short_and_elliptic_turns_do(self, text: str, n_content: int) -> None:
        assert leans_on_context(text.split(), n_content)

    @pytest.mark.parametrize(
        ("text", "n_content"),
        [("does the vein hurt badly", 3), ("and is it rash hives itching redness", 4)],
    )
    def test_full_questions_do_not(self, text: str, n_content: int) -> None:
        assert not leans_on_context(text.split(), n_content)


class TestAfter:
    @pytest.mark.parametrize("outcome", CLOSED)
    def test_nothing_crosses_a_refusal_or_an_urgent_reply(self, outcome: Outcome) -> None:
        found = after(BUSY, outcome, "rule", NOON + 5)
        assert carried_terms(found) == ()
        assert found.last_passages == found.choices == ()
        assert found.more is None

    @pytest.mark.parametrize("outcome", CLOSED)
    def test_nor_does_it_come_back_behind_small_talk(self, outcome: Outcome) -> None:
        closed = after(BUSY, outcome, "rule", NOON + 5)
        assert carried_terms(after(closed, "smalltalk", "thanks", NOON + 6)) == ()

    def test_small_talk_loses_nothing(self) -> None:
        found = after(BUSY, "smalltalk", "thanks", NOON + 5)
        assert (found.last_outcome, found.carried) == ("answer", ("allerg",))
        assert found.last_passages == BUSY.last_passages

    @pytest.mark.parametrize("outcome", OUTCOMES)
    def test_what_was_offered_before_is_offered_no_more(self, outcome: Outcome) -> None:
        found = after(BUSY, outcome, "", NOON + 5)
        assert offered(found, "2") is None

    @pytest.mark.parametrize("outcome", OUTCOMES)
    def test_turns_are_counted_and_timed(self, outcome: Outcome) -> None:
        found = after(BUSY, outcome, "", NOON + 5)
        assert (found.turn, found.at, found.visit_id) == (4, NOON + 5, VISIT)

    def test_misses_are_counted_until_something_is_answered(self) -> None:
        found = after(BUSY, "not_covered", "silent", NOON)
        assert found.n_misses == 2
        assert after(found, "answer", "", NOON).n_misses == 0


def test_carried_terms_are_the_rarest_of_the_heading(ready: ReadyGuide) -> None:
    for passage in ready.guide.passages:
        heading = {t.term for t in ready.indexed.analyser.terms(passage.section)}
        found = terms_to_carry(passage.passage_id, ready.indexed)
        assert set(found) <= heading
        assert len(found) <= MAX_CARRIED
    assert terms_to_carry("allergic-reactions-1", ready.indexed)[0] == "allerg"


class TestConversation:
    def test_a_visit_never_holds_what_was_typed(self, real: Bot) -> None:
        _, visit = converse(real, "is zyzzogeton a side effect", "and ZYZZOGETON?", "hello")
        assert "zyzzogeton" not in repr(visit).lower()

    def test_carried_terms_are_the_guide_s(self, real: Bot, ready: ReadyGuide) -> None:
        _, visit = converse(real, "what are the allergic reactions")
        assert visit.carried
        assert all(ready.indexed.knows(term) for term in visit.carried)

    def test_after_ten_idle_minutes_more_means_nothing(self, real: Bot) -> None:
        soon, _ = converse(real, "what are the side effects", "more", step_seconds=600)
        late, _ = converse(real, "what are the side effects", "more", step_seconds=601)
        assert (soon.outcome, soon.reason) == ("answer", "more")
        assert late.reason != "more"

    def test_after_ten_idle_minutes_a_number_means_nothing(self, real: Bot) -> None:
        soon, _ = converse(real, "hello", "1", step_seconds=600)
        late, _ = converse(real, "hello", "1", step_seconds=601)
        assert (soon.outcome, soon.reason) == ("answer", "choice")
        assert late.outcome != "answer"

    def test_a_number_takes_what_was_offered_last(self, real: Bot) -> None:
        greeting, visit = converse(real, "hello")
        for number, suggestion in enumerate(greeting.suggestions, 1):
            reply, _ = real.ask(Turn("r", NOON + 9, text=str(number)), visit)
            assert reply.excerpts[0].passage_id == suggestion.passage_id

    @pytest.mark.parametrize(
        "closing", ["how much b12 should I take", "i can't breathe", "i took too many b12 tablets"]
    )
    def test_a_follow_up_finds_no_context_behind_a_closed_door(
        self, real: Bot, closing: str
    ) -> None:
        _, visit = converse(real, "what are the allergic reactions", closing)
        assert carried_terms(visit) == ()
