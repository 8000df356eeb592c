"""The way of one turn through the door: load the visit, ask, keep, never make safety wait.

The store may be slow, full or gone; a reply is then given without it, and counted.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from bot.http import logs
from bot.http.problems import Problem
from bot.http.services import Services
from bot.records import URGENT_OUTCOMES, Reply, Turn, Visit
from bot.store.doors import Delivery

# Seconds that a reply waits for the store; longer would be felt as a hang.
STORE_DEADLINE = 0.25


async def ask(
    services: Services,
    turn: Turn,
    visit_id: str | None,
    guide_id: str,
    channel: str,
    *,
    barred: Problem | None = None,
) -> Reply:
    """Answer one turn of a visit, with the store's help where it is there.

    Args:
        services: The bot, the store and the figures.
        turn: What was typed or tapped.
        visit_id: The conversation; None starts one.
        guide_id: A guide that exists.
        channel: The door's name, for the figures.
        barred: Why the message is to be refused, unless it is urgent: the policy looks at it
            all the same, and nobody is kept from an emergency number by a limit.

    Returns:
        The reply; whether it is kept is only counted.

    Raises:
        Problem: The one that was given, and the message is not urgent; nothing is kept then.
    """
    visit = _visit(services, visit_id, turn.at)
    began = time.perf_counter()
    reply, visit = services.bot.ask(turn, visit, guide_id)
    ms = (time.perf_counter() - began) * 1000
    await give(services, reply, visit, guide_id, channel, ms, turn.at, turn.text, barred=barred)
    return reply


async def give(
    services: Services,
    reply: Reply,
    visit: Visit,
    guide_id: str,
    channel: str,
    ms: float,
    at: float,
    said: str | None = None,
    *,
    barred: Problem | None = None,
) -> None:
    """Count and keep a reply that is about to be given, and tell of it; see `ask`.

    `said` is what was typed, for a clinic that samples questions; it is not kept otherwise.
    """
    if barred is not None:
        if reply.outcome not in URGENT_OUTCOMES:
            raise barred
        services.metrics.doors.urgent_all_the_same()
    services.metrics.replied(reply, channel)
    written = _record(services, reply, visit, guide_id, channel, ms, at)
    if services.sampler is not None:
        services.sampler.take(said, reply, guide_id=guide_id, channel=channel, at=at)
    told = publish(services, services.events.of_reply(reply, guide_id, channel, at))
    if reply.outcome not in URGENT_OUTCOMES:
        if written is not None:
            await _confirm(services, written)
        await safe(told)


def publish(services: Services, deliveries: list[Delivery]) -> Future[None] | None:
    """Hand events to the store; the future is done once they are safe. None: there are none."""
    if not deliveries or services.courier is None:
        return None
    loop = asyncio.get_running_loop()
    kept = services.store.events.add(deliveries)

    def done(future: Future[None]) -> None:
        # In the store's thread; at the very end of the process the loop may be gone already.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_handed_over, services, future)

    kept.add_done_callback(done)
    return kept


async def safe(kept: Future[None] | None) -> None:
    """Wait shortly until something is safe in the store; what is not may be lost in a crash."""
    if kept is not None:
        waiting = asyncio.wrap_future(kept)
        waiting.add_done_callback(_forget)
        await asyncio.wait({waiting}, timeout=STORE_DEADLINE)


def _handed_over(services: Services, kept: Future[None]) -> None:
    if error := kept.exception():
        services.metrics.doors.webhook_lost()
        logs.LOGGER.warning("event not kept", extra={"why": type(error).__name__})
    elif services.courier is not None:
        services.courier.wake()


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


def _forget(future: asyncio.Future[Any]) -> None:
    """Take note of a late failure; the store counts it by itself."""
    if not future.cancelled():
        future.exception()
