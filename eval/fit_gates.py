"""Fits the evidence table of the gates: a weight per word and gate, and the thresholds.

Examples are the tuning part of the eval questions, the lines of `eval/training/` that were
written for it, and questions that no gate may stop: those of the shipped guide, covered or not,
and those of the kinds of sections that any guide has. The test part is never seen. Thresholds
come from predictions across folds of families.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from bot.analysis import Clause
from bot.answer import Bot
from bot.gates.evidence import BIAS, CLASSES, SCALE, features_of
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
_RULE_WEIGHT = 3.0
"""What a reviewed rule is there for must not be dismissed."""
_MIN_WORDS = 4
"""Shorter dosing lines ("half?") mean a dose only in a conversation about one."""
_MIN_SEEN = 2
_SMALLEST = 1.0
"""Weights that, times the rarity of their feature, are below this change no decision and are
left out of the table."""
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
"""Share of harmless messages that each threshold may stop, across folds. The curated questions,
which are easier, do not count; the others are look-alikes for the greater part."""


_LOST = {
    "doubt urgent": 0.05,
    "doubt dosing": 0.1,
    "doubt personal": 0.2,
    "dismiss urgent": 0.02,
    "dismiss dosing": 0.06,
    "dismiss personal": 0.08,
}
"""Part of a gate's true examples whose share lies under a threshold, across folds. A rule that
fired under the threshold of doubt gives way where the guide clearly answers; under that of
dismissal it gives way. Fewer are lost than these parts, since not every rule of a gate is one
that fires on them."""


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


def examples(bot: Bot) -> list[Example]:
    """All examples, in a fixed order."""
    found = [*_from_questions(bot), *_from_lines(bot), *_from_rules(bot)]
    guide = bot.guide().guide
    asked = [question.text for question in guide.questions]
    asked += [*guide.silent, *(text for topic in guide.absent for text in topic.ask)]
    asked += [text for kind in load_kinds() for text in kind.ask]
    for n, text in enumerate(asked):
        found += _examples(bot, text, "none", f"{_CURATED} {n}", _CURATED_WEIGHT)
    return found


def fit(found: Sequence[Example]) -> tuple[dict[str, tuple[float, ...]], dict[str, float]]:
    """The table of weights (with its row "[bias]") and the thresholds."""
    shares = across_folds(found)
    thresholds = {name: _threshold(found, shares, name) for name in _FALSE}
    thresholds |= {name: _doubt(found, shares, name) for name in _LOST}
    vocabulary = _vocabulary(found)
    weights = _train(found, vocabulary)
    heavy = {
        feature: rarity
        for i, (feature, rarity) in enumerate(vocabulary.items())
        if rarity * np.abs(weights[i]).max() >= _SMALLEST
    }
    weights = _train(found, heavy)
    table = {
        feature: (round(rarity, 1), *(round(float(w), 2) for w in weights[i]))
        for i, (feature, rarity) in enumerate(heavy.items())
    }
    table[BIAS] = (0.0, *(round(float(w), 3) for w in weights[-1]))
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
        "# feature\trarity\t" + "\t".join(CLASSES),
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
    for n, item in enumerate(load_items(ROOT / "eval" / "questions")):
        leans = len(item.turns) > 1 and item.outcome == "dosing_refusal"
        if item.split != "tune" or leans:  # "and for kids?" is about a dose only after one
            continue
        label = _OUTCOMES.get(item.outcome, item.outcome)
        label = label if label in CLASSES else "none"
        lenient = frozenset(_OUTCOMES.get(o, o) for o in item.accept)
        for example in _examples(bot, item.turns[-1], label, item.family):
            yield replace(example, message=f"question {n}", lenient=lenient)


def _from_lines(bot: Bot) -> Iterable[Example]:
    for path in sorted((ROOT / "eval" / "training").glob("*.tsv")):
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            label, _, text = line.partition("\t")
            fragment = label == "dosing" and len(text.split()) < _MIN_WORDS
            if label in CLASSES and text and not fragment:
                yield from _examples(bot, text, label, f"{path.stem} {n}")


def _from_rules(bot: Bot) -> Iterable[Example]:
    """What reviewed rules say that they catch, so that the evidence does not dismiss it."""
    gates = bot.policy.gates
    for rule in gates.rules:
        if rule.gate in CLASSES and rule.rule_id in gates.packaged and not rule.after:
            for n, text in enumerate(rule.catches):
                family = f"rule {rule.rule_id} {n}"
                yield from _examples(bot, text, rule.gate, family, _RULE_WEIGHT)


def _examples(
    bot: Bot, text: str, label: str, family: str, weight: float = 1.0
) -> Iterable[Example]:
    """A message as a whole and, if it is harmless, each of its clauses: they are, too, and the
    gates judge both."""
    message = read(text, bot.guide().vocabulary)
    yield Example(_features(bot, message), label, family, family, weight)
    if label == "none" and len(message.asks) > 1:
        for i in range(len(message.asks)):
            yield Example(_features(bot, message, i), label, family, family, weight)


def _features(bot: Bot, message: Message, clause: int | None = None) -> frozenset[str]:
    clauses: Sequence[Clause] = message.best.clauses
    if clause is not None:
        clauses = clauses[clause : clause + 1]
    marked = bot.policy.gates.features
    marks = [m for c in clauses for m in marked.mark(c.words, message.languages, c.subject)]
    return features_of(clauses, marks)


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


def _train(found: Sequence[Example], vocabulary: Mapping[str, float]) -> Array:
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


def _doubt(found: Sequence[Example], shares: Array, name: str) -> float:
    """The share under which no more than the allowed part of a gate's true examples lies."""
    columns = _columns(name.split()[-1])
    names = {CLASSES[i] for i in columns}
    scores = shares[:, columns].sum(axis=1)
    true = sorted(float(scores[i]) for i, e in enumerate(found) if e.label in names)
    return round(true[int(_LOST[name] * len(true))], 4)


def _columns(gate: str) -> list[int]:
    return [0, 1, 2] if gate == "urgent" else [CLASSES.index(gate)]


def _threshold(found: Sequence[Example], shares: Array, name: str) -> float:
    """The lowest threshold that stops no more than the allowed share of harmless messages, each by
    the worst of its clauses and the whole."""
    gate = name.split()[-1]
    columns = _columns(gate)
    scores = shares[:, columns].sum(axis=1)
    worst: dict[str, float] = {}
    for score, example in zip(scores.tolist(), found, strict=True):
        is_curated = example.family.startswith(_CURATED)
        if example.label == "none" and gate not in example.lenient and not is_curated:
            worst[example.message] = max(score, worst.get(example.message, 0.0))
    for step in range(15, 99):
        if sum(s >= step / 100 for s in worst.values()) <= _FALSE[name] * len(worst):
            return step / 100
    return 0.99
