"""Relevance weights: how strongly a word or a pair of words points to one kind of question.

Learnt at load from the questions that a guide's passages are asked by. A weight is the logarithm
of how much likelier a feature is among one kind's examples than among all others (Robertson and
Spärck Jones 1976, with a little added to each count). BM25 asks which single examples are near;
this asks what all of them say.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

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
        examples: (features of a question, the passages that answer it); without any it
            knows nothing.
    """

    def __init__(self, examples: Sequence[tuple[frozenset[str], Kind]]) -> None:
        self.kinds = tuple(sorted({kind for _, kind in examples}))
        seen = Counter(feature for features, _ in examples for feature in features)
        known = [feature for feature, n in seen.items() if n >= _MIN_SEEN]
        self._row = {feature: i for i, feature in enumerate(known)}
        self._weights = self._weigh(examples)

    def __len__(self) -> int:
        return len(self._row)

    def shares(self, features: Iterable[str]) -> Mapping[Kind, float]:
        """A share for each kind, together 1; empty where no feature is known.

        Pairs of words repeat what their words say, so the sum of the weights is damped by the
        root of their number before it becomes a share.
        """
        rows = [self._row[f] for f in features if f in self._row]
        if not rows:
            return {}
        totals = self._weights[rows].sum(axis=0) / math.sqrt(len(rows))
        likelihood = np.exp(totals - totals.max())
        shares = likelihood / likelihood.sum()
        return dict(zip(self.kinds, shares.tolist(), strict=True))

    def strongest(self, features: Iterable[str], kind: Kind) -> tuple[str, ...]:
        """The features that point to a kind most, the strongest first; for `explain`."""
        column = self.kinds.index(kind)
        known = [f for f in features if f in self._row]
        weighed = [(float(self._weights[self._row[f], column]), f) for f in known]
        return tuple(f for weight, f in sorted(weighed, reverse=True)[:_STRONGEST] if weight > 0)

    def _weigh(self, examples: Sequence[tuple[frozenset[str], Kind]]) -> npt.NDArray[np.float64]:
        column = {kind: i for i, kind in enumerate(self.kinds)}
        counts = np.zeros((len(self._row), len(self.kinds)))
        sizes = np.full(len(self.kinds), _PRIOR * _ADDED)
        for features, kind in examples:
            sizes[column[kind]] += 1
            rows = [self._row[f] for f in features if f in self._row]
            counts[rows, column[kind]] += 1
        others = counts.sum(axis=1, keepdims=True) - counts
        rest = len(examples) + _PRIOR * _ADDED - (sizes - _PRIOR * _ADDED)
        weights: npt.NDArray[np.float64] = np.log((counts + _ADDED) / sizes)
        weights -= np.log((others + 3 * _ADDED) / rest)
        return weights
