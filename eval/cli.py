"""The command line of the eval: reads the options and puts the parts together."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bot.errors import BotError
from bot.records import Passage
from eval import ablate as ablation_of
from eval import trec as trec_files
from eval.accepted import Comparison, compare, load_accepted, save_accepted
from eval.door import Doors, open_doors, passages_of, run
from eval.judge import judge_all
from eval.questions import NearDuplicate, check_labels, load_items, near_duplicates, select
from eval.readme import write_figures
from eval.records import Item, Judged
from eval.report import write_html, write_json
from eval.sources import CORPUS, ROOT, Sources
from eval.summary import Summary, summarise
from eval.terminal import (
    print_ablation,
    print_changes,
    print_failures,
    print_near,
    print_summary,
)
from eval.titles import folded, same_title

QUESTIONS = ROOT / "eval" / "questions"
OUT = ROOT / "eval" / "out"
ACCEPTED = ROOT / "eval" / "accepted.json"
README = ROOT / "README.md"

app = typer.Typer(add_completion=False, help="Measure Quotewell on labelled questions.")

Split = Annotated[str, typer.Option(help="tune, test or all")]
GuideName = Annotated[str, typer.Option("--guide", help="only questions about this guide")]
SliceName = Annotated[str, typer.Option("--slice", help="only questions of this slice")]
Out = Annotated[Path, typer.Option(help="folder for the files")]


@dataclass(frozen=True)
class Suite:
    """The questions of this run, the bots that answer them, and the doubts about the split."""

    items: Sequence[Item]
    doors: Doors
    near: Sequence[NearDuplicate]


@app.callback(invoke_without_command=True)
def report(
    context: typer.Context,
    split: Split = "test",
    guide: GuideName = "",
    slice_: SliceName = "",
    out: Out = OUT,
    failures: Annotated[bool, typer.Option(help="print every failure")] = False,
    check: Annotated[bool, typer.Option(help="fail if an accepted figure fell")] = False,
    accept: Annotated[bool, typer.Option(help="store these figures as accepted")] = False,
) -> None:
    """Measure, print a table, write report.json and report.html."""
    if context.invoked_subcommand:
        return
    _guarded(lambda: _report(split, guide, slice_, out, failures, check, accept))


@app.command()
def speed(split: Split = "all", guide: GuideName = "") -> None:
    """Print time of a reply, requests per second, start-up time and memory."""
    from eval.speed import print_speed

    def measure() -> None:
        suite = open_suite(split, guide, "")
        print_speed(Console(), suite.items, suite.doors)

    _guarded(measure)


@app.command()
def ablate(split: Split = "test", guide: GuideName = "", out: Out = OUT) -> None:
    """Measure with each part switched off, print a table and write ablation.json."""

    def measure() -> None:
        suite = open_suite(split, guide, "")
        rows = ablation_of.ablate(suite.items, suite.doors, Sources())
        out.mkdir(parents=True, exist_ok=True)
        made = {"split": split, "guide": guide, "rows": rows}
        (out / "ablation.json").write_text(json.dumps(made, indent=1), encoding="utf-8")
        print_ablation(Console(), rows)

    _guarded(measure)


@app.command()
def trec(split: Split = "test", guide: GuideName = "", out: Out = OUT) -> None:
    """Write qrels and run files in the TREC form, by section and by passage."""

    def write() -> None:
        suite = open_suite(split, guide, "")
        judged = judge_suite(suite)
        out.mkdir(parents=True, exist_ok=True)
        passages = {g: passages_of(door, g) for g, door in suite.doors.by_guide.items()}
        write_trec(judged, passages, out)
        Console().print(f"Wrote qrels and runs to {out}")

    _guarded(write)


@app.command()
def fit() -> None:
    """Fit the gates' evidence, small talk and the grounding; write them as data."""
    from bot.answer import open_bot
    from bot.settings import load_settings
    from eval import fit as grounding
    from eval import fit_gates as gates
    from eval import fit_talk as talk

    def work() -> None:
        bot = open_bot(load_settings({}))
        for name, part in (("Evidence of the gates", gates), ("Small talk", talk)):
            found = part.examples(bot)
            rows, thresholds = part.fit(found)
            part.write(rows, thresholds, len(found))
            Console().print(f"{name}: {len(rows)} rows, thresholds {thresholds}")
        models = grounding.fit_all()
        grounding.write(models)
        for name, model in models.items():
            Console().print(f"Grounding {name}: answer {model.answer_from}, n {model.n}")

    _guarded(work)


