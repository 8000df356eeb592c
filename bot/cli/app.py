"""The commands and their arguments; a new command is one more function here.

What a command does stands in the module of its name, imported when it is called, so that
`quotewell ask` starts without a web framework, a database or, for JSON, a terminal library.
"""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

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
def check(guide: GuideOption = None, as_json: JsonOption = False) -> None:
    """Check everything you can set, and say what is wrong where.

    Settings, the clinic's facts, guides with their data files, gates and wording. ✗ must be
    mended and makes the exit code 1; ! is worth a look; · tells what is counted above it, such
    as each sentence of a guide that is never quoted.
    """
    from bot.cli import check as checking

    raise typer.Exit(checking.run(guide, as_json=as_json))


@app.command()
def suggest(
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="FILE", help="Questions in UTF-8, one a line; - for standard input."
        ),
    ],
    guide: GuideOption = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A new file for the proposals; else they are printed."),
    ] = None,
    least: Annotated[
        int, typer.Option(metavar="N", min=1, help="Questions that must stand behind a proposal.")
    ] = 2,
) -> None:
    """Propose what to add to a guide's data files, from questions that it did not answer.

    Asks each question by itself and puts together, by their words, those that the bot could
    not answer: wordings for questions.toml, lay words for lexicon.toml, topics for absent.toml,
    each with the questions behind it. You decide and paste; nothing is changed. Questions about
    doses, emergencies and a person's own treatment are left out. Blank lines and lines that
    begin with # are passed over.

    \b
    Examples:
      quotewell suggest --from questions.txt
      quotewell suggest --from questions.txt --guide my-leaflet --out proposals.toml
    """
    from bot.cli import suggest as suggesting

    suggesting.run(source, guide, out, least)


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


class _Part(StrEnum):
    """What `kiosk` prints."""

    ALL = "all"
    COMMAND = "command"
    UNIT = "unit"
    POLICY = "policy"


@app.command()
def kiosk(
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The server: https://..., or this machine's own."),
    ] = None,
    guide: Annotated[
        str | None, typer.Option("--guide", "-g", metavar="ID", help="Which guide to show.")
    ] = None,
    part: Annotated[
        _Part, typer.Option("--print", help="Only this part, to write it into a file.")
    ] = _Part.ALL,
) -> None:
    """Print how to put the kiosk on a touch screen.

    The command that fills the screen, a systemd unit that keeps it running, and the browser's
    policy that locks it to this one page. Nothing is started or changed.

    \b
    Examples:
      quotewell kiosk
      quotewell kiosk --url https://help.clinic.example --print policy
    """
    from bot.cli import kiosk as printing

    printing.run(url, guide, part.value)


@app.command()
def embed(
    url: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Where patients reach this server; else the setting QUOTEWELL_PUBLIC_URL.",
        ),
    ] = None,
    guide: Annotated[
        str | None, typer.Option("--guide", "-g", metavar="ID", help="Id of the guide to ask.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option(metavar="TAG", help="Language of the widget, if enabled.")
    ] = None,
    how: Annotated[
        Literal["script", "element", "frame"],
        typer.Option("--as", help="A script tag, an element where you want it, or a frame."),
    ] = "script",
    pin: Annotated[
        bool,
        typer.Option(help="Name the file by its hash, or let it follow updates of the server."),
    ] = True,
) -> None:
    """Print the lines that put the widget on your website.

    \b
    Examples:
      quotewell embed --url https://help.example
      quotewell embed --url https://help.example --as frame
    """
    from bot.cli import embed as embedding

    embedding.run(url, guide, lang, how, pin=pin)


