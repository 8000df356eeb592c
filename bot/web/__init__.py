"""The pages' templates, styles and scripts, served as they are written.

What a page shows is put together in `http`; nothing here decides what the bot says.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.web import kiosk

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_NAMES = ("page.css", "demo.js", "widget.js", "icon.svg")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a page loads; `digest` names its content, so that it may be cached for ever.

    `packed` is the same compressed with gzip; `integrity` is what a page may hold it against.
    """

    name: str
    digest: str
    data: bytes
    packed: bytes
    integrity: str
    media_type: str

    @property
    def path(self) -> str:
        """Its address below the server's root."""
        return f"/assets/{self.digest}/{self.name}"


@cache
def environment() -> Environment:
    """The templates, with every value escaped and a missing one an error."""
    made = Environment(
        loader=PackageLoader("bot.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["dial"] = dialled
    return made


def dialled(number: str) -> str:
    """A phone number as a tel: link takes it: `+44 20 7946 0000` -> `+442079460000`."""
    kept = re.sub(r"[^0-9*#]", "", number)
    return f"+{kept}" if number.strip().startswith("+") else kept


@cache
def assets() -> dict[str, Asset]:
    """All files that the pages load, by name."""
    own = {name: _load(name) for name in _NAMES}
    return {
        **own,
        **{name: _asset(name, data, kiosk.digest()) for name, data in kiosk.sources().items()},
    }


def _load(name: str) -> Asset:
    return _asset(name, files("bot.web").joinpath("static", name).read_bytes())


def _asset(name: str, data: bytes, digest: str = "") -> Asset:
    digest = digest or hashlib.sha256(data).hexdigest()[:16]
    integrity = "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()
    packed = gzip.compress(data, 9, mtime=0)
    return Asset(name, digest, data, packed, integrity, _MEDIA_TYPES[PurePosixPath(name).suffix])
