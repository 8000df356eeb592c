"""The order in which a message is decided. Read `STEPS` first.

Each step looks at what was read and either decides or lets the next one look. The gates come
before any search; an urgent one always wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.analysis import Analyser, stop_words
from bot.answer.compose import (
    Draft,
    contact_card,
    finish,
    info_card,
    say,
    suggest,
    urgent_card,
)
from bot.answer.policy import Policy, ReadyGuide
from bot.excerpt import choose, cut, quotable
from bot.gates import URGENT_GATES, Verdict
from bot.gates.features import Mark
from bot.grounding import Grounding, ground
from bot.readings import Message, read
from bot.records import Excerpt, Outcome, Reply, Suggestion, Turn, Visit
from bot.visit import (
    CARRIED_WEIGHT,
    carried_terms,
    leans_on_context,
    offered,
    refreshed,
    terms_to_carry,
    wants_more,
)

_LONG = 40
"""Words from which on a message tells a story around its question."""
_WHOLE = 25
"""Up to so many words a message is judged as a whole, too."""
_SHORT_CLAUSE = 8
"""A question shorter than this may need the clause before it ("Is that normal?")."""
_MAX_PARTS = 3
_SMALL_TALK = ("joke", "insult", "who_you", "what_can", "how_you", "bye", "thanks", "greet")
_OWN_WORDS = frozenset(("joke", "who_you", "what_can", "how_you"))
"""Kinds whose phrases say enough by themselves, even with a word or two left over."""


@dataclass(frozen=True)
class Asked:
    """A turn as the steps see it: the message read, what the gates found, and the rest."""

    turn: Turn
    text: str
    too_long: bool
    message: Message
    verdict: Verdict
    ready: ReadyGuide
    visit: Visit
    policy: Policy

    def open_clauses(self, *gates: str) -> list[int]:
        """Clauses in which none of the gates fired."""
        closed = frozenset().union(*(self.verdict.clauses(gate) for gate in gates))
        if -1 in closed:
            return []
        return [i for i in range(len(self.message.asks)) if i not in closed]

    def puts(self, gate: str) -> bool:
        """Whether a gate fired on what is asked, not on a story told around it.

        In a long message with another question in it, what stands in no question is story.
        """
        fired = self.verdict.clauses(gate)
        words = self.message.typed.words
        others = [i for i in self.open_clauses(gate) if self.message.asks[i]]
        if not fired or len(words) <= _LONG or not others:
            return bool(fired)
        return any(i >= 0 and self.message.asks[i] for i in fired)


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
    asked = _read(turn, guide, visit, policy)
    draft = next(draft for step in STEPS if (draft := step(asked)) is not None)
    if turn.explain:
        draft = replace(draft, explain={**_explain(asked), **draft.explain})
    return finish(draft, turn, guide, visit, policy)


def _read(turn: Turn, guide: ReadyGuide, visit: Visit, policy: Policy) -> Asked:
    typed = turn.text or ""
    too_long = len(typed) > policy.max_chars
    # Of a message that is too long, beginning and end are still read for anything urgent.
    half = policy.max_chars // 2
    text = f"{typed[:half]}\n{typed[-half:]}" if too_long else typed
    message = read(text, guide.vocabulary)
    verdict = policy.gates.judge(
        [reading.clauses for reading in message.readings], message.languages, visit.last_outcome
    )
    return Asked(turn, text, too_long, message, verdict, guide, visit, policy)


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
    excerpts = _supporting(asked) if gates[0] == "emergency" else ()
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
    found = _answers(asked, asked.open_clauses("dosing", "personal"), only_asking=True)
    excerpts = tuple(_quote(asked, g) for g in found[:1] if g.best)
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
        suggestions=suggest(_topics(asked.ready), asked.ready),
        lang=language,
    )


def _contact_or_privacy(asked: Asked) -> Draft | None:
    """A person, a booking, one's data."""
    fired = asked.verdict.first("smalltalk")
    if fired is None or not asked.puts("smalltalk") or asked.verdict.first("personal"):
        return None
    if _answers(asked, asked.open_clauses("smalltalk"), only_asking=True):
        return None
    reason = fired.wording
    return Draft(
        "smalltalk", reason, say(asked.policy, f"{reason}.text"), card=contact_card(asked.policy)
    )


