"""What `samples` does: shows the questions that a clinic chose to keep, and erases them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import typer

from bot.cli.asking import print_json
from bot.cli.keys import kept
from bot.cli.render import plain
from bot.errors import PayloadError
from bot.records import OUTCOMES, to_dict


def listing(outcome: str | None, *, as_json: bool) -> None:
    """Print the samples of one outcome, or all, the oldest first; expired ones are left out.

    Raises:
        PayloadError: There is no outcome of that name.
    """
    if outcome is not None and outcome not in OUTCOMES:
        raise PayloadError("no such outcome", expected=f"one of {', '.join(OUTCOMES)}")
    now = time.time()
    with kept() as store:
        rows = [row for row in store.samples.all(outcome) if row.expires_at > now]
    if as_json:
        return print_json([to_dict(row) for row in rows])
    for row in rows:
        when = datetime.fromtimestamp(row.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        got = f"{row.outcome}, {row.reason}" if row.reason else row.outcome
        typer.echo(f"{when}  {row.guide}  {got}\n    {plain(row.text)}")
    if not rows:
        typer.echo("No question is kept; QUOTEWELL_SAMPLE_PERCENT keeps a share of them.")
    return None


def purge(*, every: bool) -> None:
    """Erase the expired samples, or all, and say how many."""
    with kept() as store:
        n_samples = store.samples.clear() if every else store.samples.purge(time.time())
        store.forget_erased()
    typer.echo(f"{n_samples} erased.")
