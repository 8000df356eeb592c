"""What every reader of a guide owes for every text."""

from __future__ import annotations

from itertools import pairwise

from bot.records import Passage, Section


def check_invariants(source: str, sections: list[Section], passages: list[Passage]) -> None:
    """Slices in order, not overlapping, each inside its section; ids unique; paths whole."""
    governed = {s.section_id: s for s in sections}
    assert len(governed) == len(sections)
    assert len({p.passage_id for p in passages}) == len(passages)
    assert all(a.end <= b.start for a, b in pairwise(sections))
    assert all(a.end <= b.start for a, b in pairwise(passages))
    for passage in passages:
        section = governed[passage.section_id]
        assert source[passage.start : passage.end] == passage.text == passage.text.strip() != ""
        assert section.start <= passage.start
        assert passage.end <= section.end
        assert passage.path == section.path
        assert passage.path[-1] == passage.section == section.title != ""
