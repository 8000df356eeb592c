"""A guide made searchable: its passages, the questions they are asked by, its lexicon; immutable.

Counting and scoring is `bm25`'s; whether a hit is good enough to answer is left to `grounding`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.analysis import Analyser, PhraseTable, words_of
from bot.bm25 import Index
from bot.examples import Example, example_questions
from bot.facts import Tables, Topic, facts_of
from bot.guide import General, Guide
from bot.likeness import Likeness
from bot.query import Lexicon, Query, make_lexicon, make_query, query_features
from bot.records import Passage
from bot.relevance import Relevance
from bot.rows import RowsBuilder
from bot.silence import Silence
from bot.subjects import OtherSubjects
from bot.text import sentences

ALL_PARTS = frozenset(
    ("stems", "headings", "lexicon", "questions", "relevance", "spelling", "context", "coverage")
)
"""The parts that the ablation of the eval suite can leave out."""
HEADING_WEIGHT = 2
"""How often a section's own title counts in its passages; retrieval notes say 2 to 3."""
_MIN_FOR_SCOPE = 6
"""In a guide of fewer passages a word in half of them may well be the answer."""
_SAYS_WHAT = frozenset(("is", "are", "means", "involves", "refers", "known"))
SCOPE_SHARE = 0.5
"""Share of the passages from which on a term is the guide's subject (here "vitamin", "inject")."""
_COMMON_FROM = 3
TYPED_COUNT = 2
"""A curated question's own words count double beside the lexicon's words for them."""


class RowGroups(NamedTuple):
    """Passages and the numbers of their questions, a line each; the number of all questions
    fills up the shorter lines."""

    passages: tuple[str, ...]
    rows: npt.NDArray[np.intp]


@dataclass(frozen=True)
class IndexedGuide:
    """A guide made searchable: passages, curated questions, lexicon; immutable.

    `row_passages` and `row_terms` tell for each curated question its passage and terms,
    `row_groups` for each passage its questions; `terms` maps a passage id to all terms of its
    text, headings and questions, `sentences` to those of each sentence with its heading; `order`
    to its place in the guide. `scope` holds the terms that more than half of the passages share;
    `headings` the plain words of a passage's own heading; `definition` the passage that says
    what the subject is. `common` are words that several questions hold; `word_for_word` maps
    the words of the guide's own questions to the passages that answer them.
    """

    guide: Guide
    analyser: Analyser
    passages: Index
    questions: Index
    row_passages: tuple[str, ...]
    row_groups: RowGroups
    row_terms: tuple[frozenset[str], ...]
    terms: Mapping[str, frozenset[str]]
    sentences: Mapping[str, tuple[frozenset[str], ...]]
    lexicon: Lexicon
    absent: PhraseTable[Topic]
    others: OtherSubjects
    order: Mapping[str, int]
    scope: frozenset[str]
    headings: Mapping[str, frozenset[str]]
    definition: str | None
    parents: tuple[tuple[frozenset[str], tuple[str, ...]], ...]
    relevance: Relevance
    likeness: Likeness
    silence: Silence
    common: frozenset[str]
    word_for_word: Mapping[tuple[str, ...], tuple[str, ...]]

    def query(self, words: Sequence[str]) -> Query:
        """Analyse folded words into weighted terms, with what the lexicon adds to them."""
        return make_query(words, self.analyser, self.lexicon)

    def features(self, words: Sequence[str], query: Query) -> frozenset[str]:
        """What `relevance` weighs: stems, the lexicon's words for them, and pairs of stems."""
        return query_features(words, query, self.analyser)

    def facts(self, words: Sequence[str], query: Query) -> frozenset[str]:
        """What `silence` weighs besides: is something else named, how much is in no passage."""
        tables = Tables(self.passages, self.questions, self.absent, self.others, self.analyser)
        return facts_of(words, query, tables, n_own=0)

    def knows(self, term: str) -> bool:
        """Whether the term stands anywhere in the guide or its questions."""
        return term in self.passages or term in self.questions

    def words(self) -> tuple[frozenset[str], frozenset[str]]:
        """Folded words of the guide's own text, and those of its lexicon and questions.

        Of the questions only words that several hold: some are misspelt on purpose.
        """
        own = frozenset(
            w for p in self.guide.passages for w in words_of(f"{p.text} {' '.join(p.path)}")
        )
        return own, self.common | self.lexicon.words()


