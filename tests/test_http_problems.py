"""Every error is a problem document and repeats nothing that was sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.answer import Bot
from bot.http import create_app
from bot.http.models import ProblemModel
from tests.http_support import CANARY, a_bot, a_store, ask, client_with, settings_with

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_with(max_body_bytes=4096) as made:
        yield made


CASES: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "broken JSON": ("POST", "/v1/ask", {"content": b"{", "headers": JSON}, 400, "bad_json"),
    "not UTF-8": ("POST", "/v1/ask", {"content": b'"\xff"', "headers": JSON}, 400, "bad_json"),
    "no body": ("POST", "/v1/ask", {"headers": JSON}, 422, "invalid"),
    "too deep": ("POST", "/v1/ask", {"content": b"[" * 4000, "headers": JSON}, 400, "bad_json"),
    "no such page": ("GET", f"/{CANARY}", {}, 404, "not_found"),
    "no such guide": ("GET", "/v1/guides/nope", {}, 404, "unknown_guide"),
    "no such reading page": ("GET", "/guides/nope", {}, 404, "unknown_guide"),
    "ask of no such guide": (
        "POST",
        "/v1/ask",
        {"json": {"question": CANARY, "guide": "nope"}},
        404,
        "unknown_guide",
    ),
    "no such asset": ("GET", "/assets/0/page.css", {}, 404, "not_found"),
    "no such visit": ("GET", f"/v1/visits/{CANARY}-123456", {}, 404, "unknown_visit"),
    "wrong method": ("PUT", "/v1/ask", {}, 405, "method_not_allowed"),
    "long body": ("POST", "/v1/ask", {"json": {"question": CANARY * 500}}, 413, "body_too_large"),
    "form": ("POST", "/v1/ask", {"data": {"question": CANARY}}, 415, "not_json"),
    "no media type": ("POST", "/v1/verify", {"content": b"{}"}, 415, "not_json"),
    "neither": ("POST", "/v1/ask", {"json": {}}, 422, "invalid"),
    "both": ("POST", "/v1/ask", {"json": {"question": CANARY, "choice": CANARY}}, 422, "invalid"),
    "list": ("POST", "/v1/ask", {"json": [CANARY]}, 422, "invalid"),
    "number": ("POST", "/v1/ask", {"json": {"question": 12}}, 422, "invalid"),
    "not a number": (
        "POST",
        "/v1/ask",
        {"content": b'{"question": NaN}', "headers": JSON},
        422,
        "invalid",
    ),
    "visit id": (
        "POST",
        "/v1/ask",
        {"json": {"question": "x", "visit_id": CANARY}},
        422,
        "invalid",
    ),
    "language": (
        "POST",
        "/v1/ask",
        {"json": {"question": "x", "lang": f"{CANARY} {CANARY}"}},
        422,
        "invalid",
    ),
    "short visit id": ("GET", f"/v1/visits/{CANARY}", {}, 422, "invalid"),
    "helpful": (
        "POST",
        "/v1/feedback",
        {"json": {"reply_id": "abcdefgh", "helpful": CANARY}},
        422,
        "invalid",
    ),
    "empty quote": ("POST", "/v1/verify", {"json": {"quote": " \n"}}, 422, "invalid"),
}


@pytest.mark.parametrize("name", CASES)
def test_an_error_is_a_problem_document_without_what_was_sent(
    client: TestClient, name: str
) -> None:
    method, path, request, status, code = CASES[name]
    response = client.request(method, path, **request)
    problem = ProblemModel.model_validate(response.json())
    assert (response.status_code, problem.status, problem.code) == (status, status, code)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem.instance == f"urn:quotewell:request:{response.headers['X-Request-ID']}"
    assert CANARY not in response.text


def test_a_validation_error_points_at_the_field(client: TestClient) -> None:
    body = {"question": 12, "visit_id": "short"}
    errors = client.post("/v1/ask", json=body).json()["errors"]
    assert {error["pointer"]: error["detail"] for error in errors} == {
        "#/question": "has to be a text",
        "#/visit_id": "has characters or a length that are not allowed",
    }


def test_a_wrong_method_is_told_the_right_ones(client: TestClient) -> None:
    assert client.put("/v1/ask").headers["Allow"] == "POST"


def test_a_chunked_body_is_bounded_without_a_declared_length(client: TestClient) -> None:
    chunks = (b" " * 1000 for _ in range(5))
    response = client.post("/v1/ask", content=chunks, headers=JSON)
    assert "content-length" not in response.request.headers
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


def test_a_chunked_body_under_the_bound_is_read_whole(client: TestClient) -> None:
    chunks = iter([b'{"question": "I can', b"'t breathe", b'"}'])
    response = client.post("/v1/ask", content=chunks, headers=JSON)
    assert response.json()["outcome"] == "emergency"


def test_a_content_type_with_a_charset_is_json_too(client: TestClient) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    response = client.post("/v1/ask", content=b'{"question": "hello"}', headers=headers)
    assert response.status_code == 200


class FaultyBot(Bot):
    """Fails in a way that nobody foresaw, with the visitor's words in the error."""

    def ask(self, turn: Any, visit: Any, guide_id: str | None = None) -> Any:
        raise RuntimeError(f"cannot understand {turn.text}")


def test_an_unforeseen_error_is_a_500_that_tells_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    real = a_bot()
    faulty = FaultyBot(real.policy, real.guides, real.default_guide)
    app = create_app(faulty, a_store(), settings_with())
    with TestClient(app, client=("127.0.0.1", 1)) as client:
        response = client.post("/v1/ask", json={"question": CANARY})
        figures = client.get("/metrics").text
    assert (response.status_code, response.json()["code"]) == (500, "fault")
    assert "quotewell_faults_total 1.0" in figures
    [record] = [r for r in caplog.records if r.getMessage() == "fault"]
    assert vars(record)["kind"] == "RuntimeError"
    assert CANARY not in response.text + figures + caplog.text + str(vars(record))


def test_a_question_leaves_no_trace_in_logs_and_figures(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    with client_with() as client:
        for question in (f"{CANARY} sore arm", f"I can't breathe {CANARY}", CANARY * 400):
            ask(client, question)
        client.post("/v1/ask?q=" + CANARY, json={"choice": CANARY})
        client.get(f"/{CANARY}", headers={"X-Request-ID": f"{CANARY} is what I take"})
        figures = client.get("/metrics").text
    traces = [str(vars(record)) for record in caplog.records if record.name.startswith("quotewell")]
    assert len(traces) >= 5
    assert CANARY not in "\n".join(traces) + figures
