"""Samples in the database, through the one thread that writes."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Delete,
    Float,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
)

from bot.store.samples import Sample, Samples
from bot.store.tables import metadata
from bot.store.writer import Writer

samples = Table(
    "samples",
    metadata,
    Column("sample_id", String, primary_key=True),
    # No foreign key: a sample outlives its visit, and is erased by the visit's id all the same.
    Column("visit_id", String, nullable=False, index=True),
    Column("guide", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("lang", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("passage_ids", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("guide_version", String, nullable=False),
    Column("policy_version", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
)
_FIELDS = tuple(f.name for f in fields(Sample))


class SqlSamples(Samples):
    """A table of its own; see `Samples`."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def add(self, sample: Sample) -> Future[None]:
        row = {**asdict(sample), "passage_ids": list(sample.passage_ids)}

        def write(conn: Connection) -> None:
            conn.execute(insert(samples), row)

        return self._writer.submit(write)

    def all(self, outcome: str | None = None) -> list[Sample]:
        chosen = select(samples).order_by(samples.c.at, samples.c.sample_id)
        if outcome is not None:
            chosen = chosen.where(samples.c.outcome == outcome)
        return self._read(chosen)

    def of_visit(self, visit_id: str) -> list[Sample]:
        theirs = select(samples).where(samples.c.visit_id == visit_id)
        return self._read(theirs.order_by(samples.c.at, samples.c.sample_id))

    def erase_visit(self, visit_id: str) -> int:
        return self._erase(delete(samples).where(samples.c.visit_id == visit_id))

    def purge(self, at: float) -> int:
        return self._erase(delete(samples).where(samples.c.expires_at <= at))

    def clear(self) -> int:
        return self._erase(delete(samples))

    def _read(self, statement: Any) -> list[Sample]:
        return self._writer.call(
            lambda conn: [_sample(row) for row in conn.execute(statement).mappings()]
        )

    def _erase(self, statement: Delete) -> int:
        return self._writer.call(lambda conn: conn.execute(statement).rowcount)


def _sample(row: Any) -> Sample:
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    return Sample(**{**values, "passage_ids": tuple(values["passage_ids"])})
