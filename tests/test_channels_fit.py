"""No rendering exceeds a limit or drops words, whatever the guide, the channel and the reply."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels import Payload, Speech, fit, gsm
from bot.channels.twilio import fits_segments
from bot.records import OUTCOMES, URGENT_OUTCOMES, Card, Excerpt, Number, Reply, Suggestion
from tests.channel_support import KITS, Kit, Said

# Everything that a guide in UTF-8 may hold, long words and astral characters included.
_CHARS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
_WORDS = st.text(_CHARS, min_size=1, max_size=30).filter(lambda t: bool(t.strip()))
_TEXT = st.lists(_WORDS | st.sampled_from(["Yes.", "e.g.", "•", "“a”"]), min_size=1, max_size=120)
_PROSE = _TEXT.map(" ".join)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def speeches(draw: st.DrawFn) -> Speech:
    """Any reply that the policy could make of any guide, put together as `compose` does."""
    excerpts = tuple(
        _excerpt(draw(_PROSE).strip(), draw(_WORDS).strip()) for _ in range(draw(st.integers(0, 2)))
    )
    outcome = draw(st.sampled_from(OUTCOMES if excerpts else OUTCOMES[1:]))
    labels = draw(st.lists(_WORDS.map(str.strip), max_size=14))
    offered = tuple(
        Suggestion(label, f"section-{n}" + "x" * draw(st.sampled_from([0, 300])))
        for n, label in enumerate(labels)
    )
    card = None
    if outcome in URGENT_OUTCOMES:
        card = Card("emergency", "Call now", ("Line one.",), (Number("Emergency", "911"),))
    parts = ["Call now.", "Line one.", "Emergency: 911"] if card else []
    parts += ["The guide says:", *(f"“{e.display}”" for e in excerpts)]
    parts += [f"{n}. {s.label}" for n, s in enumerate(offered, 1)]
    reply = Reply(
        "r", "v" * 16, outcome, "", "\n".join(parts), excerpts, offered, card,
        draw(st.sampled_from(["", "Not medical advice."])), "en", "1", "1",
    )  # fmt: skip
    return Speech(
        reply,
        before=draw(st.sampled_from(["", "This is a helper."])),
        after=draw(st.sampled_from(["", "Reply MORE to read on."])),
        rest="Reply MORE for the rest.",
        topics="Topics",
    )


def _excerpt(text: str, section: str) -> Excerpt:
    return Excerpt("g", "p-1", section, (section,), text, text, 0, len(text), "0" * 64, "/")


def addressed(speech: Speech, kit: Kit) -> Speech:
    """The speech, to a visitor of that channel."""
    from dataclasses import replace

    address = {"to": kit.sender(Said()), "from": "x", "number": "1", "id": "1"}
    return replace(speech, address=address)


def joined(kit: Kit, payloads: list[Payload]) -> str:
    """All parts one after the other, marks and white space taken away."""
    shown = [re.sub(r"^\(\d+/\d+\) ", "", kit.shown(p)) for p in payloads]
    return squeezed(" ".join(shown).replace("Reply MORE for the rest.", ""))


def squeezed(text: str) -> str:
    return "".join(gsm.plain(text).split())


@pytest.mark.parametrize("name", KITS)
@QUICK
@given(speech=speeches())
def test_nothing_is_too_large_and_nothing_is_dropped(name: str, speech: Speech) -> None:
    kit = KITS[name]
    payloads = kit.channel().render(addressed(speech, kit))
    assert [why for p in payloads if (why := kit.complaint(p))] == []
    said = joined(kit, payloads)
    reply = speech.reply
    for excerpt in reply.excerpts:
        assert squeezed(excerpt.display) in said
        assert squeezed(excerpt.section) in said
    if reply.card:
        assert "Call now." in kit.shown(payloads[0])
        for line in ("Line one.", "Emergency: 911"):
            assert squeezed(line) in said
    assert squeezed(reply.notice) in said
    assert squeezed(speech.before) in said


@QUICK
@given(text=_PROSE, most=st.integers(30, 400))
def test_parts_fit_and_together_are_the_text(text: str, most: int) -> None:
    fits = fit.within(most)
    parts = fit.split(text, fits)
    assert all(fits(part) for part in parts)
    bare = [re.sub(r"^\(\d+/\d+\) ", "", part) for part in parts] if len(parts) > 1 else parts
    assert "".join("".join(bare).split()) == "".join(text.split())


@QUICK
@given(text=_PROSE)
def test_segments_of_parts_are_few(text: str) -> None:
    assert all(fits_segments(part) for part in fit.split(gsm.plain(text), fits_segments))


class TestSplit:
    def test_a_text_that_fits_has_no_mark(self) -> None:
        assert fit.split("One. Two.", fit.within(9)) == ["One. Two."]

    def test_parts_end_at_sentences_and_are_counted(self) -> None:
        text = "First sentence here. Second sentence here. Third one."
        assert fit.split(text, fit.within(30)) == [
            "(1/3) First sentence here.",
            "(2/3) Second sentence here.",
            "(3/3) Third one.",
        ]

    def test_an_abbreviation_ends_no_sentence(self) -> None:
        parts = fit.split("Ask Dr. Smith about it. Then go home now.", fit.within(32))
        assert parts == ["(1/2) Ask Dr. Smith about it.", "(2/2) Then go home now."]

    def test_the_number_of_a_choice_stays_with_it(self) -> None:
        parts = fit.split("Pick one.\n1. Uses of it\n2. Benefits\n3. Risks", fit.within(34))
        assert parts == ["(1/2) Pick one.\n1. Uses of it", "(2/2) 2. Benefits\n3. Risks"]

    def test_a_long_sentence_is_cut_at_a_word(self) -> None:
        parts = fit.split("seven words that are one long sentence", fit.within(20))
        assert parts == ["(1/3) seven words", "(2/3) that are one", "(3/3) long sentence"]

    def test_a_word_longer_than_a_message_is_cut_within(self) -> None:
        parts = fit.split("a" * 50, fit.within(26))
        assert parts == ["(1/3) " + "a" * 20, "(2/3) " + "a" * 20, "(3/3) " + "a" * 10]

    def test_no_character_of_two_units_is_cut_in_half(self) -> None:
        for part in fit.split("💉" * 40, fit.within(27)):
            assert fit.units(part) <= 27
            part.encode("utf-16")

    def test_more_than_nine_parts_leave_room_for_their_numbers(self) -> None:
        parts = fit.split("word " * 200, fit.within(40))
        assert parts[9].startswith("(10/")
        assert all(len(part) <= 40 for part in parts)

    def test_nothing_fits_beside_a_mark(self) -> None:
        with pytest.raises(ValueError, match="not even one"):
            fit.split("abcdef", fit.within(5))


class TestLabels:
    def test_a_short_label_stays(self) -> None:
        assert fit.label("Uses", 20) == "Uses"

    def test_a_long_one_is_cut_at_a_word_with_an_ellipsis(self) -> None:
        assert fit.label("Injection Site Reactions", 20) == "Injection Site…"

    def test_labels_that_become_the_same_are_numbered(self) -> None:
        assert fit.labels(["Injection Site Reactions", "Injection Site Care now"], 20) == [
            "1. Injection Site…",
            "2. Injection Site…",
        ]


class TestGsm:
    @pytest.mark.parametrize(
        ("typed", "plain"),
        [
            ("“It’s fine” • now — really…", '"It\'s fine" - now - really...'),
            ("a\u00a0b\u200bc\u2028d", "a bc\nd"),
            ("façade, coördinate, naïve", "facade, coördinate, naive"),
            ("½ µg ﬁn", "½ µg fin"),
            ("Ελλάδα 日本 💉", "Ελλάδα 日本 💉"),
        ],
    )
    def test_typographic_signs_become_plain(self, typed: str, plain: str) -> None:
        assert gsm.plain(typed) == plain.replace("½", gsm.plain("½")).replace("µ", gsm.plain("µ"))

    @pytest.mark.parametrize(
        ("text", "n"),
        [
            ("", 1),
            ("a" * 160, 1),
            ("a" * 161, 2),
            ("a" * 304, 2),
            ("€" * 80, 1),
            ("€" * 81, 2),
            ("☃" * 70, 1),
            ("☃" * 71, 2),
            ("💉" * 35, 1),
            ("💉" * 36, 2),
        ],
    )
    def test_segments_are_counted(self, text: str, n: int) -> None:
        assert gsm.n_segments(text) == n

    def test_the_bullet_of_the_guide_does_not_double_the_price(self) -> None:
        text = "• " + "a" * 150
        assert gsm.n_segments(text) == 3
        assert gsm.n_segments(gsm.plain(text)) == 1


class TestSpoken:
    def test_an_urgent_reply_has_nothing_before_it(self) -> None:
        reply = Reply("r", "v", "emergency", "", "Call.", (), (), None, "N.", "en", "1", "1")
        assert fit.spoken(Speech(reply, before="Hello.")) == "Call.\nN.\nHello."

    def test_a_quotation_without_its_section_gets_it(self) -> None:
        excerpt = _excerpt("Rest.", "After care")
        reply = Reply(
            "r", "v", "answer", "", "So:\n“Rest.”", (excerpt,), (), None, "", "en", "1", "1"
        )
        assert fit.spoken(Speech(reply)) == "So:\n“Rest.” (After care)"
