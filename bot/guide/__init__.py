"""One `Guide` object: source, sections, passages and the data that the clinic wrote beside it.

Reading the source's structure is left to `corpus/`, searching to `index`.
"""

from __future__ import annotations

from bot.guide.general import General, GeneralTopic, SectionKind, load_general
from bot.guide.load import load_guide, load_guides, problems
from bot.guide.model import (
    AbsentTopic,
    CuratedQuestion,
    Guide,
    LexiconEntry,
    Pair,
)

__all__ = [
    "AbsentTopic",
    "CuratedQuestion",
    "General",
    "GeneralTopic",
    "Guide",
    "LexiconEntry",
    "Pair",
    "SectionKind",
    "load_general",
    "load_guide",
    "load_guides",
    "problems",
]
