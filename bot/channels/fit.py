"""Fits a reply into messages of a bounded size: whole sentences, counted parts, short labels.

How large a message may be is each channel's own data; `measure` says how it counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.channels.contract import Speech
from bot.records import URGENT_OUTCOMES, Reply
from bot.text import sentences

Fits = Callable[[str], bool]
_ELLIPSIS = "…"
_NUMBER = re.compile(r"\d+\.")


def units(text: str) -> int:
    """UTF-16 code units: the larger of the ways in which platforms count characters."""
    return len(text) + sum(char > "\uffff" for char in text)


def within(most: int) -> Fits:
    """A test for texts of so many units at most."""
    return lambda text: units(text) <= most


def spoken(speech: Speech, *, numbered: bool = True) -> str:
    """All that a reply says, as one text; every quotation with its section.

    Args:
        speech: The reply and the sentences around it.
        numbered: Whether choices stand in it as numbered lines.
    """
    reply = speech.reply
    text = _with_sections(reply)
    if not numbered:
        text = _without_choices(text, reply)
    before, after = speech.before, speech.after
    if reply.outcome in URGENT_OUTCOMES:  # nothing stands before an emergency
        before, after = "", "\n".join(part for part in (before, after) if part)
    return "\n".join(part for part in (before, text, reply.notice, after) if part)


def spoken_briefly(speech: Speech, fits: Fits, plain: Callable[[str], str] = str) -> str:
    """As `spoken`, without the sentence on how to go on where that would take one part more."""
    whole, bare = plain(spoken(speech)), plain(spoken(replace(speech, after="")))
    return whole if len(split(whole, fits)) == len(split(bare, fits)) else bare


def split(text: str, fits: Fits) -> list[str]:
    """Cut a text into parts that fit, at sentence ends where possible, marked (1/2), (2/2).

    Nothing is left out but the white space at the cuts. A text that fits stays one part.

    Raises:
        ValueError: Not even one character fits beside the mark.
    """
    if fits(text):
        return [text]
    for n_digits in (1, 2, 3):
        room = f"({'9' * n_digits}/{'9' * n_digits}) "
        parts = _pack(text, lambda part, room=room: fits(room + part))  # type: ignore[misc]
        if len(parts) < 10**n_digits:
            return [f"({n}/{len(parts)}) {part}" for n, part in enumerate(parts, 1)]
    raise ValueError("a text of a thousand parts")


def unmarked(text: str, fits: Fits) -> list[str]:
    """As `split`, without marks: for the paragraphs of one message."""
    return [text] if fits(text) else _pack(text, fits)


def split_held(text: str, fits: Fits, most: int, rest: str) -> list[str]:
    """As `split`; where there are more than so many parts, the last of those tells how to go on.

    Args:
        text: What to say.
        fits: Whether a part is small enough.
        most: Parts that are sent at once; 0: all of them.
        rest: How to get the others.
    """
    parts = split(text, fits)
    if not most or len(parts) <= most:
        return parts
    parts = split(text, lambda part: fits(f"{part}\n{rest}"))
    parts[most - 1] += f"\n{rest}"
    return parts


def label(text: str, most: int) -> str:
    """A button's label: the text itself, or its beginning with an ellipsis."""
    if units(text) <= most:
        return text
    cut = text[: most - 1]
    while units(cut) > most - 1:
        cut = cut[:-1]
    at_word = cut.rpartition(" ")[0]
    return (at_word if len(at_word) > most // 2 else cut).rstrip(" ,;:") + _ELLIPSIS


def labels(texts: list[str], most: int) -> list[str]:
    """Labels for the buttons of one message, all different, none empty."""
    cut = [label(text, most) or str(n) for n, text in enumerate(texts, 1)]
    if len(set(cut)) == len(cut):
        return cut
    return [label(f"{n}. {text}", most) for n, text in enumerate(texts, 1)]


def _with_sections(reply: Reply) -> str:
    text = reply.text
    for excerpt in reply.excerpts:
        quoted = f"“{excerpt.display}”"
        if excerpt.section not in text.replace(quoted, ""):
            text = text.replace(quoted, f"{quoted} ({excerpt.section})", 1)
        if quoted not in text:
            text += f"\n{quoted} ({excerpt.section})"
    return text


def _without_choices(text: str, reply: Reply) -> str:
    lines = text.split("\n")
    for n, suggestion in enumerate(reply.suggestions, 1):
        if (line := f"{n}. {suggestion.label}") in lines:
            lines.remove(line)
    return "\n".join(lines) or text


def _pack(text: str, fits: Fits) -> list[str]:
    parts: list[str] = []
    current = ""
    for piece in _pieces(text):
        if fits((current + piece).strip()):
            current += piece
            continue
        if current.strip():
            parts.append(current.strip())
        current = piece.lstrip()
        if not fits(current.strip()):
            *full, current = _broken(current, fits)
            parts += full
    if current.strip():
        parts.append(current.strip())
    return parts


def _pieces(text: str) -> Iterator[str]:
    """Lines and sentences, each with the white space after it."""
    for line in re.findall(r"[^\n]*\n+|[^\n]+", text):
        ends = [end for _, end in sentences(line)]
        start = 0
        for end in [*ends[:-1], len(line)]:
            # The number of a choice is no sentence: it stays with what it numbers.
            if end == len(line) or not _NUMBER.fullmatch(line[start:end].strip()):
                yield line[start:end]
                start = end


def _broken(text: str, fits: Fits) -> list[str]:
    """A sentence that does not fit, cut at words, and within a word where it must be."""
    parts: list[str] = []
    while not fits(text.strip()):
        n_chars = _longest(text, fits)
        if not n_chars:
            raise ValueError("not even one character fits")
        at_word = text.rfind(" ", 1, n_chars + 1)
        cut = at_word if at_word > 0 else n_chars
        parts.append(text[:cut].strip())
        text = text[cut:].lstrip()
    return [*(part for part in parts if part), text]


def _longest(text: str, fits: Fits) -> int:
    """The most characters from the beginning that fit."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
    return low
