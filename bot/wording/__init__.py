"""Every sentence that the bot itself says: one TOML file per language, read once.

Which sentence is said when is left to `answer`. English is complete; another language may
hold only the urgent and refusing sentences, and falls back to English for the rest.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from bot.errors import SettingsError

FALLBACK = "en"
_SLOT = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Wording:
    """The sentences of every packaged language; `sha256` is that of all files."""

    by_language: Mapping[str, Mapping[str, str]]
    names: Mapping[str, str]
    sha256: str

    def text(self, key: str, language: str = FALLBACK, **slots: str) -> str:
        """The sentence of that key, in the language where it has one, else in English.

        Raises:
            KeyError: No such key, or a slot of the sentence was not given.
        """
        sentence = self.by_language.get(language, {}).get(key)
        if sentence is None:
            sentence = self.by_language[FALLBACK][key]
        return _SLOT.sub(lambda match: slots[match.group(1)], sentence)

    def has(self, key: str, language: str) -> bool:
        """Whether the language has a sentence of its own for the key."""
        return key in self.by_language.get(language, {})


def load_wording() -> Wording:
    """Read the packaged files and check them.

    Raises:
        SettingsError: A file that is no TOML, a key or slot that English does not have, or a
            digit in a sentence: numbers may come only from a quotation or the clinic's facts.
    """
    digest = hashlib.sha256()
    by_language: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    folder = files("bot") / "wording"
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        text = entry.read_text(encoding="utf-8")
        digest.update(text.encode())
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"not TOML ({error})", where=f"wording/{entry.name}") from error
        language = str(data["language"])
        names[language] = str(data["name"])
        by_language[language] = {
            f"{group}.{key}": sentence
            for group, table in data.items()
            if isinstance(table, dict)
            for key, sentence in table.items()
        }
    for language, sentences in by_language.items():
        _check(language, sentences, by_language[FALLBACK])
    return Wording(by_language, names, digest.hexdigest())


def _check(language: str, sentences: Mapping[str, str], english: Mapping[str, str]) -> None:
    for key, sentence in sentences.items():
        where = f"wording/{language}.toml: {key}"
        if key not in english:
            raise SettingsError("a sentence that English does not have", where=where)
        if any(char.isdigit() for char in sentence):
            raise SettingsError("a digit", expected="words and slots only", where=where)
        unknown = set(_SLOT.findall(sentence)) - set(_SLOT.findall(english[key]))
        if unknown:
            raise SettingsError(
                f"slot {{{unknown.pop()}}}", expected="a slot of English", where=where
            )
