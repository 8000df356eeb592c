"""The list of channels and the trial of one, as an operator sees them."""

from __future__ import annotations

import json

import pytest

from bot.cli.edge import _run
from tests.channel_support import CANARY_SECRET, KITS
from tests.test_outbox import environ


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [n for n in os.environ if n.startswith("QUOTEWELL_")]:
        monkeypatch.delenv(name)


def set_up(monkeypatch: pytest.MonkeyPatch, name: str, **more: str) -> None:
    for key, value in {**environ(KITS[name]), **more}.items():
        monkeypatch.setenv(key, value)


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = _run(args)
    out, err = capsys.readouterr()
    return code, " ".join(out.split()), err


def test_all_channels_are_off_at_first(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "channels")
    assert code == 0
    assert "whatsapp WhatsApp Cloud API: off" in out
    assert "QUOTEWELL_WHATSAPP_APP_SECRET" in out
    assert "/channels/messenger/webhook" in out


def test_what_is_on_has_its_address_and_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(monkeypatch, "whatsapp", QUOTEWELL_WHATSAPP_APP_SECRET=CANARY_SECRET)
    code, out, _ = run(capsys, "channels", "--json")
    rows = {row["name"]: row for row in json.loads(out)["channels"]}
    assert code == 0
    assert (rows["whatsapp"]["state"], rows["twilio"]["state"]) == ("on", "off")
    assert rows["whatsapp"]["webhook"] == "https://help.example/channels/whatsapp/webhook"
    assert CANARY_SECRET not in out


def test_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUOTEWELL_TWILIO_AUTH_TOKEN", "x")
    _, out, _ = run(capsys, "channels")
    assert "SMS and WhatsApp through Twilio: incomplete" in out
    assert "QUOTEWELL_PUBLIC_URL, QUOTEWELL_CHANNEL_KEY" in out


@pytest.mark.parametrize("name", ["sms", "sms-rest", "whatsapp", "messenger", "telegram", "slack"])
def test_a_trial_goes_through_the_route_and_shows_the_reply(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(monkeypatch, name)
    question = "Can it cause an allergic reaction?"
    code, out, err = run(capsys, "channels", "test", KITS[name].name, "--question", question)
    assert code == 0, err
    assert "✓ a forged sample: 403" in out
    assert "✓ a signed sample: 200" in out
    assert "answered once" in out
    assert "individuals may experience allergic reactions" in out


def test_a_trial_of_what_is_off_or_unknown_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "channels", "test", "whatsapp")
    assert (code, "switched off" in err) == (2, True)
    code, _, err = run(capsys, "channels", "test", "pigeon")
    assert (code, "twilio, whatsapp, messenger, telegram" in err) == (2, True)
