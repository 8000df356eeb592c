"""Which words to quote: the sentences that answer, contiguous, cut from the source by position.

A sentence with an amount, a schedule or a technique, or that the clinic withholds, is never
quoted. Whether to quote at all is left to `grounding` and `answer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote as percent

from bot.analysis import Clause, tokenize
from bot.gates import Gates
from bot.gates.guarded import languages_of
from bot.guide import Guide
from bot.index import IndexedGuide
from bot.records import Excerpt, Passage
from bot.spelling import Vocabulary
from bot.text import normalise, sentences

MAX_WORDS = 60
"""Longest run of sentences, unless a list is the answer; about three SMS segments."""
MAX_LIST_WORDS = 120
_FRAGMENT_WORDS = 6
"""Words at each end of a long quote that find it on the reading page."""


class QuoteError(ValueError):
    """A quotation that is not the slice of the source that it claims to be."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage by its range in the source.

    `withheld` names why it may not be quoted, or is empty; `seems` what a sentence tells that
    may be quoted and has figures all the same, or is empty; see `Gates.resembles`. `figures`
    are the words on which either was decided.
    """

    start: int
    end: int
    terms: frozenset[str]
    n_words: int
    withheld: str
    seems: str = ""
    figures: tuple[str, ...] = ()


def split_guide(
    indexed: IndexedGuide, gates: Gates, vocabulary: Vocabulary
) -> dict[str, tuple[Sentence, ...]]:
    """Sentences of every passage, each judged once at load."""
    guide = indexed.guide
    declared = frozenset((guide.language.partition("-")[0].lower(),))
    standing = languages_of(guide.source, declared)
    found: dict[str, tuple[Sentence, ...]] = {}
    for p in guide.passages:
        judge = _Judge(indexed, gates, vocabulary, languages_of(p.text, standing))
        ranges = [(p.start + start, p.start + end) for start, end in _units(p)]
        found[p.passage_id] = tuple(judge.sentence(*at, is_row=p.kind == "row") for at in ranges)
    return found


def tells_a_dose(text: str, gates: Gates, vocabulary: Vocabulary, language: str) -> bool:
    """Whether words that are shown whole, such as a heading, would be withheld as a sentence."""
    words = _words(text)
    clause = Clause(words, vocabulary.subject_ranges(words))
    languages = languages_of(text, frozenset((language.partition("-")[0].lower(),)))
    return gates.withholds(clause, languages) is not None


def choose(
    passage: Passage,
    all_sentences: Mapping[str, tuple[Sentence, ...]],
    terms: Mapping[str, float],
    indexed: IndexedGuide,
    *,
    avoid: frozenset[str] = frozenset(),
) -> tuple[int, int] | None:
    """The range of the source to quote from a passage, or None if nothing may be quoted.

    Args:
        passage: The passage that answers.
        all_sentences: Sentences by passage id, from `split_guide`.
        terms: Weighted query terms; they choose among sentences.
        indexed: The guide.
        avoid: Terms whose sentences are left out where others remain (see `Guide.pairs`).
    """
    listed = _whole_list(passage, all_sentences, indexed.guide)
    if listed:
        return listed
    own = all_sentences[passage.passage_id]
    allowed = [not s.withheld and not (s.terms & avoid) for s in own]
    if not any(allowed):
        allowed = [not s.withheld for s in own]
    if not any(allowed):
        return None
    worth = [_worth(s, terms, indexed) if ok else -1.0 for s, ok in zip(own, allowed, strict=True)]
    first = last = max(range(len(own)), key=lambda i: (worth[i], -i))
    n_words = own[first].n_words
    while True:
        options = [i for i in (first - 1, last + 1) if 0 <= i < len(own) and allowed[i]]
        options = [i for i in options if n_words + own[i].n_words <= MAX_WORDS]
        if not options:
            return own[first].start, own[last].end
        # What stands before explains what follows, so ties go backwards.
        taken = max(options, key=lambda i: (worth[i], -i))
        first, last = min(first, taken), max(last, taken)
        n_words += own[taken].n_words


def cut(guide: Guide, passage: Passage, start: int, end: int, *, base_url: str = "") -> Excerpt:
    """Quote a range of the source.

    Raises:
        QuoteError: The range is empty, out of the source, or not what is quoted.
    """
    quote = guide.source[start:end]
    if not quote.strip() or not 0 <= start < end <= len(guide.source):
        raise QuoteError(f"{passage.passage_id}: nothing stands at {start}-{end}")
    display = guide.display(quote)
    excerpt = Excerpt(
        guide=guide.guide_id,
        passage_id=passage.passage_id,
        section=passage.section,
        path=passage.path,
        quote=quote,
        display=display,
        start=start,
        end=end,
        sha256=guide.sha256,
        url=f"{base_url}/guides/{percent(guide.guide_id)}#{_fragment(passage, display)}",
    )
    if guide.source[excerpt.start : excerpt.end] != excerpt.quote:
        raise QuoteError(f"{passage.passage_id}: the quote is not the source at {start}-{end}")
    return excerpt


def quotable(passage_id: str, all_sentences: Mapping[str, tuple[Sentence, ...]]) -> bool:
    """Whether anything of a passage may be quoted."""
    return any(not sentence.withheld for sentence in all_sentences[passage_id])


def _units(passage: Passage) -> list[tuple[int, int]]:
    if passage.kind in ("row", "code"):
        return [(0, len(passage.text))]
    return sentences(passage.text) or [(0, len(passage.text))]


@dataclass(frozen=True, slots=True)
class _Judge:
    """What a sentence of a passage is judged with."""

    indexed: IndexedGuide
    gates: Gates
    vocabulary: Vocabulary
    languages: frozenset[str]

    def sentence(self, start: int, end: int, *, is_row: bool) -> Sentence:
        text = self.indexed.guide.source[start:end]
        tokens = tokenize(text)
        words = _words(text)
        clause = Clause(words, self.vocabulary.subject_ranges(words))
        why, figures = self._why(clause, start, end, is_row=is_row)
        seems = ""
        if not why:
            seems, figures = self.gates.resembles(clause, self.languages)
        terms = frozenset(term.term for term in self.indexed.analyser.terms_of(tokens))
        return Sentence(start, end, terms, len(tokens), why, seems, figures)

    def _why(
        self, clause: Clause, start: int, end: int, *, is_row: bool
    ) -> tuple[str, tuple[str, ...]]:
        if any(s < end and start < e for s, e in self.indexed.guide.withheld):
            return "clinic", ()
        if fired := self.gates.withholds(clause, self.languages):
            return fired.rule_id, fired.words
        # A table row has no verb to tell an amount from a schedule: any figure withholds it.
        figures = tuple(word for word in clause.words if word[0].isdigit())
        if is_row and figures:
            return "withheld.row", figures
        return "", ()


def _words(text: str) -> tuple[str, ...]:
    """Folded words with hidden characters and look-alike letters put right, for judging."""
    return tuple(token.word for token in tokenize(normalise(text)))


def _worth(sentence: Sentence, terms: Mapping[str, float], indexed: IndexedGuide) -> float:
    return sum(w * indexed.passages.idf(t) for t, w in terms.items() if t in sentence.terms)


def _whole_list(
    passage: Passage, all_sentences: Mapping[str, tuple[Sentence, ...]], guide: Guide
) -> tuple[int, int] | None:
    """The range of a whole short list, with its lead-in, if the passage belongs to one."""
    run = _list_around(passage, guide)
    if len(run) < 2:
        return None
    parts = [s for p in run for s in all_sentences[p.passage_id]]
    if any(s.withheld for s in parts) or sum(s.n_words for s in parts) > MAX_LIST_WORDS:
        return None
    return run[0].start, run[-1].end


def _list_around(passage: Passage, guide: Guide) -> Sequence[Passage]:
    same = [p for p in guide.passages if p.section_id == passage.section_id]
    at = same.index(passage)
    leads = passage.text.rstrip().endswith(":")
    if passage.kind != "item" and not (leads and at + 1 < len(same)):
        return ()
    first = last = at
    while first > 0 and same[first].kind == "item" and same[first - 1].kind == "item":
        first -= 1
    while last + 1 < len(same) and same[last + 1].kind == "item":
        last += 1
    if first > 0 and same[first - 1].text.rstrip().endswith(":"):
        first -= 1
    return same[first : last + 1]


def _fragment(passage: Passage, display: str) -> str:
    """Anchor of the section with a text fragment that marks the quoted words."""
    words = display.split()
    if len(words) <= 2 * _FRAGMENT_WORDS:
        text = _escape(display)
    else:
        start, end = words[:_FRAGMENT_WORDS], words[-_FRAGMENT_WORDS:]
        text = f"{_escape(' '.join(start))},{_escape(' '.join(end))}"
    return f"{passage.passage_id}:~:text={text}"


def _escape(text: str) -> str:
    # `-`, `,` and `&` have a meaning of their own in a text fragment.
    return percent(text, safe="").replace("-", "%2D")
