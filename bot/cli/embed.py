"""Prints the lines that put the widget on a website."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import typer

from bot.errors import SettingsError
from bot.settings import Settings, load_settings
from bot.web import assets

_WIDGET = "widget.js"
# Writes the script's tag from the server's address and further attributes.
_Tag = Callable[[str, str], str]


def run(url: str | None, guide: str | None, lang: str | None, how: str, *, pin: bool) -> None:
    """Print the snippet; what else has to be set goes to standard error.

    Args:
        url: Address of the server as patients reach it; else the setting, else this machine's.
        guide: Id of a guide; the default one where it is None.
        lang: Language of the interface, one that the clinic has enabled.
        how: `script`, `element` or `frame`.
        pin: Name the widget by its hash, rather than by the address that follows updates.
    """
    settings = load_settings()
    base = (url or settings.public_url or f"http://127.0.0.1:{settings.port}").rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise SettingsError(repr(base), expected="an address with https://", where="--url")
    if lang and lang.split("-")[0] not in settings.languages:
        enabled = ", ".join(settings.languages)
        raise SettingsError(repr(lang), expected=f"an enabled one: {enabled}", where="--lang")
    options = {name: value for name, value in (("guide", guide), ("lang", lang)) if value}
    tag = _pinned if pin else _following
    typer.echo(_SNIPPETS[how](base, options, tag))
    for line in _advice(settings, base, how, pin=pin):
        typer.echo(line, err=True)


def _script(base: str, options: dict[str, str], tag: _Tag) -> str:
    given = "".join(f' data-{name}="{escape(value)}"' for name, value in options.items())
    return f"{tag(base, f' data-quotewell{given}')}\n<noscript>{_link(base, options)}</noscript>"


def _element(base: str, options: dict[str, str], tag: _Tag) -> str:
    given = "".join(f' {name}="{escape(value)}"' for name, value in options.items())
    return f"{tag(base, '')}\n<quotewell-chat{given}>{_link(base, options)}</quotewell-chat>"


def _frame(base: str, options: dict[str, str], _: _Tag) -> str:
    query = "&amp;".join(f"{name}={escape(value)}" for name, value in options.items())
    address = f"{base}/embed?{query}" if query else f"{base}/embed"
    return (
        f'<iframe src="{address}" title="Ask our guide" width="400" height="640"\n'
        '  allow="clipboard-write" referrerpolicy="no-referrer"></iframe>'
    )


def _following(base: str, more: str) -> str:
    return f'<script type="module" src="{escape(base)}/{_WIDGET}"{more}></script>'


def _pinned(base: str, more: str) -> str:
    """The tag names the file by its hash, so that the browser refuses any other content."""
    asset = assets()[_WIDGET]
    return (
        f'<script type="module" src="{escape(base + asset.path)}"\n'
        f'  integrity="{asset.integrity}" crossorigin="anonymous"{more}></script>'
    )


def _link(base: str, options: dict[str, str]) -> str:
    path = f"/guides/{options['guide']}" if "guide" in options else "/"
    return f'<a href="{escape(base + path)}">Read our guide</a>'


def _advice(settings: Settings, base: str, how: str, *, pin: bool) -> list[str]:
    lines = []
    if base.startswith("http://127.0.0.1"):
        lines.append("! This address works on this machine only: give --url or set the public one.")
    name, value = (
        ("QUOTEWELL_FRAME_ANCESTORS", settings.frame_ancestors)
        if how == "frame"
        else ("QUOTEWELL_ALLOWED_ORIGINS", settings.allowed_origins)
    )
    if not value:
        lines.append(f"! Name your website in {name}, such as https://clinic.example.")
    if pin and how != "frame":
        lines.append("! After an update of Quotewell the hash is another: print the lines again.")
    return lines


_SNIPPETS = {"script": _script, "element": _element, "frame": _frame}
