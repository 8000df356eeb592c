"""Events for other programs: what happened, never what was typed, as signed webhooks.

`events` makes them, `signing` signs them, `target` decides where they may go, `sending` sends
one, `courier` goes round until each is delivered or given up. Keeping them is left to `store`.
"""

from __future__ import annotations

from bot.webhooks.courier import Courier
from bot.webhooks.events import KINDS, Events
from bot.webhooks.opening import open_webhooks
from bot.webhooks.signing import sign
from bot.webhooks.target import Target, read_targets

__all__ = ["KINDS", "Courier", "Events", "Target", "open_webhooks", "read_targets", "sign"]
