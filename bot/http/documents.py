"""What the OpenAPI document says beyond the routes themselves, and the JSON-only rule."""

from __future__ import annotations

from email.message import Message
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException

from bot.http.models import EventModel, ProblemModel
from bot.http.problems import CHAT_PATHS, MEDIA_TYPE
from bot.webhooks import KINDS

PROBLEM: dict[str, Any] = {
    "description": "A problem document (RFC 9457).",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_WEBHOOKS = {
    "reply.given": "A reply was given, through any door",
    "feedback.given": "Somebody said whether a reply helped",
    "handover.asked": "Somebody wants to talk to a person",
    "urgent.raised": "A reply with an urgent card was given",
}
_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "A server API key, made with `quotewell keys create`. Without one the API is "
    "open, unless QUOTEWELL_REQUIRE_KEY is set; a wrong one is refused in any case.",
}
# What the middleware in front of every route of the API may answer.
_ADMISSION = {
    "401": "The key that was presented opens nothing, or one is required.",
    "403": "The key lacks the scope that this needs.",
    "429": "Over a limit. Carries the emergency numbers, and Retry-After in seconds.",
}
_DESCRIPTION = (
    "Answers patients' questions from a clinic's own guide, in the guide's own words. "
    "Every excerpt is an exact slice of the source: `source[start:end] == quote`, counted in "
    "Unicode code points. Refusals and abstentions are replies with status 200 and an `outcome`; "
    "every error is a problem document and repeats nothing that was sent."
)


async def needs_json(request: Request) -> None:
    """Refuse a body of another media type with 415, before its form is looked at."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    if header.get_content_type() != "application/json":
        raise HTTPException(415)


def install(app: FastAPI) -> None:
    """Let the app describe its problem documents too; built once, at the first request."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=_DESCRIPTION,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    document["webhooks"] = {kind: {"post": _webhook(kind)} for kind in KINDS}
    _describe_admission(document)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name, model in (("Problem", ProblemModel), ("Event", EventModel)):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[name] = schema
    return document


def _describe_admission(document: dict[str, Any]) -> None:
    """Say of every route of the API what a key and the limits mean for it."""
    document.setdefault("components", {})["securitySchemes"] = {"key": _SCHEME}
    for path, operations in document["paths"].items():
        if not path.startswith("/v1/"):
            continue
        is_chat = path in CHAT_PATHS or path.startswith("/v1/models/")
        for operation in operations.values():
            operation["security"] = [{}, {"key": []}]
            for status, why in _ADMISSION.items():
                operation["responses"][status] = _refused(why, is_chat)


def _refused(why: str, is_chat: bool) -> dict[str, Any]:
    media = "application/json" if is_chat else MEDIA_TYPE
    schema = "ChatError" if is_chat else "Problem"
    ref = {"$ref": f"#/components/schemas/{schema}"}
    return {"description": why, "content": {media: {"schema": ref}}}


def _webhook(kind: str) -> dict[str, Any]:
    return {
        "summary": _WEBHOOKS[kind],
        "description": "Signed as Standard Webhooks describes: webhook-id, webhook-timestamp, "
        "webhook-signature. Sent again until a status of 2xx comes back, for about 17 hours.",
        "operationId": kind.replace(".", "_"),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Event"}}},
        },
        "responses": {"2XX": {"description": "It was taken."}},
    }
