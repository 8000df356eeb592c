"""Finds the guides of the questions on disk and checks quotations against their bytes.

Reads the files anew and by itself: the check must not believe what the bot believes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.errors import GuideError
from bot.records import Excerpt

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus"
BARE_GUIDES = ROOT / "eval" / "guides"
SUFFIXES = (".txt", ".md")


def source_path(guide_id: str, corpus: Path = CORPUS, bare: Path = BARE_GUIDES) -> Path:
    """The file of a guide: `corpus/<id>/guide.txt|.md`, else `eval/guides/<id>.txt|.md`.

    Raises:
        GuideError: There is no such file.
    """
    places = [corpus / guide_id / f"guide{s}" for s in SUFFIXES]
    places += [bare / f"{guide_id}{s}" for s in SUFFIXES]
    for path in places:
        if path.is_file():
            return path
    raise GuideError(
        "no guide of that name", expected=" or ".join(str(p) for p in places), where=guide_id
    )


class Sources:
    """The source texts as they stand on disk, each read once."""

    def __init__(self, corpus: Path = CORPUS, bare: Path = BARE_GUIDES) -> None:
        self._corpus = corpus
        self._bare = bare
        self._read: dict[str, tuple[str, str]] = {}

    def is_verbatim(self, excerpt: Excerpt) -> bool:
        """Whether the quote is the slice of the file that it claims, hash included."""
        try:
            text, sha256 = self._source(excerpt.guide)
        except (GuideError, UnicodeDecodeError):
            return False
        cut = text[excerpt.start : excerpt.end]
        return bool(cut) and cut == excerpt.quote and sha256 == excerpt.sha256

    def text(self, guide_id: str) -> str:
        """A guide's source as it stands on disk; GuideError where there is none."""
        return self._source(guide_id)[0]

    def _source(self, guide_id: str) -> tuple[str, str]:
        if guide_id not in self._read:
            data = source_path(guide_id, self._corpus, self._bare).read_bytes()
            self._read[guide_id] = data.decode("utf-8"), hashlib.sha256(data).hexdigest()
        return self._read[guide_id]
