"""One bot for all HTTP tests, clients around it, and stores that misbehave on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from bot.answer import Bot, open_bot
from bot.answer.kept import cache_folder
from bot.errors import StoreError
from bot.http import create_app
from bot.records import Reply, Visit
from bot.settings import Settings, load_settings
from bot.store import Store, open_store

GUIDE = "vitamin-b12-injection"
PASSAGE = "injection-site-reactions-1"
EMERGENCY = "I can't breathe and my throat is swelling after the injection"
DOSING = "How many mcg of B12 should I inject each week?"
# Nothing of the bot's own holds this word, so wherever it turns up, a visitor's text leaked.
CANARY = "zyzzogeton"


@cache
def a_bot(**values: Any) -> Bot:
    """The real bot on the real guide; opened once for the same settings, since it never changes."""
    return open_bot(settings_with(**values), cache=cache_folder())


def settings_with(**values: Any) -> Settings:
    """Settings that keep nothing on disk."""
    return load_settings({}, {"database_url": "", **values})


def a_store() -> Store:
    """A store in memory."""
    return open_store("", retention_hours=24)


def app_with(store: Store | None = None, **values: Any) -> FastAPI:
    """The app around the real bot."""
    settings = settings_with(**values)
    matters = {k: v for k, v in values.items() if k in ("paused", "root_path", "public_url")}
    return create_app(a_bot(**matters), store or a_store(), settings)


@contextmanager
def client_with(
    store: Store | None = None, peer: str = "127.0.0.1", **values: Any
) -> Iterator[TestClient]:
    """A client of a started app, whose address is `peer`."""
    app = app_with(store, **values)
    with TestClient(app, client=(peer, 50000), raise_server_exceptions=False) as client:
        yield client


class BrokenStore:
    """Wraps a store; the named calls fail or never finish, the others go through."""

    def __init__(self, *broken: str, hangs: bool = False, error: Exception | None = None) -> None:
        self._error = error or StoreError("the database is gone", where="test")
        self._store = a_store()
        self._broken = broken
        self._hangs = hangs

    def __getattr__(self, name: str) -> Any:
        if name not in self._broken:
            return getattr(self._store, name)
        return self._never if self._hangs else self._fail

    def _fail(self, *_: object, **__: object) -> None:
        raise self._error

    def _never(self, reply: Reply, visit: Visit, **_: object) -> Future[bool]:
        return Future()


def broken_store(*calls: str, hangs: bool = False, error: Exception | None = None) -> Store:
    """A store whose named calls raise StoreError or that error, or never finish."""
    store: Any = BrokenStore(*calls, hangs=hangs, error=error)
    return store  # type: ignore[no-any-return]


def ask(client: TestClient, question: str, **more: Any) -> dict[str, Any]:
    """The reply to a question, which has to come with status 200."""
    response = client.post("/v1/ask", json={"question": question, **more})
    assert response.status_code == 200, response.text
    reply: dict[str, Any] = response.json()
    return reply


def figure(client: TestClient, name: str) -> float:
    """A figure of /metrics, summed over its labels."""
    lines = client.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith((name + "{", name + " "))]
    return sum(float(line.rsplit(" ", 1)[1]) for line in found)
