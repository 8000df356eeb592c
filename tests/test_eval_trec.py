"""The run in the TREC form: the standard tool measures the same to all printed digits."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import pytrec_eval

from bot.records import Passage
from eval.measures import RR_DEPTH, measures, reciprocal_rank
from eval.records import Judged
from eval.trec import (
    passage_qrels,
    passage_run,
    section_qrels,
    section_run,
    write_qrels,
    write_run,
)
from tests.eval_help import PLACES, TEXT, judged, make_item, make_reply

TITLES = [*PLACES, "Storage", "Who decides", "Aftercare", "Visits", "Travel"]


def random_judged(seed: int, n: int = 60) -> list[Judged]:
    """Answerable questions, some without a result, with answers and offers at random."""
    random = Random(seed)
    made: list[Judged] = []
    for i in range(n):
        item = make_item(f"q{i}", sections=tuple(random.sample(TITLES, random.randint(1, 2))))
        offered = random.sample(TITLES, random.randint(0, 6))
        outcome = random.choice(["answer", "answer", "clarify", "not_covered", "none"])
        quoted = random.sample(list(PLACES), random.randint(1, 2)) if outcome == "answer" else []
        reply = None if outcome == "none" else make_reply(outcome, quoted, offered)
        made.append(judged(item, reply))
    return made


@pytest.mark.parametrize("seed", range(8))
def test_success_and_rr_equal_pytrec_eval(seed: int) -> None:
    found = random_judged(seed)
    own = {m.key: m.value for m in measures(found)}
    evaluator = pytrec_eval.RelevanceEvaluator(section_qrels(found), {"success", "recip_rank"})
    # trec_eval's reciprocal rank has no depth, so the run is cut to ours.
    run = {
        q: dict(sorted(docs.items(), key=lambda pair: -pair[1])[:RR_DEPTH])
        for q, docs in section_run(found).items()
    }
    theirs = evaluator.evaluate(run)
    assert len(theirs) == len(found)
    mean = {
        name: sum(row[name] for row in theirs.values()) / len(found)
        for name in ("success_1", "recip_rank")
    }
    assert f"{own['success_at_1']:.10f}" == f"{mean['success_1']:.10f}"
    assert f"{own['rr_at_5']:.10f}" == f"{mean['recip_rank']:.10f}"
    for j in found:
        assert reciprocal_rank(j) == pytest.approx(theirs[j.item.item_id]["recip_rank"], abs=1e-12)


def test_files_are_what_the_standard_tools_read(tmp_path: Path) -> None:
    found = random_judged(1, n=12)
    write_qrels(section_qrels(found), tmp_path / "qrels")
    write_run(section_run(found), tmp_path / "run")
    with (tmp_path / "qrels").open(encoding="utf-8") as file:
        assert pytrec_eval.parse_qrel(file) == section_qrels(found)
    with (tmp_path / "run").open(encoding="utf-8") as file:
        assert pytrec_eval.parse_run(file) == section_run(found)


def passages() -> dict[str, list[Passage]]:
    made = []
    for section, text in PLACES.items():
        start = TEXT.index(text)
        made.append(
            Passage(
                f"{section.lower()}-1", section.lower(), section, (section,), text,
                start, start + len(text),
            )
        )  # fmt: skip
    return {"tiny": made}


def test_a_passage_with_the_decisive_sentence_is_worth_more() -> None:
    item = make_item(sections=("Uses", "Risks"), must_contain=("redness",))
    found = [judged(item, make_reply(quoted=["Uses"], offered=["Risks"]))]
    assert passage_qrels(found, passages()) == {"q1": {"tiny/uses-1": 1, "tiny/risks-1": 2}}
    assert passage_run(found) == {"q1": {"tiny/uses-1": 2.0, "tiny/risks-1": 1.0}}


def test_a_question_without_a_quote_or_a_result_stays_in_the_run() -> None:
    found = [
        judged(make_item("a"), make_reply("clarify", offered=["Uses"])),
        judged(make_item("b"), None),
        judged(make_item("c", outcome="smalltalk"), make_reply("smalltalk")),
    ]
    assert list(section_run(found)) == ["a", "b"]
    assert list(section_run(found)["a"]) == ["tiny/(nothing_quoted)", "tiny/uses"]
    assert list(passage_run(found)["b"]) == ["tiny/(nothing_quoted)"]
