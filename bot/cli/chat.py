"""A conversation in the terminal: type a question or a suggestion's number.

Nothing of it is written to disk, the line history included.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from bot.cli.conversation import Conversation, open_for
from bot.cli.explain import explain_view
from bot.cli.render import console, plain, reply_view
from bot.records import Reply

_HELP = "A number picks a suggestion. /why explains, /new starts over, /quit ends."
_QUIT = ("/quit", "/q", "/exit", "/bye")


def run(guide: str | None) -> None:
    """Talk in the terminal with the guide that a command names, until /quit, Ctrl-D or Ctrl-C."""
    bot = open_for(guide)
    asked = _prepare_terminal()
    talk(lambda: Conversation(bot), console(), asked)


def talk(start: Callable[[], Conversation], screen: Console, asked: TextIO | None = None) -> None:
    """Answer messages until there are no more.

    Args:
        start: Makes a fresh conversation; called again for /new.
        screen: Where replies are shown.
        asked: Where messages come from, a line each; the terminal by default.
    """
    conversation = start()
    _greet(conversation, screen)
    last: Reply | None = None
    while (line := _read(screen, asked)) is not None and line not in _QUIT:
        screen.print()
        if line == "/new":
            conversation, last = start(), None
            screen.print(Text("A new conversation.", style="dim"))
        elif line == "/why":
            screen.print(explain_view(last) if last else Text("Nothing was asked yet."))
        elif line.startswith("/") or not line:
            screen.print(Text(_HELP, style="dim"))
        else:
            last = conversation.say(line, explain=True)
            screen.print(reply_view(last, conversation.source))
        screen.print()


def _greet(conversation: Conversation, screen: Console) -> None:
    title = conversation.bot.guide(conversation.guide_id).guide.title
    screen.print(Text.assemble(("Quotewell", "bold"), f", answering from: {plain(title)}"))
    screen.print(Text(_HELP, style="dim"))
    screen.print()


def _read(screen: Console, asked: TextIO | None) -> str | None:
    """The next message without white space at its ends; None where there are no more."""
    if asked is not None:
        line = asked.readline()
        return line.strip() if line else None
    try:
        return input("You: ").strip()
    except (EOFError, KeyboardInterrupt):
        screen.print()
        return None


def _prepare_terminal() -> TextIO | None:
    """Editing with the arrow keys at a terminal (None); else the stream to read lines from."""
    if not sys.stdin.isatty():
        return sys.stdin
    with contextlib.suppress(ImportError):  # not on every system; editing is a comfort
        import readline  # noqa: F401
    return None
