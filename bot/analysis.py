"""One analyser for passages and questions: text -> terms with positions.

Which terms stand for each other (lexicon) and how they weigh is left to `index` and
`readings`; the ways to name a guide's subject are folded into one term here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Generic, NamedTuple, TypeVar

from bot.text import fold_word

# Numbers and letters part company, so that "b12", "b-12" and "B 12" are the same two tokens
# and "1000mcg" shows its unit. A number keeps its separators: "1,000", "2.5".
# The same spans as NLTK's RegexpTokenizer gives for the pattern, without its import.
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:[\u0300-\u036f'’]+[^\W\d_]+)*")


T = TypeVar("T")
_PLAIN = re.compile(r"[a-z]+(?: [a-z]+)*").fullmatch


class Token(NamedTuple):
    """A folded word and its range in the text that was analysed, in code points."""

    word: str
    start: int
    end: int


class Term(NamedTuple):
    """An analysed token (a stem, or the subject) and its range; stop words give none."""

    term: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Clause:
    """A run of folded words of one reading, with the ranges that name the guide's subject."""

    words: tuple[str, ...]
    subject: tuple[tuple[int, int], ...] = ()


class PhraseTable(Generic[T]):
    """Finds the longest known phrases in a run of words, left to right, without overlap.

    Built once from (phrase, value) pairs; phrases are tuples of folded words. Look-up is
    linear in the number of words times the longest phrase.
    """

    def __init__(self, phrases: Iterable[tuple[tuple[str, ...], T]]) -> None:
        self._values: dict[tuple[str, ...], list[T]] = {}
        lengths: dict[str, set[int]] = {}
        for phrase, value in phrases:
            self._values.setdefault(phrase, []).append(value)
            lengths.setdefault(phrase[0], set()).add(len(phrase))
        # Thousands of phrases begin with "how"; their lengths are few.
        self._lengths = {first: tuple(sorted(ns, reverse=True)) for first, ns in lengths.items()}

    def words(self) -> frozenset[str]:
        """Every word of every phrase."""
        return frozenset(word for phrase in self._values for word in phrase)

    def find(self, words: Sequence[str]) -> list[tuple[int, int, T]]:
        """Matches as (first word, one past the last, value), in order."""
        found: list[tuple[int, int, T]] = []
        words, n, taken = tuple(words), len(words), 0
        for i, word in enumerate(words):
            lengths = self._lengths.get(word)
            if lengths is None or i < taken:
                continue
            for length in lengths:
                if i + length <= n and (values := self._values.get(words[i : i + length])):
                    found.append((i, i + length, values[0]))
                    taken = i + length
                    break
        return found

    def find_all(self, words: Sequence[str]) -> list[tuple[int, int, T]]:
        """Every match, overlapping ones too, in order of their first word, longest first."""
        return [
            (i, i + length, value)
            for i, word in enumerate(words)
            for length in self._lengths.get(word, ())
            if i + length <= len(words)
            for value in self._values.get(tuple(words[i : i + length]), ())
        ]


def tokenize(text: str) -> list[Token]:
    """Folded words and numbers with their ranges; white space, marks and symbols part them."""
    found = []
    for match in _TOKEN.finditer(text):
        word = fold_word(match.group())
        if word:
            found.append(Token(word, match.start(), match.end()))
    return found


def words_of(text: str) -> tuple[str, ...]:
    """The folded words of a short text, such as a phrase of a data file."""
    if _PLAIN(text):  # most phrases of the data files; spares thousands of tokeniser calls
        return tuple(text.split())
    return tuple(token.word for token in tokenize(text))


class Analyser:
    """Turns text into terms for one guide.

    Args:
        subject: The ways in which people write what the guide is about; all become the one
            term `subject_term`. Empty: no folding.
        stemming: False keeps words as they are (for the ablation).
    """

    subject_term = "§subject"

    def __init__(self, subject: Sequence[str] = (), *, stemming: bool = True) -> None:
        self._subject = PhraseTable(
            (words, self.subject_term) for words in map(words_of, subject) if words
        )
        self._stemming = stemming

    def terms(self, text: str) -> list[Term]:
        """Terms of a text in order, stop words left out, each with its range."""
        return self.terms_of(tokenize(text))

    def terms_of(self, tokens: Sequence[Token]) -> list[Term]:
        """As `terms`, from tokens."""
        found: list[Term] = []
        taken = 0
        matches = self._subject.find([t.word for t in tokens])
        for first, end, term in matches:
            found.extend(self._plain(tokens[taken:first]))
            found.append(Term(term, tokens[first].start, tokens[end - 1].end))
            taken = end
        found.extend(self._plain(tokens[taken:]))
        return found

    def term(self, word: str) -> str:
        """The term of one folded word."""
        return stem(word) if self._stemming else word

    def _plain(self, tokens: Sequence[Token]) -> list[Term]:
        stops = stop_words()
        return [Term(self.term(t.word), t.start, t.end) for t in tokens if t.word not in stops]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Snowball's English stem of a folded word; numbers stay as they are."""
    known = word if word[0].isdigit() else stem_table().get(word)
    return known if known is not None else snowball(word)


@lru_cache(maxsize=100_000)
def pieces(word: str, size: int) -> tuple[str, ...]:
    """The letters of a word in runs of `size`, its edges marked (`~<jab`, `~abs>`).

    What misspelt, inflected and unknown words share with known ones ("-azole" ends a medicine),
    as in fastText (Bojanowski and others 2017).
    """
    whole = f"<{word}>"
    return tuple(f"~{whole[i : i + size]}" for i in range(len(whole) - size + 1))


def snowball(word: str) -> str:
    """NLTK's Snowball stem, computed."""
    return str(_stemmer().stem(word))


@cache
def stop_words() -> frozenset[str]:
    """The words that carry no topic, from `data/stopwords.txt`."""
    return frozenset(read_words("stopwords.txt"))


def read_words(name: str) -> list[str]:
    """The words of a packaged list, in order; `#` begins a comment line."""
    text = (files("bot") / "data" / name).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return [word for line in lines for word in line.split()]


@cache
def stem_table() -> dict[str, str]:
    """Snowball's stems of frequent words and of the packaged word data.

    NLTK's import takes a third of a second, with SciPy beside it a whole one, which is as long
    as a hundred replies; the table spares it to the command line. A test holds each row against
    NLTK; `python -m eval stems` makes it anew.
    """
    words = iter(read_words("stems.txt"))
    return dict(zip(words, words, strict=True))


# Imported at the first word that the table does not hold.
@cache
def _stemmer() -> Any:
    from nltk.stem.snowball import EnglishStemmer

    return EnglishStemmer()
