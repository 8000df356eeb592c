"""What `explain` shows: the readings, the rules that fired, the figures of the grounding."""

from __future__ import annotations

from typing import Any

from bot.answer.asked import Asked
from bot.grounding import Grounding


def explain_grounding(g: Grounding) -> dict[str, Any]:
    return {
        "score": round(g.score, 4),
        "band": g.band,
        "figures": {name: round(value, 3) for name, value in g.figures.items()},
        "terms": {term: round(weight, 2) for term, weight in g.query.terms.items()},
        "via": [[said, list(added)] for said, added in g.query.via],
        "unknown": list(g.unknown),
        "topic": g.topic.topic_id if g.topic else None,
        "hits": [[pid, round(score, 3)] for pid, score in g.ranking[:5]],
    }


def explain_turn(asked: Asked) -> dict[str, Any]:
    return {
        "readings": [
            {
                "name": reading.name,
                "clauses": [" ".join(clause.words) for clause in reading.clauses],
                "changes": [list(change) for change in reading.changes],
            }
            for reading in asked.message.readings
        ],
        "language": asked.message.language,
        "gates": [
            {
                "gate": f.gate,
                "rule": f.rule_id,
                "words": list(f.words),
                "clause": f.clause,
                "weak": f.weak,
            }
            for f in asked.verdict.fired
        ],
        "last_outcome": asked.visit.last_outcome,
    }
