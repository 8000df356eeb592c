"""Writes proposals as one TOML text to read, cut and paste from; comments say what for and why."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.guide import Guide
from bot.proposals.model import Entry, Missing, Proposals, Wordings, n_messages
from bot.proposals.unanswered import Heard, Unanswered
from bot.text import fold_space

_MAX_COLUMNS = 96
_MAX_SHOWN = 12
"""Questions shown behind one proposal; the rest is counted."""
_FATES = (
    ("answered", "answered"),
    ("gates", "caught by a gate (dose, emergency, personal advice ...); not used, not shown here"),
    ("smalltalk", "small talk, contact, privacy"),
    ("unclear", "not readable, or in a language that is not enabled"),
    ("vague", "asked for nothing in particular"),
    ("known", "told that the guide does not cover {topics}"),
    ("private", "left open, but not shown: an address, a phone number or a date in it"),
    ("open", "left open: these are below"),
)
_MAX_BEGINNING = 150
_MAX_QUESTION = 160
_MAX_TOPICS = 8
_RULE = "# " + "=" * (_MAX_COLUMNS - 2)
_HELP = (
    "NOTHING HAS BEEN CHANGED. These are guesses from words alone, and a person decides: read",
    "the questions and the passage, strike what does not fit, paste the rest at the end of the",
    "file that is named above it, in the guide's folder, and then run: quotewell check",
    "What people typed may say something about them. Keep this text as you keep their",
    "questions, and paste no names.",
)
_QUESTIONS_HELP = (
    "Other ways to ask for a passage. Right only if the passage alone would satisfy who asked;",
    "strike the lines for which it would not.",
)
_LEXICON_HELP = (
    "A word that the guide does not know, in questions that are near one passage without it.",
    "Right only if it means the same. `means` is a guess, words of that passage: choose among",
    "them, or write better ones that stand in the guide.",
)
_ABSENT_HELP = (
    "What people ask for and the guide seems to lack. Look into the guide first: if it says",
    'anything about it, this is no topic. `name` is shown: "The guide doesn\'t cover {name}."',
)
_LEFT_HELP = (
    "Nothing is proposed for these: asked too seldom, or with no word that could name them.",
    "Behind each stands the passage that came nearest, where one came near at all.",
)
_FILES = (
    ("questions.toml", _QUESTIONS_HELP),
    ("lexicon.toml", _LEXICON_HELP),
    ("absent.toml", _ABSENT_HELP),
)
Proposal = Wordings | Entry | Missing


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A proposal with its number on the sheet and the file that it is for."""

    number: int
    file: str
    proposal: Proposal


def sheet(heard: Heard, proposals: Proposals, guide: Guide) -> str:
    """The whole sheet, valid TOML, ending in a line break.

    Each proposal can be pasted at the end of its file as it stands. What was typed stands in
    comments, and in `ask`, `say` and `words`, which are matched and never shown to anybody;
    only a topic's `name` is.
    """
    every = _numbered(proposals)
    lines = list(_head(heard, len(every), guide))
    for file, help_lines in _FILES:
        found = [one for one in every if one.file == file]
        if found:
            lines += ["", "", _RULE, f"# FOR {file}", *_comments(help_lines)]
        for one in found:
            lines += ["", *_block(one, every, guide)]
    if proposals.left:
        lines += ["", "", _RULE, "# LEFT", *_comments(_LEFT_HELP), "#"]
        lines += [line for members in proposals.left for line in _left(members)]
    return "\n".join(lines) + "\n"


def _numbered(proposals: Proposals) -> list[_Numbered]:
    kinds: tuple[Sequence[Proposal], ...] = (
        proposals.wordings,
        proposals.entries,
        proposals.missing,
    )
    pairs = [
        (file, proposal)
        for (file, _), found in zip(_FILES, kinds, strict=True)
        for proposal in found
    ]
    return [_Numbered(n, file, proposal) for n, (file, proposal) in enumerate(pairs, 1)]


def _head(heard: Heard, n_proposals: int, guide: Guide) -> Iterator[str]:
    made = _count(n_proposals, "proposal") if n_proposals else "No proposals"
    yield f"# {made} for the guide {_plain(guide.title)} ({guide.guide_id})"
    yield "#"
    yield from _comments(_HELP)
    yield "#"
    yield f"# {_count(heard.n_asked, 'question')}, {heard.n_different:,} different:"
    for fate, told in _FATES:
        if heard.fates.get(fate):
            line = f"{heard.fates[fate]:>7,}  {told.format(topics=_topics(heard.topics))}"
            yield from textwrap.wrap(
                line, _MAX_COLUMNS, initial_indent="# ", subsequent_indent=f"# {'':9}"
            )


