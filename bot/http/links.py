"""Addresses of the pages as a visitor's browser has to ask for them.

Inside the app they begin with `/`; in front of it there may be a path prefix, or a public
address that other sites and messengers need. The addresses in excerpts are made by `answer`.
"""

from __future__ import annotations

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
