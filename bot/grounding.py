"""Is a question covered by the guide, and where: three bands from a few named figures.

Each figure says one thing that a person can check: how much of what was asked the passage
holds, how near the nearest curated question is, what the guide has never heard of. Their
weights and the thresholds are fitted data (`data/grounding.toml`); which words to quote is
left to `excerpt`.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from bot.analysis import Analyser
from bot.facts import Topic
from bot.index import IndexedGuide
from bot.query import Query
from bot.ranking import Found, asked_heading, asks_what_it_is, search
from bot.spelling import common_ranks

Band = Literal["answer", "clarify", "not_covered"]
_RARITY = ((300, 0.1), (1000, 0.25), (3000, 0.45), (8000, 0.7), (30000, 0.9))
"""Information of a word unknown to the guide by its rank among English words, 0 to 1."""
_ARTICLES = frozenset(("a", "an", "the"))
FIGURES = (
    "coverage",
    "similarity",
    "row_held",
    "typed_held",
    "passage_score",
    "sentence",
    "heading",
    "margin",
    "unknown",
    "rarest_unknown",
    "other_subject",
    "absent",
    "subject",
    "continues",
    "n_terms",
    "relevance",
    "alike",
    "silent",
)


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of the figures and the two thresholds, fitted on the tuning part."""

    bias: float
    weights: Mapping[str, float]
    answer_from: float
    clarify_from: float

    def score(self, figures: Mapping[str, float]) -> float:
        """Logistic of the weighted figures, 0 to 1."""
        total = self.bias + sum(self.weights.get(k, 0.0) * v for k, v in figures.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

    def band(self, score: float) -> Band:
        """The band of a score."""
        if score >= self.answer_from:
            return "answer"
        return "clarify" if score >= self.clarify_from else "not_covered"


@dataclass(frozen=True, slots=True)
class Grounding:
    """What a run of words finds in the guide.

    `ranking` holds passage ids with their retrieval scores, best first; `score` is the
    confidence that the first one answers, 0 to 1; `unknown` are words that the guide has
    never heard of, the rarest first.
    """

    score: float
    band: Band
    ranking: tuple[tuple[str, float], ...]
    figures: Mapping[str, float]
    query: Query
    topic: Topic | None
    unknown: tuple[str, ...]

    @property
    def best(self) -> str | None:
        """The passage id that ranks first."""
        return self.ranking[0][0] if self.ranking else None


def ground(
    words: Sequence[str],
    indexed: IndexedGuide,
    *,
    carried: Sequence[str] = (),
    carried_weight: float = 0.0,
    last: Sequence[str] = (),
    around: Sequence[str] = (),
    coverage: bool = True,
) -> Grounding:
    """Search for a run of folded words and judge whether the guide covers it.

    Args:
        words: Folded words of one clause or of a whole message.
        indexed: The guide.
        carried: Terms of the last answered turn that help the ranking, never the judgement.
        carried_weight: Their weight, 0 to 1.
        last: Passages that were quoted last, where the words lean on them.
        around: Folded words of the whole message: "cortisone shot, does it hurt" asks about
            cortisone though its question does not say so.
        coverage: False takes whatever is found first (for the ablation).
    """
    query = indexed.query(words)
    terms = {t: carried_weight for t in carried if indexed.knows(t)} | query.terms
    found = search(terms, indexed, words, query, last)
    ranking = found.ranking
    absent = indexed.absent.find(words)
    topic = absent[-1][2] if absent else None
    unknown = _unknown(words, query, indexed)
    figures = _figures(words, around or words, query, found, unknown, topic, indexed)
    figures["continues"] = float(bool(ranking) and ranking[0][0] in last)
    model = load_model(with_questions=bool(indexed.guide.questions))
    score = None if figures["other_subject"] else _certain(words, ranking, indexed)
    if topic is not None and topic.is_slip:
        score = 0.0
    if score is None:
        # The subject alone ("b12", "the injection") asks nothing, unless it leans on what was
        # quoted; with a question word it does ("who are these injections for").
        named = all(w in _ARTICLES or indexed.analyser.term(w) in query.typed for w in words)
        asks = bool(figures["asked"] if named else figures["n_terms"]) or bool(last)
        score = model.score(figures) if ranking and asks else 0.0
    band: Band = model.band(score) if coverage else ("answer" if ranking else "not_covered")
    rarest = tuple(sorted(unknown, key=lambda word: (-unknown[word], word)))
    return Grounding(score, band, ranking, figures, query, topic, rarest)


def information(word: str, term: str, indexed: IndexedGuide) -> float:
    """How much a word says about what is asked, 0 to 1.

    A word of the guide: its inverse document frequency beside the highest there is, less where
    English uses it all the time; one that the guide has never heard of: its rarity in English.
    A word that nearly every passage holds decides the subject, so it says nothing here.
    """
    if term == Analyser.subject_term or term in indexed.scope:
        return 0.0
    index = indexed.questions if term in indexed.questions else indexed.passages
    if term not in index:
        return _rarity(word)
    return min(1.0, index.idf(term) / max(index.idf(""), 1e-9)) * (0.4 + 0.6 * _rarity(word))


def _rarity(word: str) -> float:
    rank_of = common_ranks().get(word)
    if rank_of is None:
        return 1.0
    return next(weight for limit, weight in _RARITY if rank_of < limit)


@cache
def load_model(*, with_questions: bool) -> Model:
    """The fitted model for guides with curated questions, or that for bare guides."""
    text = (files("bot") / "data" / "grounding.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)["with_questions" if with_questions else "bare"]
    return Model(
        float(table["bias"]),
        {name: float(value) for name, value in table["weights"].items()},
        float(table["answer_from"]),
        float(table["clarify_from"]),
    )


def _unknown(words: Sequence[str], query: Query, indexed: IndexedGuide) -> dict[str, float]:
    """Content words that neither guide, questions nor lexicon know, with their information."""
    said = {word for phrase, _ in query.via for word in phrase.split()}
    found: dict[str, float] = {}
    for word in words:
        term = indexed.analyser.term(word)
        if term in query.typed and not indexed.knows(term) and word not in said:
            found[word] = information(word, term, indexed)
    return found


def _figures(
    words: Sequence[str],
    around: Sequence[str],
    query: Query,
    found: Found,
    unknown: Mapping[str, float],
    topic: Topic | None,
    indexed: IndexedGuide,
) -> dict[str, float]:
    masses = _masses(words, query, indexed)
    total = sum(masses.values()) or 1.0
    ranking = found.ranking
    best = ranking[0][0] if ranking else ""
    defines = best == indexed.definition and asks_what_it_is(words, query, indexed)
    defines = defines or best in asked_heading(query, indexed)[:1]
    held = _held(query, indexed.terms[best], indexed) if best else {}
    own = indexed.terms[best] if best else frozenset()
    overlap, row_held = _nearest(masses, query, found.rows[:3], indexed)
    idf_sum = sum(indexed.passages.idf(t) * w for t, w in query.terms.items()) or 1.0
    return {
        "coverage": 1.0
        if defines
        else sum(m * held.get(t, 0.0) for t, m in masses.items()) / total,
        "similarity": overlap,
        "row_held": row_held,
        "typed_held": 1.0 if defines else sum(m for t, m in masses.items() if t in own) / total,
        "sentence": 1.0 if defines else _in_one_sentence(masses, query, best, indexed) / total,
        "heading": len(indexed.headings[best] & set(words)) / len(indexed.headings[best])
        if best
        else 0.0,
        "passage_score": found.own.get(best, 0.0) / idf_sum,
        "margin": 1 - _second(ranking, indexed) / ranking[0][1] if ranking else 0.0,
        "unknown": sum(unknown.values()) / total,
        "rarest_unknown": max(unknown.values(), default=0.0),
        "other_subject": float(_about_another(words, around, indexed)),
        "absent": float(topic is not None),
        "subject": float(Analyser.subject_term in query.typed),
        "relevance": found.leaning.get(best, 0.0),
        "alike": found.alike.get(best, 0.0),
        "silent": _log_odds(found.silent),
        "n_terms": math.log1p(max(len(masses), 3 if defines else 0)),
        "asked": sum(masses.values()),
        "rarest_known": max((m for t, m in masses.items() if indexed.knows(t)), default=0.0),
    }


def _log_odds(share: float) -> float:
    """Of a share: the natural logarithm of its odds over 1.5, between -6 and 6."""
    bounded = min(max(share, 1e-4), 1 - 1e-4)
    return math.log(bounded / (1 - bounded)) / 1.5


def _certain(
    words: Sequence[str], ranking: Sequence[tuple[str, float]], indexed: IndexedGuide
) -> float | None:
    """1 for a curated question word for word, 0 for one that the guide is silent on, else None."""
    passages = indexed.word_for_word.get(tuple(words))
    if passages is None:
        return None
    return float(bool(ranking) and ranking[0][0] in passages)


def _about_another(words: Sequence[str], around: Sequence[str], indexed: IndexedGuide) -> bool:
    """Whether another medicine, vaccine, condition ... is named, here or as the only subject."""
    if indexed.others.find(words):
        return True
    if tuple(around) == tuple(words) or not indexed.others.find(around):
        return False
    return Analyser.subject_term not in indexed.query(around).typed


def _masses(words: Sequence[str], query: Query, indexed: IndexedGuide) -> dict[str, float]:
    """Typed terms with the information they carry; the subject, which decides scope, is out."""
    by_term = {indexed.analyser.term(word): word for word in words}
    return {
        term: information(by_term.get(term, term), term, indexed)
        for term in query.typed
        if term != Analyser.subject_term
    }


def _held(query: Query, own: frozenset[str], indexed: IndexedGuide) -> dict[str, float]:
    """How far terms hold each typed one: itself 1, through the lexicon 0.8."""
    held = {term: 1.0 for term in query.typed if term in own}
    for said, added in query.via:
        if any(term in own for term in added):
            for word in said.split():
                term = indexed.analyser.term(word)
                held[term] = max(held.get(term, 0.0), 0.8)
    return held


def _in_one_sentence(
    masses: Mapping[str, float], query: Query, passage_id: str, indexed: IndexedGuide
) -> float:
    """The most of the asked terms' weight that a single sentence of a passage holds."""
    held = [
        sum(masses.get(t, 0.0) for t in _held(query, terms, indexed))
        for terms in indexed.sentences.get(passage_id, ())
    ]
    return max(held, default=0.0)


def _second(ranking: Sequence[tuple[str, float]], indexed: IndexedGuide) -> float:
    """Score of the best passage of another section than the first's."""
    if not ranking:
        return 0.0
    first = indexed.guide.passage(ranking[0][0]).section_id
    return next((s for pid, s in ranking if indexed.guide.passage(pid).section_id != first), 0.0)


def _nearest(
    masses: Mapping[str, float], query: Query, rows: Sequence[int], indexed: IndexedGuide
) -> tuple[float, float]:
    """How near the nearest curated question is, each 0 to 1.

    First the weighted overlap (Jaccard) of both; then the share of the curated question's own
    weight that was asked.
    """
    idf = indexed.questions.idf
    wanted = {t: w * idf(t) for t, w in query.expanded.items()}
    wanted |= {t: idf(t) * max(m, 0.1) for t, m in masses.items()}
    total = sum(wanted.values())
    overlap = held = 0.0
    for row in rows:
        terms = indexed.row_terms[row]
        shared = sum(w for t, w in wanted.items() if t in terms)
        row_mass = sum(idf(t) for t in terms) or 1.0
        matched = sum(idf(t) for t in terms if t in wanted)
        overlap = max(overlap, shared / ((total + 0.5 * (row_mass - matched)) or 1.0))
        held = max(held, matched / row_mass)
    return overlap, held
