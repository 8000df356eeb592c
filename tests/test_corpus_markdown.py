"""Markdown: every kind of block, pseudo-headings, display, hostile input, and any text at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.corpus import display, markdown, plain
from tests.corpus_help import check_invariants

GUIDE = """\
---
title: not shown
---
Before the first heading.

# Iron *infusion*

What it is, in **one** [sentence](https://example.org).

## Side effects

Most are mild.

| Effect | How common |
|---|:--|
| Headache | 1 in 10, >60 years |
| A \\| B | rare |

### Allergy ###

- itching
- a rash
  that spreads

  or moves
  - on the arms
  * on the legs

1. Call us.

Outlook
-------

> Most people
> feel better.

```text
Room 3
  second floor
```

    by the lift

[ref]: https://example.org "link definition"

<div>not shown</div>

***

Last words.
"""

RASH = "a rash\n  that spreads\n\n  or moves"
LAST = "Last words."
PIECES = [
    *("\n", "\n\n", "\r\n", "\r", "# ", "## ", "- ", "1. ", "> ", "    ", "\t", "```", "Uses"),
    *(
        "\n---\n",
        "===",
        "| a | b |\n|---|---|\n| c | d |\n",
        "**Bold**",
        "![a](b)",
        "such as:",
        "It helps.",
    ),
    *("<div>", "[a]: b", "\0", "\x1c", "\u2028", "😀", "\ufeff"),
]

HOSTILE = [
    *(
        "[",
        "![",
        "[a](",
        "*_",
        "`a",
        "> ",
        ">",
        "- ",
        "|",
        "<",
        "&",
        "\\",
        "#\n",
        "a:\n\n",
        "- a\n",
    ),
    *("a" + " " * 9_999, "|a|\n|-|\n|" + "| " * 9_000 + "x|\n\n"),
]


def outline(source: str) -> list[tuple[str, list[str]]]:
    """Section title and texts of its passages, in order."""
    sections, passages = markdown.read(source, "Leaflet")
    return [(s.title, [p.text for p in passages if p.section_id == s.section_id]) for s in sections]


def texts(source: str) -> list[str]:
    return [p.text for p in markdown.read(source, "Leaflet")[1]]


class TestBlocks:
    def test_the_guide_reads_as_written(self) -> None:
        check_invariants(GUIDE, *markdown.read(GUIDE, ""))
        assert outline(GUIDE) == [
            ("Introduction", ["Before the first heading."]),
            ("Iron infusion", ["What it is, in **one** [sentence](https://example.org)."]),
            (
                "Side effects",
                ["Most are mild.", "Headache | 1 in 10, >60 years", "A \\| B | rare"],
            ),
            (
                "Allergy",
                ["itching", RASH, "on the arms", "on the legs", "Call us."],
            ),
            (
                "Outlook",
                ["Most people\n> feel better.", "Room 3\n  second floor", "by the lift", LAST],
            ),
        ]

    def test_paths_follow_the_levels(self) -> None:
        paths = [s.path for s in markdown.read(GUIDE, "")[0]]
        assert paths == [
            ("Introduction",),
            ("Iron infusion",),
            ("Iron infusion", "Side effects"),
            ("Iron infusion", "Side effects", "Allergy"),
            ("Iron infusion", "Outlook"),
        ]

    def test_kinds_name_the_block(self) -> None:
        kinds = [p.kind for p in markdown.read(GUIDE, "")[1]]
        assert kinds == (
            ["paragraph"] * 3 + ["row"] * 2 + ["item"] * 5 + ["paragraph", "code", "code"]
        ) + ["paragraph"]

    def test_headings_to_any_depth_and_skipped_levels(self) -> None:
        source = "#### Deep\n\nA.\n\n###### Deeper\n\nB.\n\n# Top\n\nC."
        assert [s.path for s in markdown.read(source, "")[0]] == [
            ("Deep",),
            ("Deep", "Deeper"),
            ("Top",),
        ]

    def test_a_setext_heading_may_have_several_lines(self) -> None:
        assert outline("How to\nstore it\n===\n\nCold.") == [("How to store it", ["Cold."])]

    def test_an_empty_heading_opens_nothing(self) -> None:
        assert outline("# Storage\n\n##\n\nCold.") == [("Storage", ["Cold."])]

    def test_nothing_is_ever_the_conclusion(self) -> None:
        assert outline("# Storage\n\nCold.\n\n\n\nDry.") == [("Storage", ["Cold.", "Dry."])]

    def test_a_heading_in_a_quote_or_list_opens_no_section(self) -> None:
        source = "# Storage\n\n> ## Note\n> Cold.\n\n- # Also\n\nDry."
        assert outline(source) == [("Storage", ["Note", "Cold.", "Also", "Dry."])]

    def test_without_headings_the_title_names_all(self) -> None:
        assert outline("Cold.\n\n- Dry.") == [("Leaflet", ["Cold.", "Dry."])]

    def test_a_table_in_a_quote(self) -> None:
        source = "> | a | b |\n> |---|---|\n> | >60 | yes |\n"
        assert texts(source) == [">60 | yes"]

    def test_a_row_keeps_an_escaped_pipe_at_its_end(self) -> None:
        assert texts("| a | b |\n|---|---|\n| c | d \\|") == ["c | d \\|"]

    def test_an_image_by_itself_is_no_passage(self) -> None:
        assert texts("# Iron\n\n![A drip](drip.png)\n\n**![](x)**\n\nText.") == ["Text."]

    def test_front_matter_needs_its_end(self) -> None:
        assert texts("---\ntitle: x\n\nCold.") == ["title: x", "Cold."]

    def test_a_rule_at_the_top_is_no_front_matter(self) -> None:
        assert texts("---\n\nCold.\n\n---\n\nDry.") == ["Cold.", "Dry."]

    @pytest.mark.parametrize("end", ["\r\n", "\r"])
    def test_other_line_ends_change_positions_only(self, end: str) -> None:
        other = GUIDE.replace("\n", end)
        sections, passages = markdown.read(other, "")
        check_invariants(other, sections, passages)
        found = [p.text.replace(end, "\n") for p in passages]
        assert found == texts(GUIDE)

    def test_positions_count_code_points_of_the_whole_file(self) -> None:
        source = "\ufeff# 😀\n\nKeep it 🧊 cold."
        sections, passages = markdown.read(source, "")
        assert sections[0].title == "😀"
        assert (passages[0].start, passages[0].end) == (6, 21)


class TestStandingLines:
    """Headings that lost their marks, as real guides have them."""

    def test_short_line_between_sentences_is_a_subheading(self) -> None:
        source = (
            "## Overview\n\nThe heart beats.\n\nOutlook\n\n"
            "There are many types, and most of them are harmless to those who have them.\n\n"
            "## Causes\n\nMany."
        )
        assert [s.path for s in markdown.read(source, "")[0]] == [
            ("Overview",),
            ("Overview", "Outlook"),
            ("Causes",),
        ]

    def test_bold_line_is_a_subheading(self) -> None:
        assert outline("# Iron\n\n**Storage:**\n\n- cold\n\n__Parking__\n\nFree.") == [
            ("Iron", []),
            ("Storage", ["cold"]),
            ("Parking", ["Free."]),
        ]

    @pytest.mark.parametrize("line", ["**Do not drive.**", "**Never** and **ever**"])
    def test_bold_sentence_is_text(self, line: str) -> None:
        assert texts(f"# Iron\n\n{line}\n\nRest.") == [line, "Rest."]

    def test_bold_line_with_nothing_below_is_text(self) -> None:
        assert texts("# A\n\n**Storage**\n\n# B\n\nCold.\n\n**End**") == [
            "**Storage**",
            "Cold.",
            "**End**",
        ]

    def test_fragments_after_a_lead_in_are_text(self) -> None:
        source = (
            "# Symptoms\n\nCommon ones are:\n\nAnxiety\n\nShortness of breath\n\n"
            "Talk to your doctor if you have any of them for more than a few days in a row."
        )
        assert [title for title, _ in outline(source)] == ["Symptoms"]

    def test_title_case_ends_a_list_of_fragments(self) -> None:
        source = (
            "# Diagnosis\n\nYour doctor may:\n\nCheck your pulse\n\nLook for signs of disease\n\n"
            "Diagnostic Tests\n\nNo single test finds the cause, so your doctor may order several."
        )
        assert [title for title, _ in outline(source)] == ["Diagnosis", "Diagnostic Tests"]

    @pytest.mark.parametrize("line", ["More on: Handwashing", "Español", "Learn more here."])
    def test_link_texts_are_no_headings(self, line: str) -> None:
        source = f"# Iron\n\n{line}\n\nIron is a mineral that the body needs for making blood."
        assert [title for title, _ in outline(source)] == ["Iron"]


class TestDisplay:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("**Bold**, *it* and `code_x`", "Bold, it and code_x"),
            ("see [the page](https://x.y 'T') and <https://x.y>", "see the page and https://x.y"),
            ("an image ![of iron](i.png) here", "an image here"),
            (r"5 \* 3 \[not\] a_link", "5 * 3 [not] a_link"),
            ("one\n> two\n> > three", "one two three"),
            (">60 years | yes", ">60 years | yes"),
            (r"a \| b|c", "a | b | c"),
            ("a<br>b <b>c</b>", "a b c"),
            ("fish &amp; chips &lt;5", "fish & chips <5"),
            ("see [text][ref]", "see text"),
            ("**Cut by a sentence.", "Cut by a sentence."),
            ("Its end.** And more", "Its end. And more"),
            ("5 * 3 = 15, B12", "5 * 3 = 15, B12"),
            ("  two\n\n   spaces ", "two spaces"),
            ("", ""),
        ],
    )
    def test_takes_inline_marks_out(self, text: str, shown: str) -> None:
        assert display(text) == shown

    @given(st.text())
    def test_is_folded_for_any_text(self, text: str) -> None:
        shown = display(text)
        assert shown == " ".join(shown.split())


class TestOddText:
    @pytest.mark.parametrize(
        "source", ["", "\n", "\ufeff", "# \n", "---", "<div>\nx\n</div>", "😀"]
    )
    def test_without_words_gives_no_passages(self, source: str) -> None:
        assert markdown.read(source, "Leaflet")[1] == []

    @pytest.mark.parametrize("unit", HOSTILE)
    def test_hostile_text_is_read_to_its_end(self, unit: str) -> None:
        source = unit * (100_000 // len(unit))
        for read in (markdown.read, plain.read):
            for passage in read(source, "")[1][:100]:
                display(passage.text)
            assert all(source[p.start : p.end] == p.text for p in read(source, "")[1])

    @given(
        st.text()
        | st.lists(
            st.sampled_from(PIECES),
            max_size=30,
        ).map("".join)
    )
    def test_any_text_gives_slices_in_order(self, source: str) -> None:
        check_invariants(source, *markdown.read(source, "Leaflet"))
