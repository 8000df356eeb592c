"""The policy through its one door: what a visitor gets for what was said."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from bot.answer import Bot, ReadyGuide, open_bot, with_switches
from bot.clinic import Clinic
from bot.errors import GuideError
from bot.index import ALL_PARTS
from bot.records import OUTCOMES, Number, Outcome, Reply, Turn, Visit, to_dict
from bot.settings import load_settings
from tests.core_help import NOON, ROOT, VISIT, Ask, check_excerpts, converse, own_words

DOSING = "How much B12 should I take?"
EMERGENCY = "My throat is swelling and I can't breathe"
OVERDOSE = "I took too many B12 tablets"
CRISIS = "I want to die"
ONE_OF_EACH: dict[Outcome, str] = {
    "answer": "What is pernicious anemia?",
    "clarify": "b12",
    "not_covered": "How much does it cost?",
    "dosing_refusal": DOSING,
    "personal_advice": "Is B12 right for me, I'm pregnant?",
    "emergency": EMERGENCY,
    "overdose": OVERDOSE,
    "crisis": CRISIS,
    "smalltalk": "hello",
    "unintelligible": "",
}
ALL_SORTS = [
    *ONE_OF_EACH.values(),
    "What are the side effects?",
    "Does it need frequent monitoring?",
    "What happens if I have an allergic reaction?",
    "What are the benefits? How much should I take?",
    "delete my data",
    "can I speak to a real person",
    "who are you",
    "what can you do",
    "tell me a joke",
    "Quels sont les effets secondaires ?",
    "副作用是什么",
    "my arm is red and hot and spreading and I have a fever",
    "does it come in 1000 mcg or 5000",
    "😀",
    "x" * 100_000,
]


def section(reply: Reply) -> str:
    return reply.excerpts[0].section if reply.excerpts else ""


class TestOutcomes:
    @pytest.mark.parametrize(("outcome", "text"), ONE_OF_EACH.items())
    def test_each_of_the_ten_is_reached(self, ask: Ask, outcome: Outcome, text: str) -> None:
        assert ask(text).outcome == outcome

    def test_there_is_one_of_each(self) -> None:
        assert tuple(ONE_OF_EACH) == OUTCOMES


class TestAnswers:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("What is pernicious anemia?", "Management of Pernicious Anemia"),
            ("what is pernicious anaemia", "Management of Pernicious Anemia"),
            ("Can it help with energy levels?", "Boosting Energy Levels and Metabolism"),
            ("Does it support the nervous system?", "Supporting Nervous System Function"),
            ("Are there injection site reactions?", "Injection Site Reactions"),
            ("Can it interact with my other medications?", "Interactions with Medications"),
            ("Are allergic reactions possible?", "Allergic Reactions"),
            ("Can you overdose on b12?", "Overdose Risk"),
            ("What are the side effects?", "Side Effects and Considerations"),
            ("Who decides the dose?", "Customized Dosage and Administration"),
            ("IS THERE A RISK OF AN ALERGIC REACTION", "Allergic Reactions"),
        ],
    )
    def test_typical_questions_are_answered_from_their_section(
        self, ask: Ask, ready: ReadyGuide, text: str, expected: str
    ) -> None:
        reply = ask(text)
        assert reply.outcome == "answer"
        assert expected in {excerpt.section for excerpt in reply.excerpts}
        check_excerpts(reply, ready.guide)

    def test_the_words_are_the_guide_s_and_the_section_is_named(self, ask: Ask) -> None:
        reply = ask("What is pernicious anemia?")
        assert f"“{reply.excerpts[0].display}”" in reply.text
        assert section(reply) in reply.text

    def test_the_medical_notice_is_there(self, ask: Ask) -> None:
        assert "Not medical advice" in ask("What is pernicious anemia?").notice

    def test_a_section_about_allergy_carries_the_emergency_number(self, ask: Ask) -> None:
        reply = ask("Are allergic reactions possible?")
        assert reply.card is not None
        assert reply.card.level == "info"
        assert "911" in {n.number for n in reply.card.numbers}
        assert "911" in reply.text

    def test_two_voices_of_the_guide_are_quoted_together(self, ask: Ask) -> None:
        sections = {e.section for e in ask("Does it need frequent monitoring?").excerpts}
        assert sections == {"Convenience and Compliance", "Overdose Risk"}

    def test_what_the_clinic_withholds_is_never_quoted(self, ask: Ask) -> None:
        for text in ("safe and effective skin treatment", "guidance of a healthcare professional"):
            assert "skin treatment" not in ask(text).text


@pytest.mark.parametrize("text", ["b12", "injection", "the injection"])
def test_words_that_nearly_every_passage_holds_ask_back(ask: Ask, text: str) -> None:
    assert ask(text).outcome == "clarify"


def test_what_the_clinic_withholds_is_no_answer_and_named_as_missing(ask: Ask) -> None:
    reply = ask("skin treatment benefits?")
    assert (reply.outcome, reply.excerpts) == ("not_covered", ())
    assert "skin" in reply.text


def test_a_clause_is_weighed_in_its_short_message(ask: Ask) -> None:
    assert ask("Taking lithium and sertraline. Will it be safe for me?").outcome == (
        "personal_advice"
    )
    assert ask("I took all his tablets just now. Will it be safe for me?").outcome == "overdose"


class TestDosing:
    @pytest.mark.parametrize(
        "text",
        [
            DOSING,
            "how often do I need the injection",
            "is 1000 mcg a week ok",
            "whats the usual dose",
            "can I inject it myself at home",
            "should I stop taking it",
            "HOW MANY SHOTS DO I NEED",
            "cuanta b12 debo tomar",
        ],
    )
    def test_it_is_declined_without_a_figure_or_a_quote(self, ask: Ask, text: str) -> None:
        reply = ask(text)
        assert reply.outcome == "dosing_refusal"
        assert reply.excerpts == ()
        assert not re.search(r"\d", reply.text.replace("1. Who decides the dose?", ""))

    def test_it_leads_to_who_decides(self, ask: Ask, ready: ReadyGuide) -> None:
        (suggestion,) = ask(DOSING).suggestions
        assert suggestion.label == "Who decides the dose?"
        assert ready.guide.passage(suggestion.passage_id).section == ready.guide.dose_section

    def test_who_decides_is_answered_after_a_refusal(self, ask: Ask) -> None:
        reply = ask("who decides the dose?", DOSING)
        assert (reply.outcome, section(reply)) == (
            "answer",
            "Customized Dosage and Administration",
        )

    @pytest.mark.parametrize(
        "text", ["can the dose be changed to suit me", "is the amount adjusted to the patient"]
    )
    def test_whether_a_dose_is_tailored_is_a_question_of_who_decides(
        self, ask: Ask, text: str
    ) -> None:
        reply = ask(text)
        assert (reply.outcome, section(reply)) == (
            "answer",
            "Customized Dosage and Administration",
        )

    def test_somebodys_figure_is_not_confirmed_because_deciding_is_named(self, ask: Ask) -> None:
        assert ask("who decides the dose and is 1000 ok").outcome == "dosing_refusal"

    @pytest.mark.parametrize("text", ["and how often?", "just roughly?", "and for a child?"])
    def test_a_short_follow_up_stays_declined(self, ask: Ask, text: str) -> None:
        assert ask(text, DOSING).outcome in ("dosing_refusal", "personal_advice")

    @pytest.mark.parametrize("text", ["how do I renew my passport", "where do I renew my card"])
    def test_what_has_no_medicine_in_it_is_no_dosing(self, ask: Ask, text: str) -> None:
        assert ask(text).outcome in ("not_covered", "smalltalk")

    @pytest.mark.parametrize(
        "text", ["where do I put the needle", "where do I stick the needle", "and how much of it?"]
    )
    def test_technique_and_amount_are_declined_in_few_words(self, ask: Ask, text: str) -> None:
        assert ask(text).outcome == "dosing_refusal"

    def test_another_question_after_it_is_answered(self, ask: Ask) -> None:
        assert ask("What is pernicious anemia?", DOSING).outcome == "answer"

    def test_a_guide_without_a_dose_section_offers_none(self, real: Bot, ready: ReadyGuide) -> None:
        guide = dataclasses.replace(ready.guide, dose_section="")
        indexed = dataclasses.replace(ready.indexed, guide=guide)
        bare = dataclasses.replace(ready, indexed=indexed)
        bot = dataclasses.replace(real, guides={guide.guide_id: bare})
        assert converse(bot, DOSING)[0].suggestions == ()


class TestUrgent:
    @pytest.mark.parametrize("text", [EMERGENCY, OVERDOSE, CRISIS])
    def test_the_card_comes_first_with_its_numbers(self, ask: Ask, text: str) -> None:
        reply = ask(text)
        assert reply.card is not None
        assert reply.card.level == "emergency"
        assert reply.text.startswith(reply.card.title)
        assert "911" in {n.number for n in reply.card.numbers if n.kind == "emergency"}
        for number in reply.card.numbers:
            assert number.number in reply.text

    def test_an_emergency_is_backed_by_the_guide_s_own_sentence(
        self, ask: Ask, ready: ReadyGuide
    ) -> None:
        reply = ask(EMERGENCY)
        check_excerpts(reply, ready.guide)
        assert section(reply) == "Allergic Reactions"
        assert reply.text.index("911") < reply.text.index(reply.excerpts[0].display)

    def test_overdose_and_crisis_quote_nothing_and_name_their_line(self, ask: Ask) -> None:
        for text, kind in ((OVERDOSE, "poison"), (CRISIS, "crisis")):
            reply = ask(text)
            assert reply.excerpts == ()
            assert reply.card is not None
            assert kind in {n.kind for n in reply.card.numbers}

    def test_one_card_serves_all_that_fired(self, ask: Ask) -> None:
        reply = ask(f"{EMERGENCY}. {OVERDOSE}. {CRISIS}.")
        assert reply.outcome == "crisis"
        assert reply.card is not None
        assert [n.kind for n in reply.card.numbers] == ["emergency", "poison", "crisis"]

    @pytest.mark.parametrize("text", [DOSING, "What are the side effects?", "hello", "bonjour"])
    def test_it_wins_over_everything_else(self, ask: Ask, text: str) -> None:
        assert ask(f"{text} {EMERGENCY}").outcome == "emergency"
        assert ask(f"{EMERGENCY}. {text}").outcome == "emergency"

    def test_it_is_seen_at_both_ends_of_a_message_that_is_too_long(self, ask: Ask) -> None:
        story = "We had a nice time. " * 4000
        assert ask(f"{EMERGENCY}. {story}").outcome == "emergency"
        assert ask(f"{story} {EMERGENCY}").outcome == "emergency"

    def test_it_is_told_in_the_visitor_s_language(self, ask: Ask) -> None:
        reply = ask("no puedo respirar")
        assert (reply.outcome, reply.lang) == ("emergency", "es")
        assert "Llame" in reply.text
        assert "911" in reply.text

    def test_reddening_with_fever_is_urgent_but_no_ambulance(self, ask: Ask) -> None:
        reply = ask("my arm is red and hot and spreading and I have a fever")
        assert reply.outcome == "personal_advice"
        assert reply.card is not None
        assert reply.card.level == "urgent"


class TestPersonal:
    def test_no_verdict_is_given(self, ask: Ask) -> None:
        reply = ask("Is B12 right for me, I'm pregnant?")
        assert "can’t tell what is right for you" in reply.text
        assert "clinic team" in reply.text
        assert reply.suggestions or reply.excerpts


class TestNotCovered:
    def test_a_known_topic_is_named_and_sections_are_offered(self, ask: Ask) -> None:
        reply = ask("How much does it cost?")
        assert reply.reason == "cost"
        assert "cost" in reply.text
        assert 2 <= len(reply.suggestions) <= 3

    def test_a_visitor_s_words_are_never_echoed(self, ask: Ask) -> None:
        for text in ("where can I buy a zyzzogeton", "zyzzogeton", "how much zyzzogeton to take"):
            assert "zyzzogeton" not in json.dumps(to_dict(ask(text)))

    def test_the_second_time_the_clinic_s_contact_is_shown(self, ask: Ask) -> None:
        reply = ask("How much does it cost?", "Will it help my hair grow?")
        assert reply.outcome == "not_covered"
        assert reply.card is not None
        assert reply.card.level == "contact"

    def test_offered_sections_are_different_ones(self, ask: Ask, ready: ReadyGuide) -> None:
        for text in ("How much does it cost?", "b12", "hello"):
            offers = [ready.guide.passage(s.passage_id) for s in ask(text).suggestions]
            assert len({p.section_id for p in offers}) == len(offers) >= 2


class TestSmallTalk:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("hello", "greet"),
            ("Hi there!", "greet"),
            ("Good morning!", "greet"),
            ("thanks", "thanks"),
            ("thank you so much", "thanks"),
            ("bye", "bye"),
            ("who are you", "who_you"),
            ("are you a robot?", "who_you"),
            ("what can you do?", "what_can"),
            ("how are you", "how_you"),
            ("tell me a joke", "joke"),
            ("stupid bot", "insult"),
            ("you are stupid", "insult"),
            ("can I speak to a real person", "contact"),
            ("what are your opening hours", "contact"),
            ("delete my data", "privacy"),
        ],
    )
    def test_its_kinds(self, ask: Ask, text: str, reason: str) -> None:
        reply = ask(text)
        assert (reply.outcome, reply.reason) == ("smalltalk", reason)
        assert reply.excerpts == ()

    @pytest.mark.parametrize("text", ["can I speak to a real person", "delete my data"])
    def test_a_contact_card_comes_with_contact_and_privacy(self, ask: Ask, text: str) -> None:
        card = ask(text).card
        assert card is not None
        assert card.level == "contact"

    @pytest.mark.parametrize("text", ["hello", "what can you do?"])
    def test_topics_are_offered(self, ask: Ask, text: str) -> None:
        assert len(ask(text).suggestions) == 3

    @pytest.mark.parametrize("text", ["B12HA", "low b12 ha"])
    def test_the_subject_s_own_number_is_not_said(self, ask: Ask, text: str) -> None:
        assert not any(char.isdigit() for char in own_words(ask(text)))

    def test_a_question_behind_a_greeting_is_answered(self, ask: Ask) -> None:
        assert ask("Hello! What is pernicious anemia? Thanks").outcome == "answer"

    @pytest.mark.parametrize("greeting", ["Good morning, ", "Hello, ", "hi ", "Thanks. "])
    def test_a_greeting_takes_nothing_from_a_question(self, ask: Ask, greeting: str) -> None:
        question = "what are the side effects?"
        assert ask(greeting + question).excerpts == ask(question).excerpts

    def test_it_never_says_to_be_a_person(self, ask: Ask) -> None:
        assert "not a person" in ask("are you a robot?").text


class TestSeveralQuestions:
    def test_each_is_answered_from_its_section(self, ask: Ask) -> None:
        reply = ask("What is pernicious anemia? Can it interact with my other medications?")
        assert [e.section for e in reply.excerpts] == [
            "Management of Pernicious Anemia",
            "Interactions with Medications",
        ]
        assert all(e.section in reply.text for e in reply.excerpts)

    def test_a_safe_part_beside_a_dose_is_quoted(self, ask: Ask, ready: ReadyGuide) -> None:
        reply = ask("Can it interact with my medications? How much B12 should I take?")
        assert reply.outcome == "dosing_refusal"
        assert section(reply) == "Interactions with Medications"
        assert "can’t help with how much" in reply.text
        check_excerpts(reply, ready.guide)

    def test_a_safe_part_is_open_though_both_parts_share_words_of_a_rule(self, ask: Ask) -> None:
        reply = ask("What is pernicious anemia? How much B12 should I take?")
        assert reply.outcome == "dosing_refusal"
        assert section(reply) == "Management of Pernicious Anemia"


class TestUnintelligible:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "empty"),
            (" \n\t ", "empty"),
            ("😀😀", "symbols"),
            ("?!?", "symbols"),
            ("\x00\x01\x02", "symbols"),
            ("\u200b\u202e", "symbols"),
            ("a" * 100_000, "too_long"),
            ("what are the side effects? " * 4000, "too_long"),
            ("\u0301" * 100_000, "symbols"),
        ],
    )
    def test_what_cannot_be_read_gets_an_honest_reply(
        self, ask: Ask, text: str, reason: str
    ) -> None:
        reply = ask(text)
        assert (reply.outcome, reply.reason) == ("unintelligible", reason)
        assert len(reply.suggestions) == 3

    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("¿Cuáles son los efectos secundarios?", "es"),
            ("Quels sont les effets secondaires ?", "fr"),
            ("Was sind die Nebenwirkungen der Spritze?", "de"),
            ("Quais são os efeitos colaterais da injeção?", "pt"),
            ("Quali sono gli effetti collaterali?", "it"),
            ("副作用是什么", "zh"),
            ("ما هي الآثار الجانبية", "ar"),
        ],
    )
    def test_a_language_that_is_not_enabled_gets_its_sentence_and_the_sections(
        self, ask: Ask, real: Bot, text: str, language: str
    ) -> None:
        reply = ask(text)
        assert (reply.outcome, reply.reason, reply.lang) == ("unintelligible", "language", language)
        sentence = real.policy.wording.text(f"languages.{language}")
        assert reply.text.startswith(sentence)
        assert len(reply.suggestions) == 3

    def test_markup_is_words(self, ask: Ask) -> None:
        reply = ask("<b onload=alert(1)>What is pernicious anemia?</b>")
        assert "onload" not in json.dumps(to_dict(reply))


class TestChoices:
    def choose(self, bot: Bot, passage_id: str) -> Reply:
        return bot.ask(Turn("r", NOON, choice=passage_id), Visit(VISIT))[0]

    def test_a_tapped_section_is_quoted(self, real: Bot, ready: ReadyGuide) -> None:
        for passage in ready.guide.passages:
            reply = self.choose(real, passage.passage_id)
            assert (reply.outcome, reply.reason) == ("answer", "choice")
            assert reply.excerpts[0].passage_id == passage.passage_id
            check_excerpts(reply, ready.guide)

    @pytest.mark.parametrize("choice", ["no-such-1", "../guide", "allergic-reactions-1 "])
    def test_an_unknown_one_offers_the_topics(self, real: Bot, choice: str) -> None:
        reply = self.choose(real, choice)
        assert (reply.outcome, reply.reason) == ("unintelligible", "choice")
        assert reply.suggestions

    def test_a_number_picks_from_the_last_offer(self, ask: Ask) -> None:
        offered = ask("hello").suggestions
        assert ask("2", "hello").excerpts[0].passage_id == offered[1].passage_id

    def test_a_number_without_an_offer_answers_nothing(self, ask: Ask) -> None:
        assert ask("2").outcome != "answer"


class TestFollowUps:
    def test_more_goes_on_in_the_guide(self, ask: Ask, ready: ReadyGuide) -> None:
        first = ask("What are the side effects?")
        reply = ask("more", "What are the side effects?")
        assert (reply.outcome, reply.reason) == ("answer", "more")
        assert reply.excerpts[0].start >= first.excerpts[0].end

    def test_more_of_nothing_is_no_answer(self, ask: Ask) -> None:
        assert ask("more").outcome != "answer"

    def test_more_comes_to_an_end(self, ask: Ask, ready: ReadyGuide) -> None:
        seen = ["What are the side effects?"]
        while ask("more", *seen).reason == "more":
            seen.append("more")
            assert len(seen) <= len(ready.guide.passages)
        assert len(seen) > 2

    def test_an_elliptic_turn_leans_on_what_was_answered(self, ask: Ask) -> None:
        reply = ask("is it serious?", "Are allergic reactions possible?")
        assert reply.outcome in ("answer", "clarify", "personal_advice")
        assert reply.outcome != "answer" or section(reply) == "Allergic Reactions"

    def test_a_new_topic_does_not(self, ask: Ask) -> None:
        reply = ask("Can it help with energy levels?", "Are allergic reactions possible?")
        assert section(reply) == "Boosting Energy Levels and Metabolism"

    def test_thanks_in_between_loses_nothing(self, ask: Ask) -> None:
        direct = ask("why?", "Are allergic reactions possible?")
        with_thanks = ask("why?", "Are allergic reactions possible?", "thanks")
        assert direct.excerpts == with_thanks.excerpts

    def test_it_passes_the_gates_by_itself(self, ask: Ask) -> None:
        assert (
            ask("and how often should I take it?", "What is pernicious anemia?").outcome
            == "dosing_refusal"
        )


class TestEveryReply:
    @pytest.mark.parametrize("text", ALL_SORTS, ids=lambda text: text[:30])
    def test_it_says_that_this_is_a_demonstration(self, ask: Ask, text: str) -> None:
        assert "Demonstration, not set up for a clinic." in ask(text).notice

    @pytest.mark.parametrize("text", ALL_SORTS, ids=lambda text: text[:30])
    def test_its_text_is_complete_on_its_own(self, ask: Ask, text: str) -> None:
        reply = ask(text)
        assert reply.text.strip() == reply.text != ""
        for excerpt in reply.excerpts:
            assert excerpt.display in reply.text
        for suggestion in reply.suggestions:
            assert suggestion.label in reply.text
        for line in reply.card.lines if reply.card else ():
            assert line in reply.text

    @pytest.mark.parametrize("text", ALL_SORTS, ids=lambda text: text[:30])
    def test_no_number_comes_from_the_bot_itself(self, ask: Ask, text: str) -> None:
        assert not re.search(r"\d", own_words(ask(text)))

    @pytest.mark.parametrize("text", ALL_SORTS, ids=lambda text: text[:30])
    def test_it_names_its_versions_and_ids(self, ask: Ask, real: Bot, text: str) -> None:
        reply = ask(text)
        assert (reply.visit_id, reply.reply_id) == (VISIT, "reply-0")
        assert reply.guide_version == real.guide().guide.version
        assert reply.policy_version == real.policy.version
        assert reply.explain is None

    def test_it_can_be_explained(self, real: Bot) -> None:
        reply, _ = converse(real, "is the injecxion safe", explain=True)
        assert reply.explain is not None
        assert reply.explain["readings"][1]["changes"] == [["injecxion", "injection"]]
        assert json.loads(json.dumps(reply.explain)) == reply.explain


class TestClinics:
    LINES = (
        Number("Emergency", "999", kind="emergency"),
        Number("Samaritans", "116 123", kind="crisis"),
    )

    def with_clinic(self, bot: Bot, **facts: object) -> Bot:
        clinic = Clinic(**facts)  # type: ignore[arg-type]
        return dataclasses.replace(bot, policy=dataclasses.replace(bot.policy, clinic=clinic))

    def test_one_that_is_set_up_is_no_demonstration(self, real: Bot) -> None:
        bot = self.with_clinic(
            real,
            name="Riverside Clinic",
            phone="555 0199",
            numbers_confirmed_on="2026-11-22",
            numbers=self.LINES,
        )
        reply, _ = converse(bot, "hello")
        assert "Demonstration" not in reply.notice
        contact, _ = converse(bot, "can I speak to a real person")
        assert contact.card is not None
        assert contact.card.title == "Riverside Clinic"
        assert "555 0199" in contact.text

    def test_its_own_numbers_are_shown(self, real: Bot) -> None:
        bot = self.with_clinic(real, numbers=self.LINES)
        assert "999" in converse(bot, EMERGENCY)[0].text
        assert "911" not in converse(bot, EMERGENCY)[0].text

    def test_without_a_poison_line_the_emergency_number_is_named(self, real: Bot) -> None:
        bot = self.with_clinic(real, numbers=self.LINES)
        reply, _ = converse(bot, OVERDOSE)
        assert reply.outcome == "overdose"
        assert "999" in reply.text

    @pytest.mark.parametrize("text", [EMERGENCY, "hello", DOSING, ""])
    def test_even_without_any_number_every_reply_is_one(self, real: Bot, text: str) -> None:
        reply, _ = converse(self.with_clinic(real), text)
        assert reply.reason != "fault"
        assert reply.text

    def test_a_paused_one_gives_its_contact_only(self, real: Bot) -> None:
        bot = dataclasses.replace(real, policy=dataclasses.replace(real.policy, paused=True))
        for text in ALL_SORTS[:12]:
            reply, _ = converse(bot, text)
            assert (reply.outcome, reply.reason) == ("unintelligible", "paused")
            assert reply.excerpts == ()
            assert reply.card is not None
            assert "911" in reply.text
        tapped, _ = bot.ask(Turn("r", NOON, choice="allergic-reactions-1"), Visit(VISIT))
        assert tapped.reason == "paused"

    def test_an_enabled_language_is_not_turned_away(self, real: Bot) -> None:
        policy = dataclasses.replace(real.policy, languages=("en", "es"))
        bot = dataclasses.replace(real, policy=policy)
        reply, _ = converse(bot, "¿Cuáles son los efectos secundarios?")
        assert reply.reason != "language"


class TestOpening:
    def test_another_guide_by_its_id_is_none(self, real: Bot) -> None:
        with pytest.raises(KeyError):
            real.ask(Turn("r", NOON, text="hello"), Visit(VISIT), "no-such-guide")

    def test_a_bare_file_is_a_guide(self) -> None:
        settings = load_settings({}, {"corpus_dir": str(ROOT / "corpus"), "database_url": ""})
        bot = open_bot(settings, ROOT / "eval" / "guides" / "iron-infusion.md")
        assert list(bot.guides) == ["iron-infusion"]
        reply, _ = converse(bot, "What are the side effects?")
        check_excerpts(reply, bot.guide().guide)
        assert converse(bot, "how much iron will I get")[0].outcome == "dosing_refusal"

    def test_a_corpus_without_a_guide_is_an_error(self, tmp_path: Path) -> None:
        settings = load_settings({}, {"corpus_dir": str(tmp_path), "database_url": ""})
        with pytest.raises(GuideError, match="no guide; expected a folder"):
            open_bot(settings)

    @pytest.mark.parametrize("part", sorted(ALL_PARTS))
    def test_it_stays_safe_without_any_one_of_its_parts(self, real: Bot, part: str) -> None:
        bot = with_switches(real, ALL_PARTS - {part})
        assert converse(bot, EMERGENCY)[0].outcome == "emergency"
        assert converse(bot, DOSING)[0].outcome == "dosing_refusal"
        check_excerpts(converse(bot, "What is pernicious anemia?")[0], bot.guide().guide)
