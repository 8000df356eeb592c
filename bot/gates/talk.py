"""Small talk by all its words: what no list of phrases foresees.

A fitted table beside the phrases of `features.toml`; see `evidence` for what it sees of a
message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.analysis import Clause, stem
from bot.gates.evidence import features_of
from bot.gates.features import Mark
from bot.gates.table import Table, read_table

KINDS = (
    "greet", "thanks", "bye", "who_you", "what_can", "how_you", "insult", "joke",
    "contact", "privacy",
)  # fmt: skip
"""What small talk may be, in the order of the table's columns."""
NONE = "none"
_LONGEST = 30
"""Words; who writes more has something to ask."""


@dataclass(frozen=True)
class Talk:
    """The fitted table, and the probability from which a message is small talk."""

    table: Table
    threshold: float

    def kind(self, clauses: Sequence[Clause], marks: Iterable[Mark]) -> str | None:
        """The kind of small talk that a message is, or None."""
        if sum(len(clause.words) for clause in clauses) > _LONGEST:
            return None
        said = [stem(word) for clause in clauses for word in clause.words]
        # What it has never heard of may be what is asked about.
        if sum(word in self.table.rows for word in said) * 2 <= len(said):
            return None
        shares = self.table.shares(features_of(clauses, marks))
        if 1 - shares[NONE] < self.threshold:
            return None
        return max(KINDS, key=lambda kind: shares[kind])


def load_talk() -> Talk:
    """Read the fitted table."""
    table, thresholds = read_table("smalltalk.tsv")
    return Talk(table, thresholds["talk"])
