"""Names of other subjects than a guide's own: medicines, vaccines, conditions ...

Most are written down. Medicines have names of a system, too: the common stem of a substance
tells its family ("-pril", "-statin"; WHO, "The use of stems in the selection of International
Nonproprietary Names", 2018). So a name that nobody wrote down is still known for a medicine's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from bot.analysis import PhraseTable, read_words, words_of

GROUP = "medicine"
_SHORTEST = 7
"""Letters of a name that is known by its end alone."""


class Medicines:
    """Finds names of medicines; immutable.

    Args:
        names: Names that are written down.
        endings: Ends of names, in lower case.
        not_names: Words that are none, whatever their end.
    """

    def __init__(
        self, names: Iterable[str], endings: Iterable[str], not_names: Collection[str]
    ) -> None:
        self._names = PhraseTable((words, True) for words in map(words_of, names) if words)
        self._endings = tuple(endings)
        self._not_names = not_names

    def find(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Ranges of folded words that name a medicine, in order."""
        found = [(first, end) for first, end, _ in self._names.find(words)]
        taken = {i for first, end in found for i in range(first, end)}
        found += [(i, i + 1) for i, w in enumerate(words) if i not in taken and self._sounds(w)]
        return sorted(found)

    def _sounds(self, word: str) -> bool:
        return (
            len(word) >= _SHORTEST and word.endswith(self._endings) and word not in self._not_names
        )


class OtherSubjects:
    """Finds names of other subjects than a guide's; immutable.

    Args:
        groups: Names to the group that they belong to.
        own: Folded words of the guide and its subject; a name made of these says nothing.
    """

    def __init__(self, groups: Mapping[str, str], own: frozenset[str]) -> None:
        table = {words_of(name): group for name, group in groups.items()}
        self._names = PhraseTable((w, g) for w, g in table.items() if w and not own.issuperset(w))
        self._own = own

    def words(self) -> frozenset[str]:
        """All words of the names that are written down."""
        return self._names.words()

    def find(self, words: Sequence[str]) -> list[tuple[int, int, str]]:
        """Ranges of folded words that name another subject, with its group, in order."""
        found = self._names.find(words)
        taken = {i for first, end, _ in found for i in range(first, end)}
        found += [
            (first, end, GROUP)
            for first, end in load_medicines().find(words)
            if taken.isdisjoint(range(first, end)) and not self._own.issuperset(words[first:end])
        ]
        return sorted(found)


@cache
def load_medicines() -> Medicines:
    """The packaged names and stems; frequent English words are no names by their end."""
    data = read_other_subjects()
    names = [w for group in data["group"] if group["id"] == GROUP for w in group["words"]]
    return Medicines(names, data["medicine_endings"], frozenset(read_words("common_words.txt")))


def read_other_subjects() -> dict[str, Any]:
    """The packaged file of other subjects."""
    text = (files("bot") / "data" / "other_subjects.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
