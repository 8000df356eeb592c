"""Writes the accepted figures into the README, between its two marks."""

from __future__ import annotations

from pathlib import Path

from bot.errors import BotError
from eval.records import Measure
from eval.summary import Summary

BEGIN, END = "<!-- eval:begin -->", "<!-- eval:end -->"


def write_figures(summary: Summary, path: Path) -> None:
    """Replace what stands between the marks by a table of the test part's figures.

    Raises:
        BotError: The README has no marks.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BotError("no place for the figures", expected=f"{BEGIN} and {END}", where=str(path))
    path.write_text(f"{before}{BEGIN}\n{_table(summary)}\n{END}{after}", encoding="utf-8")


def _table(summary: Summary) -> str:
    rows = [
        f"| {m.label} | {_figure(m)} | {_interval(m)} | {m.n} |" for m in summary.measures if m.n
    ]
    head = [
        f"Measured on the test part ({summary.made_on}), which nothing was fitted on:",
        "",
        "| Measure | Figure | 95 % interval | n |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows])


def _figure(measure: Measure) -> str:
    value = measure.value or 0.0
    return f"{100 * value:.1f} %" if measure.is_share else f"{value:.3f}"


def _interval(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return "–"
    return f"{100 * measure.low:.1f} – {100 * measure.high:.1f}"
