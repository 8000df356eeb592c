"""The kiosk: its page, the service worker that keeps the page, and the code to take away.

The page holds everything that has to be shown when this server is gone: how to reach the
clinic, and the urgent numbers. What it does stands in the scripts of `web`.
"""

from __future__ import annotations

import io
import json
from typing import Annotated, Any
from urllib.parse import urlsplit

import segno
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse

from bot.http.links import located, prefix
from bot.http.models import GUIDE_ID
from bot.http.problems import Problem
from bot.http.services import Services, services_of
from bot.web import assets, environment, kiosk

# Seconds that a visitor gets to say "I'm still here"; twenty are the least that WCAG 2.2.1 asks.
WARNING_SECONDS = 25
_STYLE, _SCRIPT, _ICON = "kiosk.css", "kiosk.js", "icon.svg"
_FRESH = {"Cache-Control": "no-cache"}
# More is not typed on such a screen, and a longer line would run out of its field.
_MAX_TYPED = 200
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

router = APIRouter(include_in_schema=False)


@router.get("/kiosk")
async def get_kiosk(request: Request) -> Response:
    """Show the page for a touch screen; it is the same for every guide and visitor."""
    return HTMLResponse(_page(services_of(request)), headers=_FRESH)


@router.get("/kiosk/sw.js")
async def get_worker(request: Request) -> Response:
    """Give the service worker, which keeps the page and its files and nothing else."""
    services = services_of(request)
    own = prefix(services.settings)
    shell = {
        "version": kiosk.version(_page(services)),
        "page": f"{own}/kiosk",
        "files": [own + assets()[name].path for name in (*kiosk.sources(), _ICON)],
    }
    headers = {**_FRESH, "Service-Worker-Allowed": f"{own}/kiosk"}
    return Response(kiosk.worker(json.dumps(shell)), headers=headers, media_type="text/javascript")


@router.get("/kiosk/takeaway/{guide_id}/{section_id}")
async def get_takeaway(
    guide_id: Annotated[str, Path(pattern=GUIDE_ID)],
    section_id: Annotated[str, Path(max_length=300)],
    request: Request,
) -> Response:
    """Draw the code that opens a section of the guide: an address, nothing of a conversation."""
    services = services_of(request)
    guide = services.guide(guide_id)
    if section_id not in {section.section_id for section in guide.sections}:
        raise Problem(404, "unknown_section", "The guide has no such section.")
    address = located(f"/guides/{guide.guide_id}#{section_id}", services.settings)
    if address.startswith("/"):
        base = request.base_url
        address = f"{base.scheme}://{base.netloc}{address}"
    if not _reaches(address, services):
        raise Problem(404, "no_public_url", "No phone could open an address of this machine.")
    return Response(_code(address), media_type="image/svg+xml")


def _reaches(address: str, services: Services) -> bool:
    """Whether a phone can open it; the demonstration shows the code all the same."""
    return services.bot.policy.clinic.is_demo or urlsplit(address).hostname not in _LOOPBACK


def _code(address: str) -> bytes:
    drawn = io.BytesIO()
    made = segno.make_qr(address, error="m")
    made.save(drawn, kind="svg", scale=8, border=4, dark="#000", light="#fff", xmldecl=False)
    return drawn.getvalue()


def _page(services: Services) -> str:
    policy = services.bot.policy
    own = prefix(services.settings)
    languages = _languages(services)
    return (
        environment()
        .get_template("kiosk.html")
        .render(
            prefix=own,
            style=own + assets()[_STYLE].path,
            script=own + assets()[_SCRIPT].path,
            icon_address=own + assets()[_ICON].path,
            clinic=policy.clinic,
            paused=services.settings.paused,
            languages=languages,
            lang=next(iter(languages)),
            say=kiosk.words()[next(iter(languages))],
            config=json.dumps(_config(services, languages), ensure_ascii=False),
        )
    )


def _languages(services: Services) -> dict[str, str]:
    """Enabled languages that the page speaks, with their own names; English where none is."""
    names = services.bot.policy.wording.names
    enabled = [tag for tag in services.settings.languages if tag in kiosk.words()]
    return {tag: names.get(tag, tag) for tag in enabled or [kiosk.FALLBACK]}


def _config(services: Services, languages: dict[str, str]) -> dict[str, Any]:
    policy, settings = services.bot.policy, services.settings
    return {
        "root": prefix(settings),
        "guides": sorted(services.bot.guides),
        "guide": services.bot.default_guide,
        "idleSeconds": settings.kiosk_idle_seconds,
        "warningSeconds": WARNING_SECONDS,
        "maxChars": min(settings.max_question_chars, _MAX_TYPED),
        "publicUrl": settings.public_url.rstrip("/"),
        "isDemo": policy.clinic.is_demo,
        # Said first on this page in a stronger form, so not once more among a card's lines.
        "staffLines": {
            tag: policy.wording.text("emergency.line_staff", tag) for tag in policy.wording.names
        },
        "languages": languages,
        "say": {tag: dict(kiosk.words()[tag]) for tag in languages},
    }
