"""The order in which a message is decided. Read `STEPS` first.

Each step looks at what was read and either decides or lets the next one look. The gates come
before any search; an urgent one always wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.answer.asked import Asked, answers, ground_all, read_turn
from bot.answer.compose import (
    Draft,
    contact_card,
    finish,
    info_card,
    say,
    suggest,
    urgent_card,
)
from bot.answer.drafts import (
    answer,
    clarify,
    near_passages,
    not_covered,
    picked,
    section_card,
    unclear,
    vague,
    who_decides,
    without_content,
)
from bot.answer.explain import explain_turn
from bot.answer.policy import Policy, ReadyGuide
from bot.answer.quoting import quote, supporting
from bot.answer.smalltalk import kind_of_small_talk
from bot.answer.topics import topics
from bot.gates import URGENT_GATES
from bot.records import Outcome, Reply, Turn, Visit
from bot.visit import offered, refreshed, wants_more


def reply(turn: Turn, guide: ReadyGuide, visit: Visit, policy: Policy) -> tuple[Reply, Visit]:
    """Decide one turn: pure, no clock, no I/O.

    Args:
        turn: What the visitor sent, and when.
        guide: The guide to answer from.
        visit: The conversation so far.
        policy: Gates, wording, clinic facts, thresholds.

    Returns:
        The reply and the visit after it; the reply's excerpts are slices of the source.
    """
    visit = refreshed(visit, guide.guide.guide_id, turn.at)
    if policy.paused:
        paused = Draft(
            "unintelligible",
            "paused",
            say(policy, "unintelligible.paused"),
            card=contact_card(policy),
        )
        return finish(paused, turn, guide, visit, policy)
    chosen = turn.choice or offered(visit, turn.text or "")
    if chosen is not None:
        return finish(picked(chosen, guide, visit, policy), turn, guide, visit, policy)
    asked = read_turn(turn, guide, visit, policy)
    draft = next(draft for step in STEPS if (draft := step(asked)) is not None)
    if turn.explain:
        draft = replace(draft, explain={**explain_turn(asked), **draft.explain})
    return finish(draft, turn, guide, visit, policy)


# --- the steps, in their order ---------------------------------------------------------------


def _urgent(asked: Asked) -> Draft | None:
    """Crisis, emergency, overdose: the first that fired decides, the card serves all."""
    gates = [gate for gate in URGENT_GATES if asked.verdict.first(gate)]
    if not gates:
        return None
    first = asked.verdict.first(gates[0])
    assert first is not None  # noqa: S101 - by the line above
    lang = asked.message.language or "en"
    lang = lang if asked.policy.wording.has(f"{gates[0]}.text", lang) else "en"
    outcomes: dict[str, Outcome] = {
        "crisis": "crisis",
        "emergency": "emergency",
        "overdose": "overdose",
    }
    card = urgent_card(gates, asked.policy, lang)
    excerpts = supporting(asked.ready, asked.policy) if gates[0] == "emergency" else ()
    lead = say(asked.policy, "emergency.guide_says", lang) if excerpts else ""
    return Draft(outcomes[gates[0]], first.rule_id, lead, excerpts, card=card, lang=lang)


def _nothing(asked: Asked) -> Draft | None:
    """No words at all."""
    if any(word.isalnum() for word in asked.message.typed.words):
        return None
    key = "symbols" if asked.text.strip() else "empty"
    return unclear(asked, "empty" if key == "empty" else "symbols", f"unintelligible.{key}")


def _too_long(asked: Asked) -> Draft | None:
    """More than is read; nothing urgent stands at its beginning or end."""
    if not asked.too_long:
        return None
    return unclear(asked, "too_long", "unintelligible.too_long")


def _more(asked: Asked) -> Draft | None:
    """More of what was quoted last."""
    if not wants_more(asked.visit, asked.text) or asked.visit.more is None:
        return None
    return picked(asked.visit.more, asked.ready, asked.visit, asked.policy, key="answer.more")


def _dosing(asked: Asked) -> Draft | None:
    """How much, how often, when, how: declined; a safe part beside it is answered."""
    if not asked.puts("dosing"):
        return None
    fired = asked.verdict.first("dosing")
    assert fired is not None  # noqa: S101 - `puts` saw it
    policy = asked.policy
    lang = asked.message.language or "en"
    lang = lang if policy.wording.has("dosing.text", lang) else "en"
    again = asked.visit.last_outcome == "dosing_refusal"
    text = say(policy, "dosing.again" if again else "dosing.text", lang)
    found = answers(asked, asked.open_clauses("dosing", "personal"), only_asking=True)
    excerpts = tuple(quote(g, asked.ready, asked.policy) for g in found[:1] if g.best)
    parts = tuple(e for part in excerpts for e in part)
    if parts:
        text += "\n" + say(policy, "dosing.safe_part", section=parts[0].section)
    elif not again and lang == "en":
        text += " " + say(policy, "dosing.offer")
    return Draft(
        "dosing_refusal",
        fired.rule_id,
        text,
        parts,
        suggestions=who_decides(asked),
        notice=bool(parts),
        lang=lang,
    )


def _number(asked: Asked) -> Draft | None:
    """A bare number that stands for none of the choices offered."""
    if not all(word.isdigit() for word in asked.message.typed.words):
        return None
    return unclear(asked, "choice", "unintelligible.choice")


def _language(asked: Asked) -> Draft | None:
    """A language that the clinic has not enabled."""
    language = asked.message.language
    if language is None or language in asked.policy.languages:
        return None
    wording = asked.policy.wording
    key = f"languages.{language}"
    key = key if key in wording.by_language["en"] else "languages.other"
    return Draft(
        "unintelligible",
        "language",
        wording.text(key),
        suggestions=suggest(topics(asked.ready), asked.ready),
        lang=language,
    )


def _contact_or_privacy(asked: Asked) -> Draft | None:
    """A person, a booking, one's data."""
    fired = asked.verdict.first("smalltalk")
    if fired is None or not asked.puts("smalltalk") or asked.verdict.first("personal"):
        return None
    if answers(asked, asked.open_clauses("smalltalk"), only_asking=True):
        return None
    return _with_contact(asked, fired.wording)


