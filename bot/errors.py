"""The errors that an operator can mend; what a visitor may see is never an error but a reply.

BotError
├── GuideError     mend a guide's folder: its text or one of its TOML files
├── SettingsError  mend a setting, clinic.toml, a gate's rules or the wording
├── StoreError     mend the database: place, rights, space, version
└── PayloadError   the sender's request is not what the interface expects
"""

from __future__ import annotations


class BotError(Exception):
    """Root of all errors that Quotewell raises on purpose.

    Args:
        found: What was there.
        expected: What should have been there.
        where: File, setting or field, with the line where one is known.
    """

    def __init__(self, found: str, *, expected: str = "", where: str = "") -> None:
        self.found = found
        self.expected = expected
        self.where = where
        parts = [f"{where}: {found}" if where else found]
        if expected:
            parts.append(f"expected {expected}")
        super().__init__("; ".join(parts))


class GuideError(BotError):
    """A guide's text or data file is missing, unreadable or contradicts itself."""


class SettingsError(BotError):
    """A setting, the clinic's facts, a rule file or a wording file is wrong."""


class StoreError(BotError):
    """The database is unreachable, read-only, full or of another version."""


class PayloadError(BotError):
    """A request does not have the form that the interface expects."""
