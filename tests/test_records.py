"""The records check themselves and travel as JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from bot import records
from bot.records import OUTCOMES, URGENT_OUTCOMES, Excerpt, Passage, Reply, Turn, Visit, to_dict

EXCERPT = Excerpt("iron", "uses-1", "Uses", ("Uses",), "It helps.", "It helps.", 4, 13, "ab", "/")


def a_reply(**values: Any) -> Reply:
    given: dict[str, Any] = {
        "reply_id": "r",
        "visit_id": "v",
        "outcome": "not_covered",
        "reason": "silent",
        "text": "The guide does not cover that.",
        "excerpts": (),
        "suggestions": (),
        "card": None,
        "notice": "",
        "lang": "en",
        "guide_version": "1",
        "policy_version": "2",
    }
    return Reply(**{**given, **values})


def test_there_are_ten_outcomes_and_three_of_them_are_urgent() -> None:
    assert len(OUTCOMES) == len(set(OUTCOMES)) == 10
    assert {"emergency", "overdose", "crisis"} == URGENT_OUTCOMES < set(OUTCOMES)


def test_a_passage_is_as_long_as_its_range() -> None:
    with pytest.raises(ValueError, match="uses-1: range 0-4"):
        Passage("uses-1", "uses", "Uses", ("Uses",), "longer than four", 0, 4)


def test_a_reply_has_one_of_the_ten_outcomes() -> None:
    with pytest.raises(ValueError, match="'maybe' is none of answer, clarify"):
        a_reply(outcome="maybe")


def test_a_reply_always_says_something() -> None:
    with pytest.raises(ValueError, match="r has no text"):
        a_reply(text="")


def test_an_answer_has_an_excerpt() -> None:
    with pytest.raises(ValueError, match="answer without an excerpt"):
        a_reply(outcome="answer")
    assert a_reply(outcome="answer", excerpts=(EXCERPT,)).excerpts == (EXCERPT,)


@pytest.mark.parametrize("given", [{}, {"text": "hello", "choice": "uses-1"}])
def test_a_turn_is_either_typed_or_tapped(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either a text or a choice"):
        Turn("r", 0.0, **given)  # type: ignore[arg-type]


def test_an_empty_text_is_a_text() -> None:
    assert Turn("r", 0.0, text="").text == ""


def test_a_reply_becomes_json_with_all_that_is_in_it() -> None:
    found = json.loads(json.dumps(to_dict(a_reply(outcome="answer", excerpts=(EXCERPT,)))))
    assert found["excerpts"][0]["quote"] == "It helps."
    assert found["excerpts"][0]["path"] == ["Uses"]
    assert found["card"] is None
    assert set(found) == {f.name for f in dataclasses.fields(Reply)} - {"explain"}


def test_an_explanation_is_shown_where_there_is_one() -> None:
    assert to_dict(a_reply(explain={"gates": ("a",)}))["explain"] == {"gates": ("a",)}


def test_every_record_is_frozen() -> None:
    found = [r for r in vars(records).values() if dataclasses.is_dataclass(r)]
    assert len(found) >= 10
    for record in found:
        assert record.__dataclass_params__.frozen, record  # type: ignore[union-attr]


def test_a_visit_cannot_be_changed() -> None:
    visit: Any = Visit("v")
    with pytest.raises(dataclasses.FrozenInstanceError):
        visit.turn = 2
