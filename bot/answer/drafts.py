"""The drafts that several steps share: an answer, asking back, silence, what is offered.

In which order the steps look stands in `decide`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.analysis import Analyser
from bot.answer.asked import Asked, left_uncovered
from bot.answer.compose import Draft, contact_card, info_card, say, suggest
from bot.answer.explain import explain_grounding
from bot.answer.policy import Policy, ReadyGuide
from bot.answer.quoting import quote_passage
from bot.answer.topics import announced, following, topics
from bot.excerpt import quotable
from bot.grounding import Grounding
from bot.ranking import asked_heading
from bot.records import Card, Excerpt, Suggestion, Visit
from bot.visit import leans_on_context, terms_to_carry

_MAX_BELOW = 2
"""Sections quoted below a passage that only announces them; the others become buttons."""


def picked(
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


def answer(asked: Asked, found: Sequence[Grounding], excerpts: tuple[Excerpt, ...]) -> Draft:
    policy, ready = asked.policy, asked.ready
    first = found[0].best or ""
    under = announced(excerpts[-1], ready) or _rest_of_heading(asked, first)
    if under:
        # "... should be noted:" says nothing alone; what it announces stands below it.
        excerpts += tuple(
            e for pid in under[:_MAX_BELOW] for e in quote_passage(pid, ready, policy, alone=True)
        )
    several = len({e.passage_id for e in excerpts}) > 1
    section = excerpts[0].section
    lead = say(policy, "answer.two") if several else say(policy, "answer.one", section=section)
    return Draft(
        "answer",
        "",
        lead,
        excerpts,
        tail="\n".join(part for part in (via(asked, found[0]), other_part(asked)) if part),
        suggestions=suggest(under[_MAX_BELOW:], ready),
        card=section_card(asked, excerpts),
        notice=True,
        carried=terms_to_carry(first, ready.indexed),
        more=following(first, ready),
        explain={"grounding": explain_grounding(found[0])},
    )


def _rest_of_heading(asked: Asked, first: str) -> list[str]:
    """The other sections under a heading that was asked for as a whole ("the uses")."""
    indexed = asked.ready.indexed
    firsts = asked_heading(indexed.query(asked.message.best.words), indexed)
    if first not in firsts[:1]:
        return []
    return [pid for pid in firsts[1:] if quotable(pid, asked.ready.sentences)]


def other_part(asked: Asked) -> str:
    """What is said of the part of a message that was not answered."""
    if asked.verdict.first("dosing") and not asked.puts("dosing"):
        return say(asked.policy, "answer.part_refused")
    silent = left_uncovered(asked, asked.open_clauses("dosing"))
    if silent is None:
        return ""
    if silent.topic:
        return say(asked.policy, "not_covered.topic", topic=silent.topic.name)
    return say(asked.policy, "answer.part_not_covered")


def via(asked: Asked, grounding: Grounding) -> str:
    """Named where the lexicon decided: no typed word stands in the passage itself."""
    own = frozenset(t for s in asked.ready.sentences[grounding.best or ""] for t in s.terms)
    if not grounding.query.via or any(
        t in own for t in grounding.query.typed if t != Analyser.subject_term
    ):
        return ""
    # What was said is a phrase of the lexicon, never the visitor's own text; and no number may
    # stand in what the bot says itself.
    hits = [
        said
        for said, added in grounding.query.via
        if any(t in own for t in added) and not any(char.isdigit() for char in said)
    ]
    return say(asked.policy, "answer.via", via=", ".join(hits[:2])) if hits else ""


def clarify(asked: Asked, best: Grounding, reason: str, key: str) -> Draft:
    ranked = [pid for pid, _ in best.ranking if quotable(pid, asked.ready.sentences)]
    options = suggest([*ranked[:6], *topics(asked.ready)], asked.ready)
    return Draft(
        "clarify",
        reason,
        say(asked.policy, key),
        suggestions=options,
        explain={"grounding": explain_grounding(best)},
    )


def not_covered(asked: Asked, best: Grounding) -> Draft:
    policy = asked.policy
    topic = best.topic
    again = asked.visit.n_misses >= 1 and asked.visit.last_outcome == "not_covered"
    if topic:
        lead = say(policy, "not_covered.topic", topic=topic.name)
    else:
        lead = say(policy, "not_covered.again" if again else "not_covered.generic")
    nearby = suggest(near_passages(asked, best), asked.ready)
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


def without_content(asked: Asked) -> Draft:
    """Only little words: what was answered last, or nothing to go by."""
    visit = asked.visit
    if visit.last_outcome == "dosing_refusal":
        again = say(asked.policy, "dosing.again")
        return Draft(
            "dosing_refusal", "dosing.after-refusal", again, suggestions=who_decides(asked)
        )
    words = asked.message.best.words
    if visit.last_outcome == "answer" and visit.last_passages and leans_on_context(words, 0):
        return picked(visit.last_passages[0], asked.ready, visit, asked.policy)
    return Draft(
        "clarify",
        "vague",
        say(asked.policy, "clarify.vague"),
        suggestions=suggest(topics(asked.ready), asked.ready),
    )


def unclear(asked: Asked, reason: str, key: str) -> Draft:
    return Draft(
        "unintelligible",
        reason,
        say(asked.policy, key),
        suggestions=suggest(topics(asked.ready), asked.ready),
    )


def section_card(asked: Asked, excerpts: Sequence[Excerpt]) -> Card | None:
    for excerpt in excerpts:
        level = asked.ready.guide.cards.get(excerpt.section)
        if level:
            return info_card(asked.policy, level)
    return None


def who_decides(asked: Asked) -> tuple[Suggestion, ...]:
    title = asked.ready.guide.dose_section
    for passage in asked.ready.guide.passages:
        if (
            title
            and passage.section == title
            and quotable(passage.passage_id, asked.ready.sentences)
        ):
            return (Suggestion(say(asked.policy, "dosing.who_decides"), passage.passage_id),)
    return ()


def near_passages(asked: Asked, best: Grounding | None) -> list[str]:
    """Passages near a topic that is not covered: the topic's own, else the nearest found."""
    near = list(best.topic.near) if best and best.topic else []
    ranked = [pid for pid, _ in best.ranking[:3]] if best and not near else []
    found = [*near, *ranked, *topics(asked.ready)]
    return [pid for pid in found if quotable(pid, asked.ready.sentences)]


def vague(best: Grounding) -> bool:
    """Nothing was asked but the subject, or words that nearly every passage holds."""
    content = [t for t in best.query.typed if t != Analyser.subject_term]
    return not content or (not best.unknown and best.topic is None and slight(best))


def slight(best: Grounding) -> bool:
    return len(best.query.typed) <= 2 and best.figures["rarest_known"] < 0.2
