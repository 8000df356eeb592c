"""Compares a run with the last accepted one and stores a new one when a person says so.

A figure may move by the questions that its tolerance names (one; none for leaks, altered
quotes and missing replies). Beyond that a fall fails, also where it falls by vanishing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import BotError
from eval.records import Better
from eval.summary import Summary

# Slack for the rounding of stored figures.
EPSILON = 1e-6


class AcceptedError(BotError):
    """The file of accepted figures is missing or is not one."""


@dataclass(frozen=True, slots=True)
class Change:
    """One measure then and now; `fell` where it got worse beyond its tolerance."""

    key: str
    label: str
    better: Better
    then: float | None
    then_n: int
    now: float | None
    now_n: int
    fell: bool
    is_share: bool = True

    @property
    def rose(self) -> bool:
        """Whether it got better by more than rounding."""
        if self.then is None or self.now is None:
            return False
        better_by = self.now - self.then if self.better == "higher" else self.then - self.now
        return better_by > EPSILON


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes since the accepted run, and which items fail newly or no longer."""

    accepted_on: str
    accepted_policy: str
    changes: tuple[Change, ...]
    newly_failing: tuple[str, ...]
    newly_passing: tuple[str, ...]

    @property
    def fallen(self) -> tuple[Change, ...]:
        """The changes that fail the check."""
        return tuple(change for change in self.changes if change.fell)


def save_accepted(summary: Summary, path: Path) -> None:
    """Write the figures of a run as the accepted ones: readable, one measure a line."""
    kept = {
        "made_on": summary.made_on,
        "split": summary.split,
        "n_items": summary.n_items,
        "policy_version": summary.policy_version,
        "guide_versions": dict(summary.guide_versions),
        "measures": {
            m.key: {"total": round(m.total, 6), "n": m.n} for m in summary.measures if m.n
        },
        "failed_ids": sorted(f["id"] for f in summary.failures),
    }
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_accepted(path: Path) -> dict[str, Any]:
    """Read accepted figures; AcceptedError where there are none or they are not readable."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        figures = {key: (float(m["total"]), int(m["n"])) for key, m in kept["measures"].items()}
    except FileNotFoundError as error:
        raise AcceptedError(
            "no accepted figures", expected="a run of `python -m eval --accept`", where=str(path)
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AcceptedError(
            f"cannot be read ({error})", expected="what --accept writes", where=str(path)
        ) from error
    return {**kept, "figures": figures}


def compare(summary: Summary, accepted: Mapping[str, Any]) -> Comparison:
    """Lay a run beside the accepted figures.

    Raises:
        AcceptedError: They are of another split, which would compare unlike with unlike.
    """
    if accepted.get("split") != summary.split:
        raise AcceptedError(
            f"accepted figures are of split {accepted.get('split')!r}", expected=summary.split
        )
    figures: Mapping[str, tuple[float, int]] = accepted["figures"]
    changes = []
    for measure in summary.measures:
        total, n = figures.get(measure.key, (0.0, 0))
        then = total / n if n else None
        fell = then is not None and _fell(
            then, measure.value, measure.better, measure.tolerance_items / max(measure.n, 1)
        )
        changes.append(
            Change(
                measure.key,
                measure.label,
                measure.better,
                then,
                n,
                measure.value,
                measure.n,
                fell,
                measure.is_share,
            )
        )
    before = set(accepted.get("failed_ids", ()))
    after = {f["id"] for f in summary.failures}
    return Comparison(
        accepted_on=str(accepted.get("made_on", "")),
        accepted_policy=str(accepted.get("policy_version", "")),
        changes=(*changes, *_vanished(summary, figures)),
        newly_failing=tuple(sorted(after - before)),
        newly_passing=tuple(sorted(before - after)),
    )


def _fell(then: float, now: float | None, better: Better, tolerance: float) -> bool:
    if now is None:
        return True
    worse_by = then - now if better == "higher" else now - then
    return worse_by > tolerance + EPSILON


def _vanished(summary: Summary, figures: Mapping[str, tuple[float, int]]) -> list[Change]:
    known = {measure.key for measure in summary.measures}
    return [
        Change(key, key, "higher", total / n if n else None, n, None, 0, fell=True)
        for key, (total, n) in figures.items()
        if key not in known
    ]
