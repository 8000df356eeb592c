"""Takes deliveries: checks them, answers each message once, commits before acknowledging.

Sending is left to `send`. The words of a message live here as long as its reply takes, and
are never kept, unless the clinic samples questions.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from bot.answer import Bot
from bot.channels import Answer, Channel, Delivery, Forged, Message, Payload
from bot.channels.identity import seen_id, visitor_id
from bot.errors import PayloadError, StoreError
from bot.outbox.seal import Sealer
from bot.outbox.speech import is_more, speech_for, turn_for
from bot.records import URGENT_OUTCOMES, Reply, Visit
from bot.sampling import Sampler
from bot.store import Store
from bot.store.letters import Decision

log = logging.getLogger("bot.outbox")


class Counts(Protocol):
    """Where figures go."""

    def replied(self, reply: Reply, channel: str) -> None: ...
    def messaged(self, channel: str, what: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Received:
    """What a delivery gets back, and the replies that were given to it."""

    answer: Answer
    replies: tuple[Reply, ...] = ()


@dataclass
class Receiver:
    """Answers deliveries.

    `wake` is called when letters were committed; `may_speak` counts a message of a visitor, by
    their keyed id, and says whether it is within their limit.
    """

    bot: Bot
    store: Store
    sealer: Sealer
    secret: str
    counts: Counts
    wake: Callable[[], None]
    send_now: Callable[[Channel, Message, list[Payload]], Any]
    may_speak: Callable[[str], Awaitable[bool]]
    now: Callable[[], float] = time.time
    sampler: Sampler | None = None
    _turns: dict[str, tuple[asyncio.Lock, int]] = field(default_factory=dict)
    _said: dict[str, float] = field(default_factory=dict)

    async def receive(self, channel: Channel, delivery: Delivery) -> Received:
        """Answer all messages of a delivery.

        Raises:
            StoreError: Something could not be committed: the platform has to deliver again.
        """
        try:
            if delivery.method == "GET":
                return Received(channel.challenge(delivery) or Answer(405))
            channel.verify(delivery, self.now())
            if handshake := channel.challenge(delivery):
                return Received(handshake)
            messages = channel.parse(delivery)
        except Forged:
            self.counts.messaged(channel.name, "rejected")
            return Received(Answer(403))
        except PayloadError:
            self.counts.messaged(channel.name, "rejected")
            return Received(Answer(400))
        return await self._answer_all(channel, messages)

    async def _answer_all(self, channel: Channel, messages: list[Message]) -> Received:
        payloads: list[Payload] = []
        replies: list[Reply] = []
        # Sorted by the visitor's clock, which keeps the order of those without a time.
        for message in sorted(messages, key=lambda m: m.at):
            self.counts.messaged(channel.name, "received")
            if self._is_late(channel, message):
                self.counts.messaged(channel.name, "late")
                continue
            said, reply = await self._answer_one(channel, message)
            payloads += said
            replies += [reply] if reply else []
        return Received(channel.acknowledge(payloads), tuple(replies))

    def _is_late(self, channel: Channel, message: Message) -> bool:
        """Whether the platform no longer takes an answer; nobody waits for it either."""
        return bool(message.at) and self.now() - message.at > channel.limits.window_seconds

    async def _answer_one(
        self, channel: Channel, message: Message
    ) -> tuple[list[Payload], Reply | None]:
        """Payloads for the acknowledgement, and the reply if the message is a new one."""
        visit = visitor_id(self.secret, channel.name, message.sender)
        if not await self.may_speak(visit) and not self._is_urgent(channel, message, visit):
            self.counts.messaged(channel.name, "limited")
            return [], None
        delivered = seen_id(self.secret, channel.name, message.message_id)
        async with self._turn(visit):
            at = self.now()
            decide = partial(self._decide, channel, message, visit, at)
            try:
                settled = await asyncio.to_thread(
                    self.store.answer_once, delivered, visit, at, decide
                )
            except StoreError:
                return await self._answer_without_store(channel, message, visit, delivered)
        if settled.decision is None:
            self.counts.messaged(channel.name, "duplicate")
        elif reply := settled.decision.reply:
            self.counts.replied(reply, channel.name)
            if self.sampler is not None and message.kind == "text":
                self.sampler.take(
                    message.text,
                    reply,
                    guide_id=self.bot.default_guide,
                    channel=channel.name,
                    at=at,
                )
        if settled.decision and channel.delivers:
            self.wake()
        kept = self._opened(settled.kept, channel, visit)
        return kept, settled.decision.reply if settled.decision else None

    def _decide(
        self,
        channel: Channel,
        message: Message,
        visit_id: str,
        at: float,
        visit: Visit | None,
        has_held: bool,
    ) -> Decision:
        if has_held and is_more(message):
            return Decision(channel.name, frees_held=True)
        began = time.perf_counter()
        reply, after, payloads = self._say(channel, message, visit or Visit(visit_id), at)
        seal = partial(self._seal, channel, visit_id, message)
        parts = channel.limits.parts or len(payloads)
        kept = None if channel.delivers else self._seal_kept(channel, visit_id, payloads)
        return Decision(
            channel=channel.name,
            reply=reply,
            visit=after,
            guide_id=self.bot.default_guide,
            ms=(time.perf_counter() - began) * 1000,
            letters=tuple(map(seal, payloads[:parts])) if channel.delivers else (),
            held=tuple(map(seal, payloads[parts:])) if channel.delivers else (),
            urgent=reply.outcome in URGENT_OUTCOMES,
            expires_at=(message.at or at) + channel.limits.window_seconds,
            kept=kept,
        )

    def _say(
        self, channel: Channel, message: Message, visit: Visit, at: float
    ) -> tuple[Reply, Visit, list[Payload]]:
        turn = turn_for(message, reply_id=secrets.token_urlsafe(12), at=at)
        reply, after = self.bot.ask(turn, visit)
        speech = speech_for(
            reply, after, channel, self.bot.policy, message, is_first=visit.turn == 0
        )
        return reply, after, channel.render(speech)

    def _is_urgent(self, channel: Channel, message: Message, visit_id: str) -> bool:
        """Whether a message over the limit is answered all the same."""
        reply, _, _ = self._say(channel, message, Visit(visit_id), self.now())
        return reply.outcome in URGENT_OUTCOMES

    async def _answer_without_store(
        self, channel: Channel, message: Message, visit_id: str, delivered: str
    ) -> tuple[list[Payload], Reply | None]:
        """Where the store is out of reach: whoever is in danger is answered all the same.

        So is everybody whose reply goes into the acknowledgement. All others get theirs when
        the platform delivers again, since this delivery is not acknowledged.
        """
        reply, _, payloads = self._say(channel, message, Visit(visit_id), self.now())
        if not channel.delivers:
            self.counts.replied(reply, channel.name)
            return payloads, reply
        if reply.outcome in URGENT_OUTCOMES and delivered not in self._said:
            self._said[delivered] = self.now()
            if len(self._said) > 1000:
                del self._said[next(iter(self._said))]
            self.counts.replied(reply, channel.name)
            await self.send_now(channel, message, payloads)
        raise StoreError("a reply that cannot be committed", where=f"channel {channel.name}")

    def _seal(self, channel: Channel, visit_id: str, message: Message, payload: Payload) -> bytes:
        letter = {"address": dict(message.address), "payload": payload}
        return self.sealer.seal(letter, f"{channel.name} {visit_id}")

    def _seal_kept(self, channel: Channel, visit_id: str, payloads: list[Payload]) -> bytes:
        return self.sealer.seal({"payloads": payloads}, f"{channel.name} {visit_id}")

    def _opened(self, kept: bytes | None, channel: Channel, visit_id: str) -> list[Payload]:
        if kept is None:
            return []
        try:
            found: list[Payload] = self.sealer.open(kept, f"{channel.name} {visit_id}")["payloads"]
        except PayloadError:  # sealed under a key that is gone: better silent than twice
            return []
        return found

    @asynccontextmanager
    async def _turn(self, visit_id: str) -> AsyncIterator[None]:
        """One message of a visitor after the other, in the order of their arrival."""
        lock, n_waiting = self._turns.get(visit_id) or (asyncio.Lock(), 0)
        self._turns[visit_id] = (lock, n_waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, n_waiting = self._turns[visit_id]
            if n_waiting == 1:
                del self._turns[visit_id]
            else:
                self._turns[visit_id] = (lock, n_waiting - 1)
