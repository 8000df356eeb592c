"""Opens the bot: guides, rules, wording and clinic facts, read once and never changed."""

from __future__ import annotations

import gc
import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from bot.analysis import words_of
from bot.answer.compose import fault_reply
from bot.answer.decide import reply
from bot.answer.kept import ready_guides
from bot.answer.policy import Policy, ReadyGuide
from bot.clinic import load_clinic
from bot.errors import GuideError
from bot.excerpt import split_guide
from bot.gates import Gates, load_gates
from bot.guide import Guide, load_general, load_guide, load_guides
from bot.index import ALL_PARTS, index_guide
from bot.records import Reply, Turn, Visit
from bot.settings import Settings
from bot.spelling import Vocabulary, common_ranks, shorthand
from bot.wording import Wording, load_wording

VERSION_CHARS = 12
"""Of the policy's hash; enough to tell policies apart in a reply."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bot:
    """The loaded guides and the policy; immutable, swapped as a whole on reload."""

    policy: Policy
    guides: Mapping[str, ReadyGuide]
    default_guide: str

    def guide(self, guide_id: str | None = None) -> ReadyGuide:
        """The guide of that id, or the default one; KeyError where there is none."""
        return self.guides[guide_id or self.default_guide]

    def ask(self, turn: Turn, visit: Visit, guide_id: str | None = None) -> tuple[Reply, Visit]:
        """Decide one turn and fail closed: a fault gives a safe reply, never an answer.

        Raises:
            KeyError: No guide of that id.
        """
        ready = self.guide(guide_id)
        try:
            return reply(turn, ready, visit, self.policy)
        except Exception as error:  # noqa: BLE001 - the one place that must never let go
            # The type alone: a message could hold what the visitor typed.
            _log.error("reply failed, answered with the fault reply: %s", type(error).__name__)
            return fault_reply(turn, ready, visit, self.policy)


def open_bot(settings: Settings, guide_path: Path | None = None, cache: Path | None = None) -> Bot:
    """Load everything once.

    Args:
        settings: The settings in force.
        guide_path: A guide's folder or file that is used instead of the corpus.
        cache: A folder in which guides made ready are kept for the next call.

    Raises:
        GuideError: A guide is missing or wrong.
        SettingsError: Clinic facts, gates or wording are wrong.
    """
    corpus_dir = Path(settings.corpus_dir)
    gates = load_gates(corpus_dir)
    wording = load_wording()
    whole = policy_hash(gates, wording)
    policy = Policy(
        version=whole[:VERSION_CHARS],
        sha256=whole,
        gates=gates,
        wording=wording,
        clinic=load_clinic(corpus_dir),
        languages=settings.languages,
        base_url=_base_url(settings),
        paused=settings.paused,
        max_chars=settings.max_question_chars,
        samples=settings.sample_percent > 0,
    )

    def make() -> dict[str, ReadyGuide]:
        guides = _guides(corpus_dir, guide_path)
        return {guide_id: make_ready(guide, gates) for guide_id, guide in guides.items()}

    with _no_collection():
        source = guide_path or corpus_dir
        ready = ready_guides(cache, source, gates.sha256, make) if cache else make()
    bot = Bot(policy, ready, _default(settings, ready))
    _tell(policy)
    return bot


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without garbage collection, which would look again and again through all that is being
    built; it takes a tenth of the start."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def policy_hash(gates: Gates, wording: Wording) -> str:
    """SHA-256 of all that decides beside the guides; its first characters are the version."""
    fitted = (files("bot") / "data" / "grounding.toml").read_bytes()
    return hashlib.sha256(f"{gates.sha256}{wording.sha256}".encode() + fitted).hexdigest()


def make_ready(guide: Guide, gates: Gates, switches: frozenset[str] = ALL_PARTS) -> ReadyGuide:
    """Work out once what every reply from a guide needs."""
    general = load_general()
    indexed = index_guide(guide, general, switches=switches)
    own, added = indexed.words()
    # Questions and lexicon hold misspellings on purpose; they are known, but nothing to
    # correct towards.
    real = {word for word in added if word in common_ranks() and word not in shorthand()}
    kept = {word for name in general.others for word in words_of(name)} | (added - real)
    # A lay word of another guide's subject is a word, too.
    kept |= {word for e in general.lexicon for said in e.say for word in words_of(said)}
    vocabulary = Vocabulary(
        own | real | gates.features.words,
        kept,
        [words_of(name) for name in guide.subject],
        spelling="spelling" in switches,
    )
    return ReadyGuide(indexed, vocabulary, split_guide(indexed, gates, vocabulary))


def with_switches(bot: Bot, switches: frozenset[str]) -> Bot:
    """The same bot with only some of its parts in use (`ALL_PARTS`), for the ablation."""
    ready = {
        guide_id: make_ready(old.guide, bot.policy.gates, switches)
        for guide_id, old in bot.guides.items()
    }
    return Bot(replace(bot.policy, switches=switches), ready, bot.default_guide)


def _guides(corpus_dir: Path, guide_path: Path | None) -> dict[str, Guide]:
    if guide_path is not None:
        guide = load_guide(guide_path)
        return {guide.guide_id: guide}
    guides = load_guides(corpus_dir)
    if not guides:
        raise GuideError(
            "no guide", expected="a folder with guide.txt or guide.md", where=str(corpus_dir)
        )
    return dict(guides)


def _base_url(settings: Settings) -> str:
    """What stands before `/guides/...`: the public address, else the proxy's path prefix."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    prefix = settings.root_path.strip("/")
    return f"/{prefix}" if prefix else ""


def _default(settings: Settings, guides: Mapping[str, ReadyGuide]) -> str:
    if settings.default_guide and settings.default_guide in guides:
        return settings.default_guide
    if settings.default_guide and len(guides) > 1:
        raise GuideError(
            repr(settings.default_guide),
            expected=f"one of {', '.join(sorted(guides))}",
            where="QUOTEWELL_DEFAULT_GUIDE",
        )
    return sorted(guides)[0]


def _tell(policy: Policy) -> None:
    """Leave in the log which rules hold from now on, and who signed those that may loosen one."""
    signed = [o.rule for o in policy.gates.own if o.rule.signed_by]
    _log.info(
        "policy",
        extra={
            "version": policy.version,
            "sha256": policy.sha256,
            "own_rules": len(policy.gates.own),
            "signed": "; ".join(f"{r.rule_id} by {r.signature}" for r in signed) or "none",
        },
    )
