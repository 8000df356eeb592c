"""A fitted linear table: features, how rare they are, and a weight for each class.

Multinomial logistic regression with rarities as in TF-IDF (Salton and Buckley 1988), kept as
tab-separated text in `bot/data/` that anyone can read: one feature a line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Self

import numpy as np
import numpy.typing as npt

SCALE = 6.0
"""Every message weighs the same, however long: its features, each by its rarity, are a vector of
this length, so that a long story is not taken for a cry for help because it has many words."""
BIAS = "[bias]"
"""The row of the table that counts for every message; its rarity means nothing."""
_THRESHOLD = "threshold "
_HEADER = "# feature\trarity\t"


@dataclass(frozen=True)
class Table:
    """`rows` maps a feature to its row in `weights` (features times classes) and in `rarity`, the
    logarithm of how seldom it is (inverse document frequency); `bias` holds one per class.
    """

    classes: tuple[str, ...]
    rows: Mapping[str, int]
    weights: npt.NDArray[np.float32]
    rarity: npt.NDArray[np.float32]
    bias: tuple[float, ...]

    @classmethod
    def of(
        cls, classes: Sequence[str], bias: Sequence[float], table: Mapping[str, Sequence[float]]
    ) -> Self:
        """The table of rows that hold a rarity and a weight per class each."""
        values = np.array(list(table.values()), dtype=np.float32).reshape(-1, 1 + len(classes))
        rows = {feature: i for i, feature in enumerate(table)}
        return cls(tuple(classes), rows, values[:, 1:].copy(), values[:, 0].copy(), tuple(bias))

    def shares(self, features: Iterable[str]) -> dict[str, float]:
        """The probability of each class; they sum to 1."""
        known = [row for row in map(self.rows.get, features) if row is not None]
        totals = list(self.bias)
        if known:
            rarity = self.rarity[known]
            sums = rarity @ self.weights[known]
            share = SCALE / math.sqrt(float(rarity @ rarity))
            totals = [bias + share * float(one) for bias, one in zip(self.bias, sums, strict=True)]
        highest = max(totals)
        powers = [math.exp(total - highest) for total in totals]
        whole = sum(powers)
        return dict(zip(self.classes, (power / whole for power in powers), strict=True))

    def heaviest(self, features: Iterable[str], name: str, than: str, n: int) -> tuple[str, ...]:
        """The `n` features that speak most for one class rather than another."""
        known = [feature for feature in features if feature in self.rows]
        rows = [self.rows[feature] for feature in known]
        column, other = self.classes.index(name), self.classes.index(than)
        gains = self.rarity[rows] * (self.weights[rows, column] - self.weights[rows, other])
        weighed = zip(gains.tolist(), known, strict=True)
        ranked = sorted((pair for pair in weighed if pair[0] > 0), reverse=True)
        return tuple(feature for _, feature in ranked[:n])


def read_table(name: str) -> tuple[Table, dict[str, float]]:
    """Read `bot/data/<name>`: the table and its thresholds."""
    lines = (files("bot") / "data" / name).read_text(encoding="utf-8").splitlines()
    header = next(line for line in lines if line.startswith(_HEADER))
    classes = header.removeprefix(_HEADER).split("\t")
    lines = [line for line in lines if not line.startswith("#")]
    named = [line.partition("\t") for line in lines if not line.startswith(_THRESHOLD)]
    rows = {feature: i for i, (feature, _, _) in enumerate(named)}
    # All numbers at once: one by one they took most of the time of a command.
    values = np.fromstring("\t".join(rest for _, _, rest in named), dtype=np.float32, sep="\t")
    values = values.reshape(len(rows), 1 + len(classes))
    weights, rarity = values[:, 1:].copy(), values[:, 0].copy()
    bias = tuple(weights[rows[BIAS]].tolist())
    given = [line.removeprefix(_THRESHOLD).split("\t") for line in lines if _THRESHOLD in line]
    return Table(tuple(classes), rows, weights, rarity, bias), {k: float(v) for k, v in given}


def text_of(
    title: str,
    classes: Sequence[str],
    thresholds: Mapping[str, float],
    table: Mapping[str, Sequence[float]],
) -> str:
    """A table as text, for `read_table` and for a person."""
    lines = [
        *(f"# {line}" for line in title.splitlines()),
        _HEADER + "\t".join(classes),
        *(f"{_THRESHOLD}{name}\t{value}" for name, value in thresholds.items()),
        *(f"{name}\t" + "\t".join(map(str, row)) for name, row in sorted(table.items())),
    ]
    return "\n".join(lines) + "\n"
