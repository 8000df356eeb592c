"""Makes replies: cards, buttons, the text that is complete on its own, the next visit.

What is decided stands in `decide`; every sentence comes from `wording`, every number from a
quotation or the clinic's facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.answer.policy import Policy, ReadyGuide
from bot.records import Card, Excerpt, Number, Outcome, Reply, Suggestion, Turn, Visit
from bot.visit import after

MAX_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """What was decided for a turn, before it becomes a reply.

    `lead` is said before the excerpts, `tail` after them; `notice` tells whether the medical
    notice belongs to it. `carried` and `more` are for the visit.
    """

    outcome: Outcome
    reason: str
    lead: str
    excerpts: tuple[Excerpt, ...] = ()
    tail: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    card: Card | None = None
    notice: bool = False
    carried: tuple[str, ...] = ()
    more: str | None = None
    lang: str = "en"
    explain: Mapping[str, Any] = field(default_factory=dict)


def finish(
    draft: Draft, turn: Turn, ready: ReadyGuide, visit: Visit, policy: Policy
) -> tuple[Reply, Visit]:
    """The reply and the visit after it."""
    passages = tuple(excerpt.passage_id for excerpt in draft.excerpts)
    following = after(
        visit,
        draft.outcome,
        draft.reason,
        turn.at,
        passages=passages if draft.outcome in ("answer", "personal_advice") else (),
        carried=draft.carried,
        choices=tuple(suggestion.passage_id for suggestion in draft.suggestions),
        more=draft.more,
    )
    made = Reply(
        reply_id=turn.reply_id,
        visit_id=visit.visit_id,
        outcome=draft.outcome,
        reason=draft.reason,
        text=_text(draft),
        excerpts=draft.excerpts,
        suggestions=draft.suggestions,
        card=draft.card,
        notice=_notice(draft, policy),
        lang=draft.lang,
        guide_version=ready.guide.version,
        policy_version=policy.version,
        explain=dict(draft.explain) if turn.explain else None,
    )
    return made, following


def fault_reply(turn: Turn, ready: ReadyGuide, visit: Visit, policy: Policy) -> tuple[Reply, Visit]:
    """The reply when something broke: no answer, the clinic's contact, the emergency number."""
    draft = Draft(
        "unintelligible",
        "fault",
        say(policy, "unintelligible.fault"),
        card=contact_card(policy),
    )
    return finish(draft, turn, ready, visit, policy)


def say(policy: Policy, key: str, lang: str = "en", **slots: str) -> str:
    """A sentence with the clinic's numbers in it; the variant for what is not configured."""
    facts = _facts(policy)
    variant = _variant(key, facts)
    return policy.wording.text(variant, lang, **{**facts, **slots})


def urgent_card(gates: Sequence[str], policy: Policy, lang: str) -> Card:
    """One card for all urgent gates that fired: lines of the first, numbers of all, in order."""
    first = gates[0]
    lines = {
        "emergency": ("text", "line_staff", "line_unwatched"),
        "overdose": ("text", "line_label", "line_unwatched"),
        "crisis": ("text", "line_stay", "line_unwatched"),
    }[first]
    return Card(
        level="emergency",
        title=say(policy, f"{first}.title", lang),
        lines=tuple(say(policy, f"{first}.{line}", lang) for line in lines),
        numbers=_numbers(gates, policy),
    )


def info_card(policy: Policy, level: str) -> Card:
    """The card beside a section that the manifest names: when to call for help."""
    emergency = policy.clinic.numbers_of("emergency")
    if level == "urgent":
        line = say(policy, "urgent_card.line")
        advice = policy.clinic.numbers_of("advice")
        return Card("urgent", say(policy, "urgent_card.title"), (line,), (*advice, *emergency))
    return Card("info", say(policy, "info_card.title"), (say(policy, "info_card.line"),), emergency)


def contact_card(policy: Policy) -> Card:
    """How to reach the clinic; the emergency number stands below it."""
    clinic = policy.clinic
    own = (clinic.line,) if clinic.line else ()
    line = say(policy, "contact.line_phone" if own else "contact.line_ask")
    title = clinic.name or say(policy, "contact.title")
    lines = tuple(part for part in (line, clinic.hours, clinic.address) if part)
    return Card("contact", title, lines, (*own, *clinic.numbers_of("emergency")))


def suggest(
    passage_ids: Sequence[str],
    ready: ReadyGuide,
    *,
    labels: Mapping[str, str] | None = None,
    most: int = MAX_SUGGESTIONS,
) -> tuple[Suggestion, ...]:
    """Buttons for passages, one a section, in order."""
    found: list[Suggestion] = []
    seen: set[str] = set()
    for passage_id in passage_ids:
        passage = ready.guide.passage(passage_id)
        if passage.section_id in seen or len(found) == most:
            continue
        seen.add(passage.section_id)
        label = (labels or {}).get(passage_id, passage.section)
        found.append(Suggestion(label, passage_id))
    return tuple(found)


def _facts(policy: Policy) -> dict[str, str]:
    clinic = policy.clinic
    facts: dict[str, str] = {}
    for kind in ("emergency", "poison", "crisis"):
        lines = clinic.numbers_of(kind)
        if lines:
            facts[kind] = lines[0].number if kind == "emergency" else _spoken(lines[0])
    if clinic.line:
        facts["clinic"] = clinic.line.number
    return facts


def _spoken(line: Number) -> str:
    return f"{line.label} ({line.number})" if line.label else line.number


def _variant(key: str, facts: Mapping[str, str]) -> str:
    missing = {
        "emergency.title": ("emergency", "emergency.title_unknown"),
        "emergency.text": ("emergency", "emergency.text_unknown"),
        "overdose.text": ("poison", "overdose.text_no_poison"),
        "crisis.text": ("crisis", "crisis.text_no_crisis"),
        "unintelligible.fault": ("emergency", "unintelligible.fault_unknown"),
    }.get(key)
    return missing[1] if missing and missing[0] not in facts else key


def _numbers(gates: Sequence[str], policy: Policy) -> tuple[Number, ...]:
    """Numbers of all gates in the order emergency, poison, crisis, each kind once."""
    kinds = ["emergency"]
    kinds += [
        kind for gate, kind in (("overdose", "poison"), ("crisis", "crisis")) if gate in gates
    ]
    return tuple(n for kind in kinds for n in policy.clinic.numbers_of(kind))  # type: ignore[arg-type]


def _text(draft: Draft) -> str:
    parts: list[str] = []
    if draft.card and draft.card.level in ("emergency", "urgent"):
        parts += [draft.card.title + ".", *draft.card.lines]
        parts += [f"{n.label}: {n.number}" for n in draft.card.numbers]
    if draft.lead:
        parts.append(draft.lead)
    several = len(draft.excerpts) > 1
    for excerpt in draft.excerpts:
        parts.append(f"“{excerpt.display}”" + (f" ({excerpt.section})" if several else ""))
    if draft.tail:
        parts.append(draft.tail)
    parts += [f"{n}. {s.label}" for n, s in enumerate(draft.suggestions, 1)]
    if draft.card and draft.card.level in ("info", "contact"):
        parts += draft.card.lines
        parts += [f"{n.label}: {n.number}" for n in draft.card.numbers]
    return "\n".join(parts)


def _notice(draft: Draft, policy: Policy) -> str:
    parts = [policy.wording.text("notice.medical")] if draft.notice else []
    if policy.clinic.is_demo:
        parts.append(policy.wording.text("notice.demo"))
    return " ".join(parts)
