"""Measures time and memory in one run, so that the figures can be laid side by side.

A busy machine slows all of them; the ratios are what to compare between machines.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rank_bm25 import BM25Okapi
from rich.console import Console
from rich.table import Table

from bot.answer import Bot
from bot.errors import BotError
from bot.records import Turn, Visit
from eval.door import SECONDS_PER_TURN, START, Doors
from eval.load import Load, drive
from eval.records import Item
from eval.serving import BARE_PATH
from eval.sources import ROOT
from eval.stats import percentile

N_PASSES = 3
N_ROUNDS = 3
N_REQUESTS = 1000
MAX_SECONDS = 8.0
N_STARTS = 5
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Timing:
    """Times of single calls, in milliseconds."""

    n: int
    median_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Served:
    """Rounds of load on `/v1/ask` and on the bare route, in turn, and the server's memory."""

    ask: tuple[Load, ...]
    bare: tuple[Load, ...]
    resident_mb: float | None

    @property
    def ratio(self) -> float:
        """Median over the rounds of the rate of `/v1/ask` over that of the bare route."""
        pairs = zip(self.ask, self.bare, strict=True)
        return statistics.median(a.per_second / b.per_second for a, b in pairs)


def time_replies(items: Sequence[Item], doors: Doors, n_passes: int = N_PASSES) -> Timing:
    """Time every turn of every item, after one pass that warms up."""
    took: list[float] = []
    for number in range(n_passes + 1):
        found = [ms for item in items for ms in _turns(item, doors)]
        took += found if number else []
    return timing(took)


def time_scores(items: Sequence[Item], doors: Doors) -> Timing:
    """Time rank-bm25's `get_scores` alone, terms given, on the last turns of the same items."""
    indexes = {
        guide: BM25Okapi([words(p.text) for p in bot.guide(guide).guide.passages])
        for guide, bot in doors.by_guide.items()
        if isinstance(bot, Bot)
    }
    took: list[float] = []
    for item in items:
        terms = words(item.turns[-1])
        start = time.perf_counter()
        indexes[item.guide].get_scores(terms)
        took.append(1000 * (time.perf_counter() - start))
    return timing(took)


def time_start(question: str) -> Timing:
    """Time `quotewell ask` from the shell, process start included.

    Raises:
        BotError: The command failed.
    """
    took = []
    for _ in range(N_STARTS):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "bot", "ask", question],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        took.append(1000 * (time.perf_counter() - start))
        if done.returncode:
            raise BotError(f"`quotewell ask` ended with {done.returncode}: {done.stderr[-500:]}")
    return timing(took)


def time_server(items: Sequence[Item], n_rounds: int = N_ROUNDS) -> Served:
    """Load `/v1/ask` and the bare route in turn, in the same process.

    Raises:
        BotError: The server did not start, or a reply was not 200.
    """
    bodies = [{"question": i.turns[-1][:1000]} for i in items if i.turns[-1].strip()]
    ask, bare = [], []
    with serving() as (port, pid):
        drive(port, "/v1/ask", bodies, N_REQUESTS // 5, MAX_SECONDS)
        for _ in range(n_rounds):
            bare.append(drive(port, BARE_PATH, bodies, N_REQUESTS, MAX_SECONDS))
            ask.append(drive(port, "/v1/ask", bodies, N_REQUESTS, MAX_SECONDS))
        resident = resident_mb(pid)
    n_failed = sum(load.n_failed for load in ask + bare)
    if n_failed:
        raise BotError(f"{n_failed} requests failed", expected="status 200 throughout")
    return Served(tuple(ask), tuple(bare), resident)


@contextmanager
def serving() -> Iterator[tuple[int, int]]:
    """Run `eval.serving` in a process of its own; its port and process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "eval.serving"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.strip().isdecimal():
            raise BotError("the server did not start", expected="a port on its first line")
        yield int(line), process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def resident_mb(pid: int) -> float | None:
    """Resident memory of a process in MB, where the system tells it in /proc; else None."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)
    return int(found[1]) / 1024 if found else None


def words(text: str) -> list[str]:
    """Lower-case words, the usual feed of rank-bm25."""
    return _WORD.findall(text.lower())


def timing(took_ms: Sequence[float]) -> Timing:
    """Median and 99th percentile of some times."""
    return Timing(len(took_ms), percentile(took_ms, 0.5), percentile(took_ms, 0.99))


def print_speed(console: Console, items: Sequence[Item], doors: Doors) -> None:
    """Measure everything and print one table."""
    table = Table(title="Speed")
    for name in ("what", "n", "median", "p99", "per second"):
        table.add_column(name, justify="left" if name == "what" else "right")
    reply, scores = time_replies(items, doors), time_scores(items, doors)
    _add(table, "one reply in process", reply)
    _add(table, "rank-bm25 get_scores alone", scores)
    _add(table, "`quotewell ask` from the shell", time_start(items[0].turns[-1]))
    served = time_server(items)
    for name, loads in (("/v1/ask", served.ask), ("bare route", served.bare)):
        best = sorted(loads, key=lambda load: load.per_second)[len(loads) // 2]
        times = (f"{best.median_ms:.2f} ms", f"{best.p99_ms:.2f} ms")
        table.add_row(name, str(best.n), *times, f"{best.per_second:.0f}")
    console.print(table)
    console.print(
        f"/v1/ask serves {served.ratio:.2f} of the bare route's rate (median of "
        f"{len(served.ask)} rounds); a reply takes {reply.median_ms / scores.median_ms:.1f} times "
        "rank-bm25's scoring."
    )
    if served.resident_mb is not None:
        console.print(f"Resident memory of the server after the load: {served.resident_mb:.0f} MB")


def _turns(item: Item, doors: Doors) -> Iterator[float]:
    door = doors.by_guide[item.guide]
    visit = Visit(visit_id="eval", guide_id=item.guide, at=START)
    for number, text in enumerate(item.turns):
        turn = Turn(reply_id="eval", at=START + number * SECONDS_PER_TURN, text=text)
        start = time.perf_counter()
        _, visit = door.ask(turn, visit, item.guide)
        yield 1000 * (time.perf_counter() - start)


def _add(table: Table, name: str, found: Timing) -> None:
    times = (f"{found.median_ms:.3f} ms", f"{found.p99_ms:.3f} ms")
    table.add_row(name, str(found.n), *times, f"{1000 / found.median_ms:.0f}")