def _small_talk(asked: Asked) -> Draft | None:
    """Nothing but a greeting, thanks, who are you, what can you do, goodbye."""
    kind = _kind_of_small_talk(asked)
    if kind is None:
        return None
    texts = {"who_you": "who", "what_can": "what", "how_you": "how"}
    text = say(asked.policy, f"smalltalk.{texts.get(kind, kind)}", title=asked.ready.guide.title)
    topics = _topics(asked.ready) if kind in ("what_can", "greet", "who_you", "insult") else []
    return Draft("smalltalk", kind, text, suggestions=suggest(topics, asked.ready))


def _personal(asked: Asked) -> Draft | None:
    """A verdict about one person is not given; what the guide says in general is."""
    if not asked.puts("personal"):
        return None
    fired = asked.verdict.first("personal")
    assert fired is not None  # noqa: S101 - `puts` saw it
    policy = asked.policy
    urgent = fired.wording == "personal_urgent"
    lead = say(policy, "personal.urgent_text" if urgent else "personal.text")
    found = _answers(asked, list(range(len(asked.message.asks))))
    excerpts = tuple(e for g in found[:1] for e in _quote(asked, g))
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
    groundings = _ground_all(asked, asked.open_clauses("dosing"))
    best = max(groundings, key=lambda g: g.score) if groundings else None
    if best is None or not best.query.typed:
        return _without_content(asked)
    found = _answers(asked, asked.open_clauses("dosing"))
    if found:
        excerpts = tuple(e for g in found for e in _quote(asked, g))
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
            suggestions=suggest(_topics(ready), ready),
        )
    passage = ready.guide.passage(passage_id)
    ranged = choose(passage, ready.sentences, {}, ready.indexed)
    assert ranged is not None  # noqa: S101 - `quotable` saw a sentence
    excerpts = (cut(ready.guide, passage, *ranged, base_url=policy.base_url),)
    excerpts += _partners(excerpts[0], ready, policy)
    level = ready.guide.cards.get(passage.section)
    return Draft(
        "answer",
        "choice" if key == "answer.one" else "more",
        say(policy, key, section=passage.section),
        excerpts,
        card=info_card(policy, level) if level else None,
        notice=True,
        carried=terms_to_carry(passage_id, ready.indexed),
        more=_following(passage_id, ready),
    )


def _runs(asked: Asked, clauses: Sequence[int]) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
    """The runs of words to judge: the whole if short, and each question in the message."""
    reading = asked.message.best.clauses
    usable = [i for i in clauses if i < len(reading) and reading[i].words]
    whole = tuple(word for i in usable for word in reading[i].words)
    runs: list[tuple[tuple[int, ...], tuple[str, ...]]] = []
    if len(whole) <= _WHOLE or len(usable) == 1:
        runs.append((tuple(usable), whole))
    if len(usable) > 1:
        asking = [i for i in usable if asked.message.asks[i]] or usable
        for i in asking:
            words = reading[i].words
            runs.append(((i,), words))
            if i - 1 in usable and len(words) < _SHORT_CLAUSE:
                runs.append(((i - 1, i), reading[i - 1].words + words))
    return [run for run in runs if run[1]]


def _ground(asked: Asked, words: tuple[str, ...]) -> Grounding:
    carried = carried_terms(asked.visit) if "context" in asked.policy.switches else ()
    indexed = asked.ready.indexed
    coverage = "coverage" in asked.policy.switches
    if carried:
        typed = [t for t in indexed.query(words).typed if t != Analyser.subject_term]
        if leans_on_context(words, len(typed)):
            return ground(
                words, indexed, carried=carried, carried_weight=CARRIED_WEIGHT, coverage=coverage
            )
    return ground(words, indexed, coverage=coverage)


def _ground_all(asked: Asked, clauses: Sequence[int]) -> list[Grounding]:
    return [_ground(asked, words) for _, words in _runs(asked, clauses)]


def _answers(asked: Asked, clauses: Sequence[int], *, only_asking: bool = False) -> list[Grounding]:
    """Groundings in the answer band, best first, one a section, at most three.

    Several stand side by side only where several questions were asked, each on its own.
    """
    runs = _runs(asked, clauses)
    if only_asking and not any(asked.message.asks[i] for i in clauses):
        return []
    judged = [(run, _ground(asked, words)) for run, words in runs]
    good = [(run, g) for run, g in judged if g.band == "answer" and _may_quote(asked, g)]
    if not good:
        return []
    best_run, best = max(good, key=lambda pair: pair[1].score)
    found = [best]
    singles = [(run, g) for run, g in good if len(run) == 1 and asked.message.asks[run[0]]]
    if len(singles) > 1:
        found = []
        for _, grounding in sorted(singles, key=lambda pair: pair[0]):
            if all(_section(asked, grounding) != _section(asked, f) for f in found):
                found.append(grounding)
    return found[:_MAX_PARTS]


