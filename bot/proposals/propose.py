"""Makes proposals of what was left open, and tries each kind on a copy of the guide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from bot.answer import Policy, ReadyGuide
from bot.answer.load import make_ready
from bot.guide import AbsentTopic, CuratedQuestion, Guide, LexiconEntry
from bot.proposals.clusters import cluster, weigh
from bot.proposals.for_absent import find_missing
from bot.proposals.for_lexicon import find_entries
from bot.proposals.for_questions import find_wordings
from bot.proposals.model import Entry, Missing, Proposals, Wordings, n_messages
from bot.proposals.unanswered import Heard, Unanswered, say
from bot.records import Reply

LEAST = 2
"""Messages that must stand behind an entry or a topic: what one person asked may be chance."""

P = TypeVar("P", Wordings, Entry, Missing)


def propose(heard: Heard, ready: ReadyGuide, policy: Policy, least: int = LEAST) -> Proposals:
    """Proposals for what the guide left open; one that would change nothing is left out.

    Args:
        heard: The questions, as `ask_all` found them.
        ready: The guide that was asked.
        policy: The policy that decided.
        least: Messages that must stand behind a proposal, 1 or more; a question that the bot
            asked back about is proposed as a wording also alone.
    """
    vectors = weigh([(u.words, u.grounding.query) for u in heard.open], ready.indexed)
    clusters = [[heard.open[n] for n in numbers] for numbers in cluster(vectors)]
    wordings = _tried(find_wordings(clusters, ready, least), _with_wordings, ready, policy)
    wordings = _by_passage(wordings)
    entries = _tried(find_entries(heard.open, ready, policy, least), _with_entries, ready, policy)
    missing = _tried(find_missing(clusters, ready, least), _with_missing, ready, policy)
    every: tuple[Wordings | Entry | Missing, ...] = (*wordings, *entries, *missing)
    behind = {member.text for proposal in every for member in proposal.members}
    left = [tuple(u for u in members if u.text not in behind) for members in clusters]
    return Proposals(
        wordings,
        entries,
        missing,
        tuple(sorted((members for members in left if members), key=_weight, reverse=True)),
    )


def _weight(members: Sequence[Unanswered]) -> tuple[int, bool]:
    """What is worth reading first: what was asked often, then what came near a passage."""
    return n_messages(members), any(member.near for member in members)


def _by_passage(found: Sequence[Wordings]) -> tuple[Wordings, ...]:
    """Those of one passage behind each other, the passage with the most messages first."""
    totals: dict[str, int] = {}
    for proposal in found:
        n = n_messages(proposal.members)
        totals[proposal.passage_id] = totals.get(proposal.passage_id, 0) + n
    order = list(totals)
    return tuple(sorted(found, key=lambda p: (-totals[p.passage_id], order.index(p.passage_id))))


def _tried(
    found: Sequence[P],
    added: Callable[[Guide, Sequence[P]], Guide],
    ready: ReadyGuide,
    policy: Policy,
) -> tuple[P, ...]:
    """The proposals that do something, those with the most messages first.

    All of one file are pasted into a copy at once, as somebody might; with the others of the
    same file beside them each is under its hardest conditions.
    """
    if not found:
        return ()
    copy = make_ready(added(ready.guide, found), policy.gates, policy.switches)
    unpaused = replace(policy, paused=False)
    tried: list[P] = []
    for proposal in found:
        replies = [(member.count, say(member.text, copy, unpaused)) for member in proposal.members]
        works = sum(count for count, reply in replies if _wished(proposal, reply))
        tried.append(replace(proposal, works=works))
    good = [proposal for proposal in tried if proposal.works]
    return tuple(sorted(good, key=lambda p: -n_messages(p.members)))


def _wished(proposal: Wordings | Entry | Missing, reply: Reply) -> bool:
    if isinstance(proposal, Missing):
        return (reply.outcome, reply.reason) == ("not_covered", proposal.topic_id)
    quoted = {excerpt.passage_id for excerpt in reply.excerpts}
    return reply.outcome == "answer" and proposal.passage_id in quoted


def _with_wordings(guide: Guide, found: Sequence[Wordings]) -> Guide:
    added = [CuratedQuestion(w.passage_id, text) for w in found for text in w.ask]
    return replace(guide, questions=(*guide.questions, *added))


def _with_entries(guide: Guide, found: Sequence[Entry]) -> Guide:
    added = [LexiconEntry(e.say, e.means, e.weight) for e in found]
    return replace(guide, lexicon=(*guide.lexicon, *added))


def _with_missing(guide: Guide, found: Sequence[Missing]) -> Guide:
    added = [AbsentTopic(m.topic_id, m.name, m.words, m.near) for m in found]
    return replace(guide, absent=(*guide.absent, *added))
