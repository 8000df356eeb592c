"""Shows how a reply was decided: readings, gates and their words, hits, grounding, decision.

What is shown is `Reply.explain` as the policy wrote it; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.cli.render import Indented, plain
from bot.records import Reply


def explain_view(reply: Reply) -> RenderableType:
    """The decision first, then each step that led to it, in the order it was taken."""
    decision = f"{reply.outcome}, {reply.reason}" if reply.reason else reply.outcome
    parts: list[RenderableType] = [_titled("outcome", Text(decision, style="bold green"))]
    if reply.excerpts:
        quoted = [f"{e.passage_id} {e.start}-{e.end}" for e in reply.excerpts]
        parts.append(_titled("quoted", _value(quoted)))
    parts += [_titled(name, _value(value)) for name, value in (reply.explain or {}).items()]
    return Group(*parts)


def _titled(name: str, value: RenderableType) -> RenderableType:
    title = Text(name.replace("_", " ").capitalize(), style="bold")
    return Group(title, Indented(value))


def _value(value: Any) -> RenderableType:
    if isinstance(value, Mapping):
        return _pairs(value) if value else _none()
    if isinstance(value, (list, tuple)):
        if not value:
            return _none()
        if all(isinstance(row, Mapping) for row in value):
            return _rows(value)
        if not any(isinstance(item, (Mapping, list, tuple)) for item in value):
            return Text(", ".join(_word(item) for item in value))
        if all(isinstance(item, (list, tuple)) for item in value):
            return _grid(value)
        return Group(*(_value(item) for item in value))
    return Text(_word(value))


def _pairs(value: Mapping[str, Any]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for name, inner in value.items():
        table.add_row(Text(_label(name), style="dim"), _value(inner))
    return table


def _rows(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in names:
        table.add_column(_label(name))
    for row in rows:
        table.add_row(*(_value(row.get(name, "")) for name in names))
    return table


def _grid(rows: Sequence[Sequence[Any]]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(*(_value(item) for item in row))
    return table


def _label(name: object) -> str:
    return plain(str(name)).replace("_", " ")


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else plain(str(value))


def _none() -> Text:
    return Text("none", style="dim")
