"""Deliveries are answered once and in order, letters arrive, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from bot.channels import Delivery
from bot.errors import PayloadError
from bot.outbox import send
from bot.outbox.seal import Sealer
from bot.store import Store, open_store
from tests.channel_support import KEY, KITS, PUBLIC, Door, FakeVendors, Kit, Said, fake_vendors
from tests.http_support import CANARY, EMERGENCY, a_bot, broken_store
from tests.test_http_server import served

QUESTION = "Can it cause an allergic reaction?"
DELIVERING = [name for name, kit in KITS.items() if kit.channel().delivers]
PATIENCE = 30.0


@pytest.fixture
def vendors() -> Iterator[FakeVendors]:
    with fake_vendors() as fakes:
        yield fakes


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries too short to notice."""
    monkeypatch.setattr(send, "_FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(send, "_POLL_SECONDS", 0.02)
    monkeypatch.setattr(send, "_MAX_RETRY_AFTER_SECONDS", 0.02)


def running(kit: Kit, vendors: FakeVendors, store: Store | None = None) -> Door:
    """A channel's door whose app is to be entered, so that it sends to the fake platforms."""
    return Door(kit, store, **vendors.values())


@pytest.mark.parametrize("name", DELIVERING)
@pytest.mark.usefixtures("quick")
class TestSending:
    def test_a_reply_arrives_in_order(self, name: str, vendors: FakeVendors) -> None:
        kit, door = KITS[name], running(KITS[name], vendors)
        with TestClient(door.app) as door.client:
            assert door.post(kit.delivery(Said(EMERGENCY))).status_code == 200
            assert door.post(kit.delivery(Said(QUESTION))).status_code == 200
            vendors.wait_for(lambda: door.store.n_letters() == 0 and len(vendors.taken) >= 2)
        assert {to for to, _ in vendors.taken} == {kit.sender(Said())}
        shown = "\n".join(kit.shown(payload) for _, payload in vendors.taken)
        assert shown.index("Call 911 now") < shown.index("In rare cases, individuals")
        assert vendors.refused == []
        assert door.figure("delivered") == len(vendors.taken)

    @pytest.mark.parametrize("trouble", ["500", "429", "401", "drop"])
    def test_trouble_of_the_platform_is_waited_out(
        self, name: str, vendors: FakeVendors, trouble: str
    ) -> None:
        vendors.plan[:] = [trouble] * 3
        door = running(KITS[name], vendors)
        with TestClient(door.app) as door.client:
            door.post(KITS[name].delivery(Said("how much should I take?")))
            _until(lambda: bool(vendors.taken) and door.store.n_letters() == 0)
        shown = [KITS[name].shown(payload) for _, payload in vendors.taken]
        assert len(set(shown)) == len(shown) == vendors.n_calls - 3
        assert door.figure("retried") == 3

    def test_a_refusal_for_good_is_given_up_at_once(self, name: str, vendors: FakeVendors) -> None:
        door = running(KITS[name], vendors)
        door.post(KITS[name].delivery(Said("how much should I take?")))
        n_letters = door.store.n_letters()
        vendors.plan[:] = ["404"] * n_letters
        with TestClient(door.app):
            _until(lambda: door.store.n_letters() == 0)
        assert door.figure("failed") == vendors.n_calls == n_letters

    def test_tries_are_bounded(
        self, name: str, vendors: FakeVendors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(send, "MAX_TRIES", 4)
        monkeypatch.setattr(send, "_MAX_WAIT_SECONDS", 0.02)
        door = running(KITS[name], vendors)
        door.post(KITS[name].delivery(Said("how much should I take?")))
        n_letters = door.store.n_letters()
        vendors.plan[:] = ["500"] * 50
        with TestClient(door.app):
            _until(lambda: door.store.n_letters() == 0)
        assert door.figure("failed") == n_letters
        assert vendors.n_calls == 4 * n_letters


@pytest.mark.usefixtures("quick")
class TestSender:
    def test_a_slow_platform_holds_up_one_visitor_only(self, vendors: FakeVendors) -> None:
        vendors.plan[:] = ["hang"]
        kit, door = KITS["whatsapp"], running(KITS["whatsapp"], vendors)
        with TestClient(door.app) as door.client:
            door.post(kit.delivery(Said(QUESTION, sender="1001")))
            vendors.wait_for(lambda: vendors.n_calls == 1)
            door.post(kit.delivery(Said(QUESTION, sender="1002")))
            vendors.wait_for(lambda: [to for to, _ in vendors.taken] == ["1002"])
            vendors.release.set()
            vendors.wait_for(lambda: {to for to, _ in vendors.taken} == {"1001", "1002"})

    def test_an_urgent_reply_overtakes_what_waits(self, vendors: FakeVendors) -> None:
        vendors.plan[:] = ["500"]
        store = open_store("", retention_hours=1)
        kit = KITS["whatsapp"]
        door = running(kit, vendors, store)
        # Said while nothing is sent yet, so that all of it waits.
        door.post(kit.delivery(Said(QUESTION, sender="1001")))
        door.post(kit.delivery(Said(QUESTION, sender="1002")))
        door.post(kit.delivery(Said(EMERGENCY, sender="1001")))
        letters = store.claim_letters(time.time() + 1, 0.0, 1)
        assert [(x.urgent, x.visit_id) for x in letters] == [
            (True, kit.visit_id(Said(sender="1001")))
        ]
        with TestClient(door.app) as door.client:
            vendors.wait_for(lambda: len(vendors.taken) == 3)
        to_first = [kit.shown(p) for to, p in vendors.taken if to == "1001"]
        assert to_first[0].startswith("Call 911 now")

    def test_a_letter_past_its_window_is_not_sent(self, vendors: FakeVendors) -> None:
        kit, door = KITS["whatsapp"], running(KITS["whatsapp"], vendors)
        at = time.time() - kit.channel().limits.window_seconds + 1.0
        door.post(kit.delivery(Said(QUESTION, at=at)))
        door.office.sender.now = lambda: time.time() + 60
        with TestClient(door.app) as door.client:
            _until(lambda: door.figure("failed") == 1)
        assert vendors.n_calls == 0

    def test_a_letter_that_no_key_opens_is_given_up(self, vendors: FakeVendors) -> None:
        store = open_store("", retention_hours=1)
        kit = KITS["whatsapp"]
        Door(kit, store).post(kit.delivery(Said(QUESTION)))
        door = Door(kit, store, channel_key=("another key of the tests that is long",))
        with TestClient(door.app):
            _until(lambda: door.figure("failed") == 1)
        assert store.n_letters() == 0

    def test_a_letter_sealed_under_the_older_key_arrives(self, vendors: FakeVendors) -> None:
        store = open_store("", retention_hours=1)
        kit = KITS["whatsapp"]
        Door(kit, store).post(kit.delivery(Said(QUESTION)))
        newer = ("a newer key of the tests is long enough", KEY)
        door = Door(kit, store, channel_key=newer, **vendors.values())
        with TestClient(door.app):
            vendors.wait_for(lambda: len(vendors.taken) == 1)

    def test_a_channel_that_is_switched_off_keeps_its_letters(self, vendors: FakeVendors) -> None:
        store = open_store("", retention_hours=1)
        Door(KITS["whatsapp"], store).post(KITS["whatsapp"].delivery(Said(QUESTION)))
        door = Door(KITS["messenger"], store, **vendors.values())
        with TestClient(door.app):
            _until(lambda: _retried(door))
            assert store.n_letters() == 1

    def test_a_store_that_is_gone_is_tried_again(
        self, vendors: FakeVendors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(send, "_REST_SECONDS", 0.02)
        store: Any = broken_store("claim_letters")
        door = running(KITS["whatsapp"], vendors, store)
        with TestClient(door.app) as door.client:
            door.post(KITS["whatsapp"].delivery(Said(QUESTION)))
            store._broken = ()
            vendors.wait_for(lambda: len(vendors.taken) == 1)


def _retried(door: Door) -> bool:
    text = door.app.state.services.metrics.text().decode()
    return 'channel="whatsapp",what="retried"} 1.0' in text


@pytest.mark.parametrize("name", sorted(KITS))
def test_a_visitor_over_the_limit_gets_nothing_but_what_is_urgent(name: str) -> None:
    kit, door = KITS[name], Door(KITS[name], limit_per_visitor=2)
    for _ in range(4):
        assert door.post(kit.delivery(Said(QUESTION))).status_code == 200
    assert (door.figure("received"), door.figure("limited")) == (4, 2)
    n_letters = door.store.n_letters()
    answer = door.post(kit.delivery(Said(EMERGENCY)))
    assert answer.status_code == 200
    assert "911" in answer.text or door.store.n_letters() > n_letters
    other = kit.delivery(Said(QUESTION, sender="15550009999"))
    assert door.post(other).status_code == 200
    assert door.figure("limited") == 2


def _until(is_so: Any, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be in time"
        pause.wait(0.01)


class TestReceiver:
    @pytest.mark.parametrize("name", KITS)
    def test_parallel_messages_of_one_visitor_are_taken_in_turn(self, name: str) -> None:
        kit = KITS[name]
        door = Door(kit)
        deliveries = [kit.delivery(Said(QUESTION)) for _ in range(8)]

        async def deliver_all() -> set[int]:
            transport = httpx2.ASGITransport(door.app)
            async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC) as client:
                path = f"/channels/{kit.name}/webhook"
                posts = [
                    client.post(path, content=d.body, headers=dict(d.headers)) for d in deliveries
                ]
                return {response.status_code for response in await asyncio.gather(*posts)}

        assert asyncio.run(deliver_all()) == {200}
        visit = door.store.load_visit(kit.visit_id(Said()), time.time())
        assert visit is not None
        assert visit.turn == 8
        assert len(door.replies()) == 8

    def test_the_order_of_arrival_is_the_order_of_answers(self) -> None:
        kit = KITS["whatsapp"]
        door = Door(kit)
        receiver = door.office.receiver
        channel = door.office.channels["whatsapp"]
        texts = ["how much does it cost?", "2", "more", "thanks"]

        async def deliver_all() -> None:
            sent = [receiver.receive(channel, kit.delivery(Said(text))) for text in texts]
            await asyncio.gather(*sent)

        asyncio.run(deliver_all())
        assert [r["outcome"] for r in door.replies()] == [
            "not_covered",
            "answer",
            "answer",
            "smalltalk",
        ]
        assert receiver._turns == {}

    @pytest.mark.parametrize("name", DELIVERING)
    def test_without_the_store_a_delivery_is_not_acknowledged(self, name: str) -> None:
        door = Door(KITS[name], broken_store("answer_once"))
        response = door.post(KITS[name].delivery(Said(f"{QUESTION} {CANARY}")))
        assert response.status_code == 503
        assert response.headers["retry-after"]
        assert CANARY not in response.text

    def test_without_the_store_twiml_is_answered_all_the_same(self) -> None:
        door = Door(KITS["sms"], broken_store("answer_once"))
        response = door.post(KITS["sms"].delivery(Said(QUESTION)))
        assert response.status_code == 200
        assert "In rare cases" in response.text

    @pytest.mark.parametrize("name", DELIVERING)
    def test_without_the_store_an_emergency_is_answered_once(
        self, name: str, vendors: FakeVendors
    ) -> None:
        kit = KITS[name]
        door = running(kit, vendors, broken_store("answer_once"))
        signed = kit.delivery(Said(EMERGENCY))
        with TestClient(door.app) as door.client:
            assert door.post(signed).status_code == 503
            n_taken = len(vendors.taken)
            assert "Call 911 now" in kit.shown(vendors.taken[0][1])
            assert door.post(signed).status_code == 503
        assert len(vendors.taken) == n_taken

    @pytest.mark.parametrize("name", KITS)
    def test_nothing_that_was_typed_is_kept_or_logged(
        self, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(0)
        kit = KITS[name]
        store = open_store(f"sqlite:///{tmp_path / 'kept.db'}", retention_hours=1)
        door = Door(kit, store)
        said = Said(f"{CANARY} {QUESTION}", sender="15005550177", message_id="SM15005550177")
        assert door.post(kit.delivery(said)).status_code == 200
        store.close()
        kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        for secret in (CANARY, "5005550177", "allergic reactions to"):
            assert secret.encode() not in kept
            assert secret not in caplog.text


class TestSealer:
    def test_what_is_sealed_opens_in_its_context_only(self) -> None:
        sealer = Sealer([KEY])
        sealed = sealer.seal({"a": "ü💉"}, "whatsapp visit")
        assert sealer.open(sealed, "whatsapp visit") == {"a": "ü💉"}
        for context in ("messenger visit", "whatsapp other", ""):
            with pytest.raises(PayloadError):
                sealer.open(sealed, context)

    def test_a_changed_or_cut_letter_does_not_open(self) -> None:
        sealer = Sealer([KEY])
        sealed = sealer.seal({"a": 1}, "c")
        for broken in (b"", sealed[:12], sealed[:-1], bytes([sealed[0] ^ 1]) + sealed[1:]):
            with pytest.raises(PayloadError):
                sealer.open(broken, "c")

    def test_the_same_letter_looks_different_each_time(self) -> None:
        sealer = Sealer([KEY])
        assert sealer.seal({"a": 1}, "c") != sealer.seal({"a": 1}, "c")


# --- a real server ---


def environ(kit: Kit, vendors: FakeVendors | None = None) -> dict[str, str]:
    """The kit's settings as an operator would set them."""
    values = {**kit.values, "channel_key": (KEY,), "public_url": PUBLIC}
    values |= vendors.values() if vendors else {}
    return {
        f"QUOTEWELL_{name.upper()}": ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in values.items()
    }


def deliver(url: str, kit: Kit, delivery: Delivery) -> httpx2.Response:
    headers = dict(delivery.headers)
    path = f"{url}channels/{kit.name}/webhook"
    return httpx2.post(path, content=delivery.body, headers=headers, timeout=PATIENCE)


def n_rows(database: Path, table: str) -> int:
    connection = sqlite3.connect(database)
    try:
        [(n,)] = connection.execute(f"select count(*) from {table}")
    finally:
        connection.close()
    return int(n)


@pytest.mark.parametrize("name", ["sms", "whatsapp", "slack"])
def test_five_retries_from_parallel_connections_to_two_servers_give_one_answer(
    name: str, tmp_path: Path, vendors: FakeVendors
) -> None:
    kit = KITS[name]
    env = environ(kit, vendors)
    said = [Said(QUESTION, sender=f"1500555{n:04}") for n in range(6)]
    deliveries = [kit.delivery(s) for s in said]
    with served(tmp_path, **env) as one, served(tmp_path, **env) as two:
        urls = [one.url, two.url]
        jobs = [(urls[n % 2], d) for d in deliveries for n in range(6)]
        with ThreadPoolExecutor(12) as pool:
            found = list(pool.map(lambda job: (job[1], deliver(job[0], kit, job[1])), jobs))
        assert {response.status_code for _, response in found} == {200}
        for delivery in deliveries:
            assert len({r.content for d, r in found if d is delivery}) == 1
        if kit.channel().delivers:
            _until(lambda: n_rows(one.database, "outbox") == 0)
        assert n_rows(one.database, "replies") == len(said)
        assert n_rows(one.database, "seen") == len(said)
    if kit.channel().delivers:
        assert sorted(to for to, _ in vendors.taken) == sorted(kit.sender(s) for s in said)


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("sms-rest", "500"),
        ("whatsapp", "hang"),
        ("messenger", "drop"),
        ("telegram", "429"),
        ("slack", "500"),
    ],
)
def test_a_killed_and_restarted_server_delivers_what_it_acknowledged(
    name: str, trouble: str, tmp_path: Path, vendors: FakeVendors
) -> None:
    kit = KITS[name]
    env = environ(kit, vendors)
    said = [Said("how much should I take?", sender=f"1500555{n:04}") for n in range(2)]
    vendors.plan[:] = [trouble] * 100
    with served(tmp_path, **env) as server:
        for one in said:
            assert deliver(server.url, kit, kit.delivery(one)).status_code == 200
        # In the platform's hands, or waiting for the next try, when the server dies.
        vendors.wait_for(lambda: vendors.n_calls >= 2)
        if trouble != "hang":
            _until(lambda: n_rows(server.database, "outbox where claimed_until > 0") == 0)
        server.stop(signal.SIGKILL)
    assert vendors.taken == []
    vendors.plan.clear()
    vendors.release.set()
    with served(tmp_path, **env) as server:
        _until(lambda: n_rows(server.database, "outbox") == 0, 2 * send.LEASE_SECONDS + 10)
        assert server.stop() == 0
    assert {to for to, _ in vendors.taken} == {kit.sender(s) for s in said}
    shown = [kit.shown(payload) for _, payload in vendors.taken]
    assert sum("how much, how often" in text for text in shown) == len(said)


def test_the_bot_is_shared_by_all_doors() -> None:
    assert Door(KITS["sms"]).office.receiver.bot is a_bot(public_url=PUBLIC)


def test_a_reply_here_is_an_event_for_other_programs() -> None:
    kit = KITS["sms"]
    door = Door(
        kit,
        webhook_urls=("https://desk.example/hook",),
        webhook_secret=("whsec_" + "A" * 43 + "=",),
    )
    assert door.post(kit.delivery(Said(EMERGENCY))).status_code == 200
    due = door.store.events.claim(time.time() + 1, 10, 1.0)
    assert sorted(delivery.kind for delivery in due) == ["reply.given", "urgent.raised"]
    assert "5005550006" not in repr(due)
