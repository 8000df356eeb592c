"""Lists what of a guide is never quoted, and what only looks as if it should not be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.answer import ReadyGuide
from bot.answer.load import make_ready
from bot.cli.findings import Finding, Findings
from bot.cli.render import lines_of
from bot.excerpt import Sentence, tells_a_dose
from bot.gates import Gates
from bot.guide import Guide
from bot.records import Passage

_REASONS = {
    "withheld.amount": "an amount",
    "withheld.schedule": "how often something is given or taken",
    "withheld.course": "when or for how long something is given or taken",
    "withheld.count": "a number of doses",
    "withheld.technique": "how an injection is given",
    "withheld.row": "a figure in a row of a table",
    "withheld.figure": "a figure, in a language that the rules do not read",
    "lasting": "how long something lasts or is felt, no dose",
    "count": "a figure, but no amount and nothing that is given or taken",
}
_MAX_CHARS = 160
"""Of a sentence; enough to find it, its line is named beside it."""

Place = tuple[Passage, Sentence]


def guarded(guide: Guide, gates: Gates) -> Findings:
    """Sentences and rows that are never quoted, then those with figures that may be."""
    ready = make_ready(guide, gates)
    kept_back = list(_places(ready, is_withheld=True))
    look_alikes = list(_places(ready, is_withheld=False))
    told = "never quoted, since they tell a dose, a schedule or a technique, or by guide.toml"
    yield Finding("good", f"{_counted(kept_back)} {told}")
    yield from (_note(place, ready) for place in kept_back)
    told = "with figures that are no dose, and may be quoted"
    yield Finding("good", f"{_counted(look_alikes)} {told}")
    yield from (_note(place, ready) for place in look_alikes)
    yield from _headings(ready, gates)


def _places(ready: ReadyGuide, *, is_withheld: bool) -> Iterator[Place]:
    for passage in ready.guide.passages:
        for sentence in ready.sentences[passage.passage_id]:
            if sentence.withheld if is_withheld else sentence.seems:
                yield passage, sentence


def _counted(places: Sequence[Place]) -> str:
    n_rows = sum(passage.kind == "row" for passage, _ in places)
    n_sentences = len(places) - n_rows
    return f"{_many(n_sentences, 'sentence')} and {_many(n_rows, 'table row')}"


def _many(n: int, name: str) -> str:
    return f"{n} {name}" if n == 1 else f"{n} {name}s"


def _note(place: Place, ready: ReadyGuide) -> Finding:
    passage, sentence = place
    guide = ready.guide
    rule = sentence.withheld or sentence.seems
    reason = _by_clinic(sentence, guide) if rule == "clinic" else _REASONS.get(rule, f"rule {rule}")
    lines = lines_of(guide.source, sentence.start, sentence.end)
    words = ", ".join(dict.fromkeys(sentence.figures))
    quote = guide.display(guide.source[sentence.start : sentence.end])
    told_by = f" ({words})" if words else ""
    return Finding(
        "note",
        f"{lines}: {reason}{told_by}: “{_short(quote)}”",
        {
            "kind": "withheld" if sentence.withheld else "quotable",
            "lines": lines,
            "start": sentence.start,
            "end": sentence.end,
            "passage_id": passage.passage_id,
            "is_row": passage.kind == "row",
            "rule": rule,
            "reason": reason,
            "words": list(sentence.figures),
            "quote": quote,
        },
    )


def _by_clinic(sentence: Sentence, guide: Guide) -> str:
    whys = [
        why
        for (start, end), why in zip(guide.withheld, guide.why_withheld, strict=True)
        if start < sentence.end and sentence.start < end
    ]
    return "guide.toml says: " + "; ".join(dict.fromkeys(why.rstrip(".") for why in whys))


def _headings(ready: ReadyGuide, gates: Gates) -> Findings:
    """Headings stand over every quotation, so a dose in one would be shown."""
    guide = ready.guide
    for section in guide.sections:
        if tells_a_dose(section.title, gates, ready.vocabulary, guide.language):
            lines = lines_of(guide.source, section.start, section.start)
            told = f"a heading is shown with every quotation, and “{_short(section.title)}” "
            yield Finding("look", f"{lines}: {told}tells a dose; word it without one")


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1].rstrip() + "…"
