"""Answers deliveries of messaging channels exactly once, and sends the replies.

`receive` takes a delivery and commits what follows from it; `send` brings letters to their
visitors; `seal` keeps them unreadable meanwhile. What a platform speaks is left to `channels`.
"""

from __future__ import annotations

from bot.outbox.post import PostOffice, open_post_office

__all__ = ["PostOffice", "open_post_office"]
