"""One thread that commits all that waits in one transaction, so that many replies share a commit.

What is written is left to `tables`; who may wait for it, to `sql`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from bot.errors import StoreError
from bot.store.base import Health, StoreLimits
from bot.store.database import FAULTS, Database, explain
from bot.store.tables import Entry, save_entries

T = TypeVar("T")
log = logging.getLogger("bot.store")


@dataclass(frozen=True, slots=True)
class _Reply:
    """A reply to write: its future says whether it was, and never fails."""

    entry: Entry
    future: Future[bool]


@dataclass(frozen=True, slots=True)
class _Call:
    """Any other work in order with the replies: its future has the result or StoreError."""

    work: Callable[[Connection], Any]
    future: Future[Any]


_Item = _Reply | _Call


class Writer:
    """The only thread that writes; begins at once, ends with `close`."""

    def __init__(self, database: Database, health: Health, limits: StoreLimits) -> None:
        self._database = database
        self._health = health
        self._limits = limits
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._failing = False
        self._told_of_misfit = False
        # A daemon, so that a process that never closes the store can still end.
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> Future[bool]:
        """Queue a reply; see `Store.record`."""
        future: Future[bool] = Future()
        # Running from the start: a door that stops waiting cancels its future, not the write.
        future.set_running_or_notify_cancel()
        if self._health.resting() or not self._enqueue(_Reply(entry, future)):
            self._health.dropped(1)
            future.set_result(False)
        return future

    def call(self, work: Callable[[Connection], T]) -> T:
        """Do some work after all that is queued, also while resting; wait for its result.

        Raises:
            StoreError: If the database is out of reach or too slow.
        """
        try:
            return self.submit(work).result(self._limits.call_seconds)
        except TimeoutError as error:
            raise StoreError("does not answer in time", where=self._database.where) from error

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Queue some work behind all that waits; its result, or StoreError, comes later."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        if not self._enqueue(_Call(work, future)):
            future.set_exception(
                StoreError("too much waits to be written", where=self._database.where)
            )
        return future

    def close(self) -> None:
        """Write what is queued, then end."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join(self._limits.call_seconds)

    def _enqueue(self, item: _Item) -> bool:
        with self._closing:
            if self._closed:
                return False
            if self._queue.qsize() < self._limits.max_queued:
                self._queue.put(item)
                return True
        self._health.fault("too much waits to be written")
        return False

    def _run(self) -> None:
        open_for_more = True
        while open_for_more:
            batch, open_for_more = self._next_batch()
            # Not when the store rests because its queue was full: that is what empties it.
            if self._failing and self._health.resting():
                batch = self._give_up_replies(batch)
            if batch:
                self._commit(batch)

    def _next_batch(self) -> tuple[list[_Item], bool]:
        batch: list[_Item] = []
        item = self._queue.get()
        while item is not None:
            batch.append(item)
            try:
                item = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _give_up_replies(self, batch: list[_Item]) -> list[_Item]:
        replies = [item for item in batch if isinstance(item, _Reply)]
        self._health.dropped(len(replies))
        for item in replies:
            item.future.set_result(False)
        return [item for item in batch if isinstance(item, _Call)]

    def _commit(self, batch: list[_Item]) -> None:
        # Caught broadly here, since this thread must outlive whatever happens.
        try:
            self._database.prepare()
        except Exception as error:  # noqa: BLE001
            self._fault(batch, error)
            return
        try:
            results = self._write(batch)
        except Exception as error:  # noqa: BLE001
            self._settle(batch, error)
            return
        if n_replies := _n_replies(batch):
            self._failing = False
            self._health.works(n_replies)
        for item, result in zip(batch, results, strict=True):
            item.future.set_result(result)

    def _write(self, batch: list[_Item]) -> list[Any]:
        results: list[Any] = []
        with self._database.writing() as conn:
            for _kind, group in groupby(batch, key=type):
                results += _apply(conn, list(group))
        return results

    def _settle(self, batch: list[_Item], error: Exception) -> None:
        if not _is_of_a_row(error):
            self._fault(batch, error)
        elif len(batch) == 1:
            self._misfit(batch, error)
        else:
            # One row that does not fit must not take its neighbours with it.
            for item in batch:
                self._commit([item])

    def _fault(self, batch: list[_Item], error: Exception) -> None:
        self._failing = True
        self._database.forget()
        self._health.fault(explain(error), n_failed=_n_replies(batch))
        self._refuse(batch, error)

    def _misfit(self, batch: list[_Item], error: Exception) -> None:
        self._health.refused(_n_replies(batch))
        if not self._told_of_misfit:
            self._told_of_misfit = True
            log.warning("store: a row does not fit and is left out (%s)", type(error).__name__)
        self._refuse(batch, error)

    def _refuse(self, batch: list[_Item], error: Exception) -> None:
        for item in batch:
            if isinstance(item, _Reply):
                item.future.set_result(False)
            else:
                failure = StoreError(explain(error), where=self._database.where)
                failure.__cause__ = error
                item.future.set_exception(failure)


def _apply(conn: Connection, group: list[_Item]) -> list[Any]:
    entries = [item.entry for item in group if isinstance(item, _Reply)]
    if entries:
        save_entries(conn, entries)
        return [True] * len(entries)
    return [item.work(conn) for item in group if isinstance(item, _Call)]


def _is_of_a_row(error: Exception) -> bool:
    """Whether the rows are at fault and the database is not."""
    if isinstance(error, DBAPIError):
        return isinstance(error, (IntegrityError, DataError))
    return isinstance(error, StatementError) or not isinstance(error, FAULTS)


def _n_replies(batch: list[_Item]) -> int:
    return sum(isinstance(item, _Reply) for item in batch)
