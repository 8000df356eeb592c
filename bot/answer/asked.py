"""A turn as the policy sees it: read, judged by the gates, and grounded run by run.

What follows from it is left to `decide`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.analysis import Analyser
from bot.answer.policy import Policy, ReadyGuide
from bot.excerpt import quotable
from bot.gates import Verdict
from bot.grounding import Grounding, ground
from bot.guide import Guide
from bot.index import IndexedGuide
from bot.readings import Message, questions_within, read
from bot.records import Turn, Visit
from bot.visit import CARRIED_WEIGHT, carried_terms, leans_on_context

_LONG = 40
"""Words from which on a message tells a story around its question."""
_WHOLE = 25
"""Up to so many words a message is judged as a whole, too."""
_SHORT_CLAUSE = 8
"""A question shorter than this may need the clause before it ("Is that normal?")."""
_SURE = 0.92
_MAX_PARTS = 3


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
    grounded: dict[tuple[str, ...], Grounding] = field(default_factory=dict)

    def open_clauses(self, *gates: str) -> list[int]:
        """Clauses in which none of the gates fired."""
        closed = frozenset().union(*(self.verdict.clauses(gate) for gate in gates))
        if -1 in closed:
            return []
        return [i for i in range(len(self.message.asks)) if i not in closed]

    def puts(self, gate: str) -> bool:
        """Whether a gate fired on what is asked, not on a story told around it.

        What stands in no question is story where another question stands by itself: where the
        message is long, or where the guide answers that question.
        """
        fired = self.verdict.clauses(gate)
        others = [i for i in self.open_clauses(gate) if self.message.asks[i]]
        if not fired or not others or any(i < 0 or self.message.asks[i] for i in fired):
            return bool(fired)
        if len(self.message.typed.words) > _LONG:
            return False
        return not any(self._stands_alone(self.message.best.clauses[i].words) for i in others)

    def _stands_alone(self, words: tuple[str, ...]) -> bool:
        """Whether a question is answered by the guide and does not point to what stands around
        it, as "is that usual" does."""
        leans = leans_on_context(words, _n_content(words, self.ready.indexed))
        return not leans and _ground(self, words).band == "answer"


def read_turn(turn: Turn, guide: ReadyGuide, visit: Visit, policy: Policy) -> Asked:
    """Read a turn and let the gates judge it; the cost is bounded by `Policy.max_chars`."""
    typed = turn.text or ""
    too_long = len(typed) > policy.max_chars
    # Of a message that is too long, beginning and end are still read for anything urgent.
    half = policy.max_chars // 2
    text = f"{typed[:half]}\n{typed[-half:]}" if too_long else typed
    message = read(text, guide.vocabulary)
    verdict = policy.gates.judge(
        [reading.clauses for reading in message.readings], message.languages, visit.last_outcome
    )
    asked = Asked(turn, text, too_long, message, verdict, guide, visit, policy)
    return _settled(asked) if verdict.has_weak else asked


def _settled(asked: Asked) -> Asked:
    """Without what is weak, where the guide clearly answers; a dose's rule that the evidence
    supports, or an urgent one's, always stays.

    "Clearly" means more but for personal advice, since a wrong excerpt is the worse mistake; and
    but for who decides a dose, where the section to which a refusal points is what is asked for.
    """
    firm = replace(asked, verdict=asked.verdict.without_weak())
    found = answers(firm, range(len(asked.message.asks)))
    weak = {fired.gate for fired in asked.verdict.fired if fired.weak}
    enough = 0.0 if weak == {"personal"} or _asks_who_decides(asked, found) else _SURE
    return firm if found and max(g.score for g in found) >= enough else asked


def _asks_who_decides(asked: Asked, found: Sequence[Grounding]) -> bool:
    """Whether the words are about deciding and found the section to which a refusal points."""
    guide = asked.ready.guide
    decides = any(mark.feature == "decide" for mark in asked.verdict.marks)
    return decides and bool(found) and section_of(asked, found[0]) == _dose_section(guide)


def _dose_section(guide: Guide) -> str:
    named = guide.dose_section
    return next((p.section_id for p in guide.passages if named and p.section == named), "")


def runs_of(asked: Asked, clauses: Sequence[int]) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
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
            runs += [((i,), question) for question in questions_within(words)]
            if i - 1 in usable and len(words) < _SHORT_CLAUSE:
                runs.append(((i - 1, i), reading[i - 1].words + words))
    elif len(whole) > _WHOLE:
        runs += [(tuple(usable), question) for question in questions_within(whole)]
    bare = asked.policy.gates.without_courtesy
    return [(run, bare(words)) for run, words in runs if words]


def _ground(asked: Asked, words: tuple[str, ...]) -> Grounding:
    """The grounding of a run of words, worked out once a turn."""
    found = asked.grounded.get(words)
    if found is None:
        found = asked.grounded[words] = _ground_afresh(asked, words)
    return found


def _ground_afresh(asked: Asked, words: tuple[str, ...]) -> Grounding:
    switches, indexed = asked.policy.switches, asked.ready.indexed
    carried = carried_terms(asked.visit) if "context" in switches else ()
    leans = bool(carried) and leans_on_context(words, _n_content(words, indexed))
    return ground(
        words,
        indexed,
        carried=carried if leans else (),
        carried_weight=CARRIED_WEIGHT,
        last=asked.visit.last_passages[:1] if leans else (),
        around=asked.message.best.words,
        coverage="coverage" in switches,
    )


def _n_content(words: tuple[str, ...], indexed: IndexedGuide) -> int:
    return sum(term != Analyser.subject_term for term in indexed.query(words).typed)


def ground_all(asked: Asked, clauses: Sequence[int]) -> list[Grounding]:
    """The grounding of every run of words that is judged."""
    return [_ground(asked, words) for _, words in runs_of(asked, clauses)]


def answers(asked: Asked, clauses: Sequence[int], *, only_asking: bool = False) -> list[Grounding]:
    """Groundings in the answer band, best first, one a section, at most three.

    Several stand side by side only where several questions were asked, each on its own.
    """
    runs = runs_of(asked, clauses)
    if only_asking and not any(asked.message.asks[i] for i in clauses):
        return []
    judged = [(run, _ground(asked, words)) for run, words in runs]
    good = [(run, g) for run, g in judged if g.band == "answer" and _may_quote(asked, g)]
    if not good:
        return []
    good.sort(key=lambda pair: -pair[1].score)
    sure = good[0][1].score >= _SURE or _asks_who_decides(asked, [good[0][1]])
    if asked.verdict.leans_to_dose and not sure:
        return []
    found = [good[0][1]]
    singles: dict[int, Grounding] = {}
    for run, grounding in good:
        if len(run) == 1 and asked.message.asks[run[0]]:
            singles.setdefault(run[0], grounding)
    if len(singles) > 1:
        found = []
        # In a story the surest comes first, among plain questions the one asked first.
        is_story = len(asked.message.typed.words) > _LONG
        for _, grounding in singles.items() if is_story else sorted(singles.items()):
            if all(section_of(asked, grounding) != section_of(asked, f) for f in found):
                found.append(grounding)
    return found[:_MAX_PARTS]


def _may_quote(asked: Asked, grounding: Grounding) -> bool:
    return grounding.best is not None and quotable(grounding.best, asked.ready.sentences)


def left_uncovered(asked: Asked, clauses: Sequence[int]) -> Grounding | None:
    """The first question of several that the guide does not cover, or None."""
    asking = [i for i in clauses if asked.message.asks[i]]
    if len(asking) < 2:
        return None
    for i in asking:
        grounding = _ground(asked, asked.message.best.clauses[i].words)
        silent = grounding.topic is not None or grounding.unknown
        if grounding.band == "not_covered" and silent:
            return grounding
    return None


def section_of(asked: Asked, grounding: Grounding) -> str:
    """The section that a grounding found first."""
    return asked.ready.guide.passage(grounding.best or "").section_id
