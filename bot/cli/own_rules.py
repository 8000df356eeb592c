"""Tries a clinic's own rules: do they keep their examples, what do they loosen, who signed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from bot.cli.findings import Finding, Findings, Level
from bot.gates import Gates, load_gates
from bot.gates.own import OwnRule
from bot.gates.trial import Loss, caught_anew, losses, misses, packaged_vocabulary
from bot.spelling import Vocabulary

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def own_rules(gates: Gates, vocabularies: Sequence[Vocabulary]) -> Findings:
    """What is to be said of a clinic's rules; nothing where it has none.

    Args:
        gates: With the clinic's rules in force.
        vocabularies: Those of its guides, for the examples; may be empty.
    """
    if not gates.own:
        return
    n_files = len({own.file for own in gates.own})
    yield Finding("good", f"rules of the clinic's own: {len(gates.own)} in {n_files} file(s)")
    yield from (_listed(own) for own in gates.own)
    yield from _unfinished(gates.own)
    yield from _examples(gates, vocabularies or [packaged_vocabulary(gates)])
    yield from _loosened(gates)


def _listed(own: OwnRule) -> Finding:
    rule = own.rule
    signed = f"signed by {rule.signature}" if rule.signed_by else "not signed"
    kind = "replaces a reviewed rule" if own.replaces else "added"
    return Finding(
        "note",
        f"{_name(own)}: {kind}, {signed}",
        {
            "kind": "own_rule",
            "file": own.file,
            "rule": rule.rule_id,
            "gate": rule.gate,
            "replaces": own.replaces,
            "signed_by": rule.signed_by,
            "signed_on": rule.signed_on,
        },
    )


def _unfinished(rules: Sequence[OwnRule]) -> Findings:
    for own in rules:
        lacking = [key for key in ("catches", "passes") if not getattr(own.rule, key)]
        if lacking:
            yield Finding("look", f"{_name(own)}: no {' and no '.join(lacking)} to try it on")
        if own.rule.signed_by and not _DAY.search(own.rule.signature):
            yield Finding("look", f"{_name(own)}: signed without a day; add signed_on")


def _examples(gates: Gates, vocabularies: Sequence[Vocabulary]) -> Findings:
    failed = misses(gates, vocabularies)
    for miss in failed:
        found = f"found: {miss.found}; expected: {miss.expected}"
        about = {
            "kind": "example",
            "rule": miss.own.rule_id,
            "example": miss.example,
            "found": miss.found,
            "expected": miss.expected,
        }
        yield Finding("wrong", f"{_name(miss.own)}: “{miss.example}”: {found}", about)
    n_examples = sum(len(own.rule.catches) + len(own.rule.passes) for own in gates.own)
    if n_examples and not failed:
        yield Finding("good", f"all {n_examples} examples of theirs do what the rules say")


def _loosened(gates: Gates) -> Findings:
    """The packaged examples again: with all of the clinic's rules, and with the signed ones."""
    packaged = load_gates()
    signed = [own for own in gates.own if own.rule.signed_by]
    lost = losses(packaged, gates)
    accepted = losses(packaged, packaged.with_own(signed)) if signed else []
    known = {(loss.rule_id, loss.example) for loss in accepted}
    for loss in lost:
        if (loss.rule_id, loss.example) not in known:
            told = "an unsigned rule loosens it; mend that rule, or have it signed"
            yield _loss("wrong", loss, told)
    for loss in lost:
        if (loss.rule_id, loss.example) in known:
            yield _loss("look", loss, f"loosened, {_signers(loss, signed)}")
    if not lost:
        yield Finding("good", "every packaged example is still caught")
    if tightened := caught_anew(packaged, gates):
        shown = "; ".join(f"“{loss.example}”" for loss in tightened[:3])
        count = f"{len(tightened)} look-alikes that used to pass are now caught"
        yield Finding("look", f"{count}, such as {shown}")


def _loss(level: Level, loss: Loss, told: str) -> Finding:
    expected = f"expected: caught by the {loss.gate} gate"
    return Finding(
        level,
        f"packaged rule {loss.rule_id}: “{loss.example}”: found: {loss.found}; {expected}; {told}",
        {
            "kind": "loosening",
            "rule": loss.rule_id,
            "example": loss.example,
            "found": loss.found,
            "is_signed": level != "wrong",
        },
    )


def _signers(loss: Loss, signed: Sequence[OwnRule]) -> str:
    """Who signed the rule that took the place of the one that lost, else whoever signed any."""
    own = [one for one in signed if one.rule_id == loss.rule_id] or signed
    names = dict.fromkeys(f"{one.rule.signature} ({one.rule_id})" for one in own)
    return f"signed by {', '.join(names)}"


def _name(own: OwnRule) -> str:
    return f"{Path(own.file).name}: rule {own.rule_id}"
