"""The clinic's facts and the urgent numbers of its country."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.clinic import Clinic, clinic_problems, known_locales, load_clinic
from bot.errors import SettingsError

FILLED = """\
name = "Riverside Clinic"
phone = "+1 555 010 0199"
hours = "weekdays"
locale = "GB"
languages = ["en", "es"]
numbers_confirmed_on = 2026-11-22
"""
OWN = '[[number]]\nkind = "poison"\nlabel = "Giftnotruf"\nnumber = "030 19240"\n'


def load(folder: Path, text: str) -> Clinic:
    (folder / "clinic.toml").write_text(text, encoding="utf-8")
    return load_clinic(folder)


def dial(clinic: Clinic, kind: str) -> list[str]:
    return [n.number for n in clinic.numbers if n.kind == kind]


class TestFacts:
    def test_without_a_file_it_is_a_demonstration_in_the_us(self, tmp_path: Path) -> None:
        clinic = load_clinic(tmp_path)
        assert clinic.is_demo
        assert (clinic.locale, clinic.line) == ("US", None)
        assert [n.number for n in clinic.numbers] == ["911", "1-800-222-1222", "988"]

    def test_the_project_s_own_file_is_a_sound_demonstration(self) -> None:
        assert clinic_problems(Path("corpus")) == []
        assert load_clinic(Path("corpus")).is_demo

    def test_filled_in_it_is_none(self, tmp_path: Path) -> None:
        clinic = load(tmp_path, FILLED)
        assert not clinic.is_demo
        assert clinic.languages == ("en", "es")
        assert clinic.line is not None
        assert (clinic.line.label, clinic.line.number) == ("Riverside Clinic", "+1 555 010 0199")

    @pytest.mark.parametrize("key", ["name", "phone", "numbers_confirmed_on"])
    def test_each_missing_fact_makes_it_a_demonstration(self, tmp_path: Path, key: str) -> None:
        lines = [line for line in FILLED.splitlines() if not line.startswith(key)]
        assert load(tmp_path, "\n".join(lines)).is_demo


class TestNumbers:
    @pytest.mark.parametrize("locale", known_locales())
    def test_every_country_has_a_checked_emergency_number(
        self, tmp_path: Path, locale: str
    ) -> None:
        clinic = load(tmp_path, f'locale = "{locale}"')
        assert clinic.numbers_of("emergency")
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", clinic.numbers_checked_on)
        for number in clinic.numbers:
            assert re.search(r"\d", number.number)
            assert not re.search(r"\d", number.label)

    @pytest.mark.parametrize(
        ("locale", "emergency"),
        [("en-GB", "999"), ("uk", "999"), ("fr_FR", "15"), ("PL", "112"), ("au", "000")],
    )
    def test_a_country_may_be_written_in_several_ways(
        self, tmp_path: Path, locale: str, emergency: str
    ) -> None:
        assert dial(load(tmp_path, f'locale = "{locale}"'), "emergency")[0] == emergency

    def test_stand_in_the_order_of_urgency(self, tmp_path: Path) -> None:
        kinds = [n.kind for n in load(tmp_path, 'locale = "AU"').numbers]
        assert kinds == ["emergency", "poison", "crisis", "crisis", "advice"]

    def test_own_ones_replace_their_kind_only(self, tmp_path: Path) -> None:
        clinic = load(tmp_path, 'locale = "US"\n' + OWN)
        assert dial(clinic, "poison") == ["030 19240"]
        assert dial(clinic, "emergency") == ["911"]

    def test_own_ones_serve_a_country_without_packaged_numbers(self, tmp_path: Path) -> None:
        own = '[[number]]\nkind = "emergency"\nlabel = "Ambulance"\nnumber = "119"\nmode = "both"\n'
        clinic = load(tmp_path, 'locale = "JP"\n' + own)
        assert [(n.number, n.mode) for n in clinic.numbers] == [("119", "both")]
        assert clinic.numbers_checked_on == ""


class TestFaults:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('locale = "XX"', "clinic.toml:1 locale: no emergency number for locale 'XX'"),
            ("locale = 1", "clinic.toml:1 locale: 1; expected a text"),
            ('name = "A"\nfone = "5"', "clinic.toml:2 fone: unknown key 'fone'; expected perhaps"),
            ('phone = "call us"', "clinic.toml:1 phone: 'call us'; expected a phone number"),
            ('languages = ["English"]', "clinic.toml:1 languages: language 'English'; expected"),
            ('numbers_confirmed_on = "May"', "numbers_confirmed_on: 'May'; expected a date such"),
            (OWN.replace("poison", "police"), "clinic.toml:2 [[number]] kind: 'police'; expected"),
            (OWN.replace("kind", "kin"), "clinic.toml:1 [[number]] kind: missing; expected emer"),
            ('[[number]]\nlabel = "A"\nnumber = "1"', "[[number]] number: '1'; expected a phone"),
            ('name = "A', "clinic.toml: cannot be read"),
        ],
    )
    def test_name_line_and_remedy(self, tmp_path: Path, text: str, message: str) -> None:
        with pytest.raises(SettingsError) as caught:
            load(tmp_path, text)
        assert message in str(caught.value)

    def test_clinic_problems_lists_them_all(self, tmp_path: Path) -> None:
        (tmp_path / "clinic.toml").write_text('locale = "XX"\nphone = "none"\nnme = "x"\n')
        assert len(clinic_problems(tmp_path)) == 3
