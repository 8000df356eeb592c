"""Makes courier and events of the settings, and names the setting that is wrong."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from bot.errors import SettingsError
from bot.settings import Settings
from bot.store.doors import Events as KeptEvents
from bot.webhooks.courier import Courier, Result
from bot.webhooks.events import Events
from bot.webhooks.signing import read_secret
from bot.webhooks.target import read_targets


def open_webhooks(
    settings: Settings, kept: KeptEvents, told: Callable[[str, Result], None]
) -> tuple[Events, Courier | None]:
    """What makes events and what delivers them; no courier where no address is set.

    Raises:
        SettingsError: An address, secret or event is wrong, or there is no secret.
    """
    targets = read_targets(settings.webhook_urls)
    events = Events(settings.webhook_events, [target.code for target in targets])
    secrets = [read_secret(text) for text in settings.webhook_secret]
    if not targets:
        return events, None
    if not secrets:
        raise SettingsError(
            "empty", expected="what signs the webhooks", where="QUOTEWELL_WEBHOOK_SECRET"
        )
    networks = [ipaddress.ip_network(n, strict=False) for n in settings.webhook_networks]
    return events, Courier(kept, targets, secrets, networks, told=told)
