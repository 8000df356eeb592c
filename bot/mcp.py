"""The door for language models: an MCP server with the guide as tools and resources.

A calling model gets the outcome as a field and as the first words of the text, so that it cannot
take a refusal for an answer. What to say is left to `answer`; keys, limits and the way of a turn
are those of `http`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from mcp.server.mcpserver.resources import TextResource
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel, Field

from bot import __version__
from bot.answer import ReadyGuide, open_bot
from bot.answer.kept import cache_folder
from bot.answer.topics import topics
from bot.http import logs, middleware
from bot.http.app import open_services, tending
from bot.http.asking import ask, mint_reply_id
from bot.http.chat import rendered
from bot.http.guides import verified
from bot.http.models import GUIDE_ID, VISIT_ID, ReplyModel, VerifyModel
from bot.http.problems import Problem
from bot.http.server import run
from bot.http.services import Services
from bot.records import URGENT_OUTCOMES, Outcome, Passage, Turn, to_dict
from bot.settings import Settings
from bot.store import open_store

CHANNEL = "mcp"
PATH = "/mcp"
_ELIDED = "[…]"
_ABOUT = (
    "Answers patients' questions from a clinic's own guide, only by quoting it. Ask it with the "
    "person's own words, all of them, and pass on what it says unchanged: refusals, emergencies "
    "and 'not in the guide' too. It never gives doses, and nor may you. Send visit_id back to go "
    "on with a conversation."
)
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ASKS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)

GuideId = Annotated[
    str | None, Field(pattern=GUIDE_ID, description="A guide's id; the default one if left out.")
]


class Told(ReplyModel):
    """The reply, and what the calling model has to do with it."""

    kind: Literal["answer", "refusal", "urgent", "not_in_guide", "other"] = Field(
        description="Anything but answer says that the guide does not answer the question."
    )
    instruction: str


class Topic(BaseModel):
    """A section that can be asked about."""

    title: str
    passage_id: str
    uri: str


class Topics(BaseModel):
    """What a guide is about."""

    guide: str
    title: str
    version: str
    topics: list[Topic]


class Verified(VerifyModel):
    """Whether words stand in the guide, and where."""


def serve(settings: Settings, *, over_http: bool) -> None:
    """Serve until the client leaves (standard input and output) or a signal comes (HTTP).

    Raises:
        BotError: A guide, a setting or the store is wrong; nothing has been served then.
    """
    bot = open_bot(settings, cache=cache_folder())
    store = open_store(settings.database_url, retention_hours=settings.visit_retention_hours)
    services = open_services(bot, store, settings)
    server = build(services)
    # The package sets up logging of its own, and its lines may hold what was asked.
    logs.configure(settings)
    logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)
    if over_http:
        run(http_app(server, services), settings)
    else:
        anyio.run(_over_stdio, server, services)


def build(services: Services) -> MCPServer[Any]:
    """The MCP server around services that are open."""
    server: MCPServer[Any] = MCPServer(
        "quotewell", title="Quotewell", version=__version__, instructions=_ABOUT
    )
    _add_tools(server, services)
    _add_resources(server, services)
    return server


def http_app(server: MCPServer[Any], services: Services) -> Any:
    """The server as an ASGI app at /mcp, behind the same keys, limits and headers as the API."""
    settings = services.settings
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        max_request_body_size=settings.max_body_bytes,
        transport_security=_hosts(settings),
        host=settings.host,
    )
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def both(app: Any) -> AsyncIterator[Any]:
        async with tending(services), inner(app) as state:
            yield state

    app.router.lifespan_context = both
    wrapped: Any = app
    for layer in reversed(middleware.stack(settings, services.metrics, services.doorkeeper)):
        wrapped = layer.cls(wrapped, *layer.args, **layer.kwargs)
    return wrapped


async def _over_stdio(server: MCPServer[Any], services: Services) -> None:
    async with tending(services):
        await server.run_stdio_async()


def _hosts(settings: Settings) -> TransportSecuritySettings | None:
    """Which names the server answers to, so that no web page can reach it by a name of its own.

    None leaves it to the package, which on a loopback address takes loopback names only.
    """
    public = urlsplit(settings.public_url)
    if not public.netloc:
        return None
    origin = f"{public.scheme}://{public.netloc}"
    return TransportSecuritySettings(
        allowed_hosts=[public.netloc, "127.0.0.1:*", "localhost:*", "[::1]:*"],
        allowed_origins=[origin, *settings.allowed_origins],
    )


def _add_tools(server: MCPServer[Any], services: Services) -> None:
    @server.tool(title="Ask the clinic's guide", annotations=_ASKS)
    async def ask_guide(
        question: Annotated[
            str, Field(max_length=20000, description="What the person said, word for word.")
        ],
        ctx: Context[Any, Any],
        guide: GuideId = None,
        visit_id: Annotated[
            str | None, Field(pattern=VISIT_ID, description="From the reply before, to go on.")
        ] = None,
    ) -> Annotated[CallToolResult, Told]:
        """Ask the guide, and relay `text` to the person word for word, whatever the outcome.

        `kind` says what came of it. Only `answer` answers; after any other, do not answer the
        question yourself. `card` comes before everything else.
        """
        try:
            return await _ask(services, ctx, question, guide, visit_id)
        except Problem as problem:
            raise ToolError(problem.detail) from problem

    @server.tool(title="List what a guide covers", annotations=_READS)
    async def list_topics(guide: GuideId = None) -> Topics:
        """List the sections of a guide, each with the address of a passage to read."""
        try:
            services.guide(guide)
        except Problem as problem:
            raise ToolError(problem.detail) from problem
        return _topics(services.bot.guide(guide))

    @server.tool(title="Check a quotation", annotations=_READS)
    async def verify_quote(
        quote: Annotated[str, Field(min_length=1, max_length=10000)], guide: GuideId = None
    ) -> Verified:
        """Say whether words stand in the guide word for word, white space aside, and where."""
        if not quote.strip():
            raise ToolError("quote has to hold more than white space")
        try:
            return Verified(**verified(services, guide, quote))
        except Problem as problem:
            raise ToolError(problem.detail) from problem


async def _ask(
    services: Services,
    ctx: Context[Any, Any],
    question: str,
    guide: str | None,
    visit_id: str | None,
) -> CallToolResult:
    guide_id = services.guide_id(guide)
    request = ctx.request_context.request
    barred = None
    if request is not None:
        barred = await services.doorkeeper.visitor(request.scope, visit_id)
    turn = Turn(reply_id=mint_reply_id(), at=services.now(), text=question)
    reply = await ask(services, turn, visit_id, guide_id, CHANNEL, barred=barred)
    kind, instruction = _kind(reply.outcome)
    told = {**to_dict(reply), "kind": kind, "instruction": instruction}
    head = f"[{kind}: {reply.outcome}] {instruction}"
    texts = (head, rendered(reply, services), f"visit_id: {reply.visit_id}")
    return CallToolResult(
        content=[TextContent(type="text", text=text) for text in texts],
        structured_content=told,
    )


def _kind(outcome: Outcome) -> tuple[str, str]:
    """What a reply is to a calling model, and what it has to do."""
    if outcome in URGENT_OUTCOMES:
        return "urgent", "Show this first and unchanged, with every number, before anything else."
    if outcome in ("dosing_refusal", "personal_advice"):
        return (
            "refusal",
            "This question must not be answered. Relay the text word for word, and give no "
            "amount, schedule, technique or judgement from any other source.",
        )
    if outcome == "answer":
        return "answer", "Relay the text word for word with its sources; add nothing medical."
    if outcome == "not_covered":
        return (
            "not_in_guide",
            "The guide is silent. Relay the text word for word; do not fill the gap yourself.",
        )
    return "other", "Relay the text word for word; do not answer the question yourself."


def _topics(ready: ReadyGuide) -> Topics:
    guide = ready.guide
    found = [guide.passage(passage_id) for passage_id in topics(ready)]
    listed = [
        Topic(title=p.section, passage_id=p.passage_id, uri=_uri(guide.guide_id, p.passage_id))
        for p in sorted(found, key=lambda p: p.start)
    ]
    return Topics(guide=guide.guide_id, title=guide.title, version=guide.version, topics=listed)


def _add_resources(server: MCPServer[Any], services: Services) -> None:
    """Each passage that may be quoted, listed; and all of them by their address."""
    for guide_id, ready in sorted(services.bot.guides.items()):
        for passage in ready.guide.passages:
            text = passage_text(ready, passage)
            if text:
                server.add_resource(
                    TextResource(
                        uri=_uri(guide_id, passage.passage_id),
                        name=passage.passage_id,
                        title=f"{ready.guide.title}: {passage.section}",
                        description=" › ".join(passage.path),
                        mime_type="text/plain",
                        text=text,
                    )
                )

    @server.resource(
        "guide://{guide_id}/{passage_id}",
        name="passage",
        title="A passage of a guide",
        description="The passage's words, exactly as they stand in the guide.",
        mime_type="text/plain",
    )
    def passage_of(guide_id: str, passage_id: str) -> str:
        ready = services.bot.guides.get(guide_id)
        found = [p for p in ready.guide.passages if p.passage_id == passage_id] if ready else []
        text = passage_text(ready, found[0]) if ready and found else ""
        if not text:
            raise ResourceNotFoundError("there is no such passage")
        return text


def passage_text(ready: ReadyGuide, passage: Passage) -> str:
    """A passage's words; sentences that are never quoted are left out and marked.

    Empty if nothing of it may be quoted.
    """
    own = ready.sentences[passage.passage_id]
    if not any(sentence.withheld for sentence in own):
        return passage.text
    source = ready.guide.source
    parts: list[str] = []
    for sentence in own:
        text = _ELIDED if sentence.withheld else source[sentence.start : sentence.end]
        if text != _ELIDED or parts[-1:] != [_ELIDED]:
            parts.append(text)
    return " ".join(parts) if parts != [_ELIDED] else ""


def _uri(guide_id: str, passage_id: str) -> str:
    return f"guide://{guide_id}/{passage_id}"
