"""From a channel's message to a turn of the bot, and from its reply to what is said there."""

from __future__ import annotations

from bot.answer import Policy
from bot.channels import Channel, Message, Speech
from bot.records import Reply, Turn, Visit
from bot.text import fold_space

# Commands and photos are said to the bot in words, so that its policy answers them too: no
# letter or digit at all gets "I can only read words".
_SAID = {
    "unsupported": "?",
    "start": "hello",
    "help": "what can you do?",
    "privacy": "delete my data",
}


def turn_for(message: Message, *, reply_id: str, at: float) -> Turn:
    """The turn that a message is."""
    if message.kind == "choice":
        return Turn(reply_id, at, choice=message.choice)
    text = _SAID.get(message.kind, message.text)
    # Lone surrogates cannot be written anywhere; no writing system needs them.
    clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return Turn(reply_id, at, text=clean)


def is_more(message: Message) -> bool:
    """Whether a message asks for what was held back."""
    return message.kind == "text" and fold_space(message.text).lower().strip(".!? ") == "more"


def speech_for(
    reply: Reply,
    visit: Visit,
    channel: Channel,
    policy: Policy,
    message: Message,
    *,
    is_first: bool,
) -> Speech:
    """The reply with the sentences that a channel needs around it.

    Args:
        reply: What was decided.
        visit: The visit after it.
        channel: Where it is said.
        policy: Wording and clinic facts.
        message: What is answered.
        is_first: Whether a conversation begins, or begins again after a long time.
    """
    wording = policy.wording
    has_buttons = channel.has_buttons(message.address)
    hints = []
    if not has_buttons and reply.suggestions:
        hints.append(wording.text("channels.choose"))
    if not has_buttons and visit.more and reply.outcome == "answer":
        hints.append(wording.text("channels.more"))
    return Speech(
        reply=reply,
        before=_first(channel, policy, message) if is_first else "",
        after=" ".join(hints),
        rest=wording.text("channels.rest"),
        topics=wording.text("channels.topics"),
        address=message.address,
    )


def _first(channel: Channel, policy: Policy, message: Message) -> str:
    emergency = policy.clinic.numbers_of("emergency")
    slots = {"emergency": emergency[0].number}
    key = "channels.first_unnamed"
    if policy.clinic.name:
        key, slots = "channels.first", {**slots, "clinic": policy.clinic.name}
    parts = [policy.wording.text(key, **slots)]
    if own := channel.first_key(message.address):
        parts.append(policy.wording.text(own))
    return " ".join(parts)
