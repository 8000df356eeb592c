"""The command line: `quotewell` and `python -m bot`.

Deciding a reply is left to `answer`; this package reads arguments and shows records.
"""

from bot.cli.edge import main

__all__ = ["main"]
