"""The load generator and the bare route, against servers that live as long as a test."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from eval.door import Doors
from eval.load import Load, drive
from eval.serving import BARE_PATH, beside
from eval.speed import Served, resident_mb, time_replies, timing
from tests.eval_help import ScriptedDoor, make_item, make_reply


@contextmanager
def replying(payload: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server on a free loopback port that gives every request the same bytes."""
    seen: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                seen.append(head + await reader.readexactly(length))
                writer.write(payload)
                if not payload:
                    return
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def serve() -> None:
        async with await asyncio.start_server(talk, sock=listening):
            while not stop.is_set():
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        yield listening.getsockname()[1], seen
    finally:
        stop.set()
        thread.join(timeout=10)


def test_load_posts_every_body_in_turn_and_stops_at_the_count() -> None:
    with replying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as (port, seen):
        load = drive(port, "/v1/ask", [{"question": "a"}, {"question": "b"}], 20, 5)
    assert (load.n, load.n_failed, len(seen)) == (20, 0, 20)
    assert load.per_second > 0
    assert 0 < load.median_ms <= load.p99_ms
    assert all(r.startswith(b"POST /v1/ask HTTP/1.1\r\n") for r in seen)
    assert sum(r.endswith(b'{"question": "b"}') for r in seen) == 10


def test_load_counts_replies_that_are_no_success() -> None:
    with replying(b"HTTP/1.1 429 Slow down\r\ncontent-length: 0\r\n\r\n") as (port, _):
        assert drive(port, "/", [{}], 10, 5).n_failed == 10


def test_a_server_that_breaks_off_is_an_error() -> None:
    with replying(b"") as (port, _), pytest.raises(ConnectionError):
        drive(port, "/", [{}], 10, 5)


def test_only_the_bare_path_goes_to_the_bare_app() -> None:
    gone: list[str] = []

    def app(name: str) -> Any:
        async def called(scope: Any, receive: Any, send: Any) -> None:
            gone.append(f"{name} {scope['type']}")

        return called

    both = beside(app("full"), app("bare"))
    for scope in (
        {"type": "lifespan"},
        {"type": "http", "path": "/v1/ask"},
        {"type": "http", "path": BARE_PATH},
    ):
        asyncio.run(both(scope, None, None))
    assert gone == ["full lifespan", "full http", "bare http"]


def test_the_ratio_is_the_median_over_rounds() -> None:
    def load(per_second: float) -> Load:
        return Load(1, 0, per_second, 1, 1)

    ask = tuple(load(r) for r in (50, 90, 10))
    assert Served(ask, (load(100),) * 3, None).ratio == pytest.approx(0.5)


def test_every_turn_is_timed_in_every_pass_but_the_first() -> None:
    door = ScriptedDoor({"a": make_reply("smalltalk"), "b": make_reply("smalltalk")})
    found = time_replies([make_item(turns=("a", "b"))], Doors({"tiny": door}, {}), n_passes=2)
    assert found.n == 4
    assert len(door.asked) == 6
    assert not any(turn.explain for turn, _, _ in door.asked)


def test_timing_by_hand() -> None:
    found = timing([float(i) for i in range(1, 201)])
    assert (found.n, found.median_ms, found.p99_ms) == (200, 100, 198)


def test_memory_is_told_or_not_known() -> None:
    found = resident_mb(os.getpid())
    assert found is None or 5 < found < 10_000
    assert resident_mb(0) is None
