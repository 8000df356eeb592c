"""The WhatsApp Cloud API: signed JSON in, Graph API calls out, buttons and lists for choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from bot.channels import fit, meta
from bot.channels.contract import (
    Answer,
    Call,
    Channel,
    Delivery,
    Limits,
    Message,
    Payload,
    Speech,
    Verdict,
)
from bot.channels.forms import dicts, json_object, member, seconds_of, text_of
from bot.records import Suggestion

# Meta's pages on text, reply button and list messages (read in 2026).
TEXT_CHARS = 4096
BUTTONS, BUTTON_CHARS, BUTTON_ID_CHARS, BUTTON_BODY_CHARS = 3, 20, 256, 1024
ROWS, ROW_CHARS, ROW_ID_CHARS, ROW_DETAIL_CHARS, LIST_BODY_CHARS = 10, 24, 200, 72, 4096
LIST_BUTTON_CHARS = 20
_SILENT = frozenset({"reaction", "system", "unsupported", "unknown", "ephemeral"})


class WhatsApp(Channel):
    """One number of a WhatsApp Business account."""

    name = "whatsapp"
    title = "WhatsApp Cloud API"
    needs = (
        "whatsapp_app_secret",
        "whatsapp_verify_token",
        "whatsapp_access_token",
        "whatsapp_phone_number_id",
    )
    limits: ClassVar[Limits] = Limits(
        text=TEXT_CHARS,
        choices=ROWS,
        label=BUTTON_CHARS,
        choice_id=ROW_ID_CHARS,
        window_seconds=meta.WINDOW_SECONDS,
    )

    def challenge(self, delivery: Delivery) -> Answer | None:
        if delivery.method != "GET":
            return None
        return meta.handshake(delivery, self.settings.whatsapp_verify_token)

    def verify(self, delivery: Delivery, now: float) -> None:
        meta.verify(delivery, self.settings.whatsapp_app_secret)

    def parse(self, delivery: Delivery) -> list[Message]:
        read = json_object(delivery.body)
        return [
            message
            for entry in dicts(read, "entry")
            for change in dicts(entry, "changes")
            for message in self._messages(member(change, "value"))
        ]

    def render(self, speech: Speech) -> list[Payload]:
        choices = speech.reply.suggestions
        if not choices:
            return [_text(part) for part in fit.split(fit.spoken(speech), fit.within(TEXT_CHARS))]
        has_buttons = len(choices) <= BUTTONS
        size = BUTTON_CHARS if has_buttons else ROW_CHARS
        # A label that is cut, or has no row, is still to be read in full.
        is_whole = len(choices) <= ROWS and all(fit.units(c.label) <= size for c in choices)
        most = BUTTON_BODY_CHARS if has_buttons else LIST_BODY_CHARS
        said = fit.spoken(speech, numbered=not is_whole)
        *texts, last = fit.split(said, fit.within(most))
        action = _buttons(choices) if has_buttons else _rows(choices, speech.topics)
        return [*(_text(part) for part in texts), _interactive(last, *action)]

    def call(self, address: Mapping[str, str], payload: Payload) -> Call:
        base = self.settings.graph_api_url.rstrip("/")
        value = {"messaging_product": "whatsapp", "recipient_type": "individual", **payload}
        return meta.graph_call(
            f"{base}/{address['number']}/messages",
            self.settings.whatsapp_access_token,
            {**value, "to": address["to"]},
        )

    def judge(self, status: int, body: bytes) -> Verdict:
        return meta.judge(status, body, super().judge(status, body))

    def sample(self, text: str, url: str, now: float) -> Delivery:
        message = {"id": f"wamid.sample{now}", "type": "text", "text": {"body": text}}
        return self.signed([{**message, "from": "12025550100", "timestamp": str(int(now))}], url)

    def signed(self, messages: list[dict[str, Any]], url: str) -> Delivery:
        """A delivery of these messages, signed as Meta does."""
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": self.settings.whatsapp_phone_number_id},
            "messages": messages,
        }
        change = {"field": "messages", "value": value}
        whole = {
            "object": "whatsapp_business_account",
            "entry": [{"id": "0", "changes": [change]}],
        }
        return meta.signed(whole, url, self.settings.whatsapp_app_secret[0])

    def _messages(self, value: Mapping[str, Any]) -> Iterator[Message]:
        number = text_of(member(value, "metadata"), "phone_number_id")
        if number != self.settings.whatsapp_phone_number_id:
            return
        for sent in dicts(value, "messages"):
            sender, message_id = text_of(sent, "from"), text_of(sent, "id")
            if sender and message_id and text_of(sent, "type") not in _SILENT:
                yield _message(sent, message_id, sender, number)


def _message(sent: Mapping[str, Any], message_id: str, sender: str, number: str) -> Message:
    kind = text_of(sent, "type")
    at = seconds_of(sent, "timestamp")
    address = {"to": sender, "number": number}
    if kind == "request_welcome":
        return Message(message_id, sender, address, "start", at=at)
    body, payload = member(sent, kind), ""
    text = text_of(body, "body") or text_of(body, "caption")
    if kind == "interactive":
        picked = member(body, text_of(body, "type"))
        text, payload = text_of(picked, "title"), text_of(picked, "id")
    elif kind == "button":
        text, payload = text_of(body, "text"), text_of(body, "payload")
    said, what = meta.read_choice(payload)
    if said == "choice":
        return Message(message_id, sender, address, "choice", choice=what, at=at)
    text = what or text
    # An empty text message cannot be sent there; a photo without words has no text.
    return Message(message_id, sender, address, "text" if text else "unsupported", text, at=at)


def _text(text: str) -> Payload:
    return {"type": "text", "text": {"body": text, "preview_url": False}}


def _interactive(text: str, kind: str, action: dict[str, Any]) -> Payload:
    made = {"type": kind, "body": {"text": text}, "action": action}
    return {"type": "interactive", "interactive": made}


def _buttons(choices: tuple[Suggestion, ...]) -> tuple[str, dict[str, Any]]:
    titles = fit.labels([choice.label for choice in choices], BUTTON_CHARS)
    replies = [
        {"id": meta.choice_id(choice.passage_id, n, BUTTON_ID_CHARS), "title": title}
        for n, (choice, title) in enumerate(zip(choices, titles, strict=True), 1)
    ]
    return "button", {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}


def _rows(choices: tuple[Suggestion, ...], topics: str) -> tuple[str, dict[str, Any]]:
    shown = choices[:ROWS]
    titles = fit.labels([choice.label for choice in shown], ROW_CHARS)
    rows = []
    for n, (choice, title) in enumerate(zip(shown, titles, strict=True), 1):
        row = {"id": meta.choice_id(choice.passage_id, n, ROW_ID_CHARS), "title": title}
        if title != choice.label:
            row["description"] = fit.label(choice.label, ROW_DETAIL_CHARS)
        rows.append(row)
    button = fit.label(topics, LIST_BUTTON_CHARS)
    return "list", {"button": button, "sections": [{"title": button, "rows": rows}]}
