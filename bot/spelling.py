"""Which words exist, and what a misspelt one stands for.

Corrections go only towards the vocabulary of guide, lexicon and gates; how a message is read is
left to `readings`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from bot.analysis import PhraseTable, read_words

_MIN_CORRECTED = 4
"""Shorter words are too easily another word (letters)."""
_FAR_FROM = 8
"""From this length on two edits are allowed; OSA distance, as retrieval notes suggest."""
_LONGEST_PART = 20
_MOST_PARTS = 5
_MIN_SKELETON = 4
_MIN_SOUND = 3
_SPELT = (
    ("ph", "f"), ("ck", "k"), ("qu", "k"), ("gh", "g"), ("sh", "s"), ("ch", "s"), ("wh", "w"),
    ("ce", "se"), ("ci", "si"), ("cy", "sy"), ("c", "k"), ("q", "k"), ("x", "ks"), ("z", "s"),
)  # fmt: skip
"""Spellings that sound alike in English, in the order in which they are replaced."""


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


@cache
def common_ranks() -> dict[str, int]:
    """Frequent English words with their rank from 0, the most frequent first."""
    return {word: rank for rank, word in enumerate(read_words("common_words.txt"))}


@cache
def shorthand() -> dict[str, tuple[str, ...]]:
    """Texting shorthand and the words that it stands for."""
    data = tomllib.loads((files("bot") / "data" / "shorthand.toml").read_text(encoding="utf-8"))
    return {short: tuple(long.split()) for short, long in data["words"].items()}


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


def _sound(word: str) -> str:
    """A key that words share which sound alike: their consonants, spelt one way (cf. Metaphone)."""
    for spelt, sound in _SPELT:
        word = word.replace(spelt, sound)
    consonants = re.sub(r"[aeiouyh]", "", word[1:])
    return re.sub(r"(.)\1+", r"\1", word[:1] + consonants)


def _skeleton(word: str) -> str:
    sounds = word.replace("ph", "f").replace("ck", "k").replace("sh", "s")
    return "".join(c for c in sounds if c not in "aeiouy")
