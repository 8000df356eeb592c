"""Records of the outbox: what was decided about a message, and a letter that is still to be sent.

Sealing and sending letters is left to `outbox`; here they are bytes that nobody can read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.records import Reply, Visit

SEEN_SECONDS = 8 * 24 * 3600.0
"""How long a delivery is known as answered; senders repeat theirs for up to seven days."""
KEPT_SECONDS = 48 * 3600.0
"""How long a sealed answer is kept for being said again, and a letter for being sent."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to commit about one message, all of it or nothing.

    `letters` are sealed payloads in the order of sending; `held` ones wait until they are
    asked for. `kept` is a sealed answer to give again if the same message is delivered again.
    `frees_held` lets go of what earlier replies held back; otherwise that is forgotten.
    """

    channel: str
    reply: Reply | None = None
    visit: Visit | None = None
    guide_id: str = ""
    ms: float = 0.0
    letters: tuple[bytes, ...] = ()
    held: tuple[bytes, ...] = ()
    urgent: bool = False
    expires_at: float = 0.0
    kept: bytes | None = None
    frees_held: bool = False


Decide = Callable[[Visit | None, bool], Decision]
"""Gets the visit as it stands, and whether parts of an earlier reply are held back."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What `answer_once` did: the decision, or None for a repeated message with `kept` of it."""

    decision: Decision | None
    kept: bytes | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A sealed payload on its way to a visitor; times are seconds since the epoch."""

    letter_id: int
    channel: str
    visit_id: str
    urgent: bool
    sealed: bytes
    n_tries: int
    expires_at: float
