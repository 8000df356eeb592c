"""A conversation at the command line: opens the bot, says a message, keeps the visit.

What is shown of a reply is left to `render`, `batch` and `explain`.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path

from bot.answer import Bot, open_bot
from bot.answer.kept import cache_folder
from bot.errors import GuideError
from bot.guide import load_guide
from bot.guide.load import guide_folders
from bot.records import Reply, Turn, Visit
from bot.settings import Settings, load_settings


def mint_id() -> str:
    """A fresh id of 16 characters that nobody can guess, for a visit or a reply."""
    return secrets.token_urlsafe(12)


def clean(text: str) -> str:
    """Replace lone surrogates, which stand for bytes that were not UTF-8, by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Conversation:
    """One visit with the bot; says messages in turn and remembers only the visit's state."""

    def __init__(self, bot: Bot, guide_id: str | None = None, visit: Visit | None = None) -> None:
        self.bot = bot
        self.guide_id = guide_id
        self.visit = visit or Visit(visit_id=mint_id())

    @property
    def source(self) -> str:
        """The text of the guide that answers, for naming the lines of an excerpt."""
        return self.bot.guide(self.guide_id).guide.source

    def say(self, text: str, *, explain: bool = False) -> Reply:
        """Say one message of the visit and get the reply to it."""
        turn = Turn(reply_id=mint_id(), at=time.time(), text=clean(text), explain=explain)
        reply, self.visit = self.bot.ask(turn, self.visit, self.guide_id)
        return reply


def guide_path(settings: Settings, guide: str) -> Path:
    """Where a guide stands that is named by its folder in the corpus, its id or its path.

    Raises:
        GuideError: There is none; or one of the corpus, looked through for the id, is wrong.
    """
    corpus_dir = Path(settings.corpus_dir)
    if guide and Path(guide).name == guide and (corpus_dir / guide).is_dir():
        return corpus_dir / guide
    if guide and Path(guide).exists():
        return Path(guide)
    folders = guide_folders(corpus_dir) if corpus_dir.is_dir() else []
    for folder in folders:
        if load_guide(folder).guide_id == guide:
            return folder
    raise GuideError(
        f"no guide {guide!r}",
        expected="a guide's id, its folder or a .txt or .md file",
        where="--guide",
    )


def open_for(guide: str | None) -> Bot:
    """Open the bot for the guide that a command names; it is the default one of that bot.

    Args:
        guide: A guide's id, its folder or its file; None for those of the corpus.

    Raises:
        BotError: A setting is wrong, or there is no such guide, or it cannot be read.
    """
    settings = load_settings()
    path = None if guide is None else guide_path(settings, guide)
    return open_bot(settings, path, cache_folder())
