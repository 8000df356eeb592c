"""The forms in which a message is read: as typed, and corrected beside it, never instead.

Corrections go only towards the vocabulary of guide, lexicon and gates; whether a reading may
be answered is left to `gates`, what it finds to `grounding`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from bot.analysis import Clause, PhraseTable, Token, read_words, stop_words, tokenize
from bot.text import normalise

_BREAK = re.compile(r"[?!;\n]|\.(?=\s|$|[A-Z])|…")
_JOINERS = frozenset(("and", "but", "also", "plus", "then", "or"))
_OPENERS = frozenset(
    "am how hows what whats when whens where wheres why who whos which is are can could do"
    " does did should shall will would may tell".split()
)
_REQUESTS = frozenset(
    "give show list say name ignore pretend need want wondering wonder wondered agree reckon"
    " please advise".split()
)
"""Words that ask without a question: "give me ...", "I was wondering ..."."""
_WONDERING = (
    " to know ", " wonder ", " wondering ", " wondered ", " curious ", " my question ",
    " the question ", " all i wanted ", " can you tell ", " could you tell ", " any idea ",
)  # fmt: skip
"""Words that put a question wherever they stand in a clause."""
_INDIRECT = frozenset(("whether", "if"))
_BREAKERS = frozenset("because cause cos but so although though since while as and or".split())
_LONG_RUN = 14
_QUESTION_WORDS = 18
_WORTH = 4
_MOST_QUESTIONS = 6
"""Bounds on the questions looked for in one run; people ask at the end of a story."""
_MIN_CORRECTED = 4
"""Shorter words are too easily another word (letters)."""
_FAR_FROM = 8
"""From this length on two edits are allowed; OSA distance, as retrieval notes suggest."""
_BEFORE_DOES = frozenset("what wat wot how why when where who that and so but".split())
_AFTER_DOES = frozenset("it this that they he she the anyone everyone".split())
_COUNTED = frozenset(
    "week weeks wks wk month months mths day days hour hours hrs min mins minute minutes year years"
    " yrs yr times x mg mcg ug ml iu units unit shots shot jabs jab injections doses dose pills"
    " tablets tabs ampoules vials amps per a or".split()
)
_NAMED_BY_NUMBER = frozenset(
    "b d k vitamin type grade stage phase every omega step section".split()
)
_LONGEST_PART = 20
_MOST_PARTS = 5
_MIN_SKELETON = 4
_MIN_SOUND = 3
_SHOWS = 2
"""Different function words by which a piece of a guide shows its language; one may be a name."""
_CJK = ("HIRAGANA", "KATAKANA", "HANGUL")


@dataclass(frozen=True, slots=True)
class Reading:
    """One form of a message: its clauses, and what was changed against the typed form."""

    name: str
    clauses: tuple[Clause, ...]
    changes: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All words in order."""
        return tuple(word for clause in self.clauses for word in clause.words)


@dataclass(frozen=True, slots=True)
class Message:
    """A visitor's message, read.

    `asks` tells for each clause whether it is put as a question; `languages` are those whose
    gate features count; `language` is another one than English where the message is in it.
    """

    text: str
    readings: tuple[Reading, ...]
    asks: tuple[bool, ...]
    languages: frozenset[str]
    language: str | None

    @property
    def typed(self) -> Reading:
        """The reading as typed."""
        return self.readings[0]

    @property
    def best(self) -> Reading:
        """The most corrected reading, for search."""
        return self.readings[-1]


