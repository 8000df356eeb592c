"""The JSON API: asking, visits, feedback, guides, and whether a text stands in a guide."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot.http import asking
from bot.http.models import ClinicModel, GuideList, GuideModel, ReplyModel, VerifyModel, VisitModel
from tests.http_support import (
    CANARY,
    DOSING,
    EMERGENCY,
    GUIDE,
    PASSAGE,
    a_bot,
    ask,
    broken_store,
    client_with,
    figure,
)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_with() as made:
        yield made


# Asking


def test_a_reply_has_the_documented_form_and_mints_a_visit(client: TestClient) -> None:
    reply = ask(client, "Will the place where they inject be sore?")
    assert ReplyModel.model_validate(reply, strict=True)
    assert re.fullmatch(r"[A-Za-z0-9_-]{16,64}", reply["visit_id"])


def test_a_chosen_passage_is_answered_with_the_exact_slice_of_the_source(
    client: TestClient,
) -> None:
    reply = client.post("/v1/ask", json={"choice": PASSAGE}).json()
    source = client.get(f"/v1/guides/{GUIDE}/source").content.decode()
    excerpt = reply["excerpts"][0]
    assert reply["outcome"] == "answer"
    assert source[excerpt["start"] : excerpt["end"]] == excerpt["quote"]
    assert excerpt["section"] == "Injection Site Reactions"


def test_refusals_are_replies_not_errors(client: TestClient) -> None:
    assert ask(client, DOSING)["outcome"] == "dosing_refusal"
    assert ask(client, EMERGENCY)["outcome"] == "emergency"


def test_explain_is_given_only_when_asked_for(client: TestClient) -> None:
    assert "explain" not in ask(client, "Is it safe?")
    assert isinstance(ask(client, "Is it safe?", explain=True)["explain"], dict)


def test_a_visit_named_by_the_client_is_kept_under_that_name(client: TestClient) -> None:
    ask(client, "Is it sore?", visit_id="kitchen-tablet-0001")
    kept = client.get("/v1/visits/kitchen-tablet-0001").json()
    assert kept["visit"]["turn"] == 1


def test_two_replies_have_two_ids(client: TestClient) -> None:
    assert ask(client, "hello")["reply_id"] != ask(client, "hello")["reply_id"]


@pytest.mark.parametrize("question", ["", "   ", "\x00\x07", "🙂🙂", "\u202e\u200b"])
def test_text_without_words_gets_an_honest_reply(client: TestClient, question: str) -> None:
    assert ask(client, question)["outcome"] == "unintelligible"


def test_a_long_question_is_a_reply_of_reason_too_long(client: TestClient) -> None:
    reply = ask(client, "is it sore " * 500)
    assert (reply["outcome"], reply["reason"]) == ("unintelligible", "too_long")


def test_an_emoji_cut_in_half_does_not_cost_the_reply(client: TestClient) -> None:
    torn = '{"question": "I can\'t breathe \\ud83d"}'
    response = client.post("/v1/ask", content=torn, headers={"Content-Type": "application/json"})
    assert response.json()["outcome"] == "emergency"


def test_members_that_are_not_known_are_ignored(client: TestClient) -> None:
    assert ask(client, EMERGENCY, page="/injections")["outcome"] == "emergency"


# The store may fail


def test_a_visit_that_cannot_be_loaded_is_answered_afresh_and_counted() -> None:
    with client_with(broken_store("load_visit")) as client:
        assert ask(client, EMERGENCY, visit_id="a" * 16)["outcome"] == "emergency"
        assert figure(client, "quotewell_visit_load_failures_total") == 1


def test_a_reply_that_cannot_be_kept_is_given_and_counted() -> None:
    with client_with(broken_store("record")) as client:
        assert ask(client, EMERGENCY)["outcome"] == "emergency"
        assert figure(client, "quotewell_unsaved_replies_total") == 1


def test_even_a_bug_in_the_store_costs_no_urgent_reply() -> None:
    store = broken_store("load_visit", "record", error=ZeroDivisionError("a bug"))
    with client_with(store) as client:
        assert ask(client, EMERGENCY, visit_id="a" * 16)["outcome"] == "emergency"


def test_an_urgent_reply_does_not_wait_for_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "STORE_DEADLINE", 30.0)
    with client_with(broken_store("record", hangs=True)) as client:
        began = time.monotonic()
        assert ask(client, EMERGENCY)["outcome"] == "emergency"
        assert time.monotonic() - began < 15.0


def test_another_reply_waits_for_the_store_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "STORE_DEADLINE", 0.01)
    with client_with(broken_store("record", hangs=True)) as client:
        ask(client, DOSING)
        assert figure(client, "quotewell_unsaved_replies_total") == 1


# Visits and feedback


def test_what_is_kept_of_a_visit_can_be_read_and_holds_no_question(client: TestClient) -> None:
    visit_id = ask(client, f"{CANARY} Is it sore afterwards?")["visit_id"]
    kept = client.get(f"/v1/visits/{visit_id}")
    assert VisitModel.model_validate(kept.json())
    assert CANARY not in kept.text


def test_a_deleted_visit_is_gone_and_can_be_deleted_again(client: TestClient) -> None:
    path = f"/v1/visits/{ask(client, 'Is it sore?')['visit_id']}"
    assert [client.delete(path).status_code for _ in range(2)] == [204, 204]
    assert client.get(path).status_code == 404


def test_feedback_is_kept_beside_its_reply(client: TestClient) -> None:
    reply = ask(client, DOSING)
    body = {"reply_id": reply["reply_id"], "helpful": False}
    assert client.post("/v1/feedback", json=body).status_code == 204
    kept = client.get(f"/v1/visits/{reply['visit_id']}").json()
    assert kept["replies"][0]["feedback"]["helpful"] is False


def test_feedback_on_a_reply_that_never_was_is_refused(client: TestClient) -> None:
    response = client.post("/v1/feedback", json={"reply_id": "never-given", "helpful": True})
    assert (response.status_code, response.json()["code"]) == (404, "unknown_reply")


@pytest.mark.parametrize(
    ("call", "method", "path", "body"),
    [
        ("export_visit", "GET", "/v1/visits/aaaaaaaaaaaaaaaa", None),
        ("delete_visit", "DELETE", "/v1/visits/aaaaaaaaaaaaaaaa", None),
        ("save_feedback", "POST", "/v1/feedback", {"reply_id": "aaaaaaaa", "helpful": True}),
    ],
)
def test_what_needs_the_store_says_when_it_is_gone(
    call: str, method: str, path: str, body: object
) -> None:
    with client_with(broken_store(call)) as client:
        response = client.request(method, path, json=body)
    assert (response.status_code, response.json()["code"]) == (503, "store_unavailable")
    assert response.headers["Retry-After"] == "30"


# Guides


def test_the_clinics_facts_are_what_a_page_needs_first(client: TestClient) -> None:
    facts = ClinicModel.model_validate(client.get("/v1/clinic").json())
    assert facts.is_demo
    assert facts.numbers[0].kind == "emergency"
    assert facts.languages == ["en"]
    assert facts.default_guide == GUIDE


def test_the_guides_are_listed(client: TestClient) -> None:
    listed = GuideList.model_validate(client.get("/v1/guides").json()).guides
    assert [(g.id, g.is_default, g.url) for g in listed] == [(GUIDE, True, f"/guides/{GUIDE}")]


def test_a_guide_tells_its_sections_and_passages(client: TestClient) -> None:
    guide = GuideModel.model_validate(client.get(f"/v1/guides/{GUIDE}").json())
    passages = [p for section in guide.sections for p in section.passages]
    assert [p.passage_id for p in passages] == [
        p.passage_id for p in a_bot().guide(GUIDE).guide.passages
    ]


def test_the_source_is_the_file_byte_for_byte(client: TestClient) -> None:
    response = client.get(f"/v1/guides/{GUIDE}/source")
    file = Path("corpus", GUIDE, "guide.txt").read_bytes()
    assert response.content == file
    assert response.headers["ETag"] == f'"{hashlib.sha256(file).hexdigest()}"'
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("prefix", ["", "W/"])
def test_a_source_that_the_client_has_is_not_sent_again(client: TestClient, prefix: str) -> None:
    path = f"/v1/guides/{GUIDE}/source"
    etag = prefix + client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content) == (304, b"")


# Is this text in the guide?


def test_words_of_the_guide_are_found_whatever_the_white_space(client: TestClient) -> None:
    quote = "These symptoms are\n usually  transient and resolve on their own."
    found = VerifyModel.model_validate(client.post("/v1/verify", json={"quote": quote}).json())
    place = found.places[0]
    source = a_bot().guide(GUIDE).guide.source
    assert found.verbatim
    assert source[place.start : place.end] == " ".join(quote.split())
    assert (place.section, place.passage_id) == ("Injection Site Reactions", PASSAGE)


@pytest.mark.parametrize(
    "quote",
    [
        "These symptoms are always transient and resolve on their own.",
        "these symptoms are usually transient",
        "symptoms .* own",
    ],
)
def test_words_that_differ_are_not_found(client: TestClient, quote: str) -> None:
    found = client.post("/v1/verify", json={"quote": quote}).json()
    assert (found["verbatim"], found["places"]) == (False, [])


def test_words_found_often_are_listed_ten_times_at_most(client: TestClient) -> None:
    found = client.post("/v1/verify", json={"quote": "Vitamin B12"}).json()
    starts = [place["start"] for place in found["places"]]
    assert len(starts) == 10
    assert starts == sorted(starts)
