"""Plain facts of a question beside its words: is something else named, how much is unheard of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.analysis import Analyser, PhraseTable, pieces
from bot.bm25 import Index
from bot.query import Query
from bot.subjects import OtherSubjects

_FOREIGN_PIECE = 3
"""Letters in the pieces of words that no passage holds; longer ones are features anyway."""
_MANY = 3
_LENGTH_STEP = 4


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that is asked for and not covered; `near` are passage ids, `is_slip` tells that the
    guide does say so, but in a sentence that the clinic withholds."""

    topic_id: str
    name: str
    near: tuple[str, ...]
    is_slip: bool = False


class Tables(NamedTuple):
    """What a guide knows, holds, lacks and is not about."""

    passages: Index
    questions: Index
    absent: PhraseTable[Topic]
    others: OtherSubjects
    analyser: Analyser


def facts_of(words: Sequence[str], query: Query, tables: Tables, *, n_own: int) -> frozenset[str]:
    """Plain facts of a question; `n_own` is 1 for one of the questions in `tables` itself, whose
    words are strange unless another question has them, too."""
    away = [term for term in query.typed if term not in tables.passages]
    strange = sum(tables.questions.document_frequency(term) <= n_own for term in away)
    found = {
        f"[held {min(len(query.typed) - len(away), _MANY)}]",
        f"[not held {min(len(away), _MANY)}]",
        f"[strange {min(strange, _MANY)}]",
        f"[length {min(len(words) // _LENGTH_STEP, _MANY + 1)}]",
    }
    for word in words:
        # A name that nobody wrote down here often sounds like others of its sort.
        if tables.analyser.term(word) not in tables.passages:
            found.update(pieces(word, _FOREIGN_PIECE))
    if tables.others.find(words):
        found.add("[other subject]")
    if tables.absent.find(words):
        found.add("[absent topic]")
    return frozenset(found)
