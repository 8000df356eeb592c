"""The pages for people: start page, reading page, the widget's frame, and their files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from bot.guide import Guide
from bot.http.links import located, prefix
from bot.http.models import GUIDE_ID, LANGUAGE
from bot.http.problems import Problem
from bot.http.reading import SectionView, view_of
from bot.http.services import Services, services_of
from bot.http.source import has_etag
from bot.records import Suggestion
from bot.settings import Settings
from bot.web import Asset, assets, environment

# A page may be kept, but has to be asked for again: the guide may have changed.
_FRESH = {"Cache-Control": "no-cache"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
# The address that snippets without a hash name: a new version is there after five minutes.
_FIVE_MINUTES = {"Cache-Control": "public, max-age=300"}
# Any site may load the widget, also one that isolates itself; what it may ask, CORS decides.
_SHARED = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
WIDGET = "widget.js"

router = APIRouter(include_in_schema=False)


@router.get("/")
async def get_demo(
    request: Request, guide: Annotated[str | None, Query(pattern=GUIDE_ID)] = None
) -> Response:
    """Show the clinic's start page: the widget on a page as a clinic might have it."""
    services = services_of(request)
    chosen = services.guide(guide)
    return _page(
        services,
        "demo.html",
        lang="en",
        guide=chosen,
        guides=[services.guide(i) for i in sorted(services.bot.guides)],
        topics=list(_topics(chosen)),
        numbers=services.bot.policy.clinic.numbers,
        widget_url=_widget_url(services.settings, request),
        keeps_samples=services.sampler is not None,
    )


@router.get("/guides/{guide_id}")
async def get_reading_page(
    guide_id: Annotated[str, Path(pattern=GUIDE_ID)], request: Request
) -> Response:
    """Show a whole guide, with an anchor at every section and passage."""
    services = services_of(request)
    guide = services.guide(guide_id)
    today = datetime.fromtimestamp(services.now(), UTC).date().isoformat()
    sections = view_of(guide)
    return _page(
        services,
        "guide.html",
        lang="en",
        guide=guide,
        sections=sections,
        has_withheld=_has_withheld(sections),
        described=_described(guide, services),
        # ISO dates compare as texts.
        is_overdue=bool(guide.review_by) and guide.review_by < today,
    )


@router.get("/embed")
async def get_embed(
    request: Request,
    guide: Annotated[str | None, Query(pattern=GUIDE_ID)] = None,
    lang: Annotated[str | None, Query(pattern=LANGUAGE)] = None,
) -> Response:
    """Show the widget alone, filling a frame on another site."""
    services = services_of(request)
    response = _page(
        services, "embed.html", lang=lang or "en", guide=services.guide(guide), widget_lang=lang
    )
    # A site that isolates itself may frame only what is isolated too.
    response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@router.get("/widget.js")
async def get_widget(request: Request) -> Response:
    """Give the widget under an address that stays."""
    asset = assets()[WIDGET]
    headers = {**_FIVE_MINUTES, "ETag": f'W/"{asset.digest}"'}
    if has_etag(request.headers.get("if-none-match", ""), asset.digest):
        return Response(status_code=304, headers={**headers, **_SHARED})
    return _file(asset, request, headers)


@router.get("/assets/{digest}/{name}")
async def get_asset(digest: str, name: str, request: Request) -> Response:
    """Give a file of the pages; its address changes with its content."""
    asset = assets().get(name)
    if asset is None or asset.digest != digest:
        raise Problem(404, "not_found", "There is nothing at this address.")
    return _file(asset, request, _FOREVER)


def _file(asset: Asset, request: Request, headers: dict[str, str]) -> Response:
    """A static file, compressed where the client can read that; nothing secret stands in one."""
    shared = _SHARED if asset.name == WIDGET else {}
    headers = {**headers, **shared, "Vary": "Accept-Encoding"}
    data = asset.data
    if "gzip" in request.headers.get("accept-encoding", ""):
        data, headers = asset.packed, {**headers, "Content-Encoding": "gzip"}
    return Response(data, headers=headers, media_type=asset.media_type)


def _topics(guide: Guide) -> Iterable[Suggestion]:
    """The sections that hold words of their own, each by its first passage, in guide order."""
    for _, passages in groupby(guide.passages, key=lambda passage: passage.section_id):
        first = next(passages)
        yield Suggestion(first.section, first.passage_id)


def _described(guide: Guide, services: Services) -> dict[str, Any]:
    """The page for machines, in schema.org's words; says only what the manifests say."""
    clinic = services.bot.policy.clinic
    who = {"@type": "MedicalClinic", "name": clinic.name, "telephone": clinic.phone}
    said = {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "name": guide.title,
        "url": located(f"/guides/{guide.guide_id}", services.settings),
        "inLanguage": guide.language,
        "version": guide.version,
        "audience": {"@type": "MedicalAudience", "audienceType": "Patient"},
        "lastReviewed": guide.reviewed_on,
        "reviewedBy": {"@type": "Person", "name": guide.reviewed_by} if guide.reviewed_by else "",
        "license": guide.licence,
        "publisher": {name: value for name, value in who.items() if value} if clinic.name else "",
        "isAccessibleForFree": True,
    }
    return {name: value for name, value in said.items() if value}


def _widget_url(settings: Settings, request: Request) -> str:
    """As another site has to write it: the public address, else where this page was asked for."""
    path = located("/widget.js", settings)
    return path if "://" in path else f"{request.url.scheme}://{request.url.netloc}{path}"


def _has_withheld(sections: Iterable[SectionView]) -> bool:
    return any(
        piece.is_withheld
        for section in sections
        for group in section.groups
        for passage in group.passages
        for piece in passage.pieces
    )


def _page(services: Services, template: str, **values: Any) -> HTMLResponse:
    root = prefix(services.settings)
    html = (
        environment()
        .get_template(template)
        .render(
            prefix=root,
            asset=lambda name: root + assets()[name].path,
            integrity=lambda name: assets()[name].integrity,
            clinic=services.bot.policy.clinic,
            paused=services.settings.paused,
            **values,
        )
    )
    return HTMLResponse(html, headers=_FRESH)
