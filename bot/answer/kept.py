"""Keeps guides made ready on disk, so that a command need not learn them anew at every call.

What is kept follows from the guide's files, the packaged data and the code alone, whose hash
names the file; nothing that anybody typed is in it. Like Python's own `.pyc` files it is trusted
because only its owner can write it, and it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from bot.answer.policy import ReadyGuide

Guides = Mapping[str, ReadyGuide]
_PACKAGE = Path(__file__).parent.parent
_PREFIX = "ready-"
_MOST_KEPT = 4
_log = logging.getLogger(__name__)


def cache_folder() -> Path | None:
    """The user's folder for such files, `$XDG_CACHE_HOME/quotewell`; None where there is none."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(named) if Path(named).is_absolute() else Path.home() / ".cache") / "quotewell"
    except RuntimeError:  # nobody's home is known
        return None


def ready_guides(folder: Path, source: Path, rules: str, make: Callable[[], Guides]) -> Guides:
    """The guides as kept in a folder, else made now and kept.

    Args:
        folder: Where to keep them; made for its owner alone.
        source: The guide's file or folder, or the corpus.
        rules: Hash of the rules in force, which decide what is withheld.
        make: Makes the guides ready; whatever it raises is raised.
    """
    try:
        file = folder / f"{_PREFIX}{_key(source, rules)}.pickle"
    except OSError:  # a file that cannot be read; `make` says which
        return make()
    found = _read(file)
    if found is None:
        found = make()
        _write(file, found)
    return found


def _key(source: Path, rules: str) -> str:
    digest = hashlib.sha256(f"{sys.version} {np.__version__} {rules}".encode())
    for root, pattern in ((source, "*"), (_PACKAGE, "*.py"), (_PACKAGE / "data", "*")):
        for path in _files(root, pattern):
            content = path.read_bytes()
            digest.update(f"{path.resolve()} {len(content)} ".encode("utf-8", "surrogatepass"))
            digest.update(content)
    return digest.hexdigest()[:32]


def _files(root: Path, pattern: str) -> Iterator[Path]:
    if root.is_file():
        yield root
    else:
        yield from sorted(path for path in root.rglob(pattern) if path.is_file())


def _read(file: Path) -> Guides | None:
    try:
        with file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
            if not mine or status.st_mode & 0o022:
                return None  # somebody else may have written it
            found: Guides = pickle.load(opened)  # noqa: S301 - see above
            return found
    except FileNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is made anew
        _log.debug("a kept guide could not be read: %s", type(error).__name__)
        return None


def _write(file: Path, guides: Guides) -> None:
    """Keep guides; a folder that cannot be written is no fault."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = pickle.dumps(guides, protocol=pickle.HIGHEST_PROTOCOL)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".", delete=False) as opened:
            unfinished = Path(opened.name)
            try:
                opened.write(content)
                opened.flush()
                unfinished.replace(file)
            except OSError:  # such as a full disk
                unfinished.unlink(missing_ok=True)
                raise
        kept = sorted(file.parent.glob(f"{_PREFIX}*"), key=lambda path: -path.stat().st_mtime)
        for old in kept[_MOST_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _log.debug("a guide could not be kept: %s", type(error).__name__)
