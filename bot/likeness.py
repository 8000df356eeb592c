"""Likeness: do a question and a passage point to the same kinds of section?

For passages without questions of their own. Leaflets of any subject have sections of the same
kinds ("On the day", "Driving"), and general questions show how patients ask for each. A passage
whose sentences sound like a kind is likely to answer what is asked of that kind, whatever its
heading is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bot.relevance import Relevance

Roots = npt.NDArray[np.float64]


class Likeness:
    """Kinds of question beside those of each passage; immutable.

    Args:
        kinds: Which kind a question or a sentence points to.
        passages: Passage id to the features of its heading and of each of its sentences.
    """

    def __init__(self, kinds: Relevance, passages: Mapping[str, Sequence[frozenset[str]]]) -> None:
        self._kinds = kinds
        self._ids = tuple(passages) if len(kinds) else ()
        roots = [self._roots(parts) for parts in passages.values()] if self._ids else []
        self._passages = np.array(roots).reshape(len(self._ids), len(kinds.kinds))

    def of(self, features: frozenset[str]) -> Mapping[str, float]:
        """How alike each passage is, 0 to 1: the Bhattacharyya coefficient (1943) of the shares
        of kinds; empty where nothing is known of the question."""
        if not self._ids:
            return {}
        asked = self._roots((features,))
        if not asked.any():
            return {}
        return dict(zip(self._ids, (self._passages @ asked).tolist(), strict=True))

    def _roots(self, parts: Iterable[frozenset[str]]) -> Roots:
        """Square roots of the mean shares of kinds; zeros where nothing is known."""
        shares = [found for part in parts if (found := self._kinds.shares(part))]
        if not shares:
            return np.zeros(len(self._kinds.kinds))
        mean = np.array([list(found.values()) for found in shares]).mean(axis=0)
        return np.asarray(np.sqrt(mean), dtype=np.float64)
