"""Routes about clinic and guides: facts, what there is, its source, is this text in it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from bot.guide import Guide
from bot.http.documents import PROBLEM, needs_json
from bot.http.links import located
from bot.http.models import (
    GUIDE_ID,
    ClinicModel,
    GuideList,
    GuideModel,
    VerifyModel,
    VerifyRequest,
)
from bot.http.services import Services, services_of
from bot.http.source import has_etag, source_bytes
from bot.records import Passage, Section, to_dict

MAX_PLACES = 10

router = APIRouter(prefix="/v1", tags=["guides"])
GuideId = Annotated[str, Path(pattern=GUIDE_ID, description="Id of a guide.")]


@router.post(
    "/verify",
    operation_id="verify",
    summary="Does this text stand in the guide, word for word?",
    response_model=VerifyModel,
    responses={400: PROBLEM, 404: PROBLEM, 413: PROBLEM, 415: PROBLEM, 422: PROBLEM},
    dependencies=[Depends(needs_json)],
)
async def post_verify(body: VerifyRequest, request: Request) -> Response:
    """Search the source text itself; only white space may differ, letters and marks may not."""
    return JSONResponse(verified(services_of(request), body.guide, body.quote))


@router.get(
    "/clinic",
    operation_id="get_clinic",
    summary="The clinic's name, phone, urgent numbers and languages",
    response_model=ClinicModel,
)
async def get_clinic(request: Request) -> Response:
    """Tell what a page has to show before anything is asked."""
    services = services_of(request)
    policy, settings = services.bot.policy, services.settings
    clinic = policy.clinic
    return JSONResponse(
        {
            "name": clinic.name,
            "phone": clinic.phone,
            "hours": clinic.hours,
            "address": clinic.address,
            "is_demo": clinic.is_demo,
            "paused": settings.paused,
            "numbers": to_dict(clinic.numbers),
            "languages": list(policy.languages),
            "default_guide": services.bot.default_guide,
            "max_question_chars": settings.max_question_chars,
        }
    )


@router.get(
    "/guides",
    operation_id="list_guides",
    summary="The guides that this server answers from",
    response_model=GuideList,
)
async def get_guides(request: Request) -> Response:
    """List them by id."""
    services = services_of(request)
    ids = sorted(services.bot.guides)
    return JSONResponse({"guides": [_summary(services, services.guide(i)) for i in ids]})


@router.get(
    "/guides/{guide_id}",
    operation_id="get_guide",
    summary="A guide's sections, passages and review facts",
    response_model=GuideModel,
    responses={404: PROBLEM, 422: PROBLEM},
)
async def get_guide(guide_id: GuideId, request: Request) -> Response:
    """Tell where everything stands; the words themselves are in the source."""
    services = services_of(request)
    guide = services.guide(guide_id)
    return JSONResponse(
        {
            **_summary(services, guide),
            "origin": guide.origin,
            "licence": guide.licence,
            "review": {
                "reviewed_by": guide.reviewed_by,
                "reviewed_on": guide.reviewed_on,
                "review_by": guide.review_by,
            },
            "sections": [_section(services, guide, section) for section in guide.sections],
        }
    )


@router.get(
    "/guides/{guide_id}/source",
    operation_id="get_source",
    summary="A guide's text, byte for byte as the clinic gave it",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        304: {"description": "The source has not changed since that ETag."},
        404: PROBLEM,
        422: PROBLEM,
    },
)
async def get_source(guide_id: GuideId, request: Request) -> Response:
    """Give the bytes; their ETag is their SHA-256."""
    guide = services_of(request).guide(guide_id)
    headers = {"ETag": f'"{guide.sha256}"', "Cache-Control": "no-cache"}
    if has_etag(request.headers.get("if-none-match", ""), guide.sha256):
        return Response(status_code=304, headers=headers)
    # Markdown too is sent as plain text: a browser shows it, and nothing in it is run.
    return Response(source_bytes(guide), headers=headers, media_type="text/plain")


def verified(services: Services, guide_id: str | None, quote: str) -> dict[str, Any]:
    """Whether and where a text stands in a guide; Problem 404 where there is no such guide."""
    guide = services.guide(guide_id)
    found = places(guide, quote)
    return {
        "verbatim": bool(found),
        "guide": guide.guide_id,
        "version": guide.version,
        "sha256": guide.sha256,
        "places": [_place(services, guide, start, end) for start, end in found],
    }


def places(guide: Guide, quote: str) -> list[tuple[int, int]]:
    """Ranges of the source that equal the quote, white space aside; in order, ten at most."""
    pattern = r"\s+".join(re.escape(word) for word in quote.split())
    ranges: list[tuple[int, int]] = []
    for match in re.finditer(pattern, guide.source):
        ranges.append(match.span())
        if len(ranges) == MAX_PLACES:
            break
    return ranges


def _place(services: Services, guide: Guide, start: int, end: int) -> dict[str, Any]:
    section = _around(guide.sections, start, start + 1)
    passage = _around(guide.passages, start, end)
    anchor = passage.passage_id if passage else section.section_id if section else ""
    return {
        "section": section.title if section else "",
        "section_id": section.section_id if section else "",
        "passage_id": passage.passage_id if passage else None,
        "start": start,
        "end": end,
        "url": _page(services, guide, anchor),
    }


def _around(ranges: tuple[Any, ...], start: int, end: int) -> Any:
    """The narrowest range that holds start to end: sections may hold their subsections."""
    holding = [r for r in ranges if r.start <= start and end <= r.end]
    return min(holding, key=lambda r: r.end - r.start, default=None)


def _summary(services: Services, guide: Guide) -> dict[str, Any]:
    return {
        "id": guide.guide_id,
        "title": guide.title,
        "language": guide.language,
        "version": guide.version,
        "sha256": guide.sha256,
        "is_default": guide.guide_id == services.bot.default_guide,
        "url": _page(services, guide),
    }


def _section(services: Services, guide: Guide, section: Section) -> dict[str, Any]:
    own = [p for p in guide.passages if p.section_id == section.section_id]
    return {
        "section_id": section.section_id,
        "title": section.title,
        "path": list(section.path),
        "passages": [_passage(services, guide, passage) for passage in own],
    }


def _passage(services: Services, guide: Guide, passage: Passage) -> dict[str, Any]:
    return {
        "passage_id": passage.passage_id,
        "start": passage.start,
        "end": passage.end,
        "kind": passage.kind,
        "url": _page(services, guide, passage.passage_id),
    }


def _page(services: Services, guide: Guide, anchor: str = "") -> str:
    fragment = f"#{anchor}" if anchor else ""
    return located(f"/guides/{guide.guide_id}{fragment}", services.settings)
