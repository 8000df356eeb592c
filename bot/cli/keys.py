"""What `keys` does: makes, lists, replaces and revokes the API keys of other servers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import typer

from bot import keys
from bot.cli.asking import print_json
from bot.errors import PayloadError, SettingsError
from bot.settings import load_settings
from bot.store import Store, open_store
from bot.store.doors import KeyRow


def create(name: str, scopes: Sequence[str], days: int | None) -> None:
    """Make a key and print it, this once."""
    with kept() as store:
        key = keys.add(store.keys, name, scopes or ("ask",), time.time(), days)
    _show_once(key)


def listing(*, as_json: bool) -> None:
    """Print every key but the keys themselves."""
    with kept() as store:
        rows = store.keys.all()
    at = time.time()
    if as_json:
        return print_json([_fields(row, at) for row in rows])
    if not rows:
        return typer.echo("No keys yet; make one with: quotewell keys create NAME")
    heads = ("PREFIX", "NAME", "SCOPES", "STATE", "MADE", "EXPIRES", "LAST USED")
    table = [heads, *(_columns(_fields(row, at)) for row in rows)]
    widths = [max(len(row[n]) for row in table) for n in range(len(heads))]
    for row in table:
        typer.echo("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())
    return None


def revoke(prefix: str) -> None:
    """Let a key open nothing any more."""
    with kept() as store:
        found = keys.revoke(store.keys, _bare(prefix), time.time())
    if not found:
        raise PayloadError("no key of this prefix", expected="one of `quotewell keys list`")
    typer.echo("Revoked. Servers that are running refuse it within five seconds.")


def rotate(prefix: str, overlap_days: int, days: int | None) -> None:
    """Make a key that takes another's place, and print it, this once."""
    with kept() as store:
        key, old = keys.rotate(
            store.keys, _bare(prefix), time.time(), overlap_days=overlap_days, days=days
        )
    _show_once(key)
    typer.echo(f"The old key {old.prefix} works until {_date(old.expires_at)}.", err=True)


@contextmanager
def kept() -> Iterator[Store]:
    """The store that the servers use.

    Raises:
        SettingsError: Nothing is kept on disk, so that no server would see it.
        StoreError: The database is out of reach.
    """
    settings = load_settings()
    if not settings.database_url:
        raise SettingsError(
            "empty", expected="a database to keep keys in", where="QUOTEWELL_DATABASE_URL"
        )
    store = open_store(settings.database_url, retention_hours=settings.visit_retention_hours)
    try:
        yield store
    finally:
        store.close()


def _show_once(key: str) -> None:
    """The key alone on standard output, so that it can be piped into a vault."""
    typer.echo(key)
    typer.echo("Keep it now: it is not kept here and cannot be shown again.", err=True)


def _bare(prefix: str) -> str:
    """`qw_1f2e3d4c5b6a_...` or `1f2e3d4c5b6a` -> `1f2e3d4c5b6a`."""
    return prefix.removeprefix(keys.MARK).partition("_")[0]


def _fields(row: KeyRow, at: float) -> dict[str, object]:
    state = "active" if row.is_active(at) else "revoked" if row.revoked_at else "expired"
    return {
        "prefix": row.prefix,
        "name": row.name,
        "scopes": list(row.scopes),
        "state": state,
        "created_on": _date(row.created_at),
        "expires_on": _date(row.expires_at),
        "last_used_on": row.last_used_on,
    }


def _columns(fields: dict[str, object]) -> tuple[str, ...]:
    cells = (",".join(v) if isinstance(v, list) else str(v) or "never" for v in fields.values())
    return tuple(cells)


def _date(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).date().isoformat()
