"""What WhatsApp and Messenger have in common: handshake, signature, Graph API calls and errors."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from bot.channels.contract import Answer, Call, Delivery, Forged, Verdict
from bot.channels.forms import json_object, member
from bot.errors import PayloadError

WINDOW_SECONDS = 24 * 3600.0 - 300.0
"""Free answers are allowed for 24 hours after a message; five minutes are left for sending."""
# Throughput and passing troubles of Meta's side (its page on error codes).
_AGAIN = frozenset({1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131056, 133004, 613})
_NEVER = frozenset({131026, 131047, 131051, 551})
"""No account there, window closed, not a type of theirs, person not available."""
_CHOICE = "p:"
_NUMBER = "n:"


def handshake(delivery: Delivery, token: str) -> Answer:
    """The challenge back, if the token is the one that was agreed on.

    Raises:
        Forged: Another token, or no such handshake.
    """
    asked = {name: values[0] for name, values in parse_qs(delivery.query).items()}
    offered = asked.get("hub.verify_token", "").encode("utf-8", "replace")
    is_right = hmac.compare_digest(offered, token.encode())
    if not (is_right and token and asked.get("hub.mode") == "subscribe"):
        raise Forged
    return Answer(200, asked.get("hub.challenge", "").encode("utf-8", "replace"))


def signature(secret: str, body: bytes) -> str:
    """What Meta puts into X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(delivery: Delivery, secrets: Iterable[str]) -> None:
    """Check the signature of the raw body.

    Raises:
        Forged: Missing or wrong.
    """
    offered = delivery.headers.get("x-hub-signature-256", "").encode("utf-8", "replace")
    right = [hmac.compare_digest(signature(s, delivery.body).encode(), offered) for s in secrets]
    if not any(right):
        raise Forged


def signed(value: Any, url: str, secret: str) -> Delivery:
    """A delivery of this JSON, signed as Meta does."""
    body = json.dumps(value).encode()
    headers = {"x-hub-signature-256": signature(secret, body), "content-type": "application/json"}
    return Delivery("POST", url, headers, body)


def graph_call(url: str, token: str, value: Mapping[str, Any]) -> Call:
    """A POST to the Graph API; the token is in a header, not in the address."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return Call("POST", url, headers, json.dumps(value, ensure_ascii=False).encode())


def judge(status: int, body: bytes, otherwise: Verdict) -> Verdict:
    """Meta's error code decides, where there is one; else the status, which is `otherwise`."""
    if 200 <= status < 300:
        return "sent"
    try:
        code = member(json_object(body), "error").get("code")
    except PayloadError:
        return otherwise
    if code in _NEVER:
        return "failed"
    return "retry" if code in _AGAIN else otherwise


def choice_id(passage_id: str, number: int, most: int) -> str:
    """What a button sends back: the passage, or its number where the name is too long."""
    made = _CHOICE + passage_id
    return made if len(made) <= most else f"{_NUMBER}{number}"


def read_choice(sent: str) -> tuple[str, str]:
    """`p:benefits-1` -> ("choice", "benefits-1"); `n:2` -> ("text", "2"); else ("", "")."""
    if sent.startswith(_CHOICE):
        return "choice", sent.removeprefix(_CHOICE)
    if sent.startswith(_NUMBER):
        return "text", sent.removeprefix(_NUMBER)
    return "", ""
