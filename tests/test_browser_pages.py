"""Start page, reading page and frame in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser_support import Stage, stage, violations
from tests.http_support import GUIDE

pytestmark = pytest.mark.browser

PATHS = ("/", f"/guides/{GUIDE}", "/embed")


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("pages")) as made:
        yield made


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing(on: Stage, path: str, scheme: Any) -> None:
    # The pages' policy forbids what axe does to run in them; the other tests keep it on.
    with on.visit(color_scheme=scheme, bypass_csp=True) as guest:
        guest.page.goto(on.url + path)
        guest.page.wait_for_load_state("networkidle")
        assert violations(guest.page) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_a_narrow_screen_and_keeps_to_its_policy(on: Stage, path: str) -> None:
    with on.visit(viewport={"width": 320, "height": 640}) as guest:
        guest.page.goto(on.url + path)
        guest.page.wait_for_load_state("networkidle")
        assert guest.page.evaluate("() => document.documentElement.scrollWidth") <= 320


def test_a_topic_of_the_start_page_is_quoted_by_the_widget(on: Stage) -> None:
    with on.visit() as guest:
        guest.page.goto(on.url)
        guest.page.get_by_role("link", name="Allergic Reactions").click()
        widget = guest.page.locator("quotewell-chat")
        expect(widget.locator("blockquote")).to_contain_text("In rare cases")
        assert guest.page.url == f"{on.url}/"


def test_without_script_a_topic_opens_the_guide(on: Stage) -> None:
    with on.visit(java_script_enabled=False) as guest:
        guest.page.goto(on.url)
        expect(guest.page.get_by_role("button", name="Ask a question")).to_be_hidden()
        guest.page.get_by_role("link", name="Allergic Reactions").click()
        assert guest.page.url == f"{on.url}/guides/{GUIDE}#allergic-reactions-1"
        guest.page.goto("about:blank")


def test_the_switches_dress_page_and_widget(on: Stage) -> None:
    with on.visit() as guest:
        guest.page.goto(on.url)
        guest.page.get_by_role("button", name="Ask a question").click()
        send = guest.page.locator("quotewell-chat .send")
        colours = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
        guest.page.get_by_text("Pine", exact=True).click()
        assert send.evaluate(colours) == ["rgb(255, 255, 255)", "rgb(0, 102, 79)"]
        guest.page.get_by_text("Sun", exact=True).click()
        # White cannot be read on it; the widget notices by itself.
        expect(send).to_have_css("color", "rgb(0, 0, 0)")
        assert guest.page.locator(".top").evaluate(colours)[1] == "rgb(245, 197, 24)"
        guest.page.get_by_text("Dark", exact=True).click()
        expect(guest.page.locator("quotewell-chat .qw")).to_contain_class("dark")


def test_the_quoted_words_are_opened_in_the_guide(on: Stage) -> None:
    with on.visit() as guest:
        guest.page.goto(on.url)
        guest.page.get_by_role("link", name="Allergic Reactions").click()
        link = guest.page.get_by_role("link", name="See it in the guide")
        with guest.context.expect_page() as opened:
            link.click()
        there = opened.value
        expect(there.locator("#allergic-reactions-1")).to_be_in_viewport()
        there.close()


def test_the_reading_page_describes_itself(on: Stage) -> None:
    with on.visit() as guest:
        guest.page.goto(f"{on.url}/guides/{GUIDE}")
        block = guest.page.locator("script[type='application/ld+json']").text_content()
        said = json.loads(block or "")
        assert said["@type"] == "MedicalWebPage"
        assert said["name"] == guest.page.locator("h1").inner_text()


def test_the_reading_page_prints_without_what_only_a_screen_needs(on: Stage) -> None:
    with on.visit() as guest:
        guest.page.goto(f"{on.url}/guides/{GUIDE}")
        guest.page.emulate_media(media="print")
        assert guest.page.locator(".contents, .top-links, .skip").filter(visible=True).count() == 0
        assert guest.page.locator("article").is_visible()
