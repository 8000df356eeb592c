"""Statements of the outbox; each takes an open transaction.

A visitor's letters leave one by one, urgent ones first, then in the order of their making.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, exists, func, insert, or_, select, update

from bot.records import to_dict
from bot.store.letters import KEPT_SECONDS, SEEN_SECONDS, Decide, Decision, Letter, Settled
from bot.store.memory import reply_row
from bot.store.tables import Entry, load_visit, outbox, save_entries, seen, visits

_LETTER = [outbox.c[f.name] for f in fields(Letter)]


def answer_once(
    conn: Connection,
    seen_id: str,
    visit_id: str,
    at: float,
    decide: Decide,
    retention_seconds: float,
) -> Settled:
    """Decide about a message unless it is known, and write all that follows from it."""
    known = conn.execute(select(seen.c.kept).where(seen.c.seen_id == seen_id)).first()
    if known is not None:
        return Settled(None, known.kept)
    # PostgreSQL: nobody else decides about this visitor meanwhile. SQLite has one writer anyway.
    conn.execute(select(visits.c.visit_id).where(visits.c.visit_id == visit_id).with_for_update())
    visit = load_visit(conn, visit_id)
    if visit is not None and at - visit.at > retention_seconds:
        visit = None
    decision = decide(visit, _has_held(conn, visit_id))
    conn.execute(insert(seen), {"seen_id": seen_id, "at": at, "kept": decision.kept})
    _write(conn, decision, visit_id, at)
    return Settled(decision, decision.kept)


def _has_held(conn: Connection, visit_id: str) -> bool:
    held = select(outbox.c.letter_id).where(outbox.c.visit_id == visit_id, outbox.c.held)
    return conn.execute(held.limit(1)).first() is not None


def _write(conn: Connection, decision: Decision, visit_id: str, at: float) -> None:
    held = and_(outbox.c.visit_id == visit_id, outbox.c.held)
    if decision.frees_held:
        conn.execute(update(outbox).where(held).values(held=False, due_at=at))
    else:
        conn.execute(delete(outbox).where(held))
    if decision.reply is not None and decision.visit is not None:
        row = reply_row(
            decision.reply,
            decision.visit,
            guide_id=decision.guide_id,
            channel=decision.channel,
            ms=decision.ms,
            at=at,
        )
        save_entries(conn, [Entry(to_dict(decision.visit), row)])
    rows = [_row(decision, visit_id, at, sealed, held=False) for sealed in decision.letters]
    rows += [_row(decision, visit_id, at, sealed, held=True) for sealed in decision.held]
    if rows:
        conn.execute(insert(outbox), rows)


def _row(
    decision: Decision, visit_id: str, at: float, sealed: bytes, *, held: bool
) -> dict[str, Any]:
    return {
        "channel": decision.channel,
        "visit_id": visit_id,
        "urgent": decision.urgent,
        "held": held,
        "sealed": sealed,
        "n_tries": 0,
        "due_at": at,
        "claimed_until": 0.0,
        "expires_at": min(decision.expires_at or at + KEPT_SECONDS, at + KEPT_SECONDS),
    }


def claimable(at: float, n_letters: int) -> Select[Any]:
    """The first letter of each visitor that is due and in nobody's hands, urgent ones first."""
    before = outbox.alias("before")
    is_earlier = or_(
        before.c.urgent > outbox.c.urgent,
        and_(before.c.urgent == outbox.c.urgent, before.c.letter_id < outbox.c.letter_id),
    )
    has_earlier = exists().where(
        before.c.visit_id == outbox.c.visit_id, before.c.held.is_(False), is_earlier
    )
    return (
        select(*_LETTER)
        .where(
            outbox.c.held.is_(False),
            outbox.c.due_at <= at,
            outbox.c.claimed_until <= at,
            ~has_earlier,
        )
        .order_by(outbox.c.urgent.desc(), outbox.c.letter_id)
        .limit(n_letters)
    )


def claim(conn: Connection, at: float, lease_seconds: float, n_letters: int) -> list[Letter]:
    """Take letters for sending; nobody else gets them until the lease is over."""
    found = conn.execute(claimable(at, n_letters).with_for_update(skip_locked=True)).mappings()
    letters = [Letter(**row) for row in found]
    if letters:
        taken = outbox.c.letter_id.in_([letter.letter_id for letter in letters])
        conn.execute(
            update(outbox)
            .where(taken)
            .values(claimed_until=at + lease_seconds, n_tries=outbox.c.n_tries + 1)
        )
    return letters


def remove(conn: Connection, letter_id: int) -> None:
    """Forget a letter: it was sent, or given up."""
    conn.execute(delete(outbox).where(outbox.c.letter_id == letter_id))


def put_off(conn: Connection, letter_id: int, due_at: float) -> None:
    """Give a letter back to be sent later."""
    conn.execute(
        update(outbox)
        .where(outbox.c.letter_id == letter_id)
        .values(due_at=due_at, claimed_until=0.0)
    )


def n_letters(conn: Connection) -> int:
    """Letters that are not yet sent, held ones included."""
    return conn.scalar(select(func.count()).select_from(outbox)) or 0


def erase_letters(conn: Connection, visit_ids: Collection[str]) -> int:
    """Delete all letters of these visits; rows removed."""
    return conn.execute(delete(outbox).where(outbox.c.visit_id.in_(visit_ids))).rowcount


def erase_old(conn: Connection, at: float) -> int:
    """Forget deliveries, answers and letters whose time is over; rows removed."""
    conn.execute(
        update(seen)
        .where(seen.c.at < at - KEPT_SECONDS, seen.c.kept.is_not(None))
        .values(kept=None)
    )
    n_seen = conn.execute(delete(seen).where(seen.c.at < at - SEEN_SECONDS)).rowcount
    # The sender removes what is late and counts it; this is for channels that are switched off.
    n_late = conn.execute(delete(outbox).where(outbox.c.expires_at < at - 60.0)).rowcount
    return n_seen + n_late
