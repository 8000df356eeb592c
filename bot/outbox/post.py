"""Receiver and sender of the channels that are switched on, opened together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.answer import Bot
from bot.channels import Channel, open_channels
from bot.outbox.receive import Counts, Receiver
from bot.outbox.seal import Sealer
from bot.outbox.send import Sender
from bot.sampling import open_sampler
from bot.settings import Settings
from bot.store import Store


@dataclass(frozen=True)
class PostOffice:
    """What a server needs to serve its channels."""

    channels: Mapping[str, Channel]
    receiver: Receiver
    sender: Sender


def open_post_office(
    bot: Bot,
    store: Store,
    settings: Settings,
    counts: Counts,
    may_speak: Callable[[str], Awaitable[bool]],
) -> PostOffice | None:
    """Open the channels that the settings switch on; None where there are none.

    `may_speak` counts a visitor's message and says whether it is within their limit.

    Raises:
        SettingsError: A channel lacks a setting.
    """
    channels = open_channels(settings)
    if not channels:
        return None
    sealer = Sealer(settings.channel_key)
    sender = Sender(channels, store, sealer, counts)
    receiver = Receiver(
        bot,
        store,
        sealer,
        settings.channel_key[0],
        counts,
        wake=sender.wake,
        send_now=sender.send_now,
        may_speak=may_speak,
        sampler=open_sampler(settings, store),
    )
    return PostOffice(channels, receiver, sender)
