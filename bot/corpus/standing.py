"""Which short lines standing alone are headings, although nothing marks them as such.

Real guides lose their marks when they are copied: headings and list items both become short
paragraphs. The rules below were found by reading such guides; they look at how the line is
written, at what stands before it and at what follows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_MAX_CHARS = 90  # the longest heading of a real guide without marks had 81
_MAX_WORDS = 14
_MAX_CHAIN = 3  # title, section, subsection; more short lines in a row are a list or an address
_SENTENCE_CHARS = 60  # shorter sentences after a line are often links, not the text of a section
_SENTENCE_END = re.compile(r"[.?!:…。！？][\"”’')\]*_]*$")
_ADDRESS_END = re.compile(r"[\d-]{4,}$")  # "Atlanta, GA 30329", telephone numbers
_NEVER_LAST = frozenset(".!;,。！，；")
_LEAD_IN = (
    "a an and are as at be by can for from has have if in include includes including into is may"
    " must of on or should than that the these this to was were when with you your"
)
_LEAD_IN_WORDS = frozenset(_LEAD_IN.split())

Role = Literal["heading", "paragraph", "item", "other"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of a guide's text; `alone` if it is a paragraph between blank lines."""

    text: str
    role: Role = "paragraph"
    alone: bool = False


def standing_headings(units: Sequence[Unit], *, plain: bool) -> set[int]:
    """Positions of the units that are headings by their form and place.

    Args:
        units: In source order, recognised headings among them.
        plain: Plain text has no other kind of heading, so less is asked of a line there.
    """
    in_list = _inside_unmarked_lists(units)
    chosen: set[int] = set()
    chain = 0
    for i in range(len(units) - 1, -1, -1):
        follows = chain if i + 1 in chosen else 0
        if (
            _looks_like_heading(units[i], plain)
            and _follows_well(units, i, follows, plain)
            and _stands_well(units, i, in_list[i], plain)
        ):
            chosen.add(i)
            chain = follows + 1
    return chosen


def is_lead_in(text: str) -> bool:
    """Whether a line announces a list rather than names it: "Symptoms may include".

    Only small letters count: "Vitamin A" is a name.
    """
    words = re.findall(r"[^\W\d_]+", text[-40:])
    return bool(words) and words[-1] in _LEAD_IN_WORDS


def is_short(text: str) -> bool:
    """Whether a line is short enough for a heading: one line, at most 90 characters."""
    return 0 < len(text) <= _MAX_CHARS and "\n" not in text and "\r" not in text


def _looks_like_heading(unit: Unit, plain: bool) -> bool:
    text = unit.text
    if unit.role != "paragraph" or not unit.alone or not is_short(text):
        return False
    if text[-1] in _NEVER_LAST or len(text.split()) > _MAX_WORDS or is_lead_in(text):
        return False
    if not plain and ":" in text:  # "More on: Handwashing" is a link, "You can also:" a lead-in
        return False
    if _ADDRESS_END.search(text):
        return False
    first = next((c for c in text if c.isalnum()), "")
    return first.isdigit() or (first.isalpha() and first == first.upper())


def _follows_well(units: Sequence[Unit], i: int, chain: int, plain: bool) -> bool:
    if i + 1 >= len(units):
        return False
    text, after = units[i].text, units[i + 1]
    if chain:
        return chain < _MAX_CHAIN and (plain or _is_title_case(text))
    if after.role == "heading":
        return plain and after.text.endswith(":")
    if after.role in ("item", "other"):
        return plain or (_is_title_case(text) and len(text.split()) > 1)
    reads_as_text = bool(_SENTENCE_END.search(after.text)) or len(after.text) > _MAX_CHARS
    return reads_as_text and (plain or len(after.text) >= _SENTENCE_CHARS or _is_title_case(text))


def _stands_well(units: Sequence[Unit], i: int, in_list: bool, plain: bool) -> bool:
    text = units[i].text
    many_words = len(text.split()) > 1
    if i == 0:
        return plain or many_words
    before = units[i - 1]
    if before.role == "heading":
        return plain or many_words
    ended = before.role in ("item", "other") or bool(_SENTENCE_END.search(before.text))
    if ended and not in_list:
        return True
    if plain and not in_list and before.alone and is_short(before.text):
        return True  # below another line that may itself be a heading
    return many_words and _is_title_case(text)


def _inside_unmarked_lists(units: Sequence[Unit]) -> list[bool]:
    """For each unit, whether a lead-in ("such as:") stands above with only fragments between."""
    inside, result = False, []
    for unit in units:
        result.append(inside)
        text = unit.text
        if unit.role != "paragraph":
            inside = False
        elif text.endswith(":") or (is_lead_in(text) and not _SENTENCE_END.search(text)):
            inside = True
        elif _SENTENCE_END.search(text):
            inside = False
    return result


def _is_title_case(text: str) -> bool:
    """Whether every longer word is capitalised: "Holter and Event Monitors"."""
    words = [w for w in re.findall(r"[^\W_]+", text) if len(w) > 3 or w.isupper()]
    return bool(words) and all(w[0].isupper() or w[0].isdigit() for w in words)
