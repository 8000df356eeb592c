"""The store keeps what it acknowledged, forgets what it must, and never stands in a reply's way."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

from bot.errors import StoreError
from bot.records import Card, Excerpt, Reply, Visit
from bot.store import Store, StoreLimits, open_store, tables
from bot.store.base import Health, VisitCache
from bot.store.database import alembic_config
from bot.store.memory import reply_row
from bot.store.migrations.__main__ import write_step

NOON = 1_700_000_000.0
HOUR = 3600.0
VISIT_ID = "visit-0123456789"
CANARY = "myGrandmotherTookHers"
QUICK = StoreLimits(busy_ms=50, back_off_seconds=0.02, max_back_off_seconds=0.05)
FULL_VISIT = Visit(
    visit_id=VISIT_ID,
    guide_id="b12",
    turn=3,
    last_outcome="clarify",
    last_reason="two_sections",
    last_passages=("benefits-1", "overdose-risk-2"),
    carried=("energi", "nerv"),
    choices=("benefits-1",),
    more="benefits-1",
    n_misses=1,
    at=NOON,
)


def a_reply(reply_id: str = "reply-1", visit_id: str = VISIT_ID) -> Reply:
    """A reply that says the canary wherever a reply says anything."""
    excerpt = Excerpt(
        "b12", "benefits-1", CANARY, (CANARY,), CANARY, CANARY, 0, 21, "0" * 64, f"/?q={CANARY}"
    )
    return Reply(
        reply_id=reply_id,
        visit_id=visit_id,
        outcome="answer",
        reason="covered",
        text=CANARY,
        excerpts=(excerpt,),
        suggestions=(),
        card=Card("info", CANARY, (CANARY,)),
        notice=CANARY,
        lang="en",
        guide_version="2024",
        policy_version="p1",
        explain={"readings": [CANARY]},
    )


def record(
    store: Store, reply_id: str = "reply-1", visit: Visit = FULL_VISIT, at: float = NOON
) -> Future[bool]:
    reply = a_reply(reply_id, visit.visit_id)
    return store.record(reply, visit, guide_id="b12", channel="web", ms=0.5, at=at)


def kept(store: Store, reply_id: str = "reply-1", visit: Visit = FULL_VISIT) -> bool:
    return record(store, reply_id, visit).result(10)


def eventually(check: Callable[[], bool], seconds: float = 10.0) -> None:
    """Ask again and again until it is so, or fail at the deadline."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not check():
        assert time.monotonic() < deadline, "it did not come to be in time"
        pause.wait(0.005)