class Vocabulary:
    """What words exist, and which of them a misspelt word may become.

    Args:
        targets: Folded words of guide, lexicon and gates: corrections lead only to them.
        kept: Words that are right as they stand though they are no target, such as the names
            of other medicines.
        subject: Ways to name the guide's subject.
        spelling: False turns correction off (for the ablation).
    """

    def __init__(
        self,
        targets: Iterable[str],
        kept: Iterable[str] = (),
        subject: Sequence[tuple[str, ...]] = (),
        *,
        spelling: bool = True,
    ) -> None:
        self.targets = frozenset(w for w in targets if w.isalpha() and len(w) > 2)
        self.kept = frozenset(kept)
        self._subject = PhraseTable((phrase, True) for phrase in subject)
        self._spelling = spelling
        self._by_length: dict[int, list[str]] = {}
        self._sounds = {word: _sound(word) for word in self.targets}
        self._skeletons: dict[str, str] = {}
        for word in sorted(self.targets):
            self._by_length.setdefault(len(word), []).append(word)
            key = _skeleton(word)
            if len(key) >= _MIN_SKELETON:
                # A skeleton that two words share tells nothing.
                self._skeletons[key] = "" if key in self._skeletons else word
        self._cache: dict[str, tuple[str, ...]] = {}

    def knows(self, word: str) -> bool:
        """True for a word that is no misspelling."""
        return (
            word in self.targets
            or word in self.kept
            or len(word) < 3
            or not word.isalpha()
            or word in common_ranks()
        )

    def subject_ranges(self, words: Sequence[str]) -> tuple[tuple[int, int], ...]:
        """Ranges of words that name the guide's subject."""
        return tuple((first, end) for first, end, _ in self._subject.find(words))

    def correct(self, word: str) -> tuple[str, ...]:
        """What a word stands for: itself where it is known or nothing near is.

        Shorthand is written out; a run-together word is split into two known ones; else the
        nearest target within one edit is taken (two from eight letters on, or where both sound
        alike), unless two different ones are equally near. Look-ups are remembered, 20,000
        words at most.
        """
        found = self._cache.get(word)
        if found is None:
            if len(self._cache) > 20_000:
                self._cache.clear()
            found = self._cache[word] = self._correct(word)
        return found

    def _correct(self, word: str) -> tuple[str, ...]:
        written_out = shorthand().get(word)
        if written_out and word not in self.targets:
            return written_out
        if not self._spelling or self.knows(word) or len(word) < _MIN_CORRECTED:
            return (word,)
        squeezed = re.sub(r"(.)\1{2,}", r"\1", word)
        if squeezed != word and self.knows(squeezed):
            return (squeezed,)
        near = self._nearest(word)
        return (near,) if near else self._split(word) or self._from_skeleton(word) or (word,)

    def _nearest(self, word: str) -> str | None:
        from rapidfuzz.distance import OSA

        most = 2 if len(word) >= _FAR_FROM else 1
        sound = _sound(word)
        best: dict[int, list[str]] = {}
        for length in range(len(word) - 2, len(word) + 3):
            for target in self._by_length.get(length, ()):
                # The first letter is seldom wrong; where it is, only one edit is believed.
                limit = most if target[0] == word[0] else 1
                alike = len(sound) >= _MIN_SOUND and self._sounds[target] == sound
                limit = 2 if alike else limit
                distance = OSA.distance(word, target, score_cutoff=limit)
                if distance <= limit:
                    # A vowel too few or another letter for the same sound is the usual slip.
                    best.setdefault(2 * distance - 3 * alike, []).append(target)
        return _agree(best[min(best)], word) if best else None

    def _split(self, word: str) -> tuple[str, ...]:
        """The fewest known words that a run-together one is made of, at most `_MOST_PARTS`."""
        best: list[tuple[str, ...] | None] = [(), *[None] * len(word)]
        for end in range(1, len(word) + 1):
            for start in range(max(0, end - _LONGEST_PART), end - 1):
                parts = best[start]
                if parts is None or len(parts) == _MOST_PARTS:
                    continue
                now = best[end]
                if (now is None or len(parts) + 1 < len(now)) and self._is_part(word[start:end]):
                    best[end] = (*parts, word[start:end])
        return best[-1] or ()

    def _is_part(self, part: str) -> bool:
        rank = common_ranks().get(part, 99_999)
        if len(part) <= 3:
            return rank < 120
        # The parts of a medicine's name are no words of everyday English.
        return rank < (30_000 if part in self.targets else 3000)

    def _from_skeleton(self, word: str) -> tuple[str, ...]:
        n_vowels = sum(c in "aeiou" for c in word)
        found = self._skeletons.get(_skeleton(word), "")
        return (found,) if found and 4 * n_vowels <= len(word) else ()


