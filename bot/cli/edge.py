"""The outermost edge of the command line: turns every failure into one line and an exit code.

The commands themselves stand in `app`. Exit codes: 0 done, 1 `check` found an error or the
reader of the output went away, 2 wrong usage, setting, guide or database, 70 a fault of the
program, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from bot.errors import BotError

EXIT_CUT_OFF = 1
EXIT_MEND = 2
EXIT_FAULT = 70
EXIT_INTERRUPTED = 130


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave the process with its exit code.

    Args:
        args: The words after the program's name; those of the process by default.
    """
    _be_lenient_with_letters()
    raise SystemExit(_run(args))


def _run(args: Sequence[str] | None) -> int:
    try:
        code = _command(args)
        sys.stdout.flush()
    except BotError as error:
        return _say(str(error), EXIT_MEND)
    except BrokenPipeError:
        return _forget_output(EXIT_CUT_OFF)
    except OSError as error:
        _say(f"cannot read or write ({error.strerror})", EXIT_MEND)
        return _forget_output(EXIT_MEND)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the one edge where everything is caught
        return _say(_fault(error), EXIT_FAULT)
    return code


def _command(args: Sequence[str] | None) -> int:
    from bot.cli.app import app

    try:
        app(args=args, prog_name="quotewell")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    return 0


def _say(line: str, code: int) -> int:
    sys.stderr.write(f"quotewell: {line}\n")
    return code


def _fault(error: Exception) -> str:
    """One line that names the place and never the message: that may hold what was asked."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" in {place.tb_frame.f_globals.get('__name__', '?')}"
    line = "" if place is None else f" line {place.tb_lineno}"
    return (
        f"a fault of the program ({type(error).__name__}{where}{line}). "
        "Please report this line, your version (quotewell version) and the command, "
        "without the question."
    )


def _be_lenient_with_letters() -> None:
    # A terminal that cannot show a guide's letter gets a question mark, not a stack trace; a
    # question in another encoding is read with its odd bytes replaced.
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _forget_output(code: int) -> int:
    # The reader went away (`| head`) or the disk is full: what is still buffered must not
    # complain a second time when the process ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
