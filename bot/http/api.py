"""Routes of the JSON API that belong to a conversation: ask, visits, feedback."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from bot.errors import StoreError
from bot.http.asking import ask, mint_reply_id, publish, safe
from bot.http.context import context_of
from bot.http.documents import PROBLEM, needs_json
from bot.http.models import VISIT_ID, AskRequest, FeedbackRequest, ReplyModel, VisitModel
from bot.http.problems import Problem
from bot.http.repeats import open_ticket
from bot.http.services import services_of
from bot.records import Turn, to_dict

router = APIRouter(prefix="/v1", tags=["conversation"])
# Described here and read by hand: as a parameter it would cost a tenth of the whole request.
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 257},
    "description": "Names this call, such as by a UUID: sent again within 24 hours with the same "
    "body, it gets the same reply and is not answered twice.",
}
VisitId = Annotated[str, Path(pattern=VISIT_ID, description="Name of the conversation.")]


@router.post(
    "/ask",
    operation_id="ask",
    summary="Ask, and get a reply in the guide's own words",
    response_model=ReplyModel,
    responses={
        400: PROBLEM,
        404: PROBLEM,
        409: PROBLEM,
        413: PROBLEM,
        415: PROBLEM,
        422: PROBLEM,
        500: PROBLEM,
    },
    dependencies=[Depends(needs_json)],
    openapi_extra={"parameters": [_IDEMPOTENCY_KEY]},
)
async def post_ask(body: AskRequest, request: Request) -> Response:
    """Answer one message. Refusals and "not in the guide" are replies with status 200.

    The reply's `outcome` says which kind it is. An unknown `visit_id` starts a visit of that
    name. Unknown members of the request are ignored. Over a limit the message is still looked
    at: an urgent one gets its reply, any other a 429 that carries the emergency numbers.
    """
    services = services_of(request)
    guide_id = services.guide_id(body.guide)
    turn = Turn(
        reply_id=mint_reply_id(),
        at=services.now(),
        text=body.question,
        choice=body.choice,
        lang=body.lang,
        explain=body.explain,
    )
    context = context_of(request.scope)
    barred = await services.doorkeeper.visitor(request.scope, body.visit_id)
    header = None if barred else request.headers.get("idempotency-key")
    ticket = await open_ticket(services, header, context.key, body)
    if ticket.reply is not None:
        return JSONResponse(ticket.reply, headers={"Idempotency-Replayed": "true"})
    try:
        barred = barred or ticket.problem
        reply = await ask(services, turn, body.visit_id, guide_id, body.channel, barred=barred)
    except BaseException:
        ticket.give_back()
        raise
    await ticket.keep(reply)
    context.outcome, context.channel = reply.outcome, body.channel
    return JSONResponse(to_dict(reply))


@router.get(
    "/visits/{visit_id}",
    operation_id="get_visit",
    summary="All that is kept about a visit",
    response_model=VisitModel,
    responses={404: PROBLEM, 422: PROBLEM, 503: PROBLEM},
)
async def get_visit(visit_id: VisitId, request: Request) -> Response:
    """Give out what is kept: never what was typed, unless the clinic samples it, redacted."""
    try:
        kept = await asyncio.to_thread(services_of(request).store.export_visit, visit_id)
    except StoreError:
        raise _unavailable() from None
    if not kept:
        raise Problem(404, "unknown_visit", "Nothing is kept under this visit id.")
    return JSONResponse(kept)


@router.delete(
    "/visits/{visit_id}",
    operation_id="delete_visit",
    summary="Delete all that is kept about a visit",
    status_code=204,
    responses={422: PROBLEM, 503: PROBLEM},
)
async def delete_visit(visit_id: VisitId, request: Request) -> Response:
    """Forget a visit, its replies and their feedback; one that never was is forgotten too."""
    try:
        await asyncio.to_thread(services_of(request).store.delete_visit, visit_id)
    except StoreError:
        raise _unavailable() from None
    return Response(status_code=204)


@router.post(
    "/feedback",
    operation_id="save_feedback",
    summary="Say whether a reply helped",
    status_code=204,
    responses={400: PROBLEM, 404: PROBLEM, 413: PROBLEM, 415: PROBLEM, 422: PROBLEM, 503: PROBLEM},
    dependencies=[Depends(needs_json)],
)
async def post_feedback(body: FeedbackRequest, request: Request) -> Response:
    """Keep a yes or no beside a reply; a later one replaces an earlier one."""
    services = services_of(request)
    try:
        is_known = await asyncio.to_thread(
            services.store.save_feedback, body.reply_id, body.helpful, services.now()
        )
    except StoreError:
        raise _unavailable() from None
    if not is_known:
        raise Problem(404, "unknown_reply", "No reply of this id is kept.")
    told = services.events.of_feedback(body.reply_id, body.helpful, services.now())
    await safe(publish(services, told))
    return Response(status_code=204)


def _unavailable() -> Problem:
    return Problem(
        503,
        "store_unavailable",
        "What is kept cannot be reached at the moment.",
        headers={"Retry-After": "30"},
    )