def read(raw: str, vocabulary: Vocabulary) -> Message:
    """Read a message: normalise it, part it into clauses, correct it beside the typed form."""
    text = normalise(raw)
    tokens = tokenize(text)
    runs = _clauses(text, tokens)
    typed = [_does([token.word for token in run]) for run in runs]
    corrected, changes = _corrected(typed, vocabulary)
    readings = [_reading("typed", typed, (), vocabulary)]
    if changes:
        readings.append(_reading("corrected", corrected, tuple(changes), vocabulary))
    asks = tuple(_is_question(words, text, run) for words, run in zip(corrected, runs, strict=True))
    words = [word for run in typed for word in run]
    language, languages = detect_language(text, words, vocabulary)
    return Message(text, tuple(readings), asks, languages, language)


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
def common_ranks() -> dict[str, int]:
    """Frequent English words with their rank from 0, the most frequent first."""
    return {word: rank for rank, word in enumerate(read_words("common_words.txt"))}


@cache
def shorthand() -> dict[str, tuple[str, ...]]:
    """Texting shorthand and the words that it stands for."""
    data = tomllib.loads((files("bot") / "data" / "shorthand.toml").read_text(encoding="utf-8"))
    return {short: tuple(long.split()) for short, long in data["words"].items()}


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


def _clauses(text: str, tokens: Sequence[Token]) -> list[list[Token]]:
    runs: list[list[Token]] = [[]]
    for i, token in enumerate(tokens):
        gap = text[tokens[i - 1].end : token.start] if i else ""
        joined = (
            i > 1
            and token.word in _OPENERS
            and (tokens[i - 1].word in _JOINERS or "," in gap)
            and len(runs[-1]) > 2
            and _worth(tokens[i : i + 4])
        )
        if runs[-1] and (_BREAK.search(gap) or joined):
            runs.append([])
        runs[-1].append(token)
    return [run for run in runs if run]


def questions_within(words: Sequence[str]) -> list[tuple[str, ...]]:
    """The questions in a long run of words without stops, each from its opener to a conjunction.

    Speech and messages typed in haste have no punctuation: "what i need to know is whether the
    arm is sore after because i am up a ladder on friday" asks from "whether" to "because".
    """
    if len(words) <= _LONG_RUN:
        return []
    found: list[tuple[str, ...]] = []
    for i, word in enumerate(words):
        if word in _OPENERS or word in _INDIRECT:
            rest = words[i : i + _QUESTION_WORDS]
            end = next((k for k, w in enumerate(rest) if k >= _WORTH and w in _BREAKERS), len(rest))
            if end >= _WORTH:
                found.append(tuple(rest[:end]))
    return found[-_MOST_QUESTIONS:]


def _worth(tokens: Sequence[Token]) -> bool:
    """True if enough follows to stand as a clause of its own ("or is it?" does not)."""
    return len(tokens) >= 3


def _does(words: list[str]) -> list[str]:
    """Words with "dose" read as the "does" that it can only be: "how dose it work"."""
    return [
        "does"
        if word == "dose"
        and (i == 0 or words[i - 1] in _BEFORE_DOES)
        and i + 1 < len(words)
        and words[i + 1] in _AFTER_DOES
        and "should" not in words[i + 2 : i + 4]
        else word
        for i, word in enumerate(words)
    ]


