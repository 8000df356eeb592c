"""Named token features: which words of a message are units, acts of giving, symptoms ...

The words stand in `features.toml`, by feature and language; rules over them in `rules`.
Matching is linear in the number of words times the longest phrase.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bot.analysis import words_of

# A digit after one of these belongs to a name (B12, D3, omega 3, covid 19), not to an amount.
_NAME_BEFORE_NUMBER = frozenset(
    "b d k a c e h t g q omega type covid hepatitis stage phase grade section page chapter".split()
)
SUBJECT = "subject"
NUMBER = "number"
FIGURE = "figure"
"""A number of two digits or more: in a text message a single one may stand for "to" or "for"."""


IDIOM = "idiom"
"""Words that do not mean what they say: no other feature counts within them."""


_MOST_KEPT = 20_000


class Mark(NamedTuple):
    """A feature on the words from `first` to before `end` of a message."""

    feature: str
    first: int
    end: int


class Features:
    """Marks features on words; immutable.

    Args:
        phrases: Feature name to language to phrases. A word ending in `*` matches every word
            that begins so; `_` stands for exactly one word of any kind.
    """

    def __init__(self, phrases: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        self.names = frozenset(phrases) | {SUBJECT, NUMBER, FIGURE}
        self._entries: list[_Entry] = []
        # By first word, by first two words where both are plain, by the beginning of a word.
        self._single: dict[str, list[_Entry]] = {}
        self._pair: dict[tuple[str, str], list[_Entry]] = {}
        self._open: dict[str, list[_Entry]] = {}
        self._prefix: dict[str, list[_Entry]] = {}
        for name, by_language in phrases.items():
            for language, texts in by_language.items():
                for text in texts:
                    self._add(_Entry(name, language, _pattern(text)))
        self._lengths = sorted({len(prefix) for prefix in self._prefix})
        self._alone: dict[str, tuple[_Entry, ...]] = {}

    @property
    def words(self) -> frozenset[str]:
        """All words that stand whole in English phrases: spelling is corrected towards them."""
        return frozenset(
            word
            for entry in self._entries
            if entry.language == "en"
            for word in entry.pattern
            if word.isalpha()
        )

    def phrases(self, feature: str, language: str = "en") -> list[tuple[str, ...]]:
        """The plain phrases of a feature, without those that hold a wildcard."""
        found = (e for e in self._entries if (e.feature, e.language) == (feature, language))
        return [e.pattern for e in found if all(w != "_" and w[-1] != "*" for w in e.pattern)]

    def mark(
        self, words: Sequence[str], languages: frozenset[str], subject: Iterable[tuple[int, int]]
    ) -> list[Mark]:
        """Every feature of a run of folded words, overlapping ones too.

        Args:
            words: Folded words in order.
            languages: Only phrases of these languages count ("en" is not implied).
            subject: Ranges of words that name what the guide is about.
        """
        named = list(subject)
        marks = [Mark(SUBJECT, first, end) for first, end in named]
        inside = {i for first, end in named for i in range(first, end)}
        for i in range(len(words)):
            if _is_amount(words, i) and i not in inside:
                marks.append(Mark(NUMBER, i, i + 1))
                if len(words[i]) > 1:
                    marks.append(Mark(FIGURE, i, i + 1))
            marks += [
                Mark(entry.feature, i, i + len(entry.pattern))
                for entry in self._candidates(words, i)
                if entry.language in languages
                and not (i in inside and i + len(entry.pattern) - 1 in inside)
                and (len(entry.pattern) == 1 or _matches(entry.pattern, words, i))
            ]
        return _outside_idioms(marks)

    def _add(self, entry: _Entry) -> None:
        self._entries.append(entry)
        first, *rest = entry.pattern
        if first.endswith("*"):
            self._prefix.setdefault(first[:-1], []).append(entry)
        elif not rest:
            self._single.setdefault(first, []).append(entry)
        elif rest[0] == "_" or rest[0].endswith("*"):
            self._open.setdefault(first, []).append(entry)
        else:
            self._pair.setdefault((first, rest[0]), []).append(entry)

    def _candidates(self, words: Sequence[str], i: int) -> tuple[_Entry, ...]:
        word = words[i]
        found = self._alone.get(word)
        if found is None:
            found = self._by_itself(word)
        if i + 1 == len(words):
            return found
        pair = self._pair.get((word, words[i + 1]))
        wide = self._open.get(word)
        return found if pair is None and wide is None else (*found, *(pair or ()), *(wide or ()))

    def _by_itself(self, word: str) -> tuple[_Entry, ...]:
        """Entries that a word or its beginning is, kept since words come again and again."""
        lengths = [length for length in self._lengths if length <= len(word)]
        begun = (entry for n in lengths for entry in self._prefix.get(word[:n], ()))
        found = (*self._single.get(word, ()), *begun)
        if len(self._alone) < _MOST_KEPT:
            self._alone[word] = found
        return found


def _outside_idioms(marks: list[Mark]) -> list[Mark]:
    spans = [(mark.first, mark.end) for mark in marks if mark.feature == IDIOM]
    if not spans:
        return marks
    return [
        mark
        for mark in marks
        if mark.feature == IDIOM
        or not any(first <= mark.first and mark.end <= end for first, end in spans)
    ]


class _Entry(NamedTuple):
    feature: str
    language: str
    pattern: tuple[str, ...]


def _pattern(text: str) -> tuple[str, ...]:
    parts: list[str] = []
    for part in text.split():
        if part == "_":
            parts.append("_")
        elif part.endswith("*"):
            folded = words_of(part[:-1])
            parts.extend(folded[:-1])
            parts.append(folded[-1] + "*")
        else:
            parts.extend(words_of(part))
    return tuple(parts)


def _matches(pattern: tuple[str, ...], words: Sequence[str], at: int) -> bool:
    if at + len(pattern) > len(words):
        return False
    for wanted, word in zip(pattern, words[at : at + len(pattern)], strict=True):
        if wanted == word or wanted == "_":
            continue
        if not (wanted.endswith("*") and word.startswith(wanted[:-1])):
            return False
    return True


def _is_amount(words: Sequence[str], i: int) -> bool:
    return words[i][0].isdigit() and not (i > 0 and words[i - 1] in _NAME_BEFORE_NUMBER)
