"""`quotewell embed`: the printed lines fit the files and the settings."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from bot.cli import embed
from bot.errors import SettingsError
from bot.web import assets

URL = "https://help.example"
ASSET = assets()["widget.js"]


def printed(
    capsys: pytest.CaptureFixture[str], how: str = "script", **values: str | bool
) -> tuple[str, str]:
    """Standard output and standard error of the command."""
    given = {"url": URL, "guide": None, "lang": None, "pin": True, **values}
    embed.run(how=how, **given)  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    return out, err


def test_the_hash_is_that_of_the_file_at_that_address(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = printed(capsys)
    found = re.search(r'src="([^"]+)"\s+integrity="sha384-([^"]+)"', out)
    assert found
    assert found[1] == URL + ASSET.path
    assert base64.b64decode(found[2]) == hashlib.sha384(ASSET.data).digest()
    assert 'crossorigin="anonymous" data-quotewell></script>' in out
    assert f'<noscript><a href="{URL}/">' in out


def test_without_a_pin_the_address_follows_updates(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = printed(capsys, pin=False)
    assert f'<script type="module" src="{URL}/widget.js" data-quotewell></script>' in out
    assert "hash" not in err


def test_options_become_attributes_and_stay_text(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = printed(capsys, guide='b12"><b>', lang="en")
    assert 'data-quotewell data-guide="b12&quot;&gt;&lt;b&gt;" data-lang="en"' in out


def test_the_element_holds_a_link_for_those_without_script(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, _ = printed(capsys, "element", guide="b12")
    assert f'<quotewell-chat guide="b12"><a href="{URL}/guides/b12">' in out
    assert "data-quotewell" not in out


def test_a_frame_is_told_to_name_the_website_for_frames(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, err = printed(capsys, "frame", guide="b12", lang="en")
    assert f'<iframe src="{URL}/embed?guide=b12&amp;lang=en" title=' in out
    assert "QUOTEWELL_FRAME_ANCESTORS" in err


def test_nothing_is_left_to_do_where_all_is_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUOTEWELL_PUBLIC_URL", f"{URL}/")
    monkeypatch.setenv("QUOTEWELL_ALLOWED_ORIGINS", "https://clinic.example")
    out, err = printed(capsys, url="", pin=False)
    assert f'src="{URL}/widget.js"' in out
    assert err == ""


def test_this_machines_address_is_called_that(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = printed(capsys, url="")
    assert "http://127.0.0.1:8000/" in out
    assert "this machine only" in err


@pytest.mark.parametrize(
    ("values", "named"), [({"lang": "es"}, "--lang"), ({"url": "help.example"}, "--url")]
)
def test_what_cannot_work_is_refused(
    capsys: pytest.CaptureFixture[str], values: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError, match=named):
        printed(capsys, **values)
