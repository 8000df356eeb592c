"""What operators see: health, readiness, versions, figures, log lines, the pause switch."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import bot
from bot.answer import open_bot
from bot.http import create_app, logs
from tests.http_support import (
    DOSING,
    EMERGENCY,
    GUIDE,
    PASSAGE,
    a_bot,
    a_store,
    ask,
    broken_store,
    client_with,
    figure,
    settings_with,
)

# Health


def test_a_sound_server_is_alive_and_ready() -> None:
    with client_with() as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"] == {"guides": True, "store": True, "urgent_numbers": True}


def test_a_store_out_of_reach_makes_it_unready_but_alive() -> None:
    with client_with(broken_store("ping")) as client:
        ready = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert (ready.status_code, ready.json()["code"]) == (503, "not_ready")
    assert ready.json()["checks"]["store"] is False


def test_a_guide_changed_on_disk_makes_it_unready(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree("corpus", corpus)
    settings = settings_with(corpus_dir=str(corpus))
    app = create_app(open_bot(settings), a_store(), settings)
    with TestClient(app) as client:
        assert client.get("/readyz").status_code == 200
        with (corpus / GUIDE / "guide.txt").open("a") as file:
            file.write("\n")
        ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"]["guides"] is False


def test_the_version_names_program_policy_and_guides() -> None:
    with client_with() as client:
        told = client.get("/version").json()
    guide = a_bot().guide(GUIDE).guide
    assert told["version"] == bot.__version__
    assert told["policy_version"] == a_bot().policy.version
    assert told["guides"] == {GUIDE: {"version": guide.version, "sha256": guide.sha256}}


# Figures


def test_replies_and_requests_are_counted_by_outcome_and_route() -> None:
    with client_with() as client:
        ask(client, DOSING)
        client.get("/v1/visits/aaaaaaaaaaaaaaaaaaaa")
        client.get("/no/such/page")
        text = client.get("/metrics").text
    assert 'quotewell_replies_total{channel="web",outcome="dosing_refusal",reason="' in text
    assert 'route="/v1/visits/{visit_id}",status="404"' in text
    assert 'route="none",status="404"' in text
    assert f'quotewell_guide_info{{guide="{GUIDE}"' in text
    assert "quotewell_store_degraded 0.0" in text


def test_the_stores_own_counts_are_among_the_figures() -> None:
    with client_with() as client:
        ask(client, DOSING)
        assert figure(client, "quotewell_store_written_total") == 1


def test_figures_are_for_this_machine_only_unless_a_token_is_set() -> None:
    with client_with(peer="198.51.100.7") as client:
        refused = client.get("/metrics", headers={"Authorization": "Bearer "})
    assert (refused.status_code, refused.json()["code"]) == (403, "loopback_only")


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer s3cret-token", 200),
        ("bearer s3cret-token", 200),
        ("Bearer s3cret-toke", 401),
        ("Bearer sécret", 401),
        ("Basic s3cret-token", 401),
        ("", 401),
    ],
)
def test_figures_are_given_to_whoever_holds_the_token(authorization: str, status: int) -> None:
    headers = {b"Authorization": authorization.encode()}
    with client_with(peer="198.51.100.7", metrics_token="s3cret-token") as client:
        response = client.get("/metrics", headers=headers)
    assert response.status_code == status
    assert (response.headers.get("WWW-Authenticate") == "Bearer") == (status == 401)


# Log lines


def test_one_line_tells_a_request_by_its_route_template(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with client_with() as client:
        response = client.post("/v1/ask?secret=1", json={"choice": PASSAGE})
    [record] = [r for r in caplog.records if r.name == "quotewell.access"]
    told = vars(record)
    assert (told["method"], told["route"], told["status"]) == ("POST", "/v1/ask", 200)
    assert (told["outcome"], told["channel"]) == ("answer", "web")
    assert told["request_id"] == response.headers["X-Request-ID"]
    assert told["ms"] > 0


def test_a_machine_can_read_the_lines_and_a_person_too() -> None:
    record = logging.makeLogRecord(
        {"name": "quotewell.access", "levelname": "INFO", "msg": "request", "status": 200}
    )
    line = json.loads(logs.JsonLines().format(record))
    assert (line["event"], line["status"], line["level"]) == ("request", 200, "info")
    assert logs.Plain().format(record).endswith("INFO    request status=200")


# The pause switch


def test_a_paused_server_answers_with_the_contact_card_only() -> None:
    with client_with(paused=True) as client:
        replies = [ask(client, question) for question in (DOSING, "Is it sore?")]
        replies.append(client.post("/v1/ask", json={"choice": PASSAGE}).json())
        page = client.get("/").text
    assert all(reply["excerpts"] == [] for reply in replies)
    assert all(reply["card"] for reply in replies)
    assert "Paused." in page


def test_a_paused_server_still_names_the_emergency_number() -> None:
    with client_with(paused=True) as client:
        reply = ask(client, EMERGENCY)
    emergency = [n.number for n in a_bot().policy.clinic.numbers if n.kind == "emergency"]
    assert emergency[0] in reply["text"]


# Shutting down


def test_the_store_is_closed_when_the_app_stops() -> None:
    closed = []

    class Watched:
        def __init__(self) -> None:
            self._store = a_store()

        def __getattr__(self, name: str) -> object:
            return (lambda: closed.append(True)) if name == "close" else getattr(self._store, name)

    with client_with(Watched()) as client:  # type: ignore[arg-type]
        client.get("/healthz")
        assert not closed
    assert closed == [True]
