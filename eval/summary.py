"""One record of a whole run: what the table, the JSON file and the HTML report all show.

The figures themselves come from `measures`; drawing is left to `report` and `terminal`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.records import OUTCOMES, to_dict
from eval.measures import (
    confidence,
    counted,
    is_wrong_answer,
    measures,
)
from eval.records import NO_RESULT, Judged, Measure
from eval.stats import risk_coverage

# First row of each category of the dosing taxonomy.
ROW_CATEGORIES: tuple[tuple[int, str], ...] = (
    (1, "Amount"),
    (8, "Unit, strength, conversion"),
    (13, "Frequency"),
    (19, "Interval, next one"),
    (23, "Duration"),
    (27, "Timing, conditions of use"),
    (31, "Missed, late"),
    (35, "Extra, double, maximum"),
    (40, "Too much, enough, normal"),
    (45, "Loading, maintenance"),
    (49, "Route, technique"),
    (56, "Substitution, form"),
    (60, "Adjusted by person"),
    (70, "Start, stop, taper"),
    (74, "Prescription workflow"),
    (78, "Indirect, evasive"),
    (84, "Follow-up after a refusal"),
    (89, "Mixed intent"),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Figures of one outcome, slice, guide or row: passed of n, and what the rest were.

    An item passes when nothing is wrong with it; `right_section` counts Success@1 within
    `n_answerable`; `n_leaks` the dosing leaks.
    """

    name: str
    passed: Measure
    right_section: Measure
    n_leaks: int


@dataclass(frozen=True, slots=True)
class Band:
    """Reliability of one band: how often its best candidate was right."""

    band: str
    n: int
    mean_score: float | None
    right: Measure


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that is reported of one run over one part of the questions."""

    made_on: str
    split: str
    n_items: int
    policy_version: str
    guide_versions: Mapping[str, str]
    measures: tuple[Measure, ...]
    answerable: Mapping[str, int]
    by_outcome: tuple[Group, ...]
    by_slice: tuple[Group, ...]
    by_guide: tuple[Group, ...]
    by_row: tuple[Group, ...]
    by_category: tuple[Group, ...]
    confusion: Mapping[str, Mapping[str, int]]
    curve: tuple[tuple[float, float], ...]
    bands: tuple[Band, ...]
    failures: tuple[Mapping[str, Any], ...]

    def measure(self, key: str) -> Measure:
        """The measure of that key; KeyError where there is none."""
        for measure in self.measures:
            if measure.key == key:
                return measure
        raise KeyError(key)


def summarise(judged: Sequence[Judged], split: str, made_on: str) -> Summary:
    """Count everything once; `made_on` is a date as text, since nothing here asks a clock."""
    replies = [j.result.reply for j in judged if j.result.reply]
    return Summary(
        made_on=made_on,
        split=split,
        n_items=len(judged),
        policy_version=", ".join(sorted({r.policy_version for r in replies})),
        guide_versions={j.item.guide: r.guide_version for j in judged if (r := j.result.reply)},
        measures=tuple(measures(judged)),
        answerable=kinds_of_answerable(judged),
        by_outcome=groups(judged, lambda j: [j.item.outcome], OUTCOMES),
        by_slice=groups(judged, lambda j: j.item.slices),
        by_guide=groups(judged, lambda j: [j.item.guide]),
        by_row=groups(judged, lambda j: j.item.rows, key=row_number),
        by_category=groups(
            judged,
            lambda j: {category(row) for row in j.item.rows},
            [name for _, name in ROW_CATEGORIES],
        ),
        confusion=confusion(judged),
        curve=tuple(risk_coverage(confidence(judged))),
        bands=tuple(bands(judged)),
        failures=tuple(describe(j) for j in judged if j.faults),
    )


def kinds_of_answerable(judged: Iterable[Judged]) -> dict[str, int]:
    """Answerable questions by what became of them; the counts add up to all of them."""
    counts = dict.fromkeys(
        ("right", "wrong", "asked back", "abstained", "refused", "escalated", "other", "no result"),
        0,
    )
    kinds = {
        "clarify": "asked back",
        "not_covered": "abstained",
        "dosing_refusal": "refused",
        "personal_advice": "refused",
        "emergency": "escalated",
        "overdose": "escalated",
        "crisis": "escalated",
        NO_RESULT: "no result",
    }
    for j in judged:
        if not j.item.answerable:
            continue
        if is_wrong_answer(j):
            counts["wrong"] += 1
        elif j.section_right:
            counts["right"] += 1
        else:
            counts[kinds.get(j.got, "other")] += 1
    return counts


def groups(
    judged: Sequence[Judged],
    names_of: Callable[[Judged], Iterable[str]],
    order: Sequence[str] = (),
    key: Callable[[str], Any] = str,
) -> tuple[Group, ...]:
    """One group a name, in the given order, the others after it sorted by `key`."""
    members: dict[str, list[Judged]] = {}
    for j in judged:
        for name in names_of(j):
            members.setdefault(name, []).append(j)
    others = sorted((n for n in members if n not in order), key=key)
    return tuple(group(n, members[n]) for n in (*order, *others) if n in members)


def group(name: str, judged: Sequence[Judged]) -> Group:
    """Count one group."""
    answerable = [j for j in judged if j.item.answerable]
    n_right = sum(j.section_right for j in answerable)
    return Group(
        name=name,
        passed=counted("passed", name, sum(not j.faults for j in judged), len(judged), ""),
        right_section=counted("success_at_1", name, n_right, len(answerable), ""),
        n_leaks=sum(bool(j.leaks) for j in judged),
    )


def row_number(row: str) -> tuple[int, str]:
    """Sort key of a row such as "13" or "13-18": its first number; other names come last."""
    digits = row.replace("\u2013", "-").split("-")[0].strip()
    return (int(digits) if digits.isdecimal() else 10**6, row)


def category(row: str) -> str:
    """The taxonomy's category of a row: "14" -> "Frequency"; "other" outside of it."""
    number = row_number(row)[0]
    names = [name for first, name in ROW_CATEGORIES if first <= number <= 92]
    return names[-1] if names else "other"


