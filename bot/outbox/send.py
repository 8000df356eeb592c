"""Brings letters to their visitors: urgent ones first, tried again for a while, never for ever.

A letter is removed once the platform has taken it. A process that dies between the two sends
it again after a restart: a visitor may rarely get a part twice, but never nothing.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.channels import Channel, Message, Payload, Verdict
from bot.errors import PayloadError, StoreError
from bot.outbox.receive import Counts
from bot.outbox.seal import Sealer
from bot.store import Store
from bot.store.letters import Letter

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger("bot.outbox")

MAX_TRIES = 20
"""With the waits below, tries reach over about three hours: longer than a usual outage."""
_FIRST_WAIT_SECONDS = 1.0
_MAX_WAIT_SECONDS = 900.0
_MAX_RETRY_AFTER_SECONDS = 3600.0
_CALL_SECONDS = 6.0
LEASE_SECONDS = 10.0
"""Longer than a call takes; after it a letter of a process that died is taken up again."""
_AT_ONCE = 16
_POLL_SECONDS = 1.0
_REST_SECONDS = 5.0


@dataclass
class Sender:
    """Sends what waits until it is told to stop; `wake` says that there is something new."""

    channels: Mapping[str, Channel]
    store: Store
    sealer: Sealer
    counts: Counts
    now: Callable[[], float] = time.time
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _client: httpx2.AsyncClient | None = None

    def wake(self) -> None:
        """Look for letters now."""
        self._news.set()

    async def run(self) -> None:
        """Send until cancelled; calls under way are then finished."""
        try:
            while True:
                self._news.clear()
                n_claimed = await self._claim()
                if not n_claimed:
                    await self._wait(_POLL_SECONDS)
        finally:
            await self._finish()

    async def send_now(self, channel: Channel, message: Message, payloads: list[Payload]) -> None:
        """Send without a store behind it, once: for whoever is in danger while it is gone."""
        for payload in payloads:
            verdict, _ = await self._call(channel, message.address, payload)
            self.counts.messaged(channel.name, "delivered" if verdict == "sent" else "failed")

    async def _claim(self) -> int:
        n_free = _AT_ONCE - len(self._under_way)
        if n_free < 1:
            return 0
        try:
            letters = await asyncio.to_thread(
                self.store.claim_letters, self.now(), LEASE_SECONDS, n_free
            )
        except StoreError as error:
            log.warning("outbox out of reach", extra={"kind": type(error).__name__})
            await self._wait(_REST_SECONDS)
            return 0
        for letter in letters:
            task = asyncio.create_task(self._deliver(letter))
            self._under_way.add(task)
            task.add_done_callback(self._done)
        return len(letters)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.warning("letter not settled", extra={"kind": type(error).__name__})
        # The next letter of the same visitor may go now.
        self._news.set()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    async def _deliver(self, letter: Letter) -> None:
        verdict, wait = await self._try(letter)
        n_tries = letter.n_tries + 1
        due_at = self.now() + (_backed_off(n_tries) if wait is None else wait)
        if verdict == "retry" and n_tries < MAX_TRIES and due_at < letter.expires_at:
            self.counts.messaged(letter.channel, "retried")
            await asyncio.to_thread(self.store.put_off_letter, letter.letter_id, due_at)
            return
        self.counts.messaged(letter.channel, "delivered" if verdict == "sent" else "failed")
        if verdict != "sent":
            log.warning("letter given up", extra={"channel": letter.channel, "tries": n_tries})
        await asyncio.to_thread(self.store.remove_letter, letter.letter_id)

    async def _try(self, letter: Letter) -> tuple[Verdict, float | None]:
        channel = self.channels.get(letter.channel)
        if channel is None:  # switched off meanwhile; it may come back
            return "retry", None
        if letter.expires_at <= self.now():
            return "failed", None
        try:
            opened = self.sealer.open(letter.sealed, f"{letter.channel} {letter.visit_id}")
        except PayloadError:
            return "failed", None
        return await self._call(channel, opened["address"], opened["payload"])

    async def _call(
        self, channel: Channel, address: Mapping[str, str], payload: Payload
    ) -> tuple[Verdict, float | None]:
        import httpx2

        call = channel.call(address, payload)
        try:
            response = await self._open_client().request(
                call.method, call.url, headers=dict(call.headers), content=call.body
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            log.info("call failed", extra={"channel": channel.name, "kind": type(error).__name__})
            return "retry", None
        verdict = channel.judge(response.status_code, response.content)
        if verdict == "sent":
            return verdict, None
        extra = {"channel": channel.name, "status": response.status_code, "verdict": verdict}
        log.warning("letter not taken", extra=extra)
        asked = channel.wait_seconds(_headers(response), response.content)
        return verdict, None if asked is None else min(asked, _MAX_RETRY_AFTER_SECONDS)

    def _open_client(self) -> httpx2.AsyncClient:
        import httpx2

        if self._client is None:
            # Its own lines hold addresses, and Telegram's addresses hold the token.
            logging.getLogger("httpx2").setLevel(logging.WARNING)
            self._client = httpx2.AsyncClient(timeout=_CALL_SECONDS, follow_redirects=False)
        return self._client

    async def _finish(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_CALL_SECONDS + 1)
        if self._client is not None:
            await self._client.aclose()


def _backed_off(n_tries: int) -> float:
    """1, 2, 4 ... 900 seconds, each up to a quarter longer: letters must not march in step."""
    wait: float = min(_FIRST_WAIT_SECONDS * 2 ** (n_tries - 1), _MAX_WAIT_SECONDS)
    return wait * (1 + random.random() / 4)  # noqa: S311 - no secret hangs on it


def _headers(response: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
