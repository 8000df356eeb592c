"""Makes `bot/data/stems.txt`: Snowball's stems of the words that a start or a question needs.

Words are those of the frequency list, the packaged word data and the guides that ship. Any
other word is stemmed by NLTK when it is met.
"""

from __future__ import annotations

from pathlib import Path

from bot.analysis import read_words, snowball, words_of

_BOT = Path(__file__).parent.parent / "bot"
_CORPUS = Path(__file__).parent.parent / "corpus"
_HEAD = """\
# Words and their stems by NLTK's English Snowball stemmer, in pairs, one pair a line.
# Made by `python -m eval stems`; a test holds each pair against NLTK.
"""


def words() -> list[str]:
    """The words of the table, sorted; numbers are left out."""
    texts = [p.read_text(encoding="utf-8") for p in sorted((_BOT / "data").glob("*.toml"))]
    texts += [p.read_text(encoding="utf-8") for p in sorted((_BOT / "gates").glob("*.toml"))]
    texts += [p.read_text(encoding="utf-8") for p in sorted(_CORPUS.glob("*/*.t[xo]*"))]
    found = {word for text in texts for word in words_of(text)} | set(
        read_words("common_words.txt")
    )
    return sorted(word for word in found if word.isalpha())


def write() -> int:
    """Write the table and return how many rows it holds."""
    rows = [f"{word} {snowball(word)}" for word in words()]
    path = _BOT / "data" / "stems.txt"
    path.write_text(_HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return len(rows)
