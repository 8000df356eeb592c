"""Questions as rows of numbers: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.rows import Rows, known, rows_of

QUESTIONS = [{"sore", "arm"}, {"arm"}, set(), {"arm", "rash"}]


def features_of(rows: Rows) -> list[set[str]]:
    """Each row as the names that it was made of."""
    name_of = {column: name for name, column in rows.names.items()}
    parts = np.split(rows.columns, rows.starts[1:-1])
    return [{name_of[int(column)] for column in part} for part in parts]


def test_rows_hold_what_they_were_made_of() -> None:
    rows = rows_of(QUESTIONS)
    assert len(rows) == 4
    assert features_of(rows) == QUESTIONS
    assert rows.row_of.tolist() == sorted(rows.row_of.tolist())


def test_some_rows_can_be_taken() -> None:
    taken = rows_of(QUESTIONS).taken(np.array([True, False, True, True]))
    assert features_of(taken) == [{"sore", "arm"}, set(), {"arm", "rash"}]


def test_rare_features_are_dropped_from_names_and_rows() -> None:
    rows = rows_of(QUESTIONS).frequent(2)
    assert rows.names == {"arm": 0}
    assert features_of(rows) == [{"arm"}, {"arm"}, set(), {"arm"}]
    assert rows.frequencies().tolist() == [3]


def test_rows_stand_beside_others() -> None:
    rows = rows_of(QUESTIONS).beside(rows_of([{"[long]"}, set(), {"[long]", "[odd]"}, set()]))
    assert features_of(rows) == [{"sore", "arm", "[long]"}, {"arm"}, {"[long]", "[odd]"},
                                 {"arm", "rash"}]  # fmt: skip


def test_no_rows_at_all() -> None:
    none = rows_of([])
    assert len(none) == 0
    assert features_of(none.frequent(2)) == [set()]
    assert none.frequencies().tolist() == []


def test_unknown_features_have_no_column() -> None:
    assert known(["arm", "zorv"], {"arm": 3}) == [3]


@given(st.lists(st.sets(st.sampled_from("abcdef")), min_size=1, max_size=12))
def test_counting_agrees_with_sets(questions: list[set[str]]) -> None:
    rows = rows_of(questions)
    frequencies = dict(zip(rows.names, rows.frequencies().tolist(), strict=True))
    assert frequencies == {n: sum(n in q for q in questions) for n in set().union(*questions)}
    assert features_of(rows.beside(rows_of({f"[{f}]" for f in q} for q in questions))) == [
        q | {f"[{f}]" for f in q} for q in questions
    ]
