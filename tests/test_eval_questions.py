"""Reading labelled questions, and refusing what would spoil a measurement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.questions import (
    QuestionError,
    check_items,
    check_labels,
    load_items,
    near_duplicates,
    parse_item,
    select,
)
from tests.eval_help import make_item

ROW: dict[str, Any] = {
    "id": "a1",
    "guide": "tiny.md",
    "turns": ["what is it", "and why"],
    "outcome": "answer",
    "sections": ["Uses"],
    "must_contain": ["tired people"],
    "slice": ["near miss", "Look-alike"],
    "family": "plain",
    "split": "tune",
    "row": 13,
}


def line(**changes: Any) -> str:
    return json.dumps({k: v for k, v in {**ROW, **changes}.items() if v is not ...})


def test_a_line_becomes_an_item() -> None:
    item = parse_item(line(accept=["clarify"]), "q.jsonl:1")
    assert item.guide == "tiny"
    assert item.turns == ("what is it", "and why")
    assert item.allowed == ("answer", "clarify")
    assert item.slices == ("near_miss", "lookalike")
    assert item.rows == ("13",)


@pytest.mark.parametrize("row", [["13", "14"], [13, 14]])
def test_rows_may_be_several(row: object) -> None:
    assert parse_item(line(row=row), "x").rows == ("13", "14")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("[1]", "list"),
        (line(outcome="maybe"), "'maybe'"),
        (line(accept=["maybe"]), "'maybe'"),
        (line(split="dev"), "'dev'"),
        (line(family=...), "family"),
        (line(family="  "), "expected a text"),
        (line(turns=[]), "no turns"),
        (line(turns="one"), "a list of texts"),
        (line(sections=[]), "without sections"),
        (line(sektions=["Uses"]), "sektions"),
        (line(row=True), "a row such as 13"),
    ],
)
def test_a_bad_line_names_its_place_and_its_fault(text: str, complaint: str) -> None:
    with pytest.raises(QuestionError, match=complaint) as caught:
        parse_item(text, "questions.jsonl:7")
    assert "questions.jsonl:7" in str(caught.value)


def test_files_are_read_by_name_and_lines_counted(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text(line(id="b1") + "\n", encoding="utf-8")
    (tmp_path / "a.jsonl").write_text("\n" + line(id="a1") + "\n", encoding="utf-8")
    items = load_items(tmp_path)
    assert [(i.item_id, i.where) for i in items] == [("a1", "a.jsonl:2"), ("b1", "b.jsonl:1")]


def test_a_line_separator_within_a_message_does_not_break_the_line(tmp_path: Path) -> None:
    row = json.dumps({**ROW, "turns": ["one\u2028two"]}, ensure_ascii=False)
    (tmp_path / "a.jsonl").write_text(row + "\n", encoding="utf-8")
    assert load_items(tmp_path)[0].turns == ("one\u2028two",)


def test_a_folder_without_questions_and_a_binary_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="no questions"):
        load_items(tmp_path)
    (tmp_path / "a.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(QuestionError, match="cannot be read"):
        load_items(tmp_path)


def test_an_id_used_twice_is_an_error() -> None:
    with pytest.raises(QuestionError, match="'q1' is used twice"):
        check_items([make_item("q1"), make_item("q1")])


def test_a_family_on_both_sides_of_the_split_is_an_error() -> None:
    with pytest.raises(QuestionError, match="family 'f'"):
        check_items([make_item("q1", family="f"), make_item("q2", family="f", split="tune")])
    check_items([make_item("q1", family="f"), make_item("q2", family="f")])


def test_near_duplicates_are_found_across_the_split_only_and_within_a_guide() -> None:
    asked = ("Is the b12 jab good for tiredness?",)
    alike = ("is the B12 jab good for  tiredness",)
    items = [
        make_item("tune", turns=asked, split="tune"),
        make_item("test", turns=alike),
        make_item("other guide", turns=alike, guide="other"),
        make_item("same side", turns=asked, split="tune"),
        make_item("far", turns=("who sees my records",)),
    ]
    assert {(p.tune_id, p.test_id) for p in near_duplicates(items)} == {
        ("tune", "test"),
        ("same side", "test"),
    }


def test_labels_must_fit_the_guide() -> None:
    titles, texts = {"tiny": {"uses"}}, {"tiny": "it helps tired people."}
    check_labels([make_item(sections=("USES:",), must_contain=("Tired\n people",))], titles, texts)
    with pytest.raises(QuestionError, match="no section 'Risks'"):
        check_labels([make_item(sections=("Risks",))], titles, texts)
    with pytest.raises(QuestionError, match="'sleepy' is not in"):
        check_labels([make_item(must_contain=("sleepy",))], titles, texts)


def test_selecting_by_split_guide_and_slice() -> None:
    items = [
        make_item("a", slices=("typo",)),
        make_item("b", split="tune"),
        make_item("c", guide="other", slices=("near_miss",)),
    ]

    def ids(*args: str) -> list[str]:
        return [i.item_id for i in select(items, *args)]

    assert ids() == ["a", "b", "c"]
    assert ids("test") == ["a", "c"]
    assert ids("all", "other.md") == ["c"]
    assert ids("test", "", "near-miss") == ["c"]
