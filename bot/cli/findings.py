"""What `check` found, as records, and how a person or a program gets to see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.text import Text

from bot.cli.render import Indented, plain
from bot.errors import BotError

Level = Literal["note", "good", "look", "wrong"]
_MARKS: dict[Level, tuple[str, str]] = {
    "note": ("·", "default"),
    "good": ("✓", "green"),
    "look": ("!", "yellow"),
    "wrong": ("✗", "red"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `wrong` must be mended, `look` is worth a look.

    A `note` is one of the things that the finding before it counts. `about` tells the same in
    parts, for programs; it is empty where the text says all.
    """

    level: Level
    text: str
    about: Mapping[str, Any] = field(default_factory=dict)


Findings = Iterator[Finding]
Group = tuple[str, list[Finding]]
"""A title and what was found under it."""


def gather(title: str, look: Callable[[], Findings]) -> Group:
    """Everything that a look found, up to and with the error that ended it."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except BotError as error:
        found.append(Finding("wrong", str(error)))
    return title, found


def any_wrong(groups: list[Group]) -> bool:
    """Whether something must be mended."""
    return any(f.level == "wrong" for _, found in groups for f in found)


def findings_json(groups: list[Group]) -> dict[str, Any]:
    """The findings for `json.dumps`: how many to mend and to look at, then all by title."""
    levels = [f.level for _, found in groups for f in found]
    return {
        "n_wrong": levels.count("wrong"),
        "n_look": levels.count("look"),
        "groups": [
            {
                "title": title,
                "findings": [{"level": f.level, "text": f.text, **f.about} for f in found],
            }
            for title, found in groups
        ],
    }


def findings_view(groups: list[Group]) -> RenderableType:
    """The findings under their titles, and a last line that sums them up."""
    rows: list[RenderableType] = []
    for title, found in groups:
        rows.append(Text(title, style="bold"))
        for finding in found:
            mark, colour = _MARKS[finding.level]
            text = Text(plain(finding.text))
            is_note = finding.level == "note"
            margin = "      " if is_note else "    "
            rows.append(Indented(text, margin, colour, first=f"{margin[:-2]}{mark} "))
    return Stack(*rows, Text(), _summary([f for _, found in groups for f in found]))


def _summary(found: list[Finding]) -> Text:
    n_wrong = sum(f.level == "wrong" for f in found)
    n_look = sum(f.level == "look" for f in found)
    if n_wrong:
        return Text(f"{n_wrong} to mend, {n_look} worth a look", style="red")
    return Text(f"Nothing to mend, {n_look} worth a look", style="green")
