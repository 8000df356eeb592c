"""Plain text: the real guide pinned, each rule on a small text, and any text at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.corpus import display, plain
from bot.records import Passage
from tests.corpus_help import check_invariants

SOURCE = Path("corpus/vitamin-b12-injection/guide.txt").read_bytes().decode("utf-8")

PIECES = [
    *(
        "\n",
        "\n\n",
        "\n\n\n",
        "\r\n",
        "\r",
        "- ",
        "• ",
        "1. ",
        "a) ",
        "Uses",
        "Uses:",
        ":\n- ",
        "LOUD",
    ),
    *("It helps.", "\f", "\u2028", "\x85", "\x1c", "\ufeff", "😀", "---"),
]


def outline(source: str) -> list[tuple[str, list[str]]]:
    """Section title and texts of its passages, in order; sections without passages too."""
    sections, passages = plain.read(source, "Leaflet")
    return [(s.title, [p.text for p in passages if p.section_id == s.section_id]) for s in sections]


def by_id(passage_id: str) -> Passage:
    return next(p for p in plain.read(SOURCE, "")[1] if p.passage_id == passage_id)


class TestTheRealGuide:
    def test_has_eighteen_passages_that_are_slices_in_order(self) -> None:
        sections, passages = plain.read(SOURCE, "")
        assert len(passages) == 18
        check_invariants(SOURCE, sections, passages)

    def test_first_passage_is_the_introduction(self) -> None:
        first = plain.read(SOURCE, "")[1][0]
        assert first.passage_id == "introduction-1"
        assert first.path == ("Introduction",)
        assert first.text == (
            "In the realm of nutrition and wellness, Vitamin B12 stands out as a vital nutrient "
            "essential for various bodily functions. While dietary sources and supplements are "
            "common ways to obtain this crucial vitamin, Vitamin B12 injections offer a direct and "
            "efficient method of supplementation. In this comprehensive guide, we delve into the "
            "uses, benefits, and potential side effects of Vitamin B12 injection therapy."
        )

    def test_a_middle_passage_starts_after_its_bullet(self) -> None:
        middle = plain.read(SOURCE, "")[1][9]
        assert middle.passage_id == "customized-dosage-and-administration-1"
        assert middle.kind == "item"
        assert middle.path == (
            "Benefits of Vitamin B12 Injection",
            "Customized Dosage and Administration",
        )
        assert middle.text == (
            "Healthcare providers can tailor Vitamin B12 injection therapy to meet individual "
            "needs, adjusting dosage and frequency based on factors such as severity of "
            "deficiency, underlying health conditions, and response to treatment. This "
            "personalized approach ensures optimal therapeutic benefits while minimizing the risk "
            "of adverse effects."
        )

    def test_last_passage_is_the_conclusion_up_to_the_end_of_the_file(self) -> None:
        last = plain.read(SOURCE, "")[1][-1]
        assert last.passage_id == "conclusion-3"
        assert last.path == ("Conclusion",)
        assert last.end == len(SOURCE)
        assert last.text == (
            "With proper guidance and monitoring, Vitamin B12 injections offer a promising avenue "
            "for achieving optimal health and vitality in today’s fast-paced world."
        )

    def test_last_three_paragraphs_belong_to_no_heading(self) -> None:
        passages = plain.read(SOURCE, "")[1]
        assert [p.section for p in passages[-4:]] == ["Overdose Risk"] + ["Conclusion"] * 3

    def test_lead_sentence_belongs_to_its_section(self) -> None:
        lead = by_id("side-effects-and-considerations-1")
        assert lead.path == ("Side Effects and Considerations",)
        assert lead.text.startswith("While Vitamin B12 injections are generally well-tolerated")

    def test_path_runs_from_the_top_heading(self) -> None:
        assert by_id("treatment-of-vitamin-b12-deficiency-1").path == (
            "Uses of Vitamin B12 Injection",
            "Treatment of Vitamin B12 Deficiency",
        )

    def test_a_section_of_subsections_only_has_no_passages(self) -> None:
        sections, passages = plain.read(SOURCE, "")
        assert "uses-of-vitamin-b12-injection" in {s.section_id for s in sections}
        assert "uses-of-vitamin-b12-injection" not in {p.section_id for p in passages}

    def test_line_ends_of_another_system_change_positions_only(self) -> None:
        other = SOURCE.replace("\n", "\r\n")
        sections, passages = plain.read(other, "")
        check_invariants(other, sections, passages)
        assert [(p.path, p.text) for p in passages] == [
            (p.path, p.text) for p in plain.read(SOURCE, "")[1]
        ]


class TestHeadings:
    def test_short_line_standing_alone(self) -> None:
        assert outline("Storage\n\nKeep it cold.") == [("Storage", ["Keep it cold."])]

    def test_line_ending_in_a_colon_before_a_bullet(self) -> None:
        assert outline("Uses\n\nTiredness:\n\n• It helps.\nNerves:\n• Those too.") == [
            ("Uses", []),
            ("Tiredness", ["It helps.\nNerves:", "Those too."]),
        ]
        assert outline("Tiredness:\n - It helps.") == [("Tiredness", ["It helps."])]

    @pytest.mark.parametrize("line", ["====", "-----", "~~~", "____"])
    def test_underlined_line(self, line: str) -> None:
        assert outline(f"Storage\n{line}\nKeep it cold.") == [("Storage", ["Keep it cold."])]

    def test_line_in_capitals_above_its_text(self) -> None:
        source = "HOW TO STORE IT\nKeep it\ncold."
        assert outline(source) == [("HOW TO STORE IT", ["Keep it\ncold."])]

    def test_short_line_right_above_its_sentences(self) -> None:
        assert outline("Opening hours\nWe open early.") == [("Opening hours", ["We open early."])]

    def test_wrapped_text_is_no_heading(self) -> None:
        source = "A paragraph that somebody wrapped by hand after\nForty characters or so, twice."
        assert outline(source) == [("Leaflet", [source])]

    def test_a_number_before_it(self) -> None:
        assert outline("1. Storage\n\nKeep it cold.\n\n2. Parking\n\nBehind the house.") == [
            ("1. Storage", ["Keep it cold."]),
            ("2. Parking", ["Behind the house."]),
        ]

    def test_a_question(self) -> None:
        assert outline("Is it safe?\n\nAsk us.") == [("Is it safe?", ["Ask us."])]

    @pytest.mark.parametrize(
        "line",
        [
            "Ask your nurse.",
            "This may include:",
            "Tell us if you",
            "springs and wells",
            "Springfield, GA 30329",
            "A line " + "of very many words " * 5,
        ],
    )
    def test_look_alikes_are_paragraphs(self, line: str) -> None:
        source = f"{line}\n\nKeep it cold."
        assert outline(source) == [("Leaflet", [line.strip(), "Keep it cold."])]

    def test_fragments_after_a_lead_in_are_no_headings(self) -> None:
        source = "Uses\n\nTell us if you have:\n\nHeart disease\n\nAsthma\n\nWe call you."
        titles = [title for title, _ in outline(source)]
        assert titles == ["Uses"]

    def test_a_closing_signature_is_no_heading(self) -> None:
        assert outline("Storage\n\nKeep it cold.\n\nThe Clinic Team")[-1] == (
            "Storage",
            ["Keep it cold.", "The Clinic Team"],
        )

    def test_repeated_titles_get_numbers_in_their_ids(self) -> None:
        sections, passages = plain.read("Storage\n\nKeep it cold.\n\nStorage\n\nKeep it dry.", "")
        assert [s.section_id for s in sections] == ["storage", "storage-2"]
        assert [p.passage_id for p in passages] == ["storage-1", "storage-2-1"]

    def test_ids_are_ascii(self) -> None:
        sections, _ = plain.read("Nebenwirkungen für Ältere\n\nKeine.\n\n疼痛\n\n好的。", "")
        assert [s.section_id for s in sections] == ["nebenwirkungen-fur-altere", "section"]


class TestTheOpenSection:
    def test_text_before_the_first_heading_is_the_introduction(self) -> None:
        assert outline("Hello to all.\n\nStorage\n\nKeep it cold.")[0] == (
            "Introduction",
            ["Hello to all."],
        )

    def test_two_blank_lines_close_it(self) -> None:
        assert outline("Storage\n\nKeep it cold.\n\n\nGoodbye to all.")[-1] == (
            "Conclusion",
            ["Goodbye to all."],
        )

    def test_a_heading_after_two_blank_lines_opens_the_next(self) -> None:
        source = "Storage\n\nKeep it cold.\n\n\nParking\n\nBehind the house."
        assert [title for title, _ in outline(source)] == ["Storage", "Parking"]

    def test_a_text_spaced_by_two_blank_lines_throughout_closes_nothing(self) -> None:
        source = "Storage\n\n\nKeep it cold.\n\n\nKeep it dry.\n\n\nParking\n\n\nBehind the house."
        assert outline(source) == [
            ("Storage", ["Keep it cold.", "Keep it dry."]),
            ("Parking", ["Behind the house."]),
        ]

    def test_without_headings_the_title_names_all(self) -> None:
        assert outline("Keep it cold.\n\nKeep it dry.\n\n\nGoodbye.") == [
            ("Leaflet", ["Keep it cold.", "Keep it dry.", "Goodbye."])
        ]


class TestBullets:
    @pytest.mark.parametrize(
        "mark", ["•", "-", "*", "–", "◦", "1.", "12)", "a)", "(b)", "iv.", "▪", "\t•", "  o"]
    )
    def test_slice_starts_after_the_mark(self, mark: str) -> None:
        _, passages = plain.read(f"Uses:\n{mark} It helps.", "")
        assert [(p.text, p.kind) for p in passages] == [("It helps.", "item")]

    def test_a_bullet_of_several_lines_is_one_passage(self) -> None:
        assert outline("Uses:\n- It helps\n  a lot.\n- It is quick.") == [
            ("Uses", ["It helps\n  a lot.", "It is quick."])
        ]

    def test_a_wrapped_line_that_begins_with_a_number_is_no_bullet(self) -> None:
        source = "This leaflet was first printed by the clinic in the year\n12. It was revised."
        assert outline(source) == [("Leaflet", [source])]

    def test_a_dash_inside_words_is_no_bullet(self) -> None:
        assert outline("-cold is how you keep it.")[0][1] == ["-cold is how you keep it."]


class TestOddText:
    @pytest.mark.parametrize("source", ["", "\n\n", " \t\r\n\f", "\ufeff", "***\n\n----", "😀 🎉"])
    def test_without_words_gives_nothing(self, source: str) -> None:
        assert plain.read(source, "Leaflet") == ([], [])

    def test_a_byte_order_mark_is_in_no_passage(self) -> None:
        assert outline("\ufeffKeep it cold.") == [("Leaflet", ["Keep it cold."])]

    def test_form_feeds_and_tabs_are_white_space(self) -> None:
        assert outline("\fStorage\n\n\tKeep it cold.\f\n") == [("Storage", ["Keep it cold."])]

    def test_characters_beyond_the_basic_plane_count_one(self) -> None:
        _, passages = plain.read("Storage 😀\n\nKeep it 🧊 cold.", "")
        assert (passages[0].start, passages[0].end) == (11, 26)

    def test_display_folds_white_space_only(self) -> None:
        assert display("5 *  3 _a_\n  [b](c)", "plain") == "5 * 3 _a_ [b](c)"

    @given(
        st.text()
        | st.lists(
            st.sampled_from(PIECES),
            max_size=30,
        ).map("".join)
    )
    def test_any_text_gives_slices_in_order(self, source: str) -> None:
        check_invariants(source, *plain.read(source, "Leaflet"))
