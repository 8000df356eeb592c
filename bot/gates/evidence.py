"""Weighted evidence beside the rules: what no rule names, but many words together say.

Rules state what must fire; this model adds what people say in ways that no rule foresaw. It is
a table of words and pairs of words with a weight for each gate (multinomial logistic
regression), fitted by `python -m eval fit` on the tuning part and on lines written for it, and
read by anyone: `explain` shows the words that weighed most. It adds to what rules find, and a
packaged rule gives way where it is all but certain that the rule was misled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from bot.analysis import Clause, stem
from bot.gates.features import Mark
from bot.gates.table import Table, read_table

CLASSES = ("crisis", "emergency", "overdose", "dosing", "personal", "none")
"""The gates that the model knows, in the order of the table's columns, and none of them."""
_URGENT = CLASSES[:3]
_GROUNDS: Mapping[str, frozenset[str]] = {
    gate: frozenset(f"[{name}]" for name in names.split())
    for gate, names in {
        "dosing": "amount_word dose dose_form evasive extra figure for_life form frequency"
        " give_act how_many how_much how_often lab loading missed next number number_word one_word"
        " prescription schedule shot spacing stop_start strength subject switch technique time_unit"
        " timing unit",
        "overdose": "child dose excess form ingest it mistake overdosed shot stuff subject took"
        " unit",
        "personal": "child condition diagnose lab level_judge me mild_now photo second_guess"
        " should_me someone symptom_word",
    }.items()
}
"""Something of this must be there: how a thing is asked never suffices without what is asked."""
_BINS = ((3, "1"), (8, "2"), (19, "3"), (39, "4"))
"""Lengths in words: what counts in a fragment may be an aside in a letter."""
_SHOWN = 4
STORY_FROM = 0.9
_CODE_FROM = 7
_NOUGHT_FROM = 3
"""Digits from which one is a code, a telephone number or the like; with a nought in front."""
_STEM_FROM = 5
"""Letters from which the beginning and the end of a word count, too: a misspelt or unknown word
is seldom strange in both."""


class Suspicion(NamedTuple):
    """A gate that the evidence points to, its probability, and the words that weighed most."""

    gate: str
    probability: float
    words: tuple[str, ...]
    firm: bool


class Weighed(NamedTuple):
    """The gates that a run of words is suspected of, the most probable first; those of which it
    is so improbable that even a rule may have been misled; those of which it is so improbable
    that a rule was misled; whether it may yet be about a dose."""

    suspected: list[Suspicion]
    doubted: frozenset[str]
    dismissed: frozenset[str]
    leans_to_dose: bool


