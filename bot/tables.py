"""Reads the TOML files that people write by hand and says in which line what is wrong.

It knows types, keys and lines; what the values mean is left to the callers.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

Fault = Callable[[str, str, str], None]
"""Called with found, expected, where; it raises, or notes the fault and returns."""

T = TypeVar("T")
W = TypeVar("W", bound=str)
_MAX_BYTES = 2_000_000  # as for a guide's text; a data file is a small fraction of it


@dataclass
class Table:
    """One table of a TOML file; remembers which keys were asked for.

    The readers below return a harmless default after reporting a fault, so that a caller who
    collects faults can go on.
    """

    data: Mapping[str, Any]
    file: str
    fault: Fault
    lines: list[str] = field(default_factory=list, repr=False)
    header_line: int = 0
    name: str = ""
    asked: set[str] = field(default_factory=set, repr=False)

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        """A text without white space at its ends."""
        value = self._get(key, default)
        if not isinstance(value, str):
            return self._wrong(key, value, "a text in quotation marks", default)
        if required and not value.strip():
            return self._wrong(key, value if key in self.data else None, "a text", default)
        return value.strip()

    def raw_text(self, key: str) -> str:
        """A text exactly as written, for words that are looked for in a source."""
        self.text(key, required=True)
        value = self.data.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts, none of them empty."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
            return self._wrong(key, value, "a list of texts", ())
        if required and not value:
            return self._wrong(
                key, value if key in self.data else None, "a list of texts that is not empty", ()
            )
        return tuple(v.strip() for v in value)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A number from low to high."""
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return self._wrong(key, value, f"a number from {low:g} to {high:g}", default)
        if not low <= value <= high:
            return self._wrong(key, value, f"a number from {low:g} to {high:g}", default)
        return float(value)

    def day(self, key: str) -> str:
        """A date as "2026-11-22", written in quotation marks or not; may be empty."""
        value = self._get(key, "")
        if isinstance(value, date):
            return value.isoformat()[:10]
        if value == "":
            return ""
        try:
            return date.fromisoformat(value).isoformat()
        except (TypeError, ValueError):
            return self._wrong(key, value, "a date such as 2026-11-22", "")

    def choice(self, key: str, allowed: Sequence[W], default: W, *, required: bool = False) -> W:
        """One of the allowed words."""
        value = self._get(key, None if required else default)
        for word in allowed:
            if word == value:
                return word
        return self._wrong(key, value, " or ".join(allowed), default)

    def table(self, key: str) -> Table:
        """The table `[key]`, empty where there is none."""
        value = self._get(key, {})
        if not isinstance(value, dict):
            value = self._wrong(key, value, f"a table [{key}]", {})
        header = _find(self.lines, re.compile(rf"\s*\[{re.escape(key)}\]"), 0)
        return Table(value, self.file, self.fault, self.lines, header, f"[{key}] ")

    def tables(self, key: str) -> list[Table]:
        """All tables `[[key]]` in order."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            value = self._wrong(key, value, f"tables under [[{key}]]", [])
        pattern = re.compile(rf"\s*\[\[\s*{re.escape(key)}\s*\]\]")
        heads = [n for n, line in enumerate(self.lines, 1) if pattern.match(line)]
        heads += [0] * (len(value) - len(heads))
        return [
            Table(v, self.file, self.fault, self.lines, head, f"[[{key}]] ")
            for v, head in zip(value, heads, strict=False)
        ]

    def where(self, key: str = "") -> str:
        """File, line where it is known, table and key."""
        line = self.header_line
        if key:
            pattern = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
            line = _find(self.lines, pattern, self.header_line) or line
        place = f"{self.file}:{line}" if line else self.file
        return f"{place} {self.name}{key}".rstrip()

    def refuse_unknown(self) -> None:
        """Report every key that nobody asked for."""
        for key in self.data:
            if key not in self.asked:
                known = closest(key, self.asked) or "one of " + ", ".join(sorted(self.asked))
                self.fault(f"unknown key {key!r}", known, self.where(key))

    def _get(self, key: str, default: Any) -> Any:
        self.asked.add(key)
        return self.data.get(key, default)

    def _wrong(self, key: str, value: Any, expected: str, default: T) -> T:
        found = "missing" if value is None else _shown(value)
        self.fault(found, expected, self.where(key))
        return default


def load_table(path: Path, fault: Fault) -> Table:
    """Read a TOML file; an empty table where it is missing or, after a fault, unreadable."""
    name = f"{path.parent.name}/{path.name}"
    if not path.exists():
        return Table({}, name, fault)
    try:
        if path.stat().st_size > _MAX_BYTES:
            fault("over 2 MB", "a small TOML file", str(path))
            return Table({}, name, fault)
        text = path.read_text(encoding="utf-8-sig")
        return Table(tomllib.loads(text), name, fault, text.splitlines())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        fault(f"cannot be read ({error})", "a TOML file in UTF-8", str(path))
        return Table({}, name, fault)


def closest(word: str, known: Iterable[str]) -> str:
    """'perhaps "x"' for the known word nearest to `word`; empty where none is near."""
    match = difflib.get_close_matches(word, list(known), n=1)
    return f"perhaps {match[0]!r}" if match else ""


def _find(lines: list[str], pattern: re.Pattern[str], after: int) -> int:
    """Number of the first line after `after` that matches, within the same table; 0: none."""
    for n, line in enumerate(lines[after:], after + 1):
        if pattern.match(line):
            return n
        if after and line.lstrip().startswith("["):
            return 0
    return 0


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
