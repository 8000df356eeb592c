"""What the policy decides with: the gates, the wording, the clinic's facts, a guide made ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.clinic import Clinic
from bot.excerpt import Sentence
from bot.gates import Gates
from bot.guide import Guide
from bot.index import ALL_PARTS, IndexedGuide
from bot.spelling import Vocabulary
from bot.wording import Wording


@dataclass(frozen=True)
class Policy:
    """Everything that decides a reply beside the guide; immutable.

    `version` names gates, wording and thresholds by the hash of their files, of which `sha256`
    is the whole; the gates hold the clinic's own rules with their signatures. `languages` are
    those that the clinic has enabled; `switches` the parts in use (for the ablation);
    `max_chars` bounds what is read of a message, in code points; `samples` says that the clinic
    keeps some questions, which people who ask about their data are told.
    """

    version: str
    gates: Gates
    wording: Wording
    clinic: Clinic
    languages: tuple[str, ...] = ("en",)
    base_url: str = ""
    paused: bool = False
    max_chars: int = 2000
    switches: frozenset[str] = ALL_PARTS
    sha256: str = ""
    samples: bool = False


@dataclass(frozen=True)
class ReadyGuide:
    """A guide with all that is worked out from it once: indexes, vocabulary, sentences."""

    indexed: IndexedGuide
    vocabulary: Vocabulary
    sentences: Mapping[str, tuple[Sentence, ...]]

    @property
    def guide(self) -> Guide:
        """The guide itself."""
        return self.indexed.guide
