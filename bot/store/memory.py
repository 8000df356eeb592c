"""A store that lasts as long as the process, for clinics that want nothing on disk.

It keeps the same facts as the database does, bounded; the oldest visits leave first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from bot.errors import StoreError
from bot.records import Reply, Visit, to_dict
from bot.store.base import Store, StoreLimits, with_samples
from bot.store.doors_memory import MemoryCalls, MemoryEvents, MemoryKeys
from bot.store.letters import Decide, Letter, Settled
from bot.store.memory_outbox import MemoryOutbox
from bot.store.samples import MemorySamples


@dataclass(slots=True)
class _Kept:
    visit: Visit
    replies: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)

    def n_rows(self) -> int:
        votes = sum(reply["feedback"] is not None for reply in self.replies.values())
        return 1 + len(self.replies) + votes


class MemoryStore(Store):
    """A `Store` without a database; it is never degraded, and forgets all when it is closed."""

    def __init__(self, retention_hours: int, limits: StoreLimits) -> None:
        super().__init__(retention_hours, limits)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._visit_of: dict[str, str] = {}
        self._outbox = MemoryOutbox()
        self._lock = threading.Lock()
        self._closed = False
        self.keys = MemoryKeys()
        self.calls = MemoryCalls()
        self.events = MemoryEvents()
        self.samples = MemorySamples()

    def load_visit(self, visit_id: str, at: float) -> Visit | None:
        with self._lock:
            kept = self._kept.get(visit_id)
            if kept is None or at - kept.visit.at > self.retention_seconds:
                return None
            self._kept.move_to_end(visit_id)
            return kept.visit

    def record(
        self, reply: Reply, visit: Visit, *, guide_id: str, channel: str, ms: float, at: float
    ) -> Future[bool]:
        done: Future[bool] = Future()
        with self._lock:
            kept = not self._closed
            if kept:
                row = reply_row(reply, visit, guide_id=guide_id, channel=channel, ms=ms, at=at)
                self._keep(visit, row)
        if kept:
            self.health.works(1)
        else:
            self.health.dropped(1)
        done.set_result(kept)
        return done

    def answer_once(self, seen_id: str, visit_id: str, at: float, decide: Decide) -> Settled:
        with self._lock:
            if self._closed:
                raise StoreError("closed", where="memory")
            if (known := self._outbox.known(seen_id)) is not None:
                return Settled(None, known[1])
            kept = self._kept.get(visit_id)
            is_fresh = kept is not None and at - kept.visit.at <= self.retention_seconds
            visit = kept.visit if kept is not None and is_fresh else None
            made = decide(visit, self._outbox.has_held(visit_id))
            if made.reply is not None and made.visit is not None:
                row = reply_row(
                    made.reply,
                    made.visit,
                    guide_id=made.guide_id,
                    channel=made.channel,
                    ms=made.ms,
                    at=at,
                )
                self._keep(made.visit, row)
            self._outbox.write(seen_id, visit_id, at, made)
        self.health.works(1 if made.reply else 0)
        return Settled(made, made.kept)

    def claim_letters(self, at: float, lease_seconds: float, n_letters: int) -> list[Letter]:
        with self._lock:
            return self._outbox.claim(at, lease_seconds, n_letters)

    def remove_letter(self, letter_id: int) -> None:
        with self._lock:
            self._outbox.remove(letter_id)

    def put_off_letter(self, letter_id: int, due_at: float) -> None:
        with self._lock:
            self._outbox.put_off(letter_id, due_at)

    def n_letters(self) -> int:
        with self._lock:
            return self._outbox.n_waiting()

    def save_feedback(self, reply_id: str, helpful: bool, at: float) -> bool:
        with self._lock:
            visit_id = self._visit_of.get(reply_id)
            if visit_id is None:
                return False
            vote = {"helpful": helpful, "at": at}
            self._kept[visit_id].replies[reply_id]["feedback"] = vote
            return True

    def export_visit(self, visit_id: str) -> dict[str, Any] | None:
        with self._lock:
            kept = self._kept.get(visit_id)
            stored = None
            if kept is not None:
                replies = [dict(reply) for reply in kept.replies.values()]
                stored = {"visit": to_dict(kept.visit), "replies": replies}
        return with_samples(stored, self.samples.of_visit(visit_id))

    def delete_visit(self, visit_id: str) -> bool:
        n_more = self.calls.erase_visit(visit_id) + self.events.erase_visit(visit_id)
        n_more += self.samples.erase_visit(visit_id)
        with self._lock:
            return self._forget(visit_id) + self._outbox.erase(visit_id) + n_more > 0

    def purge(self, at: float) -> int:
        before = at - self.retention_seconds
        self.calls.purge(at)
        self.events.purge(at)
        n_samples = self.samples.purge(at)
        with self._lock:
            expired = [i for i, kept in self._kept.items() if kept.visit.at < before]
            n_rows = sum(self._forget(visit_id) for visit_id in expired)
            return n_rows + n_samples + self._outbox.erase_old(at)

    def ping(self) -> None:
        return

    def close(self) -> None:
        self.samples.clear()
        with self._lock:
            self._closed = True
            self._kept.clear()
            self._visit_of.clear()
            self._outbox.clear()

    def _keep(self, visit: Visit, row: dict[str, Any]) -> None:
        kept = self._kept.setdefault(visit.visit_id, _Kept(visit))
        kept.visit = visit
        kept.replies[row["reply_id"]] = {**row, "feedback": None}
        self._visit_of[row["reply_id"]] = visit.visit_id
        self._kept.move_to_end(visit.visit_id)
        if len(kept.replies) > self.limits.max_replies_per_visit:
            del self._visit_of[kept.replies.popitem(last=False)[0]]
        if len(self._kept) > self.limits.max_cached_visits:
            self._forget(next(iter(self._kept)))

    def _forget(self, visit_id: str) -> int:
        kept = self._kept.pop(visit_id, None)
        if kept is None:
            return 0
        for reply_id in kept.replies:
            self._visit_of.pop(reply_id, None)
        return kept.n_rows()


def reply_row(
    reply: Reply, visit: Visit, *, guide_id: str, channel: str, ms: float, at: float
) -> dict[str, Any]:
    """What is kept of a reply, as a row of the table `replies`; no text of any kind."""
    return {
        "reply_id": reply.reply_id,
        "visit_id": visit.visit_id,
        "guide": guide_id,
        "outcome": reply.outcome,
        "reason": reply.reason,
        "passage_ids": [excerpt.passage_id for excerpt in reply.excerpts],
        "guide_version": reply.guide_version,
        "policy_version": reply.policy_version,
        "channel": channel,
        "ms": ms,
        "at": at,
    }
