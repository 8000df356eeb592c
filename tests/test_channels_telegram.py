"""What Telegram's documents say of it: updates, commands, groups, inline keyboards, its HTML."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.channels import Delivery, Forged
from bot.errors import SettingsError
from tests.channel_support import KITS, Door, Said, TelegramKit, fake_vendors
from tests.test_channels import (
    NOW,
    QUESTION,
    ChannelContract,
    _choices,
    _long_speech,
    _speech,
)
from tests.test_outbox import running


class TestTelegram(ChannelContract):
    kit = KITS["telegram"]

    @pytest.fixture
    def telegram(self) -> TelegramKit:
        return TelegramKit()

    def test_the_shape_of_the_documentation_is_read(self, telegram: TelegramKit) -> None:
        text = (
            '{"update_id":10000,"message":{"message_id":1365,"date":1441645532,"chat":{"id":1111111,'
            '"first_name":"Ann","username":"ann","type":"private"},"from":{"id":1111111,"is_bot":'
            'false,"first_name":"Ann","username":"ann"},"text":"hi"}}'
        )
        (message,) = telegram.channel().parse(Delivery("POST", telegram.url(), {}, text.encode()))
        assert (message.message_id, message.sender, message.text) == ("10000", "1111111", "hi")
        assert message.at == 1441645532
        assert message.address == {"chat_id": "1111111"}

    def test_only_the_whole_secret_is_one(self, telegram: TelegramKit) -> None:
        signed, channel = telegram.delivery(Said("hi")), telegram.channel()
        name, secret = "x-telegram-bot-api-secret-token", "set-at-the-webhook"
        channel.verify(replace(signed, headers={name: "set-before"}), NOW)
        for value in ("", secret[:-1], secret + "x", secret.upper(), f" {secret}", "a,b"):
            with pytest.raises(Forged):
                channel.verify(replace(signed, headers={name: value}), NOW)
        for n in range(len(secret)):
            other = secret[:n] + "!" + secret[n + 1 :]
            with pytest.raises(Forged):
                channel.verify(replace(signed, headers={name: other}), NOW)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"null",
            b"{",
            b"\xff\xfe",
            b"[" * 30_000,
            b'{"message": {}}',
            b'{"update_id": true}',
            b'{"update_id": 1, "message": 3, "callback_query": []}',
            b'{"update_id": 1, "message": {"from": 3, "chat": {"id": 1}, "text": "hi"}}',
            b'{"update_id": 1, "message": {"from": {"id": 1}, "chat": {"id": 1}, "text": {}}}',
        ],
    )
    def test_signed_nonsense_is_no_fault(
        self, door: Door, telegram: TelegramKit, body: bytes
    ) -> None:
        response = door.post(replace(telegram.delivery(Said("hi")), body=body))
        assert response.status_code == (200 if b'"update_id": 1' in body else 400)
        assert door.store.n_letters() == 0

    def test_one_update_under_two_secrets_is_answered_once(
        self, door: Door, telegram: TelegramKit
    ) -> None:
        signed = telegram.delivery(Said(QUESTION))
        older = {**signed.headers, "x-telegram-bot-api-secret-token": "set-before"}
        assert door.post(signed).status_code == 200
        assert door.post(replace(signed, headers=older)).status_code == 200
        assert len(door.replies()) == 1

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("/start", "greet"),
            ("/start widget", "greet"),
            ("/START@HarbourHelpBot", "greet"),
            ("/help", "what_can"),
            ("/privacy", "privacy"),
        ],
    )
    def test_a_command_is_answered(self, door: Door, text: str, reason: str) -> None:
        assert door.say(text)
        assert [r["reason"] for r in door.replies()] == [reason]

    @pytest.mark.parametrize(
        "text",
        [
            "/help I can't breathe and my throat is swelling",
            "/start I can't breathe and my throat is swelling",
            "/privacy\nI can't breathe and my throat is swelling",
            "/i_cant_breathe my throat is swelling",
        ],
    )
    def test_an_emergency_behind_a_command_is_heard(self, door: Door, text: str) -> None:
        door.say(text)
        assert [r["outcome"] for r in door.replies()] == ["emergency"]

    def test_a_command_that_there_is_not_is_read_as_words(self, telegram: TelegramKit) -> None:
        for sent, read in (("/side_effects", "side effects"), ("/dose how much", "dose how much")):
            (message,) = telegram.channel().parse(telegram.delivery(Said(sent)))
            assert (message.kind, message.text) == ("text", read)

    def test_a_tap_is_confirmed_before_it_is_answered(self, door: Door) -> None:
        door.say("how much does it cost?")
        confirmed, *said = door.say(Said(tap=1))
        assert confirmed["method"] == "answerCallbackQuery"
        assert [p["method"] for p in said] == ["sendMessage"] * len(said)
        assert said

    def test_a_confirmation_goes_to_no_chat(self, telegram: TelegramKit) -> None:
        channel = telegram.channel()
        payload = {"method": "answerCallbackQuery", "callback_query_id": "42"}
        call = channel.call({"chat_id": "1", "tap": "42"}, payload)
        token = telegram.values["telegram_bot_token"]
        assert call.url == f"https://api.telegram.org/bot{token}/answerCallbackQuery"
        assert json.loads(call.body) == {"callback_query_id": "42"}

    @pytest.mark.parametrize("passage_id", ["x" * 63, "über-" * 12, "é" * 32])
    def test_a_long_passage_is_tapped_by_its_number(
        self, telegram: TelegramKit, passage_id: str
    ) -> None:
        (payload,) = telegram.channel().render(_choices(3, "Uses", passage_id))
        data = [row[0]["callback_data"] for row in payload["reply_markup"]["inline_keyboard"]]
        assert data == ["n:1", "n:2", "n:3"]

    def test_a_tapped_number_is_what_was_offered(self, door: Door, telegram: TelegramKit) -> None:
        door.say("how much does it cost?")
        offered = {"reply_markup": {"inline_keyboard": [[{"callback_data": "n:2"}]]}}
        door.post(telegram.delivery(Said(tap=1), offered=offered))
        assert door.replies()[-1]["reason"] == "choice"

    def test_a_tap_that_means_nothing_is_confirmed_all_the_same(
        self, door: Door, telegram: TelegramKit
    ) -> None:
        offered = {"reply_markup": {"inline_keyboard": [[{"callback_data": "else"}]]}}
        door.post(telegram.delivery(Said(tap=1), offered=offered))
        confirmed, said = door.letters()
        assert confirmed["payload"]["method"] == "answerCallbackQuery"
        assert "I can only read words" in said["payload"]["text"].replace("’", "'")

    def test_a_photo_with_words_is_read(self, telegram: TelegramKit) -> None:
        update = telegram.event(Said(photo=True), None)
        update["message"]["caption"] = "is this normal?"
        (message,) = telegram.channel().parse(telegram.signed({"update_id": 5, **update}))
        assert (message.kind, message.text) == ("text", "is this normal?")

    def test_markup_in_a_guide_is_shown_and_not_obeyed(self, telegram: TelegramKit) -> None:
        payloads = telegram.channel().render(_long_speech("a < b & <b>c</b> &lt;"))
        assert payloads[0]["text"] == "a &lt; b &amp; &lt;b&gt;c&lt;/b&gt; &amp;lt;"
        assert telegram.shown(payloads[0]) == "a < b & <b>c</b> &lt;"

    def test_a_quotation_is_set_off_from_what_the_bot_says(self, door: Door) -> None:
        text = door.say(QUESTION)[0]["text"]
        quoted = text.partition("<blockquote>")[2].partition("</blockquote>")[0]
        assert quoted.startswith("“In rare cases, individuals")
        assert quoted.endswith("develop.”")

    def test_a_text_of_the_full_length_is_one_message(self, telegram: TelegramKit) -> None:
        channel = telegram.channel()
        assert len(channel.render(_long_speech("<" * 4096))) == 1
        assert len(channel.render(_long_speech("💉" * 2048))) == 1
        assert len(channel.render(_long_speech("💉" * 2049))) == 2

    def test_sending_writes_the_token_into_no_log(
        self, telegram: TelegramKit, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(0)
        with fake_vendors("500") as vendors:
            door = running(telegram, vendors)
            with TestClient(door.app) as door.client:
                door.post(telegram.delivery(Said(QUESTION)))
                vendors.wait_for(lambda: len(vendors.taken) == 1)
        assert "letter not taken" in caplog.text
        assert str(telegram.values["telegram_bot_token"]) not in caplog.text

    def test_a_wait_that_is_asked_for_is_read(self, telegram: TelegramKit) -> None:
        body = b'{"ok":false,"error_code":429,"parameters":{"retry_after":35}}'
        assert telegram.channel().wait_seconds({"retry-after": "7"}, body) == 35.0
        assert telegram.channel().wait_seconds({}, b'{"parameters":{"retry_after":"x"}}') is None

    def test_a_visitor_who_has_blocked_the_bot_is_left_alone(self, telegram: TelegramKit) -> None:
        assert telegram.channel().judge(403, b'{"ok":false,"error_code":403}') == "failed"

    @pytest.mark.parametrize(
        ("name", "value", "shown"),
        [
            ("telegram_bot_token", "hunter2", "BOT_TOKEN"),
            ("telegram_bot_token", "1:hunter2/x", "BOT_TOKEN"),
            ("telegram_webhook_secret", ("good", "hunter2!"), "WEBHOOK_SECRET"),
            ("telegram_webhook_secret", ("hunter2" * 40,), "WEBHOOK_SECRET"),
        ],
    )
    def test_what_telegram_would_not_take_is_refused_unseen(
        self, telegram: TelegramKit, name: str, value: Any, shown: str
    ) -> None:
        with pytest.raises(SettingsError, match=f"QUOTEWELL_TELEGRAM_{shown}") as caught:
            telegram.channel(**{name: value})
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize("lacking", ["telegram_webhook_secret", "telegram_bot_token"])
    def test_both_secrets_are_needed(self, telegram: TelegramKit, lacking: str) -> None:
        empty: Any = () if lacking.endswith("_secret") else ""
        with pytest.raises(SettingsError, match=f"QUOTEWELL_{lacking.upper()} not set"):
            telegram.channel(**{lacking: empty})


class TestTelegramGroups:
    """In a group the bot speaks when it is spoken to, and to nobody else."""

    kit = TelegramKit()
    group = {"id": -1001234567890, "type": "supergroup", "title": "Families", "is_forum": True}

    def delivery(self, text: str = "", **more: Any) -> Delivery:
        message = self.kit.event(Said(text), None)["message"] | {"chat": self.group, **more}
        return self.kit.signed({"update_id": message["message_id"], "message": message})

    @pytest.mark.parametrize(
        ("text", "kind", "words"),
        [
            ("@HarbourHelpBot is it safe?", "text", "is it safe?"),
            ("is it safe, @harbourhelpbot?", "text", "is it safe,  ?"),
            ("@HarbourHelpBot", "help", ""),
            ("/help@HarbourHelpBot", "help", ""),
            ("/start@harbourhelpbot", "start", ""),
            ("/privacy@HarbourHelpBot", "privacy", ""),
            ("/ask@HarbourHelpBot is it safe?", "text", "ask is it safe?"),
        ],
    )
    def test_what_names_it_is_for_it(self, text: str, kind: str, words: str) -> None:
        (message,) = self.kit.channel().parse(self.delivery(text))
        assert (message.kind, message.text) == (kind, words)

    def test_a_reply_to_it_is_for_it(self) -> None:
        bot = {"from": {"id": 110201543, "is_bot": True}}
        (message,) = self.kit.channel().parse(self.delivery("more", reply_to_message=bot))
        assert (message.kind, message.text) == ("text", "more")

    @pytest.mark.parametrize(
        "text",
        ["is it safe?", "/help", "/help@OtherBot", "@HarbourHelpBotX hi", "a@HarbourHelpBot"],
    )
    def test_all_else_is_left_alone(self, text: str) -> None:
        assert self.kit.channel().parse(self.delivery(text)) == []

    def test_without_a_name_only_replies_are_for_it(self) -> None:
        channel = self.kit.channel(telegram_bot_username="")
        bot = {"from": {"id": 110201543, "is_bot": True}}
        assert channel.parse(self.delivery("@HarbourHelpBot is it safe?")) == []
        assert channel.parse(self.delivery("a @ b /help@")) == []
        assert len(channel.parse(self.delivery("is it safe?", reply_to_message=bot))) == 1

    def test_the_name_may_be_given_with_its_sign(self) -> None:
        channel = self.kit.channel(telegram_bot_username="@harbourHELPbot")
        assert len(channel.parse(self.delivery("@HarbourHelpBot hi"))) == 1

    def test_the_reply_stands_under_the_question_in_its_topic(self) -> None:
        sent = self.delivery("@HarbourHelpBot hi", message_thread_id=9, is_topic_message=True)
        (message,) = self.kit.channel().parse(sent)
        payload = self.kit.channel().render(_speech(message))[0]
        value = json.loads(self.kit.channel().call(message.address, payload).body)
        asked = json.loads(sent.body)["message"]["message_id"]
        assert value["chat_id"] == "-1001234567890"
        assert value["message_thread_id"] == 9
        assert value["reply_parameters"]["message_id"] == asked

    def test_a_group_knows_nothing_of_a_private_chat(self) -> None:
        door = Door(self.kit)
        door.say(QUESTION)
        assert door.post(self.delivery("@HarbourHelpBot more")).status_code == 200
        text = "\n".join(self.kit.shown(letter["payload"]) for letter in door.letters())
        assert "allergic" not in text
        assert len(door.replies()) == 1

    def test_a_tap_in_a_group_belongs_to_who_tapped(self) -> None:
        offered = {"reply_markup": {"inline_keyboard": [[{"callback_data": "p:uses-1"}]]}}
        query = self.kit.event(Said(tap=1), offered)["callback_query"]
        query["message"] |= {"chat": self.group, "message_thread_id": 9, "is_topic_message": True}
        (message,) = self.kit.channel().parse(
            self.kit.signed({"update_id": 3, "callback_query": query})
        )
        assert (message.kind, message.choice) == ("choice", "uses-1")
        assert message.sender == "-1001234567890:15005550006"
        assert message.address["thread"] == "9"