def _may_quote(asked: Asked, grounding: Grounding) -> bool:
    return grounding.best is not None and quotable(grounding.best, asked.ready.sentences)


def _section(asked: Asked, grounding: Grounding) -> str:
    return asked.ready.guide.passage(grounding.best or "").section_id


def _quote(asked: Asked, grounding: Grounding) -> tuple[Excerpt, ...]:
    """The excerpt for a grounding, with the partner that the guide pairs it with."""
    ready = asked.ready
    passage = ready.guide.passage(grounding.best or "")
    terms = grounding.query.terms
    avoid = _pair_terms(passage.passage_id, ready) - frozenset(terms)
    ranged = choose(passage, ready.sentences, terms, ready.indexed, avoid=avoid)
    if ranged is None:
        return ()
    excerpt = cut(ready.guide, passage, *ranged, base_url=asked.policy.base_url)
    return (excerpt, *_partners(excerpt, ready, asked.policy))


def _pair_terms(passage_id: str, ready: ReadyGuide) -> frozenset[str]:
    """Terms that mark what the passage and its partner both speak of."""
    shared: frozenset[str] = frozenset()
    for pair in ready.guide.pairs:
        if passage_id in (pair.a, pair.b):
            a = frozenset().union(*(s.terms for s in ready.sentences[pair.a]))
            b = frozenset().union(*(s.terms for s in ready.sentences[pair.b]))
            rare = (t for t in a & b if ready.indexed.passages.document_frequency(t) <= 3)
            shared |= frozenset(rare)
    return shared


def _partners(excerpt: Excerpt, ready: ReadyGuide, policy: Policy) -> tuple[Excerpt, ...]:
    """The other voice of the guide, where the excerpt holds what a pair is about."""
    found: list[Excerpt] = []
    for pair in ready.guide.pairs:
        if excerpt.passage_id not in (pair.a, pair.b):
            continue
        other = ready.guide.passage(pair.b if excerpt.passage_id == pair.a else pair.a)
        shared = _pair_terms(other.passage_id, ready)
        said = {t.term for t in ready.indexed.analyser.terms(excerpt.quote)}
        if not said & shared:
            continue
        for sentence in ready.sentences[other.passage_id]:
            if sentence.terms & shared and not sentence.withheld:
                found.append(
                    cut(ready.guide, other, sentence.start, sentence.end, base_url=policy.base_url)
                )
    return tuple(found[:1])


def _answer(asked: Asked, found: Sequence[Grounding], excerpts: tuple[Excerpt, ...]) -> Draft:
    policy = asked.policy
    several = len({e.passage_id for e in excerpts}) > 1
    lead = (
        say(policy, "answer.two")
        if several
        else say(policy, "answer.one", section=excerpts[0].section)
    )
    tails = [_via(asked, found[0])]
    if asked.verdict.first("dosing") and not asked.puts("dosing"):
        tails.append(say(policy, "answer.part_refused"))
    first = found[0].best or ""
    return Draft(
        "answer",
        "",
        lead,
        excerpts,
        tail="\n".join(t for t in tails if t),
        card=_section_card(asked, excerpts),
        notice=True,
        carried=terms_to_carry(first, asked.ready.indexed),
        more=_following(first, asked.ready),
        explain={"grounding": _grounding(found[0])},
    )


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
    options = suggest([*ranked[:6], *_topics(asked.ready)], asked.ready)
    return Draft(
        "clarify",
        reason,
        say(asked.policy, key),
        suggestions=options,
        explain={"grounding": _grounding(best)},
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
        explain={"grounding": _grounding(best)},
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
        suggestions=suggest(_topics(asked.ready), asked.ready),
    )


def _unclear(asked: Asked, reason: str, key: str) -> Draft:
    return Draft(
        "unintelligible",
        reason,
        say(asked.policy, key),
        suggestions=suggest(_topics(asked.ready), asked.ready),
    )


