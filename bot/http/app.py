"""The FastAPI app by factory: routes, middlewares and the tasks that run beside them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from fastapi import FastAPI

import bot
from bot.answer import Bot
from bot.errors import StoreError
from bot.http import (
    api,
    channels,
    chat,
    documents,
    guides,
    health,
    kiosk,
    logs,
    middleware,
    pages,
    problems,
)
from bot.http.admission import Doorkeeper
from bot.http.metrics import Metrics
from bot.http.services import Services
from bot.keys import KeyRing
from bot.limits import open_limiter
from bot.outbox import open_post_office
from bot.sampling import open_sampler
from bot.settings import Settings
from bot.store import Store
from bot.webhooks import open_webhooks

# Seconds between two looks for expired visits; they live for hours, so minutes do not matter.
_PURGE_EVERY = 600.0


def create_app(bot_: Bot, store: Store, settings: Settings) -> FastAPI:
    """Build the app around a bot and a store that are open.

    The app closes the store when it is shut down, after the last request; until then it deletes
    expired visits every ten minutes, delivers the events that wait, and sends what waits for
    visitors of messaging channels.

    Raises:
        SettingsError: The settings of limits, webhooks or a messaging channel are wrong.
    """
    services = open_services(bot_, store, settings)
    app = FastAPI(
        title="Quotewell",
        version=bot.__version__,
        openapi_url="/openapi.json",
        # The framework's own documentation pages load their script from another server.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=middleware.stack(settings, services.metrics, services.doorkeeper),
        lifespan=lambda app: tending(app.state.services),
    )
    may_speak = services.doorkeeper.may_speak
    office = open_post_office(bot_, store, settings, services.metrics, may_speak)
    app.state.services = replace(services, post_office=office)
    problems.install(app)
    documents.install(app)
    for module in (api, chat, channels, guides, health, pages, kiosk):
        # Added one by one: include_router keeps a router as a whole, which hides its routes
        # from `app.routes` and makes every request pass one more router.
        app.router.routes.extend(module.router.routes)
    return app


def open_services(bot_: Bot, store: Store, settings: Settings) -> Services:
    """What the routes use, and other doors too.

    Raises:
        SettingsError: The settings of limits or webhooks are wrong.
    """
    loaded = [bot_.guide(guide_id).guide for guide_id in bot_.guides]
    metrics = Metrics(store, loaded, bot_.policy.version)
    doorkeeper = Doorkeeper(
        KeyRing(store.keys),
        open_limiter(settings),
        settings,
        bot_.policy.clinic,
        metrics.doors,
        time.time,
    )
    events, courier = open_webhooks(settings, store.events, metrics.doors.webhook)
    sampler = open_sampler(settings, store)
    return Services(bot_, store, settings, metrics, doorkeeper, events, courier, sampler=sampler)


@asynccontextmanager
async def tending(services: Services) -> AsyncIterator[None]:
    """Delete what has expired, deliver events and letters; close the store afterwards."""
    tasks = [asyncio.create_task(_purge(services))]
    if services.courier is not None:
        tasks.append(asyncio.create_task(services.courier.run()))
    if services.post_office is not None:
        tasks.append(asyncio.create_task(services.post_office.sender.run()))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await services.doorkeeper.close()
        # Closing waits until all that was recorded is on disk.
        await asyncio.to_thread(services.store.close)


async def _purge(services: Services) -> None:
    while True:
        try:
            await asyncio.to_thread(services.store.purge, services.now())
        except StoreError as error:
            logs.LOGGER.warning("purge failed", extra={"kind": type(error).__name__})
        await asyncio.sleep(_PURGE_EVERY)
