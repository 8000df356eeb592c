"""All settings in one table: name, default, help, and where each value came from.

Values come from the environment (`QUOTEWELL_<NAME>`), else from a TOML file
(`QUOTEWELL_CONFIG`, default `quotewell.toml` where it exists), else from the default here.
The clinic's own facts (name, phone, urgent numbers) are not settings: they stand in
`clinic.toml` beside the guides, where a clinician can read them.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bot.errors import SettingsError

PREFIX = "QUOTEWELL_"
_MASK = "********"


def _setting(default: Any, help_text: str, *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"help": help_text, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every value that an operator may set; frozen, checked by `load_settings`."""

    corpus_dir: str = _setting("corpus", "folder that holds the guides and clinic.toml")
    default_guide: str = _setting(
        "", "guide used when a request names none; empty: the first by name"
    )
    host: str = _setting("127.0.0.1", "address that `quotewell serve` listens on")
    port: int = _setting(8000, "port that `quotewell serve` listens on, 0 to 65535 (0: any free)")
    public_url: str = _setting(
        "", "address under which patients reach this server, for links outside its own pages"
    )
    root_path: str = _setting(
        "", "path prefix under which a reverse proxy serves this, such as /help"
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (), "addresses or networks whose X-Forwarded-* headers are believed"
    )
    allowed_origins: tuple[str, ...] = _setting(
        (), "web origins that may call the API from a browser, compared exactly"
    )
    frame_ancestors: tuple[str, ...] = _setting(
        (), "web origins that may show these pages in a frame"
    )
    database_url: str = _setting(
        "sqlite:///.quotewell/quotewell.db",
        "SQLAlchemy address of the store; empty: keep nothing",
        secret=True,
    )
    visit_retention_hours: int = _setting(
        24, "hours after which an idle visit and its replies are deleted, 1 to 720"
    )
    sample_percent: int = _setting(
        0,
        "share of questions whose text is kept, redacted, for improving the guide; 0 to 100, "
        "none by default",
    )
    sample_retention_days: int = _setting(
        30, "days after which a kept question is deleted, 1 to 90"
    )
    max_question_chars: int = _setting(
        2000, "longest message that is read as a question, 100 to 8000 code points"
    )
    max_body_bytes: int = _setting(32768, "largest request body, 1024 to 1048576 bytes")
    require_key: bool = _setting(
        False, "true: /v1/ answers callers with a server API key only, which browsers have not"
    )
    limit_per_key: int = _setting(
        6000, "requests a minute with one API key, 0 to 10000000 (0: no limit)"
    )
    limit_per_visitor: int = _setting(
        60, "messages a minute in one visit, 0 to 10000000 (0: no limit)"
    )
    limit_per_address: int = _setting(
        6000, "requests a minute from one network, /24 or /64, 0 to 10000000 (0: no limit)"
    )
    limit_in_all: int = _setting(60000, "requests a minute in all, 0 to 10000000 (0: no limit)")
    limits_url: str = _setting(
        "",
        "Redis that counts for several processes, such as redis://127.0.0.1:6379/0; "
        "empty: each process counts for itself",
        secret=True,
    )
    webhook_urls: tuple[str, ...] = _setting(
        (), "addresses that get events as signed webhooks, https only", secret=True
    )
    webhook_secret: tuple[str, ...] = _setting(
        (), "what signs webhooks, whsec_ and base64; two while one replaces the other", secret=True
    )
    webhook_events: tuple[str, ...] = _setting(
        ("reply.given", "feedback.given", "handover.asked", "urgent.raised"),
        "events that are sent",
    )
    webhook_networks: tuple[str, ...] = _setting(
        (),
        "addresses or networks that are not public and may still get webhooks, "
        "also by plain http, such as 127.0.0.1",
    )
    languages: tuple[str, ...] = _setting(
        ("en",), "languages of the bot's own sentences that the clinic has reviewed"
    )
    kiosk_idle_seconds: int = _setting(
        75, "seconds without a touch until the kiosk asks whether somebody is there, 30 to 600"
    )
    paused: bool = _setting(False, "true: every door answers with the contact card only")
    channel_key: tuple[str, ...] = _setting(
        (),
        "secret from which messaging channels make visit ids and seal what waits to be sent, "
        "32 characters or more; a second one, after a comma, is an older one that still opens",
        secret=True,
    )
    twilio_auth_token: tuple[str, ...] = _setting(
        (),
        "Twilio's auth token, switches SMS and WhatsApp through Twilio on; two while it rotates",
        secret=True,
    )
    twilio_account_sid: str = _setting(
        "", "Twilio's account SID; with it replies are sent by the REST API, else as TwiML"
    )
    twilio_api_url: str = _setting(
        "https://api.twilio.com", "address of Twilio's REST API, for another region"
    )
    whatsapp_app_secret: tuple[str, ...] = _setting(
        (), "app secret of the WhatsApp Cloud API, two while it rotates", secret=True
    )
    whatsapp_verify_token: str = _setting(
        "", "word that you also enter in Meta's webhook form for WhatsApp", secret=True
    )
    whatsapp_access_token: str = _setting(
        "", "token with which WhatsApp replies are sent", secret=True
    )
    whatsapp_phone_number_id: str = _setting(
        "", "id of the WhatsApp number that answers; messages to other numbers are left alone"
    )
    messenger_app_secret: tuple[str, ...] = _setting(
        (), "app secret of the Messenger app, two while it rotates", secret=True
    )
    messenger_verify_token: str = _setting(
        "", "word that you also enter in Meta's webhook form for Messenger", secret=True
    )
    messenger_page_token: str = _setting(
        "", "page access token with which Messenger replies are sent", secret=True
    )
    graph_api_url: str = _setting(
        "https://graph.facebook.com/v25.0", "address and version of Meta's Graph API"
    )
    telegram_webhook_secret: tuple[str, ...] = _setting(
        (),
        "secret that you also give to Telegram's setWebhook, two while it rotates",
        secret=True,
    )
    telegram_bot_token: str = _setting(
        "", "token of the Telegram bot, with which replies are sent", secret=True
    )
    telegram_bot_username: str = _setting(
        "", "name of the Telegram bot; with it, it answers in groups where somebody names it"
    )
    telegram_api_url: str = _setting(
        "https://api.telegram.org", "address of Telegram's Bot API, for a server of your own"
    )
    slack_signing_secret: tuple[str, ...] = _setting(
        (), "signing secret of the Slack app, two while it rotates", secret=True
    )
    slack_bot_token: str = _setting(
        "", "bot token of the Slack app, with which replies are sent", secret=True
    )
    slack_channel_replies: str = _setting(
        "ephemeral",
        "where a mention in a Slack channel is answered: ephemeral, seen by who asked alone, "
        "or thread, seen by all",
    )
    slack_api_url: str = _setting("https://slack.com/api", "address of Slack's Web API")
    metrics_token: str = _setting(
        "", "bearer token for /metrics; empty: loopback callers only", secret=True
    )
    log_level: str = _setting("info", "debug, info, warning or error")
    log_format: str = _setting("text", "text for people, json for machines")


