"""The pages: what they hold, what they load, and that markup in a guide stays text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from bot.answer import Bot
from bot.guide import Guide
from bot.http import create_app
from bot.http.reading import view_of
from bot.records import Passage, Section
from bot.web import assets, dialled
from tests.http_support import GUIDE, PASSAGE, a_bot, a_store, client_with, settings_with


class Page(HTMLParser):
    """Elements of a page as (tag, attributes), and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, attribute: str) -> list[str]:
        """That attribute's values, of all elements that have it."""
        return [found for _, attrs in self.elements if (found := attrs.get(attribute))]


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_with() as made:
        yield made


def page(client: TestClient, path: str) -> Page:
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(response.text)


PATHS = ("/", f"/guides/{GUIDE}", "/embed")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_loads_only_this_servers_own_files(client: TestClient, path: str) -> None:
    shown = page(client, path)
    loaded = [
        attrs.get("src") or attrs.get("href") or ""
        for tag, attrs in shown.elements
        if tag in {"script", "link", "img", "iframe"} and "ld+json" not in str(attrs.get("type"))
    ]
    assert len(loaded) >= 2
    for address in loaded:
        response = client.get(address)
        assert address.startswith("/assets/")
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_no_inline_script_or_style(client: TestClient, path: str) -> None:
    shown = page(client, path)
    names = {name for _, attrs in shown.elements for name in attrs}
    assert "style" not in {tag for tag, _ in shown.elements} | names
    assert not [name for name in names if name.startswith("on")]
    # A data block is not run, and so needs no leave of the policy.
    run = [a for tag, a in shown.elements if tag == "script" and a.get("type") == "module"]
    data = [a for tag, a in shown.elements if tag == "script" and a.get("type") != "module"]
    assert all(attrs.get("src") for attrs in run)
    assert all(attrs.get("type") == "application/ld+json" for attrs in data)


@pytest.mark.parametrize("path", PATHS)
def test_ids_are_unique_and_every_label_and_description_leads_somewhere(
    client: TestClient, path: str
) -> None:
    shown = page(client, path)
    ids = shown.values("id")
    assert len(ids) == len(set(ids))
    for attribute in ("for", "aria-labelledby", "aria-describedby"):
        assert set(shown.values(attribute)) <= set(ids)


@pytest.mark.parametrize("path", PATHS)
def test_until_a_clinic_is_filled_in_every_page_says_so(client: TestClient, path: str) -> None:
    assert "Demonstration – not set up for a clinic." in page(client, path).text


def test_a_clinics_page_bears_its_name_and_dials_its_phone() -> None:
    real = a_bot()
    clinic = replace(
        real.policy.clinic,
        name="Mill & Lane",
        phone="+1 555 010",
        numbers_confirmed_on="2026-11-01",
    )
    own = Bot(replace(real.policy, clinic=clinic), real.guides, real.default_guide)
    with TestClient(create_app(own, a_store(), settings_with())) as client:
        shown = page(client, "/")
    assert "Mill & Lane" in shown.text
    assert "tel:+1555010" in shown.values("href")
    assert "Demonstration" not in shown.text


def test_the_start_page_dials_the_emergency_number_and_offers_every_topic(
    client: TestClient,
) -> None:
    shown = page(client, "/")
    emergency = [n for n in a_bot().policy.clinic.numbers if n.kind == "emergency"]
    assert f"tel:{dialled(emergency[0].number)}" in shown.values("href")
    offered = set(shown.values("data-choice"))
    sections = {p.section_id for p in a_bot().guide(GUIDE).guide.passages}
    assert len(offered) == len(sections)
    assert PASSAGE in offered


def test_without_script_the_topics_lead_to_the_reading_page(client: TestClient) -> None:
    anchors = [a for a in page(client, "/").values("href") if a.startswith(f"/guides/{GUIDE}#")]
    ids = page(client, f"/guides/{GUIDE}").values("id")
    assert anchors
    assert {a.split("#")[1] for a in anchors} <= set(ids)


def test_the_reading_page_has_an_anchor_for_every_section_and_passage(
    client: TestClient,
) -> None:
    guide = a_bot().guide(GUIDE).guide
    ids = set(page(client, f"/guides/{GUIDE}").values("id"))
    assert {section.section_id for section in guide.sections} <= ids
    assert {passage.passage_id for passage in guide.passages} <= ids


def test_the_reading_page_shows_every_word_of_every_passage(client: TestClient) -> None:
    guide = a_bot().guide(GUIDE).guide
    text = " ".join(page(client, f"/guides/{GUIDE}").text.split())
    assert all(guide.display(passage.text) in text for passage in guide.passages)


def test_an_excerpts_address_opens_the_page_at_words_that_stand_there(
    client: TestClient,
) -> None:
    excerpt = client.post("/v1/ask", json={"choice": PASSAGE}).json()["excerpts"][0]
    path, _, fragment = excerpt["url"].partition("#")
    anchor, _, directive = fragment.partition(":~:text=")
    shown = page(client, path)
    text = " ".join(shown.text.split())
    assert anchor in shown.values("id")
    assert directive
    for part in re.split(r",(?!-)|-,|,-", directive):
        assert unquote(part) in text


