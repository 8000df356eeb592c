"""Slack, as its own SDK signs and its documents describe it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier
from starlette.testclient import TestClient

from bot.channels import Delivery, Forged, Message, Speech
from bot.channels.slack import signature
from bot.channels.slack_blocks import MESSAGE_CHARS
from bot.channels.slack_inbox import spoken
from bot.records import Reply, Suggestion
from bot.settings import load_settings, masked
from tests.channel_support import KITS, Door, FakeVendors, Said, SlackKit, fake_vendors
from tests.http_support import EMERGENCY
from tests.test_channels import QUESTION, ChannelContract
from tests.test_channels_fit import QUICK, joined, speeches, squeezed

KIT = SlackKit()
SECRET = KIT.values["slack_signing_secret"][0]
BUTTON = {"type": "button", "action_id": "choice-1", "value": "p:benefits-1"}


def read(delivery: Delivery, **more: Any) -> Message:
    (message,) = KIT.channel(**more).parse(delivery)
    return message


def mention(text: str, **event: Any) -> Delivery:
    """A mention in a channel. `text` is as Slack writes it, with markup."""
    about = {"type": "app_mention", "channel": "C0001", "ts": "1795000000.000200"}
    made = KIT.event(Said(), **{**about, "text": text, **event})
    del made["event"]["channel_type"]
    return KIT.signed(made)


def signed_by_sdk(body: bytes, at: int | None = None, secret: str = SECRET) -> Delivery:
    """A delivery whose signature the vendor's own SDK made."""
    stamp = str(int(time.time()) if at is None else at)
    made = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    assert made
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": made}
    return Delivery("POST", KIT.url(), headers, body)


