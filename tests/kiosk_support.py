"""A real browser for the kiosk's tests, a real server that can be stopped, and a fake voice."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Playwright, Request, expect
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Route as HeldRoute

from tests.http_support import app_with

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# axe's rules of WCAG 2.2 AA and below, and its best practices.
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
PORTRAIT = (1080, 1920)
LANDSCAPE = (1920, 1080)
# A speech engine that says nothing; `said` is what it was given, `finish()` ends an utterance.
VOICES = """(voices) => {
  const engine = new EventTarget();
  const said = [];
  let current = null;
  Object.assign(engine, {
    said, cancelled: 0, speaking: false, pending: false,
    getVoices: () => voices,
    speak: (one) => { said.push(one.text); current = one; engine.speaking = true; },
    cancel: () => { engine.cancelled += 1; current = null; engine.speaking = false; },
    finish: () => { const one = current; engine.speaking = false; one?.onend?.(); },
  });
  Object.defineProperty(window, "speechSynthesis", { value: engine });
  window.SpeechSynthesisUtterance = function (text) { this.text = text; };
}"""


def start_chromium(playwright: Playwright) -> Browser:
    """A browser: $CHROMIUM, one on the path, Debian's package when root, else Playwright's own.

    Where none can start the tests fail under CI, and are skipped elsewhere with the reason.
    """
    tried = []
    for find in (_on_path, _from_debian, _own):
        try:
            executable = find()
            return playwright.chromium.launch(executable_path=executable, args=list(_ARGS))
        except (PlaywrightError, OSError, LookupError, subprocess.SubprocessError) as error:
            tried.append(f"{find.__name__[1:]}: {str(error).splitlines()[0]}")
    reason = f"NO BROWSER, the kiosk is not tested ({'; '.join(tried)})"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _on_path() -> str:
    found = [os.environ.get("CHROMIUM"), *(shutil.which(name) for name in _NAMES)]
    executable = next((path for path in found if path), None)
    if executable is None:
        raise LookupError("neither $CHROMIUM nor a Chromium on the path")
    return executable


def _from_debian() -> str:
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("apt-get"):
        raise LookupError("not root on a Debian")
    install = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"]
    for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        subprocess.run([*install, *words], check=True, capture_output=True, timeout=600)
    return _on_path()


def _own() -> None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run(command, check=True, capture_output=True, timeout=600)


class Served:
    """The app on a port of this machine, which can go away and come back."""

    def __init__(self, **values: Any) -> None:
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            self.port: int = chosen.getsockname()[1]
        self._values = values
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, **changes: Any) -> None:
        """Serve with the values given at first, some of them changed."""
        config = uvicorn.Config(
            app_with(**{**self._values, **changes}),
            port=self.port,
            log_config=None,
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        """Go away, as a server does whose cable is pulled."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(10)


