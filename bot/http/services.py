"""What every route may use, opened once and passed in; making it is left to `server`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from bot.answer import Bot
from bot.guide import Guide
from bot.http.admission import Doorkeeper
from bot.http.metrics import Metrics
from bot.http.problems import Problem
from bot.outbox import PostOffice
from bot.sampling import Sampler
from bot.settings import Settings
from bot.store import Store
from bot.webhooks import Courier, Events


@dataclass(frozen=True, slots=True)
class Services:
    """The collaborators of the routes; `now` gives seconds since the epoch.

    `courier` delivers events; None where no address is set. `post_office` is there where a
    messaging channel is switched on, `sampler` where the clinic keeps questions.
    """

    bot: Bot
    store: Store
    settings: Settings
    metrics: Metrics
    doorkeeper: Doorkeeper
    events: Events
    courier: Courier | None
    now: Callable[[], float] = field(default=time.time)
    post_office: PostOffice | None = None
    sampler: Sampler | None = None

    def guide(self, guide_id: str | None) -> Guide:
        """The guide of that id, or the default one; Problem 404 where there is none."""
        return self._indexed(guide_id).guide  # type: ignore[no-any-return]

    def guide_id(self, guide_id: str | None) -> str:
        """The id itself, or the default guide's; Problem 404 where there is none."""
        self._indexed(guide_id)
        return guide_id or self.bot.default_guide

    def _indexed(self, guide_id: str | None) -> Any:
        try:
            return self.bot.guide(guide_id)
        except KeyError:
            raise Problem(404, "unknown_guide", "There is no guide of this id.") from None


def services_of(request: Request) -> Services:
    """The services of the app that serves this request."""
    found: Services = request.app.state.services
    return found
