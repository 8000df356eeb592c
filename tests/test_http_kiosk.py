"""The kiosk as it is served: page, service worker, code to take away, words, settings."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import segno
from starlette.testclient import TestClient

from bot.answer import Bot
from bot.errors import SettingsError
from bot.http import create_app
from bot.records import OUTCOMES
from bot.settings import load_settings
from bot.web import assets, kiosk
from tests.http_support import GUIDE, a_bot, a_store, client_with, figure, settings_with

SECTION = "allergic-reactions"
TAKEAWAY = f"/kiosk/takeaway/{GUIDE}/{SECTION}"


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_with() as made:
        yield made


def config(page: str) -> dict[str, Any]:
    """What the page tells its script."""
    found = re.search(r'data-config="([^"]*)"', page)
    assert found
    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    return told


def shell(client: TestClient, path: str = "/kiosk/sw.js") -> dict[str, Any]:
    """What the service worker is told to keep."""
    first = client.get(path).text.splitlines()[0]
    told: dict[str, Any] = json.loads(first.removeprefix("self.SHELL = ").removesuffix(";"))
    return told


# The page


def test_the_page_has_no_link_no_form_and_no_inline_code(client: TestClient) -> None:
    page = client.get("/kiosk").text
    assert not re.search(r"<(a|area|form|iframe|object|embed|style)\b", page)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\s(style|on\w+)=", page)


def test_what_the_page_loads_is_its_own_and_kept_for_ever(client: TestClient) -> None:
    page = client.get("/kiosk").text
    loaded = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert len(loaded) == 3
    for address in loaded:
        response = client.get(address)
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]


def test_every_script_is_found_by_the_relative_address_of_another(client: TestClient) -> None:
    paths = {name: assets()[name].path for name in kiosk.sources()}
    scripts = {n: client.get(p).text for n, p in paths.items() if n.endswith(".js")}
    imported = {i for text in scripts.values() for i in re.findall(r'from "\./([^"]+)"', text)}
    assert len(scripts) > 5
    assert imported == scripts.keys() - {"kiosk.js"}
    assert len({path.rpartition("/")[0] for path in paths.values()}) == 1


def test_the_scripts_keep_nothing_and_write_text_only() -> None:
    for name, data in kiosk.sources().items():
        script = data.decode()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", script), (
            name
        )
        assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie", script), (
            name
        )
        assert not re.search(r"window\.open|pushState|location\.(href|assign|replace)", script), (
            name
        )


def test_the_script_knows_every_outcome_and_the_unknown_one() -> None:
    script = kiosk.sources()["kiosk-reply.js"].decode()
    assert all(f'case "{outcome}":' in script for outcome in OUTCOMES)
    assert "default:" in script


def test_contact_and_urgent_numbers_stand_in_the_page_itself() -> None:
    real = a_bot()
    clinic = replace(
        real.policy.clinic,
        name="Mill & Lane",
        phone="+1 555 010",
        numbers_confirmed_on="2026-11-01",
    )
    own = Bot(replace(real.policy, clinic=clinic), real.guides, real.default_guide)
    with TestClient(create_app(own, a_store(), settings_with())) as client:
        page = client.get("/kiosk").text
    assert "Mill &amp; Lane" in page
    assert "+1 555 010" in page
    assert all(number.number in page for number in clinic.numbers)
    assert "tel:" not in page
    assert "Demonstration" not in page.partition("data-config")[0] + page.partition("<header")[2]


def test_only_enabled_languages_are_in_the_page() -> None:
    with client_with() as client:
        assert list(config(client.get("/kiosk").text)["say"]) == ["en"]
    with client_with(languages=["es", "en"]) as client:
        page = client.get("/kiosk").text
    assert list(config(page)["say"]) == ["es", "en"]
    assert '<html lang="es">' in page
    assert "Toque aquí para empezar" in page


def test_a_language_that_the_page_does_not_speak_leaves_english() -> None:
    with client_with(languages=["de"]) as client:
        assert list(config(client.get("/kiosk").text)["say"]) == ["en"]


def test_behind_a_prefix_everything_is_asked_for_below_it() -> None:
    with client_with(root_path="/help") as client:
        page = client.get("/help/kiosk").text
        addresses = re.findall(r'(?:href|src)="([^"]+)"', page)
        worker = client.get("/help/kiosk/sw.js")
        told = shell(client, "/help/kiosk/sw.js")
        assert all(client.get(path).status_code == 200 for path in [told["page"], *told["files"]])
    assert all(address.startswith("/help/assets/") for address in addresses)
    assert config(page)["root"] == "/help"
    assert worker.headers["Service-Worker-Allowed"] == told["page"] == "/help/kiosk"


# The service worker


def test_the_worker_keeps_the_page_and_its_files_and_nothing_else(client: TestClient) -> None:
    told = shell(client)
    assert told["page"] == "/kiosk"
    assert all(path.startswith("/assets/") for path in told["files"])
    page = client.get("/kiosk").text
    assert set(re.findall(r'(?:href|src)="([^"]+)"', page)) <= set(told["files"])
    response = client.get("/kiosk/sw.js")
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert response.headers["Cache-Control"] == "no-cache"


def test_another_page_makes_another_version(client: TestClient) -> None:
    with client_with(kiosk_idle_seconds=90) as other:
        assert shell(client)["version"] != shell(other)["version"]
    with client_with() as same:
        assert shell(client)["version"] == shell(same)["version"]


# The code to take away


def test_the_code_holds_the_public_address_of_the_section() -> None:
    with client_with(public_url="https://help.example/b12/", root_path="/b12") as client:
        response = client.get(f"/b12{TAKEAWAY}")
    address = f"https://help.example/b12/guides/{GUIDE}#{SECTION}"
    expected = segno.make_qr(address, error="m").svg_inline(scale=8, border=4, light="#fff")
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert response.headers["Cache-Control"] == "no-store"
    assert _lines(response.text) == _lines(expected)


def test_without_a_public_address_the_code_holds_the_one_that_was_asked(
    client: TestClient,
) -> None:
    expected = segno.make_qr(f"http://testserver/guides/{GUIDE}#{SECTION}", error="m")
    drawn = expected.svg_inline(scale=8, border=4, light="#fff")
    assert _lines(client.get(TAKEAWAY).text) == _lines(drawn)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"/kiosk/takeaway/{GUIDE}/nowhere", "unknown_section"),
        ("/kiosk/takeaway/nope/allergic-reactions", "unknown_guide"),
    ],
)
def test_there_is_no_code_for_what_is_not_there(client: TestClient, path: str, code: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, code)


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 404), ("clinic-server", 200)])
def test_a_clinics_code_never_leads_a_phone_to_itself(host: str, status: int) -> None:
    real = a_bot()
    clinic = replace(real.policy.clinic, name="A", phone="1", numbers_confirmed_on="2026-11-01")
    own = Bot(replace(real.policy, clinic=clinic), real.guides, real.default_guide)
    app = create_app(own, a_store(), settings_with())
    with TestClient(app, base_url=f"http://{host}:8000") as client:
        assert client.get(TAKEAWAY).status_code == status


def _lines(svg: str) -> list[str]:
    """The drawn path of a code, without what frames it."""
    return re.findall(r'\sd="([^"]+)"', svg)


# Words, figures, settings


@pytest.mark.parametrize("language", list(kiosk.words()))
def test_a_language_says_all_that_english_says_with_the_same_slots(language: str) -> None:
    english, other = kiosk.words()["en"], kiosk.words()[language]
    assert other.keys() == english.keys()
    for key, sentence in other.items():
        assert sentence.strip()
        assert kiosk.slots(sentence) == kiosk.slots(english[key]) <= kiosk.SLOTS
        assert not re.search(r"\d", sentence)


def test_every_sentence_is_used_and_every_one_used_is_there() -> None:
    sources = [data.decode() for data in kiosk.sources().values()]
    template = Path(kiosk.__file__).parent.parent / "templates" / "kiosk.html"
    written = template.read_text(encoding="utf-8")
    used = set(re.findall(r'said\("(\w+)"\)|say\.(\w+)|data-label="(\w+)"', written))
    named = {name for match in used for name in match if name}
    spoken = {s for text in sources for s in re.findall(r'"([a-z_]+)"', text)} | named
    spoken |= {f"size_{size}" for size in ("normal", "large", "largest")} | {"call", "text", "both"}
    assert kiosk.words()["en"].keys() - spoken == set()
    assert named - kiosk.words()["en"].keys() == set()


def test_the_kiosks_questions_are_told_apart_in_the_figures() -> None:
    with client_with() as client:
        asked = {"choice": "allergic-reactions-1", "channel": "kiosk"}
        assert client.post("/v1/ask", json=asked).status_code == 200
        assert 'channel="kiosk"' in client.get("/metrics").text
        assert figure(client, "quotewell_replies_total") == 1
        assert client.post("/v1/ask", json={**asked, "channel": "x"}).status_code == 422


@pytest.mark.parametrize("seconds", [29, 601, "soon"])
def test_the_idle_time_has_bounds(seconds: object) -> None:
    with pytest.raises(SettingsError):
        load_settings({"QUOTEWELL_KIOSK_IDLE_SECONDS": str(seconds)})


def test_the_idle_time_reaches_the_page_and_the_warning_is_long_enough() -> None:
    with client_with(kiosk_idle_seconds=90) as client:
        told = config(client.get("/kiosk").text)
    assert told["idleSeconds"] == 90
    assert told["warningSeconds"] >= 20
