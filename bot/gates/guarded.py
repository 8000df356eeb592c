"""Judges the sentences of a guide: which tell a dose, and which hold figures that only look it.

The rules stand in `withheld.toml`; what is done with a sentence is left to `excerpt`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from bot.analysis import Clause
from bot.gates.features import FIGURE, NUMBER, Features, Mark
from bot.languages import languages_of_text

ENGLISH = frozenset(("en",))
KNOWN = frozenset(("en", "es", "fr", "de", "pt"))
"""Languages that the features know; of any other, only figures are understood."""
FIGURE_RULE = "withheld.figure"
"""The reason where a sentence of an unknown language holds a figure."""
DATA = "guide_features.toml"
_EVERYWHERE = "any"
_LIKE_AMOUNTS = frozenset((NUMBER, "number_word", "unit", "frequency"))
_NAMED_BY_NUMBER = frozenset("b d k omega covid type hepatitis stage".split())


def languages_of(text: str, standing: frozenset[str]) -> frozenset[str]:
    """The languages in which a text is judged: English, what it is told to be, what it reads as.

    Args:
        text: A guide or a passage of it.
        standing: Languages that hold anyway, such as those of the guide around a passage.
    """
    seen = languages_of_text(text, standing)
    if not seen:
        return standing | ENGLISH
    if seen[0] in KNOWN:
        # It explains itself, whatever stands around it; languages near it count, too.
        return frozenset((*standing, *seen)) & KNOWN | ENGLISH
    return frozenset((*(standing & KNOWN), *(set(seen) & KNOWN), seen[0])) | ENGLISH


def marks_of(features: Features, sentence: Clause, languages: frozenset[str]) -> list[Mark]:
    """The features of a guide's sentence, with every figure before a unit or a time."""
    marks = features.mark(sentence.words, languages, sentence.subject)
    more = _more().mark(sentence.words, languages | {_EVERYWHERE}, ())
    marks += [m for m in more if m.feature not in (NUMBER, FIGURE)]
    measured = {m.first for m in marks if m.feature in ("unit", "time_unit")}
    known = {m.first for m in marks if m.feature == NUMBER}
    # "A 10 ml dose": the letter before it does not make the figure part of a name.
    marks += [
        Mark(NUMBER, i, i + 1)
        for i, word in enumerate(sentence.words)
        if word[0].isdigit() and i + 1 in measured and i not in known
    ]
    return marks


def figures(sentence: Clause, marks: Sequence[Mark]) -> tuple[str, ...]:
    """The words of a sentence that look like an amount or a schedule; empty: none do."""
    places = {i for m in marks if m.feature in _LIKE_AMOUNTS for i in range(m.first, m.end)}
    return tuple(sentence.words[i] for i in sorted(places))


def unknown_figure(sentence: Clause, languages: frozenset[str]) -> tuple[str, ...]:
    """The figures of a sentence in a language that no rule reads; empty in known ones.

    Nobody can tell there whether six of something is a dose, so each of them counts.
    """
    if languages <= KNOWN:
        return ()
    words = sentence.words
    named = {i for first, end in sentence.subject for i in range(first, end)}
    return tuple(
        word
        for i, word in enumerate(words)
        if word[0].isdigit() and i not in named and not (i > 0 and _is_name(words[i - 1]))
    )


@cache
def _more() -> Features:
    return Features(tomllib.loads((files("bot") / "data" / DATA).read_text(encoding="utf-8")))


def _is_name(word: str) -> bool:
    """Whether a figure behind the word belongs to it, as in B12, also within Chinese words."""
    return word in _NAMED_BY_NUMBER or (not word.isascii() and word[-1] in _NAMED_BY_NUMBER)
