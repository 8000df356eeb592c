"""What the tests of the core share: the real bot, a small guide, and one way to ask."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Protocol

from bot.answer import Bot, ReadyGuide, open_bot
from bot.answer.load import make_ready
from bot.gates import Gates, Verdict, load_gates
from bot.guide import Guide, load_guide
from bot.readings import read
from bot.records import Reply, Turn, Visit
from bot.settings import load_settings

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "corpus" / "vitamin-b12-injection"
VISIT = "visit-of-the-tests"
NOON = 1_800_000_000.0
"""When a conversation of the tests begins, in seconds since the epoch."""

SIX_PASSAGES = """\
# Iron infusion

An iron infusion puts iron straight into a vein.

## Uses

It helps people with anemia who cannot take tablets. It restores iron stores.

## Side effects

A headache may follow the infusion. Nausea is less common.

## What to bring

Bring these:

- a list of your medicines
- a warm jumper
"""


class Ask(Protocol):
    """Says the earlier messages, then the last one, in one visit, and gives its reply."""

    def __call__(self, text: str, *earlier: str) -> Reply: ...


@cache
def real_bot() -> Bot:
    """The real bot on the corpus as it ships; opened once, since it never changes."""
    return open_bot(load_settings({}, {"corpus_dir": str(ROOT / "corpus"), "database_url": ""}))


@cache
def real_gates() -> Gates:
    """The gates as they ship, without any of a clinic's own."""
    return load_gates()


def small_guide(folder: Path, text: str = SIX_PASSAGES) -> ReadyGuide:
    """A bare guide made from a text, ready to answer."""
    path = folder / "iron.md"
    path.write_text(text, encoding="utf-8")
    return make_ready(load_guide(path), real_gates())


def converse(
    bot: Bot, *texts: str, step_seconds: float = 20.0, explain: bool = False
) -> tuple[Reply, Visit]:
    """The reply to the last of the messages, all said in one visit, and the visit after it."""
    visit = Visit(VISIT)
    for n, text in enumerate(texts):
        turn = Turn(f"reply-{n}", NOON + n * step_seconds, text=text, explain=explain)
        reply, visit = bot.ask(turn, visit)
    return reply, visit


def judge(text: str, after: str | None = None, gates: Gates | None = None) -> Verdict:
    """What the gates find in a message, read with the real vocabulary."""
    message = read(text, real_bot().guide().vocabulary)
    clauses = [reading.clauses for reading in message.readings]
    return (gates or real_bot().policy.gates).judge(clauses, message.languages, after)


def check_excerpts(reply: Reply, guide: Guide) -> None:
    """Every excerpt is a slice of the source, whole in its passage, and not withheld."""
    for excerpt in reply.excerpts:
        passage = guide.passage(excerpt.passage_id)
        assert guide.source[excerpt.start : excerpt.end] == excerpt.quote
        assert excerpt.quote.strip() == excerpt.quote != ""
        assert (excerpt.guide, excerpt.sha256) == (guide.guide_id, guide.sha256)
        assert (excerpt.section, excerpt.path) == (passage.section, passage.path)
        for start, end in guide.withheld:
            assert excerpt.end <= start or end <= excerpt.start


def own_words(reply: Reply) -> str:
    """A reply's text without quotations, phone numbers, titles and the ordinals of choices."""
    text = reply.text
    for excerpt in reply.excerpts:
        text = text.replace(f"“{excerpt.display}”", "")
    for number in reply.card.numbers if reply.card else ():
        text = text.replace(number.number, "")
    text = re.sub(r"^\d\. ", "", text, flags=re.MULTILINE)
    ready = real_bot().guide()
    titles = {p.section for p in ready.guide.passages} | {ready.guide.title}
    for title in sorted(titles, key=len, reverse=True):
        text = text.replace(title, "")
    return text