def index_guide(
    guide: Guide, general: General, *, switches: frozenset[str] = ALL_PARTS
) -> IndexedGuide:
    """Build the indexes of a guide.

    Args:
        guide: The guide.
        general: Word data for any guide; the guide's own comes first.
        switches: The parts in use, for the ablation: "stems", "headings", "lexicon",
            "questions" and "relevance" count here.
    """
    analyser = Analyser(guide.subject, stemming="stems" in switches)
    texts = {p.passage_id: _passage_terms(p, analyser, switches) for p in guide.passages}
    passages = Index(list(texts.items()))
    entries = (*guide.lexicon, *general.lexicon) if "lexicon" in switches else ()
    lexicon = make_lexicon(entries, analyser, passages.vocabulary)
    absent, others = _absent(guide, general), _others(guide, general)
    asked = guide.questions if "questions" in switches else ()
    examples = example_questions(guide, general, analyser) if "relevance" in switches else ()
    texts_asked = {question.text for question in asked} | {w.text for w in examples}
    said = {text: words_of(text) for text in texts_asked}
    queries = {text: (words, make_query(words, analyser, lexicon)) for text, words in said.items()}
    rows = [queries[q.text][1] for q in asked]
    terms = {passage_id: set(own) for passage_id, own in texts.items()}
    for question, row in zip(asked, rows, strict=True):
        terms[question.passage_id].update(row.typed)
    questions = Index([(str(n), _row_terms(row)) for n, row in enumerate(rows)])
    tables = Tables(passages, questions, absent, others, analyser)
    learnt = _learn(guide, examples, queries, tables, lexicon)
    return IndexedGuide(
        guide=guide,
        analyser=analyser,
        passages=passages,
        questions=questions,
        row_passages=tuple(q.passage_id for q in asked),
        row_groups=_groups([q.passage_id for q in asked]),
        row_terms=tuple(frozenset(row.terms) for row in rows),
        terms={passage_id: frozenset(found) for passage_id, found in terms.items()},
        sentences={p.passage_id: _sentence_terms(p, analyser) for p in guide.passages},
        lexicon=lexicon,
        absent=absent,
        others=others,
        order={p.passage_id: n for n, p in enumerate(guide.passages)},
        scope=_scope(passages),
        headings={p.passage_id: frozenset(words_of(p.section)) for p in guide.passages},
        definition=_definition(guide, analyser, _scope(passages)),
        parents=_parents(guide, analyser, _scope(passages)),
        common=_common([said[q.text] for q in asked]),
        word_for_word={said[w.text]: w.passages for w in reversed(examples) if w.own},
        relevance=learnt.relevance,
        likeness=learnt.likeness,
        silence=learnt.silence,
    )


def _common(questions: Sequence[Sequence[str]]) -> frozenset[str]:
    n_holding = Counter(word for words in questions for word in set(words))
    return frozenset(word for word, n in n_holding.items() if n >= _COMMON_FROM)


def _groups(row_passages: Sequence[str]) -> RowGroups:
    groups: dict[str, list[int]] = {}
    for row, passage_id in enumerate(row_passages):
        groups.setdefault(passage_id, []).append(row)
    longest = max(map(len, groups.values()), default=0)
    filled = [rows + [len(row_passages)] * (longest - len(rows)) for rows in groups.values()]
    return RowGroups(tuple(groups), np.array(filled, dtype=np.intp).reshape(len(groups), longest))


class _Learnt(NamedTuple):
    relevance: Relevance
    likeness: Likeness
    silence: Silence


def _learn(
    guide: Guide,
    examples: Sequence[Example],
    queries: Mapping[str, tuple[tuple[str, ...], Query]],
    tables: Tables,
    lexicon: Lexicon,
) -> _Learnt:
    """What the questions teach; `queries` holds the words and the analysis of each text."""
    features, facts = RowsBuilder(), RowsBuilder()
    for example in examples:
        words, query = queries[example.text]
        n_own = int(example.own and bool(example.passages))
        features.add(query_features(words, query, tables.analyser))
        facts.add(facts_of(words, query, tables, n_own=n_own))
    rows = features.rows()
    covered = np.array([bool(e.passages) for e in examples], dtype=np.bool_)
    of_kind = np.array([bool(e.kind) for e in examples], dtype=np.bool_)
    kinds = Relevance(rows.taken(of_kind), [(e.kind,) for e in examples if e.kind])
    return _Learnt(
        Relevance(rows.taken(covered), [e.passages for e in examples if e.passages]),
        _likeness(guide, kinds, tables.analyser, lexicon),
        Silence(rows.beside(facts.rows()), ~covered),
    )


