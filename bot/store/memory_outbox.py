"""The outbox of a store without a database: the same order and bounds, gone with the process."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from itertools import count

from bot.store.letters import KEPT_SECONDS, SEEN_SECONDS, Decision, Letter

_MAX_SEEN = 100_000


@dataclass(slots=True)
class _Waiting:
    letter: Letter
    held: bool
    due_at: float
    claimed_until: float = 0.0

    @property
    def rank(self) -> tuple[bool, int]:
        return (not self.letter.urgent, self.letter.letter_id)


class MemoryOutbox:
    """Known deliveries and waiting letters; the caller holds a lock around every call."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, bytes | None]] = OrderedDict()
        self._waiting: dict[int, _Waiting] = {}
        self._ids = count(1)

    def known(self, seen_id: str) -> tuple[float, bytes | None] | None:
        """When a delivery was answered and what was kept of it."""
        return self._seen.get(seen_id)

    def has_held(self, visit_id: str) -> bool:
        """Whether parts of an earlier reply wait to be asked for."""
        return any(w.held and w.letter.visit_id == visit_id for w in self._waiting.values())

    def write(self, seen_id: str, visit_id: str, at: float, decision: Decision) -> None:
        """Keep all that follows from a decision beside reply and visit."""
        self._seen[seen_id] = (at, decision.kept)
        while len(self._seen) > _MAX_SEEN:
            self._seen.popitem(last=False)
        for waiting in [w for w in self._waiting.values() if w.letter.visit_id == visit_id]:
            if waiting.held and decision.frees_held:
                waiting.held, waiting.due_at = False, at
            elif waiting.held:
                del self._waiting[waiting.letter.letter_id]
        for held, payloads in ((False, decision.letters), (True, decision.held)):
            for sealed in payloads:
                self._add(decision, visit_id, at, sealed, held=held)

    def claim(self, at: float, lease_seconds: float, n_letters: int) -> list[Letter]:
        """See `Store.claim_letters`."""
        heads: dict[str, _Waiting] = {}
        for waiting in sorted(self._waiting.values(), key=lambda w: w.rank):
            if not waiting.held:
                heads.setdefault(waiting.letter.visit_id, waiting)
        free = [w for w in heads.values() if w.due_at <= at and w.claimed_until <= at]
        taken = sorted(free, key=lambda w: w.rank)[:n_letters]
        letters = [waiting.letter for waiting in taken]
        for waiting in taken:
            waiting.claimed_until = at + lease_seconds
            waiting.letter = replace(waiting.letter, n_tries=waiting.letter.n_tries + 1)
        return letters

    def remove(self, letter_id: int) -> None:
        """Forget a letter."""
        self._waiting.pop(letter_id, None)

    def put_off(self, letter_id: int, due_at: float) -> None:
        """Give a letter back to be sent later."""
        if letter_id in self._waiting:
            self._waiting[letter_id].due_at = due_at
            self._waiting[letter_id].claimed_until = 0.0

    def n_waiting(self) -> int:
        """Letters that are not yet sent, held ones included."""
        return len(self._waiting)

    def erase(self, visit_id: str) -> int:
        """Forget all letters of a visit; how many."""
        theirs = [i for i, w in self._waiting.items() if w.letter.visit_id == visit_id]
        for letter_id in theirs:
            del self._waiting[letter_id]
        return len(theirs)

    def erase_old(self, at: float) -> int:
        """Forget deliveries, answers and letters whose time is over; how many."""
        old = [i for i, (then, _) in self._seen.items() if then < at - SEEN_SECONDS]
        for seen_id in old:
            del self._seen[seen_id]
        for seen_id, (then, kept) in self._seen.items():
            if kept is not None and then < at - KEPT_SECONDS:
                self._seen[seen_id] = (then, None)
        late = [i for i, w in self._waiting.items() if w.letter.expires_at < at - 60.0]
        for letter_id in late:
            del self._waiting[letter_id]
        return len(old) + len(late)

    def clear(self) -> None:
        """Forget everything."""
        self._seen.clear()
        self._waiting.clear()

    def _add(
        self, decision: Decision, visit_id: str, at: float, sealed: bytes, *, held: bool
    ) -> None:
        expires_at = min(decision.expires_at or at + KEPT_SECONDS, at + KEPT_SECONDS)
        letter_id = next(self._ids)
        letter = Letter(
            letter_id, decision.channel, visit_id, decision.urgent, sealed, 0, expires_at
        )
        self._waiting[letter_id] = _Waiting(letter, held, at)