def _corrected(
    typed: Sequence[Sequence[str]], vocabulary: Vocabulary
) -> tuple[list[list[str]], list[tuple[str, str]]]:
    changes: list[tuple[str, str]] = []
    runs: list[list[str]] = []
    texting = any(word in shorthand() for words in typed for word in words)
    for words in typed:
        run: list[str] = []
        i = 0
        while i < len(words):
            joined = words[i] + words[i + 1] if i + 1 < len(words) else ""
            meant = _digit_word(words, i) if texting else None
            if meant:
                changes.append((words[i], meant))
                run.append(meant)
                i += 1
                continue
            if joined in shorthand() and not joined.isalpha():  # "b4", "gr8"
                changes.append((joined, " ".join(shorthand()[joined])))
                run.extend(shorthand()[joined])
                i += 2
                continue
            if joined in vocabulary.targets and _broken(words[i : i + 2], vocabulary):
                changes.append((f"{words[i]} {words[i + 1]}", joined))
                run.append(joined)
                i += 2
                continue
            became = vocabulary.correct(words[i])
            if became != (words[i],):
                changes.append((words[i], " ".join(became)))
            run.extend(became)
            i += 1
        runs.append(run)
    return runs, changes


def _digit_word(words: Sequence[str], i: int) -> str | None:
    """What a digit stands for in a text message, "4 u" or "2 much", where it counts nothing."""
    after = words[i + 1] if i + 1 < len(words) else ""
    if words[i] not in ("2", "4") or after[:1].isdigit() or after in _COUNTED or i == 0:
        return None
    if words[i - 1] in _NAMED_BY_NUMBER or words[i - 1][:1].isdigit():
        return None
    if words[i] == "4":
        return "for"
    return "too" if after in ("much", "many", "") else "to"


def _broken(pair: Sequence[str], vocabulary: Vocabulary) -> bool:
    """True if at least one of two words is no word by itself ("in jection", "side effects")."""
    return any(len(w) > 2 and not vocabulary.knows(w) for w in pair)


def _reading(
    name: str,
    runs: Sequence[Sequence[str]],
    changes: tuple[tuple[str, str], ...],
    vocabulary: Vocabulary,
) -> Reading:
    clauses = tuple(Clause(tuple(run), vocabulary.subject_ranges(run)) for run in runs)
    return Reading(name, clauses, changes)


def _is_question(words: Sequence[str], text: str, run: Sequence[Token]) -> bool:
    if not words:
        return False
    if text[run[-1].end : run[-1].end + 3].lstrip(" \"')").startswith("?"):
        return True
    start = 1 if words[0] in _JOINERS and len(words) > 1 else 0
    if words[start] in _OPENERS or any(w in _OPENERS or w in _REQUESTS for w in words[:4]):
        return True
    return any(phrase in f" {' '.join(words)} " for phrase in _WONDERING)


def _agree(candidates: Sequence[str], word: str) -> str | None:
    """The one candidate, or the one that the others are forms of, or None."""
    if len(candidates) == 1:
        return candidates[0]
    same_ends = [c for c in candidates if c[0] == word[0] and c[-1] == word[-1]]
    if len(same_ends) == 1:
        return same_ends[0]
    pool = same_ends or list(candidates)
    shortest = min(pool, key=len)
    if all(c.startswith(shortest[: max(4, len(shortest) - 2)]) for c in pool):
        return shortest
    return None


_SPELT = (
    ("ph", "f"), ("ck", "k"), ("qu", "k"), ("gh", "g"), ("sh", "s"), ("ch", "s"), ("wh", "w"),
    ("ce", "se"), ("ci", "si"), ("cy", "sy"), ("c", "k"), ("q", "k"), ("x", "ks"), ("z", "s"),
)  # fmt: skip
"""Spellings that sound alike in English, in the order in which they are replaced."""


def _sound(word: str) -> str:
    """A key that words share which sound alike: their consonants, spelt one way (cf. Metaphone)."""
    for spelt, sound in _SPELT:
        word = word.replace(spelt, sound)
    consonants = re.sub(r"[aeiouyh]", "", word[1:])
    return re.sub(r"(.)\1+", r"\1", word[:1] + consonants)


def _skeleton(word: str) -> str:
    sounds = word.replace("ph", "f").replace("ck", "k").replace("sh", "s")
    return "".join(c for c in sounds if c not in "aeiouy")
