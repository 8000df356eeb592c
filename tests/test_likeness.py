"""Likeness: passages are found by the kind of section that their sentences sound like."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.likeness import Likeness
from bot.relevance import Relevance
from bot.rows import rows_of
from tests.core_help import real_bot, small_guide

KINDS = [
    (frozenset(("drive", "car")), ("driving",)),
    (frozenset(("drive", "home")), ("driving",)),
    (frozenset(("eat", "breakfast")), ("food",)),
    (frozenset(("eat", "car")), ("food",)),
]
LEAFLET = """# Knee clinic

## After you leave us

Somebody should take you home. You cannot go behind the wheel until tomorrow.

## Before you come

Have no breakfast. Clear fluids may be sipped until you are called.
"""


def learnt(kinds: list[tuple[frozenset[str], tuple[str]]]) -> Relevance:
    return Relevance(rows_of(features for features, _ in kinds), [kind for _, kind in kinds])


def likeness() -> Likeness:
    passages = {"home": [frozenset(("drive",))], "meal": [frozenset(("breakfast", "eat"))]}
    return Likeness(learnt(KINDS), passages)


def test_a_question_is_most_like_the_passage_of_its_kind() -> None:
    alike = likeness().of(frozenset(("drive", "breakfast", "drive home")))
    assert set(alike) == {"home", "meal"}
    driving = likeness().of(frozenset(("drive",)))
    assert driving["home"] > driving["meal"]


def test_the_same_shares_are_wholly_alike() -> None:
    assert likeness().of(frozenset(("drive",)))["home"] == pytest.approx(1)
    assert all(0 <= share <= 1 for share in likeness().of(frozenset(("car",))).values())


def test_what_is_unknown_is_like_nothing() -> None:
    assert likeness().of(frozenset(("zorv",))) == {}
    assert Likeness(learnt([]), {}).of(frozenset(("drive",))) == {}


def test_a_passage_of_unknown_words_is_like_nothing() -> None:
    unknown = Likeness(learnt(KINDS), {"x": [frozenset(("zorv",))], "y": []})
    assert set(unknown.of(frozenset(("drive",))).values()) == {0.0}


def test_headings_that_name_no_kind_are_found_by_their_sentences(tmp_path: Path) -> None:
    indexed = small_guide(tmp_path, LEAFLET).indexed
    words = ("am", "i", "allowed", "to", "drive")
    alike = indexed.likeness.of(indexed.features(words, indexed.query(words)))
    assert max(alike, key=lambda passage: alike[passage]).startswith("after-you-leave-us")


def test_a_guide_with_questions_of_its_own_needs_none() -> None:
    indexed = real_bot().guide().indexed
    words = ("does", "it", "hurt")
    assert indexed.likeness.of(indexed.features(words, indexed.query(words))) == {}
