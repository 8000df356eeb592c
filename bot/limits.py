"""How many requests a caller may make: by key, visit, network, and in all.

Counting is left to the library `limits`: in memory, or in Redis for several processes. What a
limited caller is told is left to the doors, which let an urgent message through in any case.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import math
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from limits import RateLimitItemPerMinute
from limits.storage import SlidingWindowCounterSupport, Storage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from bot.errors import SettingsError
from bot.settings import Settings

Kind = Literal["key", "address", "all", "visitor"]
"""What is counted; the names of the policies in the RateLimit fields."""
WINDOW_SECONDS = 60
# Seconds that a request waits for Redis; a limit must not cost more than the reply.
_DEADLINE = 0.25
# Seconds that each process counts for itself after Redis failed, before it is tried again.
_REST = 5.0
# Names that are counted in this process at a time; each takes about 200 bytes.
_MAX_NAMES = 200_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of one quota is used: requests a minute, those left, seconds until some come."""

    kind: Kind
    quota: int
    remaining: int
    reset_seconds: int


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a request used, in the order in which it was counted; `exceeded` is the last, if any."""

    usages: tuple[Usage, ...] = ()
    exceeded: Usage | None = None

    def plus(self, other: Ruling) -> Ruling:
        """Both together; the earlier excess stands."""
        return Ruling((*self.usages, *other.usages), self.exceeded or other.exceeded)


class Limiter:
    """Counts requests over a sliding minute.

    Args:
        quotas: Requests a minute by kind; a kind with 0 or none is not limited.
        url: Redis that counts for all processes; empty: this process counts for itself.
        clock: Seconds since the epoch, for the windows of this process.

    Raises:
        SettingsError: The address is none, or the package for Redis is missing.
    """

    def __init__(
        self, quotas: Mapping[Kind, int], url: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self._items = {k: RateLimitItemPerMinute(n) for k, n in quotas.items() if n > 0}
        self._here = SlidingWindowCounterRateLimiter(Windows(clock))
        none: tuple[Any, Any] = (None, None)
        self._pool, self._shared = _redis(url) if url else none
        self._rest_until = 0.0
        self.n_unshared = 0
        # Nobody who reads the counts learns an address. Processes that share counts need the
        # same key, and the address of their Redis is what they have in common.
        self._salt = hashlib.sha256(url.encode()).digest() if url else secrets.token_bytes(32)

    async def take(self, who: Mapping[Kind, str]) -> Ruling:
        """Count one request for each of these names, in their order, up to the first excess.

        What comes after an excess is not counted, so that a flood of one caller does not use
        up what all callers share.
        """
        usages: list[Usage] = []
        for kind, name in who.items():
            if kind not in self._items:
                continue
            is_within, usage = await self._hit(kind, self._code(name))
            usages.append(usage)
            if not is_within:
                return Ruling(tuple(usages), usage)
        return Ruling(tuple(usages))

    async def close(self) -> None:
        """Let go of Redis."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _hit(self, kind: Kind, name: str) -> tuple[bool, Usage]:
        item = self._items[kind]
        if self._shared is not None and time.monotonic() >= self._rest_until:
            try:
                async with asyncio.timeout(_DEADLINE):
                    is_within = await self._shared.hit(item, kind, name)
                    stats = await self._shared.get_window_stats(item, kind, name)
                return is_within, self._usage(kind, stats)
            except Exception as error:  # noqa: BLE001 - a limit may never cost a reply
                self._rest_until = time.monotonic() + _REST
                log.warning("limits: Redis fails (%s); counting here", type(error).__name__)
        if self._shared is not None:
            self.n_unshared += 1
        is_within = self._here.hit(item, kind, name)
        return is_within, self._usage(kind, self._here.get_window_stats(item, kind, name))

    def _usage(self, kind: Kind, stats: Any) -> Usage:
        seconds = math.ceil(stats.reset_time - time.time())
        reset = min(max(seconds, 1), WINDOW_SECONDS)
        return Usage(kind, self._items[kind].amount, max(0, int(stats.remaining)), reset)

    def _code(self, name: str) -> str:
        return hashlib.blake2b(name.encode(), key=self._salt, digest_size=12).hexdigest()


