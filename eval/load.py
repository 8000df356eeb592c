"""A small load generator: keep-alive connections that post one request after another.

It knows as much HTTP as our own server speaks; starting that server is left to `speed`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from eval.stats import percentile

N_CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did under load; times are of single requests, in milliseconds."""

    n: int
    n_failed: int
    per_second: float
    median_ms: float
    p99_ms: float


def drive(
    port: int, path: str, bodies: Sequence[object], n_requests: int, max_seconds: float
) -> Load:
    """Post bodies in turn to a loopback server until enough or out of time.

    Raises:
        ConnectionError: The server broke off, or answered nothing in time.
    """
    requests = [_request(port, path, body) for body in bodies]
    return asyncio.run(_drive(port, requests, n_requests, max_seconds))


async def _drive(port: int, requests: Sequence[bytes], n_requests: int, max_seconds: float) -> Load:
    todo = iter(range(n_requests))
    took: list[float] = []
    failed: list[int] = []
    start = time.perf_counter()
    deadline = start + max_seconds

    async def visitor() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for i in todo:
                sent = time.perf_counter()
                if sent > deadline:
                    return
                writer.write(requests[i % len(requests)])
                status = await asyncio.wait_for(_read_status(reader), max_seconds)
                took.append(time.perf_counter() - sent)
                if status != 200:
                    failed.append(status)
        finally:
            writer.close()

    await asyncio.gather(*(visitor() for _ in range(N_CONNECTIONS)))
    if not took:
        raise ConnectionError(f"no reply on port {port}")
    spent = time.perf_counter() - start
    return Load(
        n=len(took),
        n_failed=len(failed),
        per_second=len(took) / spent,
        median_ms=1000 * percentile(took, 0.5),
        p99_ms=1000 * percentile(took, 0.99),
    )


async def _read_status(reader: asyncio.StreamReader) -> int:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    except asyncio.IncompleteReadError as error:
        raise ConnectionError("the server closed the connection") from error
    lengths = [line for line in head.split("\r\n") if line.startswith("content-length:")]
    if not lengths:
        raise ConnectionError("a reply without Content-Length")
    await reader.readexactly(int(lengths[0].split(":")[1]))
    return int(head.split()[1])


def _request(port: int, path: str, body: object) -> bytes:
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data
