"""Keys from the setting `channel_key`: names that cannot be turned back into phone numbers.

Sealing letters is left to `outbox`; one secret gives a key of its own for each use.
"""

from __future__ import annotations

import base64
import hashlib
import hmac


def derive(secret: str, use: str) -> bytes:
    """A key of 32 bytes for one use of a secret, such as "visitor" or "outbox"."""
    return hmac.digest(secret.encode(), f"quotewell {use} v1".encode(), hashlib.sha256)


def visitor_id(secret: str, channel: str, sender: str) -> str:
    """The visit_id of a sender: a keyed hash, 32 letters, digits, - and _."""
    return _name(derive(secret, "visitor"), channel, sender)


def seen_id(secret: str, channel: str, message_id: str) -> str:
    """The name of a delivery. Hashed, since WhatsApp's message ids hold the phone number."""
    return _name(derive(secret, "seen"), channel, message_id)


def _name(key: bytes, *parts: str) -> str:
    digest = hmac.digest(key, "\0".join(parts).encode("utf-8", "replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:24]).decode()
