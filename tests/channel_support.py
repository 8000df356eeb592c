"""Messaging platforms for tests: what they deliver, what visitors see of a payload, fake APIs.

A new channel joins all tests of the family with one `Kit` in `KITS` and one contract class.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import xml.etree.ElementTree as ET
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from bot.channels import Channel, Delivery, Payload, webhook_url
from bot.channels.gsm import n_segments
from bot.channels.identity import visitor_id
from bot.channels.messenger import Messenger
from bot.channels.registry import open_channels
from bot.channels.slack import Slack
from bot.channels.telegram import Telegram
from bot.channels.twilio import Twilio
from bot.channels.whatsapp import WhatsApp
from bot.outbox import PostOffice
from bot.settings import Settings
from bot.store import Store
from tests.http_support import a_bot, a_store, settings_with

KEY = "the key of the tests is long enough"
PUBLIC = "https://help.example"
PATIENCE = 30.0
CANARY_SECRET = "nobodymayreadthis"


@dataclass(frozen=True)
class Said:
    """What a visitor does: writes, taps the n-th choice, or sends a photo."""

    text: str = ""
    tap: int = 0
    photo: bool = False
    message_id: str = ""
    sender: str = "15005550006"
    at: float = 0.0


class Kit(ABC):
    """How one platform speaks, written from its documentation and not from our code."""

    name: str
    values: dict[str, Any]
    has_buttons = False
    many_per_delivery = True
    signs_body = True

    def settings(self, **more: Any) -> Settings:
        """Settings with this channel switched on."""
        standing = {"channel_key": (KEY,), "public_url": PUBLIC}
        return settings_with(**{**standing, **self.values, **more})

    def channel(self, **more: Any) -> Channel:
        """The channel by itself."""
        return open_channels(self.settings(**more))[self.name]

    def url(self) -> str:
        """Where the platform delivers to."""
        return webhook_url(self.settings(), self.name)

    @abstractmethod
    def delivery(self, *said: Said, offered: Payload | None = None) -> Delivery:
        """A signed delivery; `offered` is the payload whose choices are tapped."""

    @abstractmethod
    def noise(self) -> list[Delivery]:
        """Signed deliveries that are no messages of visitors."""

    @abstractmethod
    def shown(self, payload: Payload) -> str:
        """All that a visitor can read of a payload."""

    @abstractmethod
    def complaint(self, payload: Payload) -> str:
        """What the platform would refuse a payload for; empty where it takes it."""

    def visit_id(self, said: Said) -> str:
        """The visit of a sender."""
        return visitor_id(KEY, self.name, self.sender(said))

    def sender(self, said: Said) -> str:
        """The sender as the platform writes it."""
        return said.sender


class TwilioKit(Kit):
    """SMS; TwiML in the response."""

    name = "twilio"
    values = {"twilio_auth_token": ("a-token", "an-old-token")}
    many_per_delivery = False

    def sender(self, said: Said) -> str:
        return f"+{said.sender}"

    def fields(self, said: Said) -> dict[str, str]:
        """The form as Twilio sends it, with fields that nobody asked for."""
        text = str(said.tap) if said.tap else said.text
        media = {"MediaUrl0": "https://x.example/1", "MediaContentType0": "image/jpeg"}
        return {
            "ToCountry": "US",
            "MessageSid": said.message_id or f"SM{abs(hash((said, time.time_ns()))):032x}",
            "AccountSid": "AC00000000000000000000000000000001",
            "SmsStatus": "received",
            "NumMedia": "1" if said.photo else "0",
            "NumSegments": "1",
            "From": self.sender(said),
            "To": self.to(),
            "Body": text,
            "ApiVersion": "2010-04-01",
            **(media if said.photo else {}),
        }

    def to(self) -> str:
        """The clinic's number."""
        return "+12025550100"

    def delivery(self, *said: Said, offered: Payload | None = None) -> Delivery:
        (one,) = said
        return self.signed(self.fields(one))

    def signed(self, fields: dict[str, str]) -> Delivery:
        """Any form, signed by Twilio's own SDK."""
        channel = self.channel()
        assert isinstance(channel, Twilio)
        made = channel.signed(fields, self.url())
        token = self.values["twilio_auth_token"][0]
        signature = RequestValidator(token).compute_signature(self.url(), fields)
        return replace(made, headers={**made.headers, "x-twilio-signature": signature})

    def noise(self) -> list[Delivery]:
        word = self.fields(Said("STOP"))
        status = {"MessageSid": "SM1", "MessageStatus": "delivered", "From": "+1", "To": "+2"}
        words = [{**word, "Body": b} for b in ("STOP", " stop ", "Unsubscribe", "ARRET")]
        typed = [{**word, "Body": "Hilfe", "OptOutType": t} for t in ("STOP", "HELP", "START")]
        return [self.signed(f) for f in (status, *words, *typed)]

    def shown(self, payload: Payload) -> str:
        return str(payload["Body"])

    def complaint(self, payload: Payload) -> str:
        if set(payload) != {"Body"} or not payload["Body"].strip():
            return "no body"
        return "over two segments" if n_segments(payload["Body"]) > 2 else ""