def _likeness(guide: Guide, kinds: Relevance, analyser: Analyser, lexicon: Lexicon) -> Likeness:
    """Passages that have no questions of their own, by what their sentences sound like."""
    curated = {question.passage_id for question in guide.questions}
    bare = [p for p in guide.passages if p.passage_id not in curated] if len(kinds) else []
    texts = {
        p.passage_id: [p.section, *(p.text[start:end] for start, end in sentences(p.text))]
        for p in bare
    }

    def features(text: str) -> frozenset[str]:
        words = words_of(text)
        return query_features(words, make_query(words, analyser, lexicon), analyser)

    parts = {passage_id: [features(text) for text in all_] for passage_id, all_ in texts.items()}
    return Likeness(kinds, parts)


def _passage_terms(passage: Passage, analyser: Analyser, switches: frozenset[str]) -> list[str]:
    terms = [term.term for term in analyser.terms(passage.text)]
    if "headings" in switches:
        title = [term.term for term in analyser.terms(passage.section)]
        parents = [t.term for above in passage.path[:-1] for t in analyser.terms(above)]
        terms += title * HEADING_WEIGHT + parents
    return terms


def _sentence_terms(passage: Passage, analyser: Analyser) -> tuple[frozenset[str], ...]:
    heading = {term.term for term in analyser.terms(passage.section)}
    return tuple(
        frozenset(heading | {term.term for term in analyser.terms(passage.text[start:end])})
        for start, end in sentences(passage.text)
    )


def _row_terms(row: Query) -> list[str]:
    return [t for t in row.typed for _ in range(TYPED_COUNT)] + list(row.expanded)


def _scope(passages: Index) -> frozenset[str]:
    """Terms that so many passages hold that they tell the guide's subject, not an answer."""
    if len(passages) < _MIN_FOR_SCOPE:
        return frozenset()
    most = SCOPE_SHARE * len(passages)
    return frozenset(t for t in passages.vocabulary if passages.document_frequency(t) > most)


def _definition(guide: Guide, analyser: Analyser, scope: frozenset[str]) -> str | None:
    """The first passage with a sentence that begins with the subject and says what it is."""
    for passage in guide.passages:
        for start, end in sentences(passage.text):
            words = words_of(passage.text[start:end])
            verb = next((i for i, w in enumerate(words[:12]) if w in _SAYS_WHAT), 0)
            before = {t.term for t in analyser.terms(" ".join(words[:verb]))}
            if verb and before & (scope | {Analyser.subject_term}):
                return passage.passage_id
    return None


def _parents(
    guide: Guide, analyser: Analyser, scope: frozenset[str]
) -> tuple[tuple[frozenset[str], tuple[str, ...]], ...]:
    """Headings that only hold other sections: their terms, and the first passage of each."""
    own = {p.path for p in guide.passages}
    below: dict[tuple[str, ...], dict[str, str]] = {}
    for passage in guide.passages:
        for depth in range(1, len(passage.path)):
            above = passage.path[:depth]
            if above not in own:
                below.setdefault(above, {}).setdefault(passage.section_id, passage.passage_id)
    about = scope | {Analyser.subject_term}
    found = []
    for above, firsts in below.items():
        terms = frozenset(t.term for t in analyser.terms(above[-1])) - about
        if terms and len(firsts) > 1:
            found.append((terms, tuple(firsts.values())))
    return tuple(found)


def _absent(guide: Guide, general: General) -> PhraseTable[Topic]:
    """Words to the absent topic they show; a general topic counts where the guide is silent."""
    own = frozenset(w for p in guide.passages for w in words_of(f"{p.text} {' '.join(p.path)}"))
    withheld = [words_of(guide.source[start:end]) for start, end in guide.withheld]
    table: dict[tuple[str, ...], Topic] = {}
    for topic in guide.absent:
        for words in map(words_of, topic.words):
            is_slip = any(_stands_in(words, sentence) for sentence in withheld)
            table.setdefault(words, Topic(topic.topic_id, topic.name, topic.near, is_slip))
    for common in general.absent:
        if any(own.issuperset(words_of(text)) for text in common.unless):
            continue
        for said in common.words:
            table.setdefault(words_of(said), Topic(common.topic_id, common.name, ()))
    return PhraseTable((words, topic) for words, topic in table.items() if words)


def _stands_in(phrase: Sequence[str], words: Sequence[str]) -> bool:
    n = len(phrase)
    return any(tuple(words[i : i + n]) == tuple(phrase) for i in range(len(words) - n + 1))


def _others(guide: Guide, general: General) -> OtherSubjects:
    """Names of other subjects, less those that the guide itself or its subject uses."""
    own = frozenset(w for p in guide.passages for w in words_of(f"{p.text} {' '.join(p.path)}"))
    own |= frozenset(w for text in guide.subject for w in words_of(text))
    return OtherSubjects(general.others, general.medicine_endings, own)
