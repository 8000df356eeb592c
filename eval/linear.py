"""Fits linear tables: logistic regression over rare and frequent features of messages.

The tables are those of `bot/gates/table.py`: evidence of the gates, and small talk.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from bot.gates.table import BIAS, SCALE, text_of

Array = npt.NDArray[np.float64]
Rows = dict[str, tuple[float, ...]]

_RIDGE = 1.0
"""Inverse of the L2 penalty; flat between 0.3 and 3 across folds."""
_MIN_SEEN = 2
_SMALLEST = 1.0
"""Weights that, times the rarity of their feature, are below this change no decision and are
left out of the table."""


@dataclass(frozen=True)
class Example:
    """Features of one message or of a clause of it, its class, the family that keeps near copies
    in one fold, and the message that it is (part) of."""

    features: frozenset[str]
    label: str
    family: str
    message: str
    weight: float = 1.0
    lenient: frozenset[str] = frozenset()


def across_folds(found: Sequence[Example], classes: Sequence[str], n_folds: int) -> Array:
    """Class shares of each example by a model that has not seen its family: n times classes."""
    families = sorted({e.family for e in found})
    order = np.random.default_rng(7).permutation(len(families))
    fold = {families[i]: n % n_folds for n, i in enumerate(order)}
    shares = np.zeros((len(found), len(classes)))
    for k in range(n_folds):
        seen = [e for e in found if fold[e.family] != k]
        vocabulary = _vocabulary(seen)
        weights = _train(seen, classes, vocabulary)
        rest = [i for i, e in enumerate(found) if fold[e.family] == k]
        shares[rest] = _shares(_matrix([found[i] for i in rest], vocabulary), weights)
    return shares


def fit_rows(found: Sequence[Example], classes: Sequence[str]) -> Rows:
    """The rows of a table, the one of the bias among them, fitted on all examples."""
    vocabulary = _vocabulary(found)
    weights = _train(found, classes, vocabulary)
    heavy = {
        feature: rarity
        for i, (feature, rarity) in enumerate(vocabulary.items())
        if rarity * np.abs(weights[i]).max() >= _SMALLEST
    }
    weights = _train(found, classes, heavy)
    rows: Rows = {
        feature: (round(rarity, 1), *(round(float(w), 2) for w in weights[i]))
        for i, (feature, rarity) in enumerate(heavy.items())
    }
    rows[BIAS] = (0.0, *(round(float(w), 3) for w in weights[-1]))
    return rows


def write_table(
    path: Path,
    what: str,
    classes: Sequence[str],
    thresholds: Mapping[str, float],
    rows: Rows,
    n: int,
) -> None:
    """Write a table as tab-separated text that a person can read; `n` examples made it."""
    title = (
        f"{what}. Fitted by `python -m eval fit`; do not edit by hand.\n"
        f"{date.today().isoformat()}, {n} examples of the tuning part."
    )
    path.write_text(text_of(title, classes, thresholds, rows), encoding="utf-8")


def _vocabulary(found: Sequence[Example]) -> dict[str, float]:
    """Features that are seen often enough, each with the logarithm of how seldom it is."""
    seen = Counter(feature for example in found for feature in example.features)
    return {
        feature: math.log(1 + len(found) / n)
        for feature, n in sorted(seen.items())
        if n >= _MIN_SEEN
    }


def _matrix(found: Sequence[Example], vocabulary: Mapping[str, float]) -> Any:
    columns = {feature: i for i, feature in enumerate(vocabulary)}
    rarity = np.array(list(vocabulary.values()))
    starts, indices, values = [0], [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for example in found:
        known = np.array([columns[f] for f in example.features if f in columns], dtype=np.int64)
        row = rarity[known]
        starts.append(starts[-1] + len(known))
        indices.append(known)
        values.append(row * SCALE / max(float(np.linalg.norm(row)), 1e-9))
    parts = (np.concatenate(values), np.concatenate(indices), np.array(starts))
    return csr_matrix(parts, shape=(len(found), len(vocabulary)))


def _train(
    found: Sequence[Example], classes: Sequence[str], vocabulary: Mapping[str, float]
) -> Array:
    x = _matrix(found, vocabulary)
    y = np.zeros((len(found), len(classes)))
    y[np.arange(len(found)), [classes.index(e.label) for e in found]] = 1
    weight = np.array([e.weight for e in found])
    shape = (len(vocabulary) + 1, len(classes))

    def loss(flat: Array) -> tuple[float, Array]:
        w = flat.reshape(shape)
        p = _shares(x, w)
        value = -float((weight * np.log((p * y).sum(1) + 1e-12)).sum())
        value += 0.5 / _RIDGE * float((w[:-1] ** 2).sum())
        error = (p - y) * weight[:, None]
        gradient = np.vstack([x.T @ error + w[:-1] / _RIDGE, error.sum(0, keepdims=True)])
        return value, gradient.ravel()

    found_weights = minimize(
        loss, np.zeros(shape[0] * shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 150}
    )
    weights: Array = found_weights.x.reshape(shape)
    return weights


def _shares(x: Any, weights: Array) -> Array:
    totals = x @ weights[:-1] + weights[-1]
    totals = totals - totals.max(axis=1, keepdims=True)
    powers = np.exp(totals)
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    return shares
