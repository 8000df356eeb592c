"""What every store offers, its bounds, and its state of health as the metrics page reads it.

Where rows are kept is left to `memory` and `sql`.
"""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from bot.records import Reply, Visit, to_dict
from bot.store.doors import Calls, Events, Keys
from bot.store.letters import Decide, Letter, Settled
from bot.store.samples import Sample, Samples

log = logging.getLogger("bot.store")

HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """Bounds of a store; the defaults suit one process on a small machine.

    A visit takes about 2 kB of memory; with several processes on one database, cache none (0),
    since each would miss what the others write. `busy_ms` is the longest wait for a lock of
    another process: under a web server's patience, over the time that a checkpoint takes.
    `call_seconds` bounds the calls that wait for the writer (feedback, export, erasing).
    """

    max_cached_visits: int = 4096
    max_replies_per_visit: int = 200
    max_queued: int = 2000
    busy_ms: int = 500
    back_off_seconds: float = 0.5
    max_back_off_seconds: float = 10.0
    call_seconds: float = 5.0


class Health:
    """Counts what was written and lost, and says when a failing store may be tried again.

    After a fault the store rests for `back_off_seconds`, twice as long after each further one.
    One line is logged when it falls ill and one when it works again, however often it fails.
    """

    def __init__(self, limits: StoreLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self.n_written = 0
        self.n_failed = 0
        self.n_dropped = 0
        self.degraded = False
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._back_off = limits.back_off_seconds
        self._retry_at = 0.0

    def resting(self) -> bool:
        """Whether to leave the store alone for now."""
        return self.degraded and self._clock() < self._retry_at

    def fault(self, why: str, n_failed: int = 0) -> None:
        """Note a fault; faults while resting change nothing but the count."""
        with self._lock:
            self.n_failed += n_failed
            if self.resting():
                return
            was_degraded, self.degraded = self.degraded, True
            self._retry_at = self._clock() + self._back_off
            self._back_off = min(2 * self._back_off, self._limits.max_back_off_seconds)
        if not was_degraded:
            log.warning("store: %s; answering without it and trying again", why)

    def works(self, n_written: int) -> None:
        """Note that a group of this many replies is committed."""
        with self._lock:
            self.n_written += n_written
            was_degraded, self.degraded = self.degraded, False
            self._back_off = self._limits.back_off_seconds
        if was_degraded:
            log.warning("store: works again")

    def refused(self, n_replies: int) -> None:
        """Count replies that are no fit rows; the store itself is well."""
        with self._lock:
            self.n_failed += n_replies

    def dropped(self, n_replies: int) -> None:
        """Count replies that were given up without an attempt."""
        with self._lock:
            self.n_dropped += n_replies


class VisitCache:
    """The visits used last, at most so many; the one unused for longest leaves first."""

    def __init__(self, max_visits: int) -> None:
        self._max_visits = max_visits
        self._visits: OrderedDict[str, Visit] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, visit_id: str) -> Visit | None:
        """The visit of that id, now the freshest."""
        with self._lock:
            if visit_id in self._visits:
                self._visits.move_to_end(visit_id)
            return self._visits.get(visit_id)

    def put(self, visit: Visit) -> None:
        """Keep a visit's newest state."""
        with self._lock:
            self._visits[visit.visit_id] = visit
            self._visits.move_to_end(visit.visit_id)
            while len(self._visits) > self._max_visits:
                self._visits.popitem(last=False)

    def drop(self, visit_id: str) -> bool:
        """Forget a visit; whether it was there."""
        with self._lock:
            return self._visits.pop(visit_id, None) is not None

    def drop_before(self, at: float) -> None:
        """Forget the visits whose last turn was before that time."""
        with self._lock:
            for visit_id in [v.visit_id for v in self._visits.values() if v.at < at]:
                del self._visits[visit_id]


