"""Who may come in: finds the key of a request to the API and counts it against the limits.

What a request over a limit is told, and that an urgent message is answered all the same, is
left to the routes that take messages; every other route answers 429 here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.clinic import Clinic
from bot.errors import StoreError
from bot.http import logs
from bot.http.context import Context, bearer_of, context_of, path_of
from bot.http.door_metrics import DoorMetrics
from bot.http.problems import CHAT_PATHS, Problem, problem_response
from bot.keys import MARK, KeyRing
from bot.limits import WINDOW_SECONDS, Kind, Limiter, Ruling, network_of
from bot.records import to_dict
from bot.settings import Settings
from bot.store.doors import KeyRow

# Routes that look at a message even over a limit, since it may be urgent.
_TAKES_MESSAGES = frozenset({"/v1/ask", "/v1/chat/completions", "/mcp"})
_ASKING = frozenset({*_TAKES_MESSAGES, "/v1/feedback"})
# Seconds that a request waits for the keys to be read; the ones known last serve after that.
_DEADLINE = 1.0


class Doorkeeper:
    """Knows keys and limits; the middleware and the routes ask it.

    Args:
        ring: The server API keys.
        limiter: The limits.
        settings: Whether a key is required.
        clinic: The numbers that a limited caller is given.
        figures: Counts who was turned away.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        ring: KeyRing,
        limiter: Limiter,
        settings: Settings,
        clinic: Clinic,
        figures: DoorMetrics,
        now: Callable[[], float],
    ) -> None:
        self._ring = ring
        self._limiter = limiter
        self._requires_key = settings.require_key
        self._numbers = [to_dict(number) for number in clinic.numbers_of("emergency")]
        self._figures = figures
        self._now = now

    async def admit(self, scope: Scope) -> None:
        """Fill the request's context with its key and what it used of the limits.

        Raises:
            Problem: 401, 403 or 429. Over a limit, routes that take messages go on.
        """
        context, path = context_of(scope), path_of(scope)
        token = self._token(scope, path)
        context.key = await self.key(token) if token else None
        context.ruling = await self._limiter.take(_names(scope, context))
        takes_messages = scope["method"] == "POST" and path in _TAKES_MESSAGES
        if context.ruling.exceeded and not takes_messages:
            raise self.too_many(context.ruling)
        self._check_key(context, token, _scope_of(scope["method"], path))

    async def close(self) -> None:
        """Let go of what the limits are shared through."""
        await self._limiter.close()

    async def key(self, token: str) -> KeyRow | None:
        """The active key that a token is; keys made or revoked elsewhere count after seconds."""
        at = self._now()
        if token.startswith(MARK) and not self._ring.is_fresh(at):
            await self._load(at)
        found = self._ring.find(token, at)
        if found is None and token.startswith(MARK) and not self._ring.knows(token):
            # Perhaps it was made a moment ago. Asked of the store a few times a second at most, so
            # that guessing keys does not keep it busy.
            if self._ring.may_ask_again(at):
                await self._load(at)
            found = self._ring.find(token, at)
        if found is not None and self._ring.wants_note(found, at):
            self._note(found, at)
        self._figures.key_checked("accepted" if found else "refused")
        return found

    async def visitor(self, scope: Scope, name: str | None) -> Problem | None:
        """Count a message of a visit; the Problem that answers it unless it is urgent, if any."""
        context = context_of(scope)
        if context.ruling.exceeded is None and name:
            context.ruling = context.ruling.plus(await self._limiter.take({"visitor": name}))
        return self.too_many(context.ruling) if context.ruling.exceeded else None

    async def may_speak(self, name: str) -> bool:
        """Count a message of a messaging channel's visitor; false over the limit of visitors."""
        ruling = await self._limiter.take({"visitor": name})
        if ruling.exceeded:
            self._figures.limited(ruling.exceeded.kind)
        return ruling.exceeded is None

    def too_many(self, ruling: Ruling) -> Problem:
        """The problem 429; it carries the emergency numbers."""
        exceeded = ruling.exceeded
        if exceeded is None:
            raise ValueError("no limit was exceeded")
        self._figures.limited(exceeded.kind)
        numbers = ", ".join(f"{n['label']}: {n['number']}" for n in self._numbers)
        emergency = f"In an emergency call now. {numbers}" if numbers else _NO_NUMBER
        return Problem(
            429,
            "too_many_requests",
            f"Too many messages at once; please wait a little. {emergency}",
            extra={"limit": exceeded.kind, "numbers": self._numbers},
            headers={"Retry-After": str(exceeded.reset_seconds)},
        )

    def _token(self, scope: Scope, path: str) -> str:
        """What was presented as a key.

        Clients of OpenAI's API always send some token. Where no key is required, one that is
        none of ours is left aside on their routes, as if nothing had been sent.
        """
        token = bearer_of(scope)
        is_chat = path in CHAT_PATHS or path.startswith("/v1/models/")
        if is_chat and not self._requires_key and not token.startswith(MARK):
            return ""
        return token

    def _check_key(self, context: Context, token: str, needed: str) -> None:
        if context.key is None and (token or self._requires_key):
            code = "wrong_key" if token else "key_required"
            detail = "This API key opens nothing." if token else "The API needs a key here."
            raise Problem(401, code, detail, headers={"WWW-Authenticate": "Bearer"})
        if context.key is not None and not opens(context.key, needed):
            raise Problem(
                403,
                "scope_missing",
                f"This API key lacks the scope {needed}.",
                extra={"scope": needed},
                headers={
                    "WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{needed}"'
                },
            )

    async def _load(self, at: float) -> None:
        try:
            async with asyncio.timeout(_DEADLINE):
                await asyncio.to_thread(self._ring.load, at)
        except (StoreError, TimeoutError) as error:
            logs.LOGGER.warning("keys not read", extra={"why": type(error).__name__})

    def _note(self, row: KeyRow, at: float) -> None:
        def note() -> None:
            try:
                self._ring.note_use(row, at)
            except StoreError as error:
                logs.LOGGER.warning("use not noted", extra={"why": type(error).__name__})

        asyncio.get_running_loop().run_in_executor(None, note)


