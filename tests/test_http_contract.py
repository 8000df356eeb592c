"""The OpenAPI document, and a short fuzz of the app against it."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.webhooks import KINDS
from tests.http_support import app_with

APP = app_with()
DOCUMENT: dict[str, Any] = APP.openapi()
schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.app = APP

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schema.parametrize()
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_the_app_keeps_to_its_document(case: Any) -> None:
    case.call_and_validate(checks=CHECKS)


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_is_openapi_3_1_and_names_every_operation() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert len(names) == len(set(names))
    assert sorted(names) == [
        "ask", "create_chat_completion", "delete_visit", "get_clinic", "get_guide", "get_health",
        "get_model", "get_readiness", "get_source", "get_version", "get_visit", "list_guides",
        "list_models", "save_feedback", "verify",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "operation"), operations())
def test_every_documented_error_is_a_problem_document(name: str, operation: dict[str, Any]) -> None:
    expected = "application/json" if operation["tags"] == ["openai"] else "application/problem+json"
    for status, response in operation["responses"].items():
        if status >= "400":
            assert list(response["content"]) == [expected], (name, status)


@pytest.mark.parametrize(("name", "operation"), operations())
def test_every_route_of_the_api_says_what_keys_and_limits_do(
    name: str, operation: dict[str, Any]
) -> None:
    if "/v1/" in name:
        assert operation["security"] == [{}, {"key": []}]
        assert {"401", "403", "429"} <= operation["responses"].keys()


def test_the_events_are_described() -> None:
    assert sorted(DOCUMENT["webhooks"]) == sorted(KINDS)
    assert DOCUMENT["components"]["schemas"]["Event"]["examples"]


def test_every_request_body_has_an_example() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    bodies = [name for name in schemas if name.endswith("Request")]
    assert len(bodies) == 4
    assert all(schemas[name]["examples"] for name in bodies)
