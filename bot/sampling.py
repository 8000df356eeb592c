"""Decides which questions a clinic that wants to keep some keeps, and redacts them first.

Off unless a setting switches it on. Where samples are kept is left to `store`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from bot.records import URGENT_OUTCOMES, Reply
from bot.redact import redact
from bot.settings import Settings
from bot.store import Store
from bot.store.samples import Sample, Samples

_log = logging.getLogger("bot.sampling")

MAX_CHARS = 1000
"""Longer messages are stories, which name people in ways that no pattern knows."""
NEVER_FROM = frozenset(("kiosk",))
"""Nothing that is said on a shared screen is kept."""
_NEVER_REASONS = frozenset(("privacy", "fault", "paused", "empty", "too_long"))
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Sampler:
    """Keeps a share of the questions, redacted, for `retention_seconds`.

    The share is drawn from the reply's id, which is chance already; so nothing is drawn twice.
    """

    samples: Samples
    percent: int
    retention_seconds: float
    clean: Callable[[str], str] = redact

    def take(
        self, text: str | None, reply: Reply, *, guide_id: str, channel: str, at: float
    ) -> Future[None] | None:
        """Keep a question if it is one to keep; never raises and never waits.

        Args:
            text: What was typed; None where a button was tapped.
            reply: What it got. Urgent ones, faults and questions about one's data are never kept.
            guide_id: The guide that was asked.
            channel: The door's name.
            at: Now.

        Returns:
            A future of the write, None where nothing is kept.
        """
        if text is None or not self._wants(text, reply, channel):
            return None
        try:
            kept = self.samples.add(self._sample(text, reply, guide_id, channel, at))
        except Exception as error:  # noqa: BLE001 - a sample is worth no reply
            _lost(error)
            return None
        kept.add_done_callback(lambda done: _lost(done.exception()))
        return kept

    def _wants(self, text: str, reply: Reply, channel: str) -> bool:
        return (
            _drawn(reply.reply_id) < self.percent
            and reply.outcome not in URGENT_OUTCOMES
            and reply.reason not in _NEVER_REASONS
            and not (reply.card and reply.card.level in ("emergency", "urgent"))
            and channel not in NEVER_FROM
            and 0 < len(text) <= MAX_CHARS
        )

    def _sample(self, text: str, reply: Reply, guide_id: str, channel: str, at: float) -> Sample:
        return Sample(
            sample_id=reply.reply_id,
            visit_id=reply.visit_id,
            guide=guide_id,
            channel=channel,
            lang=reply.lang,
            outcome=reply.outcome,
            reason=reply.reason,
            passage_ids=tuple(excerpt.passage_id for excerpt in reply.excerpts),
            text=self.clean(text),
            guide_version=reply.guide_version,
            policy_version=reply.policy_version,
            at=at,
            expires_at=at + self.retention_seconds,
        )


def open_sampler(settings: Settings, store: Store) -> Sampler | None:
    """The sampler that the settings ask for; None where sampling is off."""
    if settings.sample_percent == 0:
        return None
    retention_seconds = settings.sample_retention_days * _DAY_SECONDS
    return Sampler(store.samples, settings.sample_percent, retention_seconds)


def _lost(error: BaseException | None) -> None:
    """Tell of a sample that could not be kept, by the fault's kind alone."""
    if error is not None:
        _log.warning("sample not kept: %s", type(error).__name__)


def _drawn(reply_id: str) -> int:
    """A number from 0 to 99 that a reply's id stands for."""
    return int.from_bytes(hashlib.sha256(reply_id.encode()).digest()[:4], "big") % 100
