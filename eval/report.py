"""Writes a run as JSON and as one HTML page that opens from a file without a network.

The page is `report.html.j2`, its charts come from `charts`; counting is left to `summary`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.records import OUTCOMES
from eval import charts
from eval.accepted import Comparison
from eval.questions import NearDuplicate
from eval.records import NO_RESULT
from eval.summary import Summary, as_json

# What a reader should see first; the other measures stand in the table below them.
HEADLINES = (
    "success_at_1",
    "decisive",
    "wrong_answer_rate",
    "near_answered",
    "leak_rate",
    "recall_urgent",
    "false_refusal",
    "verbatim",
)


def write_json(summary: Summary, path: Path, ablation: Sequence[Mapping[str, Any]] = ()) -> None:
    """Write every figure and every failure as JSON."""
    made = {**as_json(summary), "ablation": list(ablation)}
    path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_html(
    summary: Summary,
    path: Path,
    comparison: Comparison | None = None,
    near: Sequence[NearDuplicate] = (),
    ablation: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write the report page; without a comparison, its columns say so."""
    path.write_text(render_html(summary, comparison, near, ablation), encoding="utf-8")


def render_html(
    summary: Summary,
    comparison: Comparison | None = None,
    near: Sequence[NearDuplicate] = (),
    ablation: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The report page as text: everything inline, nothing fetched."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    return environment.get_template("report.html.j2").render(
        s=summary,
        headlines=[summary.measure(key) for key in HEADLINES],
        changes={c.key: c for c in comparison.changes} if comparison else {},
        comparison=comparison,
        near=near,
        ablation=ablation,
        leak=summary.measure("leak_rate"),
        figure=figure,
        columns=(*OUTCOMES, NO_RESULT),
        failures=by_outcome(summary),
        interval=lambda measure: Markup(charts.interval(measure)),
        charts=drawn(summary),
        pretty=lambda value: json.dumps(value, indent=1, ensure_ascii=False, default=str),
    )


def percent(value: float | None, digits: int = 1) -> str:
    """As in `charts`, with a space that does not break."""
    return charts.percent(value, digits).replace(" ", "\u00a0")


def figure(value: float | None, is_share: bool) -> str:
    """As in `charts`, with a space that does not break."""
    return charts.figure(value, is_share).replace(" ", "\u00a0")


def drawn(summary: Summary) -> dict[str, Markup]:
    """The page's charts by name. Safe as markup: `charts` escapes every label."""
    return {
        "answerable": Markup(
            charts.stacked(summary.answerable, "What became of the answerable questions")
        ),
        "curve": Markup(charts.curve(summary.curve, "Risk over coverage")),
        "outcomes": Markup(
            charts.bars([g.passed for g in summary.by_outcome], "Passed, by expected outcome")
        ),
        "slices": Markup(charts.bars([g.passed for g in summary.by_slice], "Passed, by slice")),
        "sections": Markup(
            charts.bars(
                [g.right_section for g in summary.by_slice],
                "Right section first, by slice",
            )
        ),
        "guides": Markup(charts.bars([g.passed for g in summary.by_guide], "Passed, by guide")),
        "categories": Markup(
            charts.bars(
                [g.passed for g in summary.by_category], "Passed, by category of dosing question"
            )
        ),
    }


def by_outcome(summary: Summary) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Failures grouped by expected outcome, in the order of the outcomes."""

    def rank(failure: Mapping[str, Any]) -> int:
        return OUTCOMES.index(failure["expected"][0])

    ordered = sorted(summary.failures, key=rank)
    return [(OUTCOMES[i], list(found)) for i, found in groupby(ordered, key=rank)]
