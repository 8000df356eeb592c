"""Telegram: updates with a secret token in, Bot API calls out, inline keyboards for choices.

In groups only what is addressed to the bot is answered, as a reply to whoever asked, and a visit
there is another one than that of the same person's private chat.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from html import escape
from typing import Any, ClassVar

from bot.channels import fit, meta
from bot.channels.contract import (
    Call,
    Channel,
    Delivery,
    Forged,
    Kind,
    Limits,
    Message,
    Payload,
    Speech,
    Verdict,
)
from bot.channels.forms import json_object, member, seconds_of, text_of
from bot.errors import PayloadError, SettingsError
from bot.records import Excerpt, Suggestion
from bot.settings import PREFIX, Settings

# Telegram's page on the Bot API (read in 2026): a text after its HTML is read, callback_data.
TEXT_CHARS = 4096
CALLBACK_BYTES = 64
BUTTONS, BUTTON_CHARS = 12, 40
"""Ours, since Telegram names no bounds: rows that a phone shows, on one line each."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_HEADER = "x-telegram-bot-api-secret-token"
_COMMAND = re.compile(r"/(\w{1,32})(?:@(\w+))?(?:\s+|$)")
_KINDS: dict[str, Kind] = {"start": "start", "help": "help", "privacy": "privacy"}
_CONFIRM = "answerCallbackQuery"
# Of all that a message may hold beside words, what its sender meant to show the bot. The rest
# are notes on the chat itself: who came, what was pinned.
_SHOWN = frozenset(
    "animation audio checklist contact dice document game live_photo location paid_media photo "
    "poll sticker story venue video video_note voice".split()
)


