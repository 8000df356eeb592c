"""A conversation at the command line: opens the bot, says a message, keeps the visit.

What is shown of a reply is left to `render`, `batch` and `explain`.
"""

from __future__ import annotations

import secrets
import time

from bot.answer import Bot, open_bot
from bot.records import Reply, Turn, Visit
from bot.settings import load_settings


def mint_id() -> str:
    """A fresh id of 16 characters that nobody can guess, for a visit or a reply."""
    return secrets.token_urlsafe(12)


def clean(text: str) -> str:
    """Replace lone surrogates, which stand for bytes that were not UTF-8, by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Conversation:
    """One visit with the bot; says messages in turn and remembers only the visit's state."""

    def __init__(self, bot: Bot, guide_id: str | None, visit: Visit | None = None) -> None:
        self.bot = bot
        self.guide_id = guide_id
        self.visit = visit or Visit(visit_id=mint_id())

    @property
    def source(self) -> str:
        """The text of the guide that answers, for naming the lines of an excerpt."""
        return str(self.bot.guide(self.guide_id).guide.source)

    def say(self, text: str, *, explain: bool = False) -> Reply:
        """Say one message of the visit and get the reply to it."""
        turn = Turn(reply_id=mint_id(), at=time.time(), text=clean(text), explain=explain)
        reply, self.visit = self.bot.ask(turn, self.visit, self.guide_id)
        return reply


def open_for(guide: str | None) -> tuple[Bot, str | None]:
    """Open the bot for the guide that a command names.

    Args:
        guide: A guide's id, its folder or its file; None for the default guide.

    Returns:
        The bot and the id of the guide to ask.

    Raises:
        BotError: A setting is wrong, or there is no such guide, or it cannot be read.
    """
    bot = open_bot(load_settings())
    return bot, guide
