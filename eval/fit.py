"""Fits the grounding model: weights of its figures and the thresholds of its three bands.

Uses the tuning part only. Two models: for guides with curated questions, and for bare guides,
for which the B12 guide is read without its own data beside the guides written for the eval. The
first also learns from the guide's own questions, covered or not, each put to the guide without
its fold of them, since there are many more of these, about far more other things than the tuning
part names. The thresholds for bare guides come from the latter alone, since the general word
data was written with the B12 guide in mind.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.answer import Bot, open_bot
from bot.answer.asked import ground_all, read_turn
from bot.answer.load import make_ready
from bot.answer.policy import ReadyGuide
from bot.grounding import FIGURES
from bot.records import Passage, Turn, Visit
from bot.settings import load_settings
from eval.questions import load_items
from eval.records import Item
from eval.sources import ROOT
from eval.titles import same_title

Array = npt.NDArray[np.float64]

TARGET = ROOT / "bot" / "data" / "grounding.toml"
_RIDGE = 0.003
"""L2 penalty per example; larger ones blur the bands, smaller ones follow single questions."""
_SILENT_WEIGHT = 1.5
"""A question that the guide does not cover counts more: a wrong excerpt is the worse mistake."""
_OWN_WEIGHT = 0.15
"""Of a guide's own question: they are many, and written by those who know the guide."""
_ROUNDS = 4
_FOLDS = 5
_OWN_FOLDS = 4


@dataclass(frozen=True)
class Limits:
    """Shares that the answer threshold may let through: silent questions, wrong passages; and
    how many questions may be asked back."""

    silent: float
    wrong: float
    asked_back: float


CURATED = Limits(silent=0.045, wrong=0.055, asked_back=0.07)
BARE = Limits(silent=0.08, wrong=0.25, asked_back=0.2)
"""A guide without hints finds less. Silent questions are near misses, the harder kind."""


@dataclass(frozen=True)
class Example:
    """A question with the figures of each run of words judged, and whether that is right."""

    item: Item
    figures: Sequence[Sequence[float]]
    right: Sequence[bool]
    weight: float = 1.0

    @property
    def is_covered(self) -> bool:
        """Whether the guide answers it."""
        return self.item.outcome == "answer"


@dataclass(frozen=True)
class Fitted:
    """A model as it is written down."""

    bias: float
    weights: dict[str, float]
    answer_from: float
    clarify_from: float
    curve: list[tuple[float, float, float]]
    n: int


def fit_all() -> dict[str, Fitted]:
    """Fit both models on the tuning part."""
    items = [i for i in load_items(ROOT / "eval" / "questions") if i.split == "tune"]
    bot = open_bot(load_settings({}))
    guides = {g: open_bot(load_settings({}), p) for g, p in _bare_guides(items)}
    b12 = bot.default_guide
    stripped = replace(bot.guide().guide, questions=(), lexicon=(), absent=(), silent=())
    without = replace(bot, guides={b12: make_ready(stripped, bot.policy.gates)})
    bare = [e for g, other in guides.items() for e in examples(items, other, g)]
    return {
        "with_questions": fit(list(examples(items, bot, b12)), CURATED, own=own_questions(bot)),
        "bare": fit([*bare, *examples(items, without, b12)], BARE, guides),
    }


def examples(items: Iterable[Item], bot: Bot, guide_id: str) -> Iterable[Example]:
    """One example for each question about a guide that the gates let through."""
    ready = bot.guide()
    for item in items:
        fair = item.outcome in ("answer", "not_covered") and "answer" not in item.accept
        if item.guide != guide_id or not fair:
            continue
        *before, last = [Turn("fit", n * 20.0, text=text) for n, text in enumerate(item.turns)]
        visit = Visit("fit")
        for turn in before:
            _, visit = bot.ask(turn, visit)
        asked = read_turn(last, ready, visit, bot.policy)
        if asked.verdict.fired or asked.message.language:
            continue
        found = [g for g in ground_all(asked, range(len(asked.message.asks))) if g.best]
        if found:
            figures = [[g.figures[name] for name in FIGURES] for g in found]
            right = [item.outcome == "answer" and _right(item, g.best or "", ready) for g in found]
            yield Example(item, figures, right)


