"""Says what is wrong where, before a patient finds it: settings, clinic, guides, gates, wording.

Each loader names its own faults; here they are gathered, so that one does not hide the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path

from bot.answer.load import VERSION_CHARS, make_ready, policy_hash
from bot.channels import open_channels
from bot.cli.asking import print_json
from bot.cli.conversation import Conversation, guide_path, open_for
from bot.cli.findings import (
    Finding,
    Findings,
    Group,
    any_wrong,
    findings_json,
    findings_view,
    gather,
)
from bot.cli.guarded import guarded
from bot.cli.own_rules import own_rules
from bot.cli.render import console
from bot.clinic import clinic_problems, load_clinic
from bot.errors import BotError
from bot.gates import GATES, Gates, load_gates
from bot.guide import Guide, load_guide, problems
from bot.guide.load import guide_folders
from bot.limits import open_limiter
from bot.settings import Settings, load_settings, masked
from bot.spelling import Vocabulary
from bot.store.doors_memory import MemoryEvents
from bot.webhooks import open_webhooks
from bot.wording import load_wording

# Asked of every guide: whatever else is set, this must be met with an emergency number.
_EMERGENCY = "I can't breathe"


def run(guide: str | None, *, as_json: bool = False) -> int:
    """Print what was found; 1 if something must be mended, else 0."""
    groups = examine(guide, date.today())
    if as_json:
        print_json(findings_json(groups))
    else:
        console().print(findings_view(groups))
    return int(any_wrong(groups))


def examine(guide: str | None, today: date) -> list[Group]:
    """Titles and findings, in the order in which they are best mended.

    Args:
        guide: Id, folder or file of the only guide to look at; None for all of the corpus.
        today: The day against which review dates are held.
    """
    try:
        settings = load_settings()
    except BotError as error:
        return [("Settings", [Finding("wrong", str(error))])]
    groups = [
        gather("Settings", lambda: _settings(settings)),
        gather("Other programs", lambda: _programs(settings)),
        gather("Clinic", lambda: _clinic(Path(settings.corpus_dir))),
        *_guides(settings, guide, today),
        gather("Gates", lambda: _gates(settings, guide)),
        gather("Wording", lambda: _wording(settings)),
        gather("Channels", lambda: _channels(settings)),
    ]
    if not any_wrong(groups):  # else opening the bot would only say it again
        groups.append(gather("All together", lambda: _together(guide)))
    return groups


def _settings(settings: Settings) -> Findings:
    values = masked(settings)
    standing = masked(Settings())
    changed = [f"{name} = {value}" for name, value in values.items() if value != standing[name]]
    yield Finding("good", f"{len(values)} settings, {len(changed)} changed from their defaults")
    for line in changed:
        yield Finding("good", line)
    if settings.paused:
        yield Finding("look", "paused: every door answers with the contact card only")
    if settings.sample_percent:
        yield from _sampling(settings)


def _sampling(settings: Settings) -> Findings:
    days, percent = settings.sample_retention_days, settings.sample_percent
    told = f"{percent} % of the questions are kept, redacted, for {days} day(s)"
    yield Finding("look", f"sampling is on: {told}; your privacy notice has to say so")
    if not settings.database_url:
        yield Finding("look", "sampling without a database: what is kept is lost at a restart")


def _channels(settings: Settings) -> Findings:
    opened = open_channels(settings)
    yield Finding("good", f"messaging channels: {', '.join(opened) or 'none'}")
    if opened and not settings.database_url:
        yield Finding("look", "no database: what waits to be sent is lost at a restart")


def _programs(settings: Settings) -> Findings:
    open_limiter(settings)
    _, courier = open_webhooks(settings, MemoryEvents(), lambda _kind, _result: None)
    if courier is None:
        yield Finding("good", "no webhooks")
    else:
        n_urls = len(settings.webhook_urls)
        yield Finding("good", f"{', '.join(settings.webhook_events)} go to {n_urls} address(es)")
    if settings.require_key:
        yield Finding("look", "the API is closed without a key, and so are the pages' own calls")


def _clinic(corpus_dir: Path) -> Findings:
    faults = clinic_problems(corpus_dir)
    yield from (Finding("wrong", fault) for fault in faults)
    if faults:
        return
    clinic = load_clinic(corpus_dir)
    numbers = ", ".join(f"{n.label} {n.number}" for n in clinic.numbers)
    yield Finding("good", f"urgent numbers for {clinic.locale}: {numbers}")
    if clinic.numbers_checked_on:
        day = clinic.numbers_checked_on
        yield Finding("look", f"some come from the packaged table, last checked on {day}")
    needed = ("name", "phone", "numbers_confirmed_on")
    if missing := [key for key in needed if not getattr(clinic, key)]:
        where = corpus_dir / "clinic.toml"
        yield Finding("look", f"{where}: {', '.join(missing)} missing; this is a demonstration")
    else:
        yield Finding("good", f"{clinic.name}, {clinic.phone}")


def _guides(settings: Settings, guide: str | None, today: date) -> Iterator[Group]:
    try:
        paths = [guide_path(settings, guide)] if guide else guide_folders(Path(settings.corpus_dir))
    except BotError as error:
        yield "Guides", [Finding("wrong", str(error))]
        return
    if not paths:
        where = f"{settings.corpus_dir}: no guide; expected a folder with guide.txt or guide.md"
        yield "Guides", [Finding("wrong", where)]
    gates = _sound_gates(Path(settings.corpus_dir))
    for path in paths:
        yield gather(f"Guide {path.name}", partial(_guide, path, today, gates))


def _sound_gates(corpus_dir: Path) -> Gates | None:
    """The gates; None where they are broken, which is told under their own title."""
    try:
        return load_gates(corpus_dir)
    except BotError:
        return None


def _guide(path: Path, today: date, gates: Gates | None) -> Findings:
    faults = problems(path)
    yield from (Finding("wrong", fault) for fault in faults)
    if faults:
        return
    guide = load_guide(path)
    yield Finding("good", f"{guide.title}: {_count(guide)}")
    if not guide.subject:
        yield Finding("look", "lexicon.toml: no subject; questions are not held against a topic")
    if not guide.reviewed_by:
        yield Finding("look", "guide.toml: reviewed_by is empty; has a clinician read the guide?")
    elif guide.review_by and guide.review_by < today.isoformat():
        yield Finding("look", f"guide.toml: review_by {guide.review_by} has passed")
    if gates is not None:
        yield from guarded(guide, gates)


def _count(guide: Guide) -> str:
    counts = {
        "sections": len(guide.sections),
        "passages": len(guide.passages),
        "lexicon entries": len(guide.lexicon),
        "curated questions": len(guide.questions),
        "absent topics": len(guide.absent),
    }
    return ", ".join(f"{n} {name}" for name, n in counts.items())


def _gates(settings: Settings, guide: str | None) -> Findings:
    gates = load_gates(Path(settings.corpus_dir))
    rules = gates.rules
    counts = Counter(rule.gate for rule in rules)
    yield Finding("good", ", ".join(f"{gate} {counts[gate]}" for gate in GATES) + " rules")
    if n_open := sum(not rule.reviewed_by for rule in rules):
        yield Finding("look", f"{n_open} of {len(rules)} rules have no reviewed_by")
    whole = policy_hash(gates, load_wording())
    version = whole[:VERSION_CHARS]
    about = {"kind": "policy", "version": version, "sha256": whole}
    yield Finding("good", f"policy version {version}, sha256 {whole}", about)
    yield from own_rules(gates, _vocabularies(settings, guide, gates) if gates.own else [])


def _vocabularies(settings: Settings, guide: str | None, gates: Gates) -> list[Vocabulary]:
    """Those of the guides that are sound; the faults of others are told under their own title."""
    found = []
    with suppress(BotError):
        paths = [guide_path(settings, guide)] if guide else guide_folders(Path(settings.corpus_dir))
        for path in paths:
            with suppress(BotError):
                found.append(make_ready(load_guide(path), gates).vocabulary)
    return found


def _wording(settings: Settings) -> Findings:
    known = load_wording().names
    yield Finding("good", f"sentences in {', '.join(sorted(known.values()))}")
    for language in settings.languages:
        if language not in known:
            expected = ", ".join(sorted(known))
            found = f"QUOTEWELL_LANGUAGES: no sentences in {language!r}; expected {expected}"
            yield Finding("wrong", found)


def _together(guide: str | None) -> Findings:
    """The bot is opened as a door opens it, and must answer an emergency with a number."""
    bot = open_for(guide)
    for each in bot.guides:
        reply = Conversation(bot, each).say(_EMERGENCY)
        numbers = [n.number for n in reply.card.numbers] if reply.card else []
        if reply.outcome == "emergency" and numbers:
            yield Finding("good", f"{each}: an emergency gets the number {', '.join(numbers)}")
        elif reply.reason == "paused":
            yield Finding("look", f"{each}: paused, an emergency gets the contact card")
        else:
            yield Finding("wrong", f"{each}: an emergency gets {reply.outcome} without a number")
