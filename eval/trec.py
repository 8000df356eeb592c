"""Writes qrels and run files in the TREC form, so that other tools can judge the same run.

Sections: relevance 1 for each right one. Passages: 2 where it holds a decisive sentence, 1 for
the others of a right section. Only answerable questions are judged; a question that got no
result stands in the run with the placeholder alone, so that it scores zero and does not vanish.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bot.records import Passage
from eval.judge import NOTHING_QUOTED
from eval.records import Item, Judged
from eval.titles import folded, same_title

RUN_NAME = "quotewell"

Qrels = dict[str, dict[str, int]]
Run = dict[str, dict[str, float]]


def section_qrels(judged: Iterable[Judged]) -> Qrels:
    """`query_id -> section id -> 1` for the answerable questions."""
    return {
        j.item.item_id: {doc_id(j.item.guide, s): 1 for s in j.item.sections}
        for j in _answerable(judged)
    }


def section_run(judged: Iterable[Judged]) -> Run:
    """`query_id -> section id -> score`; scores only put the ranks in order."""
    return {
        j.item.item_id: _scored([doc_id(j.item.guide, s) for s in j.ranked])
        for j in _answerable(judged)
    }


def passage_qrels(judged: Iterable[Judged], passages: Mapping[str, Sequence[Passage]]) -> Qrels:
    """`query_id -> passage id -> relevance`, by the passages of each guide."""
    return {
        j.item.item_id: {
            doc_id(j.item.guide, p.passage_id): grade
            for p in passages[j.item.guide]
            if (grade := passage_grade(j.item, p))
        }
        for j in _answerable(judged)
    }


def passage_run(judged: Iterable[Judged]) -> Run:
    """`query_id -> passage id -> score`, read off the reply as `judge.ranked_sections` does."""
    run: Run = {}
    for j in _answerable(judged):
        reply = j.result.reply
        quoted = [e.passage_id for e in reply.excerpts] if reply and j.outcome_right else []
        offered = [s.passage_id for s in reply.suggestions] if reply else []
        ranked = dict.fromkeys([*(quoted or [NOTHING_QUOTED]), *offered])
        run[j.item.item_id] = _scored([doc_id(j.item.guide, p) for p in ranked])
    return run


def passage_grade(item: Item, passage: Passage) -> int:
    """2 with a decisive sentence, 1 in a right section, else 0."""
    text = folded(passage.text)
    if any(folded(part) in text for part in item.must_contain):
        return 2
    return int(same_title(passage.section) in {same_title(s) for s in item.sections})


def doc_id(guide: str, name: str) -> str:
    """One word, as the format wants it: guide and section or passage."""
    return f"{guide}/" + re.sub(r"\s+", "_", name if name == NOTHING_QUOTED else same_title(name))


def write_qrels(qrels: Qrels, path: Path) -> None:
    """Lines `query_id 0 doc_id relevance`, in order."""
    rows = (f"{q} 0 {d} {r}\n" for q, docs in qrels.items() for d, r in docs.items())
    path.write_text("".join(rows), encoding="utf-8")


def write_run(run: Run, path: Path) -> None:
    """Lines `query_id Q0 doc_id rank score name`, best first."""
    rows = (
        f"{q} Q0 {d} {rank} {score:g} {RUN_NAME}\n"
        for q, docs in run.items()
        for rank, (d, score) in enumerate(docs.items(), start=1)
    )
    path.write_text("".join(rows), encoding="utf-8")


def _answerable(judged: Iterable[Judged]) -> Iterable[Judged]:
    return (j for j in judged if j.item.answerable)


def _scored(ranked: Sequence[str]) -> dict[str, float]:
    names = list(ranked) or [NOTHING_QUOTED.replace(" ", "_")]
    return {name: float(len(names) - i) for i, name in enumerate(names)}
