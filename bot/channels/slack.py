"""Slack: signed events, buttons and slash commands in, Web API calls out, Block Kit for choices.

Who sees a reply is decided here, since a question may be health data: in a channel only the
person who asked, unless the setting `slack_channel_replies` says "thread".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from bot.channels import slack_blocks, slack_inbox
from bot.channels.contract import (
    Answer,
    Call,
    Channel,
    Delivery,
    Forged,
    Limits,
    Message,
    Payload,
    Speech,
    Verdict,
)
from bot.channels.forms import json_object, text_of
from bot.errors import PayloadError

REPLAY_SECONDS = 300
"""How old a signed delivery may be (Slack's page on verifying requests)."""
_MAX_TIMESTAMP_DIGITS = 15
# Errors of the Web API that pass, or that an operator can mend while the letter waits. All others
# (no such channel, blocks it does not take) stay as they are.
_AGAIN = frozenset(
    "ratelimited rate_limited internal_error fatal_error service_unavailable request_timeout "
    "team_added_to_org not_authed invalid_auth account_inactive token_expired token_revoked "
    "missing_scope accesslimited".split()
)
_METHODS = {"message": "chat.postMessage", "ephemeral": "chat.postEphemeral"}


class Slack(Channel):
    """One workspace's app."""

    name = "slack"
    title = "Slack"
    needs = ("slack_signing_secret", "slack_bot_token")
    limits: ClassVar[Limits] = Limits(
        text=slack_blocks.MESSAGE_CHARS,
        choices=slack_blocks.BUTTONS,
        label=slack_blocks.BUTTON_CHARS,
        choice_id=slack_blocks.VALUE_CHARS,
    )

    def verify(self, delivery: Delivery, now: float) -> None:
        # Slack's own verifier raises on a timestamp that is no number; here it is just forged.
        at = delivery.headers.get("x-slack-request-timestamp", "")
        if not (at.isascii() and at.isdigit() and len(at) <= _MAX_TIMESTAMP_DIGITS):
            raise Forged
        offered = delivery.headers.get("x-slack-signature", "").encode("utf-8", "replace")
        right = [
            hmac.compare_digest(signature(secret, at, delivery.body).encode(), offered)
            for secret in self.settings.slack_signing_secret
        ]
        if not any(right) or abs(now - int(at)) > REPLAY_SECONDS:
            raise Forged

    def challenge(self, delivery: Delivery) -> Answer | None:
        if delivery.method == "GET" or slack_inbox.is_form(delivery.body):
            return None
        read = json_object(delivery.body)
        if text_of(read, "type") != "url_verification":
            return None
        return Answer(200, text_of(read, "challenge").encode("utf-8", "replace"))

    def parse(self, delivery: Delivery) -> list[Message]:
        in_thread = self.settings.slack_channel_replies == "thread"
        api = self.settings.slack_api_url
        return slack_inbox.read(delivery.body, in_thread=in_thread, api_url=api)

    def render(self, speech: Speech) -> list[Payload]:
        if speech.address.get("via") == "home":
            return [slack_blocks.home(speech)]
        return slack_blocks.messages(speech)

    def call(self, address: Mapping[str, str], payload: Payload) -> Call:
        via = address["via"]
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if via == "response":
            value = {"response_type": "ephemeral", "replace_original": False, **payload}
            return Call("POST", address["url"], headers, _json(value))
        headers["Authorization"] = f"Bearer {self.settings.slack_bot_token}"
        base = self.settings.slack_api_url.rstrip("/")
        if via == "home":
            value = {"user_id": address["user"], **payload}
            return Call("POST", f"{base}/views.publish", headers, _json(value))
        value = {"channel": address["channel"], **payload}
        if thread := address.get("thread"):
            value["thread_ts"] = thread
        if via == "ephemeral":
            value["user"] = address["user"]
        else:
            value |= {"unfurl_links": False, "unfurl_media": False}
        return Call("POST", f"{base}/{_METHODS[via]}", headers, _json(value))

    def judge(self, status: int, body: bytes) -> Verdict:
        verdict = super().judge(status, body)
        if verdict != "sent":
            return verdict
        try:
            said = json_object(body)
        except PayloadError:  # a response_url answers "ok" in plain text
            return verdict
        if said.get("ok") is not False:
            return verdict
        return "retry" if text_of(said, "error") in _AGAIN else "failed"

    def sample(self, text: str, url: str, now: float) -> Delivery:
        event = {
            "type": "message",
            "channel_type": "im",
            "channel": "D0000000001",
            "user": "U0000000001",
            "ts": f"{now:.6f}",
            "text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        }
        whole = {"event_id": f"EvSAMPLE{now}", "event_time": int(now), "event": event}
        return self.signed({"type": "event_callback", "team_id": "T1", **whole}, url, now)

    def signed(self, value: Mapping[str, Any], url: str, now: float) -> Delivery:
        """A delivery of this JSON, signed as Slack does."""
        return self._signed(json.dumps(value).encode(), "application/json", url, now)

    def signed_form(self, fields: Mapping[str, str], url: str, now: float) -> Delivery:
        """A delivery of these form fields, signed as Slack does."""
        body = urlencode(fields).encode()
        return self._signed(body, "application/x-www-form-urlencoded", url, now)

    def _signed(self, body: bytes, media_type: str, url: str, now: float) -> Delivery:
        at = str(int(now))
        headers = {
            "x-slack-request-timestamp": at,
            "x-slack-signature": signature(self.settings.slack_signing_secret[0], at, body),
            "content-type": media_type,
        }
        return Delivery("POST", url, headers, body)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What Slack puts into X-Slack-Signature: version 0, over its time and the raw body."""
    signed = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _json(value: Mapping[str, Any]) -> bytes:
    # ASCII, so that a lone surrogate of a guide cannot stop a letter from being written.
    return json.dumps(value).encode()
