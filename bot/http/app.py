"""The FastAPI app by factory: routes, middlewares and the tasks that run beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI

import bot
from bot.answer import Bot
from bot.errors import StoreError
from bot.http import api, channels, documents, guides, health, logs, middleware, pages, problems
from bot.http.metrics import Metrics
from bot.http.services import Services
from bot.outbox import open_post_office
from bot.settings import Settings
from bot.store import Store

# Seconds between two looks for expired visits; they live for hours, so minutes do not matter.
_PURGE_EVERY = 600.0


def create_app(bot_: Bot, store: Store, settings: Settings) -> FastAPI:
    """Build the app around a bot and a store that are open.

    The app closes the store when it is shut down, after the last request; until then it deletes
    expired visits every ten minutes, and sends what waits for visitors of messaging channels.

    Raises:
        SettingsError: A messaging channel is switched on and lacks a setting.
    """
    loaded = [bot_.guide(guide_id).guide for guide_id in bot_.guides]
    metrics = Metrics(store, loaded, bot_.policy.version)
    app = FastAPI(
        title="Quotewell",
        version=bot.__version__,
        openapi_url="/openapi.json",
        # The framework's own documentation pages load their script from another server.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=middleware.stack(settings, metrics),
        lifespan=_lifespan(store),
    )
    office = open_post_office(bot_, store, settings, metrics)
    app.state.services = Services(bot_, store, settings, metrics, post_office=office)
    problems.install(app)
    documents.install(app)
    for module in (api, channels, guides, health, pages):
        # Added one by one: include_router keeps a router as a whole, which hides its routes
        # from `app.routes` and makes every request pass one more router.
        app.router.routes.extend(module.router.routes)
    return app


def _lifespan(store: Store) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_purge(app))]
        services: Services = app.state.services
        if services.post_office is not None:
            tasks.append(asyncio.create_task(services.post_office.sender.run()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            # Closing waits until all that was recorded is on disk.
            await asyncio.to_thread(store.close)

    return running


async def _purge(app: FastAPI) -> None:
    services: Services = app.state.services
    while True:
        try:
            await asyncio.to_thread(services.store.purge, services.now())
        except StoreError as error:
            logs.LOGGER.warning("purge failed", extra={"kind": type(error).__name__})
        await asyncio.sleep(_PURGE_EVERY)
