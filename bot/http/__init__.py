"""The HTTP door: the JSON API, the pages and what an operator needs to watch them.

What to say is left to `answer`, keeping it to `store`, the pages' markup and script to `web`.
"""

from bot.http.app import create_app
from bot.http.server import serve

__all__ = ["create_app", "serve"]
