"""Which channels there are, and which of them are switched on."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from bot.channels.contract import Channel
from bot.errors import SettingsError
from bot.settings import PREFIX, Settings

ENTRY_POINTS = "quotewell.channels"
_MIN_KEY_CHARS = 32
# Named, not imported: a server without channels loads none of them.
_BUILT_IN = (
    "bot.channels.twilio:Twilio",
    "bot.channels.whatsapp:WhatsApp",
    "bot.channels.messenger:Messenger",
    "bot.channels.telegram:Telegram",
    "bot.channels.slack:Slack",
)


def known_channels() -> dict[str, type[Channel]]:
    """Every channel by its name: our own, then those of other packages.

    Raises:
        SettingsError: A package's entry is no channel, or takes a name that is taken.
    """
    found: dict[str, type[Channel]] = {}
    for place in _BUILT_IN:
        module, _, name = place.partition(":")
        channel: type[Channel] = getattr(import_module(module), name)
        found[channel.name] = channel
    for entry in entry_points(group=ENTRY_POINTS):
        loaded = entry.load()
        if not (isinstance(loaded, type) and issubclass(loaded, Channel)):
            raise SettingsError(
                f"{entry.value} is no channel", expected="a class", where=f"{ENTRY_POINTS}"
            )
        if loaded.name in found:
            raise SettingsError(
                f"channel {loaded.name!r} is there already", where=f"{ENTRY_POINTS}: {entry.value}"
            )
        found[loaded.name] = loaded
    return found


def open_channels(settings: Settings) -> dict[str, Channel]:
    """The channels that are switched on, by name: those of whose settings any is given.

    Raises:
        SettingsError: A channel lacks a setting, or the key is too short to be one.
    """
    opened: dict[str, Channel] = {}
    for name, channel in known_channels().items():
        given = channel.given(settings)
        if not given:
            continue
        if missing := channel.missing(settings):
            names = ", ".join(PREFIX + n.upper() for n in missing)
            raise SettingsError(f"{names} not set", where=f"channel {name}")
        opened[name] = channel(settings)
    if opened:
        check_key(settings)
    return opened


def check_key(settings: Settings) -> None:
    """Refuse a key that could be guessed.

    Raises:
        SettingsError: Shorter than 32 characters.
    """
    if any(len(key) < _MIN_KEY_CHARS for key in settings.channel_key):
        raise SettingsError(
            "a key of few characters",
            expected=f"{_MIN_KEY_CHARS} or more, such as those of: openssl rand -hex 32",
            where=f"{PREFIX}CHANNEL_KEY",
        )
