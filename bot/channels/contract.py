"""What every messaging channel offers: the contract, and the records that it speaks in.

A channel turns a delivery into messages and a reply into payloads. It keeps nothing, waits for
nothing and imports no web framework: dedupe, order, sealing and sending are left to `outbox`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Literal

from bot.records import Reply
from bot.settings import Settings

Kind = Literal["text", "choice", "unsupported", "start", "help", "privacy"]
"""What a message is: words, a tapped section, a photo or the like, or a command of the channel."""
Verdict = Literal["sent", "retry", "failed"]


class Forged(Exception):
    """A delivery that its sender did not sign, or signed too long ago; holds no part of it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request as it arrived. `url` is the public address, with the query string.

    Header names are in lower case; `body` is the raw bytes, since that is what was signed.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def query(self) -> str:
        """The part of the address after the question mark."""
        return self.url.partition("?")[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender of a delivery gets back."""

    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a visitor.

    Args:
        message_id: The sender's own id, the same when the message is delivered again.
        sender: Phone number or user id: turned into a keyed hash and then forgotten.
        address: All that `call` needs to reach the visitor; sealed while it waits.
        kind: What it is.
        text: The words, for kind `text`.
        choice: The passage_id that was tapped, for kind `choice`.
        at: When the visitor sent it, seconds since the epoch; 0 where the sender does not say.
    """

    message_id: str = field(repr=False)
    sender: str = field(repr=False)
    address: Mapping[str, str] = field(repr=False)
    kind: Kind = "text"
    text: str = field(default="", repr=False)
    choice: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Speech:
    """What is to be said: the reply, and the bot's sentences around it.

    Args:
        reply: What the policy decided.
        before: Who is speaking, at the beginning of a conversation; after an urgent reply.
        after: How to go on.
        rest: How to get what is held back; said only where something is.
        topics: What the button is called that opens a list of choices.
        address: Where it goes, for platforms that want a tap confirmed.
    """

    reply: Reply
    before: str = ""
    after: str = ""
    rest: str = ""
    topics: str = "..."
    address: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP request that delivers a payload."""

    method: str
    url: str = field(repr=False)  # Telegram wants the token in it
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """The sizes that a channel accepts, as its documentation gives them.

    Args:
        text: Most units of a text, in the channel's way of counting.
        choices: Most buttons beside a text; 0: choices are numbered lines.
        label: Most characters on a button.
        choice_id: Most characters of what a button sends back.
        parts: Most messages in a row; what is left waits for "MORE". 0: no bound.
        window_seconds: How long after a message it may be answered.
    """

    text: int
    choices: int = 0
    label: int = 0
    choice_id: int = 0
    parts: int = 0
    window_seconds: float = 48 * 3600.0


Payload = dict[str, Any]
"""One outgoing message as JSON takes it."""


class Channel(ABC):
    """One messaging platform; made once from the settings, then only read.

    A subclass names itself and the settings that it cannot do without. Settings whose names
    begin with the channel's are its own; one that is set switches it on. Channels of other
    packages are found through the entry point group `quotewell.channels`, whose entries are
    such classes.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    limits: ClassVar[Limits]

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def given(cls, settings: Settings) -> list[str]:
        """Settings of this channel alone that are set; none: the channel is off."""
        # Where a platform's API is says nothing about who uses it.
        own = (
            f
            for f in fields(settings)
            if f.name.startswith(f"{cls.name}_") and not f.name.endswith("_api_url")
        )
        return [f.name for f in own if getattr(settings, f.name) != f.default]

    @classmethod
    def missing(cls, settings: Settings) -> list[str]:
        """Settings that it cannot do without and that are not set."""
        return [n for n in (*cls.needs, "channel_key") if not getattr(settings, n)]

    @property
    def delivers(self) -> bool:
        """Whether replies are sent by `call`; otherwise they go into the acknowledgement."""
        return True

    def has_buttons(self, address: Mapping[str, str]) -> bool:
        """Whether choices are shown as buttons there; else the reply tells how to choose."""
        return self.limits.choices > 0

    def first_key(self, address: Mapping[str, str]) -> str:
        """Key of a sentence of `wording` that the platform's rules want at the beginning."""
        return ""

    def challenge(self, delivery: Delivery) -> Answer | None:
        """The answer to a handshake of the platform; None for anything else.

        Called before `verify` with GET requests, and after it with POST requests.

        Raises:
            Forged: A handshake with a wrong token.
        """
        return None

    @abstractmethod
    def verify(self, delivery: Delivery, now: float) -> None:
        """Check who sent a delivery: raw bytes, constant time, every secret that is set.

        Raises:
            Forged: Signature missing or wrong, or older than the platform's replay window.
        """

    @abstractmethod
    def parse(self, delivery: Delivery) -> list[Message]:
        """All messages of visitors in a verified delivery, in their order.

        Echoes, statuses, edits, reactions and messages of bots are left out; what carries no
        words that can be read is of kind `unsupported`.

        Raises:
            PayloadError: The body is not of the platform's form; repeats nothing of it.
        """

    @abstractmethod
    def render(self, speech: Speech) -> list[Payload]:
        """Payloads within the limits that say all of a reply: card, quotations, sections."""

    def acknowledge(self, payloads: Sequence[Payload]) -> Answer:
        """What the platform gets once everything is committed.

        Args:
            payloads: What was rendered, empty where `delivers`.
        """
        return Answer()

    @abstractmethod
    def call(self, address: Mapping[str, str], payload: Payload) -> Call:
        """The request that delivers a payload to an address."""

    def judge(self, status: int, body: bytes) -> Verdict:
        """What became of a call: `failed` is for good, `retry` is tried again later."""
        if 200 <= status < 300:
            return "sent"
        # 401 and 403: a token that an operator can mend while the letter waits.
        return "retry" if status in (401, 403, 408, 409, 425, 429) or status >= 500 else "failed"

    def wait_seconds(self, headers: Mapping[str, str], body: bytes) -> float | None:
        """How long the platform asks to wait before the next try; None where it does not.

        Args:
            headers: Of the response, names in lower case.
            body: Of the response.
        """
        after = headers.get("retry-after", "").strip()
        return float(after) if after.isascii() and after.isdigit() else None

    @abstractmethod
    def sample(self, text: str, url: str, now: float) -> Delivery:
        """A delivery signed with the channel's own secret, as the platform would send it."""

    def forged(self, sample: Delivery) -> Delivery:
        """The sample as a stranger could send it, which `verify` has to refuse."""
        return replace(sample, body=sample.body + b" ")


Opener = Callable[[Settings], Channel]


def webhook_url(settings: Settings, name: str) -> str:
    """Where a platform has to send its deliveries; only a path where no public_url is set."""
    base = settings.public_url or settings.root_path
    return f"{base.rstrip('/')}/channels/{name}/webhook"
