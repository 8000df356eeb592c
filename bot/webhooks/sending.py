"""Sends one webhook: to the address that was checked, without redirects, within a deadline."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot.webhooks.target import Network, Refused, Resolve, Target, lookup, pin

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
# Bytes of a response that are read; only its status matters.
_MAX_RESPONSE = 65536


@dataclass(frozen=True, slots=True)
class Sent:
    """How a delivery went: a status, or 0 and why there was none; `retry_after` in seconds."""

    status: int
    why: str = ""
    retry_after: float | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver took it."""
        return 200 <= self.status < 300

    @property
    def is_final(self) -> bool:
        """Whether trying again is of no use: the receiver is gone for good."""
        return self.status == 410


def send(
    target: Target,
    headers: dict[str, str],
    body: bytes,
    networks: Sequence[Network],
    *,
    resolve: Resolve = lookup,
    total_seconds: float = TOTAL_SECONDS,
) -> Sent:
    """POST to a target and tell how it went; raises nothing that the network can cause.

    Reads no proxy settings and follows no redirect: both would lead past the check.
    """
    try:
        address = pin(target, networks, resolve)
    except Refused as refused:
        return Sent(0, refused.why)
    connection = _connection(target, address)
    # The socket's own timeout begins anew with every byte; this ends it all.
    guard = threading.Timer(total_seconds, _cut, [connection])
    guard.daemon = True
    guard.start()
    try:
        connection.request("POST", target.path, body=body, headers=headers)
        response = connection.getresponse()
        response.read(_MAX_RESPONSE)
        return _sent(response)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Sent(0, type(error).__name__)
    finally:
        guard.cancel()
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """Connects to a given address, and names the host that was meant."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _PinnedTls(_Pinned):
    """The same over TLS; the certificate is checked against the host's name."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


def _connection(target: Target, address: str) -> http.client.HTTPConnection:
    return (_PinnedTls if target.scheme == "https" else _Pinned)(target, address)


def _cut(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


def _sent(response: http.client.HTTPResponse) -> Sent:
    after = (response.getheader("Retry-After") or "").strip()
    seconds = float(after) if after.isascii() and after.isdigit() and len(after) < 7 else None
    ok = 200 <= response.status < 300
    return Sent(response.status, "" if ok else f"status {response.status}", seconds)
