"""Reads bodies that anybody may have written: whatever their form, a PayloadError or plain values.

No error repeats what was sent.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from bot.errors import PayloadError

_MAX_FIELDS = 1000


def json_object(body: bytes) -> dict[str, Any]:
    """A body as a JSON object.

    Raises:
        PayloadError: It is none, is cut short, nested too deeply, or not in UTF-8.
    """
    try:
        read = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PayloadError("a body that cannot be read", expected="JSON in UTF-8") from None
    if not isinstance(read, dict):
        raise PayloadError("a body of another kind", expected="a JSON object")
    return read


def form_fields(body: bytes) -> list[tuple[str, str]]:
    """A body as form fields in their order, empty and repeated ones too.

    Raises:
        PayloadError: Too many fields, or bytes that are not UTF-8.
    """
    try:
        text = body.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:
        raise PayloadError("a body that cannot be read", expected="form fields") from None


def dicts(value: Any, key: str) -> list[dict[str, Any]]:
    """The objects in a list member: `dicts({"entry": [{}, 3]}, "entry")` -> `[{}]`."""
    found = value.get(key) if isinstance(value, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def member(value: Any, key: str) -> dict[str, Any]:
    """An object member, empty where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def text_of(value: Any, key: str) -> str:
    """A text or number member as text, empty where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        return ""
    return str(found)


def seconds_of(value: Any, key: str, *, per_second: int = 1) -> float:
    """A time member in seconds since the epoch, 0 where there is none."""
    text = text_of(value, key)
    is_number = text.isascii() and text.isdigit() and len(text) < 16
    return int(text) / per_second if is_number else 0.0
