"""The same conversations have the same outcomes on every channel as with the bot itself."""

from __future__ import annotations

import time

import pytest

from bot.records import Turn, Visit
from tests.channel_support import KITS, PUBLIC, Door, Said
from tests.http_support import a_bot

# What is said; a number is tapped where there are buttons and typed where there are none. Beside
# it the outcome of the last turn, as it is meant to be.
CONVERSATIONS: tuple[tuple[str, tuple[str | int, ...]], ...] = (
    ("answer", ("Can it cause an allergic reaction?",)),
    ("answer", ("what are the benefits?",)),
    ("answer", ("is it given into the muscle?",)),
    ("answer", ("WHAT ARE THE SIDE EFFECTS",)),
    ("answer", ("does it give me more energy",)),
    ("answer", ("can you overdose on it?",)),
    ("answer", ("who decides the dose?",)),
    ("answer", ("does it interact with other medicines?",)),
    ("answer", ("Can it cause an allergic reaction?", "more")),
    ("answer", ("Can it cause an allergic reaction?", "MORE", "More.")),
    ("answer", ("how much does it cost?", 1)),
    ("answer", ("how much does it cost?", 2)),
    ("answer", ("how much does it cost?", 3)),
    ("answer", ("hello", 1)),
    ("answer", ("How many mcg should I inject?", 1)),
    ("answer", ("what are the side effects?", "thanks", "what about allergies?")),
    ("not_covered", ("how much does it cost?",)),
    ("not_covered", ("does it help hair loss?",)),
    ("not_covered", ("what is the weather tomorrow",)),
    ("not_covered", ("how much does it cost?", "and for my hair?")),
    ("dosing_refusal", ("How many mcg of B12 should I inject each week?",)),
    ("dosing_refusal", ("how often do I need a shot",)),
    ("dosing_refusal", ("can i take two if i missed one",)),
    ("dosing_refusal", ("How much should I take?", "just a ballpark")),
    ("dosing_refusal", ("what's the usual dose", "and for kids?")),
    ("personal_advice", ("should I get the injection?",)),
    ("personal_advice", ("do I have pernicious anemia",)),
    ("emergency", ("I can't breathe and my throat is swelling",)),
    ("emergency", ("HELP ME he collapsed after the shot",)),
    ("emergency", ("hello", "my tongue is swelling up")),
    ("emergency", ("I took five shots and I can't breathe",)),
    ("overdose", ("my toddler swallowed the whole bottle",)),
    ("overdose", ("I took too many of my shots today",)),
    ("crisis", ("I want to kill myself",)),
    ("crisis", ("what are the benefits?", "i dont want to live anymore")),
    ("smalltalk", ("hi",)),
    ("smalltalk", ("who are you?",)),
    ("smalltalk", ("I want to talk to a person",)),
    ("smalltalk", ("please delete my data",)),
    ("unintelligible", ("???",)),
    ("unintelligible", ("¿Cuáles son los efectos secundarios?",)),
    ("unintelligible", ("Stop 🛑 ✋ 🙏".replace("Stop ", ""),)),
)


def meant(turns: tuple[str | int, ...]) -> list[tuple[str, str, list[str]]]:
    """Outcome, reason and passages of each turn, from the bot without any channel."""
    bot, visit = a_bot(public_url=PUBLIC), Visit("v" * 16)
    found: list[tuple[str, str, list[str]]] = []
    for turn in turns:
        reply, visit = bot.ask(Turn("r", time.time(), text=str(turn)), visit)
        found.append((reply.outcome, reply.reason, [e.passage_id for e in reply.excerpts]))
    return found


def test_there_are_about_forty_of_every_outcome() -> None:
    assert len(CONVERSATIONS) >= 40
    assert len({outcome for outcome, _ in CONVERSATIONS}) >= 9


@pytest.mark.parametrize(("outcome", "turns"), CONVERSATIONS)
def test_the_bot_itself_says_what_is_meant(outcome: str, turns: tuple[str | int, ...]) -> None:
    assert meant(turns)[-1][0] == outcome


@pytest.mark.parametrize("name", KITS)
def test_a_channel_says_the_same(name: str) -> None:
    kit = KITS[name]
    door = Door(kit)
    for n, (_, turns) in enumerate(CONVERSATIONS):
        sender = f"1500556{n:04}"
        door.last = None
        for turn in turns:
            is_tap = isinstance(turn, int)
            said = Said(tap=turn, sender=sender) if is_tap else Said(str(turn), sender=sender)  # type: ignore[arg-type]
            payloads = door.say(said)
            assert payloads, turns
            assert [why for p in payloads if (why := kit.complaint(p))] == [], turns
        kept = [(r["outcome"], r["reason"], r["passage_ids"]) for r in door.replies(said)]
        assert kept == meant(turns), turns
