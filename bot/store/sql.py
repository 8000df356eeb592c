"""The store on a database, with the visits used last in memory before it.

Another process's writes to a visit that is in memory here go unseen; see `StoreLimits`.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from bot.errors import StoreError
from bot.records import Reply, Visit, to_dict
from bot.store import outbox, tables
from bot.store.base import Store, StoreLimits, VisitCache, with_samples
from bot.store.database import FAULTS, Database, explain
from bot.store.doors_sql import SqlCalls, SqlEvents, SqlKeys
from bot.store.letters import Decide, Letter, Settled
from bot.store.memory import reply_row
from bot.store.samples_sql import SqlSamples
from bot.store.writer import Writer

# Visits erased per transaction: a few milliseconds, so that replies need not wait for a purge.
_PURGE_VISITS = 200


class SqlStore(Store):
    """A `Store` on SQLite or PostgreSQL."""

    def __init__(self, url: str, retention_hours: int, limits: StoreLimits) -> None:
        super().__init__(retention_hours, limits)
        self._database = Database(url, limits)
        self._visits = VisitCache(limits.max_cached_visits)
        try:
            self._database.prepare()
        except StoreError:
            self._database.forget()
            raise
        except FAULTS as error:
            self._database.forget()
            self.health.fault(explain(error))
        self._writer = Writer(self._database, self.health, limits)
        self.keys = SqlKeys(self._writer)
        self.calls = SqlCalls(self._writer)
        self.events = SqlEvents(self._writer)
        self.samples = SqlSamples(self._writer)

    def load_visit(self, visit_id: str, at: float) -> Visit | None:
        visit = self._visits.get(visit_id) or self._read_visit(visit_id)
        return visit if visit and at - visit.at <= self.retention_seconds else None

    def record(
        self, reply: Reply, visit: Visit, *, guide_id: str, channel: str, ms: float, at: float
    ) -> Future[bool]:
        self._visits.put(visit)
        row = reply_row(reply, visit, guide_id=guide_id, channel=channel, ms=ms, at=at)
        return self._writer.put(tables.Entry(to_dict(visit), row))

    def answer_once(self, seen_id: str, visit_id: str, at: float, decide: Decide) -> Settled:
        keep = self.retention_seconds
        settled = self._writer.call(
            lambda conn: outbox.answer_once(conn, seen_id, visit_id, at, decide, keep)
        )
        made = settled.decision
        if made is not None and made.visit is not None:
            self._visits.put(made.visit)
            self.health.works(1)
        return settled

    def claim_letters(self, at: float, lease_seconds: float, n_letters: int) -> list[Letter]:
        # Looked at first without the write lock: mostly there is nothing to send.
        if not self._database.ready or not self._any_due(at):
            return []
        return self._writer.call(lambda conn: outbox.claim(conn, at, lease_seconds, n_letters))

    def remove_letter(self, letter_id: int) -> None:
        self._writer.call(lambda conn: outbox.remove(conn, letter_id))

    def put_off_letter(self, letter_id: int, due_at: float) -> None:
        self._writer.call(lambda conn: outbox.put_off(conn, letter_id, due_at))

    def n_letters(self) -> int:
        return self._writer.call(outbox.n_letters)

    def save_feedback(self, reply_id: str, helpful: bool, at: float) -> bool:
        return self._writer.call(lambda conn: tables.save_vote(conn, reply_id, helpful, at))

    def export_visit(self, visit_id: str) -> dict[str, Any] | None:
        # Asked of the writer, so that what was queued before is in it.
        stored = self._writer.call(lambda conn: tables.export_visit(conn, visit_id))
        visit = self._visits.get(visit_id)
        if stored is None and visit is not None:
            stored = {"visit": to_dict(visit), "replies": []}
        return with_samples(stored, self.samples.of_visit(visit_id))

    def delete_visit(self, visit_id: str) -> bool:
        was_cached = self._visits.drop(visit_id)
        n_rows = self._writer.call(
            lambda conn: (
                tables.erase_visits(conn, [visit_id]) + outbox.erase_letters(conn, [visit_id])
            )
        )
        n_rows += self.calls.erase_visit(visit_id) + self.events.erase_visit(visit_id)
        n_rows += self.samples.erase_visit(visit_id)
        self._database.truncate_log()
        return was_cached or n_rows > 0

    def purge(self, at: float) -> int:
        before = at - self.retention_seconds
        self._visits.drop_before(before)
        self.calls.purge(at)
        self.events.purge(at)
        n_rows = self._writer.call(lambda conn: outbox.erase_old(conn, at))
        n_rows += self.samples.purge(at)
        while n_more := self._writer.call(
            lambda conn: tables.erase_expired(conn, before, _PURGE_VISITS)
        ):
            n_rows += n_more
        if n_rows:
            self._database.truncate_log()
        return n_rows

    def forget_erased(self) -> None:
        self._database.truncate_log()

    def ping(self) -> None:
        if not self._database.ready:
            self._writer.call(lambda _conn: None)
        try:
            self._database.ping()
        except FAULTS as error:
            raise StoreError(explain(error), where=self._database.where) from error

    def close(self) -> None:
        self._writer.close()
        self._database.forget()

    def _any_due(self, at: float) -> bool:
        try:
            with self._database.reading() as conn:
                return conn.execute(outbox.claimable(at, 1)).first() is not None
        except FAULTS as error:
            raise StoreError(explain(error), where=self._database.where) from error

    def _read_visit(self, visit_id: str) -> Visit | None:
        if self.health.resting() or not self._database.ready:
            return None
        try:
            with self._database.reading() as conn:
                return tables.load_visit(conn, visit_id)
        except FAULTS as error:
            self.health.fault(explain(error))
            return None
