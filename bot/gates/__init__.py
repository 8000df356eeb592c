"""Gates: who may not be answered, decided before anything is searched.

The three urgent gates are always all evaluated; a gate looks at every reading of a message.
What the visitor is told is left to `wording`, what the guide says to `excerpt`.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from bot.analysis import Clause, PhraseTable
from bot.gates import guarded
from bot.gates.evidence import Evidence, Weighed, load_evidence
from bot.gates.features import Features, Mark
from bot.gates.own import OwnRule, own_files, read_own
from bot.gates.rules import Fired, Rule, fires, parse_rules
from bot.gates.talk import Talk, load_talk

GATES = ("crisis", "emergency", "overdose", "dosing", "personal", "smalltalk")
"""In order of precedence."""
URGENT_GATES = GATES[:3]
_TIMES_OF_DAY = {("morning",), ("afternoon",), ("evening",)}
"""No greetings where something follows: "morning sickness"."""
_LONGEST_GREETING = 4
_PARTING = frozenset("thanks thank thx cheers please pls plz ta".split())
_LEAST_LEFT = 2
"""Words that must be left of a clause when greeting and thanks are taken off."""
_WHOLE = 40
"""Words up to which the evidence weighs a message of several clauses as a whole, too."""
EVIDENCE_ID = "{}.evidence"
"""What the evidence calls itself among the rules of a gate."""
WITHHELD = "withheld"
"""Not a gate for visitors: the rules for sentences of a guide that are never quoted."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gates found; `fired` in order of precedence, then of the rule files.

    `leans_to_dose`: nothing fired for certain, but only a sure answer should be given. `marks` are
    the features of the best reading, which other steps look at, too.
    """

    fired: tuple[Fired, ...] = ()
    by_gate: Mapping[str, tuple[Fired, ...]] = field(default_factory=dict)
    leans_to_dose: bool = False
    marks: tuple[Mark, ...] = ()

    def first(self, gate: str) -> Fired | None:
        """The first rule of a gate that fired, or None."""
        rules = self.by_gate.get(gate)
        return rules[0] if rules else None

    @property
    def has_weak(self) -> bool:
        """Whether something fired on weak evidence alone."""
        return any(fired.weak for fired in self.fired)

    def without_weak(self) -> Verdict:
        """The same without what fired on weak evidence."""
        kept = _verdict(fired for fired in self.fired if not fired.weak)
        return replace(kept, leans_to_dose=self.leans_to_dose, marks=self.marks)

    def clauses(self, gate: str) -> frozenset[int]:
        """Numbers of the clauses in which a gate fired; -1 stands for the whole message."""
        return frozenset(fired.clause for fired in self.by_gate.get(gate, ()))


@dataclass(frozen=True)
class Gates:
    """All rules, read once; `sha256` is that of every file that decides.

    `talk` knows small talk by all its words. `packaged` are the ids of the reviewed rules as
    they came; what a clinic adds or replaces is never doubted. `own` are the clinic's rules, in
    force among the others, in order of their files.
    """

    features: Features
    rules: tuple[Rule, ...]
    withheld: tuple[Rule, ...]
    evidence: Evidence
    talk: Talk
    sha256: str
    packaged: frozenset[str] = frozenset()
    own: tuple[OwnRule, ...] = ()

    def with_own(self, own: Iterable[OwnRule]) -> Gates:
        """The same with a clinic's rules in force; one with a known id takes that one's place."""
        added = tuple(own)
        rules = {rule.rule_id: rule for rule in (*self.rules, *self.withheld)}
        rules |= {one.rule_id: one.rule for one in added}
        for_visitors, for_guides = _parted(rules.values())
        return replace(
            self,
            rules=for_visitors,
            withheld=for_guides,
            packaged=self.packaged - _ids(added),
            own=(*self.own, *added),
        )

    @cached_property
    def _greetings(self) -> PhraseTable[bool]:
        phrases = self.features.phrases("greet")
        return PhraseTable((phrase, True) for phrase in phrases if phrase not in _TIMES_OF_DAY)

    def without_courtesy(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """A clause without greetings before it and thanks after it, unless it is nothing else."""
        start, end = 0, len(words)
        while found := self._greetings.find(words[start : start + _LONGEST_GREETING]):
            first, past, _ = found[0]
            if first:
                break
            start += past
        while end > start and words[end - 1] in _PARTING:
            end -= 1
        return words[start:end] if end - start >= _LEAST_LEFT else words

    @cached_property
    def _by_scope(self) -> Mapping[str, Mapping[str, tuple[int, ...]]]:
        """Per scope and feature the places of the rules that begin with it."""
        found: dict[str, dict[str, tuple[int, ...]]] = {"clause": {}, "message": {}}
        for place, rule in enumerate(self.rules):
            for name in rule.all[0]:
                by_name = found[rule.scope]
                by_name[name] = (*by_name.get(name, ()), place)
        return found

    def _within_reach(self, scope: str, marks: Iterable[Mark]) -> list[Rule]:
        """Rules whose first feature is there, in order."""
        by_name = self._by_scope[scope]
        places = {n for mark in marks for n in by_name.get(mark.feature, ())}
        return [self.rules[place] for place in sorted(places)]

    def judge(
        self,
        readings: Sequence[Sequence[Clause]],
        languages: frozenset[str],
        last_outcome: str | None = None,
    ) -> Verdict:
        """Evaluate every rule on every reading.

        Args:
            readings: Per reading its clauses in order; clause numbers agree across readings.
            languages: Languages whose features count.
            last_outcome: Outcome of the visit's last turn, for rules with `after`.
        """
        found: dict[tuple[str, str, int], Fired] = {}
        marked: list[list[Mark]] = []
        for clauses in readings:
            marked = [self.features.mark(c.words, languages, c.subject) for c in clauses]
            for fired in self._judge_reading(clauses, marked, last_outcome):
                found.setdefault((fired.gate, fired.rule_id, fired.clause), fired)
        weighed = self._weigh(readings[-1], marked)
        kept = self._without_misled(found.values(), weighed, languages)
        ruled = {fired.gate for fired in kept}
        for fired in _suspected(weighed):
            # A rule that names the question is worth more than a sum of words: "should I take
            # it while pregnant" is about the person, not about the dose.
            if fired.gate not in ruled and not (fired.gate == "dosing" and "personal" in ruled):
                kept.append(fired)
        # A dose's rule that gave way still asks for a sure answer.
        gave_way = {fired.gate for fired in found.values()} - ruled
        leans = "dosing" in gave_way or any(one.leans_to_dose for one in weighed.values())
        marks = tuple(mark for one in marked for mark in one)
        return replace(_verdict(kept), leans_to_dose=leans, marks=marks)

    def withholds(
        self, sentence: Clause, languages: frozenset[str] = guarded.ENGLISH
    ) -> Fired | None:
        """The first rule by which a guide's sentence must not be quoted, or None."""
        return next(iter(self.withholding(sentence, languages)), None)

    def withholding(
        self, sentence: Clause, languages: frozenset[str] = guarded.ENGLISH
    ) -> Sequence[Fired]:
        """All rules by which a guide's sentence must not be quoted, in order.

        Args:
            sentence: One sentence or table row.
            languages: Those that it may be in; see `guarded.languages_of`. In one that the
                features do not know, every figure counts as a dose.
        """
        marks = guarded.marks_of(self.features, sentence, languages)
        fired = _fire(self.withheld, sentence.words, marks, None, 0)
        if figures := guarded.unknown_figure(sentence, languages):
            fired.append(Fired(WITHHELD, guarded.FIGURE_RULE, figures, 0, WITHHELD))
        return fired

    def resembles(
        self, sentence: Clause, languages: frozenset[str] = guarded.ENGLISH
    ) -> tuple[str, tuple[str, ...]]:
        """What a sentence that is not withheld tells with words that look like a dose.

        Returns:
            `lasting` (how long something lasts or is felt) or `count`, and the words; two empty
            ones where nothing looks like a dose.
        """
        marks = guarded.marks_of(self.features, sentence, languages)
        words = guarded.figures(sentence, marks)
        is_lasting = any(mark.feature == "effect_lasting" for mark in marks)
        return ("lasting" if is_lasting else "count") if words else "", words

    def _weigh(self, clauses: Sequence[Clause], marked: Sequence[list[Mark]]) -> dict[int, Weighed]:
        """What the evidence says of each clause and, under -1, of a short message as a whole."""
        runs = {n: ([clause], marked[n]) for n, clause in enumerate(clauses)}
        n_words = sum(len(clause.words) for clause in clauses)
        if len(clauses) > 1 and n_words <= _WHOLE:
            runs[-1] = (list(clauses), [mark for marks in marked for mark in marks])
        in_story = n_words > _WHOLE
        return {
            number: self.evidence.weigh(run, marks, in_story=in_story)
            for number, (run, marks) in runs.items()
        }

    def _without_misled(
        self,
        found: Iterable[Fired],
        weighed: Mapping[int, Weighed],
        languages: frozenset[str],
    ) -> list[Fired]:
        """What rules found, without what the evidence dismisses; weak what it only doubts.

        It judges reviewed rules that look at the message alone, and English, which it was
        fitted on. Rules of a clinic's own always stand.
        """
        judged = self._judged if languages == guarded.ENGLISH else frozenset()
        kept: list[Fired] = []
        for fired in found:
            if fired.rule_id not in judged:
                kept.append(fired)
                continue
            # A clause is read in its message, and a message clause by clause.
            around = [one for n, one in weighed.items() if n in (fired.clause, -1)]
            around = around or list(weighed.values())
            if not around or any(fired.gate not in one.dismissed for one in around):
                weak = bool(around) and all(fired.gate in one.doubted for one in around)
                kept.append(fired._replace(weak=weak))
        return kept

    @cached_property
    def _judged(self) -> frozenset[str]:
        return frozenset(r.rule_id for r in self.rules if not r.after) & self.packaged

    def _judge_reading(
        self, clauses: Sequence[Clause], marked: Sequence[list[Mark]], last_outcome: str | None
    ) -> list[Fired]:
        found: list[Fired] = []
        for number, (clause, marks) in enumerate(zip(clauses, marked, strict=True)):
            near = self._within_reach("clause", marks)
            found += _fire(near, clause.words, marks, last_outcome, number)
        words = tuple(word for clause in clauses for word in clause.words)
        marks = _shifted(clauses, marked)
        near = self._within_reach("message", marks)
        return found + _fire(near, words, marks, last_outcome, -1)


