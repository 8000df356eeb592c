"""Is the guide silent on a question? Learnt at load from questions that it answers and others.

A logistic regression over words, pairs of words and a few plain facts (another medicine is
named, so many words stand in no passage). What the guide does answer is as good a lesson as what
it does not, so it takes both; which passage answers is left to `ranking`, the decision to
`grounding`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

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


class _Table(NamedTuple):
    """A sparse matrix of n questions as triples, ordered by question."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    values: Array
    n: int


class Silence:
    """Weights of features that speak for or against silence; immutable.

    Args:
        examples: (features of a question, whether the guide is silent on it). With questions of
            one sort alone there is nothing to learn, and the share is always one half.
    """

    def __init__(self, examples: Sequence[tuple[frozenset[str], bool]]) -> None:
        seen = Counter(feature for features, _ in examples for feature in features)
        known = [feature for feature, n in seen.items() if n >= _MIN_SEEN]
        self._column = {feature: i for i, feature in enumerate(known)}
        self._rarity = np.log1p(len(examples) / np.array([seen[f] for f in known] or [1]))
        self._weights, self._bias = np.zeros(len(known)), 0.0
        silent = np.array([float(is_silent) for _, is_silent in examples])
        if known and 0 < silent.sum() < len(silent):
            table = self._table([features for features, _ in examples])
            self._weights, self._bias = _fit(table, silent, len(known))

    def share(self, features: Iterable[str]) -> float:
        """The probability that the guide is silent on a question, between 0 and 1."""
        columns = [self._column[f] for f in features if f in self._column]
        if not columns:
            return 0.5
        rarity = self._rarity[columns]
        share = _SCALE / math.sqrt(float(rarity @ rarity))
        total = float(rarity @ self._weights[columns]) * share
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total + self._bias))))

    def strongest(self, features: Iterable[str]) -> tuple[str, ...]:
        """The features that speak for silence most, the strongest first; for `explain`."""
        known = [f for f in features if f in self._column]
        columns = [self._column[f] for f in known]
        weighed = zip((self._rarity[columns] * self._weights[columns]).tolist(), known, strict=True)
        return tuple(f for weight, f in sorted(weighed, reverse=True)[:_STRONGEST] if weight > 0)

    def _table(self, questions: Sequence[frozenset[str]]) -> _Table:
        rows, columns, values = [], [], []
        for row, features in enumerate(questions):
            known = sorted(self._column[f] for f in features if f in self._column)
            rows += [row] * len(known)
            columns += known
            rarity = self._rarity[known]
            values += (rarity * _SCALE / max(float(np.linalg.norm(rarity)), 1e-9)).tolist()
        return _Table(np.array(rows), np.array(columns), np.array(values), len(questions))


def _fit(table: _Table, silent: Array, n_features: int) -> tuple[Array, float]:
    """Weights and bias by accelerated descent (Nesterov 1983), without a step to choose.

    Each coordinate has a step of its own from a separable bound on the curvature, a quarter of
    the sum over questions of its value times the question's total (De Pierro 1995).
    """
    totals = np.bincount(table.rows, table.values, table.n)
    curvature = 0.25 * np.bincount(table.columns, table.values * totals[table.rows], n_features)
    step, step_bias = 1 / (curvature + 1 / _RIDGE), 1 / (0.25 * (totals.sum() + table.n))
    weights, ahead = np.zeros(n_features), np.zeros(n_features)
    bias, bias_ahead, pace = 0.0, 0.0, 1.0
    for _ in range(_ROUNDS):
        scores = np.bincount(table.rows, table.values * ahead[table.columns], table.n)
        error = 1 / (1 + np.exp(-(scores + bias_ahead))) - silent
        gradient = np.bincount(table.columns, table.values * error[table.rows], n_features)
        new = ahead - step * (gradient + ahead / _RIDGE)
        new_bias = bias_ahead - step_bias * float(error.sum())
        next_pace = (1 + math.sqrt(1 + 4 * pace * pace)) / 2
        push = (pace - 1) / next_pace
        ahead, bias_ahead = new + push * (new - weights), new_bias + push * (new_bias - bias)
        weights, bias, pace = new, new_bias, next_pace
    return weights, bias
