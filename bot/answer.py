"""The policy: one readable function that decides what a visitor gets.

(Being written: the signatures below are the contract for the doors.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.records import Reply, Turn, Visit
from bot.settings import Settings


@dataclass(frozen=True)
class Policy:
    """Everything that decides a reply beside the guide: gates, wording, clinic, thresholds."""

    version: str = "0"
    clinic: Any = None
    wording: Any = None


@dataclass(frozen=True)
class Bot:
    """The loaded guides and the policy; immutable, swapped as a whole on reload.

    `guides` maps guide id to an `IndexedGuide` (its `.guide` is the `Guide`).
    """

    policy: Policy
    guides: Mapping[str, Any]
    default_guide: str

    def guide(self, guide_id: str | None = None) -> Any:
        """The indexed guide of that id, or the default one; KeyError where there is none."""
        return self.guides[guide_id or self.default_guide]

    def ask(self, turn: Turn, visit: Visit, guide_id: str | None = None) -> tuple[Reply, Visit]:
        """What every door calls: `reply`, and a safe reply of reason `fault` if it fails."""
        return reply(turn, self.guide(guide_id), visit, self.policy)


def open_bot(settings: Settings) -> Bot:
    """Load guides, rules, wording and clinic facts once; GuideError or SettingsError if wrong."""
    raise NotImplementedError


def reply(turn: Turn, guide: Any, visit: Visit, policy: Policy) -> tuple[Reply, Visit]:
    """Decide one turn: pure, no clock, no I/O."""
    raise NotImplementedError
