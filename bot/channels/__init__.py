"""Messaging channels: one module each, all under one contract; `outbox` runs them.

To add one, write a `Channel` and name it here, or in the entry point group `quotewell.channels`
of a package of your own. README.md in this folder says how.
"""

from __future__ import annotations

from bot.channels.contract import (
    Answer,
    Call,
    Channel,
    Delivery,
    Forged,
    Limits,
    Message,
    Payload,
    Speech,
    Verdict,
    webhook_url,
)
from bot.channels.registry import known_channels, open_channels

__all__ = [
    "Answer",
    "Call",
    "Channel",
    "Delivery",
    "Forged",
    "Limits",
    "Message",
    "Payload",
    "Speech",
    "Verdict",
    "known_channels",
    "open_channels",
    "webhook_url",
]
