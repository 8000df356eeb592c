"""Text messages in the GSM 7-bit alphabet, and how many segments a text takes (3GPP TS 23.038).

One character outside the alphabet turns the whole message into UCS-2 and more than halves what
fits into a segment, so typographic signs are replaced; letters of other scripts are kept.
"""

from __future__ import annotations

import unicodedata

from bot.channels.fit import units

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
_PLAIN = str.maketrans(
    {
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "‘": "'", "’": "'", "‚": "'", "ʼ": "'", "´": "'", "`": "'", "′": "'", "″": '"',
        "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "―": "-", "−": "-",
        "•": "-", "·": "-", "●": "-", "▪": "-", "◦": "-", "‣": "-",
        "…": "...", "\t": " ", "×": "x", "≤": "<=", "≥": ">=", "→": "->",
        "\u00ad": "", "\u200b": "", "\u200c": "", "\u200d": "", "\ufeff": "", "\u2060": "",
    }
)  # fmt: skip
_GSM_SINGLE, _GSM_JOINED = 160, 153
_UCS_SINGLE, _UCS_JOINED = 70, 67


def plain(text: str) -> str:
    """The text with typographic signs replaced by those of the alphabet.

    `“It’s fine” • now` -> `"It's fine" - now`. What has no plain form stays as it is.
    """
    return "".join(_plain_char(char) for char in text.translate(_PLAIN))


def is_gsm(text: str) -> bool:
    """Whether every character is in the alphabet."""
    return all(char in _BASIC or char in _EXTENDED for char in text)


def n_segments(text: str) -> int:
    """Segments that a text takes and is billed for; 1 for an empty one."""
    if is_gsm(text):
        size = len(text) + sum(char in _EXTENDED for char in text)
        single, joined = _GSM_SINGLE, _GSM_JOINED
    else:
        size, single, joined = units(text), _UCS_SINGLE, _UCS_JOINED
    # Where a two-unit character meets a segment's end, it moves on whole: one unit is lost.
    return 1 if size <= single else -(-size // (joined - 1))


def _plain_char(char: str) -> str:
    if char in _BASIC or char in _EXTENDED:
        return char
    if char.isspace():
        return "\n" if char in "\x0b\x0c\x85\u2028\u2029" else " "
    if unicodedata.category(char) in ("Cc", "Cf", "Cs"):
        return ""
    bare = unicodedata.normalize("NFKD", char)
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return letters if letters and is_gsm(letters) else char
