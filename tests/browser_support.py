"""A real browser, a real server and a host page of another origin, for the browser tests.

Chromium is the one that $CHROMIUM names, else one on the path, else Debian's package where this
runs as root, else Playwright's own download. Where none can start, the tests fail under CI and
are skipped loudly elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.test_http_server import served

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Milliseconds; most is there at once, but a busy machine may take its time.
_PATIENCE = 15_000
# Nothing that the browser itself would like to fetch may be taken for a request of a page.
_ARGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What a page may leave behind in a browser, as [kind, n] pairs.
_LEFT_BEHIND = """async () => [
  ["localStorage", localStorage.length],
  ["sessionStorage", sessionStorage.length],
  ["indexedDB", (await indexedDB.databases()).length],
  ["caches", "caches" in window ? (await caches.keys()).length : 0],
  ["cookie", document.cookie.length],
].filter(([, n]) => n > 0)"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of our own; skips or fails the tests where none can be had."""
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        browser = _launched(playwright)
        if browser is None:
            told = "no Chromium could be started: set CHROMIUM to the path of one"
            if os.environ.get("CI"):
                pytest.fail(told)
            pytest.skip(f"BROWSER TESTS NOT RUN: {told}")
        try:
            yield browser
        finally:
            browser.close()


def _launched(playwright: Playwright) -> Browser | None:
    for path in _candidates():
        with suppress(Error):
            return playwright.chromium.launch(executable_path=path, args=list(_ARGS))
    return None


def _candidates() -> Iterator[str | None]:
    """Executables to try in turn; None is Playwright's own. Each is installed when asked for."""
    if named := os.environ.get("CHROMIUM"):
        yield named
    yield from filter(None, map(shutil.which, _NAMES))
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _run("apt-get", "update", "-qq")
        # Another worker of the same run may be installing it: wait for its lock.
        wait = ("-o", "DPkg::Lock::Timeout=300")
        _run("apt-get", *wait, "install", "-qq", "-y", "--no-install-recommends", "chromium")
        yield from filter(None, map(shutil.which, _NAMES))
    _run(sys.executable, "-m", "playwright", "install", "chromium")
    yield None


def _run(*command: str) -> None:
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, capture_output=True, timeout=600, check=False)


@dataclass
class Host:
    """A website of another origin than the server's; pages are put on it by path."""

    port: int
    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Another site than 127.0.0.1 to a browser, not only another port."""
        return f"http://localhost:{self.port}"

    def put(self, html: str, path: str = "/page", **headers: str) -> str:
        """Serve that page, with headers whose names are written with underscores; its address."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        whole = html if "<html" in html else document(body=html)
        self.pages[path] = (whole, sent)
        return self.origin + path


def document(head: str = "", body: str = "", lang: str = "en") -> str:
    """A sound page of a clinic around what is tested."""
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Clinic</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,">{head}</head><body><main><h1>Clinic</h1>'
        f'<p><a href="#main">A link of the page</a></p>{body}</main></body></html>'
    )


@contextmanager
def host() -> Iterator[Host]:
    """The website, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            html, headers = site.pages.get(self.path, ("", {}))
            self.send_response(200 if html else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: Any) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Host(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Stage:
    """What a browser test plays on: `url` is the server's, `host` a website that embeds it."""

    browser: Browser
    url: str
    host: Host

    @contextmanager
    def visit(self, **context: Any) -> Iterator[Guest]:
        """A fresh visitor, who has to leave no trace, no error and no request to third parties."""
        made = self.browser.new_context(**{"viewport": {"width": 1100, "height": 800}, **context})
        guest = Guest(self, made, made.new_page())
        try:
            yield guest
            guest.check()
        finally:
            made.close()


@contextmanager
def stage(folder: Path, **environ: str) -> Iterator[Stage]:
    """Browser, server and host site together."""
    with host() as site, chromium() as browser:
        own = {
            "QUOTEWELL_ALLOWED_ORIGINS": site.origin,
            "QUOTEWELL_FRAME_ANCESTORS": site.origin,
            **environ,
        }
        with served(folder, **own) as server:
            yield Stage(browser, server.url.rstrip("/"), site)


class Guest:
    """A visitor's page; keeps what the console said and what was requested."""

    def __init__(self, on: Stage, context: BrowserContext, page: Page) -> None:
        self.stage, self.context, self.page = on, context, page
        self.requests: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.said: list[str] = []
        # Console lines with one of these words are part of what is tested.
        self.expected: tuple[str, ...] = ()
        page.set_default_timeout(_PATIENCE)
        page.on("console", lambda m: self.said.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", self._note)

    def _note(self, request: Any) -> None:
        self.requests.append(request.url)
        if request.method == "POST" and request.url.endswith("/v1/ask"):
            self.asked.append(request.post_data_json)

    def check(self) -> None:
        """No word in the console, no third party, no cookie, nothing stored."""
        odd = [s for s in self.said if not any(e in s for e in self.expected)]
        assert odd == []
        own = (self.stage.url, self.stage.host.origin, "data:", "blob:", "about:")
        assert [url for url in self.requests if not url.startswith(own)] == []
        assert self.context.cookies() == []
        if self.page.url.startswith("http"):
            assert self.page.evaluate(_LEFT_BEHIND) == []


def violations(page: Page, within: str | None = None) -> list[str]:
    """What axe finds wrong, as `rule: element` lines; in the whole page or within a selector."""
    found = Axe().run(page, context=within, options={"runOnly": _RULES})
    return [
        f"{rule['id']}: {node['html'][:150]}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]
