"""Topics for absent.toml: the rare word, or pair of words, that a cluster's questions share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, pairwise

from bot.analysis import PhraseTable, stop_words, words_of
from bot.answer import ReadyGuide
from bot.excerpt import quotable
from bot.grounding import information
from bot.proposals.model import Missing, n_messages
from bot.proposals.unanswered import Unanswered
from bot.spelling import common_ranks

_MIN_LETTERS = 3
_RARE = 0.7
"""Least information of a word that two messages share: rank 3,000 and rarer in English."""
_FAIRLY_RARE = 0.45
_SEVERAL = 3
"""Messages from which on a word of rank 1,000 and rarer is enough."""
_PLAIN = 0.9
"""A word of less information has several meanings ("card"): a pair is better, if there is one."""
_SHARE = 0.5
"""Least share of a cluster's messages that must hold the word or pair."""
_PAIR_SHARE = 0.6
"""Least share of a word's messages that must hold the pair that is named instead."""
_MAX_NEAR = 2
_LEAST_NEAR = 0.2
"""Least confidence with which a question counts for `near`; under it, what is found is chance."""
_LONGEST = 4
"""Most words of a topic's phrase whose other forms are looked for."""
_BETWEEN = re.compile(r"[^a-z0-9]+")

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Named:
    """What names a cluster: phrases of the same stems, the one that was said most first."""

    stems: Phrase
    phrases: tuple[Phrase, ...]


def find_missing(
    clusters: Sequence[Sequence[Unanswered]], ready: ReadyGuide, least: int
) -> list[Missing]:
    """A topic for each cluster that a rare word or pair names; the same name is one topic.

    The members are all open questions that hold the words, in whatever cluster, since these
    are the ones that the topic would change. Other forms of a topic's words that the guide has
    already ("gift cards" beside "gift card") are found, too, also where they were asked once.
    """
    open_ = [member for members in clusters for member in members]
    taken = {topic.topic_id for topic in ready.guide.absent}
    found = _other_forms(open_, ready, taken)
    told = {member.text for topic in found for member in topic.members}
    taken_by_guide = _pairs_of_guide(ready)
    named: dict[Phrase, _Named] = {}
    for members in clusters:
        rest = [member for member in members if member.text not in told]
        if n_messages(rest) >= least and (name := _name(rest, ready, taken_by_guide, least)):
            named.setdefault(name.stems, name)
    return found + [_topic(name, open_, ready, taken) for name in named.values()]


def _other_forms(open_: Sequence[Unanswered], ready: ReadyGuide, taken: set[str]) -> list[Missing]:
    """For each topic of the guide the other numbers, singular or plural, of its phrases.

    Not of single words: too many mean something else in the other number ("sharps", "sharp").
    """
    topics = {
        _singular(words_of(text)): topic
        for topic in reversed(ready.guide.absent)
        for text in topic.words
    }
    forms: dict[str, dict[Phrase, None]] = {}
    for member in open_:
        for length in range(2, _LONGEST + 1):
            for phrase in zip(*(member.words[i:] for i in range(length)), strict=False):
                if topic := topics.get(_singular(phrase)):
                    forms.setdefault(topic.topic_id, {})[phrase] = None
    return [
        replace(
            _missing(topic.topic_id, tuple(forms[topic.topic_id]), open_, ready, taken),
            name=topic.name,
            near=topic.near,
            known_as=topic.topic_id,
        )
        for topic in ready.guide.absent
        if topic.topic_id in forms
    ]


def _singular(phrase: Phrase) -> Phrase:
    return tuple(word.removesuffix("s") for word in phrase)


def _name(
    members: Sequence[Unanswered], ready: ReadyGuide, of_guide: frozenset[Phrase], least: int
) -> _Named | None:
    """The word or pair that names a cluster, or None."""
    total = n_messages(members)
    enough = max(least, _SHARE * total)
    words = _counted(members, 1, ready)
    pairs = {
        stems: forms
        for stems, forms in _counted(members, 2, ready).items()
        if stems not in of_guide and _worth(stems, forms, ready) >= 2 * _FAIRLY_RARE
    }
    word, pair = (_most(counts, ready, enough) for counts in (words, pairs))
    n_word = sum(words[word.stems].values()) if word else 0
    rare = _FAIRLY_RARE if n_word >= _SEVERAL else _RARE
    worth = _worth(word.stems, words[word.stems], ready) if word else 0.0
    if word is None or worth < rare:
        return pair
    n_pair = sum(pairs[pair.stems].values()) if pair else 0
    return pair if pair and worth < _PLAIN and n_pair >= _PAIR_SHARE * n_word else word


