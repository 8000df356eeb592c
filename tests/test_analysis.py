"""The analyser: words with their ranges, stems as NLTK's, and one term for the subject."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.stem.snowball import EnglishStemmer
from nltk.tokenize import RegexpTokenizer

from bot.analysis import _TOKEN as PATTERN
from bot.analysis import (
    Analyser,
    PhraseTable,
    Token,
    read_words,
    stem,
    stem_table,
    stop_words,
    tokenize,
    words_of,
)
from bot.answer import ReadyGuide

NLTK_STEMMER = EnglishStemmer()
NLTK_TOKENIZER = RegexpTokenizer(PATTERN.pattern)
SUBJECT = Analyser.subject_term
# Letters, digits, marks of writing. Marks that only combine and numerals such as a superscript
# two are left out: the two regular-expression engines do not agree on whether they are letters.
WRITTEN = st.characters(categories=["L", "Nd", "P", "S", "Z", "Cc", "Cf"])


def spans_of(text: str) -> list[tuple[int, int]]:
    return [(token.start, token.end) for token in tokenize(text)]


class TestTokens:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("B12", ["b", "12"]),
            ("b-12", ["b", "12"]),
            ("1000mcg", ["1000", "mcg"]),
            ("1,000 or 2.5", ["1,000", "or", "2.5"]),
            ("Don't, don’t", ["dont", "dont"]),
            ("well-tolerated", ["well", "tolerated"]),
            ("<b>side_effects</b>", ["b", "side", "effects", "b"]),
            ("Año", ["ano"]),
            ("", []),
            ("?! …", []),
        ],
    )
    def test_words_and_numbers_part_company(self, text: str, words: list[str]) -> None:
        assert [token.word for token in tokenize(text)] == words

    def test_spans_are_those_of_nltk_on_the_guide(self, ready: ReadyGuide) -> None:
        source = ready.guide.source
        assert spans_of(source) == list(NLTK_TOKENIZER.span_tokenize(source))

    @given(st.text(alphabet=WRITTEN, max_size=100))
    def test_spans_are_those_of_nltk_on_any_text(self, text: str) -> None:
        assert spans_of(text) == list(NLTK_TOKENIZER.span_tokenize(text))

    @pytest.mark.parametrize("text", ["plain words", "Mixed Case, 12!", "", "  a  "])
    def test_short_phrases_give_the_same_words(self, text: str) -> None:
        assert words_of(text) == tuple(token.word for token in tokenize(text))


class TestStems:
    def test_the_table_holds_what_snowball_computes(self) -> None:
        rows = list(stem_table().items())
        sample = rows[:: max(1, len(rows) // 600)]
        assert len(sample) >= 600
        assert [(w, NLTK_STEMMER.stem(w)) for w, _ in sample] == sample

    def test_every_word_of_the_guide_has_snowball_s_stem(self, ready: ReadyGuide) -> None:
        words = {w for w in words_of(ready.guide.source) if not w[0].isdigit()}
        assert len(words) > 200
        assert {w: stem(w) for w in words} == {w: NLTK_STEMMER.stem(w) for w in words}

    def test_the_guide_s_words_need_no_computing(self, ready: ReadyGuide) -> None:
        words = {w for w in words_of(ready.guide.source) if w.isalpha()}
        assert words <= set(stem_table())

    def test_a_word_that_the_table_lacks_is_computed(self) -> None:
        assert "zyzzogetonings" not in stem_table()
        assert stem("zyzzogetonings") == NLTK_STEMMER.stem("zyzzogetonings")

    @pytest.mark.parametrize("number", ["12", "1,000", "2.5"])
    def test_numbers_stay(self, number: str) -> None:
        assert stem(number) == number

    def test_words_of_one_family_meet(self) -> None:
        assert stem("injections") == stem("injection") == stem("injected")

    def test_stemming_can_be_left_out(self) -> None:
        assert Analyser(stemming=False).term("injections") == "injections"


class TestSubject:
    @pytest.mark.parametrize(
        "name",
        ["b12", "B12", "b-12", "B 12", "vit b12", "vitamin B-12", "Vitamin B12", "cobalamin"],
    )
    def test_every_way_to_write_it_is_one_term(self, ready: ReadyGuide, name: str) -> None:
        terms = ready.indexed.analyser.terms(f"Is {name} safe?")
        assert [term.term for term in terms] == [SUBJECT, "safe"]

    def test_its_range_covers_all_its_words(self, ready: ReadyGuide) -> None:
        text = "about vitamin b12"
        found = ready.indexed.analyser.terms(text)[-1]
        assert text[found.start : found.end] == "vitamin b12"

    def test_another_vitamin_is_not_it(self, ready: ReadyGuide) -> None:
        assert SUBJECT not in [t.term for t in ready.indexed.analyser.terms("vitamin D3 and B6")]

    def test_without_a_subject_nothing_is_folded(self) -> None:
        assert [t.term for t in Analyser().terms("omega 3")] == ["omega", "3"]


class TestStopWords:
    def test_they_give_no_term(self) -> None:
        assert Analyser().terms("what is the and of it") == []

    @pytest.mark.parametrize("word", ["side", "effect", "safe", "pain", "dose", "pregnant", "not_"])
    def test_words_with_a_topic_are_none_of_them(self, word: str) -> None:
        assert word not in stop_words()

    def test_the_list_is_folded_and_without_comments(self) -> None:
        words = read_words("stopwords.txt")
        assert words
        assert all(words_of(word) == (word,) for word in words)


class TestPhraseTable:
    TABLE = PhraseTable(
        [
            (("side", "effect"), "a"),
            (("side", "effect", "list"), "b"),
            (("effect",), "c"),
            (("list", "side"), "d"),
        ]
    )

    def test_the_longest_phrase_wins(self) -> None:
        assert self.TABLE.find("side effect list".split()) == [(0, 3, "b")]

    def test_matches_do_not_overlap(self) -> None:
        assert self.TABLE.find("list side effect".split()) == [(0, 2, "d"), (2, 3, "c")]

    def test_all_matches_may_overlap(self) -> None:
        found = self.TABLE.find_all("side effect list side".split())
        assert sorted(found) == [(0, 2, "a"), (0, 3, "b"), (1, 2, "c"), (2, 4, "d")]

    def test_no_match_gives_nothing(self) -> None:
        assert self.TABLE.find(["side"]) == self.TABLE.find([]) == []

    def test_it_knows_its_words(self) -> None:
        assert self.TABLE.words() == {"side", "effect", "list"}

    @given(st.lists(st.sampled_from(["side", "effect", "list", "x"]), max_size=12))
    def test_what_it_finds_stands_there(self, words: list[str]) -> None:
        phrases = {"a": "side effect", "b": "side effect list", "c": "effect", "d": "list side"}
        found = self.TABLE.find(words)
        assert all(" ".join(words[first:end]) == phrases[v] for first, end, v in found)
        assert all(x[1] <= y[0] for x, y in pairwise(found))


@given(st.text(max_size=80))
def test_terms_lie_in_the_text_in_order(text: str) -> None:
    found = Analyser(["b12", "vitamin b12"]).terms(text)
    assert all(0 <= t.start < t.end <= len(text) and t.term for t in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_terms_from_tokens_are_those_of_the_text() -> None:
    analyser = Analyser(["b12"])
    tokens = [Token("b", 0, 1), Token("12", 1, 3), Token("helps", 4, 9)]
    assert analyser.terms_of(tokens) == analyser.terms("b12 helps")
