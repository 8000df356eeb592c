"""Limits: who is counted with whom, what is left, and what happens when Redis does not."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from bot.errors import SettingsError
from bot.limits import WINDOW_SECONDS, Kind, Limiter, Ruling, network_of, open_limiter
from bot.settings import load_settings

AT = 1_795_000_000.0 - 1_795_000_000.0 % WINDOW_SECONDS


def take(limiter: Limiter, **who: str) -> Ruling:
    """Count one request for these names."""
    names: dict[Kind, str] = {**who}  # type: ignore[dict-item]
    return asyncio.run(limiter.take(names))


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> float:
        return self.at


def test_so_many_are_let_through_and_no_more() -> None:
    limiter = Limiter({"visitor": 3})
    left = [take(limiter, visitor="a").usages[0].remaining for _ in range(3)]
    assert left == [2, 1, 0]
    exceeded = take(limiter, visitor="a").exceeded
    assert exceeded is not None
    assert (exceeded.kind, exceeded.quota) == ("visitor", 3)
    assert 1 <= exceeded.reset_seconds <= WINDOW_SECONDS


def test_each_name_has_its_own_count() -> None:
    limiter = Limiter({"visitor": 1})
    assert take(limiter, visitor="a").exceeded is None
    assert take(limiter, visitor="b").exceeded is None
    assert take(limiter, visitor="a").exceeded is not None


def test_a_quota_of_none_limits_nobody() -> None:
    limiter = Limiter({"visitor": 0})
    assert take(limiter, visitor="a") == Ruling()


def test_what_comes_after_an_excess_is_not_counted() -> None:
    limiter = Limiter({"address": 1, "all": 2})
    for _ in range(5):
        take(limiter, address="a", all="")
    assert take(limiter, address="b", all="").exceeded is None


def test_a_minute_later_all_is_forgotten_and_half_a_minute_later_half_of_it() -> None:
    clock = Clock()
    limiter = Limiter({"visitor": 10}, clock=clock)
    for _ in range(10):
        assert take(limiter, visitor="a").exceeded is None
    assert take(limiter, visitor="a").exceeded is not None
    clock.at += WINDOW_SECONDS + WINDOW_SECONDS / 2
    n_taken = sum(take(limiter, visitor="a").exceeded is None for _ in range(10))
    assert n_taken == 5
    clock.at += 2 * WINDOW_SECONDS
    assert take(limiter, visitor="a").usages[0].remaining == 9


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_an_address_counts_with_its_network(host: str, network: str) -> None:
    assert network_of(host) == network


@pytest.mark.parametrize("url", ["memcached://127.0.0.1", "127.0.0.1:6379", "redis//x"])
def test_an_address_that_is_no_redis_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="QUOTEWELL_LIMITS_URL"):
        open_limiter(load_settings({}, {"limits_url": url}))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_while_redis_is_gone_each_process_counts_for_itself() -> None:
    limiter = Limiter({"visitor": 1}, f"redis://127.0.0.1:{free_port()}/0")
    assert take(limiter, visitor="a").exceeded is None
    assert take(limiter, visitor="a").exceeded is not None
    assert limiter.n_unshared == 2


@pytest.fixture
def redis_url() -> Iterator[str]:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("no redis-server on the path")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()


def test_processes_that_share_a_redis_share_their_counts(redis_url: str) -> None:
    async def alternate() -> list[bool]:
        both = [Limiter({"visitor": 3}, redis_url) for _ in range(2)]
        who: dict[Kind, str] = {"visitor": "a"}
        rulings = [await both[n % 2].take(who) for n in range(4)]
        assert [limiter.n_unshared for limiter in both] == [0, 0]
        for limiter in both:
            await limiter.close()
        return [ruling.exceeded is not None for ruling in rulings]

    assert asyncio.run(alternate()) == [False, False, False, True]
