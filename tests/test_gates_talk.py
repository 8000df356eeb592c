"""Small talk by all its words: what it is, and what it is not."""

from __future__ import annotations

import pytest

from bot.analysis import Clause
from bot.gates.evidence import features_of
from bot.gates.table import Table
from bot.gates.talk import KINDS, NONE, Talk, load_talk
from tests.core_help import converse, real_bot

CLASSES = (*KINDS, NONE)


def clause(text: str) -> Clause:
    return Clause(tuple(text.split()))


def towards(kind: str) -> tuple[float, ...]:
    return (1.0, *(float(name == kind) for name in CLASSES))


def talk(**rows: tuple[float, ...]) -> Talk:
    return Talk(Table.of(CLASSES, (0.0,) * len(CLASSES), rows), 0.8)


class TestTalk:
    def test_the_kind_that_its_words_point_to(self) -> None:
        known = talk(cheerio=towards("bye"), park=towards("contact"))
        assert known.kind([clause("cheerio")], []) == "bye"
        assert known.kind([clause("parking")], []) == "contact"

    def test_under_the_threshold_it_is_none(self) -> None:
        assert talk(needle=towards(NONE)).kind([clause("needle")], []) is None

    def test_what_it_has_never_heard_of_may_be_what_is_asked(self) -> None:
        known = talk(cheerio=towards("bye"))
        assert known.kind([clause("cheerio zorv")], []) is None
        assert known.kind([], []) is None

    def test_a_long_message_has_something_to_ask(self) -> None:
        known = talk(cheerio=towards("bye"))
        assert known.kind([clause("cheerio " * 31)], []) is None

    def test_the_table_has_its_classes(self) -> None:
        table = load_talk().table
        assert table.classes == CLASSES
        assert sum(table.shares(features_of([clause("hello")], [])).values()) == pytest.approx(1)


# Of no list of phrases in `features.toml`, and not among the lines that the table was fitted on.
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("is it a robot typing these replies", "who_you"),
        ("you have been ever so kind, bless you", "thanks"),
        ("sing us a daft song then", "joke"),
    ],
)
def test_small_talk_in_words_of_its_own(text: str, reason: str) -> None:
    reply, _ = converse(real_bot(), text)
    assert (reply.outcome, reply.reason) == ("smalltalk", reason)


@pytest.mark.parametrize(
    "text",
    [
        "hello, what does it do for the nerves",
        "thanks, and can it make my arm sore",
        "who are these injections for",
        "can it help someone who is always tired",
    ],
)
def test_a_question_in_polite_words_is_answered(text: str) -> None:
    reply, _ = converse(real_bot(), text)
    assert reply.outcome == "answer"
