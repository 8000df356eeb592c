"""The frozen records that travel between the modules; their words are the project's words.

No behaviour beyond checks: whoever makes a record answers for what stands in it.
Positions count Unicode code points of the guide's source text.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal, get_args

Outcome = Literal[
    "answer",
    "clarify",
    "not_covered",
    "dosing_refusal",
    "personal_advice",
    "emergency",
    "overdose",
    "crisis",
    "smalltalk",
    "unintelligible",
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
URGENT_OUTCOMES: frozenset[Outcome] = frozenset({"emergency", "overdose", "crisis"})

CardLevel = Literal["emergency", "urgent", "info", "contact"]
NumberKind = Literal["emergency", "poison", "crisis", "advice", "clinic"]
NumberMode = Literal["call", "text", "both"]
PassageKind = Literal["paragraph", "item", "row", "code"]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the guide and the range that it governs, without its subsections' headings."""

    section_id: str
    title: str
    path: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is indexed and quoted: `source[start:end] == text`."""

    passage_id: str
    section_id: str
    section: str
    path: tuple[str, ...]
    text: str
    start: int
    end: int
    kind: PassageKind = "paragraph"

    def __post_init__(self) -> None:
        if self.end - self.start != len(self.text):
            raise ValueError(f"{self.passage_id}: range {self.start}-{self.end} is not its text's")


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result; `rank` counts from 1, `score` means nothing outside its index."""

    passage_id: str
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Words quoted exactly from a guide.

    `quote` is the slice `source[start:end]`; `display` is the same without inline Markdown
    and with white space folded; `sha256` is that of the source file's bytes.
    """

    guide: str
    passage_id: str
    section: str
    path: tuple[str, ...]
    quote: str
    display: str
    start: int
    end: int
    sha256: str
    url: str


@dataclass(frozen=True, slots=True)
class Number:
    """A phone line that a card may name."""

    label: str
    number: str
    mode: NumberMode = "call"
    hours: str = ""
    kind: NumberKind = "clinic"


@dataclass(frozen=True, slots=True)
class Card:
    """What a door shows before anything else."""

    level: CardLevel
    title: str
    lines: tuple[str, ...]
    numbers: tuple[Number, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A section that a visitor can ask for with one tap."""

    label: str
    passage_id: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a visitor gets through every door; `text` is complete on its own."""

    reply_id: str
    visit_id: str
    outcome: Outcome
    reason: str
    text: str
    excerpts: tuple[Excerpt, ...]
    suggestions: tuple[Suggestion, ...]
    card: Card | None
    notice: str
    lang: str
    guide_version: str
    policy_version: str
    explain: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"outcome {self.outcome!r} is none of {', '.join(OUTCOMES)}")
        if not self.text:
            raise ValueError(f"reply {self.reply_id} has no text")
        if self.outcome == "answer" and not self.excerpts:
            raise ValueError(f"reply {self.reply_id} is an answer without an excerpt")


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a visitor, with all that the policy may know of the world.

    Exactly one of `text` and `choice` (a passage_id that was tapped) is given. `at` is in
    seconds since the epoch; the policy itself asks no clock and mints no id.
    """

    reply_id: str
    at: float
    text: str | None = None
    choice: str | None = None
    lang: str | None = None
    explain: bool = False

    def __post_init__(self) -> None:
        if (self.text is None) == (self.choice is None):
            raise ValueError("a turn has either a text or a choice")


@dataclass(frozen=True, slots=True)
class Visit:
    """The state of a conversation: where it stands, never what was typed.

    `carried` holds analysed terms of the guide; `choices` the passage ids offered last, in
    order; `more` the passage from which "more" goes on; `n_misses` the consecutive turns that
    ended without an answer; `at` the time of the last turn in seconds since the epoch.
    """

    visit_id: str
    guide_id: str = ""
    turn: int = 0
    last_outcome: Outcome | None = None
    last_reason: str = ""
    last_passages: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    more: str | None = None
    n_misses: int = 0
    at: float = 0.0


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


def to_dict(record: Any) -> Any:
    """Turn a record and all within it into what `json.dumps` takes; `explain=None` is left out."""
    if is_dataclass(record) and not isinstance(record, type):
        pairs = ((name, getattr(record, name)) for name in _names(type(record)))
        return {k: to_dict(v) for k, v in pairs if not (k == "explain" and v is None)}
    if isinstance(record, (tuple, list)):
        return [to_dict(v) for v in record]
    return record
