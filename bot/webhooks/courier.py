"""Goes round the events that wait, and sends each until it is taken or given up."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Literal

from bot import __version__
from bot.errors import StoreError
from bot.store.doors import Delivery
from bot.store.doors import Events as KeptEvents
from bot.webhooks.sending import TOTAL_SECONDS, Sent, send
from bot.webhooks.signing import sign
from bot.webhooks.target import Network, Target

Result = Literal["delivered", "failed", "dead"]
Send = Callable[[Target, dict[str, str], bytes, Sequence[Network]], Sent]

# Seconds before each further try: at once, then over seventeen and a half hours, much as the
# specification of Standard Webhooks advises. After the last one it is a dead letter.
SCHEDULE = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0)
_MAX_RETRY_AFTER = 36000.0
# Deliveries under way at a time, and seconds between two looks for what is due.
_AT_ONCE = 8
_LOOK_EVERY = 2.0

log = logging.getLogger("bot.webhooks")


class Courier:
    """Delivers what is kept; several processes may run one each on the same store.

    Args:
        kept: Where the events wait.
        targets: The addresses in force; what waits for another one is given up.
        secrets: What signs, the newest first.
        networks: Addresses that are not public and may be reached all the same.
        told: Called with kind and result after every try, for the figures.
        schedule: Seconds before each further try.
    """

    def __init__(
        self,
        kept: KeptEvents,
        targets: Sequence[Target],
        secrets: Sequence[bytes],
        networks: Sequence[Network] = (),
        *,
        told: Callable[[str, Result], None] = lambda _kind, _result: None,
        schedule: Sequence[float] = SCHEDULE,
        now: Callable[[], float] = time.time,
        send: Send = send,
    ) -> None:
        self._kept = kept
        self._targets = {target.code: target for target in targets}
        self._secrets = tuple(secrets)
        self._networks = tuple(networks)
        self._told = told
        self._schedule = tuple(schedule)
        self._now = now
        self._send = send
        self._news = asyncio.Event()
        # Threads of its own: slow receivers must not use up those that the routes wait for.
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhooks")

    def wake(self) -> None:
        """Look at once: something new waits."""
        self._news.set()

    async def run(self) -> None:
        """Deliver until cancelled; a store out of reach is tried again."""
        try:
            while True:
                self._news.clear()
                if not await self._try_round():
                    await self._wait()
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _try_round(self) -> int:
        try:
            return await self.round()
        except StoreError as error:
            log.warning("webhooks: the store is out of reach (%s)", type(error).__name__)
            return 0

    async def round(self) -> int:
        """Send what is due now, some at a time; how many."""
        # A lease outlasts the slowest delivery, so that no other process takes it meanwhile.
        claim = partial(self._kept.claim, self._now(), _AT_ONCE, 2 * TOTAL_SECONDS)
        taken = await asyncio.to_thread(claim)
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(self._threads, self._deliver, d) for d in taken)
        )
        return len(taken)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_EVERY):
                await self._news.wait()
        except TimeoutError:
            return

    def _deliver(self, delivery: Delivery) -> None:
        target = self._targets.get(delivery.target)
        if target is None:
            self._bury(delivery, "address no longer set")
            return
        body = delivery.body.encode()
        timestamp = int(self._now())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Quotewell/{__version__}",
            "webhook-id": delivery.event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._secrets, delivery.event_id, timestamp, body),
        }
        self._settle(delivery, self._send(target, headers, body, self._networks))

    def _settle(self, delivery: Delivery, sent: Sent) -> None:
        if sent.is_delivered:
            self._kept.done(delivery.delivery_id)
            self._told(delivery.kind, "delivered")
        elif sent.is_final or delivery.n_tries >= len(self._schedule):
            self._bury(delivery, sent.why)
        else:
            self._kept.failed(delivery.delivery_id, self._next(delivery, sent), sent.why)
            self._told(delivery.kind, "failed")

    def _next(self, delivery: Delivery, sent: Sent) -> float:
        """When to try again; scattered, so that what failed together does not return together."""
        wait = self._schedule[delivery.n_tries] * random.uniform(1.0, 1.2)  # noqa: S311
        asked = min(sent.retry_after or 0.0, _MAX_RETRY_AFTER)
        return self._now() + max(wait, asked)

    def _bury(self, delivery: Delivery, why: str) -> None:
        self._kept.failed(delivery.delivery_id, None, why)
        self._told(delivery.kind, "dead")
        log.warning("webhooks: %s was given up (%s)", delivery.kind, why)