class Telegram(Channel):
    """One bot."""

    name = "telegram"
    title = "Telegram"
    needs = ("telegram_webhook_secret", "telegram_bot_token")
    limits: ClassVar[Limits] = Limits(
        text=TEXT_CHARS, choices=BUTTONS, label=BUTTON_CHARS, choice_id=CALLBACK_BYTES
    )

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        _check(settings)
        self.bot_id = settings.telegram_bot_token.partition(":")[0]
        self.username = settings.telegram_bot_username.removeprefix("@").lower()

    def verify(self, delivery: Delivery, now: float) -> None:
        offered = delivery.headers.get(_HEADER, "").encode("utf-8", "replace")
        secrets = self.settings.telegram_webhook_secret
        right = [hmac.compare_digest(secret.encode(), offered) for secret in secrets]
        if not any(right):
            raise Forged

    def parse(self, delivery: Delivery) -> list[Message]:
        update = json_object(delivery.body)
        update_id = text_of(update, "update_id")
        if not update_id:
            raise PayloadError("no update", expected="update_id")
        if query := member(update, "callback_query"):
            found = _tapped(query, update_id)
        else:  # edits and channel posts come under other names
            found = self._written(member(update, "message"), update_id)
        return [found] if found else []

    def render(self, speech: Speech) -> list[Payload]:
        choices = speech.reply.suggestions[:BUTTONS]
        # A label that is cut, or has no button, is still to be read in full.
        is_whole = len(choices) == len(speech.reply.suggestions) and all(
            fit.units(choice.label) <= BUTTON_CHARS for choice in choices
        )
        parts = fit.split(fit.spoken(speech, numbered=not is_whole), fit.within(TEXT_CHARS))
        payloads = [_text(part, speech.reply.excerpts) for part in parts]
        if choices:
            payloads[-1]["reply_markup"] = {"inline_keyboard": _keyboard(choices)}
        if tap := speech.address.get("tap"):  # else the button shows that it waits
            payloads.insert(0, {"method": _CONFIRM, "callback_query_id": tap})
        return payloads

    def call(self, address: Mapping[str, str], payload: Payload) -> Call:
        value = dict(payload)
        method = value.pop("method")
        if method != _CONFIRM:
            value |= _place(address)
        base = self.settings.telegram_api_url.rstrip("/")
        body = json.dumps(value, ensure_ascii=False).encode()
        url = f"{base}/bot{self.settings.telegram_bot_token}/{method}"
        return Call("POST", url, {"Content-Type": "application/json"}, body)

    def judge(self, status: int, body: bytes) -> Verdict:
        # 403: the visitor has blocked the bot, or the group has put it out.
        return "failed" if status == 403 else super().judge(status, body)

    def wait_seconds(self, headers: Mapping[str, str], body: bytes) -> float | None:
        try:
            asked = seconds_of(member(json_object(body), "parameters"), "retry_after")
        except PayloadError:
            asked = 0.0
        return asked or super().wait_seconds(headers, body)

    def sample(self, text: str, url: str, now: float) -> Delivery:
        person = {"id": 1000000000, "is_bot": False, "first_name": "Sample"}
        chat = {"id": 1000000000, "type": "private"}
        message = {"message_id": 1, "from": person, "chat": chat, "date": int(now), "text": text}
        return self.signed({"update_id": int(now * 1000), "message": message}, url)

    def forged(self, sample: Delivery) -> Delivery:
        return replace(sample, headers={**sample.headers, _HEADER: "no secret"})

    def signed(self, update: Mapping[str, Any], url: str) -> Delivery:
        """A delivery of this update, with the secret that Telegram was told."""
        headers = {
            _HEADER: self.settings.telegram_webhook_secret[0],
            "content-type": "application/json",
        }
        return Delivery("POST", url, headers, json.dumps(update).encode())

    def _written(self, sent: Mapping[str, Any], update_id: str) -> Message | None:
        """What a person wrote to the bot; None for notes, other bots and the talk of a group."""
        who, chat = member(sent, "from"), member(sent, "chat")
        sender, chat_id = text_of(who, "id"), text_of(chat, "id")
        # A sender_chat is a channel, or a group that speaks for its administrators.
        if not (sender and chat_id) or who.get("is_bot") or member(sent, "sender_chat"):
            return None
        text = text_of(sent, "text") or text_of(sent, "caption")
        if not text and not _SHOWN.intersection(sent):
            return None
        address = {"chat_id": chat_id}
        if text_of(chat, "type") != "private":
            if text_of(chat, "type") == "channel" or not self._is_addressed(sent, text):
                return None
            text = self._without_mention(text) or ("" if _SHOWN.intersection(sent) else "/help")
            sender = f"{chat_id}:{sender}"
            address |= _in_group(sent) | {"reply_to": text_of(sent, "message_id")}
        kind, words = _read(text)
        at = seconds_of(sent, "date")
        return Message(update_id, sender, address, kind, words, at=at)

    def _is_addressed(self, sent: Mapping[str, Any], text: str) -> bool:
        """Whether something said in a group is a reply to the bot, names it, or commands it."""
        answered = member(member(sent, "reply_to_message"), "from")
        command = _COMMAND.match(text)
        if command and command[2]:
            return command[2].lower() == self.username
        return text_of(answered, "id") == self.bot_id or bool(self._mention().search(text))

    def _without_mention(self, text: str) -> str:
        return text if text.startswith("/") else self._mention().sub(" ", text).strip()

    def _mention(self) -> re.Pattern[str]:
        name = re.escape(self.username) if self.username else r"(?!)"
        return re.compile(rf"(?<![\w@/.])@{name}(?!\w)", re.IGNORECASE)


def _check(settings: Settings) -> None:
    """Refuse what Telegram would not take, before a webhook is set up in vain."""
    if not _TOKEN.fullmatch(settings.telegram_bot_token):
        name, expected = "BOT_TOKEN", "the token that BotFather gave, such as 110201543:AAHd"
    elif not all(map(_SECRET.fullmatch, settings.telegram_webhook_secret)):
        name, expected = "WEBHOOK_SECRET", "1 to 256 of A-Z, a-z, 0-9, _ and -"
    else:
        return
    where = f"{PREFIX}TELEGRAM_{name}"
    raise SettingsError("not of Telegram's form", expected=expected, where=where)