class TwilioRestKit(TwilioKit):
    """SMS; replies by the REST API."""

    values = {**TwilioKit.values, "twilio_account_sid": "AC00000000000000000000000000000001"}


class TwilioWhatsAppKit(TwilioRestKit):
    """WhatsApp through Twilio."""

    def sender(self, said: Said) -> str:
        return f"whatsapp:+{said.sender}"

    def to(self) -> str:
        return "whatsapp:+12025550100"

    def noise(self) -> list[Delivery]:
        status = {"MessageSid": "SM1", "MessageStatus": "read", "From": "+1", "To": "+2"}
        return [self.signed(f) for f in (status, self.fields(Said("STOP")))]

    def complaint(self, payload: Payload) -> str:
        return "too long" if len(payload["Body"]) > 1600 or not payload["Body"] else ""


class WhatsAppKit(Kit):
    """The Cloud API of Meta."""

    name = "whatsapp"
    has_buttons = True
    values = {
        "whatsapp_app_secret": ("app-secret", "old-app-secret"),
        "whatsapp_verify_token": "agreed-word",
        "whatsapp_access_token": "send-token",
        "whatsapp_phone_number_id": "106540352242922",
    }

    def delivery(self, *said: Said, offered: Payload | None = None) -> Delivery:
        return self.signed([self.message(s, offered) for s in said])

    def message(self, said: Said, offered: Payload | None) -> dict[str, Any]:
        """One member of `messages`."""
        head = {
            "from": said.sender,
            "id": said.message_id or f"wamid.{time.time_ns()}",
            "timestamp": str(int(said.at or time.time())),
        }
        if said.photo:
            return {**head, "type": "image", "image": {"id": "1", "mime_type": "image/jpeg"}}
        if said.tap:
            return {**head, "type": "interactive", "interactive": self._tapped(said, offered)}
        return {**head, "type": "text", "text": {"body": said.text}}

    def _tapped(self, said: Said, offered: Payload | None) -> dict[str, Any]:
        assert offered
        action = offered["interactive"]["action"]
        if "buttons" in action:
            return {
                "type": "button_reply",
                "button_reply": action["buttons"][said.tap - 1]["reply"],
            }
        return {"type": "list_reply", "list_reply": action["sections"][0]["rows"][said.tap - 1]}

    def signed(self, messages: list[dict[str, Any]]) -> Delivery:
        """A delivery of these messages."""
        channel = self.channel()
        assert isinstance(channel, WhatsApp)
        return channel.signed(messages, self.url())

    def noise(self) -> list[Delivery]:
        channel = self.channel()
        assert isinstance(channel, WhatsApp)
        plain = self.message(Said("hi"), None)
        silent = [{**plain, "type": t, t: {}} for t in ("reaction", "system", "unsupported")]
        status = json.loads(self.signed([]).body)
        status["entry"][0]["changes"][0]["value"]["statuses"] = [
            {"id": "wamid.A", "status": "read"}
        ]
        other = json.loads(self.signed([plain]).body)
        other["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "9"
        bodies: list[dict[str, Any]] = [status, other, {}]
        resigned = [meta_signed(b, self.url(), "app-secret") for b in bodies]
        return [*(self.signed([m]) for m in silent), *resigned]

    def shown(self, payload: Payload) -> str:
        if payload["type"] == "text":
            return str(payload["text"]["body"])
        made = payload["interactive"]
        action = made["action"]
        titles = [b["reply"]["title"] for b in action.get("buttons", ())]
        rows = [r for s in action.get("sections", ()) for r in s["rows"]]
        titles += [f"{r['title']} {r.get('description', '')}" for r in rows]
        return "\n".join([made["body"]["text"], *titles])

    def complaint(self, payload: Payload) -> str:
        if payload["type"] == "text":
            size = len(payload["text"]["body"])
            return "" if 0 < size <= 4096 else f"text of {size}"
        made = payload["interactive"]
        size = len(made["body"]["text"])
        if made["type"] == "button":
            replies = [b["reply"] for b in made["action"]["buttons"]]
            return _first(
                (not 0 < size <= 1024, f"body of {size}"),
                (not 0 < len(replies) <= 3, "buttons"),
                (any(not 0 < len(r["title"]) <= 20 for r in replies), "title"),
                (any(not 0 < len(r["id"]) <= 256 for r in replies), "id"),
                (len({r["title"] for r in replies}) < len(replies), "same title twice"),
                (len({r["id"] for r in replies}) < len(replies), "same id twice"),
            )
        rows = [r for s in made["action"]["sections"] for r in s["rows"]]
        return _first(
            (not 0 < size <= 4096, f"body of {size}"),
            (not 0 < len(made["action"]["button"]) <= 20, "button"),
            (not 0 < len(rows) <= 10, "rows"),
            (any(not 0 < len(r["title"]) <= 24 for r in rows), "row title"),
            (any(not 0 < len(r["id"]) <= 200 for r in rows), "row id"),
            (any(len(r.get("description", "")) > 72 for r in rows), "row description"),
            (len({r["id"] for r in rows}) < len(rows), "same id twice"),
        )


class MessengerKit(Kit):
    """Messenger of Meta."""

    name = "messenger"
    has_buttons = True
    values = {
        "messenger_app_secret": ("page-secret", "old-page-secret"),
        "messenger_verify_token": "agreed-word",
        "messenger_page_token": "page-token",
    }

    def delivery(self, *said: Said, offered: Payload | None = None) -> Delivery:
        return self.signed([self.event(s, offered) for s in said])

    def event(self, said: Said, offered: Payload | None) -> dict[str, Any]:
        """One member of `messaging`."""
        head = {
            "sender": {"id": said.sender},
            "timestamp": int((said.at or time.time()) * 1000),
        }
        message: dict[str, Any] = {"mid": said.message_id or f"m_{time.time_ns()}"}
        if said.photo:
            message["attachments"] = [{"type": "image", "payload": {"url": "https://x.example"}}]
        elif said.tap:
            assert offered
            picked = offered["quick_replies"][said.tap - 1]
            message |= {"text": picked["title"], "quick_reply": {"payload": picked["payload"]}}
        else:
            message["text"] = said.text
        return {**head, "message": message}

    def signed(self, events: list[dict[str, Any]]) -> Delivery:
        """A delivery of these events."""
        channel = self.channel()
        assert isinstance(channel, Messenger)
        return channel.signed(events, self.url())

    def noise(self) -> list[Delivery]:
        echo = {"message": {"mid": "m_e", "text": "hello", "is_echo": True}}
        events: list[dict[str, Any]] = [
            echo,
            {"delivery": {"mids": ["m_1"], "watermark": 1}},
            {"read": {"watermark": 1}},
            {"reaction": {"mid": "m_1", "action": "react"}},
            {"message_edit": {"mid": "m_1", "text": "other"}},
        ]
        return [*(self.signed([e]) for e in events), meta_signed({}, self.url(), "page-secret")]

    def shown(self, payload: Payload) -> str:
        titles = [q["title"] for q in payload.get("quick_replies", ())]
        return "\n".join([payload["text"], *titles])

    def complaint(self, payload: Payload) -> str:
        replies = payload.get("quick_replies", [])
        size = len(payload["text"])
        return _first(
            (not 0 < size <= 2000, f"text of {size}"),
            (len(replies) > 13, "quick replies"),
            (any(not 0 < len(q["title"]) <= 20 for q in replies), "title"),
            (any(not 0 < len(q["payload"]) <= 1000 for q in replies), "payload"),
        )


class TelegramKit(Kit):
    """The Bot API of Telegram."""

    name = "telegram"
    has_buttons = True
    many_per_delivery = False
    signs_body = False
    values = {
        "telegram_webhook_secret": ("set-at-the-webhook", "set-before"),
        "telegram_bot_token": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        "telegram_bot_username": "HarbourHelpBot",
    }

    def delivery(self, *said: Said, offered: Payload | None = None) -> Delivery:
        (one,) = said
        update = {"update_id": one.message_id or next(_numbers), **self.event(one, offered)}
        return self.signed(update)

    def event(self, said: Said, offered: Payload | None) -> dict[str, Any]:
        """What an update holds beside its id."""
        who = {"id": int(said.sender), "is_bot": False, "first_name": "Ann", "language_code": "en"}
        message = {
            "message_id": next(_numbers),
            "from": who,
            "chat": {"id": int(said.sender), "first_name": "Ann", "type": "private"},
            "date": int(said.at or time.time()),
        }
        if said.photo:
            photo = [{"file_id": "A", "file_unique_id": "B", "width": 90, "height": 67}]
            return {"message": {**message, "photo": photo}}
        if not said.tap:
            return {"message": {**message, "text": said.text}}
        assert offered
        picked = offered["reply_markup"]["inline_keyboard"][said.tap - 1][0]
        bot = {"id": 110201543, "is_bot": True, "first_name": "Help", "username": "HarbourHelpBot"}
        query = {"id": str(next(_numbers)), "from": who, "chat_instance": "1"}
        under = {**message, "from": bot, "text": "Pick one."}
        return {"callback_query": {**query, "message": under, "data": picked["callback_data"]}}

    def signed(self, update: dict[str, Any]) -> Delivery:
        """A delivery of any update."""
        channel = self.channel()
        assert isinstance(channel, Telegram)
        return channel.signed(update, self.url())

    def noise(self) -> list[Delivery]:
        message = self.event(Said("hi"), None)["message"]
        bot = {"id": 7, "is_bot": True, "first_name": "Other"}
        group = {"id": -1001234567890, "type": "supergroup", "title": "Families"}
        spoken = {**message, "chat": group}
        notes: dict[str, Any] = {k: v for k, v in message.items() if k != "text"}
        updates: list[dict[str, Any]] = [
            {"edited_message": message},
            {"channel_post": {**message, "chat": {"id": -1, "type": "channel"}}},
            {"message": {**message, "chat": {"id": -1, "type": "channel"}}},
            {"message": {**message, "from": bot}},
            {"message": spoken},
            {"message": {**spoken, "sender_chat": group, "text": "@HarbourHelpBot hi"}},
            {"message": {**spoken, "text": "/help@OtherBot"}},
            {"message": {**spoken, "text": "/help"}},
            {"message": {**spoken, "text": "mail ann@HarbourHelpBot or @HarbourHelpBots"}},
            {"message": {**spoken, "reply_to_message": {**spoken, "from": bot}}},
            {"message": {**notes, "new_chat_members": [bot]}},
            {"message": {**notes, "pinned_message": message}},
            {"message_reaction": {"chat": group, "message_id": 1}},
            {"my_chat_member": {"chat": group}},
            {"inline_query": {"id": "1", "query": "b12"}},
            {"callback_query": {"id": "1", "from": message["from"], "data": "p:uses-1"}},
            {},
        ]
        return [self.signed({"update_id": n, **update}) for n, update in enumerate(updates, 1)]

    def shown(self, payload: Payload) -> str:
        if payload["method"] == "answerCallbackQuery":
            return ""
        rows = payload.get("reply_markup", {}).get("inline_keyboard", ())
        return "\n".join([_TelegramHtml.text_of(payload["text"]), *(b["text"] for (b,) in rows)])

    def complaint(self, payload: Payload) -> str:
        if payload["method"] == "answerCallbackQuery":
            return "" if payload["callback_query_id"] else "no query"
        read = _TelegramHtml.read(payload["text"])
        size = len(read.text.encode("utf-16-le")) // 2
        rows = payload.get("reply_markup", {}).get("inline_keyboard", [])
        return _first(
            (payload["method"] != "sendMessage", "another method"),
            (payload["parse_mode"] != "HTML", "parse mode"),
            (bool(read.wrong), f"can't parse entities: {read.wrong}"),
            (not read.text.strip() or size > 4096, f"text of {size}"),
            (sum(map(len, rows)) > 100, "buttons"),
            (any(not b["text"].strip() for row in rows for b in row), "button without text"),
            (any(not 0 < len(b["callback_data"].encode()) <= 64 for row in rows for b in row),
             "BUTTON_DATA_INVALID"),
        )  # fmt: skip


class _TelegramHtml(HTMLParser):
    """Reads HTML as strictly as Telegram's page on formatting says that it does."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text, self.wrong = "", ""
        self.open: list[str] = []

    @classmethod
    def read(cls, text: str) -> _TelegramHtml:
        """The text without its tags, and what is wrong with them."""
        reader = cls()
        reader.feed(text)
        reader.close()
        if re.sub("</?blockquote>", "", text).count("<") or reader.open:
            reader.wrong = "a < or a tag left open"
        return reader

    @classmethod
    def text_of(cls, text: str) -> str:
        """The text without its tags."""
        return cls.read(text).text

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.wrong = "nested" if self.open else self.wrong
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong = "an end without a start"

    def handle_data(self, data: str) -> None:
        self.wrong = "a bare &" if "&" in data else self.wrong
        self.text += data

    def handle_entityref(self, name: str) -> None:
        found = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}.get(name)
        self.wrong = self.wrong if found else f"&{name};"
        self.text += found or ""


_numbers = count(1_000_000)


class SlackKit(Kit):
    """Slack: direct messages, unless an event says otherwise."""

    name = "slack"
    has_buttons = True
    many_per_delivery = False
    values = {
        "slack_signing_secret": ("8f742231b10e8888abcd99yyyzzz85a5", "old-signing-secret"),
        "slack_bot_token": "xoxb-1",
    }

    def sender(self, said: Said) -> str:
        return f"T0001:U{said.sender}"

    def delivery(self, *said: Said, offered: Payload | None = None) -> Delivery:
        (one,) = said
        if one.tap:
            assert offered
            return self.tapped(offered["blocks"][-1]["elements"][one.tap - 1], one)
        return self.signed(self.event(one))

    def event(self, said: Said, **event: Any) -> Any:
        """A delivery of the Events API, as its page shows one, with other members changed."""
        at = said.at or time.time()
        text = said.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        photo = {"subtype": "file_share", "files": [{"id": "F1", "mimetype": "image/jpeg"}]}
        return {
            "token": "unused",
            "team_id": "T0001",
            "api_app_id": "A0001",
            "event": {
                "type": "message",
                "channel": f"D{said.sender}",
                "user": f"U{said.sender}",
                "text": text,
                "ts": f"{at:.6f}",
                "event_ts": f"{at:.6f}",
                "channel_type": "im",
                **(photo if said.photo else {}),
                **event,
            },
            "type": "event_callback",
            "event_id": said.message_id or f"Ev{time.time_ns()}",
            "event_time": int(at),
            "authorizations": [{"team_id": "T0001", "user_id": "U0BOT", "is_bot": True}],
        }

    def tapped(self, element: dict[str, Any], said: Said, **more: Any) -> Delivery:
        """A tap on a button of a direct message, as the page on block_actions shows one."""
        value = {
            "type": "block_actions",
            "user": {"id": f"U{said.sender}", "team_id": "T0001"},
            "team": {"id": "T0001"},
            "container": {"type": "message", "is_ephemeral": False},
            "trigger_id": said.message_id or f"{time.time_ns()}.1",
            "channel": {"id": f"D{said.sender}", "name": "directmessage"},
            "message": {"bot_id": "B0001", "text": "..."},
            "response_url": "https://hooks.slack.com/actions/T0001/1/x",
            "actions": [{**element, "block_id": "b", "action_ts": f"{time.time():.6f}"}],
            **more,
        }
        return self.form(payload=json.dumps(value))

    def command(self, text: str, said: Said, **more: str) -> Delivery:
        """A slash command."""
        fields = {
            "command": "/b12",
            "text": text,
            "team_id": "T0001",
            "user_id": f"U{said.sender}",
            "channel_id": "C0001",
            "trigger_id": said.message_id or f"{time.time_ns()}.2",
            "response_url": "https://hooks.slack.com/commands/T0001/1/x",
        }
        return self.form(**{**fields, **more})

    def signed(self, value: Any, at: float = 0.0) -> Delivery:
        """Any JSON, signed."""
        channel = self.channel()
        assert isinstance(channel, Slack)
        return channel.signed(value, self.url(), at or time.time())

    def form(self, **fields: str) -> Delivery:
        """Any form, signed."""
        channel = self.channel()
        assert isinstance(channel, Slack)
        return channel.signed_form(fields, self.url(), time.time())

    def noise(self) -> list[Delivery]:
        hi = Said("hi")
        events: list[dict[str, Any]] = [
            {"bot_id": "B0001"},
            {"user": "U0BOT"},
            {"subtype": "bot_message", "bot_id": "B0002"},
            {"subtype": "message_changed", "hidden": True, "message": {"text": "hi"}},
            {"subtype": "message_deleted"},
            {"subtype": "channel_join"},
            {"subtype": "group_topic"},
            {"type": "app_mention", "channel": "C1", "edited": {"user": "U1", "ts": "1.0"}},
            {"channel": "C1", "channel_type": "channel"},
            {"channel": "G1", "channel_type": "mpim"},
            {"type": "reaction_added", "reaction": "wave"},
            {"type": "app_home_opened", "tab": "messages"},
        ]
        others: list[Any] = [
            {"type": "app_rate_limited", "team_id": "T0001", "minute_rate_limited": 1},
            {"type": "event_callback"},
            {},
        ]
        link = {"type": "button", "action_id": "x", "url": "https://x.example"}
        return [
            *(self.signed(self.event(hi, **event)) for event in events),
            *(self.signed(other) for other in others),
            self.form(ssl_check="1", token="unused"),
            self.tapped(link, hi),
            self.form(payload=json.dumps({"type": "view_submission", "user": {"id": "U1"}})),
        ]

    def shown(self, payload: Payload) -> str:
        blocks = payload["view"]["blocks"] if "view" in payload else payload["blocks"]
        texts = [block["text"]["text"] for block in blocks if "text" in block]
        elements = [e for block in blocks for e in block.get("elements", ())]
        return "\n".join([*texts, *(e["text"]["text"] for e in elements)])

    def complaint(self, payload: Payload) -> str:
        if "view" in payload:
            blocks = payload["view"]["blocks"]
            return _first((not 0 < len(blocks) <= 100, "view blocks")) or _blocks_complaint(blocks)
        blocks = payload["blocks"]
        in_all = sum(len(b["text"]["text"]) for b in blocks if "text" in b)
        return _first(
            (not payload["text"].strip(), "no_text"),
            (len(payload["text"]) > 40_000, "msg_too_long"),
            ("<" in payload["text"] or ">" in payload["text"], "markup in the text"),
            (not 0 < len(blocks) <= 50, "blocks"),
            (in_all > 13_200, "msg_blocks_too_long"),
        ) or _blocks_complaint(blocks)


def _blocks_complaint(blocks: list[dict[str, Any]]) -> str:
    most = {"section": 3000, "header": 150}
    texts = [(b["type"], b["text"]) for b in blocks if b["type"] in most]
    elements = [e for b in blocks if b["type"] == "actions" for e in b["elements"]]
    return _first(
        (any(b["type"] not in (*most, "actions") for b in blocks), "kind of block"),
        (any(not 0 < len(t["text"]) <= most[kind] for kind, t in texts), "text of a block"),
        (any(not t["text"].strip() for _, t in texts), "empty text"),
        (any(t["type"] != "plain_text" for _, t in texts), "markup"),
        (any(not b["elements"] for b in blocks if b["type"] == "actions"), "no elements"),
        (len(elements) > 25, "elements"),
        (any(not 0 < len(e["text"]["text"]) <= 75 for e in elements), "label"),
        (any(not 0 < len(e["value"]) <= 2000 for e in elements), "value"),
        (len({e["action_id"] for e in elements}) < len(elements), "same action_id twice"),
    )


KITS: dict[str, Kit] = {
    "sms": TwilioKit(),
    "sms-rest": TwilioRestKit(),
    "twilio-whatsapp": TwilioWhatsAppKit(),
    "whatsapp": WhatsAppKit(),
    "messenger": MessengerKit(),
    "telegram": TelegramKit(),
    "slack": SlackKit(),
}


def _first(*found: tuple[bool, str]) -> str:
    return next((why for is_wrong, why in found if is_wrong), "")


def meta_signed(value: Any, url: str, secret: str) -> Delivery:
    """Any JSON, signed as Meta does, worked out here by itself."""
    import hashlib
    import hmac

    body = json.dumps(value).encode()
    made = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Delivery("POST", url, {"x-hub-signature-256": made}, body)


class Door:
    """A channel's route, and what was said through it; nothing is sent to a platform."""

    def __init__(self, kit: Kit, store: Store | None = None, **values: Any) -> None:
        from bot.http import create_app

        settings = kit.settings(**values)
        self.kit = kit
        self.store = store or a_store()
        self.app: FastAPI = create_app(a_bot(public_url=PUBLIC), self.store, settings)
        # Not entered, so that the app's sender does not run and letters can be looked at.
        self.client = TestClient(self.app, raise_server_exceptions=False)
        self.last: Payload | None = None

    @property
    def office(self) -> PostOffice:
        office: PostOffice = self.app.state.services.post_office
        return office

    def post(self, delivery: Delivery) -> Any:
        """Deliver as a platform does; the response."""
        path = f"/channels/{self.kit.name}/webhook"
        headers = {name.encode(): value.encode() for name, value in delivery.headers.items()}
        if delivery.method == "GET":
            return self.client.get(f"{path}?{delivery.query}", headers=headers)
        return self.client.post(path, content=delivery.body, headers=headers)

    def say(self, said: Said | str) -> list[Payload]:
        """Say one thing and get the payloads that the visitor would get for it."""
        one = Said(said) if isinstance(said, str) else said
        response = self.post(self.kit.delivery(one, offered=self.last))
        assert response.status_code == 200, response.text
        payloads = self.payloads(response)
        self.last = payloads[-1] if payloads else self.last
        return payloads

    def payloads(self, response: Any) -> list[Payload]:
        """What a response says, or what waits to be sent; it is then gone."""
        if not self.office.channels[self.kit.name].delivers:
            return [{"Body": m.text or ""} for m in ET.fromstring(response.text).iter("Message")]
        return [opened["payload"] for opened in self.letters()]

    def letters(self) -> list[dict[str, Any]]:
        """Everything that waits to be sent, opened, in its order; it is then gone."""
        found = []
        while claimed := self.store.claim_letters(time.time() + 1, 60.0, 100):
            for letter in claimed:
                context = f"{letter.channel} {letter.visit_id}"
                found.append(self.office.receiver.sealer.open(letter.sealed, context))
                self.store.remove_letter(letter.letter_id)
        return found

    def text(self, said: Said | str) -> str:
        """Say one thing and read all that comes back."""
        return "\n".join(self.kit.shown(payload) for payload in self.say(said))

    def replies(self, said: Said | None = None) -> list[dict[str, Any]]:
        """What is kept of a visitor's replies."""
        kept = self.store.export_visit(self.kit.visit_id(said or Said()))
        return kept["replies"] if kept else []

    def figure(self, what: str) -> float:
        """How many messages of this channel became that."""
        line = f'quotewell_channel_messages_total{{channel="{self.kit.name}",what="{what}"}} '
        text = self.app.state.services.metrics.text().decode()
        return sum(float(x.removeprefix(line)) for x in text.splitlines() if x.startswith(line))


@dataclass
class FakeVendors:
    """The platforms' APIs on this machine: they check what they get and misbehave to order.

    `plan` says what to do with the next calls: "ok", "500", "401", "429" (with Retry-After 1),
    "hang" (until `release`), "drop" (close without an answer). After it every call is taken.
    """

    plan: list[str] = field(default_factory=list)
    taken: list[tuple[str, Payload]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    n_calls: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)
    release: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def wait_for(self, is_so: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until it is so, or fail; looks every few milliseconds and at each call."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while not is_so():
                assert time.monotonic() < deadline, (
                    f"not in time: {self.n_calls} calls, {len(self.taken)} taken, {self.refused}"
                )
                self.changed.wait(0.01)

    def values(self) -> dict[str, str]:
        """Settings that lead to these APIs."""
        return {
            "twilio_api_url": self.url,
            "graph_api_url": self.url,
            "telegram_api_url": self.url,
            "slack_api_url": f"{self.url}/slack",
        }

    def take(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str]]:
        """Judge one call: a status and headers; 0 stands for closing without an answer."""
        with self.changed:
            self.n_calls += 1
            what = self.plan.pop(0) if self.plan else "ok"
            self.changed.notify_all()
        if what == "hang":
            self.release.wait(PATIENCE)
            return 0, {}
        if what != "ok":
            return (0, {}) if what == "drop" else (int(what), {"Retry-After": "1"})
        status, to, payload, why = _read_call(path, headers, body)
        with self.changed:
            if status < 300:
                self.taken.append((to, payload))
            else:
                self.refused.append(why)
            self.changed.notify_all()
        return status, {}


def _read_call(path: str, headers: Any, body: bytes) -> tuple[int, str, Payload, str]:
    if path.startswith("/2010-04-01/Accounts/"):
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        login = base64.b64encode(b"AC00000000000000000000000000000001:a-token").decode()
        if headers["Authorization"] != f"Basic {login}":
            return 401, "", {}, "login"
        payload = {"Body": form.get("Body", "")}
        kit = KITS["twilio-whatsapp" if form["To"].startswith("whatsapp:") else "sms-rest"]
        to, why = form["To"], kit.complaint(payload)
        return (400 if why else 201), to, payload, why
    value = json.loads(body)
    if path.startswith("/bot"):
        return _read_telegram(path, value)
    if path.startswith("/slack/"):
        return _read_slack_call(path, headers, value)
    if path == "/me/messages":
        to, payload, token = value["recipient"]["id"], value["message"], "page-token"
        why = MessengerKit().complaint(payload)
    else:
        payload = {k: value[k] for k in ("type", "text", "interactive") if k in value}
        to, token, why = value["to"], "send-token", WhatsAppKit().complaint(payload)
        if value["messaging_product"] != "whatsapp" or path != "/106540352242922/messages":
            why = "not of WhatsApp"
    if headers["Authorization"] != f"Bearer {token}":
        return 401, "", {}, "token"
    return (400 if why else 200), to, payload, why


def _read_telegram(path: str, value: dict[str, Any]) -> tuple[int, str, Payload, str]:
    token, _, method = path.removeprefix("/bot").partition("/")
    if token != TelegramKit.values["telegram_bot_token"]:
        return 401, "", {}, "token"
    payload = {"method": method, **value}
    why = TelegramKit().complaint(payload)
    return (400 if why else 200), str(value.get("chat_id", "")), payload, why


def _read_slack_call(path: str, headers: Any, value: Any) -> tuple[int, str, Payload, str]:
    payload = {name: value[name] for name in ("text", "blocks", "view") if name in value}
    why = KITS["slack"].complaint(payload)
    if path.startswith("/slack/hooks/"):
        why = "token sent to a hook" if "Authorization" in headers else why
        return (400 if why else 200), "response_url", payload, why
    if headers["Authorization"] != "Bearer xoxb-1":
        return 401, "", {}, "token"
    needs = {
        "/slack/chat.postMessage": {"channel", "text"},
        "/slack/chat.postEphemeral": {"channel", "user", "text"},
        "/slack/views.publish": {"user_id", "view"},
    }[path]
    if not needs <= set(value):
        why = "invalid_arguments"
    channel = value.get("channel", value.get("user_id", ""))
    to = f"T0001:U{channel[1:]}" if channel.startswith("D") else f"{path[7:]} {channel}"
    return (400 if why else 200), to, payload, why


@contextmanager
def fake_vendors(*plan: str) -> Iterator[FakeVendors]:
    """The platforms' APIs on a free port."""
    vendors = FakeVendors(list(plan))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers = vendors.take(self.path, self.headers, body)
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            # Where Telegram says how long to wait.
            wait = b'{"parameters": {"retry_after": 1}}' if status == 429 else b"{}"
            said = b'{"ok": true}' if status < 300 else wait
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    vendors.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield vendors
    finally:
        vendors.release.set()
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)


def changed(delivery: Delivery, **parts: Any) -> Delivery:
    """The delivery with another body, other headers and so on."""
    return replace(delivery, **parts)
