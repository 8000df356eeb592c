"""Tries rules on their examples: what a clinic's rules promise, and what they loosen.

A rule's examples are its contract. The packaged ones are tried again with the clinic's rules in
force, so that whoever signs sees what is no longer caught.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.analysis import Clause, words_of
from bot.gates import EVIDENCE_ID, WITHHELD, Gates, Verdict
from bot.gates.own import OwnRule
from bot.gates.rules import Rule
from bot.readings import read
from bot.spelling import Vocabulary

_SUBJECT = ("b12", "vitamin b12", "vit b12", "cobalamin")
"""How the packaged examples name what they ask about."""


class Miss(NamedTuple):
    """An example of a clinic's rule that does not do what the rule says."""

    own: OwnRule
    example: str
    found: str
    expected: str


class Loss(NamedTuple):
    """An example of a packaged rule that was caught and no longer is, or less firmly."""

    rule_id: str
    gate: str
    example: str
    found: str


def packaged_vocabulary(gates: Gates) -> Vocabulary:
    """The words that the packaged examples are read with, whatever the clinic's guides are."""
    return Vocabulary(gates.features.words, (), [words_of(name) for name in _SUBJECT])


def misses(gates: Gates, vocabularies: Sequence[Vocabulary]) -> list[Miss]:
    """The examples of a clinic's rules that fail, in order.

    Args:
        gates: With the clinic's rules in force.
        vocabularies: Those of the clinic's guides. An example has to be caught with one of
            them, since it may name what that guide is about; it has to pass with all of them.
    """
    found: list[Miss] = []
    for own in gates.own:
        rule = own.rule
        caught = f"caught by {rule.rule_id}"
        for text in (*rule.catches, *rule.passes):
            fired = [_rules_on(gates, rule, text, v) for v in vocabularies]
            is_caught = any(rule.rule_id in ids for ids in fired)
            if text in rule.catches and not is_caught:
                found.append(Miss(own, text, _told(fired[0] if fired else ()), caught))
            elif text in rule.passes and is_caught:
                found.append(Miss(own, text, caught, f"not {caught}"))
    return found


def losses(before: Gates, after: Gates) -> list[Loss]:
    """What the first gates catch of their own examples and the second do not, in order.

    An example counts as caught by its gate, whichever of its rules fires. By a rule before and by
    the evidence alone after is a loss, since nobody has signed the evidence for it.
    """
    vocabulary = packaged_vocabulary(before)
    found: list[Loss] = []
    for rule in (*before.rules, *before.withheld):
        for text in rule.catches:
            was, _ = _strength(before, rule, text, vocabulary)
            now, fired = _strength(after, rule, text, vocabulary)
            if now < was:
                found.append(Loss(rule.rule_id, rule.gate, text, _told(fired)))
    return found


def caught_anew(before: Gates, after: Gates) -> list[Loss]:
    """Look-alikes of the packaged rules that nothing caught before and the second gates catch."""
    vocabulary = packaged_vocabulary(before)
    found: list[Loss] = []
    for rule in (*before.rules, *before.withheld):
        for text in rule.passes:
            fired = _rules_on(after, rule, text, vocabulary)
            if fired and not _rules_on(before, rule, text, vocabulary):
                found.append(Loss(rule.rule_id, rule.gate, text, _told(fired)))
    return found


def _strength(
    gates: Gates, rule: Rule, text: str, vocabulary: Vocabulary
) -> tuple[int, tuple[str, ...]]:
    """Two: a rule of the gate catches it; one: the evidence alone; none; and all that fired."""
    if rule.gate == WITHHELD:
        fired = _withheld_by(gates, text, vocabulary)
        return 2 * bool(fired), fired
    verdict = _judged(gates, rule, text, vocabulary)
    of_gate = verdict.by_gate.get(rule.gate, ())
    by_rule = any(fired.rule_id != EVIDENCE_ID.format(fired.gate) for fired in of_gate)
    return 2 if by_rule else min(len(of_gate), 1), tuple(f.rule_id for f in verdict.fired)


def _rules_on(gates: Gates, rule: Rule, text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Ids of all that fires on an example of the rule."""
    if rule.gate == WITHHELD:
        return _withheld_by(gates, text, vocabulary)
    return tuple(fired.rule_id for fired in _judged(gates, rule, text, vocabulary).fired)


def _judged(gates: Gates, rule: Rule, text: str, vocabulary: Vocabulary) -> Verdict:
    message = read(text, vocabulary)
    clauses = [reading.clauses for reading in message.readings]
    return gates.judge(clauses, message.languages, min(rule.after, default=None))


def _withheld_by(gates: Gates, text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    words = words_of(text)
    clause = Clause(words, vocabulary.subject_ranges(words))
    return tuple(fired.rule_id for fired in gates.withholding(clause))


def _told(fired: Sequence[str]) -> str:
    return f"caught by {', '.join(dict.fromkeys(fired))}" if fired else "not caught"