def test_the_start_page_embeds_the_widget_as_another_site_would(client: TestClient) -> None:
    shown = page(client, "/")
    [tag] = [a for t, a in shown.elements if t == "script" and "data-quotewell" in a]
    data = client.get(tag["src"] or "").content
    found = base64.b64encode(hashlib.sha384(data).digest()).decode()
    assert tag["integrity"] == f"sha384-{found}"
    assert 'src="http://testserver/widget.js" data-quotewell' in shown.text


def test_the_widget_is_open_to_every_site_and_asked_for_again_after_five_minutes(
    client: TestClient,
) -> None:
    first = client.get("/widget.js")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = client.get("/widget.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    fixed = client.get(assets()["widget.js"].path)
    assert fixed.content == first.content
    assert fixed.headers["Access-Control-Allow-Origin"] == "*"
    other = client.get(assets()["page.css"].path)
    assert other.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in other.headers


def test_a_file_is_compressed_only_for_those_who_can_read_it(client: TestClient) -> None:
    packed = client.get("/widget.js", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/widget.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.content == plain.content == assets()["widget.js"].data
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


def test_the_frame_may_stand_on_a_page_that_isolates_itself(client: TestClient) -> None:
    headers = client.get("/embed").headers
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert client.get("/embed?guide=nope").status_code == 404
    assert client.get("/embed?lang=%3Cb%3E").status_code == 422


def test_the_reading_page_tells_machines_what_its_manifest_says() -> None:
    guide = replace(a_guide(), reviewed_on="2026-10-01", reviewed_by="Dr. </script> Ada")
    shown = reading_page(guide)
    [block] = re.findall(r'\{"@context".*\}', shown.text)
    said = json.loads(block)
    assert said["@type"] == "MedicalWebPage"
    assert said["lastReviewed"] == "2026-10-01"
    assert said["reviewedBy"]["name"] == "Dr. </script> Ada"
    assert "reviewedBy" not in reading_page(a_guide()).text


def test_an_asset_with_another_content_has_another_address(client: TestClient) -> None:
    asset = assets()["demo.js"]
    assert client.get(asset.path).content == asset.data
    assert client.get(f"/assets/{'0' * 16}/demo.js").status_code == 404


@pytest.mark.parametrize("name", ["demo.js", "widget.js"])
def test_a_script_writes_text_and_never_markup(name: str) -> None:
    script = assets()[name].data.decode()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)
    assert not re.search(r"localStorage|sessionStorage|cookie", script)


def test_the_script_knows_every_outcome_and_the_unknown_one() -> None:
    from bot.records import OUTCOMES

    script = assets()["widget.js"].data.decode()
    assert all(f'case "{outcome}":' in script for outcome in OUTCOMES)
    assert "default:" in script


@pytest.mark.parametrize(
    ("number", "expected"),
    [("911", "911"), ("+44 20 7946 0000", "+442079460000"), ("1-800-222-1222", "18002221222")],
)
def test_a_number_is_dialled_without_its_spaces(number: str, expected: str) -> None:
    assert dialled(number) == expected


# A guide of another kind: markup, lists, tables, withheld words, an overdue review


SOURCE = "Care\n1. <b>Wash</b> hands\n2. Then dry\n| a | b |\nkeep cold, not frozen, here\n"


def a_guide() -> Guide:
    section = Section("care", "Care <i>", ("Care <i>",), 0, len(SOURCE))

    def passage(number: int, text: str, kind: Any) -> Passage:
        start = SOURCE.index(text)
        return Passage(
            f"care-{number}", "care", "Care", ("Care",), text, start, start + len(text), kind
        )

    passages = (
        passage(1, "<b>Wash</b> hands", "item"),
        passage(2, "Then dry", "item"),
        passage(3, "| a | b |", "row"),
        passage(4, "keep cold, not frozen, here", "paragraph"),
    )
    start = SOURCE.index("not frozen")
    return Guide(
        "care", "Care", "en", SOURCE, "0" * 64, "7", (section,), passages,
        withheld=((start, start + len("not frozen")),), review_by="2020-01-01",
    )  # fmt: skip


def reading_page(guide: Guide) -> Page:
    real = a_bot()
    alone: Any = SimpleNamespace(guide=guide)
    indexed = {**real.guides, guide.guide_id: alone}
    own = Bot(real.policy, indexed, real.default_guide)
    with TestClient(create_app(own, a_store(), settings_with())) as client:
        return page(client, f"/guides/{guide.guide_id}")


def test_markup_in_a_guide_stays_text() -> None:
    shown = reading_page(a_guide())
    assert "<b>Wash</b> hands" in shown.text
    assert "b" not in {tag for tag, _ in shown.elements}


def test_numbered_items_make_one_ordered_list_and_rows_a_table() -> None:
    [section] = view_of(a_guide())
    assert [(g.kind, g.tag, len(g.passages)) for g in section.groups] == [
        ("item", "ol", 2),
        ("row", "", 1),
        ("paragraph", "", 1),
    ]
    assert section.groups[1].passages[0].cells == ("a", "b")


def test_withheld_words_are_marked_and_the_rest_keeps_its_spaces() -> None:
    [section] = view_of(a_guide())
    pieces = section.groups[2].passages[0].pieces
    assert [(p.text, p.is_withheld) for p in pieces] == [
        ("keep cold, ", False),
        ("not frozen", True),
        (", here", False),
    ]
    assert "withheld" in reading_page(a_guide()).values("class")


def test_an_overdue_review_is_told() -> None:
    assert "overdue" in reading_page(a_guide()).text
    assert "overdue" not in reading_page(replace(a_guide(), review_by="9999-01-01")).text
