"""What `ask` and `explain` do: one question, or a batch of them, and the reply as text or JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

from bot.cli.conversation import Conversation, open_for
from bot.records import Reply, to_dict


def answer_one(
    question: str, guide: str | None, visit_id: str | None, *, as_json: bool, explain: bool
) -> None:
    """Print the reply to one question; with a visit id, go on with the visit that is kept."""
    bot = open_for(guide)

    def say(conversation: Conversation) -> Reply:
        reply = conversation.say(question, explain=explain)
        if as_json:
            print_json(to_dict(reply))
        else:
            _show(reply, conversation.source)
        return reply

    if visit_id is None:
        say(Conversation(bot))
    else:
        from bot.cli.kept import say_kept

        say_kept(bot, visit_id, say)


def explain_one(question: str, guide: str | None, *, as_json: bool) -> None:
    """Print how the reply to a question was decided."""
    bot = open_for(guide)
    reply = Conversation(bot).say(question, explain=True)
    if as_json:
        return print_json(
            {"outcome": reply.outcome, "reason": reply.reason, **(reply.explain or {})}
        )
    from bot.cli.explain import explain_view
    from bot.cli.render import console

    return console().print(explain_view(reply))


def answer_batch(guide: str | None, *, explain: bool) -> None:
    """Answer JSON lines from standard input on standard output."""
    from bot.cli.batch import run

    bot = open_for(guide)
    run(
        sys.stdin.buffer,
        sys.stdout.buffer,
        lambda: Conversation(bot),
        explain=explain,
    )


def print_json(record: Any) -> None:
    """Print a record as JSON: indented at a terminal, on one line in a pipe."""
    indent = 2 if sys.stdout.isatty() else None
    sys.stdout.write(json.dumps(record, ensure_ascii=False, indent=indent) + "\n")


def _show(reply: Reply, source: str) -> None:
    from bot.cli.render import console, reply_view

    screen = console()
    screen.print(reply_view(reply, source))
    if reply.explain is not None:
        from bot.cli.explain import explain_view

        screen.print()
        screen.print(explain_view(reply))