class TestSlack(ChannelContract):
    kit = KITS["slack"]

    # --- the signature ---

    def test_the_published_vector_of_slack(self) -> None:
        body = (
            b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
            b"G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command="
            b"%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F"
            b"T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015."
            b"47445629121.803a0bc887a14d10d2c447fce8b6703c"
        )
        made = signature("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body)
        assert made == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"

    @QUICK
    @given(body=st.text().map(str.encode), at=st.integers(0, 10**10), secret=st.text(min_size=1))
    def test_the_sdk_of_slack_signs_the_same(self, body: bytes, at: int, secret: str) -> None:
        theirs = SignatureVerifier(secret).generate_signature(timestamp=str(at), body=body)
        assert signature(secret, str(at), body) == theirs

    def test_what_the_sdk_signs_is_answered(self, door: Door) -> None:
        body = json.dumps(KIT.event(Said(f"{QUESTION} 💉")), ensure_ascii=False).encode()
        assert door.post(signed_by_sdk(body)).status_code == 200
        assert [r["outcome"] for r in door.replies()] == ["answer"]

    def test_what_we_sign_the_sdk_takes(self) -> None:
        signed = KIT.delivery(Said("hi ☃"))
        assert SignatureVerifier(SECRET).is_valid_request(signed.body, dict(signed.headers))

    @pytest.mark.parametrize(
        ("age", "is_fresh"), [(0, 1), (299, 1), (-299, 1), (301, 0), (-302, 0)]
    )
    def test_five_minutes_is_the_oldest(self, door: Door, age: int, is_fresh: int) -> None:
        body = json.dumps(KIT.event(Said("hello"))).encode()
        response = door.post(signed_by_sdk(body, int(time.time()) - age))
        assert response.status_code == (200 if is_fresh else 403)
        assert len(door.replies()) == is_fresh

    @pytest.mark.parametrize(
        "stamp", [None, "", "abc", "-5", "1.5", "1795000000 ", "9" * 400, "١٧٩", "é", "\0"]
    )
    def test_an_odd_time_is_a_forgery_and_no_fault(self, door: Door, stamp: str | None) -> None:
        signed = KIT.delivery(Said("hello"))
        headers = {n: v for n, v in signed.headers.items() if "timestamp" not in n}
        if stamp is not None:
            headers["x-slack-request-timestamp"] = stamp
            made = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + signed.body, hashlib.sha256)
            headers["x-slack-signature"] = f"v0={made.hexdigest()}"
        assert door.post(replace(signed, headers=headers)).status_code == 403
        assert door.replies() == []

    @pytest.mark.parametrize("made", ["v0=é", "v1={}", "{}", "v0={}00", "V0={}"])
    def test_an_odd_signature_is_refused(self, made: str) -> None:
        signed = KIT.delivery(Said("hello"))
        digest = signed.headers["x-slack-signature"].removeprefix("v0=")
        headers = {**signed.headers, "x-slack-signature": made.format(digest)}
        with pytest.raises(Forged):
            KIT.channel().verify(replace(signed, headers=headers), time.time())

    def test_the_time_is_part_of_what_is_signed(self) -> None:
        signed = KIT.signed(KIT.event(Said("hello")), time.time() - 600)
        headers = {**signed.headers, "x-slack-request-timestamp": str(int(time.time()))}
        with pytest.raises(Forged):
            KIT.channel().verify(replace(signed, headers=headers), time.time())

    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b"{", b"\xff\xfe", b"{" * 30_000, b"payload=[]", b"payload=%7B", b"=%FF"],
    )
    def test_signed_nonsense_is_no_fault(self, door: Door, body: bytes) -> None:
        made = hmac.new(
            SECRET.encode(), b"v0:%d:" % (at := int(time.time())) + body, hashlib.sha256
        )
        headers = {
            "x-slack-request-timestamp": str(at),
            "x-slack-signature": f"v0={made.hexdigest()}",
        }
        response = door.post(Delivery("POST", KIT.url(), headers, body))
        assert response.status_code in (200, 400)
        assert door.store.n_letters() == 0

    # --- the handshake, and retries ---

    def test_the_challenge_comes_back_only_where_it_is_signed(self, door: Door) -> None:
        golden = (
            b'{"token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","challenge":"3eZbrw1a","type":"url_verification"}'
        )
        response = door.post(signed_by_sdk(golden))
        assert (response.status_code, response.text) == (200, "3eZbrw1a")
        assert response.headers["content-type"].startswith("text/plain")
        assert door.post(signed_by_sdk(golden, secret="other")).status_code == 403
        assert door.client.get("/channels/slack/webhook?challenge=x").status_code == 405

    def test_a_retry_is_acknowledged_and_not_answered_again(self, door: Door) -> None:
        value = KIT.event(Said(QUESTION, message_id="Ev08MFMKH6"))
        assert door.post(KIT.signed(value)).content == b""
        n_letters = door.store.n_letters()
        for n in (1, 2, 3):  # signed anew, as Slack does
            again = KIT.signed(value, time.time() + n)
            retry = {"x-slack-retry-num": str(n), "x-slack-retry-reason": "http_timeout"}
            response = door.post(replace(again, headers={**again.headers, **retry}))
            assert response.status_code == 200
        assert door.store.n_letters() == n_letters
        assert len(door.replies()) == 1

    def test_a_retry_of_what_never_arrived_is_answered(self, door: Door) -> None:
        signed = KIT.delivery(Said(QUESTION))
        retry = {"x-slack-retry-num": "1", "x-slack-retry-reason": "connection_failed"}
        door.post(replace(signed, headers={**signed.headers, **retry}))
        assert len(door.replies()) == 1

    def test_a_tap_and_a_command_are_answered_once_too(self, door: Door) -> None:
        said = Said(message_id="398738663015.1")
        for delivery in (KIT.tapped(BUTTON, said), KIT.command("benefits?", said)):
            first = door.post(delivery)
            n_replies = len(door.replies())
            assert (first.status_code, first.content) == (200, b"")
            assert door.post(delivery).status_code == 200
            assert len(door.replies()) == n_replies
        assert len(door.replies()) == 2

    # --- where it is answered ---

    def test_a_direct_message_is_answered_where_it_stands(self) -> None:
        message = read(KIT.delivery(Said("hi", sender="7")))
        assert message.address == {"via": "message", "channel": "D7"}
        threaded = read(KIT.signed(KIT.event(Said("hi", sender="7"), thread_ts="1.2")))
        assert threaded.address == {"via": "message", "channel": "D7", "thread": "1.2"}
        call = KIT.channel().call(threaded.address, {"text": "x"})
        assert call.url == "https://slack.com/api/chat.postMessage"
        assert json.loads(call.body)["thread_ts"] == "1.2"

    def test_a_mention_in_a_channel_is_answered_to_one_person_alone(self) -> None:
        message = read(mention("<@U0BOT> is it safe?", user="U7"))
        assert message.text == "is it safe?"
        assert message.address == {"via": "ephemeral", "channel": "C0001", "user": "U7"}
        call = KIT.channel().call(message.address, {"text": "x"})
        assert call.url == "https://slack.com/api/chat.postEphemeral"
        assert json.loads(call.body) == {"channel": "C0001", "user": "U7", "text": "x"}

    def test_a_clinic_may_have_it_answered_in_the_thread(self) -> None:
        more = {"slack_channel_replies": "thread"}
        alone = mention("<@U0BOT> is it safe?")
        within = mention("<@U0BOT> is it safe?", thread_ts="5.6")
        for delivery, thread in ((alone, "1795000000.000200"), (within, "5.6")):
            message = read(delivery, **more)
            assert message.address == {"via": "message", "channel": "C0001", "thread": thread}

    def test_what_all_can_read_is_no_part_of_a_private_conversation(self) -> None:
        private = read(KIT.delivery(Said("hi")))
        assert read(mention("<@U0BOT> hi")).sender == private.sender
        public = read(mention("<@U0BOT> hi"), slack_channel_replies="thread")
        assert public.sender != private.sender
        tap = KIT.tapped(
            BUTTON,
            Said(),
            channel={"id": "C0001"},
            message={"thread_ts": "1795000000.000200"},
        )
        tapped = read(tap, slack_channel_replies="thread")
        assert (tapped.sender, tapped.address) == (public.sender, public.address)
        assert read(tap).address["via"] == "ephemeral"

    def test_a_bare_mention_greets(self) -> None:
        assert read(mention(" <@U0BOT>  ")).kind == "start"

    def test_a_slash_command_is_answered_to_its_own_address(self) -> None:
        message = read(KIT.command(" is 1 &lt; 2? ", Said()))
        assert (message.kind, message.text) == ("text", "is 1 < 2?")
        url = "https://hooks.slack.com/commands/T0001/1/x"
        assert message.address == {"via": "response", "url": url}
        call = KIT.channel().call(message.address, {"text": "x"})
        assert call.url == url
        assert "Authorization" not in call.headers
        value = json.loads(call.body)
        assert (value["response_type"], value["replace_original"]) == ("ephemeral", False)

    @pytest.mark.parametrize(("text", "kind"), [("", "start"), ("  ", "start"), ("Help", "help")])
    def test_a_command_without_a_question_greets_or_helps(self, text: str, kind: str) -> None:
        assert read(KIT.command(text, Said())).kind == kind

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "http://hooks.slack.com/x",
            "https://evil.example/",
            "https://hooks.slack.com.evil.example/",
            "https://evilslack.com/",
            "https://hooks.slack.com@evil.example/",
            "https://[",
        ],
    )
    def test_a_reply_goes_to_no_address_but_slacks(self, url: str) -> None:
        command = read(KIT.command("is it safe?", Said(sender="7"), response_url=url))
        assert command.address == {"via": "ephemeral", "channel": "C0001", "user": "U7"}
        tap = KIT.tapped(BUTTON, Said(), channel={"id": "C1"}, response_url=url)
        assert read(tap).address["via"] == "ephemeral"

    def test_a_tap_on_what_one_person_saw_is_answered_to_that_person(self) -> None:
        container = {"type": "message", "is_ephemeral": True, "channel_id": "C1"}
        tap = KIT.tapped(BUTTON, Said(), channel={"id": "C1"}, container=container)
        message = read(tap, slack_channel_replies="thread")
        assert (message.kind, message.choice) == ("choice", "benefits-1")
        assert message.address["via"] == "response"

    def test_the_home_tab_shows_the_topics(self, door: Door) -> None:
        opened = KIT.event(Said(sender="7"), type="app_home_opened", tab="home")
        door.post(KIT.signed(opened))
        (letter,) = door.letters()
        assert letter["address"] == {"via": "home", "user": "U7"}
        view = letter["payload"]["view"]
        assert view["type"] == "home"
        assert len(view["blocks"][-1]["elements"]) >= 3
        assert KIT.complaint(letter["payload"]) == ""
        call = KIT.channel().call(letter["address"], letter["payload"])
        assert call.url == "https://slack.com/api/views.publish"
        assert json.loads(call.body) == {"user_id": "U7", "view": view}

    def test_looking_at_the_topics_is_no_part_of_a_conversation(self, door: Door) -> None:
        door.text("how much does it cost?")
        door.post(KIT.signed(KIT.event(Said(), type="app_home_opened", tab="home")))
        door.text("2")
        assert [r["reason"] for r in door.replies()][1:] == ["choice"]

    def test_a_topic_tapped_there_is_answered_as_a_direct_message(self) -> None:
        container = {"type": "view", "view_id": "V1"}
        message = read(KIT.tapped(BUTTON, Said(sender="7"), container=container, channel=None))
        assert message.address == {"via": "message", "channel": "U7"}
        assert message.sender == KIT.sender(Said(sender="7"))

    # --- what was typed ---

    @pytest.mark.parametrize(
        ("sent", "typed"),
        [
            ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
            ("<@U0BOT|bot> hi <@U2>", " hi "),
            ("see <https://x.example|this page>", "see this page"),
            ("<https://x.example?a=1&amp;b=2>", "https://x.example?a=1&b=2"),
            ("<#C1|general> <#C2> <!here> <!date^1^{date}|today>", "#general   today"),
            ("<<a>", "<a"),
        ],
    )
    def test_markup_of_slack_is_taken_off(self, sent: str, typed: str) -> None:
        assert spoken(sent) == typed

    def test_a_photo_with_words_is_read(self) -> None:
        value = KIT.event(Said("is this normal?", photo=True))
        message = read(KIT.signed(value))
        assert (message.kind, message.text) == ("text", "is this normal?")

    # --- what it says ---

    def test_an_urgent_reply_begins_with_a_heading(self, door: Door) -> None:
        payload = door.say(EMERGENCY)[0]
        assert payload["blocks"][0]["type"] == "header"
        assert payload["blocks"][0]["text"]["text"].startswith("Call 911 now")
        assert payload["text"].startswith("Call 911 now")

    def test_the_text_beside_the_blocks_says_the_same(self, door: Door) -> None:
        offered = door.say("how much does it cost?")[-1]
        labels = [e["text"]["text"] for e in offered["blocks"][-1]["elements"]]
        for n, label in enumerate(labels, 1):
            assert f"\n{n}. {label}" in offered["text"]
        (answer, *_) = door.say(QUESTION)
        assert "In rare cases, individuals" in answer["text"]

    def test_stars_and_brackets_of_a_guide_stay_what_they_are(self) -> None:
        (payload,) = KIT.channel().render(_speech("*a* _b_ <@U1> & :smile:"))
        assert payload["blocks"][0]["text"] == {
            "type": "plain_text",
            "text": "*a* _b_ <@U1> & :smile:",
            "emoji": False,
        }
        assert payload["text"] == "*a* _b_ &lt;@U1&gt; &amp; :smile:"

    def test_a_long_reply_has_several_sections_and_then_several_messages(self) -> None:
        sentence = "This sentence is one of very many. "
        (payload,) = KIT.channel().render(_speech(sentence * 150))
        assert len(payload["blocks"]) == 2
        parts = KIT.channel().render(_speech(sentence * 600))
        assert parts[0]["text"].startswith(f"(1/{len(parts)}) ")
        assert all(KIT.complaint(part) == "" for part in parts)

    def test_a_tap_on_the_longest_message_can_be_read(self, door: Door) -> None:
        sentence = "“It’s fine,” they said. "
        speech = _speech(sentence * (MESSAGE_CHARS // len(sentence)), 25)
        (payload,) = KIT.channel().render(speech)
        element = payload["blocks"][-1]["elements"][0]
        response = door.post(KIT.tapped(element, Said(), message=payload))
        assert response.status_code == 200

    def test_more_choices_than_buttons_can_be_read_and_typed(self) -> None:
        (payload,) = KIT.channel().render(_speech("Pick one.", 30))
        assert len(payload["blocks"][-1]["elements"]) == 25
        assert "30. Topic 30" in payload["blocks"][0]["text"]["text"]
        assert payload["text"].count("30. Topic 30") == 1

    @QUICK
    @given(speech=speeches(), via=st.sampled_from(["home", "response", "ephemeral"]))
    def test_no_place_takes_more_or_gets_less(self, speech: Speech, via: str) -> None:
        payloads = KIT.channel().render(replace(speech, address={"via": via}))
        assert [why for p in payloads if (why := KIT.complaint(p))] == []
        said = joined(KIT, payloads)
        for excerpt in speech.reply.excerpts:
            assert squeezed(excerpt.display) in said
            assert squeezed(excerpt.section) in said
        assert squeezed(speech.reply.notice) in said

    # --- sending ---

    @pytest.mark.parametrize(
        ("body", "verdict"),
        [
            (b'{"ok":true}', "sent"),
            (b"ok", "sent"),
            (b'{"ok":false,"error":"ratelimited"}', "retry"),
            (b'{"ok":false,"error":"internal_error"}', "retry"),
            (b'{"ok":false,"error":"invalid_auth"}', "retry"),
            (b'{"ok":false,"error":"channel_not_found"}', "failed"),
            (b'{"ok":false,"error":"invalid_blocks"}', "failed"),
            (b'{"ok":false}', "failed"),
        ],
    )
    def test_what_an_answer_of_200_means(self, body: bytes, verdict: str) -> None:
        assert KIT.channel().judge(200, body) == verdict

    def test_secrets_are_masked(self) -> None:
        shown = repr(masked(KIT.settings())) + repr(KIT.settings())
        assert SECRET not in shown
        assert "xoxb" not in shown

    def test_only_the_two_ways_of_replying_are_taken(self) -> None:
        from bot.errors import SettingsError

        with pytest.raises(SettingsError, match="ephemeral or thread"):
            load_settings({"QUOTEWELL_SLACK_CHANNEL_REPLIES": "public"})


@pytest.fixture
def vendors() -> Iterator[FakeVendors]:
    with fake_vendors() as fakes:
        yield fakes


def test_every_way_of_sending_is_one_that_slack_takes(vendors: FakeVendors) -> None:
    door = Door(KIT, None, **vendors.values())
    hook = f"{vendors.url}/slack/hooks/1"
    deliveries = [
        KIT.delivery(Said("hello", sender="1")),
        mention("<@U0BOT> hello", user="U2"),
        KIT.command("hello", Said(sender="3"), response_url=hook),
        KIT.signed(KIT.event(Said(sender="4"), type="app_home_opened", tab="home")),
    ]
    with TestClient(door.app) as door.client:
        for delivery in deliveries:
            assert door.post(delivery).status_code == 200
        vendors.wait_for(lambda: len(vendors.taken) + len(vendors.refused) == 4)
    assert vendors.refused == []
    assert {to for to, _ in vendors.taken} == {
        "T0001:U1",
        "chat.postEphemeral C0001",
        "response_url",
        "views.publish U4",
    }


def _speech(text: str, n_choices: int = 0) -> Speech:
    offered = tuple(Suggestion(f"Topic {n}", f"topic-{n}") for n in range(1, n_choices + 1))
    lines = "\n".join([text, *(f"{n}. {s.label}" for n, s in enumerate(offered, 1))])
    reply = Reply("r", "v" * 16, "clarify", "", lines, (), offered, None, "", "en", "1", "1")
    return Speech(reply)
