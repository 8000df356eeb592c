"""Keys, calls and events in the database, all through the one thread that writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Executable,
    Float,
    Integer,
    String,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from bot.store.doors import (
    CALL_LEASE_SECONDS,
    CALL_SECONDS,
    EVENT_SECONDS,
    URGENT_KIND,
    Call,
    Calls,
    Delivery,
    Events,
    KeyRow,
    Keys,
)
from bot.store.tables import metadata
from bot.store.writer import Writer

api_keys = Table(
    "api_keys",
    metadata,
    Column("prefix", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("name", String, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Column("revoked_at", Float),
    Column("last_used_on", String, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("call_id", String, primary_key=True),
    Column("body_code", String, nullable=False),
    Column("visit_id", String, nullable=False, index=True),
    # Null until there is one; JSON's own null would be a value.
    Column("reply", JSON(none_as_null=True)),
    Column("at", Float, nullable=False, index=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String, primary_key=True),
    Column("event_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("target", String, nullable=False),
    Column("visit_id", String, nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("at", Float, nullable=False, index=True),
    Column("next_at", Float, nullable=False, index=True),
    Column("n_tries", Integer, nullable=False),
    Column("is_dead", Boolean, nullable=False),
    Column("why", String, nullable=False),
)

_DELIVERY = tuple(f.name for f in fields(Delivery))
_KEY = tuple(f.name for f in fields(KeyRow))


class SqlKeys(Keys):
    """Keys in the database; raises StoreError where it is out of reach, as all here do."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def add(self, row: KeyRow) -> None:
        values = {**asdict(row), "scopes": list(row.scopes)}
        self._writer.call(_run(insert(api_keys).values(values)))

    def all(self) -> list[KeyRow]:
        def read(conn: Connection) -> list[KeyRow]:
            rows = conn.execute(select(api_keys).order_by(api_keys.c.created_at)).mappings()
            return [
                KeyRow(**{n: row[n] for n in _KEY} | {"scopes": tuple(row["scopes"])})
                for row in rows
            ]

        return self._writer.call(read)

    def end(self, prefix: str, *, expires_at: float | None, revoked_at: float | None) -> bool:
        change = (
            update(api_keys)
            .where(api_keys.c.prefix == prefix)
            .values(expires_at=expires_at, revoked_at=revoked_at)
        )
        return self._writer.call(_count(change)) > 0

    def touch(self, prefix: str, day: str) -> None:
        change = update(api_keys).where(api_keys.c.prefix == prefix).values(last_used_on=day)
        self._writer.call(_run(change))


class SqlCalls(Calls):
    """Calls in the database: of several processes one gets each."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def begin(self, call_id: str, body_code: str, at: float) -> Call | None:
        # SQLite: one transaction, which holds the write lock from its start. PostgreSQL: of two
        # that insert at once, one is told so, and finds the other's row.
        def take(conn: Connection) -> Call | None:
            earlier = _earlier(conn, call_id, at)
            if earlier is not None:
                return earlier
            begun = {"call_id": call_id, "body_code": body_code, "visit_id": "", "at": at}
            try:
                with conn.begin_nested():
                    conn.execute(delete(calls).where(calls.c.call_id == call_id))
                    conn.execute(insert(calls), {**begun, "reply": None})
            except IntegrityError:
                return _earlier(conn, call_id, at)
            return None

        return self._writer.call(take)

    def finish(self, call_id: str, visit_id: str, reply: dict[str, Any]) -> Future[None]:
        change = (
            update(calls).where(calls.c.call_id == call_id).values(visit_id=visit_id, reply=reply)
        )
        return self._writer.submit(_run(change))

    def abandon(self, call_id: str) -> Future[None]:
        gone = delete(calls).where(calls.c.call_id == call_id)
        return self._writer.submit(_run(gone))

    def erase_visit(self, visit_id: str) -> int:
        gone = delete(calls).where(calls.c.visit_id == visit_id)
        return self._writer.call(_count(gone))

    def purge(self, at: float) -> int:
        over = or_(
            calls.c.at < at - CALL_SECONDS,
            calls.c.reply.is_(None) & (calls.c.at < at - CALL_LEASE_SECONDS),
        )
        return self._writer.call(_count(delete(calls).where(over)))


class SqlEvents(Events):
    """Deliveries in the database: what was added outlives the process."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def add(self, new: Sequence[Delivery]) -> Future[None]:
        rows = [asdict(delivery) for delivery in new]
        return self._writer.submit(_run(insert(deliveries).values(rows)))

    def claim(self, at: float, most: int, lease_seconds: float) -> list[Delivery]:
        due = (
            select(deliveries)
            .where(deliveries.c.next_at <= at, deliveries.c.is_dead.is_(False))
            .order_by(deliveries.c.kind != URGENT_KIND, deliveries.c.at)
            .limit(most)
        )

        def take(conn: Connection) -> list[Delivery]:
            rows = [_delivery(row) for row in conn.execute(due).mappings()]
            ids = [row.delivery_id for row in rows]
            if ids:
                held = update(deliveries).where(deliveries.c.delivery_id.in_(ids))
                conn.execute(held.values(next_at=at + lease_seconds))
            return rows

        return self._writer.call(take)

    def done(self, delivery_id: str) -> None:
        gone = delete(deliveries).where(deliveries.c.delivery_id == delivery_id)
        self._writer.call(_run(gone))

    def failed(self, delivery_id: str, next_at: float | None, why: str) -> None:
        values: dict[str, Any] = {"n_tries": deliveries.c.n_tries + 1, "why": why}
        values |= {"is_dead": True} if next_at is None else {"next_at": next_at}
        change = update(deliveries).where(deliveries.c.delivery_id == delivery_id).values(values)
        self._writer.call(_run(change))

    def dead(self) -> list[Delivery]:
        letters = select(deliveries).where(deliveries.c.is_dead).order_by(deliveries.c.at)
        return self._writer.call(
            lambda conn: [_delivery(row) for row in conn.execute(letters).mappings()]
        )

    def revive(self, delivery_id: str | None, at: float) -> int:
        letters = update(deliveries).where(deliveries.c.is_dead)
        if delivery_id is not None:
            letters = letters.where(deliveries.c.delivery_id == delivery_id)
        again = letters.values(n_tries=0, is_dead=False, next_at=at, why="")
        return self._writer.call(_count(again))

    def erase_visit(self, visit_id: str) -> int:
        gone = delete(deliveries).where(deliveries.c.visit_id == visit_id)
        return self._writer.call(_count(gone))

    def purge(self, at: float) -> int:
        gone = delete(deliveries).where(deliveries.c.at < at - EVENT_SECONDS)
        return self._writer.call(_count(gone))


def _earlier(conn: Connection, call_id: str, at: float) -> Call | None:
    """The call that holds this id, unless its time is over."""
    row = conn.execute(select(calls).where(calls.c.call_id == call_id)).mappings().first()
    if row is None:
        return None
    lease = CALL_LEASE_SECONDS if row["reply"] is None else CALL_SECONDS
    return Call(row["body_code"], row["reply"]) if at - row["at"] < lease else None


def _run(statement: Executable) -> Callable[[Connection], None]:
    def run(conn: Connection) -> None:
        conn.execute(statement)

    return run


def _count(statement: Executable) -> Callable[[Connection], int]:
    def run(conn: Connection) -> int:
        return conn.execute(statement).rowcount

    return run


def _delivery(row: Any) -> Delivery:
    return Delivery(**{name: row[name] for name in _DELIVERY})
