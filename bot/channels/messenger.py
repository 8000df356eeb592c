"""Facebook Messenger: signed JSON in, Send API calls out, quick replies for choices."""

from __future__ import annotations

from collections.abc import Mapping
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

# Meta's pages on the Send API and on quick replies (read in 2026).
TEXT_CHARS = 2000
QUICK_REPLIES, QUICK_REPLY_CHARS, PAYLOAD_CHARS = 13, 20, 1000
GET_STARTED = "GET_STARTED"
_MILLI = 1000


class Messenger(Channel):
    """One Facebook page."""

    name = "messenger"
    title = "Facebook Messenger"
    needs = ("messenger_app_secret", "messenger_verify_token", "messenger_page_token")
    limits: ClassVar[Limits] = Limits(
        text=TEXT_CHARS,
        choices=QUICK_REPLIES,
        label=QUICK_REPLY_CHARS,
        choice_id=PAYLOAD_CHARS,
        window_seconds=meta.WINDOW_SECONDS,
    )

    def challenge(self, delivery: Delivery) -> Answer | None:
        if delivery.method != "GET":
            return None
        return meta.handshake(delivery, self.settings.messenger_verify_token)

    def verify(self, delivery: Delivery, now: float) -> None:
        meta.verify(delivery, self.settings.messenger_app_secret)

    def parse(self, delivery: Delivery) -> list[Message]:
        read = json_object(delivery.body)
        found = [
            _message(event) for entry in dicts(read, "entry") for event in dicts(entry, "messaging")
        ]
        return [message for message in found if message is not None]

    def render(self, speech: Speech) -> list[Payload]:
        choices = speech.reply.suggestions[:QUICK_REPLIES]
        is_whole = len(choices) == len(speech.reply.suggestions) and all(
            fit.units(choice.label) <= QUICK_REPLY_CHARS for choice in choices
        )
        said = fit.spoken(speech, numbered=not is_whole)
        payloads: list[Payload] = [
            {"text": part} for part in fit.split(said, fit.within(TEXT_CHARS))
        ]
        titles = fit.labels([choice.label for choice in choices], QUICK_REPLY_CHARS)
        if choices:
            payloads[-1]["quick_replies"] = [
                {
                    "content_type": "text",
                    "title": title,
                    "payload": meta.choice_id(choice.passage_id, n, PAYLOAD_CHARS),
                }
                for n, (choice, title) in enumerate(zip(choices, titles, strict=True), 1)
            ]
        return payloads

    def call(self, address: Mapping[str, str], payload: Payload) -> Call:
        base = self.settings.graph_api_url.rstrip("/")
        value = {
            "recipient": {"id": address["id"]},
            "messaging_type": "RESPONSE",
            "message": payload,
        }
        return meta.graph_call(f"{base}/me/messages", self.settings.messenger_page_token, value)

    def judge(self, status: int, body: bytes) -> Verdict:
        return meta.judge(status, body, super().judge(status, body))

    def sample(self, text: str, url: str, now: float) -> Delivery:
        message = {"mid": f"m_sample{now}", "text": text}
        return self.signed([{"message": message, "timestamp": int(now * _MILLI)}], url)

    def signed(self, events: list[dict[str, Any]], url: str) -> Delivery:
        """A delivery of these events of one sample person, signed as Meta does."""
        people = {"sender": {"id": "1000000000"}, "recipient": {"id": "2000000000"}}
        messaging = [{**people, **event} for event in events]
        whole = {"object": "page", "entry": [{"id": "2000000000", "messaging": messaging}]}
        return meta.signed(whole, url, self.settings.messenger_app_secret[0])


def _message(event: Mapping[str, Any]) -> Message | None:
    """What a person said or tapped; None for echoes, receipts, reactions and edits."""
    sender = text_of(member(event, "sender"), "id")
    at = seconds_of(event, "timestamp", per_second=_MILLI)
    body = member(event, "message") or member(event, "postback")
    if not sender or not body or body.get("is_echo") or body.get("is_deleted"):
        return None
    is_postback = "message" not in event
    payload = text_of(body if is_postback else member(body, "quick_reply"), "payload")
    # Older postbacks have no id of their own.
    message_id = text_of(body, "mid") or f"{sender}:{event.get('timestamp')}:{payload}"
    address = {"id": sender}
    said, what = meta.read_choice(payload)
    if said == "choice":
        return Message(message_id, sender, address, "choice", choice=what, at=at)
    if payload == GET_STARTED:
        return Message(message_id, sender, address, "start", at=at)
    text = what or text_of(body, "text") or (text_of(body, "title") if is_postback else "")
    return Message(message_id, sender, address, "text" if text else "unsupported", text, at=at)