class Windows(Storage, SlidingWindowCounterSupport):
    """The library's storage for one process and one thread.

    Its own one starts a thread a hundred times a second while requests come, each of which goes
    through all keys; this one sweeps once a window, and takes a third of the time per request.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        # Key -> number of the window it was counted in, count in it, count in the one before.
        self._counts: dict[str, tuple[int, int, int]] = {}
        self._swept_in = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What can go wrong: nothing of its own."""
        return ValueError

    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Count, unless the weighted sum of this window and the last is at the limit."""
        window, current, previous, left = self._look(key, expiry)
        if math.floor(previous * left / expiry + current) + amount > limit:
            return False
        self._counts[key] = (window, current + amount, previous)
        if window != self._swept_in or len(self._counts) > _MAX_NAMES:
            self._sweep(window)
        return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Count and seconds left of the last window, then of this one."""
        _, current, previous, left = self._look(key, expiry)
        return previous, left if previous else 0.0, current, left + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget a key."""
        self._counts.pop(key, None)

    def check(self) -> bool:
        """Whether it works, which it does."""
        return True

    def reset(self) -> int:
        """Forget all keys; how many."""
        n_keys = len(self._counts)
        self._counts.clear()
        return n_keys

    def clear(self, key: str) -> None:
        """Forget a key."""
        self._counts.pop(key, None)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """For other strategies, which are not used."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """The key's count in its last window."""
        return self._counts.get(key, (0, 0, 0))[1]

    def get_expiry(self, key: str) -> float:
        """For other strategies, which are not used."""
        raise NotImplementedError

    def _sweep(self, window: int) -> None:
        self._swept_in = window
        self._counts = {k: v for k, v in self._counts.items() if v[0] >= window - 1}
        if len(self._counts) > _MAX_NAMES:
            # Somebody floods from everywhere; forgetting all is better than running out.
            self._counts.clear()

    def _look(self, key: str, expiry: int) -> tuple[int, int, int, float]:
        """This window's number, its count, the last one's, and the seconds that are left."""
        number, part = divmod(self._clock(), expiry)
        window = int(number)
        found, current, previous = self._counts.get(key, (window, 0, 0))
        if found == window - 1:
            current, previous = 0, current
        elif found != window:
            current = previous = 0
        return window, current, previous, expiry - part


def open_limiter(settings: Settings) -> Limiter:
    """The limiter that the settings describe.

    Raises:
        SettingsError: QUOTEWELL_LIMITS_URL cannot be used.
    """
    quotas: dict[Kind, int] = {
        "key": settings.limit_per_key,
        "address": settings.limit_per_address,
        "all": settings.limit_in_all,
        "visitor": settings.limit_per_visitor,
    }
    return Limiter(quotas, settings.limits_url)


@lru_cache(maxsize=4096)
def network_of(host: str) -> str:
    """The network that an address is counted under.

    `192.0.2.77` -> `192.0.2.0/24`, `2001:db8::1` -> `2001:db8::/64`; whatever is no address
    (a Unix socket's peer) counts as one.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "unknown"
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    bits = 24 if address.version == 4 else 64
    return str(ipaddress.ip_network((address, bits), strict=False))


def _redis(url: str) -> tuple[Any, Any]:
    """The connections to a Redis, made when they are needed, and a strategy that counts there."""
    where, expected = "QUOTEWELL_LIMITS_URL", "redis://host:port/number, also rediss"
    if not url.startswith(("redis://", "rediss://")):
        raise SettingsError("another address", expected=expected, where=where)
    try:
        from limits.aio.strategies import SlidingWindowCounterRateLimiter as Shared
        from redis.asyncio import ConnectionPool
    except ImportError as error:
        raise SettingsError(
            "the package redis is missing", expected="pip install 'quotewell[redis]'", where=where
        ) from error
    try:
        pool: Any = ConnectionPool.from_url(url)
    except ValueError as error:
        raise SettingsError("no address", expected=expected, where=where) from error
    storage = storage_from_string(f"async+{url}", implementation="redispy", connection_pool=pool)
    return pool, Shared(storage)
