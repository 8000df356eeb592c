"""The forms in which a message is read: as typed, and corrected beside it, never instead.

Whether a reading may be answered is left to `gates`, what it finds to `grounding`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.analysis import Clause, Token, tokenize
from bot.languages import detect_language
from bot.spelling import Vocabulary, shorthand
from bot.text import normalise

_BREAK = re.compile(r"[?!;\n]|\.(?=\s|$|[A-Z])|…")
_JOINERS = frozenset(("and", "but", "also", "plus", "then", "or"))
_OPENERS = frozenset(
    "am how hows what whats when whens where wheres why who whos which is are can could do"
    " does did should shall will would may tell".split()
)
_REQUESTS = frozenset(
    "give show list say name ignore pretend need want wondering wonder wondered agree reckon"
    " please advise".split()
)
"""Words that ask without a question: "give me ...", "I was wondering ..."."""
_WONDERING = (
    " to know ", " wonder ", " wondering ", " wondered ", " curious ", " my question ",
    " the question ", " all i wanted ", " can you tell ", " could you tell ", " any idea ",
)  # fmt: skip
"""Words that put a question wherever they stand in a clause."""
_INDIRECT = frozenset(("whether", "if"))
_BREAKERS = frozenset("because cause cos but so although though since while as and or".split())
_LONG_RUN = 14
_QUESTION_WORDS = 18
_WORTH = 4
_MOST_QUESTIONS = 6
"""Bounds on the questions looked for in one run; people ask at the end of a story."""
_BEFORE_DOES = frozenset("what wat wot how why when where who that and so but".split())
_AFTER_DOES = frozenset("it this that they he she the anyone everyone".split())
_COUNTED = frozenset(
    "week weeks wks wk month months mths day days hour hours hrs min mins minute minutes year years"
    " yrs yr times x mg mcg ug ml iu units unit shots shot jabs jab injections doses dose pills"
    " tablets tabs ampoules vials amps per a or".split()
)
_NAMED_BY_NUMBER = frozenset(
    "b d k vitamin type grade stage phase every omega step section".split()
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One form of a message: its clauses, and what was changed against the typed form."""

    name: str
    clauses: tuple[Clause, ...]
    changes: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All words in order."""
        return tuple(word for clause in self.clauses for word in clause.words)


@dataclass(frozen=True, slots=True)
class Message:
    """A visitor's message, read.

    `asks` tells for each clause whether it is put as a question; `languages` are those whose
    gate features count; `language` is another one than English where the message is in it.
    """

    text: str
    readings: tuple[Reading, ...]
    asks: tuple[bool, ...]
    languages: frozenset[str]
    language: str | None

    @property
    def typed(self) -> Reading:
        """The reading as typed."""
        return self.readings[0]

    @property
    def best(self) -> Reading:
        """The most corrected reading, for search."""
        return self.readings[-1]


def read(raw: str, vocabulary: Vocabulary) -> Message:
    """Read a message: normalise it, part it into clauses, correct it beside the typed form."""
    text = normalise(raw)
    tokens = tokenize(text)
    runs = _clauses(text, tokens)
    typed = [_does([token.word for token in run]) for run in runs]
    corrected, changes = _corrected(typed, vocabulary)
    readings = [_reading("typed", typed, (), vocabulary)]
    if changes:
        readings.append(_reading("corrected", corrected, tuple(changes), vocabulary))
    asks = tuple(_is_question(words, text, run) for words, run in zip(corrected, runs, strict=True))
    words = [word for run in typed for word in run]
    language, languages = detect_language(text, words, vocabulary)
    return Message(text, tuple(readings), asks, languages, language)


def _clauses(text: str, tokens: Sequence[Token]) -> list[list[Token]]:
    runs: list[list[Token]] = [[]]
    for i, token in enumerate(tokens):
        gap = text[tokens[i - 1].end : token.start] if i else ""
        joined = (
            i > 1
            and token.word in _OPENERS
            and (tokens[i - 1].word in _JOINERS or "," in gap)
            and len(runs[-1]) > 2
            and _worth(tokens[i : i + 4])
        )
        if runs[-1] and (_BREAK.search(gap) or joined):
            runs.append([])
        runs[-1].append(token)
    return [run for run in runs if run]


def questions_within(words: Sequence[str]) -> list[tuple[str, ...]]:
    """The questions in a long run of words without stops, each from its opener to a conjunction.

    Speech and messages typed in haste have no punctuation: "what i need to know is whether the
    arm is sore after because i am up a ladder on friday" asks from "whether" to "because".
    """
    if len(words) <= _LONG_RUN:
        return []
    found: list[tuple[str, ...]] = []
    for i, word in enumerate(words):
        if word in _OPENERS or word in _INDIRECT:
            rest = words[i : i + _QUESTION_WORDS]
            end = next((k for k, w in enumerate(rest) if k >= _WORTH and w in _BREAKERS), len(rest))
            if end >= _WORTH:
                found.append(tuple(rest[:end]))
    return found[-_MOST_QUESTIONS:]


def _worth(tokens: Sequence[Token]) -> bool:
    """True if enough follows to stand as a clause of its own ("or is it?" does not)."""
    return len(tokens) >= 3


def _does(words: list[str]) -> list[str]:
    """Words with "dose" read as the "does" that it can only be: "how dose it work"."""
    return [
        "does"
        if word == "dose"
        and (i == 0 or words[i - 1] in _BEFORE_DOES)
        and i + 1 < len(words)
        and words[i + 1] in _AFTER_DOES
        and "should" not in words[i + 2 : i + 4]
        else word
        for i, word in enumerate(words)
    ]


def _corrected(
    typed: Sequence[Sequence[str]], vocabulary: Vocabulary
) -> tuple[list[list[str]], list[tuple[str, str]]]:
    changes: list[tuple[str, str]] = []
    runs: list[list[str]] = []
    texting = any(word in shorthand() for words in typed for word in words)
    for words in typed:
        run: list[str] = []
        i = 0
        while i < len(words):
            joined = words[i] + words[i + 1] if i + 1 < len(words) else ""
            meant = _digit_word(words, i) if texting else None
            if meant:
                changes.append((words[i], meant))
                run.append(meant)
                i += 1
                continue
            if joined in shorthand() and not joined.isalpha():  # "b4", "gr8"
                changes.append((joined, " ".join(shorthand()[joined])))
                run.extend(shorthand()[joined])
                i += 2
                continue
            if joined in vocabulary.targets and _broken(words[i : i + 2], vocabulary):
                changes.append((f"{words[i]} {words[i + 1]}", joined))
                run.append(joined)
                i += 2
                continue
            became = vocabulary.correct(words[i])
            if became != (words[i],):
                changes.append((words[i], " ".join(became)))
            run.extend(became)
            i += 1
        runs.append(run)
    return runs, changes


def _digit_word(words: Sequence[str], i: int) -> str | None:
    """What a digit stands for in a text message, "4 u" or "2 much", where it counts nothing."""
    after = words[i + 1] if i + 1 < len(words) else ""
    if words[i] not in ("2", "4") or after[:1].isdigit() or after in _COUNTED or i == 0:
        return None
    if words[i - 1] in _NAMED_BY_NUMBER or words[i - 1][:1].isdigit():
        return None
    if words[i] == "4":
        return "for"
    return "too" if after in ("much", "many", "") else "to"


def _broken(pair: Sequence[str], vocabulary: Vocabulary) -> bool:
    """True if at least one of two words is no word by itself ("in jection", "side effects")."""
    return any(len(w) > 2 and not vocabulary.knows(w) for w in pair)


def _reading(
    name: str,
    runs: Sequence[Sequence[str]],
    changes: tuple[tuple[str, str], ...],
    vocabulary: Vocabulary,
) -> Reading:
    clauses = tuple(Clause(tuple(run), vocabulary.subject_ranges(run)) for run in runs)
    return Reading(name, clauses, changes)


def _is_question(words: Sequence[str], text: str, run: Sequence[Token]) -> bool:
    if not words:
        return False
    if text[run[-1].end : run[-1].end + 3].lstrip(" \"')").startswith("?"):
        return True
    start = 1 if words[0] in _JOINERS and len(words) > 1 else 0
    if words[start] in _OPENERS or any(w in _OPENERS or w in _REQUESTS for w in words[:4]):
        return True
    return any(phrase in f" {' '.join(words)} " for phrase in _WONDERING)
