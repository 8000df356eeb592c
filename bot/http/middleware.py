"""What happens to every request around the routes, as plain ASGI middlewares.

From the outside in: prefix, log and figures, headers, faults, proxies, HEAD, admission, body.
Plain ASGI because Starlette's BaseHTTPMiddleware costs several times what a whole reply does.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from collections.abc import Callable

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bot.http import logs
from bot.http.admission import Admission, Doorkeeper
from bot.http.context import Context, begin, context_of, path_of
from bot.http.headers import Headers
from bot.http.metrics import Metrics
from bot.http.problems import CHAT_PATHS, Problem, general, problem_response
from bot.settings import Settings

# Seconds for a whole body: 32 kB arrive in a blink, and a slower sender would hold a connection.
_BODY_DEADLINE = 10.0
# A chat client sends the whole conversation each time, replies and prompts included.
_CHAT_BODIES = 16
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
# Asked for by machines every few seconds; at info level they would hide the visitors.
_QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})


def stack(settings: Settings, metrics: Metrics, doorkeeper: Doorkeeper) -> list[Middleware]:
    """The middlewares in order, the outermost first."""
    trusted = [str(ipaddress.ip_network(n, strict=False)) for n in settings.trusted_proxies]
    return [
        Middleware(Prefix, prefix=settings.root_path),
        Middleware(Watch, metrics=metrics),
        Middleware(
            Headers,
            origins=settings.allowed_origins,
            frame_ancestors=settings.frame_ancestors,
        ),
        Middleware(Faults, metrics=metrics),
        Middleware(ProxyHeadersMiddleware, trusted_hosts=trusted),
        Middleware(Head),
        Middleware(Admission, doorkeeper=doorkeeper),
        Middleware(Body, max_bytes=settings.max_body_bytes),
    ]


class Prefix:
    """Serves under a path prefix, whether the proxy in front strips it or leaves it."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = "/" + prefix.strip("/") if prefix.strip("/") else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.prefix:
            path = scope["path"]
            if path == self.prefix:
                scope["path"] = path + "/"
            elif not path.startswith(self.prefix + "/"):
                scope["path"] = self.prefix + path
            scope["root_path"] = self.prefix
        await self.app(scope, receive, send)


class Watch:
    """Gives each request its id, measures it, and writes one line when it is over.

    The line has method, route template, status, milliseconds and outcome: no path, no query
    string, no address, no body.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, clock: Callable[[], float] | None = None):
        self.app = app
        self.metrics = metrics
        self.clock = clock or time.perf_counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        context, began, method = begin(scope), self.clock(), _method(scope)
        # A client that leaves before its response has begun is counted as 499, as nginx does.
        status = 499

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", context.request_id.encode()),
                ]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            self._tell(context, method, _route(scope), status, self.clock() - began)

    def _tell(self, context: Context, method: str, route: str, status: int, seconds: float) -> None:
        self.metrics.served(method, route, status, seconds)
        extra = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "request_id": context.request_id,
        }
        if context.outcome:
            extra |= {"outcome": context.outcome, "channel": context.channel}
        level = logging.DEBUG if route in _QUIET_ROUTES and status == 200 else logging.INFO
        logs.ACCESS.log(level, "request", extra=extra)


class Faults:
    """The one place that catches whatever nobody foresaw: a problem 500 and a line in the log."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the edge: nothing may leave it unanswered
            self._log(scope, error)
            if not has_begun:
                await problem_response(general(500), scope)(scope, receive, send)

    def _log(self, scope: Scope, error: Exception) -> None:
        self.metrics.faulted()
        logs.LOGGER.error(
            "fault",
            extra={
                "kind": type(error).__name__,
                "place": logs.place_of(error),
                "request_id": context_of(scope).request_id,
            },
        )


class Head:
    """Answers HEAD wherever GET is answered, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        scope["method"] = "GET"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, sending)


class Body:
    """Reads a request's body up to a bound before anything looks at it, chunked ones too."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _BODILESS:
            await self.app(scope, receive, send)
            return
        try:
            body = await self._read(scope, receive)
        except Problem as problem:
            response = problem_response(problem, scope)
            await response(scope, receive, send)
            return
        if body is not None:
            await self.app(scope, _replay(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """The whole body, or None if the client left; Problem 413 or 408."""
        most = self.max_bytes * (_CHAT_BODIES if path_of(scope) in CHAT_PATHS else 1)
        if _declared_length(scope) > most:
            raise general(413, {"Connection": "close"})
        try:
            async with asyncio.timeout(_BODY_DEADLINE):
                return await self._collect(receive, most)
        except TimeoutError:
            raise Problem(
                408, "too_slow", "The request body took too long.", headers={"Connection": "close"}
            ) from None

    async def _collect(self, receive: Receive, most: int) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            if len(body) > most:
                raise general(413, {"Connection": "close"})
            if not message.get("more_body", False):
                return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def receiving() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return receiving


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            # int() of very long texts is refused, and such a number is too large anyway.
            return int(value[:20])
    return 0


def _method(scope: Scope) -> str:
    """The method as a label: any other word than the usual ones would be the client's own."""
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    method: str = scope["method"]
    return method if method in known else "other"


def _route(scope: Scope) -> str:
    """The route's template, such as `/v1/visits/{visit_id}`; never the path itself."""
    return getattr(scope.get("route"), "path", None) or "none"
