"""A message is decided once, its letters leave in order, and all of it expires."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StoreError
from bot.records import Visit
from bot.store import Store, open_store
from bot.store.letters import KEPT_SECONDS, SEEN_SECONDS, Decision
from tests.test_store import NOON, VISIT_ID, a_reply

LEASE = 10.0


def decided(*letters: str, **more: Any) -> Decision:
    return Decision("sms", letters=tuple(x.encode() for x in letters), **more)


class OutboxContract:
    """What holds for every store."""

    def open(self, folder: Path) -> Store:
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = self.open(tmp_path)
        yield store
        store.close()

    def put(self, store: Store, name: str, *letters: str, at: float = NOON, **more: Any) -> None:
        visit_id = more.pop("visit_id", VISIT_ID)
        store.answer_once(name, visit_id, at, lambda *_: decided(*letters, **more))

    def sent(self, store: Store, at: float = NOON + 1) -> list[str]:
        """Everything that would leave, in order."""
        found = []
        while claimed := store.claim_letters(at, LEASE, 100):
            for letter in claimed:
                found.append(letter.sealed.decode())
                store.remove_letter(letter.letter_id)
        return found

    def test_a_message_is_decided_once(self, store: Store) -> None:
        calls = []

        def decide(visit: Visit | None, has_held: bool) -> Decision:
            calls.append((visit, has_held))
            return decided("a", kept=b"sealed")

        first = store.answer_once("m1", VISIT_ID, NOON, decide)
        again = store.answer_once("m1", VISIT_ID, NOON + 1, decide)
        assert first.decision is not None
        assert first.kept == again.kept == b"sealed"
        assert again.decision is None
        assert calls == [(None, False)]
        assert self.sent(store) == ["a"]

    def test_reply_and_visit_are_kept_with_it(self, store: Store) -> None:
        visit = Visit(VISIT_ID, "b12", turn=1, at=NOON)
        made = Decision("sms", a_reply(), visit, "b12", 1.5)
        store.answer_once("m1", VISIT_ID, NOON, lambda *_: made)
        assert store.load_visit(VISIT_ID, NOON) == visit
        kept = store.export_visit(VISIT_ID)
        assert kept
        assert [(r["channel"], r["ms"]) for r in kept["replies"]] == [("sms", 1.5)]
        seen: list[Visit | None] = []
        store.answer_once("m2", VISIT_ID, NOON + 1, lambda v, _: seen.append(v) or decided())  # type: ignore[func-returns-value]
        assert seen == [visit]
        assert store.n_written >= 1

    def test_an_expired_visit_is_not_handed_on(self, store: Store) -> None:
        made = Decision("sms", a_reply(), Visit(VISIT_ID, turn=1, at=NOON), "b12")
        store.answer_once("m1", VISIT_ID, NOON, lambda *_: made)
        seen: list[Visit | None] = []
        later = NOON + 3 * 3600
        store.answer_once("m2", VISIT_ID, later, lambda v, _: seen.append(v) or decided())  # type: ignore[func-returns-value]
        assert seen == [None]

    def test_a_failed_decision_leaves_nothing(self, store: Store) -> None:
        def fail(*_: object) -> Decision:
            raise ZeroDivisionError

        with pytest.raises((StoreError, ZeroDivisionError)):
            store.answer_once("m1", VISIT_ID, NOON, fail)
        self.put(store, "m1", "a")
        assert self.sent(store) == ["a"]

    def test_letters_of_a_visitor_leave_one_by_one_in_order(self, store: Store) -> None:
        self.put(store, "m1", "1", "2")
        self.put(store, "m2", "3")
        first = store.claim_letters(NOON + 1, LEASE, 100)
        assert [x.sealed for x in first] == [b"1"]
        assert store.claim_letters(NOON + 1, LEASE, 100) == []
        store.remove_letter(first[0].letter_id)
        assert self.sent(store) == ["2", "3"]

    def test_urgent_letters_leave_first_of_one_visitor_and_of_all(self, store: Store) -> None:
        self.put(store, "m1", "slow")
        self.put(store, "m2", "other", visit_id="another-visitor-0")
        self.put(store, "m3", "urgent 1", "urgent 2", urgent=True)
        assert self.sent(store) == ["urgent 1", "other", "urgent 2", "slow"]
        self.put(store, "m4", "plain", visit_id="another-visitor-1")
        self.put(store, "m5", "now", visit_id="another-visitor-2", urgent=True)
        assert [x.sealed for x in store.claim_letters(NOON + 1, LEASE, 1)] == [b"now"]

    def test_visitors_do_not_wait_for_each_other(self, store: Store) -> None:
        for n in range(5):
            self.put(store, f"m{n}", f"{n}", visit_id=f"visitor-number-{n:03}")
        assert len(store.claim_letters(NOON + 1, LEASE, 3)) == 3
        assert len(store.claim_letters(NOON + 1, LEASE, 3)) == 2

    def test_a_letter_that_is_put_off_blocks_the_next_until_it_is_due(self, store: Store) -> None:
        self.put(store, "m1", "1", "2")
        (letter,) = store.claim_letters(NOON + 1, LEASE, 10)
        store.put_off_letter(letter.letter_id, NOON + 60)
        assert store.claim_letters(NOON + 59, LEASE, 10) == []
        (again,) = store.claim_letters(NOON + 60, LEASE, 10)
        assert (again.sealed, letter.n_tries, again.n_tries) == (b"1", 0, 1)

    def test_a_letter_of_a_process_that_died_is_given_out_again(self, store: Store) -> None:
        self.put(store, "m1", "1")
        store.claim_letters(NOON + 1, LEASE, 10)
        assert store.claim_letters(NOON + LEASE, LEASE, 10) == []
        assert len(store.claim_letters(NOON + 1 + LEASE, LEASE, 10)) == 1

    def test_held_letters_wait_until_they_are_asked_for(self, store: Store) -> None:
        self.put(store, "m1", "1", held=(b"2", b"3"))
        assert self.sent(store) == ["1"]
        asked: list[bool] = []
        store.answer_once(
            "m2",
            VISIT_ID,
            NOON + 2,
            lambda _, held: asked.append(held) or Decision("sms", frees_held=True),  # type: ignore[func-returns-value]
        )
        assert asked == [True]
        assert self.sent(store, NOON + 3) == ["2", "3"]

    def test_held_letters_are_forgotten_when_the_talk_goes_on(self, store: Store) -> None:
        self.put(store, "m1", "1", held=(b"2",))
        self.put(store, "m2", "next")
        assert self.sent(store) == ["1", "next"]
        assert store.n_letters() == 0

    def test_a_letter_lives_two_days_at_most(self, store: Store) -> None:
        self.put(store, "m1", "1", expires_at=NOON + 90 * 24 * 3600)
        (letter,) = store.claim_letters(NOON + 1, LEASE, 10)
        assert letter.expires_at == NOON + KEPT_SECONDS
        store.purge(NOON + KEPT_SECONDS + 61)
        assert store.n_letters() == 0

    def test_a_kept_answer_lives_two_days_and_its_name_eight(self, store: Store) -> None:
        self.put(store, "m1", kept=b"sealed")

        def again(*_: object) -> Decision:
            return decided(kept=b"new")

        store.purge(NOON + KEPT_SECONDS - 1)
        assert store.answer_once("m1", VISIT_ID, NOON, again).kept == b"sealed"
        store.purge(NOON + KEPT_SECONDS + 1)
        settled = store.answer_once("m1", VISIT_ID, NOON, again)
        assert (settled.decision, settled.kept) == (None, None)
        store.purge(NOON + SEEN_SECONDS + 1)
        assert store.answer_once("m1", VISIT_ID, NOON + SEEN_SECONDS, again).kept == b"new"

    def test_erasing_a_visit_erases_its_letters(self, store: Store) -> None:
        self.put(store, "m1", "1", held=(b"2",))
        assert store.delete_visit(VISIT_ID)
        assert store.n_letters() == 0

    def test_an_expired_visit_keeps_its_letters(self, store: Store) -> None:
        visit = Visit(VISIT_ID, turn=1, at=NOON)
        made = replace(decided("1"), reply=a_reply(), visit=visit, guide_id="b12")
        store.answer_once("m1", VISIT_ID, NOON, lambda *_: made)
        store.purge(NOON + 3 * 3600)
        assert store.load_visit(VISIT_ID, NOON) is None
        assert store.n_letters() == 1

    def test_one_message_from_many_threads_is_decided_once(self, store: Store) -> None:
        start = threading.Barrier(10)
        n_decided = []

        def decide(*_: object) -> Decision:
            n_decided.append(1)
            return decided("1")

        def deliver(n: int) -> bool:
            start.wait(10)
            name = f"m{n % 2}"
            return store.answer_once(name, VISIT_ID, NOON, decide).decision is not None

        with ThreadPoolExecutor(10) as pool:
            assert sum(pool.map(deliver, range(10))) == 2
        assert store.n_letters() == 2


class TestMemoryOutbox(OutboxContract):
    def open(self, folder: Path) -> Store:
        return open_store("", retention_hours=2)

    def test_a_closed_store_takes_nothing(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        store.close()
        with pytest.raises(StoreError):
            self.put(store, "m1", "1")


class TestSqlOutbox(OutboxContract):
    def open(self, folder: Path) -> Store:
        return open_store(f"sqlite:///{folder / 'kept.db'}", retention_hours=2)

    def test_letters_and_names_outlive_a_restart(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        self.put(store, "m1", "1")
        store.close()
        store = self.open(tmp_path)
        assert store.answer_once("m1", VISIT_ID, NOON, lambda *_: decided("2")).decision is None
        assert self.sent(store) == ["1"]
        store.close()

    def test_two_processes_on_one_database_decide_once(self, tmp_path: Path) -> None:
        stores = [self.open(tmp_path), self.open(tmp_path)]
        start = threading.Barrier(10)

        def deliver(n: int) -> bool:
            start.wait(10)
            settled = stores[n % 2].answer_once("m1", VISIT_ID, NOON, lambda *_: decided("1"))
            return settled.decision is not None

        with ThreadPoolExecutor(10) as pool:
            assert sum(pool.map(deliver, range(10))) == 1
        claimed = [x for s in stores for x in s.claim_letters(NOON + 1, LEASE, 10)]
        assert len(claimed) == 1
        for store in stores:
            store.close()

    def test_two_processes_do_not_lose_each_others_turns(self, tmp_path: Path) -> None:
        stores = [self.open(tmp_path), self.open(tmp_path)]

        def deliver(n: int) -> None:
            def decide(visit: Visit | None, _: bool) -> Decision:
                turn = (visit.turn if visit else 0) + 1
                after = Visit(VISIT_ID, "b12", turn=turn, at=NOON)
                return Decision("sms", a_reply(f"reply-{n}"), after, "b12")

            stores[n % 2].answer_once(f"m{n}", VISIT_ID, NOON, decide)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(deliver, range(20)))
        for store in stores:
            store.close()
        store = self.open(tmp_path)
        visit = store.load_visit(VISIT_ID, NOON)
        assert visit is not None
        assert visit.turn == 20
        store.close()

    def test_a_database_that_is_gone_is_said(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        (tmp_path / "kept.db").rename(tmp_path / "elsewhere.db")
        (tmp_path / "kept.db").mkdir()
        with pytest.raises(StoreError):
            self.put(store, "m1", "1")
        store.close()