def _topics(topics: Mapping[str, int]) -> str:
    ordered = sorted(topics.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ", ".join(f"{_plain(name)} ({n})" for name, n in ordered[:_MAX_TOPICS])
    return f"{shown} ..." if len(ordered) > _MAX_TOPICS else shown


def _block(one: _Numbered, every: Sequence[_Numbered], guide: Guide) -> Iterator[str]:
    members = one.proposal.members
    n = n_messages(members)
    texts = {member.text for member in members}
    others = [
        f"{other.number} ({other.file})"
        for other in every
        if other.file != one.file and _is_instead(texts, other.proposal)
    ]
    yield f"# {one.number}. {_title(one.proposal, n, guide)}"
    yield from _indented(_details(one.proposal, guide))
    if others:
        yield from _indented([f"Either this or {' or '.join(others)}: at most one can be right."])
    yield from _indented([f"Tried on a copy: {one.proposal.works} of {n} {_wish(one.proposal)}."])
    yield from _shown(members)
    yield from _table(one.proposal)


def _is_instead(texts: set[str], other: Proposal) -> bool:
    """Whether another proposal is for mostly the same questions."""
    theirs = {member.text for member in other.members}
    return 2 * len(texts & theirs) >= min(len(texts), len(theirs))


def _title(proposal: Proposal, n: int, guide: Guide) -> str:
    if isinstance(proposal, Missing):
        return f"{_count(n, 'question')} with {_string(proposal.words[0])}"
    section = _string(guide.passage(proposal.passage_id).section)
    if isinstance(proposal, Entry):
        return f"{_count(n, 'question')} with {_string(proposal.say[0])}, otherwise near {section}"
    return f"{_count(n, 'question')} near {section}" + (
        "" if proposal.alike else ", each in words of its own"
    )


def _details(proposal: Proposal, guide: Guide) -> Iterator[str]:
    if isinstance(proposal, Missing):
        if proposal.known_as:
            yield (
                f"The topic {_string(proposal.known_as)} is there and lacks only these forms: "
                "rather add `words` to its own."
            )
        return
    yield f"The passage: {_begins(proposal.passage_id, guide)}"
    if isinstance(proposal, Entry):
        return
    if proposal.other:
        yield f"Second nearest: {proposal.other}"
    if proposal.new_words:
        yield f"New to the guide: {', '.join(proposal.new_words)}"


def _begins(passage_id: str, guide: Guide) -> str:
    words = _plain(guide.display(guide.passage(passage_id).text))
    return f'"{textwrap.shorten(words, _MAX_BEGINNING, placeholder=" ...")}"'


def _wish(proposal: Proposal) -> str:
    if isinstance(proposal, Missing):
        return "told that the guide does not cover it"
    return "answered from this passage"


def _shown(members: Sequence[Unanswered]) -> Iterator[str]:
    for member in members[:_MAX_SHOWN]:
        yield f"#    - {_question(member)}"
    if len(members) > _MAX_SHOWN:
        yield f"#    - and {len(members) - _MAX_SHOWN} more"


def _question(member: Unanswered) -> str:
    times = f" ({member.count} times)" if member.count > 1 else ""
    return textwrap.shorten(_plain(member.text), _MAX_QUESTION, placeholder=" ...") + times


def _table(proposal: Proposal) -> Iterator[str]:
    if isinstance(proposal, Missing):
        yield "[[topic]]"
        yield f"id = {_string(proposal.topic_id)}"
        yield f"name = {_string(proposal.name)}"
        yield f"words = {_list(proposal.words)}"
        if proposal.near:
            yield f"near = {_list(proposal.near)}"
    elif isinstance(proposal, Entry):
        yield "[[entry]]"
        yield f"say = {_list(proposal.say)}"
        yield f"means = {_list(proposal.means)}"
        yield f"weight = {proposal.weight}"
        yield 'source = "questions of visitors"'
    else:
        yield "[[section]]"
        yield f"passage_id = {_string(proposal.passage_id)}"
        yield "ask = ["
        yield from (f"    {_string(text)}," for text in proposal.ask)
        yield "]"


def _left(members: Sequence[Unanswered]) -> Iterator[str]:
    n = n_messages(members)
    if len(members) > 1:
        yield f"# {_count(n, 'question')} alike:"
    for member in members:
        mark = "   - " if len(members) > 1 else "- "
        yield f"# {mark}{_question(member)}" + (f"  -> {member.near}" if member.near else "")


def _comments(lines: Sequence[str]) -> Iterator[str]:
    return (f"# {line}".rstrip() for line in lines)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    """As comments below a proposal's title, long ones on several lines."""
    for line in lines:
        yield from textwrap.wrap(
            line, _MAX_COLUMNS, initial_indent="#    ", subsequent_indent="#    "
        )


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _plain(text: str) -> str:
    return fold_space("".join(c if c.isprintable() else " " for c in text))


def _string(text: str) -> str:
    # JSON's strings are TOML's: what TOML bars beyond them, control characters, is gone.
    return json.dumps(_plain(text), ensure_ascii=False)


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(_string(text) for text in texts)}]"
