"""Fits the table of small talk: greetings and the like, told from questions by all their words.

Examples are the lines of `eval/training/smalltalk.tsv`, labelled by kind, and questions of the
guide and questions that it does not cover. The harmless lines of the gates are left out: nobody
said which of them are small talk. The test part is never seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bot.answer import Bot
from bot.gates.talk import KINDS, NONE
from eval import fit_gates
from eval.linear import Example, Rows, across_folds, fit_rows, write_table
from eval.sources import ROOT

TARGET = ROOT / "bot" / "data" / "smalltalk.tsv"
_CLASSES = (*KINDS, NONE)
_FOLDS = 3
_EVERY = 2
"""Of the curated questions, which are many and alike, one in so many stands for the others."""
_FALSE = 0.02
"""Share of questions, near to small talk or not, that may be taken for it across folds."""


def examples(bot: Bot) -> list[Example]:
    """Small talk by kind, and questions."""
    text = (ROOT / "eval" / "training" / fit_gates.SMALL_TALK).read_text(encoding="utf-8")
    found: list[Example] = []
    for n, line in enumerate(text.splitlines()):
        kind, _, said = line.partition("\t")
        label = kind if kind in KINDS else NONE
        found.append(replace(fit_gates.example_of(bot, said, NONE, f"talk {n}"), label=label))
    guide = bot.guide().guide
    asked = [question.text for question in guide.questions][::_EVERY]
    for n, question in enumerate([*asked, *guide.silent]):
        found.append(fit_gates.example_of(bot, question, NONE, f"question {n}"))
    return found


def fit(found: Sequence[Example]) -> tuple[Rows, dict[str, float]]:
    """The table of weights, and the probability from which a message is small talk."""
    shares = across_folds(found, _CLASSES, _FOLDS)
    talk = 1 - shares[:, _CLASSES.index(NONE)]
    questions = np.sort([share for share, e in zip(talk, found, strict=True) if e.label == NONE])
    threshold = float(questions[int((1 - _FALSE) * len(questions))])
    return fit_rows(found, _CLASSES), {"talk": round(max(threshold, 0.5), 3)}


def write(rows: Rows, thresholds: dict[str, float], n: int) -> None:
    """Write the table where the bot reads it."""
    write_table(TARGET, "Small talk", _CLASSES, thresholds, rows, n)