@dataclass(frozen=True)
class Evidence:
    """The fitted table of the gates; immutable.

    `thresholds` give the probability from which a gate is suspected ("urgent" for the three
    urgent ones together), under "firm ..." from which the suspicion decides whatever the guide
    says, and under "doubt ..." and "dismiss ..." below which a rule gives way.
    """

    table: Table
    thresholds: Mapping[str, float]

    def weigh(
        self, clauses: Sequence[Clause], marks: Iterable[Mark], *, in_story: bool = False
    ) -> Weighed:
        """What a run of clauses is suspected of.

        Args:
            clauses: The run of clauses.
            marks: The named features in it.
            in_story: The run is one of many in a long message; each is a chance to be wrong,
                so more certainty is asked of it.
        """
        features = features_of(clauses, marks)
        found = self.table.shares(features)
        suspected = self._over_threshold(found, features, STORY_FROM if in_story else 0.0)
        return Weighed(
            suspected,
            frozenset(gate for gate in CLASSES[:-1] if self._is_under("doubt", gate, found)),
            frozenset(gate for gate in CLASSES[:-1] if self._is_under("dismiss", gate, found)),
            found["dosing"] >= self.thresholds.get("lean dosing", 1.0),
        )

    def _is_under(self, what: str, gate: str, found: Mapping[str, float]) -> bool:
        """Whether hardly any true example of a gate has so small a share."""
        kind, share = gate, found[gate]
        if gate in _URGENT:
            kind, share = "urgent", sum(found[name] for name in _URGENT)
        return share < self.thresholds.get(f"{what} {kind}", 0.0)

    def _over_threshold(
        self, found: Mapping[str, float], features: frozenset[str], at_least: float
    ) -> list[Suspicion]:
        suspected: list[tuple[float, str]] = []
        urgent = sum(found[gate] for gate in _URGENT)
        gate = max(_URGENT, key=lambda name: found[name])
        grounded = gate != "overdose" or not _GROUNDS[gate].isdisjoint(features)
        if urgent >= max(at_least, self.thresholds["urgent"]) and grounded:
            suspected.append((urgent, gate))
        suspected += [
            (found[gate], gate)
            for gate in ("dosing", "personal")
            if found[gate] >= max(at_least, self.thresholds[gate])
            and not _GROUNDS[gate].isdisjoint(features)
        ]
        return [
            Suspicion(
                gate,
                round(share, 3),
                self.table.heaviest(features, gate, "none", _SHOWN),
                self._is_firm(gate, share),
            )
            for share, gate in sorted(suspected, reverse=True)
        ]

    def _is_firm(self, gate: str, share: float) -> bool:
        return share >= self.thresholds["firm urgent" if gate in _URGENT else f"firm {gate}"]


def features_of(clauses: Sequence[Clause], marks: Iterable[Mark]) -> frozenset[str]:
    """What the model sees of a run of clauses.

    Stems and words as they stand (`=took`), how words begin and end (`inje-`, `-ing`), pairs of
    neighbours (`how much`) and of those with one word between them (`how .. I`), named features
    (`[unit]`) and the length. The guide's subject is one word and every number another, so that
    what is learnt holds for other guides and other amounts.
    """
    return _features(tuple(clauses), tuple(marks))


# The same run is weighed for the gates and for small talk, one after the other.
@lru_cache(maxsize=4)
def _features(clauses: tuple[Clause, ...], marks: tuple[Mark, ...]) -> frozenset[str]:
    found: set[str] = {f"[{mark.feature}]" for mark in marks}
    n_words = 0
    for clause in clauses:
        n_words += len(clause.words)
        general, plain = _general(clause)
        words = ["^", *general, "$"]
        found.update(words[1:-1])
        found.update(map(" ".join, pairwise(words)))
        found.update(f"{a} .. {b}" for a, b in zip(words, words[2:], strict=False))
        for word in plain:
            found.update(_forms(word))
    length = next((name for most, name in _BINS if n_words <= most), "5")
    found.add(f"[length {length}]")
    return frozenset(found)


def load_evidence() -> Evidence:
    """Read the fitted table."""
    return Evidence(*read_table("evidence.tsv"))


def _general(clause: Clause) -> tuple[list[str], list[str]]:
    """A clause's words as the model knows them, and those that are words and not the subject."""
    starts = dict(clause.subject)
    general: list[str] = []
    plain: list[str] = []
    i = 0
    while i < len(clause.words):
        if i in starts:
            general.append("[subject]")
            i = starts[i]
            continue
        word = clause.words[i]
        general.append(_number(word) if word[0].isdigit() else stem(word))
        if word.isalpha():
            plain.append(word)
        i += 1
    return general, plain


def _number(word: str) -> str:
    """A number, or a code: no amount begins with a nought and goes on, or has so many digits."""
    long = len(word) >= _CODE_FROM or (word[0] == "0" and len(word) >= _NOUGHT_FROM)
    return "[code]" if word.isdigit() and long else "[number]"


@lru_cache(maxsize=20_000)
def _forms(word: str) -> tuple[str, ...]:
    """A word as it stands, its beginning and its end."""
    whole = f"={word}"
    return (whole,) if len(word) < _STEM_FROM else (whole, f"{word[:4]}-", f"-{word[-3:]}")
