"""Weighted evidence beside the rules: what no rule names, but many words together say.

Rules state what must fire; this model adds what people say in ways that no rule foresaw. It is
a table of words and pairs of words with a weight for each gate (multinomial logistic
regression), fitted by `python -m eval fit` on the tuning part and on lines written for it, and
read by anyone: `explain` shows the words that weighed most. It can only add to what rules find.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

from bot.analysis import Clause, stem
from bot.gates.features import Mark

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
SCALE = 6.0
"""Every message weighs the same, however long: features count `SCALE / sqrt(number)` each, so
that a long story is not taken for a cry for help because it has many words."""


class Suspicion(NamedTuple):
    """A gate that the evidence points to, its probability, and the words that weighed most."""

    gate: str
    probability: float
    words: tuple[str, ...]
    firm: bool


class Weighed(NamedTuple):
    """The gates that a run of words is suspected of, the most probable first; those of which it
    is so improbable that even a rule may have been misled; whether it may yet be about a dose."""

    suspected: list[Suspicion]
    doubted: frozenset[str]
    leans_to_dose: bool


@dataclass(frozen=True)
class Evidence:
    """The fitted table; immutable.

    `weights` maps a feature to a weight per class; `bias` holds one per class; `thresholds`
    give the probability from which a gate is suspected ("urgent" for the three urgent ones
    together) and, under "firm ...", from which the suspicion decides whatever the guide says.
    """

    weights: Mapping[str, tuple[float, ...]]
    bias: tuple[float, ...]
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
        found = self._shares(features)
        suspected = self._over_threshold(found, features, STORY_FROM if in_story else 0.0)
        return Weighed(
            suspected,
            frozenset(gate for gate in CLASSES[:-1] if self._doubts(gate, found)),
            found["dosing"] >= self.thresholds.get("lean dosing", 1.0),
        )

    def _doubts(self, gate: str, found: Mapping[str, float]) -> bool:
        """Whether hardly any true example of a gate has so small a share."""
        kind, share = gate, found[gate]
        if gate in _URGENT:
            kind, share = "urgent", sum(found[name] for name in _URGENT)
        return share < self.thresholds.get(f"doubt {kind}", 0.0)

    def _shares(self, features: frozenset[str]) -> dict[str, float]:
        known = [row for f in features if (row := self.weights.get(f)) is not None]
        share = SCALE / math.sqrt(len(features))
        totals = [bias + share * sum(row[i] for row in known) for i, bias in enumerate(self.bias)]
        highest = max(totals)
        shares = [math.exp(total - highest) for total in totals]
        whole = sum(shares)
        return dict(zip(CLASSES, (share / whole for share in shares), strict=True))

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
        known = [feature for feature in features if feature in self.weights]
        return [
            Suspicion(
                gate, round(share, 3), self._heaviest(gate, known), self._is_firm(gate, share)
            )
            for share, gate in sorted(suspected, reverse=True)
        ]

    def _is_firm(self, gate: str, share: float) -> bool:
        return share >= self.thresholds["firm urgent" if gate in _URGENT else f"firm {gate}"]

    def _heaviest(self, gate: str, known: Sequence[str]) -> tuple[str, ...]:
        column, none = CLASSES.index(gate), CLASSES.index("none")
        weighed = ((self.weights[f][column] - self.weights[f][none], f) for f in known)
        ranked = sorted((pair for pair in weighed if pair[0] > 0), reverse=True)
        return tuple(feature for _, feature in ranked[:_SHOWN])


def features_of(clauses: Sequence[Clause], marks: Iterable[Mark]) -> frozenset[str]:
    """What the model sees of a run of clauses: stems, neighbouring pairs, named features, length.

    The guide's subject is one word and every number another, so that what is learnt holds for
    other guides and other amounts.
    """
    found: set[str] = {f"[{mark.feature}]" for mark in marks}
    n_words = 0
    for clause in clauses:
        n_words += len(clause.words)
        words = _general(clause)
        found.update(words)
        found.update(f"{a} {b}" for a, b in zip(["^", *words], [*words, "$"], strict=True))
    length = next((name for most, name in _BINS if n_words <= most), "5")
    found.add(f"[length {length}]")
    return frozenset(found)


def load_evidence() -> Evidence:
    """Read the fitted table."""
    text = (files("bot") / "data" / "evidence.tsv").read_text(encoding="utf-8")
    thresholds: dict[str, float] = {}
    weights: dict[str, tuple[float, ...]] = {}
    for line in text.splitlines():
        name, *values = line.split("\t")
        if name.startswith("threshold "):
            thresholds[name.removeprefix("threshold ")] = float(values[0])
        elif not name.startswith("#"):
            weights[name] = tuple(map(float, values))
    bias = weights.pop("[bias]")
    return Evidence(weights, bias, thresholds)


def _general(clause: Clause) -> list[str]:
    starts = dict(clause.subject)
    words: list[str] = []
    i = 0
    while i < len(clause.words):
        if i in starts:
            words.append("[subject]")
            i = starts[i]
            continue
        word = clause.words[i]
        words.append("[number]" if word[0].isdigit() else stem(word))
        i += 1
    return words
