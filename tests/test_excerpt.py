"""Excerpts: exact slices, the sentences that answer, and what is never quoted."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

from bot.analysis import words_of
from bot.answer import ReadyGuide
from bot.excerpt import MAX_LIST_WORDS, MAX_WORDS, QuoteError, choose, cut, quotable
from bot.records import Passage
from tests.core_help import small_guide

LONG = "\n".join(
    ["# Iron", "", "Iron is a metal. " + "It goes into a vein at the clinic and it helps. " * 20]
)
LISTED = """\
# Iron

## What to bring

Bring these:

- a list of your medicines
- a warm jumper
- something to read

## How it is given

Ask about these:

- A tablet is given first.
- You receive 500 mg of iron in one visit.

## Amounts

Iron is a metal. The usual amount is 200 mg every week. It is given in a chair. Rest after it.

## All figures

Give 200 mg every week.

## Table

| When | What |
|------|------|
| start | 200 mg |
| then | rest at home |
"""


def chosen(ready: ReadyGuide, passage_id: str, text: str = "") -> str | None:
    passage = ready.guide.passage(passage_id)
    terms = ready.indexed.query(words_of(text)).terms
    found = choose(passage, ready.sentences, terms, ready.indexed)
    return None if found is None else ready.guide.source[slice(*found)]


def passage_in(ready: ReadyGuide, section: str) -> Passage:
    return next(p for p in ready.guide.passages if p.section == section)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> ReadyGuide:
    return small_guide(tmp_path_factory.mktemp("listed"), LISTED)


class TestSentences:
    def test_they_are_slices_of_their_passage_in_order(self, ready: ReadyGuide) -> None:
        for passage in ready.guide.passages:
            parts = ready.sentences[passage.passage_id]
            assert parts
            assert passage.start == parts[0].start
            assert parts[-1].end == passage.end
            assert all(a.end <= b.start for a, b in pairwise(parts))

    def test_what_the_clinic_withholds_is_marked(self, ready: ReadyGuide) -> None:
        marked = [s for p in ready.sentences.values() for s in p if s.withheld == "clinic"]
        assert len(marked) == 1
        assert "skin treatment" in ready.guide.source[marked[0].start : marked[0].end]

    def test_sentences_with_a_dose_are_marked(self, listed: ReadyGuide) -> None:
        parts = listed.sentences[passage_in(listed, "Amounts").passage_id]
        assert [bool(s.withheld) for s in parts] == [False, True, False, False]

    def test_any_figure_of_a_table_row_is_marked(self, listed: ReadyGuide) -> None:
        rows = [p for p in listed.guide.passages if p.kind == "row"]
        by_text = {p.text: listed.sentences[p.passage_id][0].withheld for p in rows}
        assert any(why for text, why in by_text.items() if "200 mg" in text)
        assert not any(why for text, why in by_text.items() if "rest at home" in text)


class TestChoose:
    def test_the_sentence_that_answers_is_in_it(self, ready: ReadyGuide) -> None:
        found = chosen(ready, "overdose-risk-1", "monitor levels")
        assert found is not None
        assert "monitor Vitamin B12 levels" in found

    def test_no_excerpt_is_longer_than_it_may_be(self, ready: ReadyGuide) -> None:
        for passage in ready.guide.passages:
            for text in ("", "levels", "risk anemia", "injection"):
                found = chosen(ready, passage.passage_id, text)
                if found is not None:
                    assert len(words_of(found)) <= MAX_LIST_WORDS
                    if passage.kind == "paragraph":
                        assert len(words_of(found)) <= MAX_WORDS

    def test_a_long_passage_is_cut_at_sentence_ends(self, tmp_path: Path) -> None:
        ready = small_guide(tmp_path, LONG)
        found = chosen(ready, ready.guide.passages[0].passage_id, "metal")
        assert found is not None
        assert found.startswith("Iron is a metal.")
        assert found.endswith(".")
        assert len(words_of(found)) <= MAX_WORDS

    def test_a_withheld_sentence_is_never_in_it(self, ready: ReadyGuide) -> None:
        for passage_id in ready.sentences:
            for text in ("", "skin treatment", "safe and effective"):
                assert "skin treatment" not in (chosen(ready, passage_id, text) or "")

    @pytest.mark.parametrize("text", ["", "amount of iron", "chair", "metal", "rest"])
    def test_sentences_around_a_withheld_one_are_not_joined(
        self, listed: ReadyGuide, text: str
    ) -> None:
        found = chosen(listed, passage_in(listed, "Amounts").passage_id, text)
        assert found is not None
        assert "200" not in found

    def test_where_all_is_withheld_nothing_is_quoted(self, listed: ReadyGuide) -> None:
        passage = passage_in(listed, "All figures")
        assert chosen(listed, passage.passage_id, "give") is None
        assert not quotable(passage.passage_id, listed.sentences)

    def test_terms_to_avoid_are_left_out_where_others_remain(self, ready: ReadyGuide) -> None:
        passage = ready.guide.passage("overdose-risk-1")
        term = ready.indexed.analyser.term("monitor")
        terms = {"risk": 1.0}
        found = choose(passage, ready.sentences, terms, ready.indexed, avoid=frozenset({term}))
        assert found is not None
        assert "monitor" not in ready.guide.source[slice(*found)]
        every = frozenset().union(*(s.terms for s in ready.sentences[passage.passage_id]))
        assert choose(passage, ready.sentences, terms, ready.indexed, avoid=every) is not None


class TestLists:
    @pytest.mark.parametrize("number", [1, 2, 3, 4])
    def test_a_short_list_is_quoted_whole_with_its_lead(
        self, listed: ReadyGuide, number: int
    ) -> None:
        found = chosen(listed, f"what-to-bring-{number}", "jumper")
        assert found is not None
        assert found.startswith("Bring these:")
        assert found.endswith("something to read")
        assert listed.guide.source.count(found) == 1

    def test_a_list_with_a_withheld_item_is_not(self, listed: ReadyGuide) -> None:
        items = [p for p in listed.guide.passages if p.section == "How it is given"]
        quoted = [chosen(listed, p.passage_id, "iron tablet") for p in items]
        assert all("500" not in (text or "") for text in quoted)


class TestCut:
    def test_it_is_the_slice_with_its_place(self, ready: ReadyGuide) -> None:
        passage = ready.guide.passage("allergic-reactions-1")
        excerpt = cut(ready.guide, passage, passage.start, passage.end, base_url="/help")
        assert excerpt.quote == passage.text
        assert ready.guide.source[excerpt.start : excerpt.end] == excerpt.quote
        assert (excerpt.section, excerpt.path) == (passage.section, passage.path)
        assert excerpt.sha256 == ready.guide.sha256
        assert excerpt.url.startswith(
            "/help/guides/vitamin-b12-injection#allergic-reactions-1:~:text="
        )

    def test_its_address_marks_first_and_last_words(self, ready: ReadyGuide) -> None:
        passage = ready.guide.passage("injection-site-reactions-1")
        excerpt = cut(ready.guide, passage, passage.start, passage.end)
        start, end = excerpt.url.partition(":~:text=")[2].split(",")
        assert excerpt.display.startswith(unquote(start))
        assert excerpt.display.endswith(unquote(end))
        assert "-" not in start + end

    @pytest.mark.parametrize(
        ("start", "end"), [(5, 5), (9, 5), (-3, 4), (0, 10**6), (10**6, 10**6 + 5)]
    )
    def test_a_range_that_is_none_is_refused(self, ready: ReadyGuide, start: int, end: int) -> None:
        passage = ready.guide.passages[0]
        with pytest.raises(QuoteError, match="nothing stands at"):
            cut(ready.guide, passage, start, end)

    def test_white_space_alone_is_no_quote(self, ready: ReadyGuide) -> None:
        gap = ready.guide.source.index("\n\n")
        with pytest.raises(QuoteError):
            cut(ready.guide, ready.guide.passages[0], gap, gap + 2)

    def test_a_source_that_gives_other_words_the_second_time_is_refused(
        self, ready: ReadyGuide
    ) -> None:
        class Shifting(str):
            __slots__ = ()
            looks = 0

            def __getitem__(self, key: object) -> str:
                Shifting.looks += 1
                return "first words" if Shifting.looks == 1 else "other words"

        guide = dataclasses.replace(ready.guide, source=Shifting(ready.guide.source))
        with pytest.raises(QuoteError, match="is not the source"):
            cut(guide, ready.guide.passages[0], 0, 11)

    def test_display_folds_white_space_and_marks(self, tmp_path: Path) -> None:
        ready = small_guide(tmp_path, "# Iron\n\nIron is **strong**\nand *safe*.\n")
        passage = ready.guide.passages[0]
        excerpt = cut(ready.guide, passage, passage.start, passage.end)
        assert excerpt.quote == "Iron is **strong**\nand *safe*."
        assert excerpt.display == "Iron is strong and safe."
