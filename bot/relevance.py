"""Relevance weights: how strongly a word or a pair of words points to one kind of question.

Learnt at load from the questions that a guide's passages are asked by. A weight is the logarithm
of how much likelier a feature is among one kind's examples than among all others (Robertson and
Spärck Jones 1976, with a little added to each count). BM25 asks which single examples are near;
this asks what all of them say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bot.rows import Rows, known

Kind = tuple[str, ...]
"""The passages that answer such questions."""
_ADDED = 0.2
"""Added to each count (Lidstone); flat between 0.1 and 0.3 on the tuning part."""
_PRIOR = 10.0
"""Examples that each kind is taken to have besides, so that a rich one is not favoured."""
_MIN_SEEN = 2
_STRONGEST = 4


class Relevance:
    """Weights of features for each kind of question; immutable.

    Args:
        rows: Questions with their features; without any it knows nothing.
        kinds: For each of them the passages that answer it.
    """

    def __init__(self, rows: Rows, kinds: Sequence[Kind]) -> None:
        self.kinds = tuple(sorted(set(kinds)))
        rows = rows.frequent(_MIN_SEEN)
        self._row = rows.names
        column = {kind: i for i, kind in enumerate(self.kinds)}
        self._weights = _weigh(rows, np.array([column[kind] for kind in kinds], dtype=np.intp))

    def __len__(self) -> int:
        return len(self._row)

    def shares(self, features: Iterable[str]) -> Mapping[Kind, float]:
        """A share for each kind, together 1; empty where no feature is known.

        Pairs of words repeat what their words say, so the sum of the weights is damped by the
        root of their number before it becomes a share.
        """
        rows = known(features, self._row)
        if not rows:
            return {}
        totals = self._weights[rows].sum(axis=0) / math.sqrt(len(rows))
        likelihood = np.exp(totals - totals.max())
        shares = likelihood / likelihood.sum()
        return dict(zip(self.kinds, shares.tolist(), strict=True))

    def strongest(self, features: Iterable[str], kind: Kind) -> tuple[str, ...]:
        """The features that point to a kind most, the strongest first; for `explain`."""
        column = self.kinds.index(kind)
        heard = [f for f in features if f in self._row]
        weighed = [(float(self._weights[self._row[f], column]), f) for f in heard]
        return tuple(f for weight, f in sorted(weighed, reverse=True)[:_STRONGEST] if weight > 0)


def _weigh(rows: Rows, kind_of: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Weights, features times kinds; `kind_of` tells the number of each row's kind."""
    n_kinds = int(kind_of.max(initial=-1)) + 1
    n_features = len(rows.names)
    cells = rows.columns * n_kinds + kind_of[rows.row_of]
    counts = np.bincount(cells, minlength=n_features * n_kinds).reshape(n_features, n_kinds)
    of_kind = np.bincount(kind_of, minlength=n_kinds)
    others = counts.sum(axis=1, keepdims=True) - counts
    rest = len(rows) + _PRIOR * _ADDED - of_kind
    weights: npt.NDArray[np.float64] = np.log((counts + _ADDED) / (of_kind + _PRIOR * _ADDED))
    weights -= np.log((others + 3 * _ADDED) / rest)
    return weights
