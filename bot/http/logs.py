"""Log lines for people or for machines, from the standard library's logging alone.

Nobody may log what a visitor typed: callers pass ids, outcomes and milliseconds as `extra`,
and an unforeseen error is logged by its kind and place, since its message may quote its input.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from bot.settings import Settings

LOGGER = logging.getLogger("quotewell")
ACCESS = logging.getLogger("quotewell.access")
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, event, then the extras."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_extras(record),
        }
        return json.dumps(line, ensure_ascii=False, default=str)


class Plain(logging.Formatter):
    """`12:30:05 INFO    request method=POST route=/v1/ask status=200`."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        extras = "".join(f" {key}={value}" for key, value in _extras(record).items())
        return f"{time} {record.levelname:<7} {record.getMessage()}{extras}"


def configure(settings: Settings) -> None:
    """Send the process's log to standard error in the chosen form and from the chosen level."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else Plain())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(_LEVELS[settings.log_level])
    logging.getLogger("bot").setLevel(_LEVELS[settings.log_level])
    # uvicorn's own lines would come on top of ours, its access log with the query string.
    logging.getLogger("uvicorn.access").disabled = True


def place_of(error: BaseException) -> str:
    """Where an error was raised, innermost last: `app.py:40 ask.py:88`; never its message."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _PLAIN}
