"""The policy: what a visitor gets for a message, decided in one readable order.

`decide` holds the order, `compose` the making of a reply, `load` what is read at the start.
The doors call `Bot.ask`; everything below it is pure.
"""

from __future__ import annotations

from bot.answer.decide import reply
from bot.answer.load import Bot, open_bot, with_switches
from bot.answer.policy import Policy, ReadyGuide

__all__ = ["Bot", "Policy", "ReadyGuide", "open_bot", "reply", "with_switches"]
