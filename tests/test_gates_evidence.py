"""The weighted evidence: what it sees, how it weighs, when a rule gives way to it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysis import Clause
from bot.gates import GATES, Gates
from bot.gates.evidence import CLASSES, Evidence, features_of, load_evidence
from bot.gates.features import SUBJECT, Mark
from bot.gates.rules import Fired
from bot.gates.table import SCALE, Table
from tests.core_help import judge, real_gates

HALF = {name: 0.5 for gate in ("urgent", "dosing", "personal") for name in (gate, f"firm {gate}")}
NEVER = dict.fromkeys(HALF, 1.0)
NOTHING = (0.0,) * len(CLASSES)


def towards(gate: str, weight: float) -> tuple[float, ...]:
    return tuple(weight if name == gate else 0.0 for name in CLASSES)


def weighing(thresholds: Mapping[str, float], **weights: tuple[float, ...]) -> Evidence:
    """Evidence whose words are all equally rare."""
    rows = {word: (1.0, *row) for word, row in weights.items()}
    return Evidence(Table.of(CLASSES, NOTHING, rows), thresholds)


def clause(text: str, *subject: tuple[int, int]) -> Clause:
    return Clause(tuple(text.split()), subject)


class TestFeatures:
    def test_stems_forms_pairs_marks_and_length_are_seen(self) -> None:
        found = features_of([clause("feeling ill")], [Mark("symptom", 1, 2)])
        assert found == {
            *("feel", "ill", "=feeling", "=ill", "feel-", "-ing"),
            *("^ feel", "feel ill", "ill $", "^ .. ill", "feel .. $"),
            *("[symptom]", "[length 1]"),
        }

    def test_subject_and_numbers_are_made_general(self) -> None:
        found = features_of([clause("take b 12 500", (1, 3))], [Mark(SUBJECT, 1, 3)])
        assert {"take [subject]", "[subject] [number]", "[number] $"} <= found
        assert not any("b" in name.split() or "12" in name for name in found)
        assert "=b" not in found

    def test_neighbours_do_not_reach_over_a_clause(self) -> None:
        found = features_of([clause("rest"), clause("sleep")], [])
        assert "rest sleep" not in found
        assert {"rest $", "^ sleep"} <= found


class TestWeighing:
    def test_a_probability_worked_by_hand(self) -> None:
        # One known feature, so it counts SCALE times its weight, however rare it is.
        # e^ln(10) = 10 beside five times e^0 = 1; the urgent three count together: 12/15.
        evidence = weighing(HALF, feel=towards("crisis", math.log(10) / SCALE))
        (found,) = evidence.weigh([clause("feel")], []).suspected
        assert (found.gate, found.probability, found.words) == ("crisis", 0.8, ("feel",))

    def test_a_rarer_word_counts_more(self) -> None:
        rows = {"pain": (1.0, *towards("none", 1.0)), "choking": (3.0, *towards("crisis", 1.0))}
        shares = Table.of(CLASSES, NOTHING, rows).shares(("pain", "choking", "unheard of"))
        # The vector (1, 3) has the length of the square root of 10.
        ratio = math.exp(SCALE * (3 - 1) / math.sqrt(10))
        assert shares["crisis"] / shares["none"] == pytest.approx(ratio, rel=1e-5)
        assert sum(shares.values()) == pytest.approx(1)

    def test_what_it_has_never_heard_weighs_nothing(self) -> None:
        table = Table.of(CLASSES, NOTHING, {"pain": (1.0, *towards("crisis", 1.0))})
        assert set(table.shares(("other",)).values()) == {1 / len(CLASSES)}

    def test_the_urgent_ones_count_together(self) -> None:
        pain = tuple(1.0 if name in CLASSES[:3] else 0.0 for name in CLASSES)
        evidence = weighing(HALF, pain=pain, chest=towards("emergency", 0.1))
        (found,) = evidence.weigh([clause("chest pain")], []).suspected
        assert found.gate == "emergency"
        assert found.probability > 0.8

    def test_a_gate_is_doubted_where_hardly_anything_speaks_for_it(self) -> None:
        thresholds = {**HALF, "doubt urgent": 0.1, "doubt dosing": 0.1, "dismiss dosing": 1e-9}
        evidence = weighing(thresholds, help=towards("none", 1.0), feel=towards("dosing", 1.0))
        weighed = evidence.weigh([clause("help")], [])
        assert weighed.doubted == {"crisis", "emergency", "overdose", "dosing"}
        assert weighed.dismissed == frozenset()
        assert "dosing" not in evidence.weigh([clause("feel")], []).doubted

    def test_below_the_threshold_nothing_is_suspected(self) -> None:
        evidence = weighing(dict.fromkeys(HALF, 0.999), feel=towards("dosing", 0.5))
        assert evidence.weigh([clause("feel")], []).suspected == []
        assert real_gates().evidence.weigh([], []).suspected == []

    @given(st.lists(st.sampled_from("how much pain die take b 12 the chest".split()), max_size=40))
    def test_any_words_give_probabilities(self, words: list[str]) -> None:
        found = real_gates().evidence.weigh([Clause(tuple(words))], []).suspected
        assert all(0 < suspicion.probability <= 1 for suspicion in found)
        assert found == sorted(found, key=lambda suspicion: -suspicion.probability)


class TestTable:
    def test_it_has_a_weight_for_each_class(self) -> None:
        evidence = load_evidence()
        table = evidence.table
        assert table.classes == CLASSES
        assert table.weights.shape == (len(table.rows), len(CLASSES))
        assert len(table.bias) == len(CLASSES)
        under = {
            f"{what} {k}" for what in ("doubt", "dismiss") for k in ("urgent", "dosing", "personal")
        }
        assert set(evidence.thresholds) == set(HALF) | under | {"lean dosing"}
        assert all(0 < value < 1 for value in evidence.thresholds.values())

    def test_a_rule_is_dismissed_before_it_is_doubted(self) -> None:
        thresholds = load_evidence().thresholds
        for kind in ("urgent", "dosing", "personal"):
            assert thresholds[f"dismiss {kind}"] < thresholds[f"doubt {kind}"] < thresholds[kind]

    def test_its_classes_are_gates(self) -> None:
        assert set(CLASSES) - {"none"} <= set(GATES)


class TestRulesAndEvidence:
    """What becomes of a rule that fired on "how much should i take"."""

    asked = "how much should i take"

    def fired(self, share_of_none: float, **changes: object) -> list[Fired]:
        thresholds = {**NEVER, "dismiss dosing": 0.01, "doubt dosing": 0.1}
        table = Table.of(CLASSES, towards("none", share_of_none), {})
        gates = real_gates()
        assert isinstance(gates, Gates)
        evidence = Evidence(table, thresholds)
        changed = dataclasses.replace(gates, evidence=evidence, **changes)  # type: ignore[arg-type]
        return [f for f in judge(self.asked, gates=changed).fired if f.gate == "dosing"]

    def test_it_stands_where_the_evidence_has_nothing_against_it(self) -> None:
        assert self.fired(0.0)
        assert not any(fired.weak for fired in self.fired(0.0))

    def test_it_is_weak_where_the_evidence_doubts_it(self) -> None:
        assert self.fired(3.0)
        assert all(fired.weak for fired in self.fired(3.0))

    def test_it_gives_way_where_the_evidence_dismisses_it(self) -> None:
        assert self.fired(9.0) == []

    def test_a_clinics_own_rule_always_stands(self) -> None:
        stands = self.fired(9.0, packaged=frozenset())
        assert stands
        assert not any(fired.weak for fired in stands)

    def test_in_another_language_every_rule_stands(self) -> None:
        table = Table.of(CLASSES, towards("none", 9.0), {})
        gates = real_gates()
        sure = dataclasses.replace(
            gates, evidence=Evidence(table, {**NEVER, "dismiss dosing": 0.5})
        )
        assert judge("cuántas inyecciones necesito por semana", gates=sure).first("dosing")

    def test_after_a_refusal_the_rules_of_a_conversation_stand(self) -> None:
        table = Table.of(CLASSES, towards("none", 9.0), {})
        gates = real_gates()
        sure = dataclasses.replace(
            gates, evidence=Evidence(table, {**NEVER, "dismiss dosing": 0.5})
        )
        assert judge("and for children?", gates=sure, after="dosing_refusal").first("dosing")


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("i want to die", "crisis"),
        ("i can't breathe", "emergency"),
        ("i took too many b12 tablets", "overdose"),
        ("how much should i take", "dosing"),
    ],
)
def test_plain_words_are_caught_by_rules_and_with_the_evidence(text: str, gate: str) -> None:
    gates = real_gates()
    silent = dataclasses.replace(gates, evidence=weighing(NEVER))
    assert judge(text, gates=silent).first(gate)
    assert judge(text, gates=gates).first(gate)
