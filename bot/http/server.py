"""Opens all that the app needs and serves it with uvicorn until it is told to stop."""

from __future__ import annotations

import gc
import signal
import sys
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from bot.analysis import snowball
from bot.answer import open_bot
from bot.answer.kept import cache_folder
from bot.http import logs
from bot.http.app import create_app
from bot.http.links import prefix
from bot.settings import Settings
from bot.store import open_store

# Seconds that requests under way get to finish after a stop was asked for.
_DRAIN = 10


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is under way and return.

    Raises:
        BotError: A guide, a setting or the store is wrong; nothing has been served then.
    """
    logs.configure(settings)
    bot = open_bot(settings, cache=cache_folder())
    store = open_store(settings.database_url, retention_hours=settings.visit_retention_hours)
    run(create_app(bot, store, settings), settings)


def run(app: ASGIApp, settings: Settings) -> None:
    """Serve an app that is ready, until told to stop."""
    # What is loaded stays for good: without it the collector's long pauses, of tens of
    # milliseconds among the slowest replies, have little left to walk.
    snowball("warm")  # else the first unheard-of word waits for NLTK's import
    gc.collect()
    gc.freeze()
    # uvicorn raises the signal again when it is done; without this the process would die of it.
    signal.signal(signal.SIGTERM, _leave)
    with suppress(KeyboardInterrupt):
        _Server(_config(app, settings), settings).run()


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        # The app does this itself, for the proxies that the settings name and no others.
        proxy_headers=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=_DRAIN,
    )


class _Server(uvicorn.Server):
    """Says in our own log where it listens and when it has stopped."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers if self.started else ():
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                shown = f"[{host}]" if ":" in host else host
                path = prefix(self._settings)
                logs.LOGGER.info("ready", extra={"url": f"http://{shown}:{port}{path}/"})

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        await super().shutdown(sockets)
        logs.LOGGER.info("stopped")


def _leave(*_: object) -> None:
    sys.exit(0)