def _with_contact(asked: Asked, reason: str) -> Draft:
    kept = asked.policy.samples and reason == "privacy"
    text = say(asked.policy, f"{reason}.text_sampled" if kept else f"{reason}.text")
    return Draft("smalltalk", reason, text, card=contact_card(asked.policy))


def _small_talk(asked: Asked) -> Draft | None:
    """Nothing but a greeting, thanks, who are you, what can you do, goodbye."""
    kind = kind_of_small_talk(asked)
    if kind is None:
        return None
    if kind in ("contact", "privacy"):
        return _with_contact(asked, kind)
    texts = {"who_you": "who", "what_can": "what", "how_you": "how"}
    text = say(asked.policy, f"smalltalk.{texts.get(kind, kind)}", title=asked.ready.guide.title)
    shows = kind in ("what_can", "greet", "who_you", "insult")
    offer = suggest(topics(asked.ready), asked.ready) if shows else ()
    return Draft("smalltalk", kind, text, suggestions=offer)


def _personal(asked: Asked) -> Draft | None:
    """A verdict about one person is not given; what the guide says in general is."""
    if not asked.puts("personal"):
        return None
    fired = asked.verdict.first("personal")
    assert fired is not None  # noqa: S101 - `puts` saw it
    policy = asked.policy
    urgent = fired.wording == "personal_urgent"
    lead = say(policy, "personal.urgent_text" if urgent else "personal.text")
    found = answers(asked, list(range(len(asked.message.asks))))
    excerpts = tuple(e for g in found[:1] for e in quote(g, asked.ready, asked.policy))
    if excerpts:
        lead += "\n" + say(policy, "personal.general", section=excerpts[0].section)
    return Draft(
        "personal_advice",
        fired.rule_id,
        lead,
        excerpts,
        card=info_card(policy, "urgent") if urgent else section_card(asked, excerpts),
        suggestions=() if excerpts else suggest(near_passages(asked, None), asked.ready),
        notice=True,
    )


def _covered(asked: Asked) -> Draft:
    """Answer, ask back, or say that the guide is silent."""
    groundings = ground_all(asked, asked.open_clauses("dosing"))
    best = max(groundings, key=lambda g: g.score) if groundings else None
    if best is None or not best.query.typed:
        return without_content(asked)
    found = answers(asked, asked.open_clauses("dosing"))
    if found:
        excerpts = tuple(e for g in found for e in quote(g, asked.ready, asked.policy))
        if excerpts:
            return answer(asked, found, excerpts)
    if vague(best):
        return clarify(asked, best, "vague", "clarify.vague")
    if best.band == "not_covered" or best.topic is not None:
        return not_covered(asked, best)
    return clarify(asked, best, "close", "clarify.text")


STEPS: Sequence[Callable[[Asked], Draft | None]] = (
    _urgent,
    _nothing,
    _too_long,
    _dosing,
    _number,
    _more,
    _language,
    _contact_or_privacy,
    _small_talk,
    _personal,
    _covered,
)
