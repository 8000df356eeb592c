"""The clinic's own facts: name, phone, hours, and the urgent numbers of its country.

They come from clinic.toml beside the guides; urgent numbers that it does not give come from a
packaged table. When to show which number is left to the gates and the answer policy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SettingsError
from bot.records import Number, NumberKind, NumberMode
from bot.tables import Fault, Table, closest, load_table

_TABLE = Path(__file__).parent / "data" / "numbers.toml"
_KINDS: tuple[NumberKind, ...] = ("emergency", "poison", "crisis", "advice")
_MODES: tuple[NumberMode, ...] = ("call", "text", "both")
_PHONE = re.compile(r"\+?[0-9*#(][0-9 ()./*#-]*[0-9#)]|[0-9]{2,}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_ALIASES = {"UK": "GB", "EL": "GR"}
_DEMO_LOCALE = "US"


@dataclass(frozen=True, slots=True)
class Clinic:
    """Who answers when the guide does not.

    `numbers` holds the urgent lines in the order emergency, poison, crisis, advice, at least one
    emergency line among them. `numbers_confirmed_on` is the day on which the clinic confirmed
    them, `numbers_checked_on` that of the packaged table where one was used; dates are written
    2026-11-22, empty where there is none.
    """

    name: str = ""
    phone: str = ""
    hours: str = ""
    address: str = ""
    locale: str = _DEMO_LOCALE
    languages: tuple[str, ...] = ("en",)
    numbers_confirmed_on: str = ""
    numbers: tuple[Number, ...] = ()
    numbers_checked_on: str = ""

    @property
    def is_demo(self) -> bool:
        """Whether the clinic still has to fill in name, phone or the day of confirmation."""
        return not (self.name and self.phone and self.numbers_confirmed_on)

    @property
    def line(self) -> Number | None:
        """The clinic's own phone line, once it is filled in."""
        label = self.name or "Clinic"
        return Number(label, self.phone, "call", self.hours, "clinic") if self.phone else None

    def numbers_of(self, *kinds: NumberKind) -> tuple[Number, ...]:
        """The lines of these kinds, in the order of `numbers`."""
        return tuple(n for n in self.numbers if n.kind in kinds)


def load_clinic(corpus_dir: Path) -> Clinic:
    """Read clinic.toml in the corpus folder; without one, the demonstration's values.

    A kind of urgent number that clinic.toml gives replaces that kind of the packaged table.

    Raises:
        SettingsError: A wrong value, an unknown country, or no emergency number for it.
    """
    return _read(corpus_dir, _raise)


def clinic_problems(corpus_dir: Path) -> list[str]:
    """Everything that is wrong with clinic.toml, one sentence each; [] if it is sound."""
    found: list[str] = []
    _read(corpus_dir, lambda *fault: found.append(str(_error(*fault))))
    return found


def known_locales() -> tuple[str, ...]:
    """Countries with packaged urgent numbers, sorted."""
    table = load_table(_TABLE, _raise)
    return tuple(sorted({*table.data, *table.table("EU").texts("countries")}))


def _read(corpus_dir: Path, fault: Fault) -> Clinic:
    table = load_table(corpus_dir / "clinic.toml", fault)
    locale = _locale(table)
    own = _numbers(table)
    packaged, checked_on = _packaged(locale)
    kinds = {n.kind for n in own}
    used = [n for n in packaged if n.kind not in kinds]
    numbers = sorted([*own, *used], key=lambda n: _KINDS.index(n.kind))
    if not any(n.kind == "emergency" for n in numbers):
        expected = closest(locale, known_locales()) or "a country of numbers.toml, or a [[number]]"
        fault(f"no emergency number for locale {locale!r}", expected, table.where("locale"))
    clinic = Clinic(
        name=table.text("name"),
        phone=_phone(table, "phone"),
        hours=table.text("hours"),
        address=table.text("address"),
        locale=locale,
        languages=_languages(table),
        numbers_confirmed_on=table.day("numbers_confirmed_on"),
        numbers=tuple(numbers),
        numbers_checked_on=checked_on if used else "",
    )
    table.refuse_unknown()
    return clinic


def _locale(table: Table) -> str:
    """The country's two letters; "en-GB" and "uk" stand for GB."""
    written = table.text("locale", _DEMO_LOCALE) or _DEMO_LOCALE
    region = re.split(r"[-_]", written)[-1].upper()
    return _ALIASES.get(region, region)


def _languages(table: Table) -> tuple[str, ...]:
    languages = table.texts("languages") or ("en",)
    for language in languages:
        if not _LANGUAGE.fullmatch(language):
            expected = 'a language tag such as "en"'
            table.fault(f"language {language!r}", expected, table.where("languages"))
    return tuple(dict.fromkeys(languages))


def _packaged(locale: str) -> tuple[list[Number], str]:
    table = load_table(_TABLE, _raise)
    key = locale
    if locale in table.table("EU").texts("countries"):
        key = "EU"
    if key not in table.data:
        return [], ""
    country = table.table(key)
    return _numbers(country), country.day("checked_on")


def _numbers(table: Table) -> list[Number]:
    numbers = []
    for entry in table.tables("number"):
        numbers.append(
            Number(
                label=entry.text("label", required=True),
                number=_phone(entry, "number", required=True),
                mode=entry.choice("mode", _MODES, "call"),
                hours=entry.text("hours"),
                kind=entry.choice("kind", _KINDS, "advice", required=True),
            )
        )
        entry.text("source")
        entry.refuse_unknown()
    return numbers


def _phone(table: Table, key: str, *, required: bool = False) -> str:
    value = table.text(key, required=required)
    if value and not _PHONE.fullmatch(value):
        table.fault(repr(value), "a phone number in digits", table.where(key))
        return ""
    return value


def _error(found: str, expected: str, where: str) -> SettingsError:
    return SettingsError(found, expected=expected, where=where)


def _raise(found: str, expected: str, where: str) -> None:
    raise _error(found, expected, where)