def load_gates(corpus_dir: Path | None = None) -> Gates:
    """Read the packaged features and rules, and the clinic's own in `corpus/gates/*.toml`.

    A clinic's file is named after its gate, or begins with the name and a hyphen
    (`dosing-ours.toml`). A rule with the id of a packaged one replaces it and needs
    `signed_by`, since it may loosen what was reviewed.

    Raises:
        SettingsError: A file that is no TOML, an unknown gate, feature or key, an unsigned
            replacement.
    """
    package = files("bot") / "gates"
    digest = hashlib.sha256()
    text = (package / "features.toml").read_text(encoding="utf-8")
    digest.update(text.encode())
    features = Features(tomllib.loads(text))
    packaged: list[Rule] = []
    for gate in (*GATES, WITHHELD):
        text = (package / f"{gate}.toml").read_text(encoding="utf-8")
        digest.update(text.encode())
        packaged += parse_rules(gate, tomllib.loads(text), features.names, f"{gate}.toml")
    own: list[OwnRule] = []
    for path in own_files(corpus_dir):
        digest.update(path.read_bytes())
        own += read_own(path, (*GATES, WITHHELD), features.names, _ids(packaged) | _ids(own))
    for name in ("evidence.tsv", "smalltalk.tsv", guarded.DATA):
        digest.update((files("bot") / "data" / name).read_bytes())
    fitted = load_evidence(), load_talk()
    bare = Gates(features, *_parted(packaged), *fitted, digest.hexdigest(), _ids(packaged))
    return bare.with_own(own)


