"""Text messages, and WhatsApp through Twilio, over one webhook.

With an account SID replies are sent by the REST API; without one they are TwiML in the response.
Opt-outs are Twilio's own matter: what it has answered is not answered a second time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlencode, urlsplit, urlunsplit
from xml.sax.saxutils import escape

from bot.channels import fit, gsm
from bot.channels.contract import (
    Answer,
    Call,
    Channel,
    Delivery,
    Forged,
    Kind,
    Limits,
    Message,
    Payload,
    Speech,
)
from bot.channels.forms import form_fields
from bot.errors import PayloadError
from bot.settings import Settings

SEGMENTS = 2
"""Segments of one text message. Twilio advises 320 characters at most for delivery."""
WHATSAPP_CHARS = 1600
"""Longest body that Twilio's Message resource takes (its API reference)."""
STOP_WORDS = frozenset(
    "stop stopall unsubscribe cancel end quit revoke optout arret arrêt arrete".split()
)
START_WORDS = frozenset("start unstop yes".split())
HELP_WORDS = frozenset("help info".split())
# Single words that Twilio's own filter answers or acts on (its page on opt-out keywords).
_ANSWERED_BY_TWILIO = STOP_WORDS | START_WORDS | HELP_WORDS
_WHATSAPP = "whatsapp:"
_XML = "text/xml; charset=utf-8"


class Twilio(Channel):
    """One Twilio number or several; an address beginning with `whatsapp:` is WhatsApp."""

    name = "twilio"
    title = "SMS and WhatsApp through Twilio"
    needs = ("twilio_auth_token", "public_url")
    limits: ClassVar[Limits] = Limits(text=WHATSAPP_CHARS, parts=4)

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.account_sid = settings.twilio_account_sid
        self.tokens = settings.twilio_auth_token

    @property
    def delivers(self) -> bool:
        return bool(self.account_sid)

    def first_key(self, address: Mapping[str, str]) -> str:
        return "" if _is_whatsapp(address) else "channels.sms"

    def verify(self, delivery: Delivery, now: float) -> None:
        offered = delivery.headers.get("x-twilio-signature", "").encode("utf-8", "replace")
        try:
            fields = form_fields(delivery.body)
        except PayloadError:
            raise Forged from None
        right = [
            hmac.compare_digest(signature(token, url, fields).encode(), offered)
            for token in self.tokens
            for url in _with_and_without_port(delivery.url)
        ]
        if not any(right):
            raise Forged

    def parse(self, delivery: Delivery) -> list[Message]:
        fields = dict(form_fields(delivery.body))
        message_id = fields.get("MessageSid") or fields.get("SmsSid", "")
        sender, to = fields.get("From", ""), fields.get("To", "")
        if fields.get("MessageStatus", "received") != "received":
            return []  # news about a message of ours
        if not (message_id and sender and to):
            raise PayloadError("no message", expected="MessageSid, From and To")
        address = {"to": sender, "from": to}
        kind = _kind(fields, is_whatsapp=_is_whatsapp(address))
        if kind is None:
            return []
        return [Message(message_id, sender, address, kind, text=fields.get("Body", ""))]

    def render(self, speech: Speech) -> list[Payload]:
        most = self.limits.parts if self.delivers else 0
        if _is_whatsapp(speech.address):
            fits, text, rest = fit.within(WHATSAPP_CHARS), fit.spoken(speech), speech.rest
        else:
            fits = fits_segments
            text = fit.spoken_briefly(speech, fits, gsm.plain)
            rest = gsm.plain(speech.rest)
        return [{"Body": part} for part in fit.split_held(text, fits, most, rest)]

    def acknowledge(self, payloads: Sequence[Payload]) -> Answer:
        messages = "".join(f"<Message>{_xml(p['Body'])}</Message>" for p in payloads)
        response = f"<Response>{messages}</Response>" if messages else "<Response/>"
        body = f'<?xml version="1.0" encoding="UTF-8"?>{response}'
        return Answer(200, body.encode(), _XML)

    def call(self, address: Mapping[str, str], payload: Payload) -> Call:
        base = self.settings.twilio_api_url.rstrip("/")
        login = base64.b64encode(f"{self.account_sid}:{self.tokens[0]}".encode()).decode()
        form = {"To": address["to"], "From": address["from"], "Body": payload["Body"]}
        return Call(
            "POST",
            f"{base}/2010-04-01/Accounts/{self.account_sid}/Messages.json",
            {
                "Authorization": f"Basic {login}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            urlencode(form).encode(),
        )

    def sample(self, text: str, url: str, now: float) -> Delivery:
        message_id = "SM" + hashlib.md5(f"{now}".encode(), usedforsecurity=False).hexdigest()
        # Twilio's own number for tests, and one of those kept for fiction.
        return self.signed(
            {"MessageSid": message_id, "From": "+15005550006", "To": "+12025550100", "Body": text},
            url,
        )

    def signed(self, fields: Mapping[str, str], url: str) -> Delivery:
        """A delivery of these fields, signed as Twilio does."""
        made = signature(self.tokens[0], url, list(fields.items()))
        headers = {
            "x-twilio-signature": made,
            "content-type": "application/x-www-form-urlencoded",
        }
        return Delivery("POST", url, headers, urlencode(fields).encode())


def signature(token: str, url: str, fields: Sequence[tuple[str, str]]) -> str:
    """What Twilio puts into X-Twilio-Signature: over the address, then names and values, sorted.

    Repeated values of a name count once, as in Twilio's own libraries.
    """
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.digest(token.encode(), signed.encode("utf-8", "surrogatepass"), hashlib.sha1)
    return base64.b64encode(digest).decode()


def fits_segments(text: str) -> bool:
    """Whether a text message stays within its segments."""
    return gsm.n_segments(text) <= SEGMENTS


def _kind(fields: Mapping[str, str], *, is_whatsapp: bool) -> Kind | None:
    """What a message is; None where Twilio has answered it or nobody wants an answer."""
    if fields.get("OptOutType"):
        return None
    word = fields.get("Body", "").strip().lower()
    if not is_whatsapp and word in _ANSWERED_BY_TWILIO:
        return None
    if is_whatsapp and word in STOP_WORDS:
        return None
    if is_whatsapp and word in HELP_WORDS | START_WORDS - {"yes"}:
        return "help" if word in HELP_WORDS else "start"
    has_media = fields.get("NumMedia", "0") not in ("", "0") or "Latitude" in fields
    return "unsupported" if has_media and not word else "text"


def _is_whatsapp(address: Mapping[str, str]) -> bool:
    return address.get("to", "").startswith(_WHATSAPP)


def _with_and_without_port(url: str) -> list[str]:
    """Twilio signs the address with or without its port, depending on what it connected to."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = {"https": 443, "http": 80}.get(parts.scheme, 0)
    bare = urlunsplit(parts._replace(netloc=host))
    return list(dict.fromkeys([url, bare, urlunsplit(parts._replace(netloc=f"{host}:{port}"))]))


def _xml(text: str) -> str:
    legal = "".join(c for c in text if c in "\n\t\r" or (c >= " " and c not in "\ufffe\uffff"))
    return escape(legal)