def own_questions(bot: Bot) -> list[Example]:
    """The guide's own questions, each judged by the guide without its fold of them."""
    guide = bot.guide().guide
    uncovered = [*guide.silent, *(text for topic in guide.absent for text in topic.ask)]
    items = [_own(q.text, guide.guide_id, guide.passage(q.passage_id)) for q in guide.questions]
    items += [_own(text, guide.guide_id) for text in uncovered]
    found: list[Example] = []
    for k in range(_OWN_FOLDS):
        less = replace(
            guide,
            questions=tuple(q for q in guide.questions if _fold(q.text) != k),
            silent=tuple(text for text in guide.silent if _fold(text) != k),
            absent=tuple(
                replace(topic, ask=tuple(text for text in topic.ask if _fold(text) != k))
                for topic in guide.absent
            ),
        )
        without = replace(bot, guides={guide.guide_id: make_ready(less, bot.policy.gates)})
        held = [item for item in items if _fold(item.turns[0]) == k]
        found += (
            replace(example, weight=_OWN_WEIGHT)
            for example in examples(held, without, guide.guide_id)
        )
    return found


def _own(text: str, guide_id: str, passage: Passage | None = None) -> Item:
    return Item(
        item_id=text,
        guide=guide_id,
        turns=(text,),
        outcome="answer" if passage else "not_covered",
        accept=(),
        sections=(passage.section,) if passage else (),
        must_contain=(),
        slices=(),
        family=text,
        split="tune",
        rows=(),
        where="",
    )


def _fold(text: str) -> int:
    return zlib.crc32(text.encode()) % _OWN_FOLDS


def fit(
    found: Sequence[Example],
    limits: Limits,
    guides: Collection[str] = (),
    own: Sequence[Example] = (),
) -> Fitted:
    """Fit weights on all examples, thresholds on predictions across folds of families.

    Args:
        found: The examples.
        limits: What the thresholds may let through.
        guides: Those whose questions set the thresholds; none given: all.
        own: The guide's own questions; they set no threshold.
    """
    scores = _across_folds(found, own)
    weights = _weights([*found, *own])
    held = [
        (e, score)
        for e, score in zip(found, scores, strict=True)
        if not guides or e.item.guide in guides
    ]
    some, some_scores = [e for e, _ in held], [score for _, score in held]
    answer_from = _answer_threshold(some, some_scores, limits)
    clarify_from = _clarify_threshold(some, some_scores, answer_from, limits)
    named = dict(zip(FIGURES, (round(float(w), 3) for w in weights[:-1]), strict=True))
    curve = _curve(found, scores)
    bias = round(float(weights[-1]), 3)
    return Fitted(bias, named, answer_from, clarify_from, curve, len(found))