def _fire(
    rules: Iterable[Rule],
    words: tuple[str, ...],
    marks: Sequence[Mark],
    last_outcome: str | None,
    number: int,
) -> list[Fired]:
    by_feature: dict[str, list[Mark]] = {}
    for mark in marks:
        by_feature.setdefault(mark.feature, []).append(mark)
    found: list[Fired] = []
    for rule in rules:
        if any(names.isdisjoint(by_feature) for names in rule.all):
            continue
        matched = fires(rule, words, by_feature, last_outcome)
        if matched is not None:
            found.append(Fired(rule.gate, rule.rule_id, matched, number, rule.wording))
    return found


def _verdict(found: Iterable[Fired]) -> Verdict:
    ordered = tuple(sorted(found, key=lambda f: GATES.index(f.gate)))
    by_gate: dict[str, tuple[Fired, ...]] = {}
    for fired in ordered:
        by_gate[fired.gate] = (*by_gate.get(fired.gate, ()), fired)
    return Verdict(ordered, by_gate)


def _suspected(weighed: Mapping[int, Weighed]) -> Iterable[Fired]:
    """What the evidence suspects, unless the message as a whole dismisses it: "taking lithium",
    said before a question, is no overdose."""
    dismissed = weighed[-1].dismissed if -1 in weighed else frozenset()
    for number, one in weighed.items():
        for gate, _, words, firm in one.suspected:
            if gate in dismissed:
                continue
            yield Fired(gate, EVIDENCE_ID.format(gate), words, number, gate, not firm)


def _ids(rules: Iterable[Rule | OwnRule]) -> frozenset[str]:
    return frozenset(rule.rule_id for rule in rules)


def _parted(rules: Iterable[Rule]) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Rules for visitors and rules for guides, each in order."""
    every = tuple(rules)
    return (
        tuple(rule for rule in every if rule.gate != WITHHELD),
        tuple(rule for rule in every if rule.gate == WITHHELD),
    )


def _shifted(clauses: Sequence[Clause], marked: Sequence[Sequence[Mark]]) -> list[Mark]:
    shifted: list[Mark] = []
    offset = 0
    for clause, marks in zip(clauses, marked, strict=True):
        shifted += [Mark(m.feature, m.first + offset, m.end + offset) for m in marks]
        offset += len(clause.words)
    return shifted
