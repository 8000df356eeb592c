"""Server API keys: how they are made, what they open, and finding the one that was presented.

A key is shown once, when it is made; only its SHA-256 is kept. Where rows are kept is left to
`store`, what a key opens on each route to the doors.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.errors import PayloadError
from bot.store.doors import KeyRow, Keys

SCOPES = ("ask", "read", "admin")
"""`ask`: ask and tell whether it helped; `read`: guides and what is kept; `admin`: both, and
the figures of /metrics."""
MARK = "qw_"
"""How every key begins, so that scanners for leaked secrets can find it."""
MAX_ACTIVE = 2
"""Of one name: the one in use and the one that takes its place."""
DAY_SECONDS = 86400.0
_FORM = re.compile(r"qw_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")


def mint(
    name: str, scopes: Sequence[str], at: float, *, days: int | None = None
) -> tuple[str, KeyRow]:
    """A new key and the row that is kept of it.

    Args:
        name: Who will use it: 1 to 64 letters, digits, spaces, dots, dashes.
        scopes: One or more of `SCOPES`.
        at: Now.
        days: After so many days it opens nothing any more; None: it does not expire.

    Raises:
        PayloadError: A bad name or an unknown scope.
    """
    if not _NAME.fullmatch(name):
        raise PayloadError(
            "a name that is not allowed", expected="1 to 64 letters, digits, spaces, . _ -"
        )
    wrong = sorted(set(scopes) - set(SCOPES))
    if wrong or not scopes:
        raise PayloadError(", ".join(wrong) or "no scope", expected=f"of {', '.join(SCOPES)}")
    prefix = secrets.token_hex(6)
    key = f"{MARK}{prefix}_{secrets.token_urlsafe(32)}"
    expires_at = None if days is None else at + days * DAY_SECONDS
    ordered = tuple(scope for scope in SCOPES if scope in scopes)
    return key, KeyRow(prefix, digest_of(key), name, ordered, at, expires_at)


def add(keys: Keys, name: str, scopes: Sequence[str], at: float, days: int | None) -> str:
    """Make and keep a key; the key itself, which cannot be shown again.

    Raises:
        PayloadError: As `mint`, or two keys of this name are active already.
        StoreError: The database is out of reach.
    """
    key, row = mint(name, scopes, at, days=days)
    if len(_active(keys, name, at)) >= MAX_ACTIVE:
        raise PayloadError(
            f"{MAX_ACTIVE} keys of this name are active", expected="that one is revoked first"
        )
    keys.add(row)
    return key


def rotate(
    keys: Keys, prefix: str, at: float, *, overlap_days: float, days: int | None
) -> tuple[str, KeyRow]:
    """Make a key that takes the place of another, which expires after the overlap.

    Returns:
        The new key, and the old one's row with its end.

    Raises:
        PayloadError: No active key of that prefix, or its name has two active ones already.
        StoreError: The database is out of reach.
    """
    old = next((row for row in keys.all() if row.prefix == prefix and row.is_active(at)), None)
    if old is None:
        raise PayloadError("no active key of this prefix", expected="one of `quotewell keys list`")
    key = add(keys, old.name, old.scopes, at, days)
    end = at + overlap_days * DAY_SECONDS
    end = end if old.expires_at is None else min(end, old.expires_at)
    keys.end(prefix, expires_at=end, revoked_at=None)
    return key, next(row for row in keys.all() if row.prefix == prefix)


def revoke(keys: Keys, prefix: str, at: float) -> bool:
    """Let a key open nothing any more; False if there is none of that prefix."""
    row = next((row for row in keys.all() if row.prefix == prefix), None)
    if row is None:
        return False
    return keys.end(prefix, expires_at=row.expires_at, revoked_at=row.revoked_at or at)


def digest_of(key: str) -> str:
    """SHA-256 in hexadecimal. A slow hash is for passwords: a key holds 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()


def prefix_of(key: str) -> str | None:
    """The prefix of a text that has a key's form, else None."""
    found = _FORM.fullmatch(key)
    return found[1] if found else None


class KeyRing:
    """The keys of a store in memory, read again every few seconds.

    A key that was made is found at once; one that was revoked opens nothing after
    `fresh_seconds`, in every process. While the store is out of reach, the keys known last
    go on working. `find` and `knows` are quick; `load` and `note_use` wait for the store.
    """

    fresh_seconds = 5.0
    again_seconds = 0.2

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._rows: dict[str, KeyRow] = {}
        self._loaded_at = float("-inf")
        self._noted: dict[str, str] = {}
        self._lock = threading.Lock()

    def is_fresh(self, at: float) -> bool:
        """Whether the keys were read a moment ago."""
        return 0 <= at - self._loaded_at < self.fresh_seconds

    def may_ask_again(self, at: float) -> bool:
        """Whether a key that is not known may be looked for in the store once more."""
        return not 0 <= at - self._loaded_at < self.again_seconds

    def knows(self, key: str) -> bool:
        """Whether a key of this prefix has been read."""
        return prefix_of(key) in self._rows

    def load(self, at: float) -> None:
        """Read all keys.

        Raises:
            StoreError: The store is out of reach; what was known stays.
        """
        with self._lock:
            self._rows = {row.prefix: row for row in self._keys.all()}
            self._loaded_at = at

    def find(self, key: str, at: float) -> KeyRow | None:
        """The active key that this is, compared in constant time; None for any other text."""
        row = self._rows.get(prefix_of(key) or "")
        if row is None or not hmac.compare_digest(row.digest, digest_of(key)):
            return None
        return row if row.is_active(at) else None

    def wants_note(self, row: KeyRow, at: float) -> bool:
        """Whether this is the key's first use of a day, as far as this process knows; once."""
        day = _day(at)
        if day in (row.last_used_on, self._noted.get(row.prefix)):
            return False
        self._noted[row.prefix] = day
        return True

    def note_use(self, row: KeyRow, at: float) -> None:
        """Keep the day of use; no time of day, which would tell when somebody asked.

        Raises:
            StoreError: The store is out of reach.
        """
        self._keys.touch(row.prefix, _day(at))


def _active(keys: Keys, name: str, at: float) -> list[KeyRow]:
    return [row for row in keys.all() if row.name == name and row.is_active(at)]


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
