"""In which language a message or a guide is written, by its script and its function words."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files

from bot.analysis import stop_words, tokenize
from bot.spelling import Vocabulary, common_ranks, shorthand

_SHOWS = 2
"""Different function words by which a piece of a guide shows its language; one may be a name."""
_CJK = ("HIRAGANA", "KATAKANA", "HANGUL")


def detect_language(
    text: str, words: Sequence[str], vocabulary: Vocabulary
) -> tuple[str | None, frozenset[str]]:
    """The language of a message if it is not English, and all that its gates must know.

    A language counts for the gates from one function word on; the message is taken to be in
    it where its function words outnumber the words that are plainly English.
    """
    script = _script(text)
    if script:
        return script, frozenset(("en",))
    counts: dict[str, int] = {}
    for word in words:
        for language in _function_words().get(word, ()):
            counts[language] = counts.get(language, 0) + 1
    if not counts:
        return None, frozenset(("en",))
    n_english = sum(
        word in _plain_english() for typed in words for word in shorthand().get(typed, (typed,))[:1]
    )
    n_unknown = sum(
        not vocabulary.knows(word) and vocabulary.correct(word) == (word,) for word in words
    )
    best = max(counts, key=lambda lang: (counts[lang], lang))
    active = {lang for lang, n in counts.items() if n * 3 >= counts[best] and n > n_english // 3}
    more = counts[best] > n_english or (counts[best] == n_english and n_unknown >= 1)
    foreign = more and (counts[best] >= 2 or n_unknown >= 1 or len(words) < 3)
    return (best if foreign else None), frozenset(active | {"en"})


def languages_of_text(text: str, standing: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The languages in which a piece of a guide may be written, the likeliest first.

    Whole sentences are expected, in which English shows by its function words, too. Languages
    come close to the first with a third of its words. Empty: English, or too few words to tell.

    Args:
        text: A guide or a part of it.
        standing: Languages of what stands around it; they win a tie.
    """
    if script := _script(text):
        return (script,)
    counts: dict[str, int] = {}
    n_english = 0
    for word in {token.word for token in tokenize(text)}:
        found = _function_words().get(word, ())
        n_english += word in stop_words() and not found
        for language in found:
            counts[language] = counts.get(language, 0) + 1
    best = max(counts.values(), default=0)
    if best < _SHOWS or best <= n_english:
        return ()
    near = [language for language, n in counts.items() if n * 3 >= best]
    return tuple(sorted(near, key=lambda lang: (-counts[lang], lang not in standing, lang)))


@cache
def _languages() -> dict[str, dict[str, list[str]]]:
    path = files("bot") / "data" / "languages.toml"
    loaded: dict[str, dict[str, list[str]]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return loaded


@cache
def _function_words() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for language, words in _languages()["words"].items():
        for word in words:
            table[word] = (*table.get(word, ()), language)
    return table


@cache
def _plain_english() -> frozenset[str]:
    """Common English words that are no function word elsewhere."""
    elsewhere = _function_words()
    frequent = [w for w, rank in common_ranks().items() if rank < 6000 and len(w) > 1]
    return (frozenset(frequent) | stop_words()) - frozenset(elsewhere)


@lru_cache(maxsize=4096)
def _script_of(char: str) -> str | None:
    name = unicodedata.name(char, "")
    scripts: dict[str, str] = _languages()["scripts"]  # type: ignore[assignment]
    return scripts.get(name.split(" ", 1)[0])


def _script(text: str) -> str | None:
    letters = [c for c in text if c.isalpha()]
    if not letters or text.isascii():
        return None
    found = [script for script in map(_script_of, letters) if script]
    if 2 * len(found) < len(letters):
        return None
    return next((s for s in found if s in ("ja", "ko")), found[0])
