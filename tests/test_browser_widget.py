"""The widget in a real browser: embedding, replies, states, access by keyboard and reader."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from bot.records import OUTCOMES, URGENT_OUTCOMES
from bot.web import assets
from tests.browser_support import Guest, Stage, document, stage, violations
from tests.http_support import CANARY, DOSING, EMERGENCY, GUIDE, PASSAGE

pytestmark = pytest.mark.browser

ALLERGY = "Can it cause an allergic reaction?"
# A question for each outcome, in an order in which none leans on the one before.
QUESTIONS = {
    "answer": ALLERGY,
    "clarify": "vitamin b12",
    "not_covered": "how much does it cost?",
    "dosing_refusal": DOSING,
    "personal_advice": "should I take it while pregnant?",
    "smalltalk": "I want to talk to a person",
    "unintelligible": "¿Cuáles son los efectos secundarios?",
    "emergency": EMERGENCY,
    "overdose": "My toddler swallowed a whole bottle of B12",
    "crisis": "I want to kill myself",
}


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("widget")) as made:
        yield made


def tag(on: Stage, **options: str) -> str:
    given = "".join(f' data-{name}="{value}"' for name, value in options.items())
    return f'<script type="module" src="{on.url}/widget.js" data-quotewell{given}></script>'


def element(on: Stage, **options: str) -> str:
    given = "".join(f' {name}="{value}"' for name, value in options.items())
    return (
        f'<script type="module" src="{on.url}/widget.js"></script>'
        f"<quotewell-chat{given}></quotewell-chat>"
    )


def arrive(guest: Guest, body: str, **headers: str) -> Locator:
    """Put a page on the host site and go there; the widget on it."""
    guest.page.goto(guest.stage.host.put(body, **headers))
    return guest.page.locator("quotewell-chat").first


def launcher(widget: Locator) -> Locator:
    return widget.locator(".launcher")


def field(widget: Locator) -> Locator:
    return widget.get_by_role("textbox")


def opened(guest: Guest, **options: str) -> Locator:
    """The widget on a plain page of the host site, open."""
    widget = arrive(guest, tag(guest.stage, **options))
    launcher(widget).click()
    expect(widget.locator(".chip").first).to_be_visible()
    return widget


def ask(widget: Locator, question: str) -> Locator:
    """Type a question and send it; the reply."""
    before = widget.locator("article").count()
    field(widget).fill(question)
    field(widget).press("Enter")
    reply = widget.locator("article").nth(before)
    expect(reply).to_be_visible()
    return reply


def choose(widget: Locator, passage_id: str) -> Locator:
    """Ask for that passage, as its button does; the reply."""
    before = widget.locator("article").count()
    widget.evaluate("(e, id) => e.choose(id, 'That topic')", passage_id)
    reply = widget.locator("article").nth(before)
    expect(reply).to_be_visible()
    return reply


def focused(page: Page) -> str:
    """Tag, class and text of what has the focus, within the widget too."""
    found: str = page.evaluate(
        """() => {
          let at = document.activeElement;
          while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
          return `${at.localName}.${at.className} ${at.textContent.trim().slice(0, 40)}`;
        }"""
    )
    return found


# Embedding


POLICY = (
    "default-src 'self'; script-src {url}; connect-src {url}; style-src 'self'; "
    "img-src 'self' data:; require-trusted-types-for 'script'"
)


def test_it_works_in_the_head_under_a_strict_policy_and_isolation(on: Stage) -> None:
    asset = assets()["widget.js"]
    script = (
        f'<script type="module" src="{on.url}{asset.path}" integrity="{asset.integrity}" '
        'crossorigin="anonymous" data-quotewell></script>'
    )
    with on.visit() as guest:
        widget = arrive(
            guest,
            document(head=script),
            Content_Security_Policy=POLICY.format(url=on.url),
            Cross_Origin_Embedder_Policy="require-corp",
            Cross_Origin_Opener_Policy="same-origin",
        )
        launcher(widget).click()
        reply = ask(widget, ALLERGY)
        expect(reply.locator("blockquote")).to_contain_text("In rare cases")
        # The style applies, or the head would have no colour of its own.
        head = widget.locator(".head")
        assert head.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(11, 92, 173)"


def test_a_browser_without_constructed_styles_uses_the_nonce(on: Stage) -> None:
    policy = POLICY.replace("style-src 'self'", "style-src 'nonce-r4nd0m'")
    script = tag(on).replace("data-quotewell", 'nonce="r4nd0m" data-quotewell')
    with on.visit() as guest:
        guest.page.add_init_script("delete CSSStyleSheet.prototype.replaceSync")
        widget = arrive(
            guest, document(head=script), Content_Security_Policy=policy.format(url=on.url)
        )
        expect(launcher(widget)).to_have_css("background-color", "rgb(11, 92, 173)")


def test_a_changed_file_does_not_run_under_the_hash(on: Stage) -> None:
    asset = assets()["widget.js"]
    other = asset.integrity[:20] + ("A" if asset.integrity[20] != "A" else "B")
    script = (
        f'<script type="module" src="{on.url}{asset.path}" crossorigin="anonymous" '
        f'integrity="{other}{asset.integrity[21:]}" data-quotewell></script>'
    )
    with on.visit() as guest:
        guest.expected = ("integrity",)
        guest.page.goto(on.host.put(script))
        guest.page.wait_for_load_state("networkidle")
        assert guest.page.locator("quotewell-chat").count() == 0


def test_two_tags_with_one_address_give_two_separate_conversations(on: Stage) -> None:
    with on.visit() as guest:
        arrive(guest, tag(on) + tag(on, position="start", heading="The other one"))
        first, second = guest.page.locator("quotewell-chat").all()
        for widget in (first, second):
            launcher(widget).click()
            expect(widget.locator(".chip").first).to_be_visible()
        choose(first, "side-effects-and-considerations-1")
        assert second.locator("article").count() == 0
        ask(second, ALLERGY)
        ask(first, "more")
        ids = [body.get("visit_id") for body in guest.asked]
        assert ids[0] is None
        assert ids[1] is None
        assert ids[2]
        expect(first.locator("article").last).to_contain_text("Injection Site Reactions")
        boxes = [launcher(w).bounding_box() for w in (first, second)]
        assert all(boxes)
        assert boxes[0]["x"] > boxes[1]["x"] + boxes[1]["width"]  # type: ignore[index]


def test_a_tag_added_later_is_found(on: Stage) -> None:
    with on.visit() as guest:
        arrive(guest, element(on, inline="", guide=GUIDE))
        guest.page.evaluate(
            """src => {
              const script = document.createElement("script");
              Object.assign(script, { type: "module", src });
              script.dataset.quotewell = "";
              document.head.append(script);
            }""",
            f"{on.url}/widget.js",
        )
        expect(guest.page.locator("quotewell-chat")).to_have_count(2)


def test_it_survives_a_new_body_with_its_conversation(on: Stage) -> None:
    with on.visit() as guest:
        page = document(head=tag(on))
        widget = arrive(guest, page)
        launcher(widget).click()
        ask(widget, ALLERGY)
        guest.page.evaluate(
            """() => {
              const body = document.createElement("body");
              body.append(document.createElement("main"));
              document.body.replaceWith(body);
            }"""
        )
        expect(guest.page.locator("quotewell-chat")).to_have_count(1)
        expect(widget.locator("blockquote")).to_be_visible()
        choose(widget, PASSAGE)
        assert guest.asked[1]["visit_id"]


def test_without_script_the_page_has_a_link_to_the_guide(on: Stage) -> None:
    link = f'<a href="{on.url}/guides/{GUIDE}">Read our guide</a>'
    with on.visit(java_script_enabled=False) as guest:
        guest.page.goto(on.host.put(f"<quotewell-chat>{link}</quotewell-chat>"))
        expect(guest.page.get_by_role("link", name="Read our guide")).to_be_visible()
        guest.page.goto("about:blank")


def test_the_page_gets_one_element_and_nothing_else(on: Stage) -> None:
    with on.visit() as guest:
        guest.page.goto(on.host.put("<p>nothing yet</p>"))
        names = "() => Object.getOwnPropertyNames(window).length"
        before = guest.page.evaluate(names)
        guest.page.evaluate("src => import(src)", f"{on.url}/widget.js")
        assert guest.page.evaluate(names) == before
        assert guest.page.evaluate("() => !!customElements.get('quotewell-chat')")
        assert guest.page.locator("quotewell-chat").count() == 0


def test_nothing_is_fetched_but_the_file_until_it_is_opened(on: Stage) -> None:
    with on.visit() as guest:
        widget = arrive(guest, tag(on))
        expect(launcher(widget)).to_be_visible()
        guest.page.wait_for_load_state("networkidle")
        assert [u for u in guest.requests if u.startswith(on.url)] == [f"{on.url}/widget.js"]


def test_a_named_site_may_frame_it_and_no_other(on: Stage) -> None:
    frame = f'<iframe src="{on.url}/embed" title="Ask" width="400" height="600"></iframe>'
    with on.visit() as guest:
        guest.page.goto(on.host.put(frame, Cross_Origin_Embedder_Policy="require-corp"))
        inside = guest.page.frame_locator("iframe").locator("quotewell-chat")
        expect(ask(inside, ALLERGY).locator("blockquote")).to_be_visible()
    with on.visit() as guest:
        guest.expected = ("frame-ancestors", "chrome-error", "Framing", "Failed to load")
        guest.page.goto(f"http://127.0.0.1:{on.host.port}/page")
        guest.page.wait_for_load_state("networkidle")
        assert guest.page.frame_locator("iframe").locator("quotewell-chat").count() == 0
        guest.page.goto("about:blank")
        guest.requests.clear()


def test_the_whole_widget_fits_in_15_kilobytes() -> None:
    data = assets()["widget.js"].data
    assert len(gzip.compress(data, 9, mtime=0)) <= 15_000


# Replies


def test_every_outcome_is_shown(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        for outcome in OUTCOMES:
            widget.evaluate("e => e.clear()")
            reply = ask(widget, QUESTIONS[outcome])
            expect(reply).to_have_class(re.compile(rf"\b{outcome}\b"))
            assert len(reply.inner_text()) > 20
            if outcome in URGENT_OUTCOMES:
                first = reply.locator("> *:not(.unseen)").first
                expect(first).to_have_role("alert")
                expect(first.get_by_role("link", name="Call 911")).to_be_in_viewport()
            elif outcome in {"clarify", "not_covered", "dosing_refusal", "personal_advice"}:
                expect(reply.locator(".chip").first).to_be_visible()


def test_an_outcome_of_a_newer_server_is_shown_by_its_text(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        guest.page.route("**/v1/ask", lambda r: r.fulfill(json=a_reply(outcome="postponed")))
        expect(ask(widget, "anything")).to_contain_text("Words of the bot")


def test_markup_in_a_reply_stays_text(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        evil = "<img src=x onerror=alert(1)>"
        reply = a_reply(text=evil, suggestions=[{"label": evil, "passage_id": "a-1"}])
        guest.page.route("**/v1/ask", lambda r: r.fulfill(json=reply))
        shown = ask(widget, "<b>bold</b>")
        expect(shown).to_contain_text(evil)
        assert widget.locator("img, b").count() == 0


def a_reply(**values: Any) -> dict[str, Any]:
    """A reply as a server might give it."""
    return {
        "reply_id": "reply-0001", "visit_id": "visit-0000-0000-0001", "outcome": "smalltalk",
        "reason": "", "text": "Words of the bot.", "excerpts": [], "suggestions": [],
        "card": None, "notice": "", "lang": "en", **values,
    }  # fmt: skip


def test_a_quotation_names_its_section_and_leads_to_its_words(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        reply = ask(widget, ALLERGY)
        quote = reply.locator("blockquote")
        expect(reply.locator("cite")).to_contain_text(
            "Side Effects and Considerations › Allergic Reactions"
        )
        address = reply.get_by_role("link", name="See it in the guide").get_attribute("href") or ""
        assert quote.get_attribute("cite") == address
        assert address.startswith(f"{on.url}/guides/{GUIDE}#allergic-reactions-1:~:text=")
        own = reply.locator(".own").first.evaluate("e => getComputedStyle(e).fontFamily")
        assert quote.evaluate("e => getComputedStyle(e).fontFamily") != own


def test_a_suggestion_is_asked_with_one_tap(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        reply = ask(widget, DOSING)
        reply.get_by_role("button", name="Who decides the dose?").click()
        expect(widget.locator("blockquote")).to_be_visible()
        assert guest.asked[-1]["choice"] == "customized-dosage-and-administration-1"


def test_more_of_a_section_is_shown_in_the_same_visit(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        reply = choose(widget, "side-effects-and-considerations-1")
        reply.get_by_role("button", name="Show more").click()
        reply = widget.locator("article").nth(1)
        expect(reply).to_contain_text("Injection Site Reactions")
        assert guest.asked[1]["question"] == "more"
        assert guest.asked[1]["visit_id"]
        assert widget.get_by_role("button", name="Show more").count() == 1
        assert focused(guest.page).startswith("div.log")


def test_helpful_or_not_is_sent(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        reply = ask(widget, ALLERGY)
        with guest.page.expect_response("**/v1/feedback") as response:
            reply.get_by_role("button", name="Yes").click()
        assert response.value.status == 204
        expect(reply.get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
        expect(reply).to_contain_text("Thank you.")


def test_notice_and_contact_are_there_from_the_start(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        expect(widget.locator(".intro")).to_contain_text("Not medical advice")
        expect(widget.locator(".foot a").first).to_have_attribute("href", "tel:911")
        reply = ask(widget, ALLERGY)
        expect(reply.locator(".notice")).to_contain_text("Not medical advice")
        expect(widget.locator(".foot a").first).to_be_in_viewport()


def test_a_conversation_can_be_copied_downloaded_printed_and_cleared(on: Stage) -> None:
    with on.visit(permissions=["clipboard-read", "clipboard-write"]) as guest:
        widget = opened(guest)
        ask(widget, ALLERGY)
        widget.get_by_role("button", name="Options").click()
        widget.get_by_role("button", name="Copy").click()
        expect(widget.locator(".status")).to_have_text("Copied.")
        copied = guest.page.evaluate("() => navigator.clipboard.readText()")
        with guest.page.expect_download() as download:
            widget.get_by_role("button", name="Download").click()
        saved = download.value.path().read_text(encoding="utf-8")
        assert copied == saved
        assert ALLERGY in saved
        assert "In rare cases" in saved
        assert "#allergic-reactions-1" in saved
        widget.get_by_role("button", name="Print").click()
        printed = widget.frame_locator("iframe").locator("body")
        expect(printed.locator("blockquote")).to_contain_text("In rare cases")
        expect(printed.get_by_role("button")).to_have_count(0)
        with guest.page.expect_request("**/v1/visits/*") as request:
            widget.get_by_role("button", name="Clear").click()
        assert request.value.method == "DELETE"
        assert widget.locator("article").count() == 0
        expect(widget.locator("iframe")).to_have_count(0)
        ask(widget, ALLERGY)
        assert "visit_id" not in guest.asked[-1]


# States


def test_offline_keeps_the_draft_and_sends_it_later(on: Stage) -> None:
    with on.visit() as guest:
        guest.expected = ("ERR_INTERNET_DISCONNECTED",)
        widget = opened(guest)
        guest.context.set_offline(True)
        field(widget).fill(ALLERGY)
        field(widget).press("Enter")
        status = widget.locator(".status")
        expect(status).to_contain_text("You are offline. Your question is kept.")
        expect(field(widget)).to_have_value(ALLERGY)
        assert widget.locator(".you").count() == 0
        guest.context.set_offline(False)
        expect(status).to_have_text("You are online again.")
        widget.get_by_role("button", name="Try again").click()
        expect(widget.locator("blockquote")).to_be_visible()
        expect(field(widget)).to_have_value("")
        expect(status).to_have_text("")


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (429, {"Retry-After": "1"}, "Please try again in 1 second."),
        (429, {"Retry-After": "30"}, "Please try again in 30 seconds."),
        (500, {}, "No reply came. Your question is kept."),
    ],
)
def test_a_failure_says_what_to_do_and_keeps_the_draft(
    on: Stage, status: int, headers: dict[str, str], told: str
) -> None:
    shared = {**headers, "Access-Control-Allow-Origin": "*",
              "Access-Control-Expose-Headers": "Retry-After"}  # fmt: skip
    with on.visit() as guest:
        guest.expected = ("Failed to load resource",)
        widget = opened(guest)
        guest.page.route(
            "**/v1/ask", lambda r: r.fulfill(status=status, headers=shared, json={"code": "x"})
        )
        field(widget).fill(ALLERGY)
        field(widget).press("Enter")
        expect(widget.locator(".status")).to_contain_text(told)
        expect(widget.locator(".status")).to_contain_text("If this is urgent, do not wait")
        expect(field(widget)).to_have_value(ALLERGY)


def test_sending_twice_asks_once_and_waiting_is_told_only_when_it_is_long(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        held: list[Any] = []
        guest.page.route("**/v1/ask", lambda route: held.append(route))
        field(widget).fill(ALLERGY)
        field(widget).press("Enter")
        expect(widget.locator(".status")).to_have_text("")
        field(widget).fill("and again")
        field(widget).press("Enter")
        expect(widget.locator(".status")).to_have_text("Looking in the guide…")
        held[0].continue_()
        expect(widget.locator("blockquote")).to_be_visible()
        assert len(guest.asked) == 1
        expect(field(widget)).to_have_value("and again")


def test_a_reply_that_comes_after_the_conversation_was_cleared_is_dropped(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        held: list[Any] = []
        guest.page.route("**/v1/ask", lambda route: held.append(route))
        field(widget).fill(ALLERGY)
        field(widget).press("Enter")
        widget.get_by_role("button", name="Options").click()
        widget.get_by_role("button", name="Clear").click()
        with guest.page.expect_response("**/v1/ask"):
            held[0].continue_()
        expect(widget.locator(".status")).to_have_text("The conversation was cleared.")
        assert widget.locator("article").count() == 0


def test_a_text_that_is_too_long_is_counted_and_kept(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        field(widget).fill("é" * 1999 + "👩🏽")
        expect(widget.locator(".hint")).to_have_text("1 character too many")
        field(widget).press("Enter")
        field(widget).fill("é" * 2003)
        expect(widget.locator(".hint")).to_have_text("3 characters too many")
        expect(field(widget)).to_have_attribute("aria-invalid", "true")
        assert guest.asked == []


def test_emoji_right_to_left_words_and_line_breaks_arrive_as_typed(on: Stage) -> None:
    said = "هل هو آمن؟ 👩🏽‍⚕️\nsecond line"
    with on.visit() as guest:
        widget = opened(guest)
        field(widget).fill(said)
        field(widget).press("Shift+Enter")
        widget.get_by_role("button", name="Send").click()
        expect(widget.locator("article")).to_be_visible()
        assert guest.asked[0]["question"] == said
        expect(widget.locator(".you p")).to_have_attribute("dir", "auto")


# Access


def test_axe_finds_nothing_closed_open_and_in_a_long_conversation(on: Stage) -> None:
    with on.visit(reduced_motion="reduce") as guest:
        widget = arrive(guest, tag(on))
        expect(launcher(widget)).to_be_visible()
        assert violations(guest.page) == []
        launcher(widget).click()
        expect(widget.locator(".chip").first).to_be_visible()
        assert violations(guest.page) == []
        everything_at_once(guest, widget)
        assert violations(guest.page) == []


def test_axe_finds_nothing_in_the_dark(on: Stage) -> None:
    with on.visit(color_scheme="dark", reduced_motion="reduce") as guest:
        widget = opened(guest)
        everything_at_once(guest, widget)
        assert violations(guest.page) == []


def everything_at_once(guest: Guest, widget: Locator) -> None:
    """A reply of each outcome, the options unfolded, a failure told, a text that is too long."""
    for question in QUESTIONS.values():
        ask(widget, question)
    widget.get_by_role("button", name="Options").click()
    guest.page.route("**/v1/ask", lambda r: r.fulfill(status=500, json={}))
    guest.expected = ("Failed to load resource", "CORS", "ERR_FAILED")
    field(widget).fill(ALLERGY)
    field(widget).press("Enter")
    expect(widget.get_by_role("button", name="Try again")).to_be_visible()
    field(widget).fill("x" * 2001)


def test_everything_is_reached_with_the_keyboard_and_nothing_traps_it(on: Stage) -> None:
    with on.visit() as guest:
        page = guest.page
        widget = arrive(guest, tag(on))
        expect(launcher(widget)).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("Tab")
        assert focused(page).startswith("a")
        page.keyboard.press("Tab")
        assert focused(page).startswith("button.launcher")
        page.keyboard.press("Enter")
        expect(launcher(widget)).to_have_attribute("aria-expanded", "true")
        assert focused(page).startswith("textarea")
        page.keyboard.type(DOSING)
        page.keyboard.press("Enter")
        expect(widget.locator("article")).to_be_visible()
        assert focused(page).startswith("textarea")
        after = [step(page, "Tab") for _ in range(4)]
        assert after[0].startswith("button.send")
        assert "Emergency: 911" in after[1]
        assert "Read the whole guide" in after[2]
        assert not after[3].startswith(("a", "button", "textarea"))
        field(widget).focus()
        before = [step(page, "Shift+Tab") for _ in range(3)]
        assert [b.partition(" ")[2] for b in before] == ["No", "Yes", "Who decides the dose?"]
        page.keyboard.press("Enter")
        expect(widget.locator("blockquote")).to_be_visible()
        page.keyboard.press("Escape")
        expect(widget.locator(".panel")).to_be_hidden()
        assert focused(page).startswith("button.launcher")


def step(page: Page, key: str) -> str:
    page.keyboard.press(key)
    return focused(page)


def test_focus_that_leaves_a_panel_that_fills_the_screen_is_seen(on: Stage) -> None:
    with on.visit(viewport={"width": 390, "height": 700}) as guest:
        widget = opened(guest)
        expect(launcher(widget)).to_be_hidden()
        widget.get_by_role("button", name="Options").focus()
        step(guest.page, "Shift+Tab")
        expect(widget.locator(".panel")).to_be_hidden()
        assert focused(guest.page).startswith("a")


def test_the_printed_page_of_the_site_has_no_widget_on_it(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        guest.page.emulate_media(media="print")
        expect(launcher(widget)).to_be_hidden()
        expect(widget.locator(".panel")).to_be_hidden()


def test_escape_belongs_to_the_composition_first(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        for key in ("Escape", "Enter"):
            field(widget).evaluate(
                """(e, key) => e.dispatchEvent(new KeyboardEvent("keydown",
                   { key, isComposing: true, bubbles: true, composed: true }))""",
                key,
            )
        expect(widget.locator(".panel")).to_be_visible()
        assert guest.asked == []
        field(widget).press("Escape")
        expect(widget.locator(".panel")).to_be_hidden()


def test_a_finger_does_not_call_up_the_keyboard(on: Stage) -> None:
    with on.visit(has_touch=True, viewport={"width": 390, "height": 780}) as guest:
        widget = arrive(guest, tag(on))
        launcher(widget).tap()
        expect(widget.locator(".chip").first).to_be_visible()
        assert focused(guest.page).startswith("section.panel")
        widget.locator(".chip").first.tap()
        expect(widget.locator("blockquote")).to_be_visible()
        assert not focused(guest.page).startswith("textarea")


def test_only_the_new_message_is_announced(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        log = widget.get_by_role("log")
        expect(log).to_have_accessible_name("Conversation")
        assert log.get_attribute("aria-live") is None
        ask(widget, ALLERGY)
        log.evaluate(
            """log => {
              log.added = [];
              log.lost = 0;
              new MutationObserver((all) => {
                for (const { addedNodes, removedNodes } of all) {
                  log.added.push(...[...addedNodes].map((n) => n.textContent));
                  log.lost += removedNodes.length;
                }
              }).observe(log, { childList: true, subtree: true });
            }"""
        )
        ask(widget, "should I take it while pregnant?")
        added = log.evaluate("log => log.added")
        assert len(added) == 2
        assert added[0].startswith("You said: should I")
        assert added[1].startswith("Reply: ")
        assert widget.locator("[aria-live]").count() == 0


def test_the_urgent_card_is_an_alert_once(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        ask(widget, EMERGENCY)
        assert widget.get_by_role("alert").count() == 1
        field(widget).press("Escape")
        launcher(widget).click()
        expect(widget.locator(".card")).to_be_visible()
        assert widget.get_by_role("alert").count() == 0
        ask(widget, QUESTIONS["crisis"])
        assert widget.get_by_role("alert").count() == 1
        ask(widget, ALLERGY)
        assert widget.get_by_role("alert").count() == 0


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(320, 640, "100%"), (320, 256, "100%"), (640, 400, "100%"), (640, 700, "200%")],
)
def test_it_reflows_on_small_screens_and_at_twice_the_size(
    on: Stage, width: int, height: int, size: str
) -> None:
    with on.visit(viewport={"width": width, "height": height}) as guest:
        widget = arrive(guest, tag(on))
        guest.page.evaluate("size => { document.documentElement.style.fontSize = size }", size)
        launcher(widget).click()
        for question in (ALLERGY, QUESTIONS["crisis"], "w" * 300):
            ask(widget, question)
        for part in (".panel", ".log", ".head", "form", ".card", ".quote"):
            over = widget.locator(part).first.evaluate("e => e.scrollWidth - e.clientWidth")
            assert over <= 1, part
        assert guest.page.evaluate("() => document.documentElement.scrollWidth") <= width
        for name in ("Send", "Close", "Options"):
            button = widget.get_by_role("button", name=name)
            button.scroll_into_view_if_needed()
            expect(button).to_be_in_viewport(ratio=1)
        assert guest.page.evaluate("() => scrollY") == 0


def test_every_target_is_44_pixels_high(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest)
        ask(widget, ALLERGY)
        ask(widget, QUESTIONS["crisis"])
        widget.get_by_role("button", name="Options").click()
        for target in widget.locator("button:visible, a:visible, textarea").all():
            box = target.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 43.5, target.inner_text()


def test_forced_colours_keep_the_edges(on: Stage) -> None:
    with on.visit(forced_colors="active") as guest:
        widget = opened(guest)
        reply = ask(widget, ALLERGY)
        for part in (reply.locator(".quote"), reply.locator(".card"), widget.locator(".send")):
            edge = part.evaluate(
                "e => [getComputedStyle(e).borderInlineStartStyle,"
                " parseFloat(getComputedStyle(e).borderInlineStartWidth)]"
            )
            assert edge[0] == "solid"
            assert edge[1] >= 1


def test_without_a_wish_for_motion_nothing_moves(on: Stage) -> None:
    with on.visit(reduced_motion="reduce") as guest:
        widget = opened(guest)
        assert widget.locator(".panel").evaluate("e => getComputedStyle(e).animationName") == "none"


# Language and theme


def test_right_to_left_mirrors_the_layout_and_not_the_quotation(on: Stage) -> None:
    with on.visit() as guest:
        widget = opened(guest, lang="qps-plocm", position="end")
        expect(launcher(widget)).to_have_text("⟦Ask our guide⟧")
        title, close = widget.locator("h2").bounding_box(), widget.locator(".head button").last
        shut = close.bounding_box()
        assert title
        assert shut
        assert shut["x"] < title["x"]
        quote = ask(widget, ALLERGY).locator("blockquote")
        assert quote.evaluate("e => getComputedStyle(e).direction") == "ltr"
        assert violations(guest.page, "quotewell-chat") == []


def languages(guest: Guest, *enabled: str) -> None:
    """Let the clinic have these languages enabled."""

    def answer(route: Any) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "languages": list(enabled)})

    guest.page.route("**/v1/clinic", answer)


def test_spanish_is_spoken_once_the_clinic_has_enabled_it(on: Stage) -> None:
    with on.visit() as guest:
        languages(guest, "en", "es")
        widget = opened(guest, lang="es")
        expect(launcher(widget)).to_have_text("Pregunte a nuestra guía")
        quote = ask(widget, ALLERGY).locator(".quote")
        expect(quote).to_contain_text("Citado en inglés, el idioma de la guía.")
        expect(quote.locator("blockquote")).to_have_attribute("lang", "en")
        field(widget).fill("x" * 2001)
        expect(widget.locator(".hint")).to_have_text("Sobra 1 carácter")


def test_a_language_that_is_not_enabled_is_not_spoken(on: Stage) -> None:
    with on.visit() as guest:
        languages(guest, "en")
        widget = opened(guest, lang="es")
        expect(launcher(widget)).to_have_text("Ask our guide")


def test_the_catalogs_have_the_same_sentences_with_the_same_slots() -> None:
    script = assets()["widget.js"].data.decode()
    english, spanish = (
        re.search(rf"^  {lang}: {{\n(.*?)^  }},\n", script, re.MULTILINE | re.DOTALL)
        for lang in ("en", "es")
    )
    assert english
    assert spanish
    slots = [
        {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in entries(catalog[1])}
        for catalog in (english, spanish)
    ]
    assert len(slots[0]) > 40
    assert slots[0] == slots[1]


def entries(catalog: str) -> list[tuple[str, str]]:
    """Keys and texts; the forms of a plural are one text."""
    return re.findall(r"^    (\w+):(.*?)(?=^    \w|\Z)", catalog, re.MULTILINE | re.DOTALL)


def luminance(colour: str) -> float:
    shares = [float(n) / 255 for n in re.findall(r"[\d.]+", colour)[:3]]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stay_readable_on_any_accent(on: Stage, scheme: Any) -> None:
    with on.visit(color_scheme=scheme, reduced_motion="reduce") as guest:
        widget = opened(guest)
        for accent in ("#fff", "#000", "#f5c518", "hsl(200 90% 55%)", "oklch(.6 .2 30)", "#777"):
            guest.page.evaluate(
                "c => document.body.style.setProperty('--quotewell-accent', c)", accent
            )
            guest.page.wait_for_timeout(60)
            button, chip = (
                widget.locator(part).first.evaluate(
                    """e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]
                      .map((c) => { const x = new OffscreenCanvas(1, 1).getContext("2d");
                        x.fillStyle = c; x.fillRect(0, 0, 1, 1);
                        return [...x.getImageData(0, 0, 1, 1).data].join(" "); })"""
                )
                for part in (".send", ".chip")
            )
            assert contrast(*button) >= 4.5, accent
            assert contrast(*chip) >= 4.5, accent


def test_a_site_styles_it_by_properties_and_parts(on: Stage) -> None:
    style = (
        "<style>quotewell-chat { --quotewell-accent: #00664f; --quotewell-font: monospace }"
        "quotewell-chat::part(launcher) { border-radius: 3px }</style>"
    )
    with on.visit() as guest:
        widget = arrive(guest, style + tag(on))
        found = launcher(widget).evaluate(
            "e => { const s = getComputedStyle(e);"
            " return [s.backgroundColor, s.fontFamily, s.borderRadius] }"
        )
        assert found == ["rgb(0, 102, 79)", "monospace", "3px"]


# Events and API


def test_the_page_hears_what_happens_but_no_word_of_it(on: Stage) -> None:
    with on.visit() as guest:
        widget = arrive(guest, tag(on))
        guest.page.evaluate(
            """() => {
              window.heard = [];
              for (const name of ["open", "close", "ask", "reply", "error", "clear"]) {
                document.addEventListener(`quotewell:${name}`,
                  (event) => heard.push([name, event.detail]));
              }
            }"""
        )
        widget.evaluate("(e, q) => e.ask(q)", f"{ALLERGY} {CANARY}")
        expect(widget.locator("article")).to_be_visible()
        widget.evaluate("e => e.clear()")
        widget.evaluate("e => e.close()")
        heard = guest.page.evaluate("() => heard")
        assert [name for name, _ in heard] == ["open", "ask", "reply", "clear", "close"]
        assert heard[1][1] == {"kind": "question"}
        assert set(heard[2][1]) == {"outcome", "excerpts"}
        assert CANARY not in str(heard)
        assert CANARY not in str(guest.requests)
        assert not widget.evaluate("e => e.open")


def test_the_options_are_attributes(on: Stage) -> None:
    with on.visit() as guest:
        widget = arrive(
            guest,
            element(
                on, inline="", heading="Ask the nurses’ leaflet", greeting="Welcome.",
                suggestions="Does it hurt? | What is it for?", guide=GUIDE, endpoint=on.url,
            ),
        )  # fmt: skip
        expect(widget.get_by_role("region", name="Ask the nurses’ leaflet")).to_be_visible()
        expect(widget.locator(".hello")).to_have_text("Welcome.")
        assert widget.locator(".chip").all_inner_texts() == ["Does it hurt?", "What is it for?"]
        assert launcher(widget).is_hidden()
        widget.locator(".chip").last.click()
        expect(widget.locator("article")).to_be_visible()
        assert guest.asked == [{"question": "What is it for?", "guide": GUIDE, "lang": "en"}]


def test_another_page_of_the_server_may_show_replies_its_own_way(on: Stage) -> None:
    card = {
        "level": "emergency", "title": "Call", "lines": ["Now."],
        "numbers": [{"label": "Help", "number": "911", "mode": "both", "hours": ""}],
    }  # fmt: skip
    reply = a_reply(outcome="emergency", card=card, suggestions=[{"label": "A", "passage_id": "a"}])
    with on.visit() as guest:
        guest.page.goto(on.host.put("<p>nothing yet</p>"))
        shown = guest.page.evaluate(
            """async ([src, reply]) => {
              const { renderReply, strings } = await import(src);
              const bare = renderReply(reply, { t: strings("es"), links: false });
              const full = renderReply(reply, { choose() {}, rate: async () => {} });
              return [bare, full].map((node) => [
                node.querySelectorAll("a").length, node.querySelectorAll("button").length,
                node.querySelector("[role=alert]").innerText]);
            }""",
            [f"{on.url}/widget.js", reply],
        )
        assert [row[:2] for row in shown] == [[0, 0], [2, 1]]
        assert "Llamar al 911" in shown[0][2]
        assert "Call 911" in shown[1][2]
