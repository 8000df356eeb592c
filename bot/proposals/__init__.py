"""What a clinic could add beside its guide, learnt from questions that the bot did not answer.

`unanswered` asks and keeps what was left open, `clusters` puts like questions together,
`propose` makes proposals of them, `sheet` writes them down. A person decides; nothing here
changes a guide.
"""

from __future__ import annotations

from bot.proposals.propose import propose
from bot.proposals.sheet import sheet
from bot.proposals.unanswered import ask_all

__all__ = ["ask_all", "propose", "sheet"]
