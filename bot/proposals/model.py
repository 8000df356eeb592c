"""The proposals, one record for each file of a guide that they are for; no behaviour.

`members` are the open questions behind a proposal; `works` counts how many of their messages
got the wished reply when it was tried on a copy of the guide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.proposals.unanswered import Unanswered


@dataclass(frozen=True, slots=True)
class Wordings:
    """Other ways to ask for a passage, for questions.toml.

    `alike` is false where each was asked in words of its own; `new_words` are words in `ask`
    that the guide has never heard of; `other` is the passage that came second, or empty.
    """

    passage_id: str
    ask: tuple[str, ...]
    members: tuple[Unanswered, ...]
    alike: bool = True
    new_words: tuple[str, ...] = ()
    other: str = ""
    works: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A word that people say and words of the guide that it may stand for, for lexicon.toml."""

    say: tuple[str, ...]
    means: tuple[str, ...]
    weight: float
    passage_id: str
    members: tuple[Unanswered, ...]
    works: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    """A topic that people ask for and the guide seems to lack, for absent.toml.

    `known_as` is the id of a topic of the guide that lacks only these forms of its words.
    """

    topic_id: str
    name: str
    words: tuple[str, ...]
    near: tuple[str, ...]
    members: tuple[Unanswered, ...]
    known_as: str = ""
    works: int = 0


@dataclass(frozen=True, slots=True)
class Proposals:
    """All proposals, of each kind the one with the most messages first.

    `left` holds the clusters of open questions that stand behind no proposal, the largest first.
    """

    wordings: tuple[Wordings, ...] = ()
    entries: tuple[Entry, ...] = ()
    missing: tuple[Missing, ...] = ()
    left: tuple[tuple[Unanswered, ...], ...] = ()


def n_messages(members: Iterable[Unanswered]) -> int:
    """How often the questions were asked in all."""
    return sum(member.count for member in members)
