"""Lists the messaging channels and tries one with a signed sample that goes nowhere."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bot.answer import open_bot
from bot.channels import Channel, Delivery, known_channels, open_channels, webhook_url
from bot.channels.registry import check_key
from bot.cli.asking import print_json
from bot.cli.render import Indented, console
from bot.errors import BotError, SettingsError
from bot.http import create_app
from bot.outbox import PostOffice
from bot.settings import PREFIX, Settings, load_settings
from bot.store import Store, open_store

SAMPLE_QUESTION = "What are the side effects?"
# A host that exists nowhere (RFC 2606), for a channel that is tried before it has an address.
_NOWHERE = "https://quotewell.invalid"
_ALL = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried."""

    is_fine: bool
    text: str


def run(*, as_json: bool) -> None:
    """Print every channel: whether it is on, where to deliver to, what is missing."""
    settings = load_settings()
    rows = [_row(channel, settings) for channel in known_channels().values()]
    if as_json:
        print_json({"channels": rows})
    else:
        console().print(Group(*(_row_view(row) for row in rows)))


def try_one(name: str, question: str) -> int:
    """Send a signed, a forged and a repeated sample through the route; 1 if one goes wrong.

    The database is not touched, and nothing is sent to anybody.

    Raises:
        SettingsError: No such channel, or it is not switched on.
    """
    settings = load_settings()
    if name not in known_channels():
        raise SettingsError(
            f"no channel {name!r}", expected=f"one of {', '.join(known_channels())}"
        )
    settings = replace(
        settings, database_url="", public_url=settings.public_url or _NOWHERE, log_level="error"
    )
    channel = open_channels(settings).get(name)
    if channel is None:
        names = ", ".join(PREFIX + n.upper() for n in known_channels()[name].missing(settings))
        raise SettingsError("switched off", expected=f"{names} to be set", where=f"channel {name}")
    steps, said = asyncio.run(_tried(channel, settings, question))
    marks = [Text(f"{'✓' if step.is_fine else '✗'} {step.text}") for step in steps]
    screen = console()
    screen.print(Group(*marks, Text("\nWhat would be sent:", style="bold")))
    screen.print(Text(said), soft_wrap=True)
    return int(not all(step.is_fine for step in steps))


async def _tried(channel: Channel, settings: Settings, question: str) -> tuple[list[Step], str]:
    import httpx2

    store = open_store("", retention_hours=1)
    app = create_app(open_bot(settings), store, settings)
    # Without its lifespan the app has no sender: letters stay in the memory of this process.
    transport = httpx2.ASGITransport(app)
    sample = channel.sample(question, webhook_url(settings, channel.name), time.time())
    path = f"/channels/{channel.name}/webhook"
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

        async def send(delivery: Delivery) -> Any:
            return await client.post(path, content=delivery.body, headers=dict(delivery.headers))

        forged = await send(channel.forged(sample))
        n_forged = store.n_letters()
        first = await send(sample)
        n_first = store.n_letters()
        again = await send(sample)
    steps = [
        Step(forged.status_code == 403 and not n_forged, f"a forged sample: {forged.status_code}"),
        Step(first.status_code == 200, f"a signed sample: {first.status_code}"),
        Step(
            again.status_code == 200
            and again.content == first.content
            and store.n_letters() == n_first,
            f"the same once more: {again.status_code}, answered once",
        ),
    ]
    said = _letters(store, app.state.services.post_office) if channel.delivers else first.text
    return [*steps, Step(bool(said), f"a reply to {question!r}")], said


def _letters(store: Store, office: PostOffice) -> str:
    """What the sample's letters hold, in the order in which they would leave."""
    found = []
    while letters := store.claim_letters(time.time(), 60.0, _ALL):
        for letter in letters:
            opened = office.receiver.sealer.open(
                letter.sealed, f"{letter.channel} {letter.visit_id}"
            )
            found.append(json.dumps(opened["payload"], ensure_ascii=False, indent=2))
            store.remove_letter(letter.letter_id)
    return "\n".join(found)


def _row(channel: type[Channel], settings: Settings) -> dict[str, Any]:
    given = channel.given(settings)
    missing = channel.missing(settings)
    problem = ""
    try:
        check_key(settings)
    except BotError as error:
        problem = str(error)
    return {
        "name": channel.name,
        "title": channel.title,
        "state": ("on" if not missing and not problem else "incomplete") if given else "off",
        "webhook": webhook_url(settings, channel.name),
        "missing": [PREFIX + name.upper() for name in missing],
        "problem": problem if given else "",
    }


def _row_view(row: Mapping[str, Any]) -> RenderableType:
    colours = {"on": "green", "incomplete": "red", "off": "dim"}
    head = Text.assemble(
        (row["name"], "bold"), f"  {row['title']}: ", (row["state"], colours[row["state"]])
    )
    lines = [f"deliveries to {row['webhook']}"]
    if row["missing"]:
        lines.append(f"missing: {', '.join(row['missing'])}")
    if row["problem"]:
        lines.append(row["problem"])
    return Group(head, Indented(Text("\n".join(lines))))