@app.command()
def mcp(
    over_http: Annotated[
        bool,
        typer.Option("--http", metavar="", help="Serve over HTTP at /mcp, not over stdin/stdout."),
    ] = False,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="With --http: address to listen on.")
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="PORT", help="With --http: port to listen on.")
    ] = 8001,
) -> None:
    """Let language models ask the guide (Model Context Protocol).

    \b
    Example, for the configuration of an MCP client:
      {"mcpServers": {"clinic": {"command": "quotewell", "args": ["mcp"]}}}
    """
    from bot.errors import SettingsError
    from bot.settings import load_settings

    try:
        from bot import mcp as door
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("mcp"):
            raise
        raise SettingsError(
            "the package mcp is missing", expected="pip install 'quotewell[mcp]'", where="mcp"
        ) from error
    overrides = {"host": host, "port": port} if over_http else {}
    door.serve(load_settings(overrides=overrides), over_http=over_http)


keys_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Make, list, replace and revoke API keys for other servers.",
)
app.add_typer(keys_app, name="keys")
DaysOption = Annotated[
    int | None,
    typer.Option("--days", metavar="N", min=1, max=3650, help="Days until the key expires."),
]
PrefixArgument = Annotated[
    str, typer.Argument(metavar="PREFIX", help="The key's prefix, as `keys list` shows it.")
]


@keys_app.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who will use the key.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="ask, read or admin; may be given again. Else ask."),
    ] = None,
    days: DaysOption = None,
) -> None:
    """Make a key and print it, this once.

    \b
    Example:
      quotewell keys create "phone line" --scope ask --scope read --days 365
    """
    from bot.cli import keys

    keys.create(name, scope or (), days)


@keys_app.command("list")
def keys_list(as_json: JsonOption = False) -> None:
    """List all keys by prefix, with scopes, state, and the last day of use."""
    from bot.cli import keys

    keys.listing(as_json=as_json)


@keys_app.command("revoke")
def keys_revoke(prefix: PrefixArgument) -> None:
    """Let a key open nothing any more."""
    from bot.cli import keys

    keys.revoke(prefix)


@keys_app.command("rotate")
def keys_rotate(
    prefix: PrefixArgument,
    overlap: Annotated[
        int, typer.Option(metavar="DAYS", min=0, max=90, help="Days that the old one works on.")
    ] = 7,
    days: DaysOption = None,
) -> None:
    """Make a key of the same name and scopes; the old one expires after the overlap."""
    from bot.cli import keys

    keys.rotate(prefix, overlap, days)


events_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="Show webhooks that nobody took, and try them again.",
)
app.add_typer(events_app, name="events")


@events_app.callback(invoke_without_command=True)
def events_list(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Show webhooks that nobody took, and try them again."""
    if ctx.invoked_subcommand is None:
        from bot.cli import events

        events.listing(as_json=as_json)


@events_app.command("retry")
def events_retry(
    delivery: Annotated[
        str | None, typer.Argument(metavar="ID", help="One of them; else all are tried again.")
    ] = None,
) -> None:
    """Let the server try dead letters again."""
    from bot.cli import events

    events.retry(delivery)


samples_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="Show or erase the questions that sampling kept, redacted.",
)
app.add_typer(samples_app, name="samples")


@samples_app.callback(invoke_without_command=True)
def samples_list(
    ctx: typer.Context,
    as_json: JsonOption = False,
    outcome: Annotated[
        str | None,
        typer.Option(metavar="OUTCOME", help="Only those that got this, such as not_covered."),
    ] = None,
) -> None:
    """Show the questions that sampling kept, redacted; the oldest first.

    \b
    Examples:
      quotewell samples --outcome not_covered
      quotewell samples --json > samples.json
      quotewell samples purge
    """
    if ctx.invoked_subcommand is None:
        from bot.cli import samples

        samples.listing(outcome, as_json=as_json)


@samples_app.command("purge")
def samples_purge(
    every: Annotated[
        bool, typer.Option("--all", metavar="", help="All of them, not only the expired.")
    ] = False,
) -> None:
    """Erase the expired ones, which a running server does by itself; or all of them."""
    from bot.cli import samples

    samples.purge(every=every)


@app.command()
def version() -> None:
    """Print the version."""
    from bot import __version__

    typer.echo(f"quotewell {__version__}")


def _from_stdin() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise _Usage('no question; write: quotewell ask "..."')
    return sys.stdin.read(_MAX_STDIN_CHARS).strip()
