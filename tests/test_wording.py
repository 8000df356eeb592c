"""The bot's own sentences: plain, short, without a digit, and never in a clinician's voice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import textstat

import bot.wording as wording
from bot.errors import SettingsError
from bot.wording import FALLBACK, Wording, load_wording

WORDING = load_wording()
ENGLISH = WORDING.by_language[FALLBACK]
SENTENCES = [
    (language, key, text)
    for language, texts in sorted(WORDING.by_language.items())
    for key, text in texts.items()
]
SLOT = re.compile(r"\{([^{}]*)\}")
KNOWN_SLOTS = {"emergency", "poison", "crisis", "clinic", "section", "title", "topic", "via"}
GROUPS = sorted({key.split(".")[0] for key in ENGLISH} - {"languages"})
AS_A_CLINICIAN = (
    r"\b(your|as a|i am a|i’m a|i'm a) (nurse|doctor|clinician|pharmacist|therapist|physician)\b",
    r"\b(i|we) (recommend|advise|diagnose|prescribe|suggest that you (take|stop))\b",
    r"\bmy (medical|clinical|professional) (advice|opinion|judg)",
    r"\byou (have|are having) an? (allerg|reaction|overdose|deficiency)",
    r"\b(you are|you’re|it is|it’s) (fine|safe|ok|okay|normal|nothing to worry)\b",
    r"\bdon[’']t worry\b",
    r"\b(take|inject) (one|two|a|your|the)\b",
    r"\bbot\b.*\bnurse\b|\bDr\b",
)


def reading_grade(text: str) -> float:
    """The grade of Flesch and Kincaid (1975); a slot counts as one short word."""
    return float(textstat.flesch_kincaid_grade(SLOT.sub("it", text)))


class TestSentences:
    @pytest.mark.parametrize(
        ("language", "key", "text"), SENTENCES, ids=[f"{lang} {key}" for lang, key, _ in SENTENCES]
    )
    def test_each_is_whole_and_without_a_digit(self, language: str, key: str, text: str) -> None:
        assert text.strip() == text != ""
        assert not any(char.isnumeric() for char in text)
        assert set(SLOT.findall(text)) <= KNOWN_SLOTS
        assert "{" not in SLOT.sub("", text)
        assert not re.search(r"<|\*\*|https?:|\n", text)

    @pytest.mark.parametrize("pattern", AS_A_CLINICIAN)
    def test_none_speaks_as_a_clinician_or_gives_a_verdict(self, pattern: str) -> None:
        found = {key: text for key, text in ENGLISH.items() if re.search(pattern, text, re.I)}
        assert found == {}

    def test_the_patterns_do_find_such_sentences(self) -> None:
        for text in ("I’m a nurse here", "We recommend rest", "Don’t worry", "It’s normal"):
            assert any(re.search(pattern, text, re.I) for pattern in AS_A_CLINICIAN), text

    @pytest.mark.parametrize("group", GROUPS)
    def test_each_group_reads_at_grade_eight_or_below(self, group: str) -> None:
        texts = [text for key, text in ENGLISH.items() if key.startswith(f"{group}.")]
        whole = " ".join(t if t[-1] in ".!?:" else f"{t}." for t in texts)
        assert reading_grade(whole) <= 8

    def test_the_grade_tells_plain_from_learned(self) -> None:
        assert reading_grade("The cat sat on the mat. It was warm.") < 2
        learned = "Contraindications necessitate individualised consideration of comorbidities."
        assert reading_grade(learned) > 20

    @pytest.mark.parametrize("key", sorted(ENGLISH))
    def test_no_sentence_is_long(self, key: str) -> None:
        parts = re.split(r"(?<=[.!?:])\s+", ENGLISH[key])
        assert max(len(part.split()) for part in parts) <= 25


class TestLanguages:
    @pytest.mark.parametrize("language", ["es", "fr", "de", "pt"])
    @pytest.mark.parametrize("group", ["emergency", "overdose", "crisis"])
    def test_urgent_sentences_stand_in_every_language_of_the_gates(
        self, language: str, group: str
    ) -> None:
        wanted = {key for key in ENGLISH if key.startswith(f"{group}.")}
        wanted -= {"emergency.guide_says"}
        assert wanted <= set(WORDING.by_language[language])

    @pytest.mark.parametrize("language", ["es", "fr", "de", "pt"])
    def test_a_dosing_refusal_stands_in_each(self, language: str) -> None:
        assert WORDING.has("dosing.text", language)
        assert WORDING.has("dosing.again", language)

    @pytest.mark.parametrize(("language", "key", "text"), SENTENCES)
    def test_a_translation_has_the_slots_of_english(
        self, language: str, key: str, text: str
    ) -> None:
        assert set(SLOT.findall(text)) == set(SLOT.findall(ENGLISH[key]))

    def test_no_urgent_sentence_is_left_in_english(self) -> None:
        copied = [
            (language, key)
            for language, key, text in SENTENCES
            if language != FALLBACK and text == ENGLISH[key]
        ]
        assert copied == []

    def test_each_language_names_itself(self) -> None:
        assert set(WORDING.names) == set(WORDING.by_language) >= {"en", "es", "fr", "de", "pt"}
        assert all(WORDING.names.values())


class TestText:
    def test_slots_are_filled(self) -> None:
        assert "Uses" in WORDING.text("answer.one", section="Uses")

    def test_a_filled_slot_is_not_read_again(self) -> None:
        assert "{title}" in WORDING.text("answer.one", section="{title}")

    def test_a_slot_without_a_value_is_an_error(self) -> None:
        with pytest.raises(KeyError, match="section"):
            WORDING.text("answer.one")

    def test_an_unknown_key_is_an_error(self) -> None:
        with pytest.raises(KeyError):
            WORDING.text("answer.none")

    def test_a_language_without_the_sentence_falls_back(self) -> None:
        assert WORDING.text("smalltalk.thanks", "fr") == ENGLISH["smalltalk.thanks"]
        assert not WORDING.has("smalltalk.thanks", "fr")
        assert WORDING.text("smalltalk.thanks", "xx") == ENGLISH["smalltalk.thanks"]

    def test_a_language_s_own_sentence_wins(self) -> None:
        assert WORDING.text("crisis.line_stay", "de") != ENGLISH["crisis.line_stay"]


class TestLoading:
    ENGLISH_FILE = 'language = "en"\nname = "English"\n[a]\none = "Ask {title}."\n'

    def load(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, french: str, english: str = ""
    ) -> Wording:
        (folder / "wording").mkdir()
        (folder / "wording" / "en.toml").write_text(english or self.ENGLISH_FILE, encoding="utf-8")
        (folder / "wording" / "fr.toml").write_text(french, encoding="utf-8")
        monkeypatch.setattr(wording, "files", lambda _: folder)
        return load_wording()

    def test_a_sound_folder_is_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        french = 'language = "fr"\nname = "Français"\n[a]\none = "Demandez {title}."\n'
        found = self.load(tmp_path, monkeypatch, french)
        assert found.text("a.one", "fr", title="x") == "Demandez x."

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ('one = "Prenez 2."', r"fr\.toml: a\.one: a digit"),
            ('one = "Prenez ٢."', r"fr\.toml: a\.one: a digit"),
            ('two = "Oui."', r"fr\.toml: a\.two: a sentence that English does not have"),
            ('one = "Oui {name}."', r"fr\.toml: a\.one: slot \{name\}"),
            ("one = ", r"wording/fr\.toml: not TOML"),
        ],
    )
    def test_a_wrong_sentence_names_itself(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, message: str
    ) -> None:
        french = f'language = "fr"\nname = "Français"\n[a]\n{line}\n'
        with pytest.raises(SettingsError, match=message):
            self.load(tmp_path, monkeypatch, french)

    def test_another_wording_is_another_version(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        french = 'language = "fr"\nname = "Français"\n'
        assert self.load(tmp_path, monkeypatch, french).sha256 != WORDING.sha256
