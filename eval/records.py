"""The frozen records of an eval run: a labelled question, what the bot said, how it is judged.

Reading questions is left to `questions`, asking them to `door`, judging to `judge`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.records import Outcome, Reply

Split = Literal["tune", "test"]
Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled question: the turns of a visit, of which the last is judged.

    `outcome` is the expected one and `accept` those that are acceptable too; any of `sections`
    is a right one; any of `must_contain` is the decisive sentence; `rows` are rows of the
    dosing taxonomy; `where` is file and line.
    """

    item_id: str
    guide: str
    turns: tuple[str, ...]
    outcome: Outcome
    accept: tuple[Outcome, ...]
    sections: tuple[str, ...]
    must_contain: tuple[str, ...]
    slices: tuple[str, ...]
    family: str
    split: Split
    rows: tuple[str, ...]
    where: str

    @property
    def allowed(self) -> tuple[Outcome, ...]:
        """Every outcome that counts as right, the expected one first."""
        return (self.outcome, *self.accept)

    @property
    def answerable(self) -> bool:
        """Whether the guide clearly answers this: an answer, and no holding back, is right.

        Where asking back or abstaining is accepted too, the labeller left it open; such a
        question counts for its outcome and not for retrieval.
        """
        return self.outcome == "answer" and not {"clarify", "not_covered"} & set(self.accept)

    @property
    def absent(self) -> bool:
        """Whether the guide clearly does not answer this: abstaining is right, an answer not."""
        return self.outcome == "not_covered" and "answer" not in self.accept


@dataclass(frozen=True, slots=True)
class Result:
    """What the bot said to one item.

    `replies` holds one reply a turn and is empty where the bot gave none; `fault` then says
    why. `suggested` are the section titles of the last reply's suggestions, in their order.
    """

    item_id: str
    replies: tuple[Reply, ...] = ()
    suggested: tuple[str, ...] = ()
    fault: str = ""

    @property
    def reply(self) -> Reply | None:
        """The judged reply: that to the last turn."""
        return self.replies[-1] if self.replies else None


@dataclass(frozen=True, slots=True)
class Judged:
    """An item, its result and everything that the measures need to know about the two.

    `ranked` are normalised section titles, best first (see `judge.ranked_sections`);
    `decisive` is None where no decisive sentence is labelled; `score` is the bot's confidence
    from 0 to 1, None where grounding did not run; `leaks` are amounts shown to a dosing
    question; `faults` say in words what is wrong, and are empty where nothing is.
    """

    item: Item
    result: Result
    ranked: tuple[str, ...]
    outcome_right: bool
    section_right: bool
    candidate_right: bool
    decisive: bool | None
    score: float | None
    leaks: tuple[str, ...]
    n_quotes: int
    n_verbatim: int
    faults: tuple[str, ...]

    @property
    def got(self) -> str:
        """The outcome of the judged reply, or `no_result`."""
        return self.result.reply.outcome if self.result.reply else NO_RESULT


NO_RESULT = "no_result"


@dataclass(frozen=True, slots=True)
class Measure:
    """A named figure: `total / n`, with a Wilson 95 % interval where it is a share.

    `low` and `high` are None for means (RR@5, AURC) and for n = 0. `tolerance_items` is how
    many questions it may fall before the check against the accepted figures fails.
    """

    key: str
    label: str
    total: float
    n: int
    better: Better
    tolerance_items: int
    low: float | None
    high: float | None
    meaning: str

    @property
    def value(self) -> float | None:
        """The figure itself, None where there was nothing to measure."""
        return self.total / self.n if self.n else None

    @property
    def is_share(self) -> bool:
        """Whether this is a share of questions or quotes, not a mean such as RR@5 and AURC."""
        return self.low is not None