class StoreContract:
    """What holds for every store; a member says how to open one."""

    def open(self, folder: Path, limits: StoreLimits = QUICK) -> Store:
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = self.open(tmp_path)
        yield store
        store.close()

    def test_a_recorded_visit_is_loaded_in_full(self, store: Store) -> None:
        assert kept(store)
        assert store.load_visit(VISIT_ID, NOON + 1) == FULL_VISIT

    def test_a_visit_is_known_at_once(self, store: Store) -> None:
        record(store)
        assert store.load_visit(VISIT_ID, NOON) == FULL_VISIT

    def test_an_unknown_visit_is_none(self, store: Store) -> None:
        assert store.load_visit("visit-never-heard-of", NOON) is None
        assert store.export_visit("visit-never-heard-of") is None
        assert store.delete_visit("visit-never-heard-of") is False

    def test_the_newest_state_counts(self, store: Store) -> None:
        assert kept(store)
        later = replace(FULL_VISIT, turn=4, last_outcome=None, more=None, choices=(), at=NOON + 9)
        assert kept(store, "reply-2", later)
        assert store.load_visit(VISIT_ID, NOON + 9) == later

    def test_a_visit_expires_after_its_hours(self, store: Store) -> None:
        assert kept(store)
        assert store.load_visit(VISIT_ID, NOON + 2 * HOUR) == FULL_VISIT
        assert store.load_visit(VISIT_ID, NOON + 2 * HOUR + 0.1) is None

    def test_a_vote_is_kept_and_the_last_one_counts(self, store: Store) -> None:
        assert kept(store)
        assert store.save_feedback("reply-1", True, NOON + 1)
        assert store.save_feedback("reply-1", False, NOON + 2)
        exported = store.export_visit(VISIT_ID)
        assert exported is not None
        assert exported["replies"][0]["feedback"] == {"helpful": False, "at": NOON + 2}

    def test_a_vote_on_an_unknown_reply_is_refused(self, store: Store) -> None:
        assert store.save_feedback("reply-1", True, NOON) is False

    def test_a_vote_may_follow_at_once(self, store: Store) -> None:
        record(store)
        assert store.save_feedback("reply-1", True, NOON)

    def test_the_export_has_all_that_is_kept(self, store: Store) -> None:
        record(store, "reply-1", at=NOON)
        record(store, "reply-2", at=NOON + 5)
        exported = store.export_visit(VISIT_ID)
        assert exported is not None
        assert json.loads(json.dumps(exported)) == exported
        assert exported["visit"]["carried"] == ["energi", "nerv"]
        assert {f.name for f in fields(Visit)} == set(exported["visit"])
        assert [r["reply_id"] for r in exported["replies"]] == ["reply-1", "reply-2"]
        assert exported["replies"][0] == {
            "reply_id": "reply-1",
            "visit_id": VISIT_ID,
            "guide": "b12",
            "outcome": "answer",
            "reason": "covered",
            "passage_ids": ["benefits-1"],
            "guide_version": "2024",
            "policy_version": "p1",
            "channel": "web",
            "ms": 0.5,
            "at": NOON,
            "feedback": None,
        }

    def test_no_words_are_kept(self, store: Store) -> None:
        assert kept(store)
        assert CANARY not in json.dumps(store.export_visit(VISIT_ID))

    def test_an_erased_visit_is_gone_with_its_replies_and_votes(self, store: Store) -> None:
        assert kept(store)
        store.save_feedback("reply-1", True, NOON)
        assert store.delete_visit(VISIT_ID) is True
        assert store.load_visit(VISIT_ID, NOON) is None
        assert store.export_visit(VISIT_ID) is None
        assert store.save_feedback("reply-1", True, NOON) is False
        assert store.delete_visit(VISIT_ID) is False

    def test_erasing_catches_what_was_just_recorded(self, store: Store) -> None:
        for n in range(50):
            record(store, f"reply-{n}")
        assert store.delete_visit(VISIT_ID) is True
        assert store.export_visit(VISIT_ID) is None

    def test_purging_removes_expired_visits_only_and_counts_rows(self, store: Store) -> None:
        assert kept(store, "reply-1")
        assert kept(store, "reply-2")
        store.save_feedback("reply-2", True, NOON)
        fresh = replace(FULL_VISIT, visit_id="visit-of-later-on", at=NOON + HOUR)
        assert kept(store, "reply-3", fresh)
        assert store.purge(NOON + 2 * HOUR) == 0
        assert store.purge(NOON + 2 * HOUR + 1) == 1 + 2 + 1
        assert store.export_visit(VISIT_ID) is None
        assert store.load_visit(fresh.visit_id, NOON + HOUR) == fresh
        assert store.purge(NOON + 2 * HOUR + 1) == 0

    def test_many_expired_visits_are_purged_in_one_call(self, store: Store) -> None:
        for n in range(450):
            record(store, f"reply-{n}", replace(FULL_VISIT, visit_id=f"visit-of-many-{n:04}"))
        assert store.purge(NOON + 3 * HOUR) == 900

    def test_eight_threads_record_at_once(self, store: Store) -> None:
        def one(n: int) -> bool:
            visit = replace(FULL_VISIT, visit_id=f"visit-of-thread-{n % 8}", turn=n)
            done = record(store, f"reply-{n}", visit)
            assert store.load_visit(visit.visit_id, NOON) is not None
            return done.result(10)

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(one, range(400)))
        exports = [store.export_visit(f"visit-of-thread-{n}") for n in range(8)]
        replies = [r["reply_id"] for e in exports if e for r in e["replies"]]
        assert sorted(replies) == sorted(f"reply-{n}" for n in range(400))
        assert (store.n_written, store.n_failed, store.n_dropped) == (400, 0, 0)

    def test_a_healthy_store_says_so(self, store: Store) -> None:
        store.ping()
        assert store.degraded is False

    def test_after_closing_replies_are_dropped(self, store: Store) -> None:
        store.close()
        assert kept(store) is False
        assert store.n_dropped == 1
        store.close()


