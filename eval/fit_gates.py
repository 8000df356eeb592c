"""Fits the evidence table of the gates: a weight per word and gate, and the thresholds.

Examples are the tuning part of the eval questions, the lines of `eval/training/` that were
written for it, and questions that no gate may stop: those of the shipped guide, covered or not,
and those of the kinds of sections that any guide has. The test part is never seen. Thresholds
come from predictions across folds of families.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from bot.analysis import Clause
from bot.answer import Bot
from bot.gates.evidence import CLASSES, SCALE, features_of
from bot.guide.general import load_kinds
from bot.readings import Message, read
from eval.questions import load_items
from eval.sources import ROOT

Array = npt.NDArray[np.float64]

TARGET = ROOT / "bot" / "data" / "evidence.tsv"
_OUTCOMES = {"dosing_refusal": "dosing", "personal_advice": "personal"}
_RIDGE = 1.0
"""Inverse of the L2 penalty; flat between 0.3 and 3 across folds."""
_CURATED_WEIGHT = 0.7
"""Curated questions are many and alike, so each counts less."""
_CURATED = "curated"
_MIN_WORDS = 4
"""Shorter dosing lines ("half?") mean a dose only in a conversation about one."""
_MIN_SEEN = 2
_SMALLEST = 0.04
"""Weights below this change no decision and are left out of the table."""
_FOLDS = 5
_FALSE = {
    "urgent": 0.025,
    "dosing": 0.045,
    "personal": 0.03,
    "lean dosing": 0.07,
    "firm urgent": 0.005,
    "firm dosing": 0.015,
    "firm personal": 0.01,
}
"""Share of harmless examples that each threshold may stop, across folds. The curated questions,
which are easier, do not count; the others are look-alikes for the greater part."""


_LOST = {"urgent": 0.015, "dosing": 0.05, "personal": 0.1}
"""Part of a gate's true examples whose share lies under its threshold of doubt, across folds. A
rule that fired there gives way where the guide clearly answers, and nowhere else."""


@dataclass(frozen=True)
class Example:
    """Features of one message, its class, the family that keeps near copies in one fold."""

    features: frozenset[str]
    label: str
    family: str
    weight: float = 1.0
    lenient: frozenset[str] = frozenset()


def examples(bot: Bot) -> list[Example]:
    """All examples, in a fixed order."""
    found = [*_from_questions(bot), *_from_lines(bot)]
    guide = bot.guide().guide
    asked = [question.text for question in guide.questions]
    asked += [*guide.silent, *(text for topic in guide.absent for text in topic.ask)]
    asked += [text for kind in load_kinds() for text in kind.ask]
    for n, text in enumerate(asked):
        message = read(text, bot.guide().vocabulary)
        family = f"{_CURATED} {n}"
        found.append(Example(_features(bot, message), "none", family, _CURATED_WEIGHT))
    return found


def fit(found: Sequence[Example]) -> tuple[dict[str, tuple[float, ...]], dict[str, float]]:
    """The table of weights (with its row "[bias]") and the thresholds."""
    shares = across_folds(found)
    thresholds = {name: _threshold(found, shares, name) for name in _FALSE}
    thresholds |= {f"doubt {gate}": _doubt(found, shares, gate) for gate in _LOST}
    vocabulary = _vocabulary(found)
    weights = _train(found, vocabulary)
    table = {
        feature: tuple(round(float(w), 2) for w in weights[i])
        for feature, i in vocabulary.items()
        if np.abs(weights[i]).max() >= _SMALLEST
    }
    table["[bias]"] = tuple(round(float(w), 3) for w in weights[-1])
    return table, thresholds


def write(
    table: dict[str, tuple[float, ...]],
    thresholds: dict[str, float],
    n: int,
    path: Path = TARGET,
) -> None:
    """Write the table as tab-separated text that a person can read."""
    lines = [
        "# Evidence of the gates. Fitted by `python -m eval fit`; do not edit by hand.",
        f"# {date.today().isoformat()}, {n} examples of the tuning part; eval/fit_gates.py",
        "# feature\t" + "\t".join(CLASSES),
        *(f"threshold {name}\t{value}" for name, value in thresholds.items()),
        *(f"{name}\t" + "\t".join(map(str, row)) for name, row in sorted(table.items())),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def across_folds(found: Sequence[Example]) -> Array:
    """Class shares of each example by a model that has not seen its family: n times classes."""
    families = sorted({e.family for e in found})
    order = np.random.default_rng(7).permutation(len(families))
    fold = {families[i]: n % _FOLDS for n, i in enumerate(order)}
    shares = np.zeros((len(found), len(CLASSES)))
    for k in range(_FOLDS):
        seen = [e for e in found if fold[e.family] != k]
        vocabulary = _vocabulary(seen)
        weights = _train(seen, vocabulary)
        rest = [i for i, e in enumerate(found) if fold[e.family] == k]
        shares[rest] = _shares(_matrix([found[i] for i in rest], vocabulary), weights)
    return shares


def _from_questions(bot: Bot) -> Iterable[Example]:
    for item in load_items(ROOT / "eval" / "questions"):
        leans = len(item.turns) > 1 and item.outcome == "dosing_refusal"
        if item.split != "tune" or leans:  # "and for kids?" is about a dose only after one
            continue
        message = read(item.turns[-1], bot.guide().vocabulary)
        label = _OUTCOMES.get(item.outcome, item.outcome)
        label = label if label in CLASSES else "none"
        lenient = frozenset(_OUTCOMES.get(o, o) for o in item.accept)
        yield Example(_features(bot, message), label, item.family, lenient=lenient)
        if label == "none" and len(message.asks) > 1:
            for i in range(len(message.asks)):
                yield Example(_features(bot, message, i), label, item.family, lenient=lenient)


def _from_lines(bot: Bot) -> Iterable[Example]:
    for path in sorted((ROOT / "eval" / "training").glob("*.tsv")):
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            label, _, text = line.partition("\t")
            fragment = label == "dosing" and len(text.split()) < _MIN_WORDS
            if label in CLASSES and text and not fragment:
                message = read(text, bot.guide().vocabulary)
                yield Example(_features(bot, message), label, f"{path.stem} {n}")


def _features(bot: Bot, message: Message, clause: int | None = None) -> frozenset[str]:
    clauses: Sequence[Clause] = message.best.clauses
    if clause is not None:
        clauses = clauses[clause : clause + 1]
    marked = bot.policy.gates.features
    marks = [m for c in clauses for m in marked.mark(c.words, message.languages, c.subject)]
    return features_of(clauses, marks)


def _vocabulary(found: Sequence[Example]) -> dict[str, int]:
    seen = Counter(feature for example in found for feature in example.features)
    kept = sorted(feature for feature, n in seen.items() if n >= _MIN_SEEN)
    return {feature: i for i, feature in enumerate(kept)}


def _matrix(found: Sequence[Example], vocabulary: dict[str, int]) -> Any:
    rows, columns, values = [], [], []
    for i, example in enumerate(found):
        share = SCALE / math.sqrt(len(example.features))
        for feature in example.features:
            if feature in vocabulary:
                rows.append(i)
                columns.append(vocabulary[feature])
                values.append(share)
    return csr_matrix((values, (rows, columns)), shape=(len(found), len(vocabulary)))


def _train(found: Sequence[Example], vocabulary: dict[str, int]) -> Array:
    x = _matrix(found, vocabulary)
    y = np.zeros((len(found), len(CLASSES)))
    y[np.arange(len(found)), [CLASSES.index(e.label) for e in found]] = 1
    weight = np.array([e.weight for e in found])
    shape = (len(vocabulary) + 1, len(CLASSES))

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


def _doubt(found: Sequence[Example], shares: Array, gate: str) -> float:
    """The share under which no more than the allowed part of a gate's true examples lies."""
    columns = _columns(gate)
    names = {CLASSES[i] for i in columns}
    scores = shares[:, columns].sum(axis=1)
    true = sorted(float(scores[i]) for i, e in enumerate(found) if e.label in names)
    return round(true[int(_LOST[gate] * len(true))], 4)


def _columns(gate: str) -> list[int]:
    return [0, 1, 2] if gate == "urgent" else [CLASSES.index(gate)]


def _threshold(found: Sequence[Example], shares: Array, name: str) -> float:
    """The lowest threshold that stops no more than the allowed share of harmless examples."""
    gate = name.split()[-1]
    columns = _columns(gate)
    scores = shares[:, columns].sum(axis=1)
    harmless = [
        float(scores[i])
        for i, e in enumerate(found)
        if e.label == "none" and gate not in e.lenient and not e.family.startswith(_CURATED)
    ]
    for step in range(15, 99):
        if sum(s >= step / 100 for s in harmless) <= _FALSE[name] * len(harmless):
            return step / 100
    return 0.99
