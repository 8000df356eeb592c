"""Fits the evidence table of the gates: a weight per word and gate, and the thresholds.

Examples are the tuning part of the eval questions, the lines of `eval/training/` that were
written for it, and questions that no gate may stop: those of the shipped guide, covered or not,
and those of the kinds of sections that any guide has. The test part is never seen. Thresholds
come from predictions across folds of families.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from bot.analysis import Clause
from bot.answer import Bot
from bot.gates.evidence import CLASSES, features_of
from bot.guide.general import load_kinds
from bot.readings import Message, read
from eval.linear import Array, Example, Rows, across_folds, fit_rows, write_table
from eval.questions import load_items
from eval.sources import ROOT

SMALL_TALK = "smalltalk.tsv"
"""Its labels are kinds of small talk, which no gate stops."""
TARGET = ROOT / "bot" / "data" / "evidence.tsv"
_OUTCOMES = {"dosing_refusal": "dosing", "personal_advice": "personal"}
_CURATED_WEIGHT = 0.7
"""Curated questions are many and alike, so each counts less."""
CURATED = "curated"
_RULE_WEIGHT = 3.0
"""What a reviewed rule is there for must not be dismissed."""
_MIN_WORDS = 4
"""Shorter dosing lines ("half?") mean a dose only in a conversation about one."""
_FOLDS = 3
_FALSE = {
    "urgent": 0.035,
    "dosing": 0.06,
    "personal": 0.03,
    "lean dosing": 0.15,
    "firm urgent": 0.005,
    "firm dosing": 0.015,
    "firm personal": 0.01,
}
"""Share of harmless messages that each threshold may stop, across folds. The curated questions
and small talk, which are easier, do not count; the others are look-alikes for the greater part."""


_LOST = {
    "doubt urgent": 0.05,
    "doubt dosing": 0.15,
    "doubt personal": 0.2,
    "dismiss urgent": 0.02,
    "dismiss dosing": 0.06,
    "dismiss personal": 0.08,
}
"""Part of a gate's true examples whose share lies under a threshold, across folds. A rule that
fired under the threshold of doubt gives way where the guide clearly answers; under that of
dismissal it gives way. Fewer are lost than these parts, since not every rule of a gate is one
that fires on them."""


def examples(bot: Bot) -> list[Example]:
    """All examples, in a fixed order."""
    found = [*_from_questions(bot), *_from_lines(bot), *_from_rules(bot)]
    guide = bot.guide().guide
    asked = [question.text for question in guide.questions]
    asked += [*guide.silent, *(text for topic in guide.absent for text in topic.ask)]
    asked += [text for kind in load_kinds() for text in kind.ask]
    for n, text in enumerate(asked):
        found += _examples(bot, text, "none", f"{CURATED} {n}", _CURATED_WEIGHT)
    return found


def fit(found: Sequence[Example]) -> tuple[Rows, dict[str, float]]:
    """The table of weights and the thresholds."""
    shares = across_folds(found, CLASSES, _FOLDS)
    thresholds = {name: _threshold(found, shares, name) for name in _FALSE}
    thresholds |= {name: _doubt(found, shares, name) for name in _LOST}
    return fit_rows(found, CLASSES), thresholds


def write(rows: Rows, thresholds: dict[str, float], n: int) -> None:
    """Write the table where the bot reads it."""
    write_table(TARGET, "Evidence of the gates", CLASSES, thresholds, rows, n)


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
            label = "none" if path.name == SMALL_TALK else label
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
    whole = Example(_features(bot, message), label, family, family, weight)
    yield whole
    if label == "none" and len(message.asks) > 1:
        for i in range(len(message.asks)):
            yield replace(whole, features=_features(bot, message, i))


def example_of(bot: Bot, text: str, label: str, family: str) -> Example:
    """A message as a whole."""
    message = read(text, bot.guide().vocabulary)
    return Example(_features(bot, message), label, family, family)


def _features(bot: Bot, message: Message, clause: int | None = None) -> frozenset[str]:
    clauses: Sequence[Clause] = message.best.clauses
    if clause is not None:
        clauses = clauses[clause : clause + 1]
    marked = bot.policy.gates.features
    marks = [m for c in clauses for m in marked.mark(c.words, message.languages, c.subject)]
    return features_of(clauses, marks)


def _doubt(found: Sequence[Example], shares: Array, name: str) -> float:
    """The share under which no more than the allowed part of a gate's true examples lies."""
    columns = _columns(name.split()[-1])
    names = {CLASSES[i] for i in columns}
    scores = shares[:, columns].sum(axis=1)
    true = sorted(float(scores[i]) for i, e in enumerate(found) if e.label in names)
    return round(true[int(_LOST[name] * len(true))], 4)


def _columns(gate: str) -> list[int]:
    return [0, 1, 2] if gate == "urgent" else [CLASSES.index(gate)]


def _is_hard(example: Example) -> bool:
    return not example.family.startswith((CURATED, Path(SMALL_TALK).stem))


def _threshold(found: Sequence[Example], shares: Array, name: str) -> float:
    """The lowest threshold that stops no more than the allowed share of harmless messages, each by
    the worst of its clauses and the whole."""
    gate = name.split()[-1]
    columns = _columns(gate)
    scores = shares[:, columns].sum(axis=1)
    worst: dict[str, float] = {}
    for score, example in zip(scores.tolist(), found, strict=True):
        if example.label == "none" and gate not in example.lenient and _is_hard(example):
            worst[example.message] = max(score, worst.get(example.message, 0.0))
    for step in range(1, 99):
        if sum(s >= step / 100 for s in worst.values()) <= _FALSE[name] * len(worst):
            return step / 100
    return 0.99
