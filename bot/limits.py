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
from typing import Any, Literal

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
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
        clock: Seconds since the epoch, for what is left of a window.

    Raises:
        SettingsError: The address is none, or the package for Redis is missing.
    """

    def __init__(
        self, quotas: Mapping[Kind, int], url: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self._items = {k: RateLimitItemPerMinute(n) for k, n in quotas.items() if n > 0}
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = _redis(url) if url else None
        self._clock = clock
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
        seconds = math.ceil(stats.reset_time - self._clock())
        reset = min(max(seconds, 1), WINDOW_SECONDS)
        return Usage(kind, self._items[kind].amount, max(0, int(stats.remaining)), reset)

    def _code(self, name: str) -> str:
        return hashlib.blake2b(name.encode(), key=self._salt, digest_size=12).hexdigest()


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


def _redis(url: str) -> Any:
    from limits.aio.strategies import SlidingWindowCounterRateLimiter as Shared
    from limits.errors import ConfigurationError
    from limits.storage import storage_from_string

    where = "QUOTEWELL_LIMITS_URL"
    scheme = url.partition("://")[0]
    if scheme not in ("redis", "rediss", "redis+unix"):
        raise SettingsError("another address", expected="redis://... or rediss://...", where=where)
    try:
        return Shared(storage_from_string(f"async+{url}", implementation="redispy"))
    except ConfigurationError as error:
        raise SettingsError(
            "the package redis is missing", expected="pip install 'quotewell[redis]'", where=where
        ) from error
    except Exception as error:
        raise SettingsError(
            f"cannot be used ({type(error).__name__})", expected="an address of Redis", where=where
        ) from error
