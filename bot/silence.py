"""Is the guide silent on a question? Learnt at load from questions that it answers and others.

A logistic regression over words, pairs of words and a few plain facts (another medicine is
named, so many words stand in no passage). What the guide does answer is as good a lesson as what
it does not, so it takes both; which passage answers is left to `ranking`, the decision to
`grounding`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.rows import Rows, known

Array = npt.NDArray[np.float64]
_MIN_SEEN = 2
_SCALE = 3.0
"""Every question weighs the same, however long: its features, each by its rarity, are a vector of
this length."""
_RIDGE = 3.0
"""Inverse of the L2 penalty; flat between 1 and 10 on the tuning part."""
_ROUNDS = 60
"""Twice as many change no decision; they take a tenth of a second for 9,000 questions."""
_STRONGEST = 4


class Silence:
    """Weights of features that speak for or against silence; immutable.

    Args:
        rows: Questions with their features.
        is_silent: For each of them whether the guide is silent on it. With questions of one sort
            alone there is nothing to learn, and the share is always one half.
    """

    def __init__(self, rows: Rows, is_silent: npt.NDArray[np.bool_]) -> None:
        rows = rows.frequent(_MIN_SEEN)
        self._column = rows.names
        seen = np.maximum(rows.frequencies(), 1)
        self._rarity = np.log1p(len(rows) / seen)
        self._weights, self._bias = np.zeros(len(rows.names)), 0.0
        if len(rows.names) and 0 < is_silent.sum() < len(rows):
            self._weights, self._bias = _fit(_table(rows, self._rarity), is_silent.astype(float))

    def share(self, features: Iterable[str]) -> float:
        """The probability that the guide is silent on a question, between 0 and 1."""
        columns = known(features, self._column)
        if not columns:
            return 0.5
        rarity = self._rarity[columns]
        share = _SCALE / math.sqrt(float(rarity @ rarity))
        total = float(rarity @ self._weights[columns]) * share
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total + self._bias))))

    def strongest(self, features: Iterable[str]) -> tuple[str, ...]:
        """The features that speak for silence most, the strongest first; for `explain`."""
        heard = [f for f in features if f in self._column]
        columns = [self._column[f] for f in heard]
        weighed = zip((self._rarity[columns] * self._weights[columns]).tolist(), heard, strict=True)
        return tuple(f for weight, f in sorted(weighed, reverse=True)[:_STRONGEST] if weight > 0)


class _Table(NamedTuple):
    """A sparse matrix of n questions as triples, ordered by question."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    values: Array
    n: int
    n_features: int


def _table(rows: Rows, rarity: Array) -> _Table:
    """Each question's features by their rarity, as a vector of the same length for all."""
    row_of, values = rows.row_of, rarity[rows.columns]
    lengths = np.sqrt(np.bincount(row_of, values * values, len(rows)))
    values *= (_SCALE / np.maximum(lengths, 1e-9))[row_of]
    return _Table(row_of, rows.columns, values, len(rows), len(rows.names))


def _fit(table: _Table, silent: Array) -> tuple[Array, float]:
    """Weights and bias by accelerated descent (Nesterov 1983), without a step to choose.

    Each coordinate has a step of its own from a separable bound on the curvature, a quarter of
    the sum over questions of its value times the question's total (De Pierro 1995).
    """
    totals = np.bincount(table.rows, table.values, table.n)
    curvature = 0.25 * np.bincount(
        table.columns, table.values * totals[table.rows], table.n_features
    )
    step, step_bias = 1 / (curvature + 1 / _RIDGE), 1 / (0.25 * (totals.sum() + table.n))
    weights, ahead = np.zeros(table.n_features), np.zeros(table.n_features)
    bias, bias_ahead, pace = 0.0, 0.0, 1.0
    for _ in range(_ROUNDS):
        scores = np.bincount(table.rows, table.values * ahead[table.columns], table.n)
        error = 1 / (1 + np.exp(-(scores + bias_ahead))) - silent
        gradient = np.bincount(table.columns, table.values * error[table.rows], table.n_features)
        new = ahead - step * (gradient + ahead / _RIDGE)
        new_bias = bias_ahead - step_bias * float(error.sum())
        next_pace = (1 + math.sqrt(1 + 4 * pace * pace)) / 2
        push = (pace - 1) / next_pace
        ahead, bias_ahead = new + push * (new - weights), new_bias + push * (new_bias - bias)
        weights, bias, pace = new, new_bias, next_pace
    return weights, bias
