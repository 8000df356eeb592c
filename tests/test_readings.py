"""Readings: what a message is corrected to and what never, its clauses and its language."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer import Bot, ReadyGuide
from bot.guide import load_general
from bot.readings import Message, read
from bot.settings import load_settings
from bot.spelling import Vocabulary, common_ranks, shorthand

SAFETY_WORDS = """
    mcg mg ml iu unit units dose doses overdose once twice daily weekly monthly hourly one two ten
    poison suicide die kill breathe breathing throat chest swelling collapse faint not never stop
    start hypo hyper pregnant breastfeeding stroke seizure""".split()


@pytest.fixture(scope="module")
def vocabulary(ready: ReadyGuide) -> Vocabulary:
    return ready.vocabulary


def best(text: str, vocabulary: Vocabulary) -> str:
    return " ".join(read(text, vocabulary).best.words)


class TestCorrection:
    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("injecxion", "injection"),
            ("vitmain", "vitamin"),
            ("absorptoin", "absorption"),
            ("medicatoins", "medications"),
            ("prevvent", "prevent"),
            ("headachee", "headache"),
            ("neurologicall", "neurological"),
        ],
    )
    def test_a_typo_becomes_the_word_that_was_meant(
        self, vocabulary: Vocabulary, typed: str, meant: str
    ) -> None:
        assert vocabulary.correct(typed) == (meant,)

    def test_every_target_stays_as_it_is(self, vocabulary: Vocabulary) -> None:
        assert [w for w in vocabulary.targets if vocabulary.correct(w) != (w,)] == []

    def test_no_other_medicine_becomes_anything_else(self, vocabulary: Vocabulary) -> None:
        names = [name for name in load_general().others if name.isalpha() and name.isascii()]
        assert len(names) > 300
        written_out = set(shorthand())
        changed = {n: vocabulary.correct(n) for n in names if n not in written_out}
        assert {n: c for n, c in changed.items() if c != (n,)} == {}

    @pytest.mark.parametrize("word", SAFETY_WORDS)
    def test_no_unit_or_safety_word_becomes_another(
        self, vocabulary: Vocabulary, word: str
    ) -> None:
        assert vocabulary.correct(word) == (word,)

    def test_a_common_word_is_no_misspelling(self, vocabulary: Vocabulary) -> None:
        frequent = [w for w, rank in common_ranks().items() if rank < 2000 and w.isalpha()]
        left_alone = [w for w in frequent if w not in shorthand()]
        assert [w for w in left_alone if vocabulary.correct(w) != (w,)] == []

    @given(st.text(alphabet="abcdefghinorstuy", min_size=1, max_size=14))
    def test_corrections_lead_only_to_known_words(self, vocabulary: Vocabulary, word: str) -> None:
        became = vocabulary.correct(word)
        assert became == (word,) or all(vocabulary.knows(part) for part in became)

    @pytest.mark.parametrize("word", ["xyzzy", "qwrt", "zx"])
    def test_what_is_near_nothing_stays(self, vocabulary: Vocabulary, word: str) -> None:
        assert vocabulary.correct(word) == (word,)

    def test_two_targets_equally_near_leave_a_word_alone(self) -> None:
        assert Vocabulary(["ferrous", "ferrets"]).correct("ferrxxs") == ("ferrxxs",)
        assert Vocabulary(["balmy", "balsy"]).correct("balxy") == ("balxy",)

    def test_long_words_may_have_two_slips_short_ones_one(self) -> None:
        vocabulary = Vocabulary(["transfusion", "venous"])
        assert vocabulary.correct("trasnfuson") == ("transfusion",)
        assert vocabulary.correct("vemuos") == ("vemuos",)
        assert vocabulary.correct("venuos") == ("venous",)

    def test_it_can_be_turned_off(self) -> None:
        assert Vocabulary(["transfusion"], spelling=False).correct("transfuson") == ("transfuson",)

    def test_letters_held_down_are_squeezed(self, vocabulary: Vocabulary) -> None:
        assert vocabulary.correct("soooore") == ("sore",)

    def test_words_run_together_are_parted(self, vocabulary: Vocabulary) -> None:
        assert vocabulary.correct("injectionsite") == ("injection", "site")

    def test_a_word_broken_in_two_is_joined(self, vocabulary: Vocabulary) -> None:
        assert best("in jection site pain", vocabulary) == "injection site pain"

    def test_two_words_that_stand_by_themselves_are_not_joined(
        self, vocabulary: Vocabulary
    ) -> None:
        assert best("side effects", vocabulary) == "side effects"

    def test_shorthand_is_written_out(self, vocabulary: Vocabulary) -> None:
        assert best("wht r u", vocabulary) == "what are you"

    def test_shorthand_with_a_figure_in_it_is_written_out(self, vocabulary: Vocabulary) -> None:
        assert shorthand()["b4"] == ("before",)
        assert best("food b4 the injection", vocabulary) == "food before the injection"


class TestReadings:
    def test_what_was_typed_stays_the_first_reading(self, vocabulary: Vocabulary) -> None:
        message = read("is the injecxion safe", vocabulary)
        assert [reading.name for reading in message.readings] == ["typed", "corrected"]
        assert message.typed.words == ("is", "the", "injecxion", "safe")
        assert message.best.words == ("is", "the", "injection", "safe")
        assert message.best.changes == (("injecxion", "injection"),)

    def test_without_a_correction_there_is_one_reading(self, vocabulary: Vocabulary) -> None:
        message = read("is it safe", vocabulary)
        assert message.readings == (message.typed,)
        assert message.best is message.typed

    def test_capitals_make_no_difference(self, vocabulary: Vocabulary) -> None:
        loud, calm = (
            read("IS THE INJECXION SAFE", vocabulary),
            read("is the injecxion safe", vocabulary),
        )
        assert loud.readings == calm.readings

    def test_hidden_characters_make_no_difference(self, vocabulary: Vocabulary) -> None:
        hidden = read("how mu\u200bch d\u043ese", vocabulary)
        assert hidden.readings == read("how much dose", vocabulary).readings

    def test_the_subject_is_marked_in_every_reading(self, vocabulary: Vocabulary) -> None:
        message = read("is vit b12 an injecxion", vocabulary)
        assert [r.clauses[0].subject for r in message.readings] == [((1, 4),), ((1, 4),)]

    def test_british_and_american_spelling_find_the_same(self, ready: ReadyGuide) -> None:
        british, american = (
            ready.indexed.query(read(text, ready.vocabulary).best.words).terms
            for text in ("pernicious anaemia", "pernicious anemia")
        )
        assert "anemia" in british
        assert "anemia" in american

    @pytest.mark.parametrize("text", ["", "   ", "?!", "😀", "\u200b"])
    def test_no_word_gives_one_empty_reading(self, vocabulary: Vocabulary, text: str) -> None:
        message = read(text, vocabulary)
        assert message.typed.words == message.best.words == ()
        assert message.asks == ()
        assert message.language is None


class TestClauses:
    def clauses(self, text: str, vocabulary: Vocabulary) -> list[str]:
        return [" ".join(clause.words) for clause in read(text, vocabulary).typed.clauses]

    @pytest.mark.parametrize(
        ("text", "clauses"),
        [
            ("What is it? Does it hurt?", ["what is it", "does it hurt"]),
            ("is it safe and can i drive", ["is it safe and", "can i drive"]),
            ("I had it; my arm hurts", ["i had it", "my arm hurts"]),
            ("one line\nanother line", ["one line", "another line"]),
            ("redness or swelling", ["redness or swelling"]),
            ("is it 2.5 or 3", ["is it 2.5 or 3"]),
            ("pain, swelling, redness", ["pain swelling redness"]),
        ],
    )
    def test_a_message_is_parted_where_something_new_begins(
        self, vocabulary: Vocabulary, text: str, clauses: list[str]
    ) -> None:
        assert self.clauses(text, vocabulary) == clauses

    @pytest.mark.parametrize(
        ("text", "asks"),
        [
            ("My arm hurts. Is that normal?", (False, True)),
            ("side effects?", (True,)),
            ("side effects", (False,)),
            ("tell me about it", (True,)),
        ],
    )
    def test_a_question_is_told_from_a_story(
        self, vocabulary: Vocabulary, text: str, asks: tuple[bool, ...]
    ) -> None:
        assert read(text, vocabulary).asks == asks

    @given(st.text(max_size=120))
    def test_clauses_agree_across_readings(self, vocabulary: Vocabulary, text: str) -> None:
        message = read(text, vocabulary)
        assert {len(reading.clauses) for reading in message.readings} == {len(message.asks)}
        assert all(clause.words for reading in message.readings for clause in reading.clauses)


class TestLanguage:
    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("¿Cuáles son los efectos secundarios?", "es"),
            ("para que sirve la vitamina b12", "es"),
            ("Quels sont les effets secondaires ?", "fr"),
            ("est ce que ça fait mal", "fr"),
            ("Was sind die Nebenwirkungen der Spritze?", "de"),
            ("ist die spritze gefährlich", "de"),
            ("Was sind die Nebenwirkungen?", "de"),
            ("guten Tag", "de"),
            ("Quais são os efeitos colaterais da injeção?", "pt"),
            ("para que serve a vitamina b12", "pt"),
            ("não sei o que é, pode doer muito", "pt"),
            ("Quali sono gli effetti collaterali delle iniezioni?", "it"),
            ("副作用是什么", "zh"),
            ("ما هي الآثار الجانبية", "ar"),
            ("Какие побочные эффекты?", "ru"),
            ("注射の副作用は何ですか", "ja"),
            ("부작용은 무엇입니까", "ko"),
        ],
    )
    def test_another_language_is_told(
        self, vocabulary: Vocabulary, text: str, language: str
    ) -> None:
        assert read(text, vocabulary).language == language

    @pytest.mark.parametrize(
        "text",
        [
            "My name is José García",
            "Is Dr Müller in today?",
            "François wants a B12 shot",
            "Is Maria de la Cruz in today",
            "Can Otto van der Berg have it",
            "I live in El Paso, is it given there?",
            "what does naïve patient mean",
            "What does 维生素 mean in the guide, please?",
            "b12",
            "12345",
        ],
    )
    def test_names_do_not_make_english_foreign(self, vocabulary: Vocabulary, text: str) -> None:
        assert read(text, vocabulary).language is None

    @pytest.mark.parametrize("language", ["es", "fr", "de", "pt"])
    def test_the_gates_are_told_of_the_language(
        self, vocabulary: Vocabulary, language: str
    ) -> None:
        text = {
            "es": "cuanto debo tomar de la vitamina",
            "fr": "combien je dois prendre de vitamine",
            "de": "wie viel soll ich nehmen",
            "pt": "quanto devo tomar da vitamina",
        }[language]
        assert read(text, vocabulary).languages >= {language, "en"}

    @given(st.text(max_size=80))
    def test_the_gates_always_know_english(self, vocabulary: Vocabulary, text: str) -> None:
        assert "en" in read(text, vocabulary).languages


def hostile(length: int) -> list[str]:
    pick = random.Random(7)
    words = ("".join(pick.choices("bcdaeinrst", k=7)) for _ in range(length // 8))
    return [
        "injec" * (length // 5),
        "q" * length,
        " ".join(words),
        "? " * (length // 2),
        "and what is it " * (length // 15),
        "b12 " * (length // 4),
        "e\u0301\u200b" * (length // 3),
    ]


def test_the_longest_message_of_any_kind_is_read(real: Bot) -> None:
    most = 8000
    assert load_settings({"QUOTEWELL_MAX_QUESTION_CHARS": str(most)}).max_question_chars == most
    vocabulary: Vocabulary = real.guide().vocabulary
    for text in hostile(most):
        message: Message = read(text[:most], vocabulary)
        assert message.readings