def _supporting(asked: Asked) -> tuple[Excerpt, ...]:
    """The guide's own sentence about urgent help, from the section that carries the card."""
    ready = asked.ready
    for passage in ready.guide.passages:
        if passage.section not in ready.guide.cards:
            continue
        for sentence in ready.sentences[passage.passage_id]:
            if not sentence.withheld and {"immedi", "emerg", "urgent"} & sentence.terms:
                return (
                    cut(
                        ready.guide,
                        passage,
                        sentence.start,
                        sentence.end,
                        base_url=asked.policy.base_url,
                    ),
                )
    return ()


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
    found = [*near, *ranked, *_topics(asked.ready)]
    return [pid for pid in found if quotable(pid, asked.ready.sentences)]


def _topics(ready: ReadyGuide) -> list[str]:
    """A first passage of each section, those about the subject's main headings first."""
    seen: set[str] = set()
    found: list[str] = []
    for passage in ready.guide.passages:
        fresh = passage.section_id not in seen
        if fresh and passage.section not in ("Introduction", "Conclusion"):
            if quotable(passage.passage_id, ready.sentences):
                seen.add(passage.section_id)
                found.append(passage.passage_id)
    return _spread(found, ready)


def _spread(passage_ids: Sequence[str], ready: ReadyGuide) -> list[str]:
    """One section of each top heading first, so that three buttons show the guide's breadth."""
    firsts: list[str] = []
    rest: list[str] = []
    tops: set[str] = set()
    for passage_id in passage_ids:
        top = ready.guide.passage(passage_id).path[0]
        (rest if top in tops else firsts).append(passage_id)
        tops.add(top)
    return firsts + rest


def _following(passage_id: str, ready: ReadyGuide) -> str | None:
    """The next quotable passage under the same top heading, for "more"."""
    passages = ready.guide.passages
    at = next(i for i, p in enumerate(passages) if p.passage_id == passage_id)
    top = passages[at].path[0]
    for passage in passages[at + 1 :]:
        if passage.path[0] == top and quotable(passage.passage_id, ready.sentences):
            return passage.passage_id
    return None


def _vague(best: Grounding) -> bool:
    """Nothing was asked but the subject, or words that nearly every passage holds."""
    content = [t for t in best.query.typed if t != Analyser.subject_term]
    return not content or (not best.unknown and best.topic is None and _slight(best))


def _slight(best: Grounding) -> bool:
    return len(best.query.typed) <= 2 and best.figures["rarest_known"] < 0.2


def _kind_of_small_talk(asked: Asked) -> str | None:
    words = asked.message.best.words
    marks = asked.policy.gates.features.mark(words, frozenset(("en",)), ())
    kinds = {mark.feature for mark in marks}
    kind = next((kind for kind in _SMALL_TALK if kind in kinds), None)
    if kind is None:
        return None
    left = _left_over(words, marks)
    if not left:
        return kind
    indexed = asked.ready.indexed
    about = [w for w in left if indexed.knows(indexed.analyser.term(w))]
    return kind if kind in _OWN_WORDS and not about and len(left) <= 2 else None


def _left_over(words: Sequence[str], marks: Sequence[Mark]) -> list[str]:
    """Words that are neither small talk nor without a topic."""
    spoken = frozenset((*_SMALL_TALK, "polite"))
    inside = {i for m in marks if m.feature in spoken for i in range(m.first, m.end)}
    stops = stop_words()
    return [w for i, w in enumerate(words) if i not in inside and w not in stops]


def _grounding(g: Grounding) -> dict[str, Any]:
    return {
        "score": round(g.score, 4),
        "band": g.band,
        "figures": {name: round(value, 3) for name, value in g.figures.items()},
        "terms": {term: round(weight, 2) for term, weight in g.query.terms.items()},
        "via": [[said, list(added)] for said, added in g.query.via],
        "unknown": list(g.unknown),
        "topic": g.topic.topic_id if g.topic else None,
        "hits": [[pid, round(score, 3)] for pid, score in g.ranking[:5]],
    }


def _explain(asked: Asked) -> dict[str, Any]:
    return {
        "readings": [
            {
                "name": reading.name,
                "clauses": [" ".join(clause.words) for clause in reading.clauses],
                "changes": [list(change) for change in reading.changes],
            }
            for reading in asked.message.readings
        ],
        "language": asked.message.language,
        "gates": [
            {"gate": f.gate, "rule": f.rule_id, "words": list(f.words), "clause": f.clause}
            for f in asked.verdict.fired
        ],
        "last_outcome": asked.visit.last_outcome,
    }
