"""Keys, limits, repeated calls and events at the HTTP door, in front of the real bot."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot import keys
from bot.errors import SettingsError, StoreError
from bot.settings import load_settings, masked
from bot.store import Store
from bot.store.doors import CALL_SECONDS
from tests.http_support import (
    CANARY,
    DOSING,
    EMERGENCY,
    PASSAGE,
    a_store,
    app_with,
    ask,
    client_with,
    figure,
    settings_with,
)
from tests.webhook_support import SECRET

ASK = {"choice": PASSAGE}
ELSEWHERE = "203.0.113.9"
VISIT = "a-visit-for-the-doors"
HOOKS: dict[str, Any] = {
    "webhook_urls": "https://hooks.invalid/x",
    "webhook_secret": SECRET,
}


@contextmanager
def keyed(*scopes: str, **values: Any) -> Iterator[tuple[TestClient, dict[str, str], Store]]:
    """A client, the header of a key with these scopes, and the store."""
    store = a_store()
    key = keys.add(store.keys, "a server", scopes, time.time(), None)
    with client_with(store, **values) as client:
        yield client, {"Authorization": f"Bearer {key}"}, store


# Keys


def test_a_key_opens_what_its_scope_says() -> None:
    with keyed("ask") as (client, key, _):
        assert client.post("/v1/ask", json=ASK, headers=key).status_code == 200
        refused = client.get("/v1/guides", headers=key)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert 'scope="read"' in refused.headers["www-authenticate"]


def test_a_reader_may_not_ask_or_erase() -> None:
    with keyed("read") as (client, key, _):
        assert client.get("/v1/guides", headers=key).status_code == 200
        assert client.post("/v1/verify", json={"quote": "B12"}, headers=key).status_code == 200
        assert client.post("/v1/ask", json=ASK, headers=key).status_code == 403
        assert client.delete(f"/v1/visits/{VISIT}", headers=key).status_code == 403


def test_an_admin_key_opens_all_and_the_figures_too() -> None:
    with keyed("admin", peer=ELSEWHERE) as (client, key, _):
        assert client.post("/v1/ask", json=ASK, headers=key).status_code == 200
        assert client.get("/v1/guides", headers=key).status_code == 200
        assert client.get("/metrics").status_code == 403
        assert client.get("/metrics", headers=key).status_code == 200


@pytest.mark.parametrize(
    "token", ["wrong", "qw_000000000000_" + "A" * 43, CANARY, "qw_", "\xe9\xe8"]
)
def test_a_wrong_key_is_refused_even_where_none_is_required(token: str) -> None:
    header = {"Authorization": f"Bearer {token}".encode("latin-1")}
    with client_with() as client:
        response = client.post("/v1/ask", json=ASK, headers=header)  # type: ignore[arg-type]
    assert (response.status_code, response.json()["code"]) == (401, "wrong_key")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == "Bearer"
    assert CANARY not in response.text


def test_without_a_key_the_api_is_open_unless_one_is_required() -> None:
    with client_with() as client:
        assert client.post("/v1/ask", json=ASK).status_code == 200
    with keyed("ask", require_key=True) as (client, key, _):
        refused = client.post("/v1/ask", json=ASK)
        assert (refused.status_code, refused.json()["code"]) == (401, "key_required")
        assert client.post("/v1/ask", json=ASK, headers=key).status_code == 200
        assert client.get("/healthz").status_code == 200


def test_a_key_made_or_revoked_elsewhere_counts_at_once_or_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys.KeyRing, "fresh_seconds", 0.0)
    monkeypatch.setattr(keys.KeyRing, "again_seconds", 0.0)
    with keyed("ask") as (client, key, store):
        assert client.post("/v1/ask", json=ASK, headers=key).status_code == 200
        later = keys.add(store.keys, "another", ["ask"], time.time(), None)
        header = {"Authorization": f"Bearer {later}"}
        assert client.post("/v1/ask", json=ASK, headers=header).status_code == 200
        keys.revoke(store.keys, keys.prefix_of(later) or "", time.time())
        assert client.post("/v1/ask", json=ASK, headers=header).status_code == 401
        assert [bool(row.last_used_on) for row in store.keys.all()] == [True, True]
        assert figure(client, 'quotewell_key_checks_total{result="refused"}') == 1


def test_keys_go_on_working_while_the_store_does_not() -> None:
    store = a_store()
    key = keys.add(store.keys, "a server", ["ask"], time.time(), None)
    with client_with(store) as client:
        header = {"Authorization": f"Bearer {key}"}
        assert client.post("/v1/ask", json=ASK, headers=header).status_code == 200
        store.keys.all = _gone  # type: ignore[method-assign]
        keys_ring = client.app.state.services.doorkeeper._ring  # type: ignore[attr-defined]
        keys_ring._loaded_at = float("-inf")
        assert client.post("/v1/ask", json=ASK, headers=header).status_code == 200


def _gone() -> Any:
    raise StoreError("gone")


# Limits


def test_what_is_left_stands_in_the_headers() -> None:
    with client_with(limit_per_address=5) as client:
        response = client.post("/v1/ask", json={**ASK, "visit_id": VISIT})
        outside = client.get("/healthz")
    assert response.headers["ratelimit-policy"] == '"address";q=5;w=60, "visitor";q=60;w=60'
    usage = response.headers["ratelimit"].split(", ")
    assert [part.rpartition(";t=")[0] for part in usage] == ['"address";r=4', '"visitor";r=59']
    assert "ratelimit" not in outside.headers


def test_over_a_limit_the_reply_is_a_problem_with_the_emergency_numbers() -> None:
    with client_with(limit_per_visitor=2) as client:
        for _ in range(2):
            ask(client, DOSING, visit_id=VISIT)
        limited = client.post("/v1/ask", json={"question": DOSING, "visit_id": VISIT})
        other = client.post("/v1/ask", json={"question": DOSING, "visit_id": VISIT + "-2"})
        kept = client.get(f"/v1/visits/{VISIT}").json()
        n_limited = figure(client, 'quotewell_limited_requests_total{limit="visitor"}')
    body = limited.json()
    assert (limited.status_code, body["code"], body["limit"]) == (
        429, "too_many_requests", "visitor",
    )  # fmt: skip
    assert 1 <= int(limited.headers["retry-after"]) <= 60
    assert [number["kind"] for number in body["numbers"]] == ["emergency"]
    assert body["numbers"][0]["number"] in body["detail"]
    assert other.status_code == 200
    assert kept["visit"]["turn"] == 2
    assert n_limited == 1


@pytest.mark.parametrize("limit", ["limit_per_visitor", "limit_per_address", "limit_in_all"])
def test_an_urgent_message_is_answered_over_any_limit(limit: str) -> None:
    values: dict[str, Any] = {limit: 1}
    with client_with(**values) as client:
        ask(client, DOSING, visit_id=VISIT)
        assert client.post("/v1/ask", json={**ASK, "visit_id": VISIT}).status_code == 429
        for _ in range(3):
            reply = ask(client, EMERGENCY, visit_id=VISIT)
            assert (reply["outcome"], reply["card"]["level"]) == ("emergency", "emergency")
        assert figure(client, "quotewell_limited_urgent_replies_total") == 3


def test_other_routes_are_limited_and_health_is_not() -> None:
    with client_with(limit_per_address=1) as client:
        assert client.get("/v1/guides").status_code == 200
        assert client.get("/v1/guides").status_code == 429
        assert client.get("/healthz").status_code == 200


def test_neighbours_share_a_limit_and_strangers_do_not() -> None:
    with client_with(limit_per_address=1, trusted_proxies=["127.0.0.1"]) as client:

        def status_from(address: str) -> int:
            header = {"X-Forwarded-For": address}
            return client.post("/v1/ask", json=ASK, headers=header).status_code

        assert status_from("198.51.100.1") == 200
        assert status_from("198.51.100.200") == 429
        assert status_from("198.51.101.1") == 200


def test_a_key_has_a_limit_of_its_own() -> None:
    with keyed("ask", limit_per_address=1, limit_per_key=2) as (client, key, _):
        statuses = [client.post("/v1/ask", json=ASK, headers=key).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert client.post("/v1/ask", json=ASK).status_code == 200


def test_guessing_keys_is_limited_by_address() -> None:
    with client_with(limit_per_address=2) as client:
        bad = {"Authorization": "Bearer qw_000000000000_" + "A" * 43}
        statuses = [client.get("/v1/guides", headers=bad).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


# Repeated calls


def send(client: TestClient, key: str, body: Any = ASK, **headers: str) -> Any:
    return client.post("/v1/ask", json=body, headers={"Idempotency-Key": key, **headers})


def test_the_same_call_twice_gets_the_same_reply_once() -> None:
    with client_with() as client:
        first, second = send(client, "a-call"), send(client, '"a-call"')
        n_replies = figure(client, "quotewell_replies_total")
    assert first.json() == second.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert n_replies == 1


def test_another_body_under_the_same_key_is_refused() -> None:
    with client_with() as client:
        send(client, "a-call")
        other = send(client, "a-call", {"question": DOSING})
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert send(client, "another-call", {"question": DOSING}).status_code == 200


def test_a_repetition_while_the_first_is_answered_is_refused() -> None:
    store: Any = a_store()
    begun = store.calls.begin
    with client_with(store) as client:
        store.calls.begin = lambda c, b, at: begun(c, b, at) or begun(c, b, at)
        refused = send(client, "a-call")
    assert (refused.status_code, refused.json()["code"]) == (409, "call_in_flight")
    assert refused.headers["retry-after"] == "1"


def test_an_urgent_message_is_answered_whatever_its_key() -> None:
    with client_with() as client:
        send(client, "a-call")
        urgent = send(client, "a-call", {"question": EMERGENCY})
        again = [send(client, "b-call", {"question": EMERGENCY}).json() for _ in range(2)]
    assert urgent.json()["outcome"] == "emergency"
    assert again[0]["reply_id"] == again[1]["reply_id"]


@pytest.mark.parametrize("key", ["", '"', "a" * 256, "two words", '"a"b"'])
def test_a_key_of_another_form_is_refused(key: str) -> None:
    with client_with() as client:
        response = send(client, key)
    assert (response.status_code, response.json()["code"]) == (400, "bad_idempotency_key")


def test_what_got_no_reply_may_be_tried_again() -> None:
    with client_with() as client:
        body = {"question": DOSING, "guide": "no-such-guide"}
        assert send(client, "a-call", body).status_code == 404
        assert send(client, "a-call").status_code == 200
    with client_with(limit_per_visitor=1) as client:
        ask(client, DOSING, visit_id=VISIT)
        assert send(client, "a-call", {**ASK, "visit_id": VISIT}).status_code == 429
        assert send(client, "a-call").status_code == 200


def test_the_callers_of_different_keys_do_not_see_each_other() -> None:
    with keyed("ask") as (client, key, store):
        other = keys.add(store.keys, "another", ["ask"], time.time(), None)
        first = send(client, "a-call", ASK, **key)
        second = send(client, "a-call", ASK, Authorization=f"Bearer {other}")
    assert first.json()["reply_id"] != second.json()["reply_id"]


def test_a_replay_leaves_out_how_it_was_decided_since_that_shows_what_was_typed() -> None:
    body = {"question": f"side effects {CANARY}", "explain": True}
    with client_with() as client:
        first, second = send(client, "a-call", body).json(), send(client, "a-call", body).json()
    assert first.pop("explain")
    assert first == second
    assert CANARY not in str(second)


def test_without_the_store_calls_are_answered_unchecked() -> None:
    store = a_store()
    store.calls.begin = lambda *_: _gone()  # type: ignore[method-assign]
    with client_with(store) as client:
        ids = {send(client, "a-call").json()["reply_id"] for _ in range(2)}
        assert len(ids) == 2
        assert figure(client, 'quotewell_repeated_calls_total{result="unchecked"}') == 2


def test_erasing_a_visit_erases_the_replies_kept_for_repetition() -> None:
    body = {**ASK, "visit_id": VISIT}
    with client_with() as client:
        first = send(client, "a-call", body).json()
        assert client.delete(f"/v1/visits/{VISIT}").status_code == 204
        assert send(client, "a-call", body).json()["reply_id"] != first["reply_id"]


def test_replies_are_kept_for_a_day() -> None:
    assert CALL_SECONDS >= 24 * 3600


# Events


def test_what_happens_is_handed_over_for_delivery() -> None:
    store = a_store()
    hooks: dict[str, Any] = {
        "webhook_urls": ["https://hooks.invalid/x"],
        "webhook_secret": [SECRET],
    }
    with client_with(store, **hooks) as client:
        client.app.state.services.courier.wake = lambda: None  # type: ignore[attr-defined]
        reply = ask(client, f"{EMERGENCY} {CANARY}")
        client.post("/v1/feedback", json={"reply_id": reply["reply_id"], "helpful": True})
        ask(client, "can I talk to a person please")
        rows = list(store.events._rows.values())  # type: ignore[attr-defined]
    assert {row.kind for row in rows} == {
        "urgent.raised", "reply.given", "feedback.given", "handover.asked",
    }  # fmt: skip
    assert CANARY not in str(rows)


def test_without_an_address_nothing_is_kept_for_delivery() -> None:
    store = a_store()
    with client_with(store) as client:
        ask(client, EMERGENCY)
    assert store.events.claim(time.time() + 1, 8, 30) == []


def test_a_reply_is_given_though_its_event_is_lost() -> None:
    store: Any = a_store()

    def lose(_: object) -> Any:
        lost: Future[None] = Future()
        lost.set_exception(StoreError("gone"))
        return lost

    store.events.add = lose
    hooks: dict[str, Any] = {
        "webhook_urls": ["https://hooks.invalid/x"],
        "webhook_secret": [SECRET],
    }
    with client_with(store, **hooks) as client:
        ask(client, DOSING)
        assert figure(client, "quotewell_webhooks_lost_total") == 1


# Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook_secret", "whsec_short"),
        ("webhook_secret", ""),
        ("webhook_urls", "ftp://hooks.invalid"),
        ("webhook_events", "reply.gone"),
        ("limits_url", "memcached://x"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(name: str, value: str) -> None:
    values: dict[str, Any] = {
        "webhook_urls": "https://hooks.invalid",
        "webhook_secret": SECRET,
        name: value,
    }
    with pytest.raises(SettingsError, match=f"QUOTEWELL_{name.upper()}"):
        app_with(**values)


@pytest.mark.parametrize(
    ("name", "value"), [("webhook_networks", "nowhere"), ("limit_per_key", "-1")]
)
def test_a_setting_of_the_wrong_kind_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name.upper()):
        load_settings({f"QUOTEWELL_{name.upper()}": value})


def test_secrets_are_masked_where_settings_are_shown() -> None:
    values = {"webhook_urls": "https://x.example/token", "webhook_secret": SECRET}
    settings = settings_with(**values, limits_url="redis://:word@x/0")
    assert SECRET not in repr(settings)
    shown = masked(settings)
    assert {shown[n] for n in ("webhook_urls", "webhook_secret", "limits_url")} == {"********"}
