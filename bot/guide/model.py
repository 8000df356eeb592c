"""One `Guide` object: source, sections, passages and the data that the clinic wrote beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.corpus import Markup, display
from bot.records import Passage, Section


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """Ways to say something (`say`, any of them) and the words that stand for it (`means`)."""

    say: tuple[str, ...]
    means: tuple[str, ...]
    weight: float = 0.5
    source: str = ""


@dataclass(frozen=True, slots=True)
class CuratedQuestion:
    """Another way to ask for a passage; matched, never displayed."""

    passage_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AbsentTopic:
    """A topic that patients ask for and the guide does not cover; `near` are passage ids.

    `words` show it wherever they stand; `ask` are questions about it as patients put them.
    """

    topic_id: str
    name: str
    words: tuple[str, ...]
    near: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two passages that are shown together, since each alone would mislead."""

    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Guide:
    """A clinic's guide as received, with its data.

    `source` is the file decoded as UTF-8 with line ends kept; `sha256` that of its bytes;
    `withheld` are ranges (start, end) of the source that are never quoted, `why_withheld` the
    clinic's reason for each; `cards` maps a section title to a card level; `dose_section` is a
    section title or empty; `silent` are questions that the guide does not answer and that
    belong to no absent topic.
    """

    guide_id: str
    title: str
    language: str
    source: str
    sha256: str
    version: str
    sections: tuple[Section, ...]
    passages: tuple[Passage, ...]
    subject: tuple[str, ...] = ()
    lexicon: tuple[LexiconEntry, ...] = ()
    questions: tuple[CuratedQuestion, ...] = ()
    absent: tuple[AbsentTopic, ...] = ()
    silent: tuple[str, ...] = ()
    withheld: tuple[tuple[int, int], ...] = ()
    why_withheld: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    cards: Mapping[str, str] = field(default_factory=dict)
    dose_section: str = ""
    origin: str = ""
    licence: str = ""
    reviewed_by: str = ""
    reviewed_on: str = ""
    review_by: str = ""
    markup: Markup = "plain"

    def display(self, text: str) -> str:
        """A slice of this guide without inline marks, white space folded."""
        return display(text, self.markup)

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id; KeyError where there is none."""
        for passage in self.passages:
            if passage.passage_id == passage_id:
                return passage
        raise KeyError(passage_id)
