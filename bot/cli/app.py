"""The commands and their arguments; a new command is one more function here.

What a command does stands in the module of its name, imported when it is called, so that
`quotewell ask` starts without a web framework, a database or, for JSON, a terminal library.
"""

from __future__ import annotations

import re
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

# Questions on standard input are cut here; the bot's own limit answers far below it.
_MAX_STDIN_CHARS = 1 << 20
_VISIT_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


class _Usage(typer.BadParameter):
    """Wrong usage, said without the words "Invalid value" before it."""

    def format_message(self) -> str:
        return self.message


class _Commands(TyperGroup):
    """The group of all commands, kind to whoever forgets the word "ask"."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        # A question in place of a command is not repeated: it may say something of health.
        if args and any(mark in args[0] for mark in " ?"):
            raise _Usage('to ask a question, write: quotewell ask "..."')
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    # Rich tracebacks show local variables, and with them what was asked.
    pretty_exceptions_enable=False,
    # Plain help: the boxes of the rich one show types such as "list[str]" to web masters.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Answers patients' questions with exact quotations from your clinic's own guide.",
    epilog="To begin: quotewell serve, then open http://127.0.0.1:8000",
)

GuideOption = Annotated[
    str | None,
    typer.Option(
        "--guide",
        "-g",
        metavar="ID|FOLDER|FILE",
        help="Which guide: its id, its folder, or any .txt or .md file.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", metavar="", help="Print the record as JSON.")]


def _version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def _root(
    show: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None: ...


@app.command()
def ask(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUESTION", hidden=True),
    ] = None,
    as_json: JsonOption = False,
    explain: Annotated[
        bool, typer.Option("--explain", metavar="", help="Tell how the reply was decided, too.")
    ] = False,
    batch: Annotated[
        bool,
        typer.Option(
            "--batch", metavar="", help="Answer JSON lines from standard input with JSON lines."
        ),
    ] = False,
    guide: GuideOption = None,
    visit: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Go on with this conversation: 16 to 64 letters, digits, - or _. "
            "Its state is kept in the database, never what was typed.",
        ),
    ] = None,
) -> None:
    """Ask one question and get the guide's own words.

    \b
    Examples:
      quotewell ask "what is it used for?"
      quotewell ask --guide leaflet.md "how should I store it?"
      echo "does it hurt?" | quotewell ask --json
      quotewell ask --batch < questions.jsonl > replies.jsonl

    Without a question it is read from standard input. For --batch each line there is
    an object with an id and what is said in one visit, such as

    \b
      {"id": "1", "turns": ["first message", "last message"]}
    """
    from bot.cli import asking

    if batch:
        if words or visit:
            raise _Usage("--batch takes neither a question nor --visit")
        return asking.answer_batch(guide, explain=explain)
    if visit is not None and not _VISIT_ID.fullmatch(visit):
        raise _Usage("--visit: expected 16 to 64 letters, digits, - or _")
    question = " ".join(words) if words else _from_stdin()
    return asking.answer_one(question, guide, visit, as_json=as_json, explain=explain)


@app.command()
def chat(guide: GuideOption = None) -> None:
    """Talk with the bot in the terminal.

    A number picks one of the suggestions. Nothing is kept. /quit or Ctrl-D ends it.
    """
    from bot.cli import chat as talk

    talk.run(guide)


@app.command()
def explain(
    words: Annotated[list[str], typer.Argument(metavar="QUESTION", hidden=True)],
    as_json: JsonOption = False,
    guide: GuideOption = None,
) -> None:
    """Show how a question is decided.

    What was read, which gates and rules fired on which words, which passages were found with
    which scores, and whether the guide covers the question.

    \b
    Example:
      quotewell explain "can I take it with metformin?"
    """
    from bot.cli import asking

    asking.explain_one(" ".join(words), guide, as_json=as_json)


@app.command()
def passages(
    as_json: JsonOption = False,
    full: Annotated[
        bool, typer.Option("--full", metavar="", help="Whole passages, not first words.")
    ] = False,
    guide: GuideOption = None,
) -> None:
    """List a guide's passages.

    Id, lines, place in the file, section and first words of each, as the bot sees them.
    """
    from bot.cli import passages as listing

    listing.run(guide, as_json=as_json, full=full)


@app.command()
def check(guide: GuideOption = None) -> None:
    """Check everything you can set, and say what is wrong where.

    Settings, the clinic's facts, guides with their data files, gates and wording. ✗ must be
    mended and makes the exit code 1; ! is worth a look.
    """
    from bot.cli import check as checking

    raise typer.Exit(checking.run(guide))


@app.command()
def serve(
    host: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Address to listen on; else the setting QUOTEWELL_HOST."
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", help="Port to listen on; else the setting QUOTEWELL_PORT."),
    ] = None,
) -> None:
    """Serve the web page and the API.

    Without options at http://127.0.0.1:8000, for this machine only. Ctrl-C stops it.

    \b
    Examples:
      quotewell serve
      quotewell serve --host 0.0.0.0 --port 8080
    """
    from bot.http import serve as run
    from bot.settings import load_settings

    run(load_settings(overrides={"host": host, "port": port}))


channels_app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
app.add_typer(channels_app, name="channels")


@channels_app.callback()
def channels(
    context: typer.Context,
    as_json: JsonOption = False,
) -> None:
    """List the messaging channels: what is on, its webhook address, what is missing.

    \b
    Examples:
      quotewell channels
      quotewell channels test twilio
    """
    if context.invoked_subcommand is None:
        from bot.cli import channels as listing

        listing.run(as_json=as_json)


@channels_app.command("test")
def channels_test(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A channel of the list.")],
    question: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What the sample asks.")
    ] = None,
) -> None:
    """Try a channel: a forged, a signed and a repeated sample through its real route.

    Nothing is sent to anybody, and nothing is kept.
    """
    from bot.cli import channels as trying

    raise typer.Exit(trying.try_one(name, question or trying.SAMPLE_QUESTION))


@app.command()
def version() -> None:
    """Print the version."""
    from bot import __version__

    typer.echo(f"quotewell {__version__}")


def _from_stdin() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise _Usage('no question; write: quotewell ask "..."')
    return sys.stdin.read(_MAX_STDIN_CHARS).strip()
