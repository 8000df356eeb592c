"""The one route of all messaging channels; what happens to a delivery stands in `outbox`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from bot.channels import Answer, Delivery, webhook_url
from bot.errors import StoreError
from bot.http.asking import publish, safe
from bot.http.context import context_of
from bot.http.problems import Problem
from bot.http.services import services_of
from bot.outbox import PostOffice

router = APIRouter(include_in_schema=False)


@router.get("/channels/{name}/webhook")
@router.post("/channels/{name}/webhook")
async def receive(name: str, request: Request) -> Response:
    """Take a platform's delivery or handshake; 404 for a channel that is not switched on."""
    services = services_of(request)
    office: PostOffice | None = services.post_office
    channel = office.channels.get(name) if office else None
    if office is None or channel is None:
        raise Problem(404, "unknown_channel", "This channel is not switched on.")
    url = webhook_url(services.settings, name)
    if request.url.query:
        url += f"?{request.url.query}"
    delivery = Delivery(request.method, url, _headers(request), await request.body())
    try:
        received = await office.receiver.receive(channel, delivery)
    except StoreError:
        raise Problem(
            503,
            "store_unavailable",
            "The delivery cannot be kept at the moment; deliver it again.",
            headers={"Retry-After": "30"},
        ) from None
    context = context_of(request.scope)
    for reply in received.replies:
        context.outcome, context.channel = reply.outcome, name
        guide_id, at = services.bot.default_guide, services.now()
        await safe(publish(services, services.events.of_reply(reply, guide_id, name, at)))
    return _response(received.answer)


def _headers(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, media_type=answer.media_type)
