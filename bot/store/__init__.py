"""Keeps visits, replies and feedback, on disk or in memory.

What a visitor typed is kept only where a clinic samples it, redacted; see `samples`.

What to keep is decided by the doors; what a reply says, by `answer`.
"""

from __future__ import annotations

from bot.store.base import Store, StoreLimits

__all__ = ["Store", "StoreLimits", "open_store"]


def open_store(url: str, *, retention_hours: int, limits: StoreLimits | None = None) -> Store:
    """Open the store and bring its tables up to date.

    A database that is only out of reach (locked, full, no rights) gives a store that is
    degraded and goes on trying: patients get their replies all the same.

    Args:
        url: SQLAlchemy's address of the database; empty: keep visits in memory only.
        retention_hours: Hours after which an idle visit is expired, 1 or more.
        limits: Bounds; the defaults suit one process on a small machine.

    Raises:
        StoreError: If the address is none, the file is damaged or another program's, or the
            tables are of a version that this one does not know.
    """
    limits = limits or StoreLimits()
    if not url:
        from bot.store.memory import MemoryStore

        return MemoryStore(retention_hours, limits)
    # Imported here, since SQLAlchemy takes longer to import than all the rest of a start.
    from bot.store.sql import SqlStore

    return SqlStore(url, retention_hours, limits)
