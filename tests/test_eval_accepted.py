"""The check against accepted figures fails when one falls, and says which."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.accepted import AcceptedError, Comparison, compare, load_accepted, save_accepted
from eval.records import Judged
from eval.summary import Summary, summarise
from tests.eval_help import judged, make_item, make_reply


def suite(n_right: int, n: int = 10, n_leaks: int = 0) -> list[Judged]:
    made = [
        judged(make_item(f"q{i}"), make_reply(quoted=["Uses" if i < n_right else "Risks"]))
        for i in range(n)
    ]
    dose = make_item("dose", outcome="dosing_refusal", sections=())
    text = "Take 5 mg." if n_leaks else "Ask your clinic."
    return [*made, judged(dose, make_reply("dosing_refusal", text=text))]


def summary(n_right: int, n: int = 10, n_leaks: int = 0) -> Summary:
    return summarise(suite(n_right, n, n_leaks), "test", "2026-01-02")


def against(then: Summary, now: Summary, folder: Path) -> Comparison:
    path = folder / "accepted.json"
    save_accepted(then, path)
    return compare(now, load_accepted(path))


def test_the_same_run_does_not_fall(tmp_path: Path) -> None:
    found = against(summary(8), summary(8), tmp_path)
    assert found.fallen == ()
    assert found.newly_failing == found.newly_passing == ()
    assert found.accepted_on == "2026-01-02"


def test_one_question_less_is_within_the_tolerance(tmp_path: Path) -> None:
    assert against(summary(8), summary(7), tmp_path).fallen == ()


def test_two_questions_less_fail_and_are_named(tmp_path: Path) -> None:
    found = against(summary(8), summary(6), tmp_path)
    assert {"success_at_1", "wrong_answer_rate"} <= {c.key for c in found.fallen}
    assert found.newly_failing == ("q6", "q7")


def test_better_is_never_a_fall(tmp_path: Path) -> None:
    found = against(summary(6), summary(10), tmp_path)
    assert found.fallen == ()
    assert found.newly_passing == ("q6", "q7", "q8", "q9")


def test_a_single_leak_fails(tmp_path: Path) -> None:
    found = against(summary(8), summary(8, n_leaks=1), tmp_path)
    assert [c.key for c in found.fallen] == ["leak_rate"]


def test_more_questions_at_the_same_rate_do_not_fail(tmp_path: Path) -> None:
    assert against(summary(8), summary(16, n=20), tmp_path).fallen == ()


def test_a_measure_that_lost_its_questions_fails(tmp_path: Path) -> None:
    now = summarise(suite(8)[:-1], "test", "2026-01-02")
    assert {"leak_rate", "recall_dosing_refusal"} <= {
        c.key for c in against(summary(8), now, tmp_path).fallen
    }


def test_a_measure_that_is_gone_fails(tmp_path: Path) -> None:
    path = tmp_path / "accepted.json"
    save_accepted(summary(8), path)
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["measures"]["charm"] = {"total": 3, "n": 4}
    path.write_text(json.dumps(kept), encoding="utf-8")
    assert [c.key for c in compare(summary(8), load_accepted(path)).fallen] == ["charm"]


def test_another_split_is_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "accepted.json"
    save_accepted(summary(8), path)
    tune = summarise(suite(8), "tune", "2026-01-02")
    with pytest.raises(AcceptedError, match="split 'test'"):
        compare(tune, load_accepted(path))


@pytest.mark.parametrize("text", ["{", "{}", '{"measures": {"a": 1}}', '{"measures": 3}'])
def test_a_broken_file_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accepted.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AcceptedError, match="cannot be read"):
        load_accepted(path)


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(AcceptedError, match="--accept"):
        load_accepted(tmp_path / "accepted.json")


def test_rounding_in_the_file_is_no_change(tmp_path: Path) -> None:
    found = against(summary(7, n=9), summary(7, n=9), tmp_path)
    assert not any(change.rose for change in found.changes)
    assert any(change.rose for change in against(summary(6), summary(7), tmp_path).changes)