class TestMemoryStore(StoreContract):
    def open(self, folder: Path, limits: StoreLimits = QUICK) -> Store:
        return open_store("", retention_hours=2, limits=limits)

    def test_the_oldest_visit_leaves_first(self, tmp_path: Path) -> None:
        store = self.open(tmp_path, StoreLimits(max_cached_visits=2))
        visits = [replace(FULL_VISIT, visit_id=f"visit-of-order-{n}") for n in range(3)]
        for n, visit in enumerate(visits):
            record(store, f"reply-{n}", visit)
        assert [store.load_visit(v.visit_id, NOON) for v in visits] == [None, *visits[1:]]
        assert store.save_feedback("reply-0", True, NOON) is False

    def test_a_visit_keeps_so_many_replies(self, tmp_path: Path) -> None:
        store = self.open(tmp_path, StoreLimits(max_replies_per_visit=2))
        for n in range(3):
            record(store, f"reply-{n}")
        exported = store.export_visit(VISIT_ID)
        assert exported is not None
        assert [r["reply_id"] for r in exported["replies"]] == ["reply-1", "reply-2"]

    def test_it_needs_no_sqlalchemy(self) -> None:
        program = (
            "import sys; from bot.store import open_store; open_store('', retention_hours=1);"
            "sys.exit('sqlalchemy' in sys.modules)"
        )
        assert (
            subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
        )


ROOT = Path(__file__).resolve().parents[1]


def file_of(folder: Path) -> Path:
    return folder / "deep" / "quotewell.db"


def open_sql(folder: Path, limits: StoreLimits = QUICK) -> Store:
    return open_store(f"sqlite:///{file_of(folder)}", retention_hours=2, limits=limits)


@contextmanager
def locked(file: Path, *pragmas: str) -> Iterator[None]:
    """Another connection holds the write lock, or with locking_mode the whole file."""
    other = sqlite3.connect(file, isolation_level=None)
    for pragma in pragmas:
        other.execute(f"PRAGMA {pragma}").fetchall()
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


