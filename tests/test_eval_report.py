"""The report opens from a file without a network, shows every failure and stays text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from eval.accepted import Comparison, compare, load_accepted, save_accepted
from eval.charts import bars, curve, stacked
from eval.questions import NearDuplicate
from eval.records import Judged
from eval.report import render_html, write_json
from eval.summary import Summary, summarise
from eval.terminal import print_changes, print_failures, print_near, print_summary
from tests.eval_help import judged, make_item, make_reply

EVIL = '<script src="https://evil.example/x.js"></script>'


class Seen(HTMLParser):
    """Collects what a browser would fetch, ids, and tags left open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "data", "action", "xlink:href", "poster"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")


def replies() -> list[Judged]:
    near = {"outcome": "not_covered", "sections": (), "slices": ("near_miss",)}
    dose = {"outcome": "dosing_refusal", "sections": (), "rows": ("13",)}
    return [
        judged(make_item("fine", slices=("typo",)), make_reply(quoted=["Uses"], score=0.9)),
        judged(make_item("evil", turns=("hello", EVIL)), make_reply(quoted=["Risks"], score=0.7)),
        judged(make_item("gone", slices=(EVIL,)), None),
        judged(make_item("near", **near), make_reply("not_covered", offered=[EVIL], score=0.2)),
        judged(make_item("dose", **dose), make_reply("dosing_refusal", text="5 mg")),
    ]


@pytest.fixture
def summary() -> Summary:
    return summarise(replies(), "test", "2026-01-01")


@pytest.fixture
def comparison(summary: Summary, tmp_path: Path) -> Comparison:
    save_accepted(summarise(replies()[:1], "test", "2025-12-31"), tmp_path / "a.json")
    return compare(summary, load_accepted(tmp_path / "a.json"))


def test_nothing_is_fetched(summary: Summary, comparison: Comparison) -> None:
    page = render_html(summary, comparison, [NearDuplicate("a", "b", 95.0)])
    seen = Seen(page)
    assert seen.addresses
    assert all(address.startswith("#") for address in seen.addresses)
    assert not seen.tags & {"script", "link", "img", "iframe", "object", "embed", "base"}
    assert not re.search(r"@import|url\(", page)


def test_links_within_the_page_lead_somewhere(summary: Summary, comparison: Comparison) -> None:
    seen = Seen(render_html(summary, comparison))
    assert {a.removeprefix("#") for a in seen.addresses} <= set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))


def test_every_failure_is_shown_with_its_explain(summary: Summary) -> None:
    page = render_html(summary)
    assert {f"f-{i}" for i in ("evil", "gone", "near", "dose")} & set(Seen(page).ids) == {
        "f-evil",
        "f-gone",
        "f-dose",
    }
    assert "grounding" in page
    assert "leak: 5 mg" in page
    assert "no result: broke" in page


def test_what_was_typed_stays_text(summary: Summary) -> None:
    page = render_html(summary)
    assert "&lt;script" in page
    assert "<script" not in page


def test_changes_are_told(summary: Summary, comparison: Comparison) -> None:
    assert comparison.fallen
    page = render_html(summary, comparison)
    assert f"{len(comparison.fallen)} fell" in page
    assert "Not compared" not in page
    assert "Not compared" in render_html(summary)


def test_an_ablation_is_shown_where_there_is_one(summary: Summary) -> None:
    rows = [{"variant": "without stems", "Success@1": 0.5, "AURC": None}]
    assert "without stems" in render_html(summary, ablation=rows)
    assert "What each part brings" not in render_html(summary)


def test_a_run_of_nothing_still_makes_a_page() -> None:
    assert "None." in render_html(summarise([], "test", "2026-01-01"))


def test_charts_of_nothing_are_empty() -> None:
    assert bars([], "x") == ""
    assert stacked({"right": 0}, "x") == ""
    assert curve([], "x") == ""


def test_json_holds_figures_and_failures(summary: Summary, tmp_path: Path) -> None:
    write_json(summary, tmp_path / "report.json")
    made = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    figures = {m["key"]: m for m in made["measures"]}
    assert figures["success_at_1"]["value"] == pytest.approx(1 / 3)
    assert [f["id"] for f in made["failures"]] == ["evil", "gone", "dose"]


def test_the_terminal_shows_figures_changes_and_failures(
    summary: Summary, comparison: Comparison
) -> None:
    out = StringIO()
    console = Console(file=out, width=200)
    print_summary(console, summary, comparison)
    print_changes(console, comparison)
    print_failures(console, summary)
    print_near(console, [NearDuplicate("a", "b", 95.0)] * 7)
    told = out.getvalue()
    assert "Success@1" in told
    assert "fell Success@1: 100.0 % (n=1) -> 33.3 % (n=3)" in told
    assert EVIL in told
    assert "and 2 more" in told
