"""The middlewares by themselves, with a client that a test client cannot play."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from bot.http import middleware
from bot.http.context import begin

SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "POST",
    "path": "/",
    "headers": [],
    "client": None,
}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that answers with the body it was given."""
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


def run(*messages: Message, max_bytes: int = 100) -> list[Message]:
    """What the body middleware sends when a client sends these messages and then is silent."""
    waiting, sent = list(messages), []

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = dict(SCOPE)
    begin(scope)
    asyncio.run(middleware.Body(echo, max_bytes)(scope, receive, send))
    return sent


def chunk(body: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_in_pieces_arrives_as_one() -> None:
    sent = run(chunk(b"ab", more=True), chunk(b"", more=True), chunk(b"cd"))
    assert sent[1]["body"] == b"abcd"


@pytest.mark.parametrize(("size", "status"), [(100, 200), (101, 413)])
def test_a_body_may_be_as_long_as_the_bound(size: int, status: int) -> None:
    assert run(chunk(b"x" * size))[0]["status"] == status


def test_a_body_without_end_is_given_up_at_the_bound() -> None:
    sent = run(*[chunk(b"x" * 60, more=True)] * 2)
    assert sent[0]["status"] == 413
    assert json.loads(sent[1]["body"])["code"] == "body_too_large"


def test_a_body_that_does_not_come_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "_BODY_DEADLINE", 0.01)
    sent = run(chunk(b"x", more=True))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["code"] == "too_slow"


def test_nothing_is_sent_to_a_client_that_left() -> None:
    assert run(chunk(b"x", more=True), {"type": "http.disconnect"}) == []