def _counted(
    members: Sequence[Unanswered], length: int, ready: ReadyGuide
) -> dict[Phrase, dict[Phrase, int]]:
    """How many messages hold each phrase that could name a topic, by its stems.

    One word of it at least must be unknown to the guide; of questions that are far from
    anything in the guide two known words may be new side by side ("home visit").
    """
    counts: dict[Phrase, dict[Phrase, int]] = {}
    for member in members:
        seen: set[Phrase] = set()
        for phrase in zip(*(member.words[i:] for i in range(length)), strict=False):
            stems = tuple(map(ready.indexed.analyser.term, phrase))
            is_new = any(word in member.grounding.unknown for word in phrase)
            far = length > 1 and not member.near
            if stems in seen or not (is_new or far):
                continue
            if all(_could_name(word, ready) for word in phrase):
                seen.add(stems)
                forms = counts.setdefault(stems, {})
                forms[phrase] = forms.get(phrase, 0) + member.count
    return counts


def _could_name(word: str, ready: ReadyGuide) -> bool:
    letters = word.isalpha() and len(word) >= _MIN_LETTERS and word not in stop_words()
    return letters and information(word, ready.indexed.analyser.term(word), ready.indexed) > 0


def _most(
    counts: Mapping[Phrase, Mapping[Phrase, int]], ready: ReadyGuide, enough: float
) -> _Named | None:
    """The name that most messages hold, the rarer of two."""
    ranked = [
        (-n, -_worth(stems, forms, ready), stems)
        for stems, forms in counts.items()
        if (n := sum(forms.values())) >= enough
    ]
    if not ranked:
        return None
    stems = min(ranked)[2]
    return _Named(stems, tuple(sorted(counts[stems], key=lambda p: (-counts[stems][p], p))))


def _worth(stems: Phrase, forms: Mapping[Phrase, int], ready: ReadyGuide) -> float:
    """Information of a phrase in its commonest form, summed over its words."""
    phrase = min(forms, key=lambda p: (-forms[p], p))
    pairs = zip(phrase, stems, strict=True)
    return sum(information(word, stem, ready.indexed) for word, stem in pairs)


def _topic(
    name: _Named, open_: Sequence[Unanswered], ready: ReadyGuide, taken: set[str]
) -> Missing:
    said = _counted(open_, len(name.stems), ready).get(name.stems, {})
    phrases = dict.fromkeys([*name.phrases, *said, *_plurals(name, ready)])
    return _missing(" ".join(name.phrases[0]), tuple(phrases), open_, ready, taken)


def _missing(
    title: str,
    phrases: tuple[Phrase, ...],
    open_: Sequence[Unanswered],
    ready: ReadyGuide,
    taken: set[str],
) -> Missing:
    table = PhraseTable((phrase, True) for phrase in phrases)
    members = [member for member in open_ if table.find(member.words)]
    return Missing(
        _free_id(title, taken),
        title,
        tuple(" ".join(phrase) for phrase in phrases),
        _near(members, ready),
        tuple(sorted(members, key=lambda u: -u.count)),
    )


def _plurals(name: _Named, ready: ReadyGuide) -> list[Phrase]:
    """Singular and plural of the phrase, where English has the word and the guide has not."""
    *before, last = name.phrases[0]
    forms = [f"{last}s", f"{last}es", last.removesuffix("s"), last.removesuffix("es")]
    stem = name.stems[-1]
    fits = [f for f in forms if f in common_ranks() and ready.indexed.analyser.term(f) == stem]
    return [(*before, form) for form in fits]


def _near(members: Sequence[Unanswered], ready: ReadyGuide) -> tuple[str, ...]:
    """The passages that the questions came nearest to, one a section."""
    votes: dict[str, float] = {}
    for member in members:
        if member.grounding.score < _LEAST_NEAR:
            continue
        for rank, (passage_id, _) in enumerate(member.grounding.ranking[:3], 1):
            share = member.count * member.grounding.score / rank
            votes[passage_id] = votes.get(passage_id, 0.0) + share
    ordered = sorted(votes, key=lambda p: (-votes[p], ready.indexed.order[p]))
    near: dict[str, str] = {}
    for passage_id in ordered:
        if quotable(passage_id, ready.sentences):
            near.setdefault(ready.guide.passage(passage_id).section_id, passage_id)
    return tuple(near.values())[:_MAX_NEAR]


def _free_id(title: str, taken: set[str]) -> str:
    """An id that no topic has yet, and from now on this one."""
    base = _BETWEEN.sub("-", title).strip("-") or "topic"
    numbered = (f"{base}-{n}" for n in count(2))
    topic_id = base if base not in taken else next(i for i in numbered if i not in taken)
    taken.add(topic_id)
    return topic_id


def _pairs_of_guide(ready: ReadyGuide) -> frozenset[Phrase]:
    """Stems of every two words side by side in the guide and its curated questions."""
    guide, analyser = ready.guide, ready.indexed.analyser
    texts = [p.text for p in guide.passages] + [" ".join(p.path) for p in guide.passages]
    texts += [question.text for question in guide.questions]
    return frozenset(
        (analyser.term(a), analyser.term(b)) for text in texts for a, b in pairwise(words_of(text))
    )
