"""Other subjects are known by their names, and medicines by the ends of theirs."""

from __future__ import annotations

import pytest

from bot.analysis import words_of
from bot.guide import load_general
from bot.subjects import OtherSubjects, frequent_words
from tests.core_help import real_bot

GENERAL = load_general()
OWN = frozenset(("vitamin", "b", "12", "penicillin"))
FOUND = OtherSubjects(GENERAL.others, GENERAL.medicine_endings, OWN)


@pytest.mark.parametrize(
    "name",
    ["brimonidine", "terazosin", "imipramine", "nebivolol", "zafirlukast", "benralizumab",
     "pitavastatin", "perindopril", "linagliptin", "norfloxacin"],
)  # fmt: skip
def test_a_medicine_that_nobody_wrote_down_is_known_by_its_end(name: str) -> None:
    assert name not in GENERAL.others
    assert FOUND.find(("side", "effects", "of", name)) == [(3, 4, "medicine")]


@pytest.mark.parametrize("word", ["wolverine", "april", "injection", "tadil"])
def test_frequent_and_short_words_are_no_medicines(word: str) -> None:
    assert FOUND.find((word,)) == []


def test_written_names_come_with_their_group_and_once() -> None:
    found = FOUND.find(words_of("metformin or the flu jab"))
    assert [(first, end) for first, end, _ in found] == [(0, 1), (3, 5)]
    assert found[0][2] == "medicine"


def test_what_the_guide_names_itself_is_no_other_subject() -> None:
    assert FOUND.find(("vitamin", "b", "12")) == []
    assert OtherSubjects({}, ("cillin",), OWN).find(("penicillin",)) == []
    assert OtherSubjects({}, ("cillin",), frozenset()).find(("flucloxacillin",)) != []


def test_few_frequent_words_end_like_a_medicine() -> None:
    endings = GENERAL.medicine_endings
    alike = {w for w in frequent_words() if len(w) > 6 and w.endswith(endings)}
    medicines = {word for word in alike if word in GENERAL.others}
    assert len(alike - medicines) <= 6


def test_an_unknown_medicine_is_not_answered_as_the_guides_subject() -> None:
    bot = real_bot()
    indexed = bot.guide().indexed
    words = words_of("brimonidine interaction with herbal supplements")
    assert "[other subject]" in indexed.facts(words, indexed.query(words))