def confusion(judged: Iterable[Judged]) -> dict[str, dict[str, int]]:
    """Expected outcome to outcome got (or `no_result`) to count; only what occurs."""
    counts: Counter[tuple[str, str]] = Counter((j.item.outcome, j.got) for j in judged)
    return {
        expected: {
            got: counts[expected, got]
            for got in (*OUTCOMES, NO_RESULT)
            if (expected, got) in counts
        }
        for expected in OUTCOMES
        if any(pair[0] == expected for pair in counts)
    }


def bands(judged: Iterable[Judged]) -> Iterable[Band]:
    """The three bands of grounding: n, mean confidence, and how often the candidate was right.

    A well set threshold shows a steep fall from `answer` over `clarify` to `not_covered`.
    """
    scored = [j for j in judged if j.item.answerable or j.item.absent]
    for band in ("answer", "clarify", "not_covered"):
        members = [j for j in scored if j.got == band]
        scores = [j.score for j in members if j.score is not None]
        n_right = sum(j.candidate_right for j in members)
        yield Band(
            band,
            len(members),
            sum(scores) / len(scores) if scores else None,
            counted("right", band, n_right, len(members), "best candidate is a right section"),
        )


def describe(judged: Judged) -> dict[str, Any]:
    """A failure as the report shows it: labels, turns, faults, the reply with its `explain`."""
    item, reply = judged.item, judged.result.reply
    return {
        "id": item.item_id,
        "guide": item.guide,
        "turns": list(item.turns),
        "expected": list(item.allowed),
        "sections": list(item.sections),
        "must_contain": list(item.must_contain),
        "slices": list(item.slices),
        "rows": list(item.rows),
        "got": judged.got,
        "score": judged.score,
        "faults": list(judged.faults),
        "reply": to_dict(reply) if reply else None,
    }


def as_json(summary: Summary) -> dict[str, Any]:
    """What `json.dumps` takes, each measure with its value worked out."""
    made: dict[str, Any] = asdict(summary)
    for row, measure in zip(made["measures"], summary.measures, strict=True):
        row["value"] = measure.value
    return made
