"""Addresses of the pages as a visitor's browser has to ask for them.

Inside the bot they begin with `/`; in front of it there may be a path prefix, or a public
address that other sites and messengers need.
"""

from __future__ import annotations

from dataclasses import replace

from bot.records import Reply
from bot.settings import Settings


def located(path: str, settings: Settings) -> str:
    """`/guides/b12` -> `https://help.example/guides/b12`, or with the prefix alone.

    An address that already names its server is left as it is.
    """
    if not path.startswith("/"):
        return path
    if settings.public_url:
        return settings.public_url.rstrip("/") + path
    return prefix(settings) + path


def prefix(settings: Settings) -> str:
    """The path prefix with a leading and without a closing slash; empty where there is none."""
    bare = settings.root_path.strip("/")
    return f"/{bare}" if bare else ""


def locate_reply(reply: Reply, settings: Settings) -> Reply:
    """The same reply, its excerpts' addresses as a browser has to ask for them."""
    if not (settings.public_url or settings.root_path):
        return reply
    excerpts = tuple(replace(e, url=located(e.url, settings)) for e in reply.excerpts)
    return replace(reply, excerpts=excerpts)
