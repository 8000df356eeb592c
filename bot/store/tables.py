"""The tables, and the statements on them; each statement function takes an open transaction.

When to begin and commit is left to `writer` and `sql`. Plain SQL that PostgreSQL takes too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from bot.records import Visit, to_dict

# The newest migration; a test keeps it in step. A database that is there already is then
# opened without importing Alembic, which takes as long as SQLAlchemy itself.
REVISION = "0004"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

visits = Table(
    "visits",
    metadata,
    Column("visit_id", String, primary_key=True),
    Column("guide_id", String, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("last_outcome", String),
    Column("last_reason", String, nullable=False),
    Column("last_passages", JSON, nullable=False),
    Column("carried", JSON, nullable=False),
    Column("choices", JSON, nullable=False),
    Column("more", String),
    Column("n_misses", Integer, nullable=False),
    Column("at", Float, nullable=False, index=True),
)

replies = Table(
    "replies",
    metadata,
    Column("reply_id", String, primary_key=True),
    Column(
        "visit_id",
        String,
        ForeignKey("visits.visit_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("guide", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("passage_ids", JSON, nullable=False),
    Column("guide_version", String, nullable=False),
    Column("policy_version", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("ms", Float, nullable=False),
    Column("at", Float, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column(
        "reply_id", String, ForeignKey("replies.reply_id", ondelete="CASCADE"), primary_key=True
    ),
    Column("helpful", Boolean, nullable=False),
    Column("at", Float, nullable=False),
)

seen = Table(
    "seen",
    metadata,
    Column("seen_id", String, primary_key=True),
    Column("at", Float, nullable=False, index=True),
    Column("kept", LargeBinary),
)

outbox = Table(
    "outbox",
    metadata,
    Column("letter_id", Integer, primary_key=True),
    Column("channel", String, nullable=False),
    # No foreign key: a visit may expire while a letter of it still has to be sent.
    Column("visit_id", String, nullable=False, index=True),
    Column("urgent", Boolean, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("n_tries", Integer, nullable=False),
    Column("due_at", Float, nullable=False, index=True),
    Column("claimed_until", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    # A number is never given twice, so that the order of letters is the order of their making.
    sqlite_autoincrement=True,
)

_KEY = "key_of_row"
_UPDATE_VISIT = update(visits).where(visits.c.visit_id == bindparam(_KEY))
_VISIT_FIELDS = tuple(f.name for f in fields(Visit))


class Entry(NamedTuple):
    """One reply and the state of its visit afterwards, as rows."""

    visit: dict[str, Any]
    reply: dict[str, Any]


def save_entries(conn: Connection, entries: Sequence[Entry]) -> None:
    """Insert replies and the last state of each of their visits."""
    latest = {entry.visit["visit_id"]: entry.visit for entry in entries}
    # No upsert: SQLAlchemy has it per dialect only, and a group needs this query just once.
    known = set(conn.scalars(select(visits.c.visit_id).where(visits.c.visit_id.in_(latest))))
    new = [row for visit_id, row in latest.items() if visit_id not in known]
    changed = [{**latest[visit_id], _KEY: visit_id} for visit_id in known]
    if new:
        conn.execute(insert(visits), new)
    if changed:
        conn.execute(_UPDATE_VISIT, changed)
    conn.execute(insert(replies), [entry.reply for entry in entries])


def load_visit(conn: Connection, visit_id: str) -> Visit | None:
    """The visit's stored state, expired or not."""
    row = conn.execute(select(visits).where(visits.c.visit_id == visit_id)).mappings().first()
    if row is None:
        return None
    values: dict[str, Any] = {name: row[name] for name in _VISIT_FIELDS}
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    return Visit(**values)


def save_vote(conn: Connection, reply_id: str, helpful: bool, at: float) -> bool:
    """Replace the vote on a reply; False if there is no such reply."""
    if conn.scalar(select(replies.c.reply_id).where(replies.c.reply_id == reply_id)) is None:
        return False
    conn.execute(delete(feedback).where(feedback.c.reply_id == reply_id))
    conn.execute(insert(feedback), {"reply_id": reply_id, "helpful": helpful, "at": at})
    return True


def export_visit(conn: Connection, visit_id: str) -> dict[str, Any] | None:
    """All rows of a visit; see `Store.export_visit`."""
    visit = load_visit(conn, visit_id)
    if visit is None:
        return None
    voted = feedback.c.helpful, feedback.c.at.label("voted_at")
    rows = conn.execute(
        select(replies, *voted)
        .outerjoin_from(replies, feedback)
        .where(replies.c.visit_id == visit_id)
        .order_by(replies.c.at, replies.c.reply_id)
    ).mappings()
    return {"visit": to_dict(visit), "replies": [_with_vote(dict(row)) for row in rows]}


def erase_visits(conn: Connection, visit_ids: Collection[str]) -> int:
    """Delete visits with replies and votes; rows removed."""
    theirs = select(replies.c.reply_id).where(replies.c.visit_id.in_(visit_ids))
    return sum(
        conn.execute(statement).rowcount
        for statement in (
            delete(feedback).where(feedback.c.reply_id.in_(theirs)),
            delete(replies).where(replies.c.visit_id.in_(visit_ids)),
            delete(visits).where(visits.c.visit_id.in_(visit_ids)),
        )
    )


def erase_expired(conn: Connection, before: float, n_visits: int) -> int:
    """Delete up to so many visits whose last turn was before that time; rows removed."""
    expired = select(visits.c.visit_id).where(visits.c.at < before).limit(n_visits)
    visit_ids = conn.scalars(expired).all()
    return erase_visits(conn, visit_ids) if visit_ids else 0


def _with_vote(row: dict[str, Any]) -> dict[str, Any]:
    helpful, voted_at = row.pop("helpful"), row.pop("voted_at")
    vote = None if helpful is None else {"helpful": helpful, "at": voted_at}
    return {**row, "feedback": vote}