_NO_NUMBER = "In an emergency call your local emergency number now."


class Admission:
    """Asks the doorkeeper about every request to the API, and tells what is left of the limits."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper) -> None:
        self.app = app
        self.doorkeeper = doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not path_of(scope).startswith(("/v1/", "/mcp")):
            await self.app(scope, receive, send)
            return
        context = context_of(scope)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_limit_headers(context.ruling))
            await send(message)

        try:
            await self.doorkeeper.admit(scope)
        except Problem as problem:
            await problem_response(problem, scope)(scope, receive, sending)
            return
        await self.app(scope, receive, sending)


def opens(row: KeyRow, scope: str) -> bool:
    """Whether a key has a scope; `admin` holds them all."""
    return scope in row.scopes or "admin" in row.scopes


def _scope_of(method: str, path: str) -> str:
    """What a key needs: asking is one thing, reading guides and what is kept another."""
    if path in _ASKING or (method == "DELETE" and path.startswith("/v1/visits/")):
        return "ask"
    return "read"


def _names(scope: Scope, context: Context) -> dict[Kind, str]:
    """Whom a request is counted for: its key, or else the network that it came from."""
    client: Any = scope.get("client")
    host = str(client[0]) if client else ""
    if context.key is not None:
        return {"key": context.key.prefix, "all": ""}
    return {"address": network_of(host), "all": ""}


def _limit_headers(ruling: Ruling) -> dict[str, str]:
    """The fields RateLimit-Policy and RateLimit, as draft-ietf-httpapi-ratelimit-headers has them.

    How much all callers together have used is nobody's business until it is exceeded.
    """
    told = [u for u in ruling.usages if u.kind != "all" or u is ruling.exceeded]
    if not told:
        return {}
    policy = ", ".join(f'"{u.kind}";q={u.quota};w={WINDOW_SECONDS}' for u in told)
    usage = ", ".join(f'"{u.kind}";r={u.remaining};t={u.reset_seconds}' for u in told)
    return {"RateLimit-Policy": policy, "RateLimit": usage}
