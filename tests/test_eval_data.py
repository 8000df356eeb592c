"""The questions as they stand: enough of every kind, and labels that the guides bear out."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.corpus import FORMATS, read
from bot.records import OUTCOMES
from eval.cli import QUESTIONS
from eval.questions import check_labels, load_items, near_duplicates, select
from eval.records import Item
from eval.sources import Sources, source_path
from eval.summary import ROW_CATEGORIES, category
from eval.titles import folded, same_title

B12 = "vitamin-b12-injection"


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return load_items(QUESTIONS)


def test_labels_fit_the_guides(items: list[Item]) -> None:
    guides = {item.guide for item in items}
    sources = Sources()
    texts = {g: sources.text(g) for g in guides}
    titles = {}
    for guide, text in texts.items():
        markup = FORMATS[source_path(guide).suffix]
        _, passages = read(text, guide, markup)
        titles[guide] = {same_title(p.section) for p in passages}
    check_labels(items, titles, {g: folded(text) for g, text in texts.items()})


def test_the_suite_is_large_enough(items: list[Item]) -> None:
    by_guide = Counter(item.guide for item in items)
    assert by_guide[B12] >= 700
    assert len(by_guide) >= 3
    assert sum("safety" in item.slices for item in items) >= 800


@pytest.mark.parametrize("split", ["tune", "test"])
def test_every_outcome_stands_on_both_sides_of_the_split(items: list[Item], split: str) -> None:
    assert {item.outcome for item in select(items, split)} == set(OUTCOMES)


def test_every_section_of_the_b12_guide_is_asked_for(items: list[Item]) -> None:
    _, passages = read(Sources().text(B12), B12, "plain")
    asked = {same_title(s) for item in items if item.guide == B12 for s in item.sections}
    assert {same_title(p.section) for p in passages} == asked


def test_every_category_of_dosing_question_has_five_phrasings(items: list[Item]) -> None:
    counts = Counter(category(row) for item in items for row in item.rows)
    assert set(counts) == {name for _, name in ROW_CATEGORIES}
    assert min(counts.values()) >= 5


def test_hardly_a_question_stands_on_both_sides(items: list[Item]) -> None:
    assert len(near_duplicates(items)) < len(items) / 500