class TestSqlStore(StoreContract):
    def open(self, folder: Path, limits: StoreLimits = QUICK) -> Store:
        return open_sql(folder, limits)

    @pytest.fixture
    def reopened(self, tmp_path: Path) -> Iterator[Store]:
        """A store that had one visit before it was opened."""
        first = open_sql(tmp_path)
        assert kept(first, "reply-0")
        first.close()
        store = open_sql(tmp_path)
        yield store
        store.close()

    def test_a_visit_is_there_after_a_restart(self, reopened: Store) -> None:
        assert reopened.load_visit(VISIT_ID, NOON) == FULL_VISIT
        assert reopened.load_visit(VISIT_ID, NOON + 3 * HOUR) is None

    def test_closing_writes_what_waits(self, tmp_path: Path) -> None:
        store = open_sql(tmp_path)
        futures = [record(store, f"reply-{n}") for n in range(300)]
        store.close()
        assert all(future.result(0) for future in futures)

    def test_nobody_else_may_read_the_file(self, store: Store, tmp_path: Path) -> None:
        assert kept(store)
        modes = {p.name: p.stat().st_mode & 0o077 for p in file_of(tmp_path).parent.iterdir()}
        assert len(modes) == 3
        assert set(modes.values()) == {0}

    def test_no_words_reach_the_files(self, store: Store, tmp_path: Path) -> None:
        assert kept(store)
        assert VISIT_ID.encode() in all_bytes(tmp_path)
        assert CANARY.encode() not in all_bytes(tmp_path)

    def test_nothing_of_an_erased_visit_stays_in_the_files(
        self, store: Store, tmp_path: Path
    ) -> None:
        assert kept(store)
        assert store.delete_visit(VISIT_ID)
        assert VISIT_ID.encode() not in all_bytes(tmp_path)

    def test_nothing_of_a_purged_visit_stays_in_the_files(
        self, store: Store, tmp_path: Path
    ) -> None:
        assert kept(store)
        assert store.purge(NOON + 3 * HOUR) == 2
        assert VISIT_ID.encode() not in all_bytes(tmp_path)

    def test_a_row_that_does_not_fit_fails_alone(
        self, store: Store, caplog: pytest.LogCaptureFixture
    ) -> None:
        with locked_writer(store):
            futures = [record(store, reply_id) for reply_id in ("a", "twice", "twice", "\ud800")]
        assert [future.result(10) for future in futures] == [True, True, False, False]
        assert (store.n_written, store.n_failed, store.degraded) == (2, 2, False)
        assert [r.getMessage() for r in caplog.records] == [
            "store: a row does not fit and is left out (IntegrityError)"
        ]

    def test_no_reply_is_without_its_visit(self, store: Store) -> None:
        orphan = a_reply()
        row = reply_row(orphan, FULL_VISIT, guide_id="b12", channel="web", ms=1.0, at=NOON)
        database = store._database  # type: ignore[attr-defined]
        with pytest.raises(IntegrityError), database.writing() as conn:
            conn.execute(tables.replies.insert(), row)

    def test_without_a_cache_the_database_answers(self, tmp_path: Path) -> None:
        one, other = (open_sql(tmp_path, replace(QUICK, max_cached_visits=0)) for _ in range(2))
        for turn, store in enumerate((one, other, one, other)):
            visit = replace(FULL_VISIT, turn=turn)
            assert kept(store, f"reply-{turn}", visit)
            assert one.load_visit(VISIT_ID, NOON) == other.load_visit(VISIT_ID, NOON) == visit
        one.close()
        other.close()

    def test_what_waits_together_shares_one_commit(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sizes: list[int] = []
        save = tables.save_entries

        def counting(conn: Any, entries: Any) -> None:
            sizes.append(len(entries))
            save(conn, entries)

        monkeypatch.setattr("bot.store.writer.save_entries", counting)
        with locked_writer(store):
            futures = [record(store, f"reply-{n}") for n in range(200)]
        assert all(future.result(10) for future in futures)
        assert sizes == [200]

    def test_a_door_that_stops_waiting_loses_no_write(self, store: Store) -> None:
        async def impatient() -> None:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.wrap_future(record(store)), 0.01)

        with locked_writer(store):
            asyncio.run(impatient())
        assert kept(store, "reply-2")
        assert store.n_written == 2

    def test_a_full_queue_drops_at_once_and_recovers(self, tmp_path: Path) -> None:
        store = open_sql(tmp_path, replace(QUICK, max_queued=10))
        with locked_writer(store):
            futures = [record(store, f"reply-{n}") for n in range(12)]
            assert [future.done() for future in futures] == [False] * 10 + [True] * 2
            was_degraded = store.degraded
            with pytest.raises(StoreError, match="too much waits"):
                store.save_feedback("reply-1", True, NOON)
        assert (store.n_dropped, futures[-1].result(0)) == (2, False)
        assert all(future.result(10) for future in futures[:10])
        assert (was_degraded, store.degraded) == (True, False)
        assert kept(store, "reply-later")
        store.close()


