"""Goes on with a visit that the store keeps, for `quotewell ask --visit`.

Of what is said, the store keeps the visit's state and which passages were quoted, no text.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate

from bot.answer import Bot
from bot.cli.conversation import Conversation
from bot.records import Reply, Visit
from bot.settings import Settings
from bot.store import open_store

# A reply is never held back for the store: it is shown after this wait, kept or not.
_WRITE_SECONDS = 5.0


def say_kept(
    bot: Bot,
    settings: Settings,
    guide_id: str | None,
    visit_id: str,
    question: str,
    *,
    explain: bool,
) -> tuple[Conversation, Reply]:
    """Say a message in the visit of that id, new or kept, and keep its state.

    Raises:
        StoreError: The database is damaged or of another program or version. One that is only
            out of reach costs the context, with a line on standard error, and not the reply.
    """
    store = open_store(settings.database_url, retention_hours=settings.visit_retention_hours)
    try:
        visit = store.load_visit(visit_id, time.time()) or Visit(visit_id=visit_id)
        conversation = Conversation(bot, guide_id, visit)
        began = time.perf_counter()
        reply = conversation.say(question, explain=explain)
        written = store.record(
            reply,
            conversation.visit,
            guide_id=guide_id or bot.default_guide,
            channel="cli",
            ms=1000 * (time.perf_counter() - began),
            at=time.time(),
        )
        _warn_unless_kept(written)
    finally:
        store.close()
    return conversation, reply


def _warn_unless_kept(written: Future[bool]) -> None:
    try:
        kept = written.result(timeout=_WRITE_SECONDS)
    except TooLate:
        kept = False
    if not kept:
        sys.stderr.write("quotewell: the database did not keep this visit\n")
