"""Takes the pictures of the README in a real browser: `python -m tests.screenshots`.

They are written to .github/screenshots, or to the folder given, with the server's own defaults.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, expect

from tests.browser_support import stage
from tests.http_support import EMERGENCY, PASSAGE

FOLDER = Path(__file__).parent.parent / ".github" / "screenshots"
ALLERGY = "Can it cause an allergic reaction?"
SORE = (PASSAGE, "Injection Site Reactions")
PHONE = (390, 780)
DESKTOP = (1280, 900)


@dataclass(frozen=True)
class Shot:
    """One picture: where, how large, and what is done before it is taken."""

    name: str
    size: tuple[int, int]
    path: str
    act: Callable[[Page], None]
    scheme: Literal["light", "dark"] = "light"


def _asks(*questions: str, choice: tuple[str, str] | None = None) -> Callable[[Page], None]:
    """Open the widget and ask; `choice` is a topic by passage id and label."""

    def act(page: Page) -> None:
        widget = page.locator("quotewell-chat")
        launcher = widget.locator(".launcher")
        if launcher.is_visible():
            launcher.click()
        expect(widget.locator(".chip").first).to_be_visible()
        for n, question in enumerate(questions):
            widget.get_by_role("textbox").fill(question)
            widget.get_by_role("textbox").press("Enter")
            expect(widget.locator("article")).to_have_count(n + 1)
        if choice:
            widget.evaluate("(e, [id, label]) => e.choose(id, label)", list(choice))
            expect(widget.locator("article")).to_have_count(len(questions) + 1)
        # The ring around the field belongs to the keyboard; a patient's eye is on the reply.
        widget.get_by_role("textbox").blur()
        page.mouse.move(1, 1)

    return act


SHOTS = (
    Shot("desktop", DESKTOP, "/", _asks(ALLERGY)),
    Shot("phone", PHONE, "/", _asks(choice=SORE)),
    Shot("emergency", PHONE, "/", _asks(EMERGENCY)),
    Shot("dosing", PHONE, "/", _asks("How much should I take?"), "dark"),
)


def main(folder: Path) -> None:
    """Take every picture into that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as kept, stage(Path(kept)) as on:
        for shot in SHOTS:
            width, height = shot.size
            with on.visit(
                viewport={"width": width, "height": height},
                color_scheme=shot.scheme,
                reduced_motion="reduce",
            ) as guest:
                guest.page.goto(on.url + shot.path)
                shot.act(guest.page)
                path = folder / f"{shot.name}.png"
                guest.page.screenshot(path=path)
                print(f"{path.name}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
