"""Redacted questions that a clinic chose to keep for a while, and the store of them in memory.

What is sampled, and how it is redacted, is decided by `sampling` before it comes here.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass

_MAX_IN_MEMORY = 1000
"""Samples that a store without a database holds; the oldest leave first."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A redacted question and what it got; times are seconds since the epoch.

    `sample_id` is the id of the reply; `text` holds at most a few hundred characters.
    """

    sample_id: str
    visit_id: str
    guide: str
    channel: str
    lang: str
    outcome: str
    reason: str
    passage_ids: tuple[str, ...]
    text: str
    guide_version: str
    policy_version: str
    at: float
    expires_at: float


class Samples(ABC):
    """Kept questions; calls but `add` wait for the database where there is one.

    Raises:
        StoreError: From every call, if the database is out of reach; of `add`, by its future.
    """

    @abstractmethod
    def add(self, sample: Sample) -> Future[None]:
        """Keep a sample; the future is done once it is safe."""

    @abstractmethod
    def all(self, outcome: str | None = None) -> list[Sample]:
        """Every sample, the oldest first, or those of one outcome; expired ones until purged."""

    @abstractmethod
    def of_visit(self, visit_id: str) -> list[Sample]:
        """The samples of a visit, the oldest first."""

    @abstractmethod
    def erase_visit(self, visit_id: str) -> int:
        """Erase the samples of a visit; how many."""

    @abstractmethod
    def purge(self, at: float) -> int:
        """Erase what is expired at that time; how many."""

    @abstractmethod
    def clear(self) -> int:
        """Erase every sample; how many."""


class MemorySamples(Samples):
    """Samples that are gone with the process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Sample] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, sample: Sample) -> Future[None]:
        done: Future[None] = Future()
        with self._lock:
            self._kept[sample.sample_id] = sample
            while len(self._kept) > _MAX_IN_MEMORY:
                self._kept.popitem(last=False)
        done.set_result(None)
        return done

    def all(self, outcome: str | None = None) -> list[Sample]:
        with self._lock:
            kept = list(self._kept.values())
        return [sample for sample in kept if outcome is None or sample.outcome == outcome]

    def of_visit(self, visit_id: str) -> list[Sample]:
        return [sample for sample in self.all() if sample.visit_id == visit_id]

    def erase_visit(self, visit_id: str) -> int:
        return self._erase([sample.sample_id for sample in self.of_visit(visit_id)])

    def purge(self, at: float) -> int:
        return self._erase([s.sample_id for s in self.all() if s.expires_at <= at])

    def clear(self) -> int:
        return self._erase([sample.sample_id for sample in self.all()])

    def _erase(self, sample_ids: list[str]) -> int:
        with self._lock:
            return sum(self._kept.pop(name, None) is not None for name in sample_ids)
