"""Where webhooks may go: public addresses over https, and what the operator names besides.

A name is resolved before every delivery, and the connection is made to the address that was
checked, so that a name which changes its address in between reaches nothing inside.
"""

from __future__ import annotations

import hashlib
import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.errors import SettingsError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]

# Where clouds give machines their credentials: never, whatever the operator allows. The last
# one is a public address, and the others stand in ranges that a clinic may well name.
METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "fd00:ec2::254",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """An address that webhooks may not reach; `why` holds no part of it."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Target:
    """An address that gets webhooks; `code` names it without giving it away."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    code: str


def read_targets(urls: Sequence[str]) -> tuple[Target, ...]:
    """Check the addresses as far as that goes without asking the network.

    Raises:
        SettingsError: One is no http or https address, or holds a password or fragment.
    """
    return tuple(_read(url) for url in urls)


def _read(url: str) -> Target:
    where, expected = "QUOTEWELL_WEBHOOK_URLS", "https://host/path without name or password"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise SettingsError("no address", expected=expected, where=where) from error
    is_plain = "@" not in parts.netloc and not parts.fragment
    is_clean = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not host or not is_plain or not is_clean:
        raise SettingsError("another form", expected=expected, where=where)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    code = hashlib.sha256(url.encode()).hexdigest()[:16]
    default = 443 if parts.scheme == "https" else 80
    return Target(url, parts.scheme, host, port or default, path, code)


def lookup(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, as the system resolves it."""
    found: Any = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]).partition("%")[0] for entry in found]


def pin(target: Target, networks: Sequence[Network], resolve: Resolve = lookup) -> str:
    """The address to connect to; every address of the name has to be allowed.

    Raises:
        Refused: The name has no address, or one that is not allowed.
    """
    try:
        texts = list(resolve(target.host, target.port))
        addresses = [ipaddress.ip_address(text) for text in texts]
    except (OSError, UnicodeError, ValueError):
        raise Refused("no address") from None
    if not addresses:
        raise Refused("no address")
    for address in addresses:
        _check(address, target.scheme, networks)
    return str(addresses[0])


def _check(address: Address, scheme: str, networks: Sequence[Network]) -> None:
    reached = _reached(address)
    if reached in METADATA or address in METADATA:
        raise Refused("not public")
    if any(a.version == n.version and a in n for a in (reached,) for n in networks):
        return
    if scheme != "https":
        raise Refused("not https")
    if not _is_public(address) or not _is_public(reached):
        raise Refused("not public")


def _reached(address: Address) -> Address:
    """The IPv4 address that stands in an IPv6 one, since that is where the packets go."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return True  # judged by the address within
    special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not special
