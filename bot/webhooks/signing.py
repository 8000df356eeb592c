"""Signatures as Standard Webhooks 1.0 describes them: `v1,` and HMAC-SHA256 in base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from bot.errors import SettingsError

PREFIX = "whsec_"
# Bytes of a secret that the specification asks for.
_MIN_BYTES, _MAX_BYTES = 24, 64


def read_secret(text: str) -> bytes:
    """`whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw` -> the 24 bytes that sign.

    Raises:
        SettingsError: Another form or length; the secret itself is not repeated.
    """
    where, expected = "QUOTEWELL_WEBHOOK_SECRET", "whsec_ and the base64 of 24 to 64 random bytes"
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SettingsError("no base64", expected=expected, where=where) from error
    if not text.startswith(PREFIX) or not _MIN_BYTES <= len(secret) <= _MAX_BYTES:
        raise SettingsError("another form or length", expected=expected, where=where)
    return secret


def sign(secrets: Sequence[bytes], event_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one signature a secret, parted by spaces."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    codes = (hmac.new(secret, signed, hashlib.sha256).digest() for secret in secrets)
    return " ".join("v1," + base64.b64encode(code).decode() for code in codes)
