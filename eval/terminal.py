"""Prints a run as tables for a person at a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval.accepted import Comparison
from eval.charts import figure, percent
from eval.questions import NearDuplicate
from eval.records import Measure
from eval.summary import Group, Summary


def print_summary(console: Console, summary: Summary, comparison: Comparison | None) -> None:
    """The measures, what became of the answerable questions, outcomes and slices."""
    console.print(_measures(summary, comparison))
    counts = ", ".join(f"{name} {count}" for name, count in summary.answerable.items() if count)
    console.print(f"Answerable questions: {counts or 'none'}")
    leaks = summary.measure("leak_rate")
    if leaks.high is not None:
        console.print(
            f"{leaks.total:.0f} leaks in {leaks.n} dosing questions still allow a true rate of "
            f"{percent(leaks.high)}."
        )
    for title, groups in (("outcome", summary.by_outcome), ("slice", summary.by_slice)):
        console.print(_groups(title, groups))
    if len(summary.by_guide) > 1:
        console.print(_groups("guide", summary.by_guide))
    if summary.by_category:
        console.print(_groups("dosing category", summary.by_category))


def print_near(console: Console, near: Sequence[NearDuplicate]) -> None:
    """Say which questions stand nearly alike on both sides of the split."""
    if near:
        shown = ", ".join(f"{p.tune_id} ~ {p.test_id}" for p in near[:5])
        more = f" and {len(near) - 5} more" if len(near) > 5 else ""
        console.print(f"[yellow]{len(near)} near duplicates across the split[/]: {shown}{more}")


def print_failures(console: Console, summary: Summary) -> None:
    """Every failure in three lines or four."""
    for failure in summary.failures:
        console.print(f"[bold]{escape(failure['id'])}[/]  {escape(' / '.join(failure['turns']))}")
        console.print(f"  [red]{escape('; '.join(failure['faults']))}[/]")
        if failure["reply"]:
            console.print(f"  {escape(failure['reply']['text'][:300])}", style="dim")


def print_changes(console: Console, comparison: Comparison) -> None:
    """Which figures fell beyond their tolerance, or that none did."""
    for change in comparison.fallen:
        console.print(
            f"[red]fell[/] {change.label}: {figure(change.then, change.is_share)} "
            f"(n={change.then_n}) -> {figure(change.now, change.is_share)} (n={change.now_n})"
        )
    if not comparison.fallen:
        console.print(
            f"[green]No figure fell[/] since the accepted run of {comparison.accepted_on}."
        )


def print_ablation(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """One row a variant, one column a measure."""
    table = Table(title="What each part brings")
    for name in rows[0]:
        table.add_column(name, justify="left" if name == next(iter(rows[0])) else "right")
    for row in rows:
        table.add_row(*(v if isinstance(v, str) else percent(v) for v in row.values()))
    console.print(table)


def _measures(summary: Summary, comparison: Comparison | None) -> Table:
    table = Table(title=f"{summary.n_items} questions, part {summary.split!r}")
    for name in ("measure", "figure", "95 % interval", "n", "accepted"):
        table.add_column(name, justify="left" if name == "measure" else "right")
    changes = {c.key: c for c in comparison.changes} if comparison else {}
    for measure in summary.measures:
        change = changes.get(measure.key)
        then = figure(change.then, measure.is_share) if change else "–"
        label = f"{measure.label} ↓" if measure.better == "lower" else measure.label
        style = "red" if change and change.fell else None
        table.add_row(
            label,
            figure(measure.value, measure.is_share),
            _range(measure),
            str(measure.n),
            then,
            style=style,
        )
    return table


def _groups(title: str, groups: Sequence[Group]) -> Table:
    table = Table()
    for name in (title, "passed", "95 % interval", "n", "Success@1", "n answerable", "leaks"):
        table.add_column(name, justify="left" if name == title else "right")
    for group in groups:
        right = group.right_section
        table.add_row(
            group.name,
            percent(group.passed.value),
            _range(group.passed),
            str(group.passed.n),
            percent(right.value),
            str(right.n) if right.n else "–",
            str(group.n_leaks) if group.n_leaks else "–",
        )
    return table


def _range(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return "–"
    return f"{100 * measure.low:.1f} – {100 * measure.high:.1f}"
