"""Goes on with a visit that the store keeps, for `quotewell ask --visit`.

Of what is said, the store keeps the visit's state and which passages were quoted, no text.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate

from bot.answer import Bot
from bot.cli.conversation import Conversation
from bot.records import Reply, Visit
from bot.settings import load_settings
from bot.store import open_store

# Longest wait for the database once the reply is shown.
_WRITE_SECONDS = 5.0


def say_kept(
    bot: Bot,
    visit_id: str,
    say: Callable[[Conversation], Reply],
) -> None:
    """Say something in the visit of that id, new or kept, and keep its state.

    Args:
        bot: The open bot.
        visit_id: 16 to 64 of `A-Z a-z 0-9 _ -`.
        say: Says it and shows the reply, before anything waits for the database.

    Raises:
        StoreError: The database is damaged or of another program or version. One that is only
            out of reach costs the context, with a line on standard error, and not the reply.
    """
    settings = load_settings()
    store = open_store(settings.database_url, retention_hours=settings.visit_retention_hours)
    try:
        visit = store.load_visit(visit_id, time.time()) or Visit(visit_id=visit_id)
        conversation = Conversation(bot, visit=visit)
        began = time.perf_counter()
        reply = say(conversation)
        written = store.record(
            reply,
            conversation.visit,
            guide_id=bot.default_guide,
            channel="cli",
            ms=1000 * (time.perf_counter() - began),
            at=time.time(),
        )
        _warn_unless_kept(written)
    finally:
        store.close()


def _warn_unless_kept(written: Future[bool]) -> None:
    try:
        kept = written.result(timeout=_WRITE_SECONDS)
    except TooLate:
        kept = False
    if not kept:
        sys.stderr.write("quotewell: the database did not keep this visit\n")
