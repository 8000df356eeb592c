"""The kiosk in a real browser: by touch alone, for everyone, and without a trace afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.http_support import DOSING, EMERGENCY
from tests.kiosk_support import (
    LANDSCAPE,
    PORTRAIT,
    Held,
    Kiosk,
    Served,
    kiosk_in,
    start_chromium,
)

pytestmark = pytest.mark.browser
IDLE, WARNING = 75, 25
# What no page of ours holds, and what the guide answers all the same.
NAME = "wilhelmina"
ASKED = f"My name is {NAME}, what about allergic reactions?"
QUOTE = "These symptoms are usually transient and resolve on their own."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = start_chromium(playwright)
        yield started
        started.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    server = Served(languages=["en", "es"])
    server.start()
    yield server
    server.stop()


@pytest.fixture
def kiosk(browser: Browser, served: Served) -> Iterator[Kiosk]:
    with kiosk_in(browser, served.url) as opened:
        opened.open()
        yield opened


@pytest.fixture
def timed(browser: Browser, served: Served) -> Iterator[Kiosk]:
    """A kiosk whose clock the test moves."""
    with kiosk_in(browser, served.url) as opened:
        opened.page.clock.install()
        opened.open()
        yield opened


@pytest.fixture
def kept(browser: Browser, served: Served) -> Iterator[Kiosk]:
    """A kiosk whose service worker has kept the page, and whose clock the test moves."""
    with kiosk_in(browser, served.url, service_workers="allow") as opened:
        opened.page.clock.install()
        opened.open()
        opened.keep_shell()
        yield opened


def pass_time(kiosk: Kiosk, seconds: float) -> None:
    kiosk.page.clock.fast_forward(int(seconds * 1000))


# --- by touch alone --------------------------------------------------------------------------


def test_a_visitor_needs_nothing_but_touches(kiosk: Kiosk) -> None:
    page = kiosk.page
    kiosk.begin()
    kiosk.choose("Injection Site Reactions")
    expect(page.locator("#reply blockquote")).to_contain_text(QUOTE)
    expect(page.locator("#reply cite")).to_contain_text("Injection Site Reactions")
    page.locator("#reply [data-go=home]").tap()
    page.locator("#home [data-go=typing]").tap()
    kiosk.type("does it cause anemia?")
    expect(page.locator("#question")).to_have_value("does it cause anemia?")
    page.tap("#send")
    expect(page.locator("#reply-title")).to_contain_text("does it cause anemia?")
    page.tap("#over")
    expect(page.locator("#attract")).to_be_visible()


def test_every_section_with_words_is_a_tile_under_its_topic(kiosk: Kiosk) -> None:
    kiosk.begin()
    guide = kiosk.page.request.get(f"{kiosk.url}/v1/guides/vitamin-b12-injection").json()
    spoken = [s for s in guide["sections"] if s["passages"]]
    assert kiosk.page.locator("#topics .tile").count() == len(spoken) > 10
    heads = kiosk.page.locator("#topics h2").all_inner_texts()
    assert heads[0] == "Overview"
    assert "Side Effects and Considerations" in heads


def test_a_quotation_is_that_of_the_guide(kiosk: Kiosk) -> None:
    kiosk.begin()
    kiosk.choose("Allergic Reactions")
    quoted = kiosk.page.locator("#reply blockquote").inner_text()
    body = {"quote": quoted}
    told = kiosk.page.request.post(f"{kiosk.url}/v1/verify", data=body).json()
    assert told["verbatim"] is True


def test_the_keys_write_at_the_caret_and_say_what_they_did(kiosk: Kiosk) -> None:
    page = kiosk.page
    kiosk.begin()
    page.locator("#home [data-go=typing]").tap()
    told = page.locator("#told")
    page.tap("#keys [data-does=shift]")
    kiosk.type("h")
    expect(told).to_have_text("H")
    kiosk.type("as it")
    expect(told).to_have_text("t")
    page.evaluate("document.getElementById('question').setSelectionRange(1, 1)")
    page.tap("#keys [data-does=delete]")
    expect(told).to_have_text("Deleted")
    expect(page.locator("#question")).to_have_value("as it")
    page.tap("#keys [data-does=space]")
    expect(told).to_have_text("Space")
    page.tap("#clear")
    expect(page.locator("#question")).to_have_value("")
    expect(page.locator("#question")).to_be_focused()


def test_the_field_takes_no_more_than_it_may(kiosk: Kiosk) -> None:
    kiosk.begin()
    kiosk.page.locator("#home [data-go=typing]").tap()
    kiosk.page.fill("#question", "a" * 199)
    kiosk.type("bc")
    assert kiosk.page.input_value("#question") == "a" * 199 + "b"


def test_a_second_touch_while_it_looks_asks_nothing(kiosk: Kiosk) -> None:
    kiosk.begin()
    held = Held(kiosk.page)
    tile = kiosk.page.locator("#topics .tile").first
    tile.tap()
    tile.tap()
    held.let_go()
    expect(kiosk.page.locator("#reply")).to_be_visible()
    assert len(kiosk.visit_ids()) == 1


def test_a_real_keyboard_can_do_it_all_too(kiosk: Kiosk) -> None:
    page = kiosk.page
    page.locator("#begin").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#home-title")).to_be_focused()
    page.locator("#home [data-go=typing]").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("side effects")
    page.keyboard.press("Enter")
    expect(page.locator("#reply-title")).to_be_focused()


# --- what is said ----------------------------------------------------------------------------


def test_an_urgent_reply_begins_with_the_staff_and_dials_nothing(kiosk: Kiosk) -> None:
    kiosk.begin()
    kiosk.ask(EMERGENCY)
    card = kiosk.page.locator("#reply [role=alert]")
    lines = card.inner_text().splitlines()
    assert lines[0] == "Tell a member of staff now"
    assert "911" in card.locator(".number").all_inner_texts()
    assert "If you are in the clinic" not in card.inner_text()
    assert kiosk.page.locator("[href^='tel:'], [href^='sms:']").count() == 0
    first = kiosk.page.evaluate(
        "() => document.querySelector('#reply-place [data-aloud]').textContent"
    )
    assert first == "Tell a member of staff now"
    assert kiosk.page.locator(".take").count() == 0


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("How do I stop wanting to kill myself?", "Tell a member of staff now"),
        ("I took ten shots of B12 today, is that too much?", "Tell a member of staff now"),
        (DOSING, "A question for the clinic team"),
        ("How much does parking cost?", "Not in the guide"),
    ],
)
def test_a_reply_says_first_what_it_is(kiosk: Kiosk, question: str, lines: str) -> None:
    kiosk.begin()
    kiosk.ask(question)
    assert kiosk.page.locator("#reply-place").inner_text().startswith(lines)


def test_an_outcome_of_a_newer_server_shows_its_text(kiosk: Kiosk) -> None:
    reply: dict[str, Any] = {
        "reply_id": "r", "visit_id": "v", "outcome": "novel", "reason": "",
        "text": "Something new.",
        "excerpts": [], "suggestions": [], "card": None, "notice": "", "lang": "en",
        "guide_version": "", "policy_version": "",
    }  # fmt: skip
    kiosk.page.route("**/v1/ask", lambda route: route.fulfill(json=reply))
    kiosk.begin()
    kiosk.page.locator("#topics .tile").first.tap()
    expect(kiosk.page.locator("#reply-place")).to_have_text("Something new.")


def test_markup_in_a_reply_stays_text(kiosk: Kiosk) -> None:
    def spoilt(route: Any) -> None:
        reply = route.fetch().json()
        reply["text"] = reply["notice"] = "<img src=x onerror=alert(1)>"
        route.fulfill(json=reply)

    kiosk.page.route("**/v1/ask", spoilt)
    kiosk.begin()
    kiosk.page.locator("#topics .tile").first.tap()
    expect(kiosk.page.locator("#reply-place .own")).to_have_text("<img src=x onerror=alert(1)>")


def test_the_code_to_take_away_holds_the_section_and_nothing_of_the_visit(kiosk: Kiosk) -> None:
    kiosk.begin()
    kiosk.ask(ASKED)
    image = kiosk.page.locator(".take img")
    assert image.evaluate("(node) => node.decode().then(() => node.naturalWidth)") > 100
    address = kiosk.page.locator(".take .address").inner_text()
    assert address == f"{kiosk.url}/guides/vitamin-b12-injection#allergic-reactions"
    source = image.get_attribute("src")
    assert source == "/kiosk/takeaway/vitamin-b12-injection/allergic-reactions"
    [visit] = kiosk.visit_ids()
    assert not [r.url for r in kiosk.requests if visit in r.url or NAME in r.url]


def test_whether_it_helped_is_noted(kiosk: Kiosk) -> None:
    kiosk.begin()
    kiosk.choose("Allergic Reactions")
    with kiosk.page.expect_response("**/v1/feedback") as response:
        kiosk.page.get_by_role("button", name="Yes", exact=True).tap()
    assert response.value.status == 204
    expect(kiosk.page.locator(".thanks")).to_have_text("Thank you.")


# --- nobody there: everything is wiped -------------------------------------------------------


def residue(page: Page) -> dict[str, Any]:
    """All places of a page in which something of a visit could be left."""
    found: dict[str, Any] = page.evaluate(
        """async () => ({
          text: document.documentElement.outerHTML + [...document.querySelectorAll("textarea")]
            .map((field) => field.value).join(),
          local: localStorage.length, session: sessionStorage.length,
          databases: (await indexedDB.databases()).length,
          caches: (await Promise.all((await caches.keys()).map(async (name) =>
            (await (await caches.open(name)).keys()).map((kept) => new URL(kept.url).pathname)
          ))).flat(),
          history: history.length, state: history.state, address: location.href,
          name: window.name, selection: getSelection().toString(),
          lang: document.documentElement.lang, marks: { ...document.documentElement.dataset },
          scrolled: [...document.querySelectorAll(".pane")].map((pane) => pane.scrollTop),
        })"""
    )
    return found


def make_traces(kiosk: Kiosk) -> None:
    """Leave as much behind as a visitor can."""
    page = kiosk.page
    kiosk.ask(ASKED)
    for tool in ("#size", "#contrast", "#lower", "#language"):
        page.tap(tool)
    page.tap("[data-tongue=es]")
    page.tap("#down")
    page.locator("#reply [data-go=typing]").tap()
    kiosk.type(NAME)


def assert_no_traces(kiosk: Kiosk, before: dict[str, Any]) -> None:
    after = residue(kiosk.page)
    assert NAME not in after["text"]
    assert "blockquote" not in after["text"]
    for place in ("#reply-title", "#reply-place", "#told", "#looking", "#still-text"):
        assert kiosk.page.locator(place).text_content() == ""
    shell = [path for path in after.pop("caches") if path != "/kiosk"]
    assert all(path.startswith("/assets/") for path in shell)
    del before["caches"], before["text"], after["text"]
    assert after == before
    assert (after["lang"], after["marks"]) == ("en", {})
    [*visits] = set(kiosk.visit_ids())
    for visit in visits:
        kiosk.wait_until_forgotten(visit)


def test_left_alone_it_warns_and_then_wipes_everything(kept: Kiosk) -> None:
    page = kept.page
    before = residue(page)
    kept.begin()
    make_traces(kept)
    [visit] = kept.visit_ids()
    assert kept.is_kept(visit)
    pass_time(kept, IDLE + 1)
    expect(page.locator("#still")).to_be_visible()
    expect(page.locator("#still-text")).to_contain_text(str(WARNING))
    pass_time(kept, WARNING - 2)
    expect(page.locator("#still")).to_be_visible()
    pass_time(kept, 3)
    expect(page.locator("#attract")).to_be_visible()
    expect(page.locator("#still")).to_be_hidden()
    assert_no_traces(kept, before)


def test_start_over_wipes_everything_at_once(kept: Kiosk) -> None:
    before = residue(kept.page)
    kept.begin()
    make_traces(kept)
    kept.page.tap("#over")
    assert_no_traces(kept, before)


def test_what_was_typed_cannot_be_brought_back(kiosk: Kiosk) -> None:
    page = kiosk.page
    kiosk.begin()
    page.locator("#home [data-go=typing]").tap()
    kiosk.type("secret")
    page.tap("#over")
    kiosk.begin()
    page.locator("#home [data-go=typing]").tap()
    page.evaluate("() => document.execCommand('undo')")
    assert page.input_value("#question") == ""


def test_one_touch_says_that_somebody_is_there(timed: Kiosk) -> None:
    timed.begin()
    for _ in range(11):
        pass_time(timed, IDLE + 1)
        timed.page.tap("#still-here")
        expect(timed.page.locator("#still")).to_be_hidden()
        expect(timed.page.locator("#home")).to_be_visible()


def test_every_touch_begins_the_time_anew(timed: Kiosk) -> None:
    timed.begin()
    for _ in range(3):
        pass_time(timed, IDLE - 10)
        timed.page.tap("#home-title")
    expect(timed.page.locator("#still")).to_be_hidden()


def test_nobody_is_asked_while_nobody_is_there(timed: Kiosk) -> None:
    pass_time(timed, 10 * IDLE)
    expect(timed.page.locator("#still")).to_be_hidden()
    expect(timed.page.locator("#attract")).to_be_visible()


def test_a_page_that_leaves_forgets_the_visit(kiosk: Kiosk) -> None:
    kiosk.begin()
    kiosk.choose("Allergic Reactions")
    [visit] = kiosk.visit_ids()
    kiosk.page.goto(f"{kiosk.url}/guides/vitamin-b12-injection")
    kiosk.wait_until_forgotten(visit)


def test_a_reply_that_comes_late_is_dropped_and_its_visit_forgotten(kiosk: Kiosk) -> None:
    page = kiosk.page
    kiosk.begin()
    held = Held(page)
    page.locator("#home [data-go=typing]").tap()
    page.fill("#question", ASKED)
    page.tap("#send")
    page.tap("#over")
    expect(page.locator("#attract")).to_be_visible()
    held.let_go()
    page.wait_for_timeout(100)
    expect(page.locator("#attract")).to_be_visible()
    assert page.locator("blockquote").count() == 0
    assert NAME not in page.content()
    [visit] = kiosk.visit_ids()
    kiosk.wait_until_forgotten(visit)


def test_a_late_reply_does_not_reach_the_next_visitor(kiosk: Kiosk) -> None:
    kiosk.begin()
    held = Held(kiosk.page)
    kiosk.page.locator("#topics .tile").first.tap()
    kiosk.page.tap("#over")
    kiosk.begin()
    held.let_go()
    kiosk.page.wait_for_timeout(100)
    expect(kiosk.page.locator("#home")).to_be_visible()
    assert kiosk.page.locator("blockquote").count() == 0


# --- the server goes and comes back ----------------------------------------------------------


@pytest.fixture
def lonely(browser: Browser) -> Iterator[tuple[Kiosk, Served]]:
    """A kiosk and a server of its own, which the test may stop."""
    server = Served()
    server.start()
    with kiosk_in(browser, server.url, may_fail=True, service_workers="allow") as opened:
        opened.page.clock.install()
        opened.open()
        opened.keep_shell()
        yield opened, server
    server.stop()


def test_without_its_server_it_sends_to_the_desk_and_recovers_by_itself(
    lonely: tuple[Kiosk, Served],
) -> None:
    kiosk, server = lonely
    page = kiosk.page
    kiosk.begin()
    server.stop()
    page.locator("#topics .tile").first.tap()
    desk = page.locator("#desk")
    expect(desk).to_be_visible()
    assert "Please ask at the desk" in desk.inner_text()
    assert "911" in desk.locator(".number").all_inner_texts()
    assert kiosk.violations() == []
    server.start()
    pass_time(kiosk, 6)
    expect(page.locator("#home")).to_be_visible()
    kiosk.choose("Allergic Reactions")


def test_started_without_its_server_it_still_says_where_to_ask(
    lonely: tuple[Kiosk, Served],
) -> None:
    kiosk, server = lonely
    server.stop()
    kiosk.page.reload()
    expect(kiosk.page.locator("#desk")).to_be_visible()
    server.start()
    pass_time(kiosk, 6)
    expect(kiosk.page.locator("#attract")).to_be_visible()
    expect(kiosk.page.locator("#attract-title")).to_contain_text("Vitamin B12")


def test_left_at_rest_it_notices_by_its_heartbeat(lonely: tuple[Kiosk, Served]) -> None:
    kiosk, server = lonely
    server.stop()
    for _ in range(3):
        pass_time(kiosk, 21)
        kiosk.page.wait_for_timeout(100)
    expect(kiosk.page.locator("#desk")).to_be_visible()


def test_a_server_that_comes_and_goes_keeps_no_visit_open(lonely: tuple[Kiosk, Served]) -> None:
    kiosk, _ = lonely
    page = kiosk.page
    kiosk.begin()
    page.route("**/healthz", lambda route: route.abort())
    for seconds in (21, 6):
        pass_time(kiosk, seconds)
        page.wait_for_timeout(100)
    expect(page.locator("#desk")).to_be_visible()
    page.unroute("**/healthz")
    pass_time(kiosk, 6)
    expect(page.locator("#home")).to_be_visible()
    pass_time(kiosk, IDLE - 21 - 6 - 6)
    expect(page.locator("#still")).to_be_visible()


def test_a_visit_that_could_not_be_deleted_is_deleted_later(kiosk: Kiosk) -> None:
    page = kiosk.page
    kiosk.errors.clear()
    kiosk.begin()
    kiosk.choose("Allergic Reactions")
    [visit] = kiosk.visit_ids()
    page.route("**/v1/visits/*", lambda route: route.fulfill(status=503, json={}))
    page.tap("#over")
    page.wait_for_timeout(100)
    assert kiosk.is_kept(visit)
    page.unroute("**/v1/visits/*")
    page.clock.install()
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    kiosk.begin()
    page.route("**/v1/ask", lambda route: route.abort())
    page.locator("#topics .tile").first.tap()
    expect(page.locator("#reply-place")).to_contain_text("That did not work")
    kiosk.wait_until_forgotten(visit)
    kiosk.errors.clear()


def test_a_failed_question_can_be_asked_again(browser: Browser, served: Served) -> None:
    with kiosk_in(browser, served.url, may_fail=True) as kiosk:
        kiosk.open()
        kiosk.begin()
        kiosk.page.route("**/v1/ask", lambda route: route.fulfill(status=500, json={}))
        kiosk.page.locator("#home [data-go=typing]").tap()
        kiosk.page.fill("#question", "allergic reactions")
        kiosk.page.tap("#send")
        again = kiosk.page.get_by_role("button", name="Try again")
        expect(again).to_be_visible()
        assert kiosk.violations() == []
        assert kiosk.page.input_value("#question") == "allergic reactions"
        kiosk.page.unroute("**/v1/ask")
        again.tap()
        expect(kiosk.page.locator("#reply blockquote").first).to_be_visible()


def test_a_newer_version_is_taken_only_when_nobody_is_there(
    lonely: tuple[Kiosk, Served],
) -> None:
    kiosk, server = lonely
    page = kiosk.page
    kiosk.begin()
    server.stop()
    server.start(paused=True)
    registration = 'navigator.serviceWorker.getRegistration("/kiosk")'
    page.evaluate(f"async () => {{ await (await {registration}).update(); }}")
    kiosk.wait_until(f"(await {registration}).waiting")
    expect(page.locator("#home")).to_be_visible()
    assert page.locator(".banner-paused").count() == 0
    page.tap("#over")
    kiosk.stop_worker_in_charge()
    expect(page.locator(".banner-paused")).to_be_visible()


# --- no way out ------------------------------------------------------------------------------


def test_no_link_form_or_frame_leads_away(kiosk: Kiosk) -> None:
    kiosk.begin()
    for question in ("allergic reactions", EMERGENCY, DOSING, "contact the clinic"):
        kiosk.ask(question)
        ways = kiosk.page.locator(
            "a, area, form, iframe, object, embed, [target], [href]:not(link)"
        )
        assert ways.count() == 0
    assert kiosk.page.url == f"{kiosk.url}/kiosk"


EVENTS = {
    "contextmenu": "new MouseEvent('contextmenu', { cancelable: true, bubbles: true })",
    "middle button": "new MouseEvent('auxclick', { cancelable: true, bubbles: true })",
    "drag": "new DragEvent('dragstart', { cancelable: true, bubbles: true })",
    "drop": "new DragEvent('drop', { cancelable: true, bubbles: true })",
    "selection": "new Event('selectstart', { cancelable: true, bubbles: true })",
    "zoom": "new WheelEvent('wheel', { cancelable: true, bubbles: true, ctrlKey: true })",
    "F5": "new KeyboardEvent('keydown', { cancelable: true, bubbles: true, key: 'F5' })",
    "new window": "new KeyboardEvent('keydown', "
    "{ cancelable: true, bubbles: true, key: 'n', ctrlKey: true })",
    "back": "new KeyboardEvent('keydown', "
    "{ cancelable: true, bubbles: true, key: 'ArrowLeft', altKey: true })",
}


def test_menus_gestures_and_shortcuts_do_nothing_and_ordinary_keys_work(kiosk: Kiosk) -> None:
    def is_let_through(event: str) -> bool:
        return bool(kiosk.page.evaluate(f"() => document.body.dispatchEvent({event})"))

    assert [name for name, event in EVENTS.items() if is_let_through(event)] == []
    assert is_let_through("new KeyboardEvent('keydown', { cancelable: true, key: 'a' })")


# --- for everyone ----------------------------------------------------------------------------


def go_home(kiosk: Kiosk) -> None:
    kiosk.begin()


def go_typing(kiosk: Kiosk) -> None:
    kiosk.begin()
    kiosk.page.locator("#home [data-go=typing]").tap()


def asked(question: str) -> Callable[[Kiosk], None]:
    def go(kiosk: Kiosk) -> None:
        kiosk.begin()
        kiosk.ask(question)

    return go


def go_languages(kiosk: Kiosk) -> None:
    kiosk.begin()
    kiosk.page.tap("#language")


def go_spanish(kiosk: Kiosk) -> None:
    kiosk.page.tap("[data-begin=es]")
    expect(kiosk.page.locator("#home-title")).to_have_text("¿Qué le gustaría saber?")


def go_warning(kiosk: Kiosk) -> None:
    kiosk.begin()
    pass_time(kiosk, IDLE + 1)
    expect(kiosk.page.locator("#still")).to_be_visible()


STATES: dict[str, Callable[[Kiosk], None]] = {
    "attract": lambda kiosk: None,
    "home": go_home,
    "typing": go_typing,
    "answer": asked("allergic reactions"),
    "urgent": asked(EMERGENCY),
    "dosing": asked(DOSING),
    "uncovered": asked("How much does parking cost?"),
    "languages": go_languages,
    "spanish": go_spanish,
    "warning": go_warning,
}


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing_and_every_target_is_large(timed: Kiosk, state: str) -> None:
    page = timed.page
    STATES[state](timed)
    for contrast in ("", "high"):
        page.evaluate(
            "(high) => { const { dataset } = document.documentElement;"
            " if (high) dataset.contrast = high; else delete dataset.contrast; }",
            contrast,
        )
        assert timed.violations() == []
    for width, height in (PORTRAIT, LANDSCAPE):
        page.set_viewport_size({"width": width, "height": height})
        assert timed.small_targets() == []


SIZES = (PORTRAIT, LANDSCAPE, (1024, 768), (768, 1024), (1280, 800))


@pytest.mark.parametrize("presses", [0, 2], ids=["normal", "largest"])
def test_the_field_and_the_keys_are_in_sight_together(kiosk: Kiosk, presses: int) -> None:
    page = kiosk.page
    kiosk.begin()
    for tool in ("#size",) * presses:
        page.tap(tool)
    page.tap("#lower")
    page.locator("#home [data-go=typing]").tap()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        boxes = [page.locator(name).bounding_box() for name in ("#question", "#keys", "#send")]
        for box in boxes:
            assert box is not None
            assert box["y"] >= 0
            assert box["x"] >= 0
            assert box["y"] + box["height"] <= height
            assert box["x"] + box["width"] <= width
        field, keys, _ = boxes
        assert field is not None
        assert keys is not None
        assert field["y"] + field["height"] <= keys["y"], (width, height)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert kiosk.small_targets() == []


def test_letters_are_large_from_the_start_and_grow(kiosk: Kiosk) -> None:
    def size() -> float:
        return float(
            kiosk.page.evaluate("() => parseFloat(getComputedStyle(document.body).fontSize)")
        )

    kiosk.begin()
    sizes = [size()]
    for _ in range(3):
        kiosk.page.tap("#size")
        sizes.append(size())
    assert sizes[0] >= 22
    assert sizes[0] < sizes[1] < sizes[2]
    assert sizes[3] == sizes[0]


def test_high_contrast_turns_the_page_black_and_back(kiosk: Kiosk) -> None:
    def ground() -> str:
        return str(kiosk.page.evaluate("() => getComputedStyle(document.body).backgroundColor"))

    kiosk.begin()
    button = kiosk.page.get_by_role("button", name="High contrast")
    expect(button).to_have_attribute("aria-pressed", "false")
    light = ground()
    button.tap()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert ground() == "rgb(0, 0, 0)"
    button.tap()
    assert ground() == light


def test_controls_move_down_within_reach(kiosk: Kiosk) -> None:
    kiosk.begin()
    tile = kiosk.page.locator("#topics .tile").first
    before = tile.bounding_box()
    kiosk.page.tap("#lower")
    after = tile.bounding_box()
    assert before is not None
    assert after is not None
    assert after["y"] > before["y"] + 400
    kiosk.page.get_by_role("button", name="Move controls up").tap()
    assert tile.bounding_box() == before


def test_long_text_is_paged_by_buttons(browser: Browser, served: Served) -> None:
    with kiosk_in(browser, served.url, size=(1024, 768), reduced_motion="reduce") as kiosk:
        kiosk.open()
        kiosk.begin()
        page = kiosk.page
        up, down = page.locator("#up"), page.locator("#down")
        expect(up).to_have_attribute("aria-disabled", "true")
        last = page.locator("#topics .tile").last
        expect(last).not_to_be_in_viewport()
        for _ in range(9):
            if down.get_attribute("aria-disabled") == "false":
                down.tap()
                page.wait_for_timeout(30)
        expect(last).to_be_in_viewport()
        expect(down).to_have_attribute("aria-disabled", "true")
        up.tap()
        expect(down).to_have_attribute("aria-disabled", "false")


def test_without_long_text_there_is_nothing_to_page(kiosk: Kiosk) -> None:
    kiosk.begin()
    expect(kiosk.page.locator("#pager")).to_be_hidden()


def test_whoever_wants_no_motion_gets_none(browser: Browser, served: Served) -> None:
    # The slow shift against burn-in goes in steps and is no motion to the eye.
    moving = "() => document.getAnimations().map((one) => one.animationName).sort()"
    with kiosk_in(browser, served.url) as kiosk:
        kiosk.open()
        assert "breathe" in kiosk.page.evaluate(moving)
    with kiosk_in(browser, served.url, reduced_motion="reduce") as kiosk:
        kiosk.open()
        assert set(kiosk.page.evaluate(moving)) == {"drift", "nudge"}


def test_the_resting_screen_moves_against_burn_in(kiosk: Kiosk) -> None:
    def place(milliseconds: int) -> object:
        kiosk.page.evaluate(
            "(at) => document.getAnimations().filter((one) => one.animationName === 'drift')"
            ".forEach((one) => { one.currentTime = at; })",
            milliseconds,
        )
        return kiosk.page.locator("#attract-title").bounding_box()

    assert place(0) != place(100_000)


def test_the_resting_screen_is_not_for_emergencies_and_says_that_it_is_a_demonstration(
    kiosk: Kiosk,
) -> None:
    shown = kiosk.page.locator("body").inner_text()
    assert "Not for emergencies. Tell a member of staff." in shown
    assert "Demonstration – not set up for a clinic." in shown


# --- languages -------------------------------------------------------------------------------


def test_a_language_is_chosen_by_its_own_name_and_gone_with_the_visit(kiosk: Kiosk) -> None:
    page = kiosk.page
    page.get_by_role("button", name="Español").tap()
    expect(page.locator("#home-title")).to_have_text("¿Qué le gustaría saber?")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("#guide-language")).to_contain_text("inglés")
    kiosk.choose("Allergic Reactions")
    expect(page.locator("#reply blockquote")).to_have_attribute("lang", "en")
    asking = next(r for r in kiosk.requests if r.url.endswith("/v1/ask"))
    assert json.loads(asking.post_data or "")["lang"] == "es"
    page.tap("#over")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#begin")).to_have_text("Touch here to begin")


def test_the_keys_of_a_language_have_its_letters(kiosk: Kiosk) -> None:
    kiosk.page.get_by_role("button", name="Español").tap()
    kiosk.page.locator("#home [data-go=typing]").tap()
    kiosk.type("¿qué señal?")
    assert kiosk.page.input_value("#question") == "¿qué señal?"


def test_a_language_that_is_not_enabled_is_not_offered(browser: Browser) -> None:
    server = Served()
    server.start()
    with kiosk_in(browser, server.url) as kiosk:
        kiosk.open()
        kiosk.begin()
        assert kiosk.page.locator("#language, [data-begin], [data-tongue]").count() == 0
    server.stop()


# --- read aloud ------------------------------------------------------------------------------


@pytest.fixture
def speaking(browser: Browser, served: Served) -> Iterator[Kiosk]:
    with kiosk_in(browser, served.url) as opened:
        opened.page.clock.install()
        opened.with_voices(("en-GB", True), ("es-ES", False))
        opened.open()
        yield opened


def said(kiosk: Kiosk) -> list[str]:
    found: list[str] = kiosk.page.evaluate("() => speechSynthesis.said")
    return found


@pytest.mark.parametrize("voices", [(), (("en-US", False),), (("de-DE", True),)])
def test_without_a_voice_of_this_machine_there_is_no_reading_aloud(
    browser: Browser, served: Served, voices: tuple[tuple[str, bool], ...]
) -> None:
    with kiosk_in(browser, served.url) as kiosk:
        kiosk.with_voices(*voices)
        kiosk.open()
        kiosk.begin()
        expect(kiosk.page.locator("#aloud")).to_be_hidden()


def test_a_reply_is_read_in_its_order_and_can_be_stopped(speaking: Kiosk) -> None:
    page = speaking.page
    speaking.begin()
    speaking.ask(EMERGENCY)
    assert said(speaking) == []
    page.get_by_role("button", name="Read aloud").tap()
    pass_time(speaking, 0.3)
    assert said(speaking) == ["Tell a member of staff now"]
    page.evaluate("() => speechSynthesis.finish()")
    assert said(speaking)[1] == "Call 911 now"
    page.get_by_role("button", name="Stop reading").tap()
    page.evaluate("() => speechSynthesis.finish()")
    assert len(said(speaking)) == 2
    expect(page.get_by_role("button", name="Read aloud")).to_be_visible()


def test_nobody_is_asked_whether_they_are_there_while_it_reads(speaking: Kiosk) -> None:
    speaking.begin()
    speaking.page.tap("#aloud")
    pass_time(speaking, 0.3)
    for _ in range(4):
        pass_time(speaking, IDLE - 5)
    expect(speaking.page.locator("#still")).to_be_hidden()
    speaking.page.tap("#aloud")
    speaking.wait_until("!speechSynthesis.speaking")
    for _ in range(IDLE // 10 + 1):  # one leap may fall between two of the page's own looks
        pass_time(speaking, 10)
    expect(speaking.page.locator("#still")).to_be_visible()


def test_a_voice_that_falls_silent_does_not_hold_the_visit_open(speaking: Kiosk) -> None:
    speaking.begin()
    speaking.page.tap("#aloud")
    pass_time(speaking, 0.3)
    speaking.page.evaluate("() => { speechSynthesis.speaking = false; }")
    pass_time(speaking, 6)
    expect(speaking.page.locator("#aloud")).to_have_text("Read aloud")


def test_starting_over_silences_it(speaking: Kiosk) -> None:
    speaking.begin()
    speaking.page.tap("#aloud")
    pass_time(speaking, 0.3)
    assert speaking.page.evaluate("() => speechSynthesis.speaking") is True
    speaking.page.tap("#over")
    assert speaking.page.evaluate("() => speechSynthesis.speaking") is False


def test_words_without_a_voice_of_their_language_are_not_read(speaking: Kiosk) -> None:
    speaking.page.get_by_role("button", name="Español").tap()
    expect(speaking.page.locator("#aloud")).to_be_hidden()
