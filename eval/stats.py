"""The arithmetic: Wilson's interval, the risk-coverage curve, the area under it.

Knows nothing of questions and replies; those are `measures`' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import inf, sqrt

# The 97.5 % point of the standard normal distribution: two-sided 95 % intervals.
Z_95 = 1.959963984540054


def wilson(hits: float, n: int, z: float = Z_95) -> tuple[float, float]:
    """The score interval for a share (Wilson, 1927).

    Returns:
        Lower and upper bound, both within 0 to 1; it never has width 0 for n over 0, so that
        "0 misses in 170" still shows the 2 % that it allows.

    Raises:
        ValueError: If n is under 1 or hits are not within 0 to n.
    """
    if n < 1 or not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n}")
    share = hits / n
    centre = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if hits == 0 else max(0.0, (centre - spread) / scale)
    high = 1.0 if hits == n else min(1.0, (centre + spread) / scale)
    return low, high


def risk_coverage(scored: Iterable[tuple[float | None, bool]]) -> list[tuple[float, float]]:
    """The curve of risk over coverage when questions are answered in order of confidence.

    Args:
        scored: Confidence and whether the answer would be right. None comes last: the bot was
            not even asking itself.

    Returns:
        One point (coverage, risk) a question, coverage ascending to 1. Questions of equal
        confidence share their errors evenly, so their order does not matter. Empty for none.
    """
    keyed = sorted(((-inf if s is None else s), right) for s, right in scored)
    keyed.reverse()
    points: list[tuple[float, float]] = []
    n_before, errors_before = 0, 0.0
    for _, group in groupby(keyed, key=lambda pair: pair[0]):
        rights = [right for _, right in group]
        errors = rights.count(False)
        for j in range(1, len(rights) + 1):
            k = n_before + j
            points.append((k / len(keyed), (errors_before + j * errors / len(rights)) / k))
        n_before += len(rights)
        errors_before += errors
    return points


def area_under(points: Sequence[tuple[float, float]]) -> float:
    """AURC: the mean risk over all coverages; 0 for an empty curve, lower is better."""
    return sum(risk for _, risk in points) / len(points) if points else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank = -int(-share * len(ordered) // 1)
    return ordered[min(max(rank, 1), len(ordered)) - 1]
