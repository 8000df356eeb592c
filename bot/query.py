"""What is searched for: the terms of a question, what the lexicon adds, and its features.

The same for a visitor's words, a curated question and a sentence of the guide, so that they can
be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.analysis import Analyser, PhraseTable, Token, pieces, words_of
from bot.guide import LexiconEntry

Lexicon = PhraseTable[tuple[str, tuple[str, ...], float]]
"""Phrases to themselves as text, the guide's terms that they stand for, and a weight."""
_PIECE = 5
"""Letters in a piece of a word; shorter ones rank passages worse on the tuning part."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched: weighted terms, and where the expanded ones come from.

    `typed` are the terms of the visitor's own words with weight 1; `expanded` those that the
    lexicon added, with its weights; `via` pairs what was said with the terms it added.
    """

    typed: Mapping[str, float]
    expanded: Mapping[str, float]
    via: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def terms(self) -> dict[str, float]:
        """All terms; a typed one keeps its own weight."""
        return {**self.expanded, **self.typed}


def make_query(
    words: Sequence[str],
    analyser: Analyser,
    lexicon: Lexicon,
) -> Query:
    """Analyse folded words into weighted terms, with what the lexicon adds to them."""
    tokens = [Token(word, i, i + 1) for i, word in enumerate(words)]
    typed = {term.term: 1.0 for term in analyser.terms_of(tokens)}
    expanded: dict[str, float] = {}
    via: list[tuple[str, tuple[str, ...]]] = []
    for _, _, (said, means, weight) in lexicon.find(words):
        added = tuple(term for term in means if term not in typed)
        for term in added:
            expanded[term] = max(weight, expanded.get(term, 0.0))
        if added:
            via.append((said, added))
    return Query(typed, expanded, tuple(via))


def query_features(words: Sequence[str], query: Query, analyser: Analyser) -> frozenset[str]:
    """Stems, the lexicon's words for them, pairs of stems, and pieces of words."""
    stems = [analyser.term(word) for word in words]
    pairs = zip(["^", *stems], [*stems, "$"], strict=True)
    found = {*stems, *query.typed}
    found.update(f"[{term}]" for term in query.expanded)
    found.update(f"{a} {b}" for a, b in pairs)
    for word in words:
        found.update(pieces(word, _PIECE))
    return frozenset(found)


def make_lexicon(
    entries: Sequence[LexiconEntry], analyser: Analyser, known_terms: frozenset[str]
) -> Lexicon:
    """Phrases to the guide's terms that they stand for; the first entry for a phrase counts."""
    table: dict[tuple[str, ...], tuple[str, tuple[str, ...], float]] = {}
    for entry in entries:
        means = {analyser.term(word) for text in entry.means for word in words_of(text)}
        known = tuple(sorted(term for term in means if term in known_terms))
        if not known:
            continue
        for said in entry.say:
            words = words_of(said)
            if words:
                table.setdefault(words, (" ".join(words), known, entry.weight))
    return PhraseTable(table.items())
