"""Outgoing events: what they say, how they are signed, where they may go, how they are tried."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from standardwebhooks import Webhook

from bot.errors import SettingsError
from bot.records import Excerpt, Outcome, Reply
from bot.store.doors import Delivery
from bot.store.doors_memory import MemoryEvents
from bot.webhooks import KINDS, Courier, Events, read_targets, sign
from bot.webhooks.courier import SCHEDULE
from bot.webhooks.sending import Sent, send
from bot.webhooks.signing import read_secret
from bot.webhooks.target import Refused, Resolve, Target, pin
from tests.webhook_support import OTHER_SECRET, SECRET, Receiver, receiving

AT = 1_795_000_000.0
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
WORDS = "These symptoms are usually transient."


def a_reply(outcome: Outcome, reason: str = "") -> Reply:
    quoted = (Excerpt("b12", "p-1", "Site", ("Site",), WORDS, WORDS, 0, 37, "f" * 64, "/g"),)
    return Reply(
        reply_id="a-reply-of-ours",
        visit_id="a-visit-of-our-own",
        outcome=outcome,
        reason=reason,
        text=f"The guide says: {WORDS}",
        excerpts=quoted if outcome == "answer" else (),
        suggestions=(),
        card=None,
        notice="",
        lang="en",
        guide_version="1",
        policy_version="2",
    )


def kinds_of(reply: Reply, kinds: Sequence[str] = KINDS) -> list[str]:
    return [d.kind for d in Events(kinds, ["t"]).of_reply(reply, "b12", "web", AT)]


# What is said


def test_an_event_has_ids_and_the_outcome_and_no_word_of_the_reply() -> None:
    [event] = Events(KINDS, ["t"]).of_reply(a_reply("answer"), "b12", "web", AT)
    body = json.loads(event.body)
    assert (body["type"], body["timestamp"]) == ("reply.given", "2026-11-18T11:06:40.000Z")
    assert body["data"]["outcome"] == "answer"
    assert body["data"]["passage_ids"] == ["p-1"]
    assert "transient" not in event.body


def test_urgent_replies_and_hand_overs_are_events_of_their_own() -> None:
    assert kinds_of(a_reply("answer")) == ["reply.given"]
    assert kinds_of(a_reply("crisis", "crisis.x")) == ["urgent.raised", "reply.given"]
    assert kinds_of(a_reply("smalltalk", "contact")) == ["reply.given", "handover.asked"]
    assert kinds_of(a_reply("crisis"), ["urgent.raised"]) == ["urgent.raised"]


def test_nothing_is_made_for_nobody() -> None:
    assert Events(KINDS, []).of_reply(a_reply("crisis"), "b12", "web", AT) == []
    assert Events(["reply.given"], ["t"]).of_feedback("r", True, AT) == []


def test_each_address_gets_its_own_delivery_of_the_same_event() -> None:
    two = Events(KINDS, ["t", "u"]).of_feedback("a-reply", True, AT)
    assert [d.target for d in two] == ["t", "u"]
    assert len({d.event_id for d in two}) == 1
    assert len({d.delivery_id for d in two}) == 2


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(SettingsError, match="QUOTEWELL_WEBHOOK_EVENTS"):
        Events(["reply.gone"], ["t"])


# How it is signed


def test_the_signature_is_the_one_of_the_standard_library_of_that_name() -> None:
    body = b'{"type":"reply.given"}'
    ours = sign([read_secret(SECRET)], "msg_1", int(AT), body)
    assert ours == Webhook(SECRET).sign("msg_1", _time(AT), body.decode())


def test_two_secrets_give_two_signatures() -> None:
    both = sign([read_secret(SECRET), read_secret(OTHER_SECRET)], "msg_1", int(AT), b"{}")
    assert both.split(" ")[1] == sign([read_secret(OTHER_SECRET)], "msg_1", int(AT), b"{}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_c2hvcnQ=",
        "whsec_é",
        "whsec_" + "A" * 88,
    ],
)
def test_a_secret_of_another_form_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_secret(text)
    assert text[6:] == "" or text[6:] not in str(error.value)


def _time(at: float) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC)


# Where it may go


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "168.63.129.16", "::1", "::", "fe80::1",
        "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:a00:1::",
        "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    [target] = read_targets(["https://hooks.example/x"])
    with pytest.raises(Refused):
        pin(target, (), lambda _host, _port: [address])


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_address_is_pinned(address: str) -> None:
    [target] = read_targets(["https://hooks.example/x"])
    assert ipaddress.ip_address(pin(target, (), lambda _h, _p: [address])).is_global


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    [target] = read_targets(["https://hooks.example/x"])
    with pytest.raises(Refused, match="not public"):
        pin(target, (), lambda _host, _port: ["8.8.8.8", "10.0.0.1"])


def test_plain_http_goes_nowhere_but_to_networks_that_are_named() -> None:
    [target] = read_targets(["http://hooks.example/x"])
    with pytest.raises(Refused, match="not https"):
        pin(target, (), lambda _host, _port: ["8.8.8.8"])
    assert pin(target, LOOPBACK, lambda _host, _port: ["127.0.0.1"]) == "127.0.0.1"


def test_no_setting_opens_the_way_to_a_machines_credentials() -> None:
    [target] = read_targets(["https://hooks.example/x"])
    everything = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
    for address in ("169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"):
        with pytest.raises(Refused):
            pin(target, everything, lambda _host, _port, a=address: [a])  # type: ignore[misc]


def test_a_name_without_an_address_is_refused() -> None:
    def nowhere(_host: str, _port: int) -> list[str]:
        raise socket.gaierror

    [target] = read_targets(["https://hooks.example/x"])
    ways: list[Resolve] = [nowhere, lambda _host, _port: []]
    for resolve in ways:
        with pytest.raises(Refused, match="no address"):
            pin(target, (), resolve)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example/", "https://", "hooks.example", "https://me:word@hooks.example/",
        "https://hooks.example/#part", "https://hooks.example/a b", "https://hooks.example:x/",
        "https://hooks.example/\r\nX: y", "file:///etc/passwd", "https://[::1/",
    ],
)  # fmt: skip
def test_an_address_of_another_form_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="QUOTEWELL_WEBHOOK_URLS"):
        read_targets([url])


# How it is sent


def post(target: Target, **values: Any) -> Sent:
    return send(target, {"webhook-id": "msg_1"}, b"{}", LOOPBACK, **values)


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    with receiving() as receiver:
        port = receiver.url.rsplit(":", 1)[1].partition("/")[0]
        [target] = read_targets([f"http://hooks.example:{port}/hook"])
        sent = post(target, resolve=lambda _host, _port: ["127.0.0.1"])
    assert sent.is_delivered
    assert receiver.got[0].headers["host"] == f"hooks.example:{port}"


def test_a_redirect_is_not_followed() -> None:
    with receiving() as elsewhere, receiving() as receiver:
        receiver.answer = lambda _n: (307, {"Location": elsewhere.url})
        sent = post(read_targets([receiver.url])[0])
    assert (sent.is_delivered, sent.why) == (False, "status 307")
    assert elsewhere.got == []


def test_a_receiver_that_drips_is_left() -> None:
    stop = threading.Event()

    def drip(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=[listening])
        thread.start()
        [target] = read_targets([f"http://127.0.0.1:{listening.getsockname()[1]}/"])
        sent = post(target, total_seconds=0.5)
        stop.set()
        thread.join()
    assert (sent.status, sent.is_delivered) == (0, False)


def test_nobody_listening_is_a_failure_like_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    sent = post(read_targets([f"http://127.0.0.1:{port}/"])[0])
    assert (sent.status, sent.why) == (0, "ConnectionRefusedError")


# How it is tried


class Way:
    """A courier with a clock of its own, and a receiver that answers from a list."""

    def __init__(self, *answers: Sent, schedule: Sequence[float] = (5.0, 300.0)) -> None:
        self.now = AT
        self.told: list[tuple[str, str]] = []
        self.sent: list[tuple[str, dict[str, str], bytes]] = []
        self.kept = MemoryEvents()
        self.answers = list(answers)
        self.targets = read_targets(["https://hooks.example/x"])
        self.courier = Courier(
            self.kept,
            self.targets,
            [read_secret(SECRET)],
            told=lambda kind, result: self.told.append((kind, result)),
            schedule=schedule,
            now=lambda: self.now,
            send=self._send,
        )

    def _send(self, target: Target, headers: dict[str, str], body: bytes, _: Any) -> Sent:
        self.sent.append((target.url, headers, body))
        return self.answers.pop(0)

    def add(self, *deliveries: Delivery) -> None:
        self.kept.add(deliveries)

    def feedback(self) -> None:
        codes = [target.code for target in self.targets]
        self.add(*Events(KINDS, codes).of_feedback("a-reply-of-ours", True, self.now))

    def round(self, seconds: float = 0.0) -> int:
        self.now += seconds
        return asyncio.run(self.courier.round())


def test_what_was_taken_is_not_sent_again() -> None:
    way = Way(Sent(200))
    way.feedback()
    assert way.round() == 1
    assert way.round(99999) == 0
    assert way.told == [("feedback.given", "delivered")]


def test_a_failure_is_tried_again_later_under_the_same_id_with_a_fresh_time() -> None:
    way = Way(Sent(500, "status 500"), Sent(204))
    way.feedback()
    way.round()
    assert way.round(4.9) == 0
    assert way.round(1.2) == 1
    (_, first, body), (_, second, _) = way.sent
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) == int(way.now)
    # The oracle's own clock is the wall's, so that it only checks the signature here.
    assert (
        Webhook(SECRET).sign(first["webhook-id"], _time(AT), body.decode())
        == first["webhook-signature"]
    )


def test_after_the_last_try_it_is_a_dead_letter() -> None:
    way = Way(*[Sent(0, "TimeoutError")] * 3)
    way.feedback()
    for _ in range(5):
        way.round(9999)
    assert [result for _, result in way.told] == ["failed", "failed", "dead"]
    [dead] = way.kept.dead()
    assert (dead.n_tries, dead.why) == (3, "TimeoutError")


def test_a_receiver_that_is_gone_for_good_is_not_asked_again() -> None:
    way = Way(Sent(410, "status 410"))
    way.feedback()
    way.round()
    assert way.told == [("feedback.given", "dead")]


def test_a_receiver_says_itself_when_to_come_again() -> None:
    way = Way(Sent(429, "status 429", retry_after=100.0), Sent(200))
    way.feedback()
    way.round()
    assert way.round(90) == 0
    assert way.round(11) == 1


def test_what_waits_for_an_address_that_is_no_longer_set_is_given_up() -> None:
    way = Way()
    way.add(*Events(KINDS, ["an-old-address"]).of_feedback("r", True, AT))
    way.round()
    assert way.sent == []
    assert [dead.why for dead in way.kept.dead()] == ["address no longer set"]


def test_urgent_events_go_first() -> None:
    way = Way(*[Sent(200)] * 20)
    for _ in range(9):
        way.feedback()
    codes = [target.code for target in way.targets]
    way.add(*Events(["urgent.raised"], codes).of_reply(a_reply("crisis"), "b12", "web", AT + 1))
    way.round(2)
    assert json.loads(way.sent[0][2])["type"] == "urgent.raised"


def test_the_schedule_ends_before_the_events_are_erased() -> None:
    from bot.store.doors import EVENT_SECONDS

    assert sum(SCHEDULE) * 1.2 < EVENT_SECONDS


def test_a_real_receiver_can_verify_what_it_gets() -> None:
    def flaky(n: int) -> tuple[int, dict[str, str]]:
        return (503, {}) if n == 0 else (204, {})

    async def deliver(receiver: Receiver) -> None:
        kept, targets = MemoryEvents(), read_targets([receiver.url])
        secrets = [read_secret(SECRET)]
        courier = Courier(kept, targets, secrets, LOOPBACK, schedule=[0.05])
        running = asyncio.create_task(courier.run())
        codes = [target.code for target in targets]
        kept.add(Events(KINDS, codes).of_reply(a_reply("crisis"), "b12", "web", AT))
        courier.wake()
        await asyncio.to_thread(receiver.wait_for, 3)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with receiving() as receiver:
        receiver.answer = flaky
        asyncio.run(deliver(receiver))
    seen = [Webhook(SECRET).verify(got.body, dict(got.headers)) for got in receiver.got]
    assert sorted({event["type"] for event in seen}) == ["reply.given", "urgent.raised"]
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 2
    assert receiver.got[0].path == "/hook?of=clinic"
