"""Keys, calls and events for as long as the process lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from bot.store.doors import (
    CALL_LEASE_SECONDS,
    CALL_SECONDS,
    EVENT_SECONDS,
    Call,
    Calls,
    Delivery,
    Events,
    KeyRow,
    Keys,
    by_urgency,
)

_MAX_KEPT = 10_000


class MemoryKeys(Keys):
    """Keys in memory; of use in tests and to an embedding program only."""

    def __init__(self) -> None:
        self._rows: dict[str, KeyRow] = {}

    def add(self, row: KeyRow) -> None:
        self._rows[row.prefix] = row

    def all(self) -> list[KeyRow]:
        return sorted(self._rows.values(), key=lambda row: row.created_at)

    def end(self, prefix: str, *, expires_at: float | None, revoked_at: float | None) -> bool:
        row = self._rows.get(prefix)
        if row is not None:
            self._rows[prefix] = replace(row, expires_at=expires_at, revoked_at=revoked_at)
        return row is not None

    def touch(self, prefix: str, day: str) -> None:
        row = self._rows.get(prefix)
        if row is not None:
            self._rows[prefix] = replace(row, last_used_on=day)


@dataclass(slots=True)
class _Begun:
    call: Call
    at: float
    visit_id: str = ""

    def holds(self, at: float) -> bool:
        lease = CALL_LEASE_SECONDS if self.call.reply is None else CALL_SECONDS
        return at - self.at < lease


class MemoryCalls(Calls):
    """Calls in memory, the oldest forgotten first."""

    def __init__(self) -> None:
        self._begun: dict[str, _Begun] = {}
        self._lock = threading.Lock()

    def begin(self, call_id: str, body_code: str, at: float) -> Call | None:
        with self._lock:
            earlier = self._begun.get(call_id)
            if earlier is not None and earlier.holds(at):
                return earlier.call
            self._begun[call_id] = _Begun(Call(body_code, None), at)
            if len(self._begun) > _MAX_KEPT:
                del self._begun[next(iter(self._begun))]
            return None

    def finish(self, call_id: str, visit_id: str, reply: dict[str, Any]) -> Future[None]:
        with self._lock:
            begun = self._begun.get(call_id)
            if begun is not None:
                begun.call = Call(begun.call.body_code, reply)
                begun.visit_id = visit_id
        return done()

    def abandon(self, call_id: str) -> Future[None]:
        with self._lock:
            self._begun.pop(call_id, None)
        return done()

    def erase_visit(self, visit_id: str) -> int:
        return self._erase(lambda begun: begun.visit_id == visit_id)

    def purge(self, at: float) -> int:
        return self._erase(lambda begun: not begun.holds(at))

    def _erase(self, goes: Callable[[_Begun], bool]) -> int:
        with self._lock:
            gone = [call_id for call_id, begun in self._begun.items() if goes(begun)]
            for call_id in gone:
                del self._begun[call_id]
        return len(gone)


class MemoryEvents(Events):
    """Deliveries in memory: what waits when the process ends is lost."""

    def __init__(self) -> None:
        self._rows: dict[str, Delivery] = {}
        self._lock = threading.Lock()

    def add(self, deliveries: Sequence[Delivery]) -> Future[None]:
        with self._lock:
            self._rows.update({d.delivery_id: d for d in deliveries})
            while len(self._rows) > _MAX_KEPT:
                del self._rows[next(iter(self._rows))]
        return done()

    def claim(self, at: float, most: int, lease_seconds: float) -> list[Delivery]:
        with self._lock:
            due = [d for d in self._rows.values() if not d.is_dead and d.next_at <= at]
            taken = sorted(due, key=by_urgency)[:most]
            for delivery in taken:
                self._change(delivery.delivery_id, next_at=at + lease_seconds)
            return taken

    def done(self, delivery_id: str) -> None:
        with self._lock:
            self._rows.pop(delivery_id, None)

    def failed(self, delivery_id: str, next_at: float | None, why: str) -> None:
        with self._lock:
            row = self._rows.get(delivery_id)
            if row is not None:
                at = row.next_at if next_at is None else next_at
                self._change(
                    delivery_id,
                    n_tries=row.n_tries + 1,
                    is_dead=next_at is None,
                    next_at=at,
                    why=why,
                )

    def dead(self) -> list[Delivery]:
        with self._lock:
            return sorted((d for d in self._rows.values() if d.is_dead), key=lambda d: d.at)

    def revive(self, delivery_id: str | None, at: float) -> int:
        with self._lock:
            ids = [i for i, d in self._rows.items() if d.is_dead and delivery_id in (None, i)]
            for found in ids:
                self._change(found, n_tries=0, is_dead=False, next_at=at, why="")
            return len(ids)

    def erase_visit(self, visit_id: str) -> int:
        return self._erase(lambda d: d.visit_id == visit_id)

    def purge(self, at: float) -> int:
        return self._erase(lambda d: d.at < at - EVENT_SECONDS)

    def _change(self, delivery_id: str, **values: Any) -> None:
        self._rows[delivery_id] = replace(self._rows[delivery_id], **values)

    def _erase(self, goes: Callable[[Delivery], bool]) -> int:
        with self._lock:
            gone = [i for i, d in self._rows.items() if goes(d)]
            for delivery_id in gone:
                del self._rows[delivery_id]
        return len(gone)


def done() -> Future[None]:
    """A future of something that is done already."""
    future: Future[None] = Future()
    future.set_result(None)
    return future
