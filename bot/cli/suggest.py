"""Reads questions from a file, one a line, and writes proposals for a guide's data files.

What is proposed is decided in `proposals`. Questions go to the output that was asked for and
nowhere else: no error repeats them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bot.cli.conversation import open_for
from bot.errors import PayloadError
from bot.proposals import ask_all, propose, sheet

STDIN = "-"
MAX_BYTES = 20_000_000  # some 300,000 questions
MAX_LINE_CHARS = 8_000  # the most that can be read as one question
_EXPECTED = "a text file in UTF-8 with one question a line"


def run(source: str, guide: str | None, out: Path | None, least: int) -> None:
    """Write the proposals to a new file, or print them.

    Args:
        source: The file of questions; `-` for standard input.
        guide: The guide as a command names it, or None for the default one.
        out: The file to write, readable by its owner alone; None: standard output.
        least: Messages that must stand behind a proposal, 1 or more.

    Raises:
        PayloadError: The questions cannot be read, there are none, or `out` is there already.
    """
    questions = read_questions(source)
    if out is not None:
        _check_new(out)
    bot = open_for(guide)
    ready = bot.guide()
    heard = ask_all(questions, ready, bot.policy)
    text = sheet(heard, propose(heard, ready, bot.policy, least), ready.guide)
    if out is None:
        sys.stdout.write(text)
        return
    _write_new(out, text)
    sys.stdout.write(f"Wrote the proposals to {out}. Nothing else was changed.\n")


def read_questions(source: str) -> list[str]:
    """The lines of a file that are neither blank nor begin with `#`, without what ends them.

    Raises:
        PayloadError: It is missing, no file, too large, not UTF-8 or without a question, or a
            line is too long; the line is named, never what stands in it.
    """
    where = "standard input" if source == STDIN else source
    raw = _read(source, where)
    lines = _decode(raw, where).split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE_CHARS:
            raise PayloadError(
                f"a line of {len(line):,} characters",
                expected=f"one question a line, of at most {MAX_LINE_CHARS:,} characters",
                where=f"{where}:{number}",
            )
    stripped = (line.strip() for line in lines)
    questions = [line for line in stripped if line and not line.startswith("#")]
    if not questions:
        raise PayloadError("no questions", expected=_EXPECTED, where=where)
    return questions


def _read(source: str, where: str) -> bytes:
    try:
        if source == STDIN:
            raw = sys.stdin.buffer.read(MAX_BYTES + 1)
        elif Path(source).is_dir():
            raise PayloadError("a folder", expected=_EXPECTED, where=where)
        else:
            with Path(source).open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise PayloadError("no such file", expected=_EXPECTED, where=where) from None
    except OSError as error:
        raise PayloadError(
            f"cannot be read ({error.strerror})", expected=_EXPECTED, where=where
        ) from None
    if len(raw) > MAX_BYTES:
        raise PayloadError(f"over {MAX_BYTES:,} bytes", expected="a smaller file", where=where)
    return raw


def _decode(raw: bytes, where: str) -> str:
    if b"\0" in raw:
        is_utf16 = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        found = "UTF-16" if is_utf16 else f"a binary file (NUL at byte {raw.index(0)})"
        raise PayloadError(found, expected=_EXPECTED, where=where)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise PayloadError(
            f"not UTF-8 at byte {error.start}", expected=_EXPECTED, where=f"{where}:{line}"
        ) from None


def _check_new(out: Path) -> None:
    """Refuse before everything is asked, not after."""
    if out.exists():
        raise _taken(out)
    if not out.parent.is_dir():
        raise PayloadError("no such folder", expected="a folder that is there", where=str(out))


def _write_new(out: Path, text: str) -> None:
    """Write a file that is not there yet, so that no data file can be lost by a slip."""
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _taken(out) from None
    except OSError as error:
        raise PayloadError(
            f"cannot be written ({error.strerror})", expected="a new file", where=str(out)
        ) from None
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _taken(out: Path) -> PayloadError:
    return PayloadError("exists already", expected="a new file", where=str(out))