_RANGES: dict[str, tuple[int, int]] = {
    "port": (0, 65535),
    "visit_retention_hours": (1, 720),
    "sample_percent": (0, 100),
    "sample_retention_days": (1, 90),
    "max_question_chars": (100, 8000),
    "max_body_bytes": (1024, 1048576),
    "kiosk_idle_seconds": (30, 600),
    "limit_per_key": (0, 10_000_000),
    "limit_per_visitor": (0, 10_000_000),
    "limit_per_address": (0, 10_000_000),
    "limit_in_all": (0, 10_000_000),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "slack_channel_replies": ("ephemeral", "thread"),
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("text", "json"),
}
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off", "")


def load_settings(
    environ: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Read the settings from environment and file.

    Args:
        environ: The environment; that of the process by default.
        overrides: Values of the command line, which win; None stands for "not given".

    Raises:
        SettingsError: An unknown name, or a value of the wrong type or range; names it.
    """
    environ = os.environ if environ is None else environ
    values = dict(_from_file(environ))
    for name, text in environ.items():
        if name.startswith(PREFIX) and name != PREFIX + "CONFIG":
            values[name.removeprefix(PREFIX).lower()] = (text, name)
    for key, value in (overrides or {}).items():
        if value is not None:
            values[key] = (value, f"--{key.replace('_', '-')}")
    known = {f.name: f for f in fields(Settings)}
    read: dict[str, Any] = {}
    for key, (value, where) in values.items():
        if key not in known:
            raise SettingsError(
                "no setting of that name", expected=_closest(key, tuple(known)), where=where
            )
        read[key] = _parse(key, value, known[key].default, where)
    return Settings(**read)


def table() -> list[tuple[str, str, str]]:
    """Rows (environment name, default as written in the environment, help), in order."""
    return [
        (PREFIX + f.name.upper(), _as_text(f.default), str(f.metadata["help"]))
        for f in fields(Settings)
    ]


def masked(settings: Settings) -> dict[str, Any]:
    """The values in force, secrets replaced by asterisks where they are set."""
    return {
        f.name: _MASK
        if f.metadata["secret"] and getattr(settings, f.name)
        else getattr(settings, f.name)
        for f in fields(Settings)
    }


def _from_file(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    named = environ.get(PREFIX + "CONFIG")
    path = Path(named or "quotewell.toml")
    if not named and not path.exists():
        return {}
    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"cannot be read as TOML ({error})", expected="a settings file", where=str(path)
        ) from error
    return {key: (value, f"{path}: {key}") for key, value in loaded.items()}


def _parse(key: str, value: Any, default: Any, where: str) -> Any:
    parse: Callable[[str, Any, str], Any] = (
        _bool
        if isinstance(default, bool)
        else _int
        if isinstance(default, int)
        else _list
        if isinstance(default, tuple)
        else _str
    )
    parsed = parse(key, value, where)
    if key in ("trusted_proxies", "webhook_networks"):
        _check_networks(parsed, where)
    return parsed


def _bool(key: str, value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text not in _TRUE + _FALSE:
        raise SettingsError(repr(value), expected="true or false", where=where)
    return text in _TRUE


def _int(key: str, value: Any, where: str) -> int:
    low, high = _RANGES[key]
    expected = f"a whole number from {low} to {high}"
    if isinstance(value, (bool, float)):
        raise SettingsError(repr(value), expected=expected, where=where)
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise SettingsError(repr(value), expected=expected, where=where) from error
    if not low <= number <= high:
        raise SettingsError(str(number), expected=expected, where=where)
    return number


def _list(key: str, value: Any, where: str) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not all(isinstance(i, str) for i in items):
        raise SettingsError(repr(value), expected="a list of words, parted by commas", where=where)
    return tuple(i.strip() for i in items if i.strip())


def _str(key: str, value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise SettingsError(repr(value), expected="a text", where=where)
    text = value.strip()
    allowed = _CHOICES.get(key)
    if allowed and text.lower() not in allowed:
        raise SettingsError(repr(value), expected=" or ".join(allowed), where=where)
    return text.lower() if allowed else text


def _check_networks(items: tuple[str, ...], where: str) -> None:
    for item in items:
        try:
            ipaddress.ip_network(item, strict=False)
        except ValueError as error:
            raise SettingsError(
                repr(item), expected="an address or network such as 10.0.0.0/8", where=where
            ) from error


def _closest(key: str, known: tuple[str, ...]) -> str:
    import difflib

    close = difflib.get_close_matches(key, known, n=1)
    return f"perhaps {PREFIX}{close[0].upper()}" if close else "a name of the README's table"


def _as_text(default: Any) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, tuple) else str(default)
