"""Plain text: what normalising folds and keeps, where sentences end, and that it stays linear."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import fold_space, fold_word, normalise, sentences


class TestNormalise:
    @pytest.mark.parametrize(
        ("raw", "plain"),
        [
            ("ｄｏｓｅ", "dose"),
            ("①②", "12"),
            ("ﬁne", "fine"),
            ("side\u00a0effects", "side effects"),
            ("cafe\u0301", "café"),
        ],
    )
    def test_compatibility_forms_are_folded(self, raw: str, plain: str) -> None:
        assert normalise(raw) == plain

    @pytest.mark.parametrize("char", ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad"])
    def test_zero_width_characters_go(self, char: str) -> None:
        assert normalise(f"do{char}se") == "dose"

    @pytest.mark.parametrize("char", ["\u202a", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f"])
    def test_bidirectional_controls_go(self, char: str) -> None:
        assert normalise(f"do{char}se") == "dose"

    @pytest.mark.parametrize("char", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\t", "\r"])
    def test_control_characters_part_words(self, char: str) -> None:
        assert normalise(f"how{char}much") == "how much"

    def test_line_breaks_stay(self) -> None:
        assert normalise("one\u200b\ntwo") == "one\ntwo"

    def test_look_alikes_become_latin_in_mainly_latin_text(self) -> None:
        assert normalise("how much dоsе саn I take") == "how much dose can I take"

    @pytest.mark.parametrize("text", ["Какая доза?", "Ποια είναι η δόση;", "побочные эффекты B12"])
    def test_another_script_stays_what_it_is(self, text: str) -> None:
        assert normalise(text) == unicodedata.normalize("NFKC", text)

    @pytest.mark.parametrize("mark", ["\u2019", "\u2018", "\u02bc", "`", "\u00b4"])
    def test_apostrophes_become_one(self, mark: str) -> None:
        assert normalise(f"don{mark}t") == "don't"

    def test_marks_stacked_on_letters_go(self) -> None:
        assert normalise("d\u0336o\u0336s\u0336e\u0336") == "dose"

    @pytest.mark.parametrize("text", ["", "What is B12?", "Müller", "1,000 mcg"])
    def test_plain_text_stays(self, text: str) -> None:
        assert normalise(text) == text

    @given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=80))
    def test_any_string_gives_one_without_invisible_characters(self, raw: str) -> None:
        found = normalise(raw)
        assert {unicodedata.category(c) for c in found} & {"Cf", "Cs", "Co", "Cn"} == set()
        assert [c for c in found if unicodedata.category(c) == "Cc" and c != "\n"] == []


class TestFolding:
    @pytest.mark.parametrize(
        ("word", "folded"),
        [
            ("Don't", "dont"),
            ("Guía", "guia"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("", ""),
        ],
    )
    def test_words_lose_case_accents_and_apostrophes(self, word: str, folded: str) -> None:
        assert fold_word(word) == folded

    @given(st.text(max_size=40))
    def test_folding_twice_changes_nothing(self, word: str) -> None:
        assert fold_word(fold_word(word)) == fold_word(word)

    def test_white_space_runs_become_one_space(self) -> None:
        assert fold_space("  a \n\t b\u00a0c ") == "a b c"


def parted(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


class TestSentences:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("One. Two! Three?", ["One.", "Two!", "Three?"]),
            ("Ask Dr. Smith. She knows.", ["Ask Dr. Smith.", "She knows."]),
            ("Use it, e.g. daily. Or not.", ["Use it, e.g. daily.", "Or not."]),
            ("Iron vs. zinc. Both.", ["Iron vs. zinc.", "Both."]),
            ("Open at 9 a.m. on Monday.", ["Open at 9 a.m. on Monday."]),
            ("Give 2.5 mg. Wait.", ["Give 2.5 mg.", "Wait."]),
            ("Ask J. Smith. Yes.", ["Ask J. Smith.", "Yes."]),
            ("“It helps.” He said so.", ["“It helps.”", "He said so."]),
            ("(Rest.) Then go.", ["(Rest.)", "Then go."]),
            ("Wait… Then go.", ["Wait…", "Then go."]),
            ("Really?! Yes.", ["Really?!", "Yes."]),
            ("No end\n\nNew paragraph", ["No end", "New paragraph"]),
            ("  padded.  ", ["padded."]),
            ("one line\nbroken. Two.", ["one line\nbroken.", "Two."]),
            ("", []),
            (" \n ", []),
        ],
    )
    def test_where_they_end(self, text: str, expected: list[str]) -> None:
        assert parted(text) == expected

    @given(st.text(alphabet="aB1 .!?…\n\"')”e.g", max_size=60))
    def test_together_they_are_the_whole_text(self, text: str) -> None:
        found = sentences(text)
        assert "".join("".join(parted(text)).split()) == "".join(text.split())
        assert all(a[1] <= b[0] for a, b in pairwise(found))
        assert all(text[s:e] == text[s:e].strip() != "" for s, e in found)


@pytest.mark.parametrize(
    "piece",
    ["a", "a ", "\u200b", "e\u0301", "а", " ", "\n", "\n ", ". ", "a.", "e.g. ", "!'", "Dr. "],
)
def test_a_hundred_kilobytes_of_anything_are_read(piece: str) -> None:
    text = piece * (100_000 // len(piece)) + "x"
    sentences(normalise(text))
    fold_space(text)
    fold_word(text)
    assert len(normalise(text)) <= len(text)


@pytest.mark.parametrize("mark", [".", "…", "?!"])
def test_dots_that_lead_to_a_page_number_cost_no_more_than_words(mark: str) -> None:
    text = f"Contents {mark * 10_000}x"
    assert parted(text)[-1].endswith("x")
