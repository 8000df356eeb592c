"""The order in which a message is decided. Read `STEPS` first.

Each step looks at what was read and either decides or lets the next one look. The gates come
before any search; an urgent one always wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from bot.analysis import Analyser
from bot.answer.asked import Asked, answers, ground_all, left_uncovered, read_turn
from bot.answer.compose import (
    Draft,
    contact_card,
    finish,
    info_card,
    say,
    suggest,
    urgent_card,
)
from bot.answer.explain import explain_grounding, explain_turn
from bot.answer.policy import Policy, ReadyGuide
from bot.answer.quoting import quote, quote_passage, supporting
from bot.answer.smalltalk import kind_of_small_talk
from bot.answer.topics import announced, following, topics
from bot.excerpt import quotable
from bot.gates import URGENT_GATES
from bot.grounding import Grounding
from bot.records import Excerpt, Outcome, Reply, Suggestion, Turn, Visit
from bot.visit import leans_on_context, offered, refreshed, terms_to_carry, wants_more

_MAX_BELOW = 2
"""Sections quoted below a passage that only announces them; the others become buttons."""


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
        return finish(_chosen(chosen, guide, visit, policy), turn, guide, visit, policy)
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
    return _unclear(asked, "empty" if key == "empty" else "symbols", f"unintelligible.{key}")


def _too_long(asked: Asked) -> Draft | None:
    """More than is read; nothing urgent stands at its beginning or end."""
    if not asked.too_long:
        return None
    return _unclear(asked, "too_long", "unintelligible.too_long")


def _more(asked: Asked) -> Draft | None:
    """More of what was quoted last."""
    if not wants_more(asked.visit, asked.text) or asked.visit.more is None:
        return None
    return _chosen(asked.visit.more, asked.ready, asked.visit, asked.policy, key="answer.more")


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
        suggestions=_who_decides(asked),
        notice=bool(parts),
        lang=lang,
    )


def _number(asked: Asked) -> Draft | None:
    """A bare number that stands for none of the choices offered."""
    if not all(word.isdigit() for word in asked.message.typed.words):
        return None
    return _unclear(asked, "choice", "unintelligible.choice")


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
    reason = fired.wording
    return Draft(
        "smalltalk", reason, say(asked.policy, f"{reason}.text"), card=contact_card(asked.policy)
    )


def _small_talk(asked: Asked) -> Draft | None:
    """Nothing but a greeting, thanks, who are you, what can you do, goodbye."""
    kind = kind_of_small_talk(asked)
    if kind is None:
        return None
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
        card=info_card(policy, "urgent") if urgent else _section_card(asked, excerpts),
        suggestions=() if excerpts else suggest(_nearby(asked, None), asked.ready),
        notice=True,
    )


def _covered(asked: Asked) -> Draft:
    """Answer, ask back, or say that the guide is silent."""
    groundings = ground_all(asked, asked.open_clauses("dosing"))
    best = max(groundings, key=lambda g: g.score) if groundings else None
    if best is None or not best.query.typed:
        return _without_content(asked)
    found = answers(asked, asked.open_clauses("dosing"))
    if found:
        excerpts = tuple(e for g in found for e in quote(g, asked.ready, asked.policy))
        if excerpts:
            return _answer(asked, found, excerpts)
    if _vague(best):
        return _clarify(asked, best, "vague", "clarify.vague")
    if best.band == "not_covered" or best.topic is not None:
        return _not_covered(asked, best)
    return _clarify(asked, best, "close", "clarify.text")


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


# --- what the steps share --------------------------------------------------------------------


def _chosen(
    passage_id: str, ready: ReadyGuide, visit: Visit, policy: Policy, key: str = "answer.one"
) -> Draft:
    """A passage that was tapped, numbered, or follows the one quoted last."""
    known = {passage.passage_id for passage in ready.guide.passages}
    if passage_id not in known or not quotable(passage_id, ready.sentences):
        return Draft(
            "unintelligible",
            "choice",
            say(policy, "unintelligible.choice"),
            suggestions=suggest(topics(ready), ready),
        )
    passage = ready.guide.passage(passage_id)
    excerpts = quote_passage(passage_id, ready, policy)
    level = ready.guide.cards.get(passage.section)
    return Draft(
        "answer",
        "choice" if key == "answer.one" else "more",
        say(policy, key, section=passage.section),
        excerpts,
        card=info_card(policy, level) if level else None,
        notice=True,
        carried=terms_to_carry(passage_id, ready.indexed),
        more=following(passage_id, ready),
    )


def _answer(asked: Asked, found: Sequence[Grounding], excerpts: tuple[Excerpt, ...]) -> Draft:
    policy, ready = asked.policy, asked.ready
    first = found[0].best or ""
    under = announced(excerpts[-1], ready)
    if under:
        # "... should be noted:" says nothing alone; what it announces stands below it.
        excerpts += tuple(
            e for pid in under[:_MAX_BELOW] for e in quote_passage(pid, ready, policy)
        )
    several = len({e.passage_id for e in excerpts}) > 1
    section = excerpts[0].section
    lead = say(policy, "answer.two") if several else say(policy, "answer.one", section=section)
    return Draft(
        "answer",
        "",
        lead,
        excerpts,
        tail="\n".join(part for part in (_via(asked, found[0]), _other_part(asked)) if part),
        suggestions=suggest(under[_MAX_BELOW:], ready),
        card=_section_card(asked, excerpts),
        notice=True,
        carried=terms_to_carry(first, ready.indexed),
        more=following(first, ready),
        explain={"grounding": explain_grounding(found[0])},
    )


def _other_part(asked: Asked) -> str:
    """What is said of the part of a message that was not answered."""
    if asked.verdict.first("dosing") and not asked.puts("dosing"):
        return say(asked.policy, "answer.part_refused")
    silent = left_uncovered(asked, asked.open_clauses("dosing"))
    if silent is None:
        return ""
    if silent.topic:
        return say(asked.policy, "not_covered.topic", topic=silent.topic.name)
    return say(asked.policy, "answer.part_not_covered")


def _via(asked: Asked, grounding: Grounding) -> str:
    """Named where the lexicon decided: no typed word stands in the passage itself."""
    own = frozenset(t for s in asked.ready.sentences[grounding.best or ""] for t in s.terms)
    if not grounding.query.via or any(
        t in own for t in grounding.query.typed if t != Analyser.subject_term
    ):
        return ""
    hits = [said for said, added in grounding.query.via if any(t in own for t in added)]
    # What was said is a phrase of the lexicon, never the visitor's own text.
    return say(asked.policy, "answer.via", via=", ".join(hits[:2])) if hits else ""


def _clarify(asked: Asked, best: Grounding, reason: str, key: str) -> Draft:
    ranked = [pid for pid, _ in best.ranking if quotable(pid, asked.ready.sentences)]
    options = suggest([*ranked[:6], *topics(asked.ready)], asked.ready)
    return Draft(
        "clarify",
        reason,
        say(asked.policy, key),
        suggestions=options,
        explain={"grounding": explain_grounding(best)},
    )


def _not_covered(asked: Asked, best: Grounding) -> Draft:
    policy = asked.policy
    topic = best.topic
    again = asked.visit.n_misses >= 1 and asked.visit.last_outcome == "not_covered"
    if topic:
        lead = say(policy, "not_covered.topic", topic=topic.name)
    else:
        lead = say(policy, "not_covered.again" if again else "not_covered.generic")
    nearby = suggest(_nearby(asked, best), asked.ready)
    if nearby and not (again and not topic):
        lead += " " + say(policy, "not_covered.nearby")
    return Draft(
        "not_covered",
        topic.topic_id if topic else "silent",
        lead,
        suggestions=nearby,
        card=contact_card(policy) if again else None,
        explain={"grounding": explain_grounding(best)},
    )


def _without_content(asked: Asked) -> Draft:
    """Only little words: what was answered last, or nothing to go by."""
    visit = asked.visit
    if visit.last_outcome == "dosing_refusal":
        again = say(asked.policy, "dosing.again")
        return Draft(
            "dosing_refusal", "dosing.after-refusal", again, suggestions=_who_decides(asked)
        )
    words = asked.message.best.words
    if visit.last_outcome == "answer" and visit.last_passages and leans_on_context(words, 0):
        return _chosen(visit.last_passages[0], asked.ready, visit, asked.policy)
    return Draft(
        "clarify",
        "vague",
        say(asked.policy, "clarify.vague"),
        suggestions=suggest(topics(asked.ready), asked.ready),
    )


def _unclear(asked: Asked, reason: str, key: str) -> Draft:
    return Draft(
        "unintelligible",
        reason,
        say(asked.policy, key),
        suggestions=suggest(topics(asked.ready), asked.ready),
    )


def _section_card(asked: Asked, excerpts: Sequence[Excerpt]) -> Any:
    for excerpt in excerpts:
        level = asked.ready.guide.cards.get(excerpt.section)
        if level:
            return info_card(asked.policy, level)
    return None


def _who_decides(asked: Asked) -> tuple[Suggestion, ...]:
    title = asked.ready.guide.dose_section
    for passage in asked.ready.guide.passages:
        if (
            title
            and passage.section == title
            and quotable(passage.passage_id, asked.ready.sentences)
        ):
            return (Suggestion(say(asked.policy, "dosing.who_decides"), passage.passage_id),)
    return ()


def _nearby(asked: Asked, best: Grounding | None) -> list[str]:
    """Passages near a topic that is not covered: the topic's own, else the nearest found."""
    near = list(best.topic.near) if best and best.topic else []
    ranked = [pid for pid, _ in best.ranking[:3]] if best and not near else []
    found = [*near, *ranked, *topics(asked.ready)]
    return [pid for pid in found if quotable(pid, asked.ready.sentences)]


def _vague(best: Grounding) -> bool:
    """Nothing was asked but the subject, or words that nearly every passage holds."""
    content = [t for t in best.query.typed if t != Analyser.subject_term]
    return not content or (not best.unknown and best.topic is None and _slight(best))


def _slight(best: Grounding) -> bool:
    return len(best.query.typed) <= 2 and best.figures["rarest_known"] < 0.2
