"""`quotewell kiosk`: command, unit and policy that put the page on a screen and keep it there."""

from __future__ import annotations

import configparser
import json
import shlex

import pytest
from typer.testing import CliRunner

from bot.cli.app import app
from bot.cli.kiosk import address_for, command, policy, unit
from bot.errors import SettingsError
from bot.settings import load_settings

PAGE = "https://help.example/kiosk"


def test_it_prints_all_three_parts_with_their_places() -> None:
    shown = CliRunner().invoke(app, ["kiosk"]).stdout
    assert "http://127.0.0.1:8000/kiosk" in shown
    assert "/etc/systemd/system/" in shown
    assert "/etc/chromium/policies/managed/" in shown


def test_one_part_can_be_written_into_a_file() -> None:
    done = CliRunner().invoke(app, ["kiosk", "--url", "https://help.example", "--print", "policy"])
    assert json.loads(done.stdout)["URLAllowlist"] == [PAGE]


@pytest.mark.parametrize(
    ("settings", "url", "guide", "expected"),
    [
        ({}, None, None, "http://127.0.0.1:8000/kiosk"),
        ({"port": 8080, "root_path": "/help/"}, None, None, "http://127.0.0.1:8080/help/kiosk"),
        ({"host": "0.0.0.0"}, None, None, "http://127.0.0.1:8000/kiosk"),
        ({"public_url": "https://help.example/"}, None, None, PAGE),
        ({}, "https://help.example/kiosk", None, PAGE),
        ({}, "https://help.example", "b12", f"{PAGE}?guide=b12"),
    ],
)
def test_the_address_is_that_of_the_server(
    settings: dict[str, object], url: str | None, guide: str | None, expected: str
) -> None:
    assert address_for(load_settings({}, settings), url, guide) == expected


@pytest.mark.parametrize("url", ["http://help.example", "ftp://127.0.0.1", "help.example"])
def test_an_open_line_is_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        address_for(load_settings({}), url, None)


def test_the_browser_fills_the_screen_and_remembers_nothing() -> None:
    words = shlex.split(command(PAGE + "?guide=b12"))
    assert words[0] == "chromium"
    assert words[-1] == PAGE + "?guide=b12"
    assert {"--kiosk", "--incognito", "--disable-pinch"} <= set(words)
    assert any(word.startswith("--user-data-dir=$XDG_RUNTIME_DIR/") for word in words)


def test_the_unit_runs_as_nobody_special_and_starts_again() -> None:
    read = configparser.RawConfigParser(strict=False)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(unit(PAGE).replace("\\\n", ""))
    service = read["Service"]
    assert service["User"] == "kiosk"
    assert service["Restart"] == "always"
    assert service["ExecStart"].endswith(PAGE)
    assert "--user-data-dir=%t/" in service["ExecStart"]


def test_a_percent_sign_in_an_address_is_safe_in_the_unit() -> None:
    assert unit(PAGE + "?guide=a%20b").count("a%%20b") == 1


def test_the_policy_opens_the_one_page_only() -> None:
    rules = json.loads(policy(PAGE + "?guide=b12"))
    assert rules["URLBlocklist"] == ["*"]
    assert rules["URLAllowlist"] == [PAGE]
    assert rules["DownloadRestrictions"] == 3
    assert rules["DeveloperToolsAvailability"] == 2
    # Without cookies allowed, Chromium runs no service worker, and the page keeps no shell.
    assert "DefaultCookiesSetting" not in rules