def _tapped(query: Mapping[str, Any], update_id: str) -> Message | None:
    """A tap on a button of ours; what it is on may be too old to be sent along in full."""
    who, under = member(query, "from"), member(query, "message")
    chat = member(under, "chat")
    sender, chat_id = text_of(who, "id"), text_of(chat, "id")
    if not (sender and chat_id) or who.get("is_bot"):
        return None
    address = {"chat_id": chat_id, "tap": text_of(query, "id")}
    if text_of(chat, "type") != "private":
        sender = f"{chat_id}:{sender}"
        address |= _in_group(under)
    said, what = meta.read_choice(text_of(query, "data"))
    if said == "choice":
        return Message(update_id, sender, address, "choice", choice=what)
    return Message(update_id, sender, address, "text" if what else "unsupported", what)


def _in_group(sent: Mapping[str, Any]) -> dict[str, str]:
    """The topic of a group that has topics."""
    thread = text_of(sent, "message_thread_id") if sent.get("is_topic_message") else ""
    return {"thread": thread} if thread else {}


def _read(text: str) -> tuple[Kind, str]:
    """`/start` -> ("start", ""); `/help my chest hurts` -> ("text", "my chest hurts").

    Words after a command are read like all others, since they may tell of an emergency. The one
    word after /start is what the link that was followed held.
    """
    if not text:
        return "unsupported", ""
    command = _COMMAND.match(text)
    if command is None:
        return "text", text
    name, words = command[1].lower(), text[command.end() :].strip()
    if name not in _KINDS:
        return "text", f"{name.replace('_', ' ')} {words}".strip()
    is_link = name == "start" and len(words.split()) == 1
    return ("text", words) if words and not is_link else (_KINDS[name], "")


def _place(address: Mapping[str, str]) -> dict[str, Any]:
    place: dict[str, Any] = {"chat_id": address["chat_id"]}
    if (thread := address.get("thread", "")).isdecimal():
        place["message_thread_id"] = int(thread)
    if (answered := address.get("reply_to", "")).isdecimal():
        place["reply_parameters"] = {
            "message_id": int(answered),
            "allow_sending_without_reply": True,
        }
    return place


def _text(part: str, excerpts: Iterable[Excerpt]) -> Payload:
    return {
        "method": "sendMessage",
        "text": _html(part, excerpts),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }


def _html(part: str, excerpts: Iterable[Excerpt]) -> str:
    """The part escaped, whole quotations in it set off as such; nothing else is markup."""
    quoted = sorted(
        (rf"“{re.escape(e.display)}”(?: \({re.escape(e.section)}\))?" for e in excerpts),
        key=len,
        reverse=True,
    )
    if not quoted:
        return escape(part, quote=False)
    pieces = re.split(f"({'|'.join(quoted)})", part)
    escaped = [escape(piece, quote=False) for piece in pieces]
    return "".join(
        f"<blockquote>{piece}</blockquote>" if n % 2 else piece for n, piece in enumerate(escaped)
    )


def _keyboard(choices: tuple[Suggestion, ...]) -> list[list[dict[str, str]]]:
    """One button a row, so that labels are read in full."""
    titles = fit.labels([choice.label for choice in choices], BUTTON_CHARS)
    return [
        [{"text": title, "callback_data": _callback(choice, n)}]
        for n, (choice, title) in enumerate(zip(choices, titles, strict=True), 1)
    ]


def _callback(choice: Suggestion, number: int) -> str:
    """What a tap sends back; Telegram counts its bytes."""
    size = len(choice.passage_id.encode())
    spare = size - len(choice.passage_id)
    return meta.choice_id(choice.passage_id, number, CALLBACK_BYTES - spare)
