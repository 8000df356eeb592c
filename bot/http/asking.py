"""The way of one turn through the door: load the visit, ask, keep, never make safety wait.

The store may be slow, full or gone; a reply is then given without it, and counted.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from concurrent.futures import Future

from bot.http import logs
from bot.http.services import Services
from bot.records import URGENT_OUTCOMES, Reply, Turn, Visit

# Seconds that a reply waits for the store; longer would be felt as a hang.
STORE_DEADLINE = 0.25


async def ask(
    services: Services, turn: Turn, visit_id: str | None, guide_id: str, channel: str
) -> Reply:
    """Answer one turn of a visit, with the store's help where it is there.

    Args:
        services: The bot, the store and the figures.
        turn: What was typed or tapped.
        visit_id: The conversation; None starts one.
        guide_id: A guide that exists.
        channel: The door's name, for the figures.

    Returns:
        The reply; whether it is kept is only counted.
    """
    visit = _visit(services, visit_id, turn.at)
    began = time.perf_counter()
    reply, visit = services.bot.ask(turn, visit, guide_id)
    ms = (time.perf_counter() - began) * 1000
    services.metrics.replied(reply, channel)
    written = _record(services, reply, visit, guide_id, channel, ms, turn.at)
    if written is not None and reply.outcome not in URGENT_OUTCOMES:
        await _confirm(services, written)
    return reply


def mint_reply_id() -> str:
    """A name for a reply that nobody can guess, so that only its reader can rate it."""
    return secrets.token_urlsafe(12)


def _visit(services: Services, visit_id: str | None, at: float) -> Visit:
    """The visit as it stands; a fresh one where none is kept or the store cannot say."""
    if visit_id is None:
        return Visit(secrets.token_urlsafe(18))
    try:
        return services.store.load_visit(visit_id, at) or Visit(visit_id)
    except Exception as error:  # noqa: BLE001 - no fault of the store may cost an urgent reply
        services.metrics.visit_lost()
        logs.LOGGER.warning("visit not loaded", extra={"why": type(error).__name__})
        return Visit(visit_id)


def _record(
    services: Services,
    reply: Reply,
    visit: Visit,
    guide_id: str,
    channel: str,
    ms: float,
    at: float,
) -> Future[bool] | None:
    try:
        return services.store.record(reply, visit, guide_id=guide_id, channel=channel, ms=ms, at=at)
    except Exception as error:  # noqa: BLE001 - no fault of the store may cost an urgent reply
        _unsaved(services, type(error).__name__)
        return None


async def _confirm(services: Services, written: Future[bool]) -> None:
    """Wait shortly for the store; what it has not confirmed by then may be lost in a crash."""
    if written.done() and written.exception() is None and written.result():
        return
    waiting = asyncio.wrap_future(written)
    done, _ = await asyncio.wait({waiting}, timeout=STORE_DEADLINE)
    if not done:
        waiting.add_done_callback(_forget)
        _unsaved(services, "slow")
    elif error := waiting.exception():
        _unsaved(services, type(error).__name__)
    elif not waiting.result():
        _unsaved(services, "refused")


def _unsaved(services: Services, why: str) -> None:
    services.metrics.unsaved()
    logs.LOGGER.warning("reply not saved", extra={"why": why})


def _forget(future: asyncio.Future[bool]) -> None:
    """Take note of a late failure; the store counts it by itself."""
    if not future.cancelled():
        future.exception()
