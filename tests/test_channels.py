"""What holds for every messaging channel, and what each platform's documents say of itself."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from bot.channels import Delivery, Forged, Message, known_channels, open_channels, webhook_url
from bot.channels.identity import seen_id, visitor_id
from bot.channels.twilio import signature
from bot.errors import PayloadError, SettingsError
from bot.settings import load_settings
from bot.store.letters import Decision
from tests.channel_support import (
    KEY,
    KITS,
    Door,
    Kit,
    MessengerKit,
    Said,
    TwilioKit,
    TwilioRestKit,
    TwilioWhatsAppKit,
    WhatsAppKit,
    meta_signed,
)
from tests.http_support import CANARY, DOSING, EMERGENCY

NOW = 1_795_000_000.0
QUESTION = "Can it cause an allergic reaction?"


class ChannelContract:
    """One member per platform; it names its kit, all else is inherited."""

    kit: Kit

    @pytest.fixture
    def door(self) -> Door:
        return Door(self.kit)

    # --- verify ---

    def test_a_signed_delivery_is_genuine(self) -> None:
        self.kit.channel().verify(self.kit.delivery(Said("hi")), time.time())

    def test_the_second_secret_is_good_while_it_rotates(self) -> None:
        signed = self.kit.delivery(Said("hi"))
        secret = next(k for k in self.kit.values if k.endswith(("_secret", "_auth_token")))
        new, old = self.kit.values[secret]
        self.kit.channel(**{secret: ("another", new)}).verify(signed, time.time())
        with pytest.raises(Forged):
            self.kit.channel(**{secret: ("another", old)}).verify(signed, time.time())

    def test_a_changed_byte_anywhere_is_found(self) -> None:
        if not self.kit.signs_body:
            pytest.skip("a secret in a header there, which covers no body")
        signed, channel = self.kit.delivery(Said("hi ☃")), self.kit.channel()
        for at in range(0, len(signed.body), 7):
            body = bytearray(signed.body)
            body[at] ^= 1
            with pytest.raises(Forged):
                channel.verify(replace(signed, body=bytes(body)), time.time())

    @pytest.mark.parametrize("value", [None, "", "x", "sha256=", "é" * 40, "\0", "v0=" + "0" * 64])
    def test_a_signature_that_is_none_is_refused_and_nothing_kept(
        self, door: Door, value: str | None
    ) -> None:
        signed = self.kit.delivery(Said(f"hi {CANARY}"))
        name = next(n for n in signed.headers if "signature" in n or "secret" in n)
        headers = {n: v for n, v in signed.headers.items() if n != name}
        if value is not None:
            headers[name] = value
        response = door.post(replace(signed, headers=headers))
        assert response.status_code == 403
        assert CANARY not in response.text
        self._check_nothing_kept(door)
        assert door.figure("rejected") == 1

    def test_a_body_cut_short_is_refused_and_nothing_kept(self, door: Door) -> None:
        signed = self.kit.delivery(Said("hi"))
        for size in (0, 1, len(signed.body) // 2, len(signed.body) - 1):
            refused = door.post(replace(signed, body=signed.body[:size]))
            assert refused.status_code == (403 if self.kit.signs_body else 400)
        self._check_nothing_kept(door)

    def test_an_oversized_delivery_is_refused_and_nothing_kept(self, door: Door) -> None:
        assert door.post(self.kit.delivery(Said("x" * 40_000))).status_code == 413
        self._check_nothing_kept(door)

    def test_a_replayed_delivery_is_answered_no_second_time(self, door: Door) -> None:
        signed = self.kit.delivery(Said(QUESTION))
        first = door.post(signed)
        n_letters = door.store.n_letters()
        for _ in range(5):
            again = door.post(signed)
            assert (again.status_code, again.content) == (200, first.content)
        assert door.store.n_letters() == n_letters
        assert len(door.replies()) == 1
        assert door.figure("duplicate") == 5

    # --- parse ---

    def test_a_message_is_read_in_full(self) -> None:
        said = Said("  Ça va? ☃ <b>&amp; ", message_id="id-1", at=NOW)
        (message,) = self.kit.channel().parse(self.kit.delivery(said))
        assert (message.message_id, message.kind) == ("id-1", "text")
        assert message.text == said.text
        assert message.sender == self.kit.sender(said)
        assert message.at in (0.0, NOW)

    def test_what_is_no_message_of_a_visitor_is_acknowledged_in_silence(self, door: Door) -> None:
        for delivery in self.kit.noise():
            response = door.post(delivery)
            assert response.status_code == 200, delivery.body
            assert door.payloads(response) == []
        assert door.replies() == []

    def test_a_photo_gets_a_kind_sentence(self, door: Door) -> None:
        assert "I can only read words" in door.text(Said(photo=True)).replace("’", "'")
        assert [r["reason"] for r in door.replies()] == ["symbols"]

    def test_all_messages_of_a_delivery_are_answered_in_their_order(self, door: Door) -> None:
        if not self.kit.many_per_delivery:
            pytest.skip("one message a delivery there")
        now = time.time()
        said = [Said(DOSING, at=now - 5), Said(QUESTION, at=now - 9), Said("thanks", at=now - 7)]
        assert door.post(self.kit.delivery(*said)).status_code == 200
        assert [r["outcome"] for r in door.replies()] == ["answer", "smalltalk", "dosing_refusal"]

    # --- who it was ---

    def test_the_sender_stands_nowhere_in_the_open(self, door: Door) -> None:
        said = Said(QUESTION, sender="15005550099", message_id="wamid.15005550099")
        response = door.post(self.kit.delivery(said))
        kept = json.dumps(door.store.export_visit(self.kit.visit_id(said)))
        letters = door.store.claim_letters(time.time() + 1, 1.0, 10)
        assert "5005550099" not in response.text + kept + repr(letters)
        assert "5005550099" not in repr(self.kit.channel().parse(self.kit.delivery(said)))

    def test_two_senders_have_two_visits(self) -> None:
        one, two = Said(sender="15005550001"), Said(sender="15005550002")
        assert self.kit.visit_id(one) != self.kit.visit_id(two)
        assert self.kit.visit_id(one) == self.kit.visit_id(one)

    # --- what it says ---

    def test_an_answer_shows_quotation_section_and_card(self, door: Door) -> None:
        text = door.text(QUESTION).replace("“", '"')
        assert "Allergic Reactions" in text
        assert "In rare cases, individuals may experience allergic reactions" in text
        assert "911" in text
        assert "Not medical advice" in text

    def test_an_emergency_comes_first_even_in_the_first_reply(self, door: Door) -> None:
        first = self.kit.shown(door.say(EMERGENCY)[0])
        assert first.removeprefix("(1/2) ").removeprefix("(1/3) ").startswith("Call 911 now")

    def test_the_first_reply_says_who_is_speaking_and_the_next_does_not(self, door: Door) -> None:
        assert "automated helper" in door.text("hello")
        again = door.text(QUESTION)
        assert "automated helper" not in again
        assert "Allergic Reactions" in again

    def test_an_offered_choice_is_taken_by_tap_or_number(self, door: Door) -> None:
        offered = door.text("how much does it cost?")
        assert "1." in offered or self.kit.has_buttons
        door.text(Said(tap=2))
        assert [(r["outcome"], r["reason"]) for r in door.replies()][1:] == [("answer", "choice")]

    def test_a_number_works_beside_buttons_too(self, door: Door) -> None:
        door.text("how much does it cost?")
        door.text("2")
        assert door.replies()[-1]["reason"] == "choice"

    def test_more_goes_on_where_the_quotation_ended(self, door: Door) -> None:
        door.text(QUESTION)
        door.text("MORE")
        assert door.replies()[-1]["reason"] == "more"

    def test_no_reply_asks_for_a_word_that_would_unsubscribe(self, door: Door) -> None:
        said = " ".join(door.text(t) for t in ("hello", QUESTION, DOSING, "cost?")).upper()
        for word in ("REPLY YES", "REPLY END", "REPLY CANCEL", "REPLY QUIT", "YES OR NO"):
            assert word not in said

    def test_a_paused_bot_says_so_here_too(self) -> None:
        from bot.http import create_app
        from bot.store import open_store
        from tests.http_support import a_bot

        door = Door(self.kit)
        app = create_app(a_bot(paused=True), open_store("", retention_hours=1), self.kit.settings())
        door.app, door.store = app, app.state.services.store
        door.client.app = app
        from starlette.testclient import TestClient

        door.client = TestClient(app)
        assert "paused" in door.text(QUESTION)

    # --- the platform's side ---

    def test_its_own_sample_is_a_genuine_message(self, door: Door) -> None:
        channel = self.kit.channel()
        sample = channel.sample(QUESTION, self.kit.url(), time.time())
        channel.verify(sample, time.time())
        (message,) = channel.parse(sample)
        assert (message.kind, message.text) == ("text", QUESTION)
        with pytest.raises(Forged):
            channel.verify(channel.forged(sample), time.time())

    @pytest.mark.parametrize(
        ("status", "verdict"),
        [
            (200, "sent"),
            (201, "sent"),
            (429, "retry"),
            (500, "retry"),
            (503, "retry"),
            (401, "retry"),
            (400, "failed"),
            (404, "failed"),
        ],
    )
    def test_what_a_status_means(self, status: int, verdict: str) -> None:
        assert self.kit.channel().judge(status, b"<html>") == verdict

    def test_how_long_to_wait_is_read(self) -> None:
        channel = self.kit.channel()
        assert channel.wait_seconds({"retry-after": "7"}, b"") == 7.0
        for value in ("", "soon", "-3", "Wed, 21 Oct 2026 07:28:00 GMT"):
            assert channel.wait_seconds({"retry-after": value}, b"") is None

    def test_secrets_show_in_no_record(self) -> None:
        channel = self.kit.channel()
        (message,) = channel.parse(self.kit.delivery(Said(CANARY)))
        payload = channel.render(_speech(message))[0]
        call = channel.call(message.address, payload)
        shown = repr(message) + repr(call) + repr(self.kit.settings())
        assert "token" not in shown.replace("_token", "")
        assert CANARY not in shown
        assert message.sender not in shown

    def _check_nothing_kept(self, door: Door) -> None:
        assert door.store.n_letters() == 0
        assert door.replies() == []


def _speech(message: Message) -> Any:
    from bot.channels import Speech
    from bot.records import Reply

    reply = Reply("r", "v" * 16, "smalltalk", "", "hi", (), (), None, "", "en", "1", "1")
    return Speech(reply, address=message.address)


class TestSms(ChannelContract):
    kit = KITS["sms"]

    def test_the_published_vector_of_twilio(self) -> None:
        url = "https://mycompany.com/myapp.php?foo=1&bar=2"
        fields = {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+12349013030",
            "Digits": "1234",
            "From": "+12349013030",
            "To": "+18005551212",
        }
        assert signature("12345", url, list(fields.items())) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="

    def test_order_and_repetition_of_fields_do_not_matter(self) -> None:
        fields = [("B", "2"), ("A", "3"), ("A", "1"), ("A", "3")]
        assert signature("t", "https://x", fields) == signature("t", "https://x", fields[:3][::-1])

    @pytest.mark.parametrize("port", [":443", ""])
    def test_twilio_may_sign_with_or_without_the_port(self, port: str) -> None:
        url = f"https://help.example{port}/channels/twilio/webhook"
        kit = TwilioKit()
        channel = kit.channel(public_url="https://help.example")
        fields = kit.fields(Said("hi"))
        signed = channel.signed(fields, url)  # type: ignore[attr-defined]
        channel.verify(replace(signed, url="https://help.example/channels/twilio/webhook"), NOW)

    def test_another_address_is_refused(self) -> None:
        signed = self.kit.delivery(Said("hi"))
        for url in (
            signed.url + "?x=1",
            signed.url.replace("help", "evil"),
            signed.url.replace("https", "http"),
        ):
            with pytest.raises(Forged):
                self.kit.channel().verify(replace(signed, url=url), NOW)

    def test_the_query_string_is_part_of_what_is_signed(self) -> None:
        door, kit = Door(self.kit), TwilioKit()
        url = kit.url() + "?clinic=1&b=%2F"
        signed = kit.channel().signed(kit.fields(Said("hello")), url)  # type: ignore[attr-defined]
        path = "/channels/twilio/webhook"
        headers = dict(signed.headers)
        assert door.client.post(f"{path}?clinic=1&b=%2F", content=signed.body, headers=headers)
        right = door.client.post(f"{path}?clinic=1&b=%2F", content=signed.body, headers=headers)
        wrong = door.client.post(f"{path}?clinic=2&b=%2F", content=signed.body, headers=headers)
        assert (right.status_code, wrong.status_code) == (200, 403)

    @pytest.mark.parametrize(
        "word",
        [
            "STOP",
            "Stopall",
            "UNSUBSCRIBE",
            "cancel",
            "END",
            "quit",
            "REVOKE",
            "optout",
            "START",
            "unstop",
            "YES",
            "HELP",
            "info",
            " help \n",
        ],
    )
    def test_what_twilio_answers_itself_is_not_answered_again(self, word: str) -> None:
        door = Door(self.kit)
        assert door.say(word) == []
        assert door.replies() == []

    @pytest.mark.parametrize("text", ["stop please", "help me, I can't breathe", "can I stop?"])
    def test_a_sentence_with_such_a_word_is_a_message(self, text: str) -> None:
        assert Door(self.kit).say(text)

    def test_the_first_message_says_how_to_stop(self) -> None:
        text = Door(self.kit).text("hello")
        assert "Reply STOP to stop, HELP for help" in text
        assert "rates may apply" in text

    def test_a_reply_is_plain_gsm(self) -> None:
        from bot.channels.gsm import is_gsm

        door = Door(self.kit)
        for text in ("hello", QUESTION, "what are the benefits?", EMERGENCY, "how much?"):
            assert is_gsm(door.text(text)), text

    def test_the_twiml_is_xml_whatever_is_said(self) -> None:
        channel = self.kit.channel()
        answer = channel.acknowledge([{"Body": 'a < b & "c"\x00\ufffe ]]> </Message>'}])
        import xml.etree.ElementTree as ET

        (message,) = ET.fromstring(answer.body).iter("Message")
        assert message.text == 'a < b & "c" ]]> </Message>'
        assert answer.media_type.startswith("text/xml")

    def test_a_stored_answer_is_readable_by_nobody_else(self, door: Door) -> None:
        signed = self.kit.delivery(Said(QUESTION, message_id="SM1"))
        said = door.post(signed).text
        assert "allergic" in said
        name = seen_id(KEY, "twilio", "SM1")
        settled = door.store.answer_once(name, "v" * 16, time.time(), _never)
        assert settled.kept
        assert b"allergic" not in settled.kept


class TestSmsRest(ChannelContract):
    kit = KITS["sms-rest"]

    def test_the_webhook_says_nothing_and_the_letter_says_it(self, door: Door) -> None:
        response = door.post(self.kit.delivery(Said(QUESTION)))
        assert response.text.endswith("<Response/>")
        letters = door.letters()
        assert letters[0]["address"] == {"to": "+15005550006", "from": "+12025550100"}

    def test_the_login_is_the_newest_token(self) -> None:
        call = TwilioRestKit().channel().call({"to": "+1", "from": "+2"}, {"Body": "a&b=ü"})
        assert call.url.endswith("/Accounts/AC00000000000000000000000000000001/Messages.json")
        assert call.body == b"To=%2B1&From=%2B2&Body=a%26b%3D%C3%BC"

    def test_a_long_reply_is_held_back_until_more_is_asked_for(self) -> None:
        channel = self.kit.channel()
        long = " ".join(f"Sentence number {n} is one of many in this guide." for n in range(60))
        payloads = channel.render(_long_speech(long))
        shown = [p["Body"] for p in payloads]
        assert len(shown) > channel.limits.parts == 4
        assert shown[3].endswith("\nReply MORE for the rest.")
        assert sum("MORE" in part for part in shown) == 1
        assert all(not self.kit.complaint(p) for p in payloads)


def _never(*_: object) -> Decision:
    raise AssertionError("decided a second time")


def _long_speech(text: str) -> Any:
    from bot.channels import Speech
    from bot.records import Reply

    reply = Reply("r", "v" * 16, "smalltalk", "", text, (), (), None, "", "en", "1", "1")
    return Speech(reply, rest="Reply MORE for the rest.", address={"to": "+1", "from": "+2"})


class TestTwilioWhatsApp(ChannelContract):
    kit = KITS["twilio-whatsapp"]

    def test_it_keeps_typography_and_says_nothing_of_stop(self, door: Door) -> None:
        text = door.text(QUESTION)
        assert "“In rare cases" in text
        assert "STOP" not in text

    def test_help_is_answered_there(self, door: Door) -> None:
        assert isinstance(self.kit, TwilioWhatsAppKit)
        assert "topics" in door.text("HELP")


class MetaContract(ChannelContract):
    """What the two platforms of Meta have in common."""

    def test_the_handshake_gives_the_challenge_back(self, door: Door) -> None:
        query = "hub.mode=subscribe&hub.verify_token=agreed-word&hub.challenge=1158201444"
        response = door.post(Delivery("GET", f"{self.kit.url()}?{query}", {}))
        assert (response.status_code, response.text) == (200, "1158201444")
        assert response.headers["content-type"].startswith("text/plain")

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "hub.mode=subscribe",
            "hub.mode=subscribe&hub.verify_token=other&hub.challenge=1",
            "hub.verify_token=agreed-word&hub.challenge=1",
            "hub.verify_token=%FF%00",
        ],
    )
    def test_a_handshake_with_another_word_is_refused(self, door: Door, query: str) -> None:
        response = door.post(Delivery("GET", f"{self.kit.url()}?{query}", {}))
        assert response.status_code == 403
        assert door.figure("rejected") == 1

    def test_an_independent_signature_is_taken(self) -> None:
        secret = next(v[0] for k, v in self.kit.values.items() if k.endswith("_app_secret"))
        self.kit.channel().verify(meta_signed({"a": "ü☃"}, self.kit.url(), secret), NOW)

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"3", b"null", b"{", b"\xff\xfe", b"[" * 30_000, b'{"entry": 3}']
    )
    def test_signed_nonsense_is_no_fault(self, door: Door, body: bytes) -> None:
        import hashlib
        import hmac

        secret = next(v[0] for k, v in self.kit.values.items() if k.endswith("_app_secret"))
        made = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        response = door.post(Delivery("POST", self.kit.url(), {"x-hub-signature-256": made}, body))
        assert response.status_code == (200 if b"entry" in body else 400)

    def test_a_message_of_another_day_is_not_answered(self, door: Door) -> None:
        assert door.say(Said(QUESTION, at=time.time() - 90_000)) == []
        assert door.replies() == []
        assert door.figure("late") == 1

    @pytest.mark.parametrize(
        ("status", "code", "verdict"),
        [
            (400, 130429, "retry"),
            (400, 131056, "retry"),
            (400, 4, "retry"),
            (500, 131026, "failed"),
            (400, 131047, "failed"),
            (400, 100, "failed"),
            (401, 190, "retry"),
        ],
    )
    def test_what_a_code_of_meta_means(self, status: int, code: int, verdict: str) -> None:
        body = json.dumps({"error": {"message": "x", "code": code}}).encode()
        assert self.kit.channel().judge(status, body) == verdict


class TestWhatsApp(MetaContract):
    kit = KITS["whatsapp"]

    def test_the_shape_of_the_reference_is_read(self) -> None:
        text = (
            '{"object":"whatsapp_business_account","entry":[{"id":"0","changes":[{"field":'
            '"messages","value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":'
            '"106540352242922"},"contacts":[{"wa_id":"1631"}],"messages":[{"from":"1631","id":'
            '"wamid.A","timestamp":"1504902988","type":"text","text":{"body":"hi"}}]}}]}]}'
        )
        (message,) = self.kit.channel().parse(Delivery("POST", self.kit.url(), {}, text.encode()))
        assert (message.message_id, message.sender, message.text) == ("wamid.A", "1631", "hi")
        assert message.at == 1504902988
        assert message.address == {"to": "1631", "number": "106540352242922"}

    def test_up_to_three_choices_are_buttons(self, door: Door) -> None:
        payload = door.say("how much does it cost?")[-1]
        assert payload["interactive"]["type"] == "button"
        ids = [b["reply"]["id"] for b in payload["interactive"]["action"]["buttons"]]
        assert 1 <= len(ids) <= 3
        assert all(i.startswith("p:") for i in ids)

    def test_more_than_three_choices_are_a_list(self) -> None:
        payload = self.kit.channel().render(_choices(5))[-1]
        made = payload["interactive"]
        assert made["type"] == "list"
        assert len(made["action"]["sections"][0]["rows"]) == 5
        assert self.kit.complaint(payload) == ""

    def test_a_label_that_is_cut_can_be_read_in_full(self) -> None:
        (payload,) = self.kit.channel().render(_choices(2, "A rather long heading of a guide"))
        assert "1. A rather long heading of a guide 1" in payload["interactive"]["body"]["text"]

    def test_a_label_that_fits_is_said_once(self) -> None:
        (payload,) = self.kit.channel().render(_choices(2, "Uses"))
        assert payload["interactive"]["body"]["text"] == "Pick one."

    def test_a_template_button_is_a_message(self) -> None:
        kit = WhatsAppKit()
        plain = kit.message(Said("x"), None)
        sent = {**plain, "type": "button", "button": {"payload": "p:uses-1", "text": "Uses"}}
        (message,) = kit.channel().parse(kit.signed([sent]))
        assert (message.kind, message.choice) == ("choice", "uses-1")

    def test_a_photo_with_words_is_read(self) -> None:
        kit = WhatsAppKit()
        sent = {**kit.message(Said(photo=True), None), "image": {"caption": "is this normal?"}}
        (message,) = kit.channel().parse(kit.signed([sent]))
        assert (message.kind, message.text) == ("text", "is this normal?")


def _choices(n: int, label: str = "Uses", passage_id: str = "section") -> Any:
    from bot.channels import Speech
    from bot.records import Reply, Suggestion

    offered = tuple(Suggestion(f"{label} {i}", f"{passage_id}-{i}") for i in range(1, n + 1))
    lines = "\n".join(["Pick one.", *(f"{i}. {s.label}" for i, s in enumerate(offered, 1))])
    reply = Reply("r", "v" * 16, "clarify", "", lines, (), offered, None, "", "en", "1", "1")
    return Speech(reply, topics="Topics")


class TestMessenger(MetaContract):
    kit = KITS["messenger"]

    def test_a_tap_counts_by_its_payload_not_its_cut_label(self, door: Door) -> None:
        kit = MessengerKit()
        event = kit.event(Said("x"), None)
        event["message"] |= {
            "text": "Injection Site Reac…",
            "quick_reply": {"payload": "p:injection-site-reactions-1"},
        }
        door.post(kit.signed([event]))
        assert door.replies(Said())[-1]["passage_ids"] == ["injection-site-reactions-1"]

    def test_the_get_started_button_greets(self, door: Door) -> None:
        kit = MessengerKit()
        postback = {"title": "Get Started", "payload": "GET_STARTED"}
        event = {"sender": {"id": "15005550006"}, "timestamp": int(time.time() * 1000)}
        assert door.post(kit.signed([{**event, "postback": postback}])).status_code == 200
        assert [r["reason"] for r in door.replies()] == ["greet"]

    def test_several_entries_in_one_delivery_are_all_read(self) -> None:
        kit = MessengerKit()
        whole = json.loads(kit.signed([kit.event(Said("one"), None)]).body)
        whole["entry"] += json.loads(kit.signed([kit.event(Said("two"), None)]).body)["entry"]
        read = kit.channel().parse(meta_signed(whole, kit.url(), "page-secret"))
        assert [m.text for m in read] == ["one", "two"]


class TestSwitchingOn:
    def test_without_settings_no_channel_is_on(self) -> None:
        assert open_channels(load_settings({})) == {}

    def test_a_channel_that_is_off_is_not_found(self) -> None:
        door = Door(KITS["sms"])
        assert door.client.post("/channels/whatsapp/webhook").status_code == 404
        assert door.client.get("/channels/nothing/webhook").status_code == 404

    @pytest.mark.parametrize("name", known_channels())
    def test_a_lacking_setting_stops_the_start_and_is_named(self, name: str) -> None:
        kit = next(k for k in KITS.values() if k.name == name)
        values = {"channel_key": (KEY,), "public_url": "https://help.example", **kit.values}
        for lacking in known_channels()[name].needs:
            own = [n for n in known_channels()[name].needs if n.startswith(name)]
            if own == [lacking]:
                continue  # its only one: without it the channel is simply off
            given = {k: v for k, v in values.items() if k != lacking}
            with pytest.raises(SettingsError, match=f"QUOTEWELL_{lacking.upper()} not set"):
                open_channels(load_settings({}, given))

    def test_without_a_key_nothing_starts(self) -> None:
        with pytest.raises(SettingsError, match="QUOTEWELL_CHANNEL_KEY not set"):
            open_channels(KITS["whatsapp"].settings(channel_key=()))

    def test_a_short_key_is_refused_unseen(self) -> None:
        with pytest.raises(SettingsError, match="32 or more") as caught:
            open_channels(KITS["whatsapp"].settings(channel_key=("hunter2",)))
        assert "hunter2" not in str(caught.value)

    def test_the_webhook_has_the_public_address(self) -> None:
        settings = load_settings({}, {"public_url": "https://help.example/b12/"})
        assert webhook_url(settings, "x") == "https://help.example/b12/channels/x/webhook"

    def test_another_package_may_ship_a_channel(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from importlib.metadata import EntryPoint

        from bot.channels import registry

        here = EntryPoint("pager", "tests.test_channels:Pager", registry.ENTRY_POINTS)
        monkeypatch.setattr(registry, "entry_points", lambda group: [here])
        assert known_channels()["pager"] is Pager
        assert set(open_channels(KITS["sms"].settings())) == {"twilio", "pager"}

    @pytest.mark.parametrize(
        ("place", "why"), [("json:loads", "no channel"), ("tests.test_channels:Twin", "already")]
    )
    def test_an_entry_that_is_no_new_channel_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, place: str, why: str
    ) -> None:
        from importlib.metadata import EntryPoint

        from bot.channels import registry

        here = EntryPoint("x", place, registry.ENTRY_POINTS)
        monkeypatch.setattr(registry, "entry_points", lambda group: [here])
        with pytest.raises(SettingsError, match=why):
            known_channels()


class Twin(known_channels()["twilio"]):  # type: ignore[misc]
    """A second channel of the same name."""


class Pager(known_channels()["twilio"]):  # type: ignore[misc]
    """A channel that somebody else wrote, which is always on."""

    name = "pager"

    @classmethod
    def given(cls, settings: Any) -> list[str]:
        return ["pager"]


class TestIdentity:
    def test_a_visit_id_is_one_that_the_api_takes(self) -> None:
        import re

        made = visitor_id("k" * 32, "twilio", "+15005550006")
        assert re.fullmatch(r"[A-Za-z0-9_-]{16,64}", made)

    def test_key_channel_and_sender_all_matter(self) -> None:
        ids = {
            visitor_id(key, channel, sender)
            for key in ("k" * 32, "l" * 32)
            for channel in ("twilio", "whatsapp")
            for sender in ("1", "2")
        }
        assert len(ids) == 8

    def test_a_visit_and_a_delivery_of_one_name_differ(self) -> None:
        assert visitor_id(KEY, "x", "1") != seen_id(KEY, "x", "1")


class TestForms:
    @pytest.mark.parametrize("body", [b"\xff=1", b"a=%FF", b"&".join([b"a=1"] * 1001)])
    def test_a_form_that_is_none_is_refused_unseen(self, body: bytes) -> None:
        from bot.channels.forms import form_fields

        with pytest.raises(PayloadError) as caught:
            form_fields(body)
        assert "a=1" not in str(caught.value)