@contextmanager
def locked_writer(store: Store) -> Iterator[None]:
    """The writer is at work on something else until the end of the block."""
    started, finish = threading.Event(), threading.Event()

    def work(_conn: Any) -> None:
        started.set()
        finish.wait(10)

    writer = store._writer  # type: ignore[attr-defined]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(writer.call, work)
        assert started.wait(10)
        try:
            yield
        finally:
            finish.set()
            waiting.result(10)


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file_of(folder).parent.iterdir())


class TestFaults:
    """Each fault: replies are not held up, the visit stays known, and it mends by itself."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = open_sql(tmp_path)
        yield store
        store.close()

    def check_fault(self, store: Store) -> None:
        assert kept(store, "reply-lost") is False
        assert store.degraded
        assert store.n_failed + store.n_dropped >= 1
        assert store.load_visit(VISIT_ID, NOON) == FULL_VISIT

    def check_recovery(self, store: Store) -> None:
        eventually(lambda: kept(store, f"reply-{time.monotonic()}"))
        assert store.degraded is False
        store.ping()
        exported = store.export_visit(VISIT_ID)
        assert exported is not None
        assert exported["replies"]

    def test_a_locked_database(self, store: Store, tmp_path: Path) -> None:
        with locked(file_of(tmp_path)):
            self.check_fault(store)
            with pytest.raises(StoreError, match="locked"):
                store.save_feedback("reply-1", True, NOON)
            with pytest.raises(StoreError, match="locked"):
                store.delete_visit(VISIT_ID)
            assert store.load_visit(VISIT_ID, NOON) is None
        self.check_recovery(store)

    def test_a_database_that_is_locked_for_readers_too(self, tmp_path: Path) -> None:
        open_sql(tmp_path).close()
        with locked(file_of(tmp_path), "locking_mode=EXCLUSIVE", "journal_mode=DELETE"):
            store = open_sql(tmp_path)
            assert store.degraded
            assert store.load_visit("visit-never-heard-of", NOON) is None
            with pytest.raises(StoreError, match="locked"):
                store.ping()
        self.check_recovery(store)
        store.close()

    def test_a_reader_that_meets_a_lock_goes_without(self, tmp_path: Path) -> None:
        store = open_sql(tmp_path, replace(QUICK, max_cached_visits=1))
        assert kept(store)
        other = replace(FULL_VISIT, visit_id="visit-that-takes-the-place")
        assert kept(store, "reply-2", other)
        assert store.load_visit(VISIT_ID, NOON) == FULL_VISIT
        store._database._engine.dispose()  # type: ignore[attr-defined]
        with locked(file_of(tmp_path), "locking_mode=EXCLUSIVE", "journal_mode=DELETE"):
            assert store.load_visit(VISIT_ID, NOON) is None
            assert store.degraded
        eventually(lambda: store.load_visit(VISIT_ID, NOON) == FULL_VISIT)
        store.close()

    def test_while_resting_replies_wait_for_nothing(self, tmp_path: Path) -> None:
        store = open_sql(tmp_path, StoreLimits(busy_ms=50, back_off_seconds=3600))
        with locked(file_of(tmp_path)):
            assert kept(store) is False
            assert record(store, "reply-2").done()
        assert (store.n_failed, store.n_dropped) == (1, 1)
        store.close()

    def test_what_was_queued_during_a_fault_is_given_up_with_it(self, tmp_path: Path) -> None:
        store = open_sql(tmp_path, StoreLimits(busy_ms=500, back_off_seconds=3600))
        queue = store._writer._queue  # type: ignore[attr-defined]
        with locked(file_of(tmp_path)):
            futures = [record(store, "reply-that-waits-for-the-lock")]
            eventually(queue.empty)
            futures += [record(store, f"reply-{n}") for n in range(99)]
            assert not any(future.result(10) for future in futures)
        assert (store.n_failed, store.n_dropped) == (1, 99)
        store.close()

    def test_a_full_disk(self, tmp_path: Path) -> None:
        open_sql(tmp_path).close()
        with full_disk() as disk:
            store = open_sql(tmp_path)
            eventually(lambda: not kept(store, f"reply-{time.monotonic()}-{'x' * 2000}"))
            assert store.degraded
            assert store.load_visit(VISIT_ID, NOON) == FULL_VISIT
            disk["full"] = False
            self.check_recovery(store)
            store.close()

    def test_a_removed_file(self, store: Store, tmp_path: Path) -> None:
        assert kept(store)
        file_of(tmp_path).unlink()
        self.check_recovery(store)
        assert file_of(tmp_path).exists()

    def test_a_removed_folder(self, store: Store, tmp_path: Path) -> None:
        assert kept(store)
        shutil.rmtree(file_of(tmp_path).parent)
        store.ping()
        self.check_recovery(store)
        assert file_of(tmp_path).exists()

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        in_the_way = file_of(tmp_path).parent
        in_the_way.write_text("no folder")
        store = open_sql(tmp_path)
        assert store.degraded
        self.check_fault(store)
        in_the_way.unlink()
        self.check_recovery(store)
        store.close()

    def test_a_file_that_may_only_be_read(self, tmp_path: Path) -> None:
        before = open_sql(tmp_path)
        assert kept(before)
        before.close()
        url = f"sqlite:///file:{file_of(tmp_path)}?mode=ro&uri=true"
        store = open_store(url, retention_hours=2, limits=QUICK)
        self.check_fault(store)
        with pytest.raises(StoreError, match="readonly"):
            store.save_feedback("reply-1", True, NOON)
        store.close()

    def test_a_folder_without_rights(self, tmp_path: Path) -> None:
        with no_rights(tmp_path):
            store = open_sql(tmp_path)
            self.check_fault(store)
            with pytest.raises(StoreError, match="Permission denied"):
                store.ping()
        self.check_recovery(store)
        store.close()

    def test_a_file_damaged_while_it_is_open(self, store: Store, tmp_path: Path) -> None:
        assert kept(store)
        for file in file_of(tmp_path).parent.iterdir():
            file.unlink()
        file_of(tmp_path).write_bytes(b"noise" * 5000)
        self.check_fault(store)
        for file in file_of(tmp_path).parent.iterdir():
            file.unlink()
        self.check_recovery(store)

    def test_one_line_is_logged_when_it_fails_and_one_when_it_works(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = open_sql(tmp_path)
        caplog.clear()
        with locked(file_of(tmp_path)):
            eventually(lambda: not kept(store) and store.n_failed >= 3)
        self.check_recovery(store)
        ours = [r for r in caplog.records if r.name == "bot.store"]
        assert [r.getMessage() for r in ours] == [
            "store: database is locked; answering without it and trying again",
            "store: works again",
        ]
        assert {r.levelno for r in ours} == {logging.WARNING}
        store.close()


@contextmanager
def no_rights(folder: Path) -> Iterator[None]:
    """Nothing can be made in the folder; root, who always could, is nobody for a while."""
    as_root = os.geteuid() == 0
    folder.chmod(0o500)
    try:
        if as_root:
            os.seteuid(65534)
    except OSError:
        pytest.skip("root cannot become nobody here")
    try:
        yield
    finally:
        if as_root:
            os.seteuid(0)
        folder.chmod(0o700)


@contextmanager
def full_disk() -> Iterator[dict[str, bool]]:
    """No database that is opened from now on can grow, until `full` is set to False."""
    disk = {"full": True}

    def limit(connection: Any, _record: object) -> None:
        if disk["full"]:
            connection.execute("PRAGMA max_page_count=1").close()

    event.listen(Engine, "connect", limit)
    try:
        yield disk
    finally:
        event.remove(Engine, "connect", limit)


class TestRefusedAtTheStart:
    def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        file_of(tmp_path).parent.mkdir()
        file_of(tmp_path).write_bytes(b"Dear diary, " * 500)
        with pytest.raises(StoreError, match=r"damaged or no SQLite.*move the file away"):
            open_sql(tmp_path)

    def test_a_file_with_a_damaged_page(self, tmp_path: Path) -> None:
        open_sql(tmp_path).close()
        with file_of(tmp_path).open("r+b") as file:
            file.seek(2 * 4096)
            file.write(b"\xff" * 4096)
        with pytest.raises(StoreError, match=r"damaged or no SQLite.*move the file away"):
            open_sql(tmp_path)

    def test_tables_of_a_newer_version(self, tmp_path: Path) -> None:
        open_sql(tmp_path).close()
        with sqlite3.connect(file_of(tmp_path)) as other:
            other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.close()
        with pytest.raises(StoreError, match=r"version 9999.*update Quotewell"):
            open_sql(tmp_path)

    def test_a_database_of_another_program(self, tmp_path: Path) -> None:
        file_of(tmp_path).parent.mkdir()
        with sqlite3.connect(file_of(tmp_path)) as other:
            other.execute("CREATE TABLE visits (museum TEXT)")
        other.close()
        with pytest.raises(StoreError, match=r"another program \(visits\)"):
            open_sql(tmp_path)

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("quotewell.db", "no address of a database"),
            ("nosuchdb://host/name", "no address of a database"),
            ("sqlite://", "an empty address"),
            ("sqlite:///:memory:", "an empty address"),
        ],
    )
    def test_an_address_that_is_none(self, url: str, why: str) -> None:
        with pytest.raises(StoreError, match=why):
            open_store(url, retention_hours=2)

    def test_a_password_is_not_in_the_message(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(StoreError, match="driver psycopg is not installed") as caught:
            open_store("postgresql+psycopg://clinic:secret@host/db", retention_hours=2)
        assert "secret" not in str(caught.value)


KILLED = """
import sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_store import FULL_VISIT, open_sql, record

