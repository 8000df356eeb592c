"""Response headers that protect visitors, and exact-match CORS for the API.

The pages load nothing but this server's own files, so the policy names no other source and
allows no inline script or style.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.http.context import path_of
from bot.http.problems import Problem, problem_response

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    # A question must not end up in an address, not even where the script failed to load.
    "form-action 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
)
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key, X-Request-ID",
    "Access-Control-Max-Age": "600",
}
_EXPOSED = "X-Request-ID, ETag, RateLimit, RateLimit-Policy, Retry-After"


class Headers:
    """Adds the headers to every response and answers preflight requests itself.

    Args:
        app: What to wrap.
        origins: Web origins that may call /v1 from a browser; compared character by character.
        frame_ancestors: Web origins that may show the pages in a frame; none by default.
    """

    def __init__(
        self, app: ASGIApp, origins: tuple[str, ...], frame_ancestors: tuple[str, ...]
    ) -> None:
        self.app = app
        self.origins = frozenset(origins)
        self.fixed = _fixed(frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = _asked(scope)
        is_api = path_of(scope).startswith("/v1/")
        allowed = asked.get("origin", "") if asked.get("origin") in self.origins else ""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                self._protect(headers)
                if is_api:
                    _open_to(allowed, headers)
            await send(message)

        if is_api and _is_preflight(scope, asked):
            await self._preflight(scope, bool(allowed))(scope, receive, sending)
        else:
            await self.app(scope, receive, sending)

    def _protect(self, headers: MutableHeaders) -> None:
        for name, value in self.fixed.items():
            headers[name] = value
        headers.setdefault("Cache-Control", "no-store")
        # What other sites may load, such as the widget, says so itself.
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")

    def _preflight(self, scope: Scope, is_allowed: bool) -> Response:
        if is_allowed:
            return Response(status_code=204, headers=_PREFLIGHT)
        problem = Problem(403, "origin_not_allowed", "This web origin may not call this server.")
        return problem_response(problem, scope)


def _open_to(origin: str, headers: MutableHeaders) -> None:
    """Always vary by origin, so that no cache hands one site's answer to another."""
    headers.add_vary_header("Origin")
    if origin:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = _EXPOSED


def _fixed(frame_ancestors: tuple[str, ...]) -> dict[str, str]:
    ancestors = " ".join(frame_ancestors) or "'none'"
    fixed = {
        "Content-Security-Policy": "; ".join((*_POLICY, f"frame-ancestors {ancestors}")),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": _PERMISSIONS,
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    # Older browsers know only this header, and it cannot name a list of origins.
    return fixed if frame_ancestors else {**fixed, "X-Frame-Options": "DENY"}


def _asked(scope: Scope) -> dict[str, str]:
    wanted = {b"origin": "origin", b"access-control-request-method": "method"}
    return {
        wanted[name]: value.decode("latin-1") for name, value in scope["headers"] if name in wanted
    }


def _is_preflight(scope: Scope, asked: dict[str, str]) -> bool:
    return scope["method"] == "OPTIONS" and {"origin", "method"} <= asked.keys()
