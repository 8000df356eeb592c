"""Rules over features: data in `*.toml`, one file per gate, and the short code that reads them.

A rule fires on a run of words (a clause, or the whole message) when the first feature of
`all` stands there with every other one, and with one of `any`, within `within` words, and
none of `none` stands in the same run. `a|b` in `all` means either. Work is linear: a rule is
looked at only where the features it needs are present at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

from bot.errors import SettingsError
from bot.gates.features import Mark

Scope = Literal["clause", "message"]
_LISTS = ("all", "any", "none", "catches", "passes", "after")
_TEXTS = ("id", "scope", "wording", "source", "reviewed_by", "reviewed_on")
_SIGNATURE = ("signed_by", "signed_on")
_DEFAULT_WITHIN = 8
"""Words between two features that still belong together: a short clause of speech."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One readable, signable statement of what a gate catches.

    `after` names outcomes of the last turn; given, the rule holds only after one of them.
    `max_words` bounds the run of words in which the rule holds (elliptical messages).
    `signed_by` and `signed_on` say who answers for a clinic's rule that may loosen a gate, and
    since when.
    """

    rule_id: str
    gate: str
    all: tuple[frozenset[str], ...]
    any: frozenset[str]
    none: frozenset[str]
    within: int
    scope: Scope
    after: frozenset[str]
    max_words: int
    wording: str
    catches: tuple[str, ...]
    passes: tuple[str, ...]
    source: str = ""
    reviewed_by: str = ""
    reviewed_on: str = ""
    signed_by: str = ""
    signed_on: str = ""

    @property
    def signature(self) -> str:
        """Name and day of whoever signed the rule; empty: nobody did."""
        return " on ".join(part for part in (self.signed_by, self.signed_on) if part)


class Fired(NamedTuple):
    """A rule that fired, the words that made it fire, and the clause (-1: the message).

    `weak` marks evidence that decides only where the guide has no clear answer.
    """

    gate: str
    rule_id: str
    words: tuple[str, ...]
    clause: int
    wording: str
    weak: bool = False


def parse_rules(
    gate: str, data: Mapping[str, Any], known: frozenset[str], where: str
) -> tuple[Rule, ...]:
    """Read the `[[rule]]` tables of one file.

    Raises:
        SettingsError: Unknown key or feature, wrong type, missing id or `all`.
    """
    return tuple(_parse_rule(gate, table, known, where) for table in data.get("rule", ()))


def fires(
    rule: Rule, words: Sequence[str], marks: Mapping[str, Sequence[Mark]], last_outcome: str | None
) -> tuple[str, ...] | None:
    """The words on which a rule fires in one run of words, or None.

    Args:
        rule: The rule.
        words: The run of words.
        marks: Feature name to its marks in this run.
        last_outcome: Outcome of the turn before, or None.
    """
    if rule.after and last_outcome not in rule.after:
        return None
    if rule.max_words and len(words) > rule.max_words:
        return None
    if any(name in marks for name in rule.none):
        return None
    groups = [[m for name in names for m in marks.get(name, ())] for names in rule.all]
    if rule.any:
        groups.append([m for name in rule.any for m in marks.get(name, ())])
    if not all(groups):
        return None
    for anchor in groups[0]:
        chosen = [_near(anchor, group, rule.within) for group in groups[1:]]
        if all(chosen):
            spans = [anchor, *(m for m in chosen if m)]
            numbers = sorted({i for m in spans for i in range(m.first, m.end)})
            return tuple(words[i] for i in numbers)
    return None


def _near(anchor: Mark, group: Sequence[Mark], within: int) -> Mark | None:
    """The nearest mark that does not overlap the anchor and is at most `within` words away."""
    best: Mark | None = None
    best_gap = within + 1
    for mark in group:
        gap = mark.first - anchor.end if mark.first >= anchor.end else anchor.first - mark.end
        if 0 <= gap < best_gap:
            best, best_gap = mark, gap
    return best


def _parse_rule(gate: str, table: Mapping[str, Any], known: frozenset[str], where: str) -> Rule:
    rule_id = str(table.get("id", ""))
    at = f"{where}: rule {rule_id or '(without id)'}"
    if not rule_id or not table.get("all"):
        raise SettingsError("a rule without `id` or `all`", expected="both", where=at)
    for key, value in table.items():
        _check_key(key, value, at)
    groups = tuple(frozenset(item.split("|")) for item in table["all"])
    any_of, none_of = frozenset(table.get("any", ())), frozenset(table.get("none", ()))
    unknown = frozenset().union(*groups, any_of, none_of) - known
    if unknown:
        raise SettingsError(
            f"unknown feature {sorted(unknown)[0]!r}", expected="one of features.toml", where=at
        )
    return Rule(
        rule_id=rule_id,
        gate=gate,
        all=groups,
        any=any_of,
        none=none_of,
        within=int(table.get("within", _DEFAULT_WITHIN)),
        scope="message" if table.get("scope") == "message" else "clause",
        after=frozenset(table.get("after", ())),
        max_words=int(table.get("max_words", 0)),
        wording=str(table.get("wording", gate)),
        catches=tuple(table.get("catches", ())),
        passes=tuple(table.get("passes", ())),
        source=str(table.get("source", "")),
        reviewed_by=str(table.get("reviewed_by", "")),
        reviewed_on=str(table.get("reviewed_on", "")),
        signed_by=str(table.get("signed_by", "")).strip(),
        signed_on=str(table.get("signed_on", "")),
    )


def _check_key(key: str, value: Any, at: str) -> None:
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise SettingsError(f"{key} = {value!r}", expected="a list of texts", where=at)
    elif key in ("within", "max_words"):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise SettingsError(f"{key} = {value!r}", expected="a number of words", where=at)
    elif key in _SIGNATURE:
        _check_signature(key, value, at)
    elif key not in _TEXTS:
        known = ", ".join((*_LISTS, "within", "max_words", *_TEXTS, *_SIGNATURE))
        raise SettingsError(f"unknown key {key!r}", expected=f"one of {known}", where=at)


def _check_signature(key: str, value: Any, at: str) -> None:
    if key == "signed_by":
        if not isinstance(value, str) or not value.strip():
            raise SettingsError(f"signed_by = {value!r}", expected="a person's name", where=at)
        return
    try:
        date.fromisoformat(str(value))
    except ValueError as error:
        raise SettingsError(
            f"signed_on = {str(value)!r}", expected="a day such as 2026-11-22", where=at
        ) from error
