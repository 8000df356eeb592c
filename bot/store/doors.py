"""What the doors keep beside visits: API keys, calls that may be repeated, events to deliver.

None of it holds what a visitor typed. Where the rows are kept is left to `doors_memory` and
`doors_sql`; all calls may be made from any thread, and wait for the database where there is one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

CALL_SECONDS = 24 * 3600.0
"""How long the reply to a call with an Idempotency-Key is kept for its repetition."""
CALL_LEASE_SECONDS = 10.0
"""After this a call that never ended (its process died) may be made again."""
EVENT_SECONDS = 72 * 3600.0
"""An event that nobody took is erased after three days, dead letters too."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A server API key; of the key itself only its SHA-256 is kept.

    `last_used_on` is a date (`2026-11-22`) without a time of day, empty for never. Times are
    seconds since the epoch; None stands for never.
    """

    prefix: str
    digest: str
    name: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used_on: str = ""

    def is_active(self, at: float) -> bool:
        """Whether the key opens anything at that time."""
        is_over = self.expires_at is not None and at >= self.expires_at
        return self.revoked_at is None and not is_over


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was begun before: the code of its body, and its reply once there is one."""

    body_code: str
    reply: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one address, named by a hash; `body` is the JSON that is sent."""

    delivery_id: str
    event_id: str
    kind: str
    target: str
    visit_id: str
    body: str
    at: float
    next_at: float
    n_tries: int = 0
    is_dead: bool = False
    why: str = ""


class Keys(ABC):
    """Server API keys."""

    @abstractmethod
    def add(self, row: KeyRow) -> None:
        """Keep a new key."""

    @abstractmethod
    def all(self) -> list[KeyRow]:
        """Every key, revoked and expired ones too, in order of making."""

    @abstractmethod
    def end(self, prefix: str, *, expires_at: float | None, revoked_at: float | None) -> bool:
        """Let a key expire then, or revoke it; False if there is none of that prefix."""

    @abstractmethod
    def touch(self, prefix: str, day: str) -> None:
        """Note the last day on which a key was used."""


class Calls(ABC):
    """Calls with an Idempotency-Key; `call_id` is a hash, and so is `body_code`."""

    @abstractmethod
    def begin(self, call_id: str, body_code: str, at: float) -> Call | None:
        """Take a call, or get the earlier one of that id.

        Returns:
            None if it is now the caller's to answer, then to `finish` or `abandon`.
        """

    @abstractmethod
    def finish(self, call_id: str, visit_id: str, reply: dict[str, Any]) -> Future[None]:
        """Keep the reply for whoever repeats the call."""

    @abstractmethod
    def abandon(self, call_id: str) -> Future[None]:
        """Give the call back: it got no reply that is worth repeating."""

    @abstractmethod
    def erase_visit(self, visit_id: str) -> int:
        """Erase the replies that a visit got; how many."""

    @abstractmethod
    def purge(self, at: float) -> int:
        """Erase the calls that are too old at that time; how many."""


class Events(ABC):
    """Events that wait to be delivered, and those that nobody took."""

    @abstractmethod
    def add(self, deliveries: Sequence[Delivery]) -> Future[None]:
        """Keep new deliveries; the future is done once they are safe."""

    @abstractmethod
    def claim(self, at: float, most: int, lease_seconds: float) -> list[Delivery]:
        """Take deliveries that are due, urgent ones first; nobody else gets them for the lease."""

    @abstractmethod
    def done(self, delivery_id: str) -> None:
        """Erase what was delivered."""

    @abstractmethod
    def failed(self, delivery_id: str, next_at: float | None, why: str) -> None:
        """Try again then; never if None, which makes it a dead letter."""

    @abstractmethod
    def dead(self) -> list[Delivery]:
        """The dead letters, oldest first."""

    @abstractmethod
    def revive(self, delivery_id: str | None, at: float) -> int:
        """Let one dead letter, or all of them, be tried again; how many."""

    @abstractmethod
    def erase_visit(self, visit_id: str) -> int:
        """Erase what tells of a visit; how many."""

    @abstractmethod
    def purge(self, at: float) -> int:
        """Erase what is too old at that time; how many."""


URGENT_KIND = "urgent.raised"


def by_urgency(delivery: Delivery) -> tuple[bool, float]:
    """Sorts urgent events first, then the oldest."""
    return (delivery.kind != URGENT_KIND, delivery.at)