def write(models: dict[str, Fitted], path: Path = TARGET) -> None:
    """Write the models as data, with date, set and risk-coverage curve."""
    lines = [
        "# Fitted by `python -m eval fit` on the tuning part; do not edit by hand.",
        "# curve: [coverage, share of wrong among answered, threshold], across folds of families.",
        f"fitted_on = {date.today().isoformat()}",
    ]
    for name, model in models.items():
        lines += ["", f"[{name}]", f'set = "tuning part, {model.n} questions"']
        lines += [f"bias = {model.bias}", f"answer_from = {model.answer_from}"]
        lines += [f"clarify_from = {model.clarify_from}", f"curve = {json.dumps(model.curve)}"]
        lines += [f"[{name}.weights]"]
        lines += [f"{figure} = {weight}" for figure, weight in model.weights.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _bare_guides(items: Sequence[Item]) -> list[tuple[str, Path]]:
    names = sorted({item.guide for item in items})
    paths = [(name, ROOT / "eval" / "guides" / f"{name}.md") for name in names]
    return [(name, path) for name, path in paths if path.exists()]


def _right(item: Item, passage_id: str, ready: ReadyGuide) -> bool:
    path = {same_title(title) for title in ready.guide.passage(passage_id).path}
    return bool(path & {same_title(title) for title in item.sections})


def _weights(found: Sequence[Example]) -> Array:
    """Logistic regression over the run of words that the model itself ranks first."""
    weights = np.zeros(len(FIGURES) + 1)
    for _ in range(_ROUNDS):
        picked = [_best(example, weights) for example in found]
        x = np.array([[*e.figures[i], 1.0] for e, i in zip(found, picked, strict=True)])
        y = np.array([float(e.right[i]) for e, i in zip(found, picked, strict=True)])
        share = np.array([e.weight * (1.0 if e.is_covered else _SILENT_WEIGHT) for e in found])
        weights = _newton(x, y, share)
    return weights


def _newton(x: Array, y: Array, share: Array) -> Array:
    weights = np.zeros(x.shape[1])
    ridge = _RIDGE * float(share.sum()) * np.ones(x.shape[1])
    ridge[-1] = 1e-6
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (share * (p - y)) + ridge * weights
        curvature = (x * (share * p * (1 - p))[:, None]).T @ x + np.diag(ridge)
        weights = weights - np.linalg.solve(curvature, gradient)
    return weights


def _best(example: Example, weights: Array) -> int:
    totals = [float(np.dot(weights[:-1], figures)) for figures in example.figures]
    return max(range(len(totals)), key=lambda i: totals[i])


def _score(example: Example, weights: Array) -> tuple[float, bool]:
    i = _best(example, weights)
    total = float(np.dot(weights[:-1], example.figures[i]) + weights[-1])
    return 1 / (1 + math.exp(-total)), example.right[i]


def _across_folds(
    found: Sequence[Example], own: Sequence[Example] = ()
) -> list[tuple[float, bool]]:
    """Score and rightness of each example by a model that has not seen its family."""
    families = sorted({e.item.family for e in found})
    fold = {family: n % _FOLDS for n, family in enumerate(families)}
    scored: list[tuple[float, bool]] = [(0.0, False)] * len(found)
    for k in range(_FOLDS):
        weights = _weights([*(e for e in found if fold[e.item.family] != k), *own])
        for n, example in enumerate(found):
            if fold[example.item.family] == k:
                scored[n] = _score(example, weights)
    return scored


def _answer_threshold(
    found: Sequence[Example], scores: Sequence[tuple[float, bool]], limits: Limits
) -> float:
    """The lowest threshold at which few silent questions and few wrong passages get through."""
    covered = [s for e, s in zip(found, scores, strict=True) if e.is_covered]
    silent = [s for e, s in zip(found, scores, strict=True) if "near_miss" in e.item.slices]
    for step in range(30, 96):
        threshold = step / 100
        answered = sum(score >= threshold for score, _ in silent) / max(1, len(silent))
        wrong = sum(s >= threshold and not ok for s, ok in covered) / max(1, len(covered))
        if answered <= limits.silent and wrong <= limits.wrong:
            return threshold
    return 0.95


def _clarify_threshold(
    found: Sequence[Example],
    scores: Sequence[tuple[float, bool]],
    answer_from: float,
    limits: Limits,
) -> float:
    """The lowest threshold at which few questions are asked back, covered and silent ones."""
    both = [
        [s for e, (s, _) in zip(found, scores, strict=True) if e.is_covered == covered]
        for covered in (True, False)
    ]
    for step in range(5, int(answer_from * 100) + 1):
        threshold = step / 100
        if all(
            sum(threshold <= score < answer_from for score in some) <= limits.asked_back * len(some)
            for some in both
        ):
            return threshold
    return answer_from


def _curve(
    found: Sequence[Example], scores: Sequence[tuple[float, bool]]
) -> list[tuple[float, float, float]]:
    points: list[tuple[float, float, float]] = []
    n_covered = sum(e.is_covered for e in found) or 1
    for step in range(30, 100, 10):
        answered = [ok for score, ok in scores if score >= step / 100]
        covered = sum(
            score >= step / 100 and e.is_covered
            for e, (score, _) in zip(found, scores, strict=True)
        )
        wrong = sum(not ok for ok in answered) / max(1, len(answered))
        points.append((round(covered / n_covered, 3), round(wrong, 3), step / 100))
    return points
