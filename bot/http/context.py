"""What the middlewares and routes of one request tell each other, kept in its ASGI scope."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Scope

from bot.limits import Ruling
from bot.store.doors import KeyRow

_KEY = "quotewell"
# Narrow on purpose: a request id is logged and echoed, so it may carry no sentence.
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_FORWARDING = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via")


@dataclass(slots=True)
class Context:
    """Facts of one request: its id, whom it came from, and what was replied.

    `is_local` says that the peer is this machine and no proxy stands between. `key` is the
    server API key that was presented; `ruling` what the request used of the limits so far.
    """

    request_id: str
    is_local: bool
    outcome: str = ""
    channel: str = ""
    key: KeyRow | None = None
    ruling: Ruling = field(default_factory=Ruling)


def begin(scope: Scope) -> Context:
    """Make the context of a request that has just arrived."""
    headers = dict(scope["headers"])
    offered = headers.get(b"x-request-id", b"").decode("latin-1")
    request_id = offered if _SANE_ID.fullmatch(offered) else secrets.token_hex(8)
    context = Context(request_id, _is_local(scope.get("client"), headers))
    scope[_KEY] = context
    return context


def context_of(scope: Scope) -> Context:
    """The context of this request, which `begin` has made."""
    found: Context = scope[_KEY]
    return found


def request_id_of(scope: Scope) -> str:
    """The id of this request; empty where it never passed the outer middleware."""
    found: Context | None = scope.get(_KEY)
    return found.request_id if found else ""


def path_of(scope: Scope) -> str:
    """The path without the prefix under which the server stands."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def bearer_of(scope: Scope) -> str:
    """The token of `Authorization: Bearer ...`; empty where there is none."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" else ""
    return ""


def _is_local(client: Any, header_names: Iterable[bytes]) -> bool:
    """A proxy on this machine is a loopback peer too, but says that it forwards."""
    host = str(client[0]) if client else ""
    forwarded = any(name in _FORWARDING for name in header_names)
    return not forwarded and (host == "::1" or host.startswith("127."))
