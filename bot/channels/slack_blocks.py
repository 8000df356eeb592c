"""What Slack shows of a reply: Block Kit, with a text beside it that says the same.

Everything is plain text there, so that no star or underscore of a quotation turns into bold.
"""

from __future__ import annotations

from typing import Any

from bot.channels import fit, meta
from bot.channels.contract import Payload, Speech
from bot.records import URGENT_OUTCOMES, Suggestion

# Slack's pages on Block Kit and on views (read in 2026): characters of a section, a header, a
# button and its value; blocks of a message, elements of an actions block.
SECTION_CHARS, HEADER_CHARS, BUTTON_CHARS, VALUE_CHARS = 3000, 150, 75, 2000
MESSAGE_BLOCKS, VIEW_BLOCKS, BUTTONS = 50, 100, 25
MESSAGE_CHARS = 6000
"""Far below what Slack takes: a tap brings the whole message back, text and blocks, form-encoded,
and that has to stay below `max_body_bytes`."""
_SECTION = fit.within(SECTION_CHARS)


def messages(speech: Speech) -> list[Payload]:
    """The reply as messages, choices as buttons of the last one."""
    choices = speech.reply.suggestions
    has_all = _has_all_as_buttons(choices)
    parts = fit.split(fit.spoken(speech, numbered=not has_all), _fits)
    payloads: list[Payload] = [{"text": escaped(part), "blocks": _sections(part)} for part in parts]
    if speech.reply.outcome in URGENT_OUTCOMES:
        payloads[0]["blocks"] = _headed(parts[0])
    if choices:
        payloads[-1]["blocks"].append(_buttons(choices))
    if has_all and choices:  # notifications and screen readers get the text, not the buttons
        payloads[-1]["text"] += escaped("".join(f"\n{line}" for line in _numbered(choices)))
    return payloads


def home(speech: Speech) -> Payload:
    """The reply as the app's home tab; one view, however long."""
    choices = speech.reply.suggestions
    blocks = _sections(fit.spoken(speech, numbered=not _has_all_as_buttons(choices)))
    if choices:
        blocks = [*blocks[: VIEW_BLOCKS - 1], _buttons(choices)]
    return {"view": {"type": "home", "blocks": blocks[:VIEW_BLOCKS]}}


def escaped(text: str) -> str:
    """A message's `text`, where & < > would be taken for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fits(text: str) -> bool:
    return fit.units(escaped(text)) <= MESSAGE_CHARS


def _has_all_as_buttons(choices: tuple[Suggestion, ...]) -> bool:
    """Whether every label is to be read in full on a button."""
    return len(choices) <= BUTTONS and all(fit.units(c.label) <= BUTTON_CHARS for c in choices)


def _numbered(choices: tuple[Suggestion, ...]) -> list[str]:
    return [f"{n}. {choice.label}" for n, choice in enumerate(choices, 1)]


def _sections(text: str) -> list[dict[str, Any]]:
    # Without `expand` Slack may hide the end of a long section behind a link.
    return [
        {"type": "section", "expand": True, "text": _plain(part)}
        for part in fit.unmarked(text, _SECTION)
    ]


def _headed(text: str) -> list[dict[str, Any]]:
    """An urgent reply, its first line large where a header takes it."""
    title, _, rest = text.partition("\n")
    if not title.strip() or not rest.strip() or fit.units(title) > HEADER_CHARS:
        return _sections(text)
    return [{"type": "header", "text": _plain(title)}, *_sections(rest)]


def _buttons(choices: tuple[Suggestion, ...]) -> dict[str, Any]:
    shown = choices[:BUTTONS]
    titles = fit.labels([choice.label for choice in shown], BUTTON_CHARS)
    elements = [
        {
            "type": "button",
            "action_id": f"choice-{n}",
            "text": _plain(title),
            "value": meta.choice_id(choice.passage_id, n, VALUE_CHARS),
        }
        for n, (choice, title) in enumerate(zip(shown, titles, strict=True), 1)
    ]
    return {"type": "actions", "elements": elements}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
