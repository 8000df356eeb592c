"""Routes for clients of OpenAI's chat API: the guide answers in the form that they expect.

The earlier user messages are said again in one visit before the last one is answered, so that
the gates see the whole conversation. Nothing that a client sends can add to what is answered:
prompts, tools and claimed assistant messages are not read.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from bot.http.asking import give, mint_reply_id
from bot.http.chat_models import (
    ChatCompletion,
    ChatError,
    ChatMessage,
    ChatModel,
    ChatModels,
    ChatRequest,
)
from bot.http.context import context_of
from bot.http.documents import needs_json
from bot.http.problems import Problem
from bot.http.services import Services, services_of
from bot.records import URGENT_OUTCOMES, Reply, Turn, Visit, to_dict

CHANNEL = "openai"
ALIAS = "quotewell"
MAX_TURNS = 20
"""User messages that are looked at, the last ones; each takes about a millisecond."""
_ERROR: dict[str, Any] = {"model": ChatError, "description": "An error of OpenAI's form."}
_ERRORS: dict[int | str, dict[str, Any]] = dict.fromkeys((400, 404, 413, 415, 422, 500), _ERROR)
_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
_PIECE = re.compile(r"\S+\s*|\s+")

router = APIRouter(prefix="/v1", tags=["openai"])


@router.post(
    "/chat/completions",
    operation_id="create_chat_completion",
    summary="Ask in the form of OpenAI's chat API",
    response_model=ChatCompletion,
    responses={
        200: {
            "content": {"text/event-stream": {}},
            "description": "The reply, or with `stream` its chunks, closed by `data: [DONE]`.",
        },
        **_ERRORS,
    },
    dependencies=[Depends(needs_json)],
)
async def post_chat(body: ChatRequest, request: Request) -> Response:
    """Answer the last user message of a conversation; refusals are answers too.

    The text holds the quotations, the notice and where they stand; `quotewell` the whole reply
    with its outcome. Messages of other roles, tools and sampling parameters change nothing.
    """
    services = services_of(request)
    guide_id = _guide_id(services, body.model)
    said, n_open = _said(body.messages)
    if not said:
        raise Problem(400, "no_user_message", "The conversation holds no message of a user.")
    barred = await services.doorkeeper.visitor(request.scope, body.user)
    reply, visit, ms, at = await _answered(services, said, n_open, guide_id)
    await give(services, reply, visit, guide_id, CHANNEL, ms, at, said[-1], barred=barred)
    context = context_of(request.scope)
    context.outcome, context.channel = reply.outcome, CHANNEL
    server = request.base_url.replace(path="/")
    text = rendered(reply, services, str(server))
    if body.stream:
        wants_usage = bool(body.stream_options and body.stream_options.include_usage)
        chunks = _chunks(reply, text, body.model, int(at), wants_usage)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(chunks, headers=headers, media_type="text/event-stream")
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    whole = {"usage": _USAGE, "quotewell": to_dict(reply)}
    return JSONResponse(
        {**_head(reply, "chat.completion", body.model, int(at)), "choices": [choice], **whole}
    )


@router.get(
    "/models",
    operation_id="list_models",
    summary="The guides, in the form of OpenAI's list of models",
    response_model=ChatModels,
)
async def get_models(request: Request) -> Response:
    """List the default guide under the name quotewell, and every guide under its id."""
    services = services_of(request)
    names = [ALIAS, *sorted(services.bot.guides)]
    return JSONResponse({"object": "list", "data": [_model(name) for name in names]})


@router.get(
    "/models/{model}",
    operation_id="get_model",
    summary="One guide, in the form of OpenAI's models",
    response_model=ChatModel,
    responses={404: _ERROR, 422: _ERROR},
)
async def get_model(
    model: Annotated[str, Path(max_length=200, description="quotewell, or a guide's id.")],
    request: Request,
) -> Response:
    """Say that a model exists."""
    _guide_id(services_of(request), model)
    return JSONResponse(_model(model))


def rendered(reply: Reply, services: Services, base_url: str = "") -> str:
    """The reply for a door that shows nothing but a text, with where each quotation stands.

    Args:
        reply: The reply.
        services: The guides, and the address under which they can be read.
        base_url: That address where the settings name none; empty: no link is given.
    """
    parts = [reply.text]
    for excerpt in reply.excerpts:
        title = services.guide(excerpt.guide).title
        url = excerpt.url
        if url.startswith("/"):
            url = base_url.rstrip("/") + url if base_url else ""
        parts.append(f"— {title}, {excerpt.section}" + (f": {url}" if url else ""))
    return "\n\n".join(part for part in ("\n".join(parts), reply.notice) if part)


def _said(messages: Sequence[ChatMessage]) -> tuple[list[str], int]:
    """What the user said last, in order, and how many of it nobody has answered yet."""
    said = [m.content or "" for m in messages if m.role == "user"][-MAX_TURNS:]
    last_answer = max((i for i, m in enumerate(messages) if m.role == "assistant"), default=-1)
    n_open = sum(m.role == "user" for m in messages[last_answer + 1 :])
    return said, min(n_open, len(said))


async def _answered(
    services: Services, said: Sequence[str], n_open: int, guide_id: str
) -> tuple[Reply, Visit, float, float]:
    """The reply to the last message, the visit after it, milliseconds it took, and when.

    An urgent one among the messages that nobody has answered wins over a later harmless one.
    """
    visit, urgent = Visit(secrets.token_urlsafe(18)), None
    for n, text in enumerate(said, 1):
        # A long conversation must not keep the others waiting.
        await asyncio.sleep(0)
        at, began = services.now(), time.perf_counter()
        turn = Turn(reply_id=mint_reply_id(), at=at, text=text)
        reply, visit = services.bot.ask(turn, visit, guide_id)
        if reply.outcome in URGENT_OUTCOMES and n > len(said) - n_open:
            urgent = reply
    return urgent or reply, visit, (time.perf_counter() - began) * 1000, at


async def _chunks(
    reply: Reply, text: str, model: str, created: int, wants_usage: bool
) -> AsyncIterator[str]:
    """The reply as server-sent events; all has been decided before the first of them."""
    head = _head(reply, "chat.completion.chunk", model, created)

    def event(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _event({**head, "choices": [choice], **more})

    yield event({"role": "assistant", "content": ""})
    for piece in _PIECE.findall(text):
        yield event({"content": piece})
    yield event({}, "stop", quotewell=to_dict(reply))
    if wants_usage:
        yield _event({**head, "choices": [], "usage": _USAGE})
    yield "data: [DONE]\n\n"


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _head(reply: Reply, kind: str, model: str, created: int) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{reply.reply_id}",
        "object": kind,
        "created": created,
        "model": model,
        "system_fingerprint": reply.policy_version,
    }


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "quotewell"}


def _guide_id(services: Services, model: str) -> str:
    name = services.bot.default_guide if model == ALIAS else model
    if name not in services.bot.guides:
        detail = "There is no such model; GET /v1/models lists them."
        raise Problem(404, "model_not_found", detail)
    return name
