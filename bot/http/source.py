"""A guide's source as bytes: what was received, and whether the corpus still holds it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.corpus import FORMATS
from bot.guide import Guide


def source_bytes(guide: Guide) -> bytes:
    """The bytes that were read, of which `sha256` is the hash: nothing was dropped in reading."""
    return guide.source.encode()


def hashes_on_disk(corpus_dir: str) -> set[str]:
    """The hashes of all guides' text files as they are now; unreadable ones are left out.

    Kept without names, since a manifest may give a guide another id than its folder's name.
    """
    files = (f for suffix in FORMATS for f in Path(corpus_dir).glob(f"*/guide{suffix}"))
    return {found for file in files if (found := _hash(file))}


def has_etag(if_none_match: str, sha256: str) -> bool:
    """Whether an If-None-Match header names this content, weakly or strongly."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or f'"{sha256}"' in tags


def _hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
