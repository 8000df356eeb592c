"""A guide's source as bytes: what was received, and whether the file still holds it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.guide import Guide

_BOM = b"\xef\xbb\xbf"
_FILES = ("guide.txt", "guide.md")


def source_bytes(guide: Guide) -> bytes:
    """The bytes that were read, of which `sha256` is the hash."""
    data = guide.source.encode()
    if _sha256(data) == guide.sha256:
        return data
    # A byte order mark is no text, so a reader may have left it out of `source`.
    return _BOM + data


def is_unchanged(guide: Guide, corpus_dir: str) -> bool:
    """Whether the guide's file still holds the bytes that the bot quotes from."""
    folder = Path(corpus_dir) / guide.guide_id
    for name in _FILES:
        try:
            return _sha256((folder / name).read_bytes()) == guide.sha256
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return False


def has_etag(if_none_match: str, sha256: str) -> bool:
    """Whether an If-None-Match header names this content, weakly or strongly."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or f'"{sha256}"' in tags


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
