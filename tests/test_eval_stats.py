"""The arithmetic of the eval, against values worked by hand."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.stats import area_under, percentile, risk_coverage, wilson

SCORED = st.lists(st.tuples(st.none() | st.floats(0, 1), st.booleans()), max_size=40)


def test_wilson_of_nine_in_ten_is_the_textbook_value() -> None:
    # (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n) with p = .9, n = 10, z = 1.96.
    low, high = wilson(9, 10)
    assert low == pytest.approx(0.5958, abs=5e-5)
    assert high == pytest.approx(0.9821, abs=5e-5)


def test_no_miss_in_170_still_allows_two_percent() -> None:
    low, high = wilson(0, 170)
    assert low == 0
    assert high == pytest.approx(0.0221, abs=5e-5)


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_share(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="hits of"):
        wilson(hits, n)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_mirrors(pair: tuple[int, int]) -> None:
    hits, n = pair
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert low < high
    mirrored = wilson(n - hits, n)
    assert [1 - high, 1 - low] == pytest.approx(mirrored)


def test_risk_coverage_by_hand() -> None:
    points = risk_coverage([(0.7, True), (0.9, True), (0.8, False)])
    assert [coverage for coverage, _ in points] == pytest.approx([1 / 3, 2 / 3, 1])
    assert [risk for _, risk in points] == pytest.approx([0, 1 / 2, 1 / 3])
    assert area_under(points) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_equal_confidence_shares_its_errors_and_none_comes_last() -> None:
    points = risk_coverage([(None, False), (0.5, True), (0.5, False)])
    assert [risk for _, risk in points] == pytest.approx([1 / 2, 1 / 2, 2 / 3])


@given(SCORED, st.randoms())
def test_the_curve_does_not_depend_on_the_order_of_questions(
    scored: list[tuple[float | None, bool]], random: Random
) -> None:
    points = risk_coverage(scored)
    shuffled = list(scored)
    random.shuffle(shuffled)
    assert risk_coverage(shuffled) == points
    assert len(points) == len(scored)
    if scored:
        n_wrong = sum(not right for _, right in scored)
        assert points[-1] == pytest.approx((1, n_wrong / len(scored)))
        assert 0 <= area_under(points) <= 1


def test_an_empty_curve_has_no_area() -> None:
    assert risk_coverage([]) == []
    assert area_under([]) == 0.0


@pytest.mark.parametrize(("part", "value"), [(0.5, 2), (0.99, 4), (0.25, 1), (0.0, 1), (1.0, 4)])
def test_percentile_is_the_nearest_rank(part: float, value: int) -> None:
    assert percentile([4, 1, 3, 2], part) == value


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
