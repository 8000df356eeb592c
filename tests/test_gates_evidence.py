"""The weighted evidence: what it sees, how it weighs, and that it only adds to the rules."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysis import Clause
from bot.gates import GATES
from bot.gates.evidence import CLASSES, SCALE, Evidence, features_of, load_evidence
from bot.gates.features import SUBJECT, Mark
from tests.core_help import judge, real_gates

HALF = {name: 0.5 for gate in ("urgent", "dosing", "personal") for name in (gate, f"firm {gate}")}
NOTHING = (0.0,) * len(CLASSES)


def towards(gate: str, weight: float) -> tuple[float, ...]:
    return tuple(weight if name == gate else 0.0 for name in CLASSES)


def clause(text: str, *subject: tuple[int, int]) -> Clause:
    return Clause(tuple(text.split()), subject)


class TestFeatures:
    def test_stems_pairs_marks_and_length_are_seen(self) -> None:
        found = features_of([clause("feeling faint")], [Mark("symptom", 1, 2)])
        assert found == {
            "feel",
            "faint",
            "^ feel",
            "feel faint",
            "faint $",
            "[symptom]",
            "[length 1]",
        }

    def test_subject_and_numbers_are_made_general(self) -> None:
        found = features_of([clause("take b 12 500", (1, 3))], [Mark(SUBJECT, 1, 3)])
        assert {"take [subject]", "[subject] [number]", "[number] $"} <= found
        assert not any("b" in name.split() or "12" in name for name in found)

    def test_neighbours_do_not_reach_over_a_clause(self) -> None:
        found = features_of([clause("rest"), clause("sleep")], [])
        assert "rest sleep" not in found
        assert {"rest $", "^ sleep"} <= found


class TestWeighing:
    def test_a_probability_worked_by_hand(self) -> None:
        # Four features ("feel", two pairs, the length), so the sum counts SCALE / 2 of its weight.
        # e^ln(10) = 10 beside five times e^0 = 1; the urgent three count together: 12/15.
        weight = math.log(10) * 2 / SCALE
        evidence = Evidence({"feel": towards("crisis", weight)}, NOTHING, HALF)
        (found,) = evidence.weigh([clause("feel")], []).suspected
        assert (found.gate, found.probability, found.words) == ("crisis", 0.8, ("feel",))

    def test_the_urgent_ones_count_together(self) -> None:
        weights = {"pain": tuple(2.0 if name in CLASSES[:3] else 0.0 for name in CLASSES)}
        weights["chest"] = towards("emergency", 0.1)
        (found,) = Evidence(weights, NOTHING, HALF).weigh([clause("chest pain")], []).suspected
        assert found.gate == "emergency"
        assert found.probability > 0.8

    def test_a_gate_is_doubted_where_hardly_anything_speaks_for_it(self) -> None:
        thresholds = {**HALF, "doubt urgent": 0.1, "doubt dosing": 0.1, "doubt personal": 1e-9}
        weights = {"help": towards("none", 2.0), "feel": towards("dosing", 1.0)}
        evidence = Evidence(weights, NOTHING, thresholds)
        assert evidence.weigh([clause("help")], []).doubted == {
            *("crisis", "emergency", "overdose", "dosing")
        }
        assert "dosing" not in evidence.weigh([clause("feel")], []).doubted

    def test_below_the_threshold_nothing_is_suspected(self) -> None:
        evidence = Evidence({"feel": towards("dosing", 1.0)}, NOTHING, dict.fromkeys(HALF, 0.9))
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
        assert len(evidence.bias) == len(CLASSES)
        assert {len(row) for row in evidence.weights.values()} == {len(CLASSES)}
        doubts = {f"doubt {name}" for name in ("urgent", "dosing", "personal")}
        assert set(evidence.thresholds) == set(HALF) | doubts | {"lean dosing"}
        assert all(0 < value < 1 for value in evidence.thresholds.values())

    def test_its_classes_are_gates(self) -> None:
        assert set(CLASSES) - {"none"} <= set(GATES)


@pytest.mark.parametrize(
    "text",
    ["i want to die", "i can't breathe", "i took too many b12 tablets", "how much should i take"],
)
def test_it_only_adds_to_what_rules_find(text: str) -> None:
    gates = real_gates()
    silent = dataclasses.replace(gates, evidence=Evidence({}, NOTHING, dict.fromkeys(HALF, 1.0)))
    by_rules = {fired.gate for fired in judge(text, gates=silent).fired}
    assert by_rules
    assert by_rules <= {fired.gate for fired in judge(text, gates=gates).fired}
