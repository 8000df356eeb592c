"""Names of other subjects than a guide's own: medicines, vaccines, conditions ...

Most are written down. Medicines have names of a system, too: the common stem of a substance
tells its family ("-pril", "-statin"; WHO, "The use of stems in the selection of International
Nonproprietary Names", 2018). So a name that nobody wrote down is still known for a medicine's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from bot.analysis import PhraseTable, read_words, words_of

GROUP = "medicine"
_SHORTEST = 7
"""Letters of a name that is known by its end alone."""


class OtherSubjects:
    """Finds names of other subjects than a guide's; immutable.

    Args:
        groups: Names to the group that they belong to.
        endings: Ends of medicines' names, in lower case.
        own: Folded words of the guide and its subject; a name made of these says nothing.
    """

    def __init__(
        self, groups: Mapping[str, str], endings: Iterable[str], own: frozenset[str]
    ) -> None:
        table = {words_of(name): group for name, group in groups.items()}
        self._names = PhraseTable((w, g) for w, g in table.items() if w and not own.issuperset(w))
        self._endings = tuple(endings)
        self._own = own

    def words(self) -> frozenset[str]:
        """All words of the names that are written down."""
        return self._names.words()

    def find(self, words: Sequence[str]) -> list[tuple[int, int, str]]:
        """Ranges of folded words that name another subject, with its group, in order."""
        found = self._names.find(words)
        taken = {i for first, end, _ in found for i in range(first, end)}
        found += [
            (i, i + 1, GROUP)
            for i, word in enumerate(words)
            if len(word) >= _SHORTEST and i not in taken and self._sounds_like_a_medicine(word)
        ]
        return sorted(found)

    def _sounds_like_a_medicine(self, word: str) -> bool:
        known = word in self._own or word in frequent_words()
        return word.endswith(self._endings) and not known


@cache
def frequent_words() -> frozenset[str]:
    """Frequent English words, which are no names whatever their end ("cholesterol")."""
    return frozenset(read_words("common_words.txt"))
