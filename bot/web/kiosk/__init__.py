"""The kiosk's own words, one TOML a language, and the files of its shell.

How the page behaves stands in the scripts under `static/kiosk`; which languages a clinic has
enabled is left to `http`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

FALLBACK = "en"
SLOTS = frozenset({"title", "seconds", "size", "language"})
SW = "kiosk-sw.js"
"""The service worker; it has an address of its own, since that decides what it may serve."""

_SLOT = re.compile(r"\{([a-z_]+)\}")


@cache
def words() -> dict[str, Mapping[str, str]]:
    """What the page says, by language; English first and complete, the others as complete."""
    folder = files("bot.web.kiosk")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    read = {
        PurePosixPath(name).stem: _say(folder.joinpath(name).read_text("utf-8")) for name in names
    }
    return {FALLBACK: read.pop(FALLBACK), **read}


def slots(sentence: str) -> set[str]:
    """The names in braces: `{"title"}` for "Questions about {title}?"."""
    return set(_SLOT.findall(sentence))


@cache
def sources() -> dict[str, bytes]:
    """The scripts and the style of the page by name, without the service worker."""
    folder = files("bot.web").joinpath("static", "kiosk")
    names = sorted(entry.name for entry in folder.iterdir())
    return {n: folder.joinpath(n).read_bytes() for n in names if n != SW}


@cache
def digest() -> str:
    """One name for all these files together: scripts import each other by relative address."""
    whole = hashlib.sha256()
    for name, data in sources().items():
        whole.update(name.encode() + b"\0" + data)
    return whole.hexdigest()[:16]


def version(page: str) -> str:
    """Names a shell by its page, which in turn names all its files by their content."""
    return hashlib.sha256(page.encode()).hexdigest()[:16]


def worker(shell: str) -> bytes:
    """The service worker with what it keeps in its first line, so that a change renews it."""
    written = files("bot.web").joinpath("static", "kiosk", SW).read_bytes()
    return f"self.SHELL = {shell};\n".encode() + written


def _say(text: str) -> Mapping[str, str]:
    said: Mapping[str, str] = tomllib.loads(text)["say"]
    return said
