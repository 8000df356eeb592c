"""From a guide's folder, or a bare text file, to a `Guide`.

The TOML files beside the text are read by `data`; this module reads the text itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from bot.corpus import FORMATS, Markup, read
from bot.corpus.blocks import INTRODUCTION, slug
from bot.errors import GuideError
from bot.guide.data import read_absent, read_lexicon, read_manifest, read_notes, read_questions
from bot.guide.model import Guide
from bot.records import Section
from bot.tables import Fault, Table, load_table

MAX_GUIDE_BYTES = 2_000_000  # a long book; a larger file is not a clinic's guide
_VERSION_CHARS = 12  # of the hash; enough to tell the versions of a guide apart

_DATA_FILES = ("guide", "lexicon", "questions", "absent")


def load_guide(path: Path) -> Guide:
    """Read the guide in a folder (guide.txt or guide.md and its data files), or a bare file.

    A file that is named guide.txt or guide.md stands for its folder, so that what is withheld
    there stays withheld.

    Raises:
        GuideError: At the first fault; `problems` lists all of them.
    """
    guide = _load(path, _raise)
    if guide is None:  # every fault raises, so this is a fault of ours
        raise GuideError("no guide", where=str(path))
    return guide


def problems(path: Path) -> list[str]:
    """Everything that is wrong with a guide's folder or file, one sentence each; [] if sound."""
    found: list[str] = []
    _load(path, lambda *fault: found.append(str(_error(*fault))))
    return found


def load_guides(corpus_dir: Path) -> dict[str, Guide]:
    """All guides of a corpus folder by id, in the order of their folders' names.

    Raises:
        GuideError: No folder, no guide in it, two guides of one id, or a fault in one of them.
    """
    guides: dict[str, Guide] = {}
    for folder in guide_folders(corpus_dir):
        guide = load_guide(folder)
        if guide.guide_id in guides:
            raise GuideError(
                f"a second guide with id {guide.guide_id!r}",
                expected="one id per guide",
                where=str(folder),
            )
        guides[guide.guide_id] = guide
    if not guides:
        raise GuideError(
            "no guide", expected="a folder with guide.txt or guide.md", where=str(corpus_dir)
        )
    return guides


def guide_folders(corpus_dir: Path) -> list[Path]:
    """The folders of a corpus folder that hold a guide's files, by name."""
    if not corpus_dir.is_dir():
        raise GuideError("no such folder", expected="the corpus folder", where=str(corpus_dir))
    names = ("guide.txt", "guide.md", "guide.toml")
    return sorted(
        f for f in corpus_dir.iterdir() if f.is_dir() and any((f / name).exists() for name in names)
    )


def _load(path: Path, fault: Fault) -> Guide | None:
    folder, file = _locate(path, fault)
    if file is None:
        return None
    raw = _read_bytes(file, fault)
    source = None if raw is None else _decode(raw, file, fault)
    if raw is None or source is None:
        return None
    return _build(folder, file, source, hashlib.sha256(raw).hexdigest(), fault)


def _locate(path: Path, fault: Fault) -> tuple[Path | None, Path | None]:
    """The guide's folder, if it has one, and its text file, if there is one."""
    if path.is_dir():
        files = [path / f"guide{suffix}" for suffix in FORMATS]
        there = [file for file in files if file.exists()]
        if len(there) != 1:
            found = "both guide.txt and guide.md" if there else "no guide.txt and no guide.md"
            fault(found, "one of them", str(path))
        return path, there[0] if there else None
    if not path.exists():
        fault("no such file or folder", "a guide", str(path))
        return None, None
    if path.suffix.lower() not in FORMATS:
        fault(f"a file of type {path.suffix or 'unknown'!r}", " or ".join(FORMATS), str(path))
        return None, None
    return path.parent if path.stem == "guide" else None, path


def _read_bytes(file: Path, fault: Fault) -> bytes | None:
    try:
        if file.stat().st_size > MAX_GUIDE_BYTES:
            fault("over 2 MB", "a text of at most 2,000,000 bytes", str(file))
            return None
        raw = file.read_bytes()
    except OSError as error:
        fault(f"cannot be read ({error.strerror})", "a readable file", str(file))
        return None
    if not raw.strip():
        fault("an empty file", "the guide's text", str(file))
        return None
    return raw


def _decode(raw: bytes, file: Path, fault: Fault) -> str | None:
    """The text with its line ends kept; a byte order mark stays, so that positions are exact."""
    if b"\0" in raw:
        is_utf16 = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        found = "UTF-16" if is_utf16 else f"a binary file (NUL at byte {raw.index(0)})"
        fault(found, "text in UTF-8", str(file))
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        fault(f"not UTF-8 at byte {error.start}", "text in UTF-8", f"{file}:{line}")
        return None


def _build(folder: Path | None, file: Path, source: str, sha256: str, fault: Fault) -> Guide | None:
    tables = {name: _table(folder, name, fault) for name in _DATA_FILES}
    manifest = read_manifest(tables["guide"])
    name = file.stem if folder is None else folder.resolve().name
    markup = FORMATS[file.suffix.lower()]
    spoken = " ".join(re.split(r"[-_\s]+", name)).strip()
    title = manifest.title or spoken[:1].upper() + spoken[1:]
    sections, passages = read(source, title, markup)
    if not passages:
        fault("no passages", "a text with words", str(file))
        return None
    if manifest.sha256 not in ("", sha256):
        where = tables["guide"].where("sha256")
        fault(f"the text's hash is {sha256}", manifest.sha256, where)
    notes = read_notes(tables["guide"], source, sections, passages)
    subject, lexicon = read_lexicon(tables["lexicon"])
    absent, silent = read_absent(tables["absent"], passages)
    return Guide(
        guide_id=manifest.guide_id or slug(name, "guide"),
        title=manifest.title or _own_title(sections, markup) or title,
        language=manifest.language,
        source=source,
        sha256=sha256,
        version=manifest.version or sha256[:_VERSION_CHARS],
        sections=tuple(sections),
        passages=tuple(passages),
        subject=subject,
        lexicon=lexicon,
        questions=read_questions(tables["questions"], passages),
        absent=absent,
        silent=silent,
        withheld=notes.withheld,
        why_withheld=notes.why_withheld,
        pairs=notes.pairs,
        cards=notes.cards,
        dose_section=manifest.dose_section,
        origin=manifest.origin,
        licence=manifest.licence,
        reviewed_by=manifest.reviewed_by,
        reviewed_on=manifest.reviewed_on,
        review_by=manifest.review_by,
        markup=markup,
    )


def _table(folder: Path | None, name: str, fault: Fault) -> Table:
    return (
        load_table(folder / f"{name}.toml", fault) if folder else Table({}, f"{name}.toml", fault)
    )


def _own_title(sections: Sequence[Section], markup: Markup) -> str:
    """The heading that a Markdown text begins with."""
    first = sections[0]
    return first.title if markup == "markdown" and first.title != INTRODUCTION else ""


def _error(found: str, expected: str, where: str) -> GuideError:
    return GuideError(found, expected=expected, where=where)


def _raise(found: str, expected: str, where: str) -> None:
    raise _error(found, expected, where)
