"""Seals what waits to be sent, so that a copy of the database tells nobody who asked what."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from bot.channels.identity import derive
from bot.errors import PayloadError

_NONCE_BYTES = 12  # what AES-GCM is made for (NIST SP 800-38D)


class Sealer:
    """AES-256-GCM under keys made from the setting `channel_key`.

    Args:
        secrets: The newest first; it seals, and every one of them opens.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        # Imported here: only servers with a messaging channel need it.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._ciphers = [AESGCM(derive(secret, "outbox")) for secret in secrets]

    def seal(self, value: dict[str, Any], context: str) -> bytes:
        """The value, readable only with the key and the same context."""
        nonce = os.urandom(_NONCE_BYTES)
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
        return nonce + self._ciphers[0].encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> dict[str, Any]:
        """What was sealed in this context.

        Raises:
            PayloadError: No key opens it, or it was changed.
        """
        from cryptography.exceptions import InvalidTag

        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for cipher in self._ciphers:
            try:
                plain = cipher.decrypt(nonce, rest, context.encode())
            except (InvalidTag, ValueError):
                continue
            value: dict[str, Any] = json.loads(plain.decode("utf-8", "surrogatepass"))
            return value
        raise PayloadError("a letter that no key opens", expected="the key that sealed it")
