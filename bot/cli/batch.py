"""`quotewell ask --batch`: JSON lines in, one JSON line with the last reply of each out.

Lines are answered one by one and in order, so that any amount streams in little memory.
Blank lines are passed over. Reading the arguments is left to `app`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from bot.cli.conversation import Conversation
from bot.records import Reply, to_dict

# A line is read into memory whole; 1 MiB holds 200 messages of 5,000 characters.
MAX_LINE_BYTES = 1 << 20
MAX_TURNS = 200


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the batch: its id and what is said in one visit."""

    item_id: str | int
    turns: tuple[str, ...]


class BadLine(Exception):
    """A line that is no item; says what was found and expected, never what was typed."""

    def __init__(self, message: str, item_id: str | int | None = None) -> None:
        self.item_id = item_id
        super().__init__(message)


def run(
    lines: BinaryIO, out: BinaryIO, converse: Callable[[], Conversation], *, explain: bool = False
) -> None:
    """Answer every line of `lines` on `out`, flushing after each.

    Args:
        lines: JSON lines `{"id": ..., "turns": [...]}` in UTF-8.
        out: Gets `{"id": ..., **Reply}` for the last turn of each; a bad line gets the reply
            to an empty message with outcome `unintelligible`, reason `bad_line` and `error`.
        converse: Makes the fresh conversation that each line is said in.
        explain: Whether the replies tell how they were decided.
    """
    for line in _read(lines):
        out.write(_encode(_answer(line, converse(), explain)))
        out.flush()


def parse(line: bytes) -> Item:
    """The item on a line; BadLine if it is none."""
    if len(line) > MAX_LINE_BYTES:
        raise BadLine(f"more than {MAX_LINE_BYTES} bytes; expected a shorter line")
    loaded = _load(line)
    if not isinstance(loaded, dict):
        raise BadLine(f"found {_kind(loaded)}; expected an object with id and turns")
    item_id = loaded.get("id")
    if not isinstance(item_id, (str, int)) or isinstance(item_id, bool):
        raise BadLine(f"id: found {_kind(item_id)}; expected a text")
    turns = loaded.get("turns")
    if not isinstance(turns, list) or not 1 <= len(turns) <= MAX_TURNS:
        found = f"a list of {len(turns)}" if isinstance(turns, list) else _kind(turns)
        raise BadLine(f"turns: found {found}; expected 1 to {MAX_TURNS} messages", item_id)
    for n, turn in enumerate(turns, start=1):
        if not isinstance(turn, str):
            raise BadLine(f"turn {n}: found {_kind(turn)}; expected a text", item_id)
    return Item(item_id, tuple(turns))


def _read(lines: BinaryIO) -> Iterator[bytes]:
    """Every line that is not blank; one that is too long comes cut, just over the limit."""
    while line := lines.readline(MAX_LINE_BYTES + 1):
        tail = line
        while len(tail) > MAX_LINE_BYTES and not tail.endswith(b"\n"):
            tail = lines.readline(MAX_LINE_BYTES + 1)
        if line.strip():
            yield line


def _load(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadLine(f"byte {error.start + 1} is not UTF-8; expected a JSON object") from None
    except json.JSONDecodeError as error:
        raise BadLine(f"no JSON from column {error.colno}; expected a JSON object") from None
    except (ValueError, RecursionError):
        raise BadLine("JSON with a number too long or nested too deep") from None


def _answer(line: bytes, conversation: Conversation, explain: bool) -> dict[str, Any]:
    try:
        item = parse(line)
    except BadLine as bad:
        reply = replace(conversation.say(""), outcome="unintelligible", reason="bad_line")
        return {"id": bad.item_id, **to_dict(reply), "error": str(bad)}
    return {"id": item.item_id, **to_dict(_last_reply(item, conversation, explain))}


def _last_reply(item: Item, conversation: Conversation, explain: bool) -> Reply:
    for turn in item.turns[:-1]:
        conversation.say(turn)
    return conversation.say(item.turns[-1], explain=explain)


def _encode(record: dict[str, Any]) -> bytes:
    # ASCII only: an id with half a surrogate pair comes back as it came, on any machine.
    return json.dumps(record).encode("ascii") + b"\n"


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    names = {bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
