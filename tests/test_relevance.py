"""Relevance weights and the questions that they are learnt from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.analysis import Analyser
from bot.answer import Bot
from bot.examples import example_questions
from bot.guide import General, SectionKind, load_general, load_guide
from bot.relevance import Kind, Relevance
from bot.rows import rows_of

SORE, RASH, COST = ("sore-1",), ("rash-1",), ("cost-1",)
EXAMPLES = [
    (frozenset({"arm", "ache", "the"}), SORE),
    (frozenset({"arm", "sore", "the"}), SORE),
    (frozenset({"ache", "sore"}), SORE),
    (frozenset({"itch", "skin", "the"}), RASH),
    (frozenset({"itch", "spot"}), RASH),
    (frozenset({"price", "the"}), COST),
    (frozenset({"price", "pay"}), COST),
]


def learnt(examples: Sequence[tuple[frozenset[str], Kind]]) -> Relevance:
    return Relevance(rows_of(f for f, _ in examples), [kind for _, kind in examples])


class TestRelevance:
    def test_words_point_to_the_questions_that_hold_them(self) -> None:
        found = learnt(EXAMPLES)
        for words, kind in (({"arm", "ache"}, SORE), ({"itch"}, RASH), ({"price"}, COST)):
            shares = found.shares(words)
            assert max(shares, key=lambda k: shares[k]) == kind
            assert math.isclose(sum(shares.values()), 1.0)

    def test_a_word_that_all_kinds_share_says_little(self) -> None:
        shares = learnt(EXAMPLES).shares({"the"})
        assert max(shares.values()) < 0.5

    def test_what_was_never_seen_or_seen_once_says_nothing(self) -> None:
        found = learnt(EXAMPLES)
        assert found.shares({"zebra", "spot", "skin"}) == {}
        assert found.shares({"itch", "zebra"}) == found.shares({"itch"})

    def test_without_examples_it_knows_nothing(self) -> None:
        empty = learnt([])
        assert len(empty) == 0
        assert empty.shares({"arm"}) == {}

    def test_it_names_the_words_that_decided(self) -> None:
        found = learnt(EXAMPLES)
        assert found.strongest({"arm", "itch", "the"}, RASH) == ("itch",)


KINDS = General(
    lexicon=(),
    absent=(),
    others={},
    kinds=lambda: (
        SectionKind("risks", ("risks",), ("what can go wrong",)),
        SectionKind("food", ("eating",), ("can i have breakfast",)),
        SectionKind("driving", ("driving",), ("can i drive home",)),
    ),
)
GUIDE = (
    "# Laser\n\n## The risks\n\nA scar.\n\n## Eating before\n\nNothing.\n\n## Clothes\n\nLoose.\n"
)


@pytest.fixture
def laser(tmp_path: Path) -> Path:
    path = tmp_path / "laser.md"
    path.write_text(GUIDE, encoding="utf-8")
    return path


class TestExamples:
    def test_sections_are_asked_as_sections_of_their_kind_are(self, laser: Path) -> None:
        found = {
            w.text: w.passages for w in example_questions(load_guide(laser), KINDS, Analyser())
        }
        assert found == {
            "what can go wrong": ("the-risks-1",),
            "can i have breakfast": ("eating-before-1",),
            "can i drive home": (),
        }

    def test_a_guide_s_own_questions_come_instead(self, real: Bot) -> None:
        guide = real.guide().guide
        found = example_questions(guide, load_general(), Analyser())
        own = [q.text for q in guide.questions]
        silent = [*guide.silent, *(text for topic in guide.absent for text in topic.ask)]
        assert [w.text for w in found] == own + silent

    def test_what_a_guide_asks_for_and_is_silent_on_never_overlap(self, real: Bot) -> None:
        guide = real.guide().guide
        asked = {q.text.casefold() for q in guide.questions}
        silent = {text.casefold() for text in guide.silent}
        silent |= {text.casefold() for topic in guide.absent for text in topic.ask}
        assert asked & silent == set()
