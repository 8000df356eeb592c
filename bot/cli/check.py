"""Says what is wrong where, before a patient finds it: settings, clinic, guides, gates, wording.

Each loader names its own faults; here they are gathered, so that one does not hide the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from rich.console import Group, RenderableType
from rich.text import Text

from bot.cli.render import console, plain
from bot.errors import BotError
from bot.settings import Settings, load_settings, masked

Level = Literal["good", "look", "wrong"]
_MARKS: dict[Level, tuple[str, str]] = {
    "good": ("✓", "green"),
    "look": ("!", "yellow"),
    "wrong": ("✗", "red"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `wrong` must be mended, `look` is worth a look."""

    level: Level
    text: str


Findings = Iterator[Finding]


def run(guide: str | None) -> int:
    """Print what was found; 1 if something must be mended, else 0."""
    groups = examine(guide)
    console().print(findings_view(groups))
    return int(any(f.level == "wrong" for _, found in groups for f in found))


def gather(title: str, look: Callable[[], Findings]) -> tuple[str, list[Finding]]:
    """Everything that a look found, up to and with the error that ended it."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except BotError as error:
        found.append(Finding("wrong", str(error)))
    return title, found


def examine(guide: str | None) -> list[tuple[str, list[Finding]]]:
    """Titles and findings, in the order in which they are best mended."""
    try:
        settings = load_settings()
    except BotError as error:
        return [("Settings", [Finding("wrong", str(error))])]
    return [gather("Settings", lambda: _settings(settings))]


def _settings(settings: Settings) -> Findings:
    values = masked(settings)
    standing = masked(Settings())
    changed = [f"{name} = {value}" for name, value in values.items() if value != standing[name]]
    yield Finding("good", f"{len(values)} settings, {len(changed)} changed from their defaults")
    for line in changed:
        yield Finding("good", line)
    if settings.paused:
        yield Finding("look", "paused: every door answers with the contact card only")


def findings_view(groups: list[tuple[str, list[Finding]]]) -> RenderableType:
    """The findings under their titles, and a last line that sums them up."""
    rows: list[RenderableType] = []
    for title, found in groups:
        rows.append(Text(title, style="bold"))
        for finding in found:
            mark, colour = _MARKS[finding.level]
            rows.append(Text.assemble("  ", (mark, colour), " ", plain(finding.text)))
    return Group(*rows, Text(), _summary([f for _, found in groups for f in found]))


def _summary(found: list[Finding]) -> Text:
    n_wrong = sum(f.level == "wrong" for f in found)
    n_look = sum(f.level == "look" for f in found)
    if n_wrong:
        return Text(f"{n_wrong} to mend, {n_look} worth a look", style="red")
    return Text(f"Nothing to mend, {n_look} worth a look", style="green")
