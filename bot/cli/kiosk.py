"""Prints how to run the kiosk's page on a touch screen: command, systemd unit, browser policy.

Nothing is started or installed here; what the files do is explained in KIOSK.md.
"""

from __future__ import annotations

import json
import shlex
from urllib.parse import quote, urlsplit

import typer

from bot.errors import SettingsError
from bot.settings import Settings, load_settings

UNIT_PATH = "/etc/systemd/system/quotewell-kiosk.service"
POLICY_PATH = "/etc/chromium/policies/managed/quotewell-kiosk.json"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# A profile in the runtime folder is gone with the session, and with it all that a browser keeps.
_PROFILE = "quotewell-kiosk"
_FLAGS = (
    "--kiosk",
    "--incognito",
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--disable-session-crashed-bubble",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--disable-features=Translate",
    "--autoplay-policy=no-user-gesture-required",
    "--check-for-update-interval=31536000",
    # Without it Chromium on Linux knows none of the voices of the machine.
    "--enable-speech-dispatcher",
)


def run(url: str | None, guide: str | None, part: str) -> None:
    """Print one part, or all of them with the place of each."""
    address = address_for(load_settings(), url, guide)
    parts = {"command": command(address), "unit": unit(address), "policy": policy(address)}
    if part != "all":
        typer.echo(parts[part])
        return
    typer.echo(f"# Try it on the machine with the screen:\n{parts['command']}\n")
    typer.echo(f"# {UNIT_PATH}   (quotewell kiosk --print unit)\n{parts['unit']}\n")
    typer.echo(f"# {POLICY_PATH}   (quotewell kiosk --print policy)\n{parts['policy']}")


def address_for(settings: Settings, url: str | None, guide: str | None) -> str:
    """The address of the kiosk's page.

    Args:
        settings: Those of the server; they give the address where none is named.
        url: The server's address, or that of the page itself.
        guide: The guide to show; the default one when left out.

    Raises:
        SettingsError: Neither HTTPS nor this machine: a browser would keep no page there, and
            what patients type would cross the network in the open.
    """
    base = (url or settings.public_url or _own(settings)).rstrip("/")
    parts = urlsplit(base)
    if not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise SettingsError(
            repr(base), expected="https://..., or http://127.0.0.1 on this machine", where="kiosk"
        )
    page = base if base.endswith("/kiosk") else f"{base}/kiosk"
    return f"{page}?guide={quote(guide)}" if guide else page


def command(address: str) -> str:
    """The command that fills the screen with the page; its profile lives in memory."""
    words = ["chromium", *_FLAGS, f'--user-data-dir="$XDG_RUNTIME_DIR/{_PROFILE}"']
    return " \\\n  ".join([*words, shlex.quote(address)])


def unit(address: str) -> str:
    """A systemd unit: one unprivileged user, a screen of its own, started again for ever."""
    words = ["/usr/bin/chromium", "--ozone-platform=wayland", *_FLAGS]
    words += [f"--user-data-dir=%t/{_PROFILE}/profile", address.replace("%", "%%")]
    browser = " \\\n  ".join(words)
    return f"""[Unit]
Description=Quotewell kiosk
After=network-online.target systemd-user-sessions.service
Wants=network-online.target
Conflicts=getty@tty1.service
After=getty@tty1.service

[Service]
User=kiosk
PAMName=login
TTYPath=/dev/tty1
StandardInput=tty-fail
RuntimeDirectory={_PROFILE}
RuntimeDirectoryMode=0700
NoNewPrivileges=yes
ExecStart=/usr/bin/cage -- {browser}
Restart=always
RestartSec=3
# A fresh start every day: no memory that leaks, no update that waits.
RuntimeMaxSec=24h

[Install]
WantedBy=multi-user.target"""


def policy(address: str) -> str:
    """Chromium's managed policy: this one page, no downloads, no tools, nothing remembered."""
    parts = urlsplit(address)
    rules = {
        "URLBlocklist": ["*"],
        # The path as well: not even the guide's own page opens, which has links.
        "URLAllowlist": [f"{parts.scheme}://{parts.netloc}{parts.path}"],
        "DownloadRestrictions": 3,
        "DeveloperToolsAvailability": 2,
        "IncognitoModeAvailability": 0,
        "PrintingEnabled": False,
        "PasswordManagerEnabled": False,
        "AutofillAddressEnabled": False,
        "AutofillCreditCardEnabled": False,
        "SearchSuggestEnabled": False,
        "TranslateEnabled": False,
        "SpellcheckEnabled": False,
        "MetricsReportingEnabled": False,
        "SafeBrowsingProtectionLevel": 0,
        "DefaultNotificationsSetting": 2,
        "DefaultGeolocationSetting": 2,
        "AudioCaptureAllowed": False,
        "VideoCaptureAllowed": False,
        "SyncDisabled": True,
        "BrowserSignin": 0,
        "AllowFileSelectionDialogs": False,
        "ExtensionInstallBlocklist": ["*"],
    }
    return json.dumps(rules, indent=2)


def _own(settings: Settings) -> str:
    path = settings.root_path.strip("/")
    host = settings.host if settings.host in _LOOPBACK else "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{settings.port}" + (f"/{path}" if path else "")