class Store(ABC):
    """Visits, replies and feedback; what a visitor typed only where the clinic samples it.

    `load_visit` and `record` never raise and are quick enough for an event loop. The other
    calls wait for the database: make them from a worker thread. All may be called from any
    thread; times are seconds since the epoch.

    `keys`, `calls` and `events` are what the doors keep beside visits; `samples` are redacted
    questions, none unless a clinic switches sampling on.
    """

    keys: Keys
    calls: Calls
    events: Events
    samples: Samples

    def __init__(
        self, retention_hours: int, limits: StoreLimits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.retention_seconds = retention_hours * HOUR_SECONDS
        self.limits = limits
        self.health = Health(limits, clock)

    @property
    def n_written(self) -> int:
        """Replies kept since the start."""
        return self.health.n_written

    @property
    def n_failed(self) -> int:
        """Replies lost because writing them failed."""
        return self.health.n_failed

    @property
    def n_dropped(self) -> int:
        """Replies lost because the queue was full or the store was resting after a fault."""
        return self.health.n_dropped

    @property
    def degraded(self) -> bool:
        """Whether the last write failed; the next one that succeeds ends it."""
        return self.health.degraded

    @abstractmethod
    def load_visit(self, visit_id: str, at: float) -> Visit | None:
        """The visit's newest state; None if unknown, expired at that time, or out of reach."""

    @abstractmethod
    def record(
        self, reply: Reply, visit: Visit, *, guide_id: str, channel: str, ms: float, at: float
    ) -> Future[bool]:
        """Keep a reply and the visit's state after it; of the reply, no text.

        Returns:
            A future that cannot be cancelled: True once committed, so that it outlives this
            process being killed; False if it could not be. Await it with a deadline. The visit
            is known to `load_visit` of this process at once, whatever becomes of the future.
        """

    @abstractmethod
    def answer_once(self, seen_id: str, visit_id: str, at: float, decide: Decide) -> Settled:
        """Decide about a delivered message exactly once, and commit all that follows from it.

        Messages of one visit are decided one after the other, whatever the number of threads
        and processes. `decide` may be called again where a commit has to be repeated.

        Args:
            seen_id: Name of the delivery; the same for its repetitions.
            visit_id: The conversation.
            at: Now.
            decide: Called with the visit as it stands unless the delivery is known.

        Raises:
            StoreError: If nothing could be committed; nothing is kept then.
        """

    @abstractmethod
    def claim_letters(self, at: float, lease_seconds: float, n_letters: int) -> list[Letter]:
        """Take letters that are due, one a visit, urgent ones first; counts as a try.

        A letter that is neither removed nor put off before the lease is over is given out again.

        Raises:
            StoreError: If the database is out of reach.
        """

    @abstractmethod
    def remove_letter(self, letter_id: int) -> None:
        """Forget a letter that was sent or given up.

        Raises:
            StoreError: If the database is out of reach.
        """

    @abstractmethod
    def put_off_letter(self, letter_id: int, due_at: float) -> None:
        """Give a letter back to be sent later.

        Raises:
            StoreError: If the database is out of reach.
        """

    @abstractmethod
    def n_letters(self) -> int:
        """Letters that are not yet sent, those held back included.

        Raises:
            StoreError: If the database is out of reach.
        """

    @abstractmethod
    def save_feedback(self, reply_id: str, helpful: bool, at: float) -> bool:
        """Keep a vote, the last one per reply; False if no such reply is kept.

        Raises:
            StoreError: If the database is out of reach.
        """

    @abstractmethod
    def export_visit(self, visit_id: str) -> dict[str, Any] | None:
        """All that is kept of a visit, as `json.dumps` takes it; None if nothing is.

        Returns:
            `{"visit": {...} | None, "replies": [{..., "feedback": {"helpful", "at"} | None}],
            "samples": [{...}]}`, replies and samples in order of time. An expired visit is shown
            until `purge` removes it; samples may outlive it, `visit` is None then.

        Raises:
            StoreError: If the database is out of reach.
        """

    @abstractmethod
    def delete_visit(self, visit_id: str) -> bool:
        """Erase a visit, its replies, feedback, letters and samples, and what waits to be written.

        Returns:
            Whether there was anything.

        Raises:
            StoreError: If the database is out of reach; memory is cleared nevertheless.
        """

    @abstractmethod
    def purge(self, at: float) -> int:
        """Erase what is expired then: visits, known deliveries, letters, samples; rows removed.

        Raises:
            StoreError: If the database is out of reach.
        """

    def forget_erased(self) -> None:
        """Leave nothing of erased rows behind where the database keeps a log of its own."""
        return

    @abstractmethod
    def ping(self) -> None:
        """Check that the database can be read and has this version's tables.

        Raises:
            StoreError: If not. A store whose writes fail may still pass: see `degraded`.
        """

    @abstractmethod
    def close(self) -> None:
        """Write what waits, then let go; replies recorded afterwards are dropped."""


def with_samples(stored: dict[str, Any] | None, samples: Sequence[Sample]) -> dict[str, Any] | None:
    """What is kept of a visit with the samples of it; None if there is neither."""
    if stored is None and not samples:
        return None
    shown = stored or {"visit": None, "replies": []}
    return {**shown, "samples": [to_dict(sample) for sample in samples]}