class Kiosk:
    """The kiosk's page in a browser, used as a visitor does, and watched while it is."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.requests: list[Request] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, query: str = "") -> None:
        """Open the page and wait until its guide is there."""
        self.page.goto(f"{self.url}/kiosk{query}")
        expect(self.page.locator("#attract-title")).to_contain_text("?")
        expect(self.page.locator("#topics .tile").first).to_be_attached()

    def begin(self) -> None:
        """Touch the screen, and see the topics."""
        self.page.tap("#begin")
        expect(self.page.locator("#home")).to_be_visible()

    def choose(self, tile: str) -> None:
        """Touch a topic and wait for its words."""
        self.page.locator(".tile:visible").get_by_text(tile, exact=True).tap()
        expect(self.page.locator("#reply")).to_be_visible()

    def ask(self, question: str) -> None:
        """Write a question into the field at once, and send it."""
        if not self.page.locator("#typing").is_visible():
            self.page.locator("[data-go=typing]:visible").tap()
        self.page.fill("#question", question)
        self.page.tap("#send")
        expect(self.page.locator("#reply")).to_be_visible()

    def type(self, text: str) -> None:
        """Write with the keys of the screen alone."""
        for char in text:
            key = "[data-does=space]" if char == " " else f'[data-letter="{char}"]'
            self.page.tap(f"#keys {key}")

    def visit_ids(self) -> list[str]:
        """The visits that questions were asked in, in order."""
        found = []
        for request in self.requests:
            body = request.post_data if request.url.endswith("/v1/ask") else None
            if body and (match := re.search(r'"visit_id":"([^"]+)"', body)):
                found.append(match[1])
        return found

    def is_kept(self, visit_id: str) -> bool:
        """Whether the server keeps anything of a visit."""
        response = self.page.request.get(f"{self.url}/v1/visits/{visit_id}")
        assert response.status in (200, 404)
        return response.status == 200

    def wait_until_forgotten(self, visit_id: str) -> None:
        """Wait for the deletion, which the page does not wait for itself."""
        deadline = time.monotonic() + 5
        while self.is_kept(visit_id):
            assert time.monotonic() < deadline, "the visit is still kept"
            self.page.wait_for_timeout(20)

    def keep_shell(self) -> None:
        """Wait until the service worker has kept the page and takes its requests."""
        self.wait_until("navigator.serviceWorker.controller !== null")

    def stop_worker_in_charge(self) -> None:
        """Stop the active service worker, as the browser does with one that has nothing to do.

        A newer one takes over only then. On a busy machine Chromium may go on believing for
        five minutes that the old one still has something in hand.
        """
        active: set[str] = set()

        def note(event: dict[str, Any]) -> None:
            active.update(v["versionId"] for v in event["versions"] if v["status"] == "activated")

        session = self.page.context.new_cdp_session(self.page)
        session.on("ServiceWorker.workerVersionUpdated", note)
        session.send("ServiceWorker.enable")
        self.page.wait_for_timeout(500)
        for version in active:
            with suppress(PlaywrightError):  # it has gone already
                session.send("ServiceWorker.stopWorker", {"versionId": version})

    def wait_until(self, condition: str) -> None:
        """Wait for a script's expression to hold, with a limit that no fake clock stops."""
        deadline = time.monotonic() + 8
        while not self.page.evaluate(f"async () => Boolean({condition})"):
            assert time.monotonic() < deadline, condition
            time.sleep(0.02)

    def with_voices(self, *voices: tuple[str, bool]) -> None:
        """Give the browser voices as (language, is local), before it opens the page."""
        listed = [{"name": tag, "lang": tag, "localService": local} for tag, local in voices]
        self.page.add_init_script(
            f"({VOICES})({listed!r})".replace("True", "true").replace("False", "false")
        )

    def violations(self) -> list[str]:
        """What axe finds wrong on the page as it is now."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(_axe())
        found = self.page.evaluate("(tags) => axe.run(document, { runOnly: tags })", list(AXE_TAGS))
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def small_targets(self) -> list[str]:
        """Buttons and fields in sight that are under 60 px wide or high."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll("button, textarea, a, input, select")]
              .filter((node) => node.checkVisibility())
              .map((node) => [node, node.getBoundingClientRect()])
              .filter(([, box]) => box.width < 60 || box.height < 60)
              .map(([node, box]) => `${node.outerHTML.slice(0, 60)} ${box.width}x${box.height}`)"""
        )
        return found


@contextmanager
def kiosk_in(browser: Browser, url: str, **options: Any) -> Iterator[Kiosk]:
    """A fresh browser profile on the kiosk; afterwards nothing may have gone wrong or astray."""
    width, height = options.pop("size", PORTRAIT)
    may_fail = options.pop("may_fail", False)
    # Installing the service worker loads every file twice: only tests that need it pay for it.
    options.setdefault("service_workers", "block")
    context = browser.new_context(
        viewport={"width": width, "height": height}, has_touch=True, locale="en-GB", **options
    )
    context.set_default_timeout(25_000)  # a busy machine starts slowly
    try:
        kiosk = Kiosk(context.new_page(), url)
        yield kiosk
        strangers = [r.url for r in kiosk.requests if not r.url.startswith((url, "about:"))]
        assert strangers == []
        assert context.cookies() == []
        assert may_fail or kiosk.errors == []
    finally:
        context.close()


class Held:
    """Keeps the next question on its way until it is let go."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._routes: list[HeldRoute] = []
        page.route("**/v1/ask", lambda route: self._routes.append(route))

    def let_go(self) -> None:
        """Let it reach the server, and wait until its reply has come back."""
        self._page.wait_for_timeout(50)
        [route] = self._routes
        with self._page.expect_response("**/v1/ask"):
            route.continue_()


def _axe() -> str:
    import axe_playwright_python

    script = Path(axe_playwright_python.__file__).parent / "axe.min.js"
    return script.read_text(encoding="utf-8")
