"""`python -m eval.serving`: the real app and a bare route in one process, for `speed`.

Both are the same framework on the same server, so that their rates can be laid side by side;
the bare route stands outside of the app and passes none of its middleware. Listens on a free
loopback port, which is the one line that it prints; ends on SIGTERM.
"""

from __future__ import annotations

import signal
import socket
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from bot.answer import open_bot
from bot.settings import Settings
from eval.sources import CORPUS

BARE_PATH = "/bare"


def bare_app() -> FastAPI:
    """The least that the framework can do with a JSON body."""
    app = FastAPI(openapi_url=None)

    @app.post(BARE_PATH)
    async def echo(body: dict[str, str]) -> dict[str, str]:
        return body

    return app


def beside(full: Any, bare: Any) -> Any:
    """One ASGI app that hands the bare path to `bare` and all else, lifespan too, to `full`."""

    async def chosen(scope: Any, receive: Any, send: Any) -> None:
        app = bare if scope.get("path") == BARE_PATH else full
        await app(scope, receive, send)

    return chosen


def main() -> None:
    """Serve until told to stop, with the settings of a fresh installation."""
    from bot.http import create_app
    from bot.store import open_store

    with tempfile.TemporaryDirectory() as folder:
        settings = replace(
            Settings(), corpus_dir=str(CORPUS), database_url=f"sqlite:///{Path(folder)}/store.db"
        )
        store = open_store(settings.database_url, retention_hours=settings.visit_retention_hours)
        app = beside(create_app(open_bot(settings), store, settings), bare_app())
        listening = socket.create_server(("127.0.0.1", 0))
        print(listening.getsockname()[1], flush=True)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=5
        )
        # uvicorn raises the signal again when it is done; dying of it would leave the folder.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
