"""Plain text: making a message safe to read, folding words, finding sentences.

No meaning here: which words count is left to `analysis`. All functions are linear in the
length of their input.
"""

from __future__ import annotations

import re
import unicodedata

# Letters of other scripts that look like Latin ones (from Unicode's confusables, the Cyrillic
# and Greek rows that a Latin reader cannot tell apart). Used only inside messages that are
# mainly Latin, so that Russian or Greek stays what it is.
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏкмтвнАВЕКМНОРСТХІЈЅαοενικρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhlkmtbhABEKMHOPCTXIJSaoevikptuxABEZHIKMNOPTYX",
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"'})
_SPACES = re.compile(r"\s+")
# One end mark with what closes behind it; the marks before it are skipped by `sentences`, so
# that a run of dots is looked at once.
_SENTENCE_END = re.compile(r"[.!?…][\"')\]’”*_]*(?=\s|$)|\n\s*\n")
_ABBREVIATIONS = frozenset(
    "dr mr mrs ms prof st vs etc eg ie e.g i.e approx no fig jr sr inc dept u.s a.m p.m".split()
)


def normalise(raw: str) -> str:
    """Make a visitor's message plain: compatibility forms folded, invisible characters gone.

    Zero-width and bidirectional controls are removed, other control characters become
    spaces, look-alike letters in a mainly Latin message become Latin, quotes and apostrophes
    ASCII. Line breaks stay. Any string gives a string; the empty one gives the empty one.
    """
    text = unicodedata.normalize("NFKC", raw.translate(_QUOTES))
    if text.isascii() and text.isprintable():
        return text
    text = "".join(_visible(c) for c in text)
    return text.translate(_LOOKALIKES) if _mainly_latin(text) else text


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if char == "\n" or category[0] not in "CM":
        return char
    if category in ("Cf", "Cs", "Co", "Cn", "Mn", "Me"):
        return ""  # NFKC has composed the accents that exist; what is left is decoration
    return " " if category == "Cc" else char


def _mainly_latin(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    n_latin = sum(c < "ɐ" for c in letters)
    return 2 * n_latin >= len(letters) > n_latin


def fold_word(word: str) -> str:
    """Lower case without accents and apostrophes: `Don’t` -> `dont`, `Guía` -> `guia`."""
    if word.isascii():
        return word.lower().replace("'", "")
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    kept = "".join(c for c in decomposed if not unicodedata.combining(c))
    return kept.replace("'", "").replace("’", "")


def fold_space(text: str) -> str:
    """White space runs as single spaces, none at the ends."""
    return _SPACES.sub(" ", text).strip()


def sentences(text: str) -> list[tuple[int, int]]:
    """Ranges of the sentences of a text, white space at their ends left out.

    A sentence ends at `.`, `!`, `?` or `…` before white space, but not after a known
    abbreviation, a single initial or inside a number. Empty text gives an empty list.
    """
    ranges: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if match.group().startswith(".") and _abbreviated(text, match.start()):
            continue
        _add_range(text, start, match.end(), ranges)
        start = match.end()
    _add_range(text, start, len(text), ranges)
    return ranges


def _abbreviated(text: str, dot: int) -> bool:
    start = dot
    while start > 0 and dot - start < 8 and (text[start - 1].isalpha() or text[start - 1] == "."):
        start -= 1
    word = text[start:dot].lower()
    return word in _ABBREVIATIONS or (len(word) == 1 and word not in ("i", "a") and dot > 1)


def _add_range(text: str, start: int, end: int, ranges: list[tuple[int, int]]) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        ranges.append((start, end))
