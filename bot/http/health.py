"""Routes for operators: is it alive, is it fit, what runs, what are the figures."""

from __future__ import annotations

import asyncio
import hmac

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

import bot
from bot.errors import StoreError
from bot.http.admission import opens
from bot.http.context import bearer_of, context_of
from bot.http.documents import PROBLEM
from bot.http.metrics import CONTENT_TYPE
from bot.http.models import ReadyModel, StatusModel, VersionModel
from bot.http.problems import Problem
from bot.http.services import Services, services_of
from bot.http.source import hashes_on_disk

# Seconds until the store counts as unreachable.
_PING_DEADLINE = 1.0
# Whoever is in danger may need any of the three.
_URGENT_KINDS = frozenset({"emergency"})  # not every country has the other lines

router = APIRouter(tags=["operation"])


@router.get(
    "/healthz", operation_id="get_health", summary="The process answers", response_model=StatusModel
)
async def get_health() -> Response:
    """Say that the process is alive; look at nothing else."""
    return JSONResponse({"status": "ok"})


@router.get(
    "/readyz",
    operation_id="get_readiness",
    summary="The server is fit to answer patients",
    response_model=ReadyModel,
    responses={503: PROBLEM},
)
async def get_readiness(request: Request) -> Response:
    """Check guides, store and urgent numbers; 503 names the checks that fail."""
    services = services_of(request)
    checks = {
        "guides": await asyncio.to_thread(_guides_are_unchanged, services),
        "store": await _store_is_reachable(services),
        "urgent_numbers": _has_urgent_numbers(services),
    }
    if not all(checks.values()):
        failing = ", ".join(name for name, is_fine in checks.items() if not is_fine)
        raise Problem(503, "not_ready", f"Not fit to answer: {failing}.", extra={"checks": checks})
    return JSONResponse({"status": "ready", "checks": checks})


@router.get(
    "/version", operation_id="get_version", summary="What is running", response_model=VersionModel
)
async def get_version(request: Request) -> Response:
    """Name the versions of program, policy and guides."""
    services = services_of(request)
    guides = {i: services.guide(i) for i in sorted(services.bot.guides)}
    return JSONResponse(
        {
            "version": bot.__version__,
            "policy_version": services.bot.policy.version,
            "guides": {i: {"version": g.version, "sha256": g.sha256} for i, g in guides.items()},
        }
    )


@router.get("/metrics", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Give the figures to this machine itself, or to whoever holds the token."""
    services = services_of(request)
    token = services.settings.metrics_token
    is_open = context_of(request.scope).is_local or _holds(request, token)
    if not is_open and not await _has_admin_key(request, services):
        if token:
            raise Problem(
                401,
                "token_required",
                "The figures need a bearer token.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        raise Problem(403, "loopback_only", "The figures are for this machine itself.")
    return Response(services.metrics.text(), media_type=CONTENT_TYPE)


async def _has_admin_key(request: Request, services: Services) -> bool:
    found = await services.doorkeeper.key(bearer_of(request.scope))
    return found is not None and opens(found, "admin")


def _holds(request: Request, token: str) -> bool:
    scheme, _, offered = request.headers.get("authorization", "").partition(" ")
    # Compared as bytes, since compare_digest refuses text beyond ASCII.
    is_same = hmac.compare_digest(offered.strip().encode(), token.encode())
    return bool(token) and scheme.lower() == "bearer" and is_same


def _guides_are_unchanged(services: Services) -> bool:
    loaded = {services.guide(guide_id).sha256 for guide_id in services.bot.guides}
    return bool(loaded) and loaded <= hashes_on_disk(services.settings.corpus_dir)


async def _store_is_reachable(services: Services) -> bool:
    try:
        async with asyncio.timeout(_PING_DEADLINE):
            await asyncio.to_thread(services.store.ping)
    except (StoreError, TimeoutError):
        return False
    return True


def _has_urgent_numbers(services: Services) -> bool:
    kinds = {number.kind for number in services.bot.policy.clinic.numbers if number.number}
    return kinds >= _URGENT_KINDS
