"""Reads Slack's verified deliveries: events, tapped buttons, slash commands.

Each message gets the address of its reply. `via` says how it is sent: "message" and "ephemeral"
by the Web API, "response" to the address that came with a tap or command, "home" as a view.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.channels import meta
from bot.channels.contract import Kind, Message
from bot.channels.forms import dicts, form_fields, json_object, member, seconds_of, text_of

_MARKUP = re.compile(r"<([^<>]*)>")
# A photo with words is a message too; all other subtypes are edits, joins, topics, bots.
_SPOKEN_SUBTYPES = ("", "file_share", "thread_broadcast")
_HOSTS = (".slack.com", ".slack-gov.com")
Address = dict[str, str]


def is_form(body: bytes) -> bool:
    """Whether a body is a form, as taps and commands are; events are JSON objects."""
    return not body.lstrip().startswith(b"{")


def read(body: bytes, *, in_thread: bool, api_url: str) -> list[Message]:
    """The messages of a delivery: none or one.

    Args:
        body: The raw body.
        in_thread: Whether replies in a channel stand in its threads for all to see.
        api_url: The Web API, on whose own server a response address may be too.

    Raises:
        PayloadError: Neither JSON nor a form.
    """
    if not is_form(body):
        found = _from_event(json_object(body), in_thread=in_thread)
        return [found] if found else []
    fields = dict(form_fields(body))
    if "payload" in fields:
        read = json_object(fields["payload"].encode("utf-8", "surrogatepass"))
        return _from_taps(read, in_thread=in_thread, api_url=api_url)
    found = _from_command(fields, api_url)
    return [found] if found else []


def _from_event(outer: Mapping[str, Any], *, in_thread: bool) -> Message | None:
    event = member(outer, "event")
    user, event_id = text_of(event, "user"), text_of(outer, "event_id")
    own = [text_of(a, "user_id") for a in dicts(outer, "authorizations") if a.get("is_bot")]
    if text_of(outer, "type") != "event_callback" or not (user and event_id) or user in own:
        return None
    at = seconds_of(outer, "event_time")
    person = f"{text_of(outer, 'team_id')}:{user}"
    kind = text_of(event, "type")
    if kind == "app_home_opened":
        if text_of(event, "tab") != "home":
            return None
        # A visit of its own: looking at the topics is not part of what is being talked about.
        return Message(
            event_id, f"{person}:home:{event_id}", {"via": "home", "user": user}, "start", at=at
        )
    if _is_not_spoken(event) or not (channel := text_of(event, "channel")):
        return None
    thread, is_mention = text_of(event, "thread_ts"), kind == "app_mention"
    if kind == "message" and text_of(event, "channel_type") == "im":
        address = _address("message", channel, thread=thread)
    elif is_mention and in_thread:
        thread = thread or text_of(event, "ts")
        # What others can read stays apart from what the same person asked in private.
        person += f":{channel}:{thread}"
        address = _address("message", channel, thread=thread)
    elif is_mention:
        address = _address("ephemeral", channel, thread=thread, user=user)
    else:  # talk of other people in a channel
        return None
    said = spoken(text_of(event, "text"))
    text = said.strip() if is_mention else said
    return Message(event_id, person, address, _kind(event, text), text, at=at)


def _is_not_spoken(event: Mapping[str, Any]) -> bool:
    """Whether it comes from a bot, is an edit, or news such as somebody's joining."""
    marks = ("bot_id", "edited", "hidden")
    return any(event.get(mark) for mark in marks) or (
        text_of(event, "subtype") not in _SPOKEN_SUBTYPES
    )


def _kind(event: Mapping[str, Any], text: str) -> Kind:
    if text.strip():
        return "text"
    is_bare = text_of(event, "type") == "app_mention" and not event.get("files")
    return "start" if is_bare else "unsupported"


def _from_taps(read: Mapping[str, Any], *, in_thread: bool, api_url: str) -> list[Message]:
    user = text_of(member(read, "user"), "id")
    if text_of(read, "type") != "block_actions" or not user:
        return []
    team = text_of(member(read, "team"), "id") or text_of(member(read, "user"), "team_id")
    address, person = _where_tapped(read, user, in_thread=in_thread, api_url=api_url)
    found = []
    for action in dicts(read, "actions"):
        said, what = meta.read_choice(text_of(action, "value"))
        if not said:
            continue
        message_id = f"{text_of(read, 'trigger_id')}:{text_of(action, 'action_ts')}"
        sender = f"{team}:{person}"
        if said == "choice":
            found.append(Message(message_id, sender, address, "choice", choice=what))
        else:
            found.append(Message(message_id, sender, address, "text", what))
    return found


def _where_tapped(
    read: Mapping[str, Any], user: str, *, in_thread: bool, api_url: str
) -> tuple[Address, str]:
    """Where the reply to a tap goes, and who is talking there."""
    container, message = member(read, "container"), member(read, "message")
    channel = text_of(member(read, "channel"), "id") or text_of(container, "channel_id")
    thread = text_of(container, "thread_ts") or text_of(message, "thread_ts")
    if not channel:  # the home tab: the answer comes as a direct message
        return _address("message", user), user
    if channel.startswith("D"):
        return _address("message", channel, thread=thread), user
    if in_thread and thread and container.get("is_ephemeral") is not True:
        return _address("message", channel, thread=thread), f"{user}:{channel}:{thread}"
    url = text_of(read, "response_url")
    if not thread and _is_of_slack(url, api_url):  # it would lead out of the thread
        return {"via": "response", "url": url}, user
    return _address("ephemeral", channel, thread=thread, user=user), user


def _from_command(fields: Mapping[str, str], api_url: str) -> Message | None:
    user, url = fields.get("user_id", ""), fields.get("response_url", "")
    # Slack also asks now and then, without a command, whether the certificate is sound.
    if not (fields.get("command") and fields.get("trigger_id") and user):
        return None
    address: Address = {"via": "response", "url": url}
    if not _is_of_slack(url, api_url):
        address = _address("ephemeral", fields.get("channel_id", ""), user=user)
    text = unescaped(fields.get("text", "")).strip()
    word = text.lower()
    kind: Kind = "start" if not text else "help" if word == "help" else "text"
    person = f"{fields.get('team_id', '')}:{user}"
    return Message(fields["trigger_id"], person, address, kind, text)


def _address(via: str, channel: str, *, thread: str = "", user: str = "") -> Address:
    parts = {"via": via, "channel": channel, "thread": thread, "user": user}
    return {name: value for name, value in parts.items() if value}


def _is_of_slack(url: str, api_url: str) -> bool:
    """Whether a response address is Slack's: what a patient may read goes nowhere else."""
    try:
        asked, own = urlsplit(url), urlsplit(api_url)
    except ValueError:
        return False
    if asked.scheme == "https" and (asked.hostname or "").endswith(_HOSTS):
        return True
    return bool(url) and (asked.scheme, asked.netloc) == (own.scheme, own.netloc)


def spoken(text: str) -> str:
    """What a person typed: `<@U1> is 1 &lt; 2? <https://x|here>` -> ` is 1 < 2? here`."""
    return unescaped(_MARKUP.sub(_shown, text))


def unescaped(text: str) -> str:
    """The three characters that Slack escapes, as they were typed."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _shown(found: re.Match[str]) -> str:
    """What is to be seen of a mention, a link or a date in angle brackets."""
    target, _, shown = found[1].partition("|")
    if target.startswith("@"):
        return ""
    if target.startswith("#"):
        return f"#{shown}" if shown else ""
    return shown if target.startswith("!") else shown or target
