"""Makes events of replies and votes: ids and outcomes, never what was typed or quoted."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.errors import SettingsError
from bot.records import URGENT_OUTCOMES, Reply
from bot.store.doors import URGENT_KIND, Delivery

KINDS = ("reply.given", "feedback.given", "handover.asked", URGENT_KIND)
"""`handover.asked`: somebody wants a person; `urgent.raised`: a card with an urgent number."""


class Events:
    """Makes the deliveries of what happened.

    Args:
        kinds: The events that are wanted.
        targets: The codes of the addresses that get them; none: nothing is made.

    Raises:
        SettingsError: A kind that there is not.
    """

    def __init__(self, kinds: Sequence[str], targets: Sequence[str]) -> None:
        wrong = sorted(set(kinds) - set(KINDS))
        if wrong:
            raise SettingsError(
                ", ".join(wrong),
                expected=f"of {', '.join(KINDS)}",
                where="QUOTEWELL_WEBHOOK_EVENTS",
            )
        self._kinds = frozenset(kinds)
        self._targets = tuple(targets)

    def of_reply(self, reply: Reply, guide_id: str, channel: str, at: float) -> list[Delivery]:
        """What a reply sets off: that it was given, and what it was if that matters."""
        kinds = ["reply.given"]
        if reply.outcome in URGENT_OUTCOMES:
            kinds.insert(0, URGENT_KIND)
        if reply.reason == "contact":
            kinds.append("handover.asked")
        data = {
            "reply_id": reply.reply_id,
            "visit_id": reply.visit_id,
            "channel": channel,
            "guide": guide_id,
            "outcome": reply.outcome,
            "reason": reply.reason,
            "lang": reply.lang,
            "passage_ids": [excerpt.passage_id for excerpt in reply.excerpts],
            "guide_version": reply.guide_version,
            "policy_version": reply.policy_version,
        }
        return [d for kind in kinds for d in self._deliveries(kind, data, reply.visit_id, at)]

    def of_feedback(self, reply_id: str, helpful: bool, at: float) -> list[Delivery]:
        """What a vote sets off."""
        data = {"reply_id": reply_id, "helpful": helpful}
        return list(self._deliveries("feedback.given", data, "", at))

    def _deliveries(
        self, kind: str, data: dict[str, Any], visit_id: str, at: float
    ) -> Iterable[Delivery]:
        if kind not in self._kinds or not self._targets:
            return
        event_id = "msg_" + secrets.token_hex(12)
        time = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        event = {"type": kind, "timestamp": time.replace("+00:00", "Z"), "data": data}
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        for target in self._targets:
            delivery_id = f"{event_id}.{target}"
            yield Delivery(delivery_id, event_id, kind, target, visit_id, body, at, at)