@app.command()
def stems() -> None:
    """Make the table of stems anew."""
    from eval.stems import write

    Console().print(f"{write()} words")


def main() -> None:
    """Run the command line."""
    app()


def open_suite(split: str, guide: str, slice_: str) -> Suite:
    """Load and check all questions, select some, and open the bots that answer them.

    Raises:
        BotError: A question, a label or a guide is wrong, or nothing is selected.
    """
    everything = load_items(QUESTIONS)
    items = select(everything, split, guide, slice_)
    if split not in ("tune", "test", "all") or not items:
        raise BotError("no questions selected", expected="--split tune, test or all; a known guide")
    doors = open_doors({item.guide for item in items})
    passages = {g: passages_of(door, g) for g, door in doors.by_guide.items()}
    titles = {g: {same_title(p.section) for p in found} for g, found in passages.items()}
    texts = {g: folded(Sources().text(g)) for g in passages}
    check_labels(items, titles, texts)
    return Suite(items, doors, near_duplicates(everything))


def judge_suite(suite: Suite) -> list[Judged]:
    """Ask and judge every question of a suite."""
    results = run(suite.items, suite.doors)
    return judge_all(suite.items, results, Sources(), clinic_phones(CORPUS / "clinic.toml"))


def clinic_phones(path: Path) -> list[str]:
    """The phone numbers that the clinic configured: no amounts, wherever they are shown."""
    if not path.exists():
        return []
    facts: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    numbers = [facts.get("phone", ""), *(n.get("number", "") for n in facts.get("number", []))]
    return [number for number in numbers if number]


def write_trec(
    judged: Sequence[Judged], passages: dict[str, tuple[Passage, ...]], out: Path
) -> None:
    """Write the four files."""
    trec_files.write_qrels(trec_files.section_qrels(judged), out / "sections.qrels")
    trec_files.write_run(trec_files.section_run(judged), out / "sections.run")
    trec_files.write_qrels(trec_files.passage_qrels(judged, passages), out / "passages.qrels")
    trec_files.write_run(trec_files.passage_run(judged), out / "passages.run")


def _report(
    split: str, guide: str, slice_: str, out: Path, failures: bool, check: bool, accept: bool
) -> None:
    whole = split == "test" and not guide and not slice_
    if (check or accept) and not whole:
        raise BotError("only a part is measured", expected="--check and --accept without filters")
    console = Console()
    suite = open_suite(split, guide, slice_)
    summary = summarise(judge_suite(suite), split, date.today().isoformat())
    comparison = _comparison(summary) if whole and (check or ACCEPTED.exists()) else None
    print_summary(console, summary, comparison)
    print_near(console, suite.near)
    if failures:
        print_failures(console, summary)
    _write(summary, comparison, suite.near, out)
    console.print(f"{len(summary.failures)} failures; wrote {out / 'report.html'}")
    if accept:
        save_accepted(summary, ACCEPTED)
        write_figures(summary, README)
        console.print(f"Accepted: {ACCEPTED}")
    elif check and comparison:
        print_changes(console, comparison)
        if comparison.fallen:
            raise typer.Exit(1)


def _comparison(summary: Summary) -> Comparison:
    return compare(summary, load_accepted(ACCEPTED))


def _write(
    summary: Summary,
    comparison: Comparison | None,
    near: Sequence[NearDuplicate],
    out: Path,
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    rows = _ablation(out / "ablation.json", summary.split)
    write_json(summary, out / "report.json", rows)
    write_html(summary, out / "report.html", comparison, near, rows)


def _ablation(path: Path, split: str) -> list[dict[str, Any]]:
    """The last ablation, where it is of the same part of the questions."""
    if not path.exists():
        return []
    made: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = made["rows"] if made["split"] == split else []
    return rows


def _guarded(action: Callable[[], None]) -> None:
    """Say what is wrong in one line, exit status 2, where a person can mend it."""
    try:
        action()
    except BotError as error:
        Console(stderr=True).print(str(error), style="red", markup=False)
        raise typer.Exit(2) from error
