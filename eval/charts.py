"""Draws the report's charts as inline SVG: no script, no font, no file beside the page.

Colours come from the page's style sheet by class name, so that dark mode and print work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from eval.records import Measure

_ROW = 26
_LABEL = 210
_PLOT = 380
_NUMBERS = 170


def percent(value: float | None, digits: int = 1) -> str:
    """0.9123 -> "91.2 %"; a dash where there is nothing to show."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def figure(value: float | None, is_share: bool) -> str:
    """A share in per cent, a mean as a plain number with four digits, as the field prints it."""
    return percent(value) if is_share or value is None else f"{value:.4f}"


def bars(rows: Sequence[Measure], label: str) -> str:
    """Horizontal bars of shares with their intervals as whiskers; "" for no rows."""
    rows = [row for row in rows if row.n]
    if not rows:
        return ""
    height = _ROW * len(rows) + 24
    parts = [_grid(height)]
    for i, row in enumerate(rows):
        parts.append(_bar(row, 8 + i * _ROW))
    return _svg(_LABEL + _PLOT + _NUMBERS, height, label, parts)


def interval(row: Measure) -> str:
    """A small dot with its whisker on a line from 0 to 1, for a table cell."""
    if row.value is None or row.low is None or row.high is None:
        return ""
    width, mid = 160, 9
    scale = width - 12
    low, value, high = (6 + scale * v for v in (row.low, row.value, row.high))
    parts = [
        f'<line class="axis" x1="6" x2="{width - 6}" y1="{mid}" y2="{mid}"/>',
        f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{mid}" y2="{mid}"/>',
        f'<circle class="dot" cx="{value:.1f}" cy="{mid}" r="4"/>',
    ]
    said = f"{percent(row.value)}, interval {percent(row.low)} to {percent(row.high)}"
    return _svg(width, 2 * mid, said, parts, "small")


def stacked(counts: Mapping[str, int], label: str) -> str:
    """One bar split by kind, widths by count; "" where all counts are 0."""
    total = sum(counts.values())
    if not total:
        return ""
    width, x, parts = 760.0, 0.0, []
    for i, (name, count) in enumerate(counts.items()):
        span = width * count / total
        if count:
            parts.append(
                f'<rect class="kind kind-{i}" x="{x:.1f}" y="0" width="{span:.1f}" height="34">'
                f"<title>{escape(name)}: {count}</title></rect>"
            )
            if span > 34:
                parts.append(
                    f'<text class="kind-text kind-text-{i}" x="{x + span / 2:.1f}" y="22"'
                    f' text-anchor="middle">{count}</text>'
                )
        x += span
    return _svg(int(width), 34, label, parts)


def curve(points: Sequence[tuple[float, float]], label: str) -> str:
    """Risk over coverage, both axes from 0 to 1; "" for no points."""
    if not points:
        return ""
    left, top, width, height = 76, 12, 640, 260

    def place(x: float, y: float) -> str:
        return f"{left + width * x:.1f},{top + height * (1 - y):.1f}"

    parts = []
    for i in range(6):
        y = top + height * (1 - i / 5)
        x = left + width * i / 5
        parts += [
            f'<line class="axis" x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{20 * i} %</text>',
            f'<text x="{x:.1f}" y="{top + height + 20}" text-anchor="middle">{20 * i} %</text>',
        ]
    path = " ".join(place(x, y) for x, y in points)
    parts += [
        f'<polyline class="curve" points="{path}"/>',
        f'<text x="{left + width / 2}" y="{top + height + 40}" text-anchor="middle">'
        "coverage: share of questions answered, the most confident first</text>",
        f'<text transform="translate(14 {top + height / 2}) rotate(-90)" text-anchor="middle">'
        "risk: share wrong</text>",
    ]
    return _svg(left + width + 24, top + height + 50, label, parts)


def _grid(height: int) -> str:
    lines = []
    for i in range(6):
        x = _LABEL + _PLOT * i / 5
        lines.append(f'<line class="axis" x1="{x}" x2="{x}" y1="2" y2="{height - 18}"/>')
        lines.append(f'<text x="{x}" y="{height - 4}" text-anchor="middle">{20 * i} %</text>')
    return "".join(lines)


def _bar(row: Measure, y: int) -> str:
    value = row.value or 0.0
    low, high = row.low or 0.0, row.high or 0.0
    mid = y + _ROW / 2 - 4
    numbers = f"{percent(value)} of {row.n} ({100 * low:.0f}–{100 * high:.0f})"
    return (
        f'<text x="{_LABEL - 10}" y="{mid + 4}" text-anchor="end">{escape(row.label)}</text>'
        f'<rect class="bar" x="{_LABEL}" y="{y}" width="{_PLOT * value:.1f}" height="{_ROW - 8}"/>'
        f'<line class="whisker" x1="{_LABEL + _PLOT * low:.1f}" x2="{_LABEL + _PLOT * high:.1f}"'
        f' y1="{mid}" y2="{mid}"/>'
        f'<text x="{_LABEL + _PLOT + 12}" y="{mid + 4}">{numbers}</text>'
    )


def _svg(width: int, height: int, label: str, parts: Sequence[str], kind: str = "chart") -> str:
    return (
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
