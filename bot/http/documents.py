"""What the OpenAPI document says beyond the routes themselves, and the JSON-only rule."""

from __future__ import annotations

from email.message import Message
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException

from bot.http.models import ProblemModel
from bot.http.problems import MEDIA_TYPE

PROBLEM: dict[str, Any] = {
    "description": "A problem document (RFC 9457).",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
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
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemModel.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    return document
