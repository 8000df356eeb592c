"""What `events` does: shows the webhooks that nobody took, and lets them be tried again."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import typer

from bot.cli.asking import print_json
from bot.cli.keys import kept
from bot.errors import PayloadError


def listing(*, as_json: bool) -> None:
    """Print the dead letters, oldest first; their bodies hold ids and outcomes only."""
    with kept() as store:
        dead = store.events.dead()
    if as_json:
        return print_json(
            [
                {
                    "delivery_id": d.delivery_id,
                    "event": d.kind,
                    "at": datetime.fromtimestamp(d.at, UTC).isoformat(timespec="seconds"),
                    "tries": d.n_tries,
                    "why": d.why,
                }
                for d in dead
            ]
        )
    for d in dead:
        when = datetime.fromtimestamp(d.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        typer.echo(f"{d.delivery_id}  {d.kind}  {when}  {d.n_tries} tries  {d.why}")
    if not dead:
        typer.echo("Every event was delivered, or is still being tried.")
    return None


def retry(delivery_id: str | None) -> None:
    """Let one dead letter, or all of them, be tried again by the server."""
    with kept() as store:
        n_revived = store.events.revive(delivery_id, time.time())
    if delivery_id is not None and not n_revived:
        raise PayloadError("no dead letter of this id", expected="one of `quotewell events`")
    typer.echo(f"{n_revived} to be tried again.")
