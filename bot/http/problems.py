"""Every error of the HTTP door as an RFC 9457 problem document.

A problem names the field and the rule that it breaks, never the value: what was typed may be
health data, and error texts end up in logs and screenshots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Scope

from bot.http.context import path_of, request_id_of

MEDIA_TYPE = "application/problem+json"
CHAT_PATHS = frozenset({"/v1/chat/completions", "/v1/models"})
"""Routes for clients of OpenAI's API, and so with errors of its form; so has each model's."""

# Status -> (code, sentence) for the errors that the framework raises by itself.
_GENERAL: dict[int, tuple[str, str]] = {
    400: ("bad_json", "The request body cannot be read as JSON in UTF-8."),
    404: ("not_found", "There is nothing at this address."),
    405: (
        "method_not_allowed",
        "This address does not take this method; Allow names those it does.",
    ),
    413: ("body_too_large", "The request body is larger than this server accepts."),
    415: ("not_json", "The request body has to be sent as application/json."),
    500: ("fault", "Something went wrong here. In an emergency call your local emergency number."),
}

# What a reader of the API can act on; pydantic's own messages may quote what was sent.
_RULES: dict[str, str] = {
    "missing": "is required",
    "string_type": "has to be a text",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "has characters or a length that are not allowed",
    "bool_type": "has to be true or false",
    "model_attributes_type": "has to be a JSON object",
    "dict_type": "has to be a JSON object",
}


class Problem(Exception):
    """An error that the caller can mend, raised by a route.

    Args:
        status: The HTTP status, 400 to 599.
        code: A stable word for programs.
        detail: A sentence for people; holds nothing that the caller sent.
        extra: Members beside the standard ones.
        headers: Response headers beside the content type.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
        super().__init__(f"{status} {code}")


def problem_response(problem: Problem, scope: Scope) -> JSONResponse:
    """The response that tells of a problem; `instance` is the request's id as a URN."""
    path = path_of(scope)
    if path in CHAT_PATHS or path.startswith("/v1/models/"):
        return JSONResponse(_as_openai(problem), problem.status, problem.headers)
    request_id = request_id_of(scope)
    body = {
        "type": f"urn:quotewell:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        **({"instance": f"urn:quotewell:request:{request_id}"} if request_id else {}),
        **problem.extra,
    }
    return JSONResponse(body, problem.status, problem.headers, media_type=MEDIA_TYPE)


def _as_openai(problem: Problem) -> dict[str, Any]:
    """`{"error": {"message", "type", "param", "code", ...}}`, as OpenAI's clients read it."""
    kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    kind = kinds.get(problem.status, "invalid_request_error")
    kind = "server_error" if problem.status >= 500 else kind
    errors = problem.extra.get("errors") or [{}]
    error = {
        "message": problem.detail,
        "type": kind,
        "param": errors[0].get("pointer"),
        "code": problem.code,
        **problem.extra,
    }
    return {"error": error}


def general(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """The problem that stands for a bare status."""
    code, detail = _GENERAL.get(status, ("error", "The request could not be handled."))
    return Problem(status, code, detail, headers=headers)


def install(app: FastAPI) -> None:
    """Let the app answer every error that reaches its router with a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)


async def _on_problem(request: Request, error: Exception) -> JSONResponse:
    problem = error if isinstance(error, Problem) else general(500)
    return problem_response(problem, request.scope)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return problem_response(general(status, headers), request.scope)


async def _on_validation(request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    if any(item["type"] == "json_invalid" for item in found):
        problem = general(400)
    else:
        errors = [_rule(item) for item in found]
        problem = Problem(
            422, "invalid", "The request does not have the expected form.", extra={"errors": errors}
        )
    return problem_response(problem, request.scope)


def _rule(item: Mapping[str, Any]) -> dict[str, str]:
    """One broken rule: `{"type": "missing", "loc": ("body", "quote")}` -> pointer and sentence."""
    kind = str(item["type"])
    where, *rest = item["loc"] or ("body",)
    # The messages of value_error come from our own models, which quote nothing.
    said = item["msg"].removeprefix("Value error, ") if kind == "value_error" else None
    return {
        "in": str(where),
        "pointer": _pointer(rest),
        "code": kind,
        "detail": said or _RULES.get(kind, "is not of the expected form"),
    }


def _pointer(parts: Sequence[Any]) -> str:
    return "#" + "".join(f"/{part}" for part in parts)
