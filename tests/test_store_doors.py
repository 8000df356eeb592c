"""What the doors keep: one contract for keys, calls and events, in memory and in a database."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.store import Store, open_store
from bot.store.doors import CALL_LEASE_SECONDS, CALL_SECONDS, EVENT_SECONDS, Delivery, KeyRow

AT = 1_795_000_000.0
ROW = KeyRow("1f2e3d4c5b6a", "d" * 64, "phone line", ("ask", "read"), AT, AT + 10, None, "")
REPLY = {"reply_id": "r", "text": "“Words.”", "outcome": "answer"}


def delivery(name: str, **values: object) -> Delivery:
    made = Delivery(name, f"msg_{name}", "reply.given", "t", "visit-of-the-doors", "{}", AT, AT)
    return replace(made, **values)  # type: ignore[arg-type]


class Contract:
    """Inherited by each kind of store."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        raise NotImplementedError

    def test_a_key_comes_back_as_it_was_kept(self, store: Store) -> None:
        store.keys.add(ROW)
        assert store.keys.all() == [ROW]

    def test_a_key_is_ended_and_its_use_noted(self, store: Store) -> None:
        store.keys.add(ROW)
        assert store.keys.end(ROW.prefix, expires_at=None, revoked_at=AT + 5)
        assert not store.keys.end("000000000000", expires_at=None, revoked_at=AT)
        store.keys.touch(ROW.prefix, "2026-11-22")
        expected = replace(ROW, expires_at=None, revoked_at=AT + 5, last_used_on="2026-11-22")
        assert store.keys.all() == [expected]

    def test_a_call_is_taken_once_and_then_replayed(self, store: Store) -> None:
        assert store.calls.begin("c", "body", AT) is None
        earlier = store.calls.begin("c", "other", AT + 1)
        assert earlier is not None
        assert (earlier.body_code, earlier.reply) == ("body", None)
        store.calls.finish("c", "visit-of-the-doors", REPLY).result(5)
        earlier = store.calls.begin("c", "body", AT + CALL_SECONDS - 1)
        assert earlier is not None
        assert earlier.reply == REPLY

    def test_a_call_given_back_or_left_lying_can_be_taken_again(self, store: Store) -> None:
        assert store.calls.begin("c", "body", AT) is None
        store.calls.abandon("c").result(5)
        assert store.calls.begin("c", "body", AT) is None
        assert store.calls.begin("c", "body", AT + CALL_LEASE_SECONDS - 1) is not None
        assert store.calls.begin("c", "body", AT + CALL_LEASE_SECONDS) is None

    def test_of_many_at_once_one_gets_the_call(self, store: Store) -> None:
        got: list[object] = []
        threads = [
            threading.Thread(target=lambda: got.append(store.calls.begin("c", "body", AT)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(call is None for call in got) == 1

    def test_calls_are_kept_a_day_and_not_longer(self, store: Store) -> None:
        store.calls.begin("c", "body", AT)
        store.calls.finish("c", "visit-of-the-doors", REPLY).result(5)
        assert store.calls.purge(AT + CALL_SECONDS - 1) == 0
        assert store.calls.purge(AT + CALL_SECONDS + 1) == 1

    def test_urgent_events_come_first_and_each_to_one(self, store: Store) -> None:
        urgent = delivery("b", kind="urgent.raised", at=AT + 1)
        store.events.add([delivery("a"), urgent, delivery("c", next_at=AT + 100)]).result(5)
        taken = store.events.claim(AT + 2, 8, 30)
        assert [d.delivery_id for d in taken] == ["b", "a"]
        assert store.events.claim(AT + 3, 8, 30) == []
        assert len(store.events.claim(AT + 40, 8, 30)) == 2

    def test_an_event_is_tried_again_then_given_up_then_revived(self, store: Store) -> None:
        store.events.add([delivery("a")]).result(5)
        store.events.failed("a", AT + 60, "status 500")
        assert store.events.claim(AT + 59, 8, 30) == []
        [again] = store.events.claim(AT + 60, 8, 30)
        assert (again.n_tries, again.why) == (1, "status 500")
        store.events.failed("a", None, "status 410")
        assert store.events.claim(AT + 9999, 8, 30) == []
        [dead] = store.events.dead()
        assert (dead.n_tries, dead.why, dead.is_dead) == (2, "status 410", True)
        assert store.events.revive("nobody", AT + 70) == 0
        assert store.events.revive(None, AT + 70) == 1
        [revived] = store.events.claim(AT + 70, 8, 30)
        assert (revived.n_tries, revived.is_dead) == (0, False)
        store.events.done("a")
        assert store.events.claim(AT + 9999, 8, 30) == []

    def test_an_event_that_nobody_takes_is_erased(self, store: Store) -> None:
        store.events.add([delivery("a")]).result(5)
        assert store.events.purge(AT + EVENT_SECONDS - 1) == 0
        assert store.events.purge(AT + EVENT_SECONDS + 1) == 1

    def test_erasing_a_visit_erases_its_replies_and_events(self, store: Store) -> None:
        store.calls.begin("c", "body", AT)
        store.calls.finish("c", "visit-of-the-doors", REPLY).result(5)
        store.events.add([delivery("a"), delivery("b", visit_id="another-visit-of-us")]).result(5)
        assert store.delete_visit("visit-of-the-doors")
        assert store.calls.begin("c", "other", AT) is None
        assert [d.delivery_id for d in store.events.claim(AT, 8, 30)] == ["b"]


class TestInMemory(Contract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = open_store("", retention_hours=24)
        yield store
        store.close()


class TestInADatabase(Contract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = open_store(f"sqlite:///{tmp_path / 'kept.db'}", retention_hours=24)
        yield store
        store.close()


@pytest.fixture
def reopen(tmp_path: Path) -> Callable[[], Store]:
    return lambda: open_store(f"sqlite:///{tmp_path / 'kept.db'}", retention_hours=24)


def test_all_of_it_outlives_the_process(reopen: Callable[[], Store], tmp_path: Path) -> None:
    store = reopen()
    store.keys.add(ROW)
    store.calls.begin("c", "body", AT)
    store.calls.finish("c", "v", REPLY)
    store.events.add([delivery("a")])
    store.close()
    again = reopen()
    assert again.keys.all() == [ROW]
    earlier = again.calls.begin("c", "body", AT + 60)
    assert earlier is not None
    assert earlier.reply == REPLY
    assert [d.delivery_id for d in again.events.claim(AT, 8, 30)] == ["a"]
    again.close()
    with sqlite3.connect(tmp_path / "kept.db") as connection:
        [(n,)] = connection.execute("select count(*) from api_keys")
    connection.close()
    assert n == 1
