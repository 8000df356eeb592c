"""Questions that a guide's passages are asked by, and questions that it does not answer.

A guide's own come first: the curated questions of a passage, and those of absent topics. A
section without any is asked as sections of its kind are in any guide ("Risks", "On the day"),
which its heading tells; kinds of which the guide has no section are questions it is silent on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.analysis import Analyser, PhraseTable, words_of
from bot.guide import General, Guide


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the passages that answer it; none where the guide is silent.

    `kind` names the kind of section that a question was written for, if not for this guide.
    """

    text: str
    passages: tuple[str, ...]
    kind: str = ""

    @property
    def own(self) -> bool:
        """Whether the question was written for this guide."""
        return not self.kind


def example_questions(guide: Guide, general: General, analyser: Analyser) -> tuple[Example, ...]:
    """All of a guide, its own first, in the order of its data."""
    own = [Example(q.text, (q.passage_id,)) for q in guide.questions]
    own += [Example(text, ()) for text in guide.silent]
    own += [Example(text, ()) for topic in guide.absent for text in topic.ask]
    return (*own, *_by_kind(guide, general, analyser))


def _by_kind(guide: Guide, general: General, analyser: Analyser) -> Iterator[Example]:
    """Questions by the kinds of those sections that have none of their own."""
    curated = {q.passage_id for q in guide.questions}
    sections: dict[str, list[str]] = {}
    for passage in guide.passages:
        sections.setdefault(passage.section_id, []).append(passage.passage_id)
    bare = {s: ids for s, ids in sections.items() if curated.isdisjoint(ids)}
    if not bare:
        return
    kinds = general.kinds()
    table = PhraseTable(
        (tuple(map(analyser.term, words_of(heading))), kind.kind_id)
        for kind in kinds
        for heading in kind.headings
    )
    titles = {p.section_id: p.section for p in guide.passages}
    kinds_of = {
        section: {kind for _, _, kind in table.find(_stems(titles[section], analyser))}
        for section in sections
    }
    for kind in kinds:
        having = [section for section in sections if kind.kind_id in kinds_of[section]]
        passages = tuple(p for section in having for p in bare.get(section, ()))
        if passages or not having:
            for text in kind.ask:
                yield Example(text, passages, kind.kind_id)


def _stems(heading: str, analyser: Analyser) -> tuple[str, ...]:
    return tuple(analyser.term(word) for word in words_of(heading))