store = open_sql(Path(sys.argv[1]))
n = 0
while True:
    burst = {}
    for n in range(n + 1, n + 21):
        visit = replace(FULL_VISIT, visit_id=f"visit-of-the-killed-{n % 7}", turn=n)
        burst[n] = record(store, f"reply-{n}", visit)
    for i, future in burst.items():
        if future.result(10):
            print(i, flush=True)
"""


class TestKilled:
    def test_what_was_acknowledged_survives_kill_9(self, tmp_path: Path) -> None:
        program = [sys.executable, "-c", KILLED, str(tmp_path), str(Path(__file__).parent)]
        with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            acknowledged = list(islice(child.stdout, 500))
            child.kill()
            acknowledged += child.stdout.readlines()
        assert child.returncode == -signal.SIGKILL
        assert len(acknowledged) >= 500
        store = open_sql(tmp_path)
        exports = [store.export_visit(f"visit-of-the-killed-{n}") for n in range(7)]
        there = {r["reply_id"] for e in exports if e for r in e["replies"]}
        assert {f"reply-{line.strip()}" for line in acknowledged} <= there
        last = int(acknowledged[-1])
        visit = store.load_visit(f"visit-of-the-killed-{last % 7}", NOON)
        assert visit is not None
        assert visit.turn >= last
        store.close()


class TestMigrations:
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[Engine]:
        open_sql(tmp_path).close()
        engine = create_engine(f"sqlite:///{file_of(tmp_path)}")
        yield engine
        engine.dispose()

    def test_the_steps_make_the_tables(self, engine: Engine) -> None:
        with engine.connect() as conn:
            assert compare_metadata(MigrationContext.configure(conn), tables.metadata) == []
            names = set(inspect(conn).get_table_names())
        assert names == {"alembic_version", *tables.metadata.tables}

    def test_down_to_nothing_and_up_again(self, engine: Engine, tmp_path: Path) -> None:
        with engine.begin() as conn:
            command.downgrade(alembic_config(conn), "base")
        with engine.connect() as conn:
            assert inspect(conn).get_table_names() == ["alembic_version"]
        store = open_sql(tmp_path)
        assert kept(store)
        store.close()

    def test_there_is_one_line_of_steps_and_its_end_is_named(self) -> None:
        script = ScriptDirectory.from_config(alembic_config())
        assert script.get_heads() == [tables.REVISION]

    def test_a_visit_is_stored_with_every_field(self) -> None:
        assert set(tables.visits.c.keys()) == {f.name for f in fields(Visit)}

    def test_two_processes_may_start_at_once(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(4) as pool:
            stores = list(pool.map(lambda _: open_sql(tmp_path), range(4)))
        # SQLite may turn away one who asks for its write-ahead log at the same moment.
        for store in stores:
            TestFaults().check_recovery(store)
            store.close()

    def test_a_step_may_copy_a_table_and_lose_no_row(self, tmp_path: Path) -> None:
        store = open_sql(tmp_path)
        assert kept(store)
        database = store._database  # type: ignore[attr-defined]
        with database.changing_tables() as conn:
            steps = Operations(MigrationContext.configure(conn))
            with steps.batch_alter_table("visits", recreate="always") as batch:
                batch.alter_column("more", new_column_name="more")
        exported = store.export_visit(VISIT_ID)
        assert exported is not None
        assert len(exported["replies"]) == 1
        store.close()

    def test_postgresql_takes_the_tables(self) -> None:
        for table in tables.metadata.sorted_tables:
            sql = CreateTable(table).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
            assert str(sql).strip().startswith(f"CREATE TABLE {table.name}")

    def test_a_developer_writes_the_next_step(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(ROOT / "bot" / "store" / "migrations", folder)
        config = alembic_config()
        config.set_main_option("script_location", str(folder))
        step = write_step("Nothing new", config)
        number = f"{int(tables.REVISION) + 1:04}"
        assert step == folder / "versions" / f"v{number}_nothing_new.py"
        written = step.read_text(encoding="utf-8")
        compile(written, str(step), "exec")
        assert f'revision = "{number}"\ndown_revision = "{tables.REVISION}"\n' in written


class TestHealth:
    def test_it_rests_longer_after_each_fault_up_to_a_bound(self) -> None:
        now = [0.0]
        limits = StoreLimits(back_off_seconds=1, max_back_off_seconds=3)
        health = Health(limits, clock=lambda: now[0])
        rests = []
        for _ in range(4):
            health.fault("locked")
            start = now[0]
            while health.resting():
                now[0] += 0.5
            rests.append(now[0] - start)
        assert rests == [1, 2, 3, 3]
        health.works(1)
        health.fault("locked")
        now[0] += 1
        assert (health.resting(), health.degraded) == (False, True)

    def test_faults_while_resting_do_not_prolong_it(self) -> None:
        now = [0.0]
        health = Health(StoreLimits(back_off_seconds=1), clock=lambda: now[0])
        for _ in range(5):
            health.fault("locked", n_failed=2)
        now[0] = 1.0
        assert (health.resting(), health.n_failed) == (False, 10)


class TestVisitCache:
    def test_the_one_unused_for_longest_leaves(self) -> None:
        cache = VisitCache(2)
        visits = [replace(FULL_VISIT, visit_id=f"visit-in-cache-{n}") for n in range(3)]
        cache.put(visits[0])
        cache.put(visits[1])
        cache.get(visits[0].visit_id)
        cache.put(visits[2])
        assert [cache.get(v.visit_id) for v in visits] == [visits[0], None, visits[2]]
