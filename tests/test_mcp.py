"""The MCP server as its official client sees it: in process, over stdio, over HTTP."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from bot import keys
from bot.http.app import open_services
from bot.mcp import build, passage_text
from bot.store import open_store
from tests.http_support import CANARY, DOSING, EMERGENCY, GUIDE, a_bot, a_store, settings_with
from tests.test_http_server import Server

QUOTE = "These symptoms are usually transient and resolve on their own."


def talk(server: Any, say: Callable[[Client], Awaitable[Any]]) -> Any:
    """Connect, say something, and leave."""

    async def whole() -> Any:
        async with Client(server) as client:
            return await say(client)

    return asyncio.run(whole())


def in_process(say: Callable[[Client], Awaitable[Any]]) -> Any:
    """The same with a server in this process."""
    return talk(build(open_services(a_bot(), a_store(), settings_with())), say)


def ask(question: str, **more: Any) -> Callable[[Client], Awaitable[Any]]:
    return lambda client: client.call_tool("ask_guide", {"question": question, **more})


def words(result: Any) -> list[str]:
    """The texts of a result, for clients that read nothing else."""
    return [block.text for block in result.content]


def test_every_tool_describes_what_it_takes_and_gives() -> None:
    tools = in_process(lambda client: client.list_tools()).tools
    assert [tool.name for tool in tools] == ["ask_guide", "list_topics", "verify_quote"]
    assert all(tool.description and tool.output_schema for tool in tools)
    assert {"outcome", "kind", "instruction"} <= set(tools[0].output_schema["required"])


def test_an_answer_is_the_whole_reply_and_a_text_with_its_source() -> None:
    result = in_process(ask("Can it cause an allergic reaction?"))
    told = result.structured_content
    assert not result.is_error
    assert (told["kind"], told["outcome"]) == ("answer", "answer")
    source = a_bot().guide(GUIDE).guide.source
    [excerpt] = told["excerpts"]
    assert source[excerpt["start"] : excerpt["end"]] == excerpt["quote"]
    assert excerpt["quote"] in words(result)[1]
    assert "Allergic Reactions" in words(result)[1]


@pytest.mark.parametrize(
    ("question", "kind", "outcome"),
    [
        (DOSING, "refusal", "dosing_refusal"),
        ("Do I have pernicious anemia?", "refusal", "personal_advice"),
        (EMERGENCY, "urgent", "emergency"),
        ("What does it cost?", "not_in_guide", "not_covered"),
        ("hello", "other", "smalltalk"),
    ],
)
def test_what_is_no_answer_says_so_first_in_both_forms(
    question: str, kind: str, outcome: str
) -> None:
    result = in_process(ask(question))
    told = result.structured_content
    assert (told["kind"], told["outcome"]) == (kind, outcome)
    assert words(result)[0].startswith(f"[{kind}: {outcome}] {told['instruction']}")
    assert told["text"] in words(result)[1]


def test_a_conversation_goes_on_by_its_visit() -> None:
    async def twice(client: Client) -> Any:
        first: Any = await client.call_tool("ask_guide", {"question": DOSING})
        visit_id = first.structured_content["visit_id"]
        assert words(first)[2] == f"visit_id: {visit_id}"
        return await client.call_tool(
            "ask_guide", {"question": "and for kids?", "visit_id": visit_id}
        )

    assert in_process(twice).structured_content["outcome"] == "dosing_refusal"


def test_topics_lead_to_passages_that_can_be_read() -> None:
    async def read(client: Client) -> Any:
        listed: Any = await client.call_tool("list_topics", {})
        topics = listed.structured_content["topics"]
        texts = [(await client.read_resource(topic["uri"])).contents[0] for topic in topics]
        return topics, texts

    topics, texts = in_process(read)
    source = a_bot().guide(GUIDE).guide.source
    assert len(topics) >= 10
    assert all(content.text in source for content in texts)


def test_every_passage_that_may_be_quoted_is_listed_and_word_for_word() -> None:
    async def all_of(client: Client) -> Any:
        listed = (await client.list_resources()).resources
        contents = [(await client.read_resource(r.uri)).contents[0] for r in listed]
        return listed, contents

    listed, contents = in_process(all_of)
    ready = a_bot().guide(GUIDE)
    expected = [text for p in ready.guide.passages if (text := passage_text(ready, p))]
    assert [content.text for content in contents] == expected
    assert len({str(resource.uri) for resource in listed}) == len(listed)


def test_a_sentence_that_is_never_quoted_is_not_read_out_either(tmp_path: Path) -> None:
    text = (
        "# Leaflet\n\n## How it is given\n\nAsk us anything. Inject 5 mg every week. It is red.\n"
    )
    (tmp_path / "guide.md").write_text(text, encoding="utf-8")
    from bot.answer import open_bot

    ready = open_bot(settings_with(), tmp_path).guide()
    texts = [passage_text(ready, passage) for passage in ready.guide.passages]
    assert texts == ["Ask us anything. […] It is red."]


def test_a_quotation_is_checked_word_for_word() -> None:
    for quote, verbatim in ((QUOTE, True), (QUOTE.replace("usually", "always"), False)):
        result = in_process(lambda c, q=quote: c.call_tool("verify_quote", {"quote": q}))  # type: ignore[misc]
        assert result.structured_content["verbatim"] is verbatim
        assert bool(result.structured_content["places"]) is verbatim


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ask_guide", {"question": "x", "guide": "no-such-guide"}),
        ("ask_guide", {"question": "x", "visit_id": "short"}),
        ("ask_guide", {}),
        ("list_topics", {"guide": "no-such-guide"}),
        ("verify_quote", {"quote": " "}),
        ("verify_quote", {"quote": "B12", "guide": "no-such-guide"}),
    ],
)
def test_a_call_that_makes_no_sense_is_an_error(tool: str, arguments: dict[str, str]) -> None:
    result = in_process(lambda client: client.call_tool(tool, arguments))
    assert result.is_error
    assert result.structured_content is None


@pytest.mark.parametrize(
    "uri", ["guide://no-such-guide/x", f"guide://{GUIDE}/no-such-passage", f"guide://{GUIDE}/../x"]
)
def test_a_passage_that_is_not_there_is_an_error(uri: str) -> None:
    async def read(client: Client) -> None:
        with pytest.raises(MCPError):
            await client.read_resource(uri)

    in_process(read)


# Real processes


def program(tmp_path: Path, *args: str) -> StdioServerParameters:
    environ = {**os.environ, "QUOTEWELL_DATABASE_URL": f"sqlite:///{tmp_path / 'kept.db'}"}
    return StdioServerParameters(command=sys.executable, args=["-m", "bot", *args], env=environ)


def test_over_stdio_and_nothing_that_was_asked_is_kept(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def say(client: Client) -> Any:
        await ask(f"{CANARY} {DOSING}")(client)
        await client.call_tool("ask_guide", {"question": [CANARY]})
        return await ask(f"{CANARY} {EMERGENCY}")(client)

    result = talk(program(tmp_path, "mcp"), say)
    assert result.structured_content["outcome"] == "emergency"
    assert CANARY not in capfd.readouterr().err
    assert CANARY.encode() not in b"".join(p.read_bytes() for p in tmp_path.glob("kept.db*"))


@pytest.fixture(scope="module")
def over_http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server over HTTP that requires a key, and the key."""
    folder = tmp_path_factory.mktemp("mcp")
    store = open_store(f"sqlite:///{folder / 'kept.db'}", retention_hours=24)
    key = keys.add(store.keys, "a model", ["ask"], time.time(), None)
    store.close()
    limits = {"QUOTEWELL_LIMIT_PER_VISITOR": "1", "QUOTEWELL_REQUIRE_KEY": "true"}
    server = Server(folder, "mcp", "--http", **limits)
    try:
        yield server, key
        assert server.stop() == 0
        assert CANARY not in server.log
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait(60)
        assert server.process.stdout
        server.process.stdout.close()


def with_key(server: Server, key: str, say: Callable[[Client], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        header = {"Authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(headers=header) as http:
            transport = streamable_http_client(f"{server.url}mcp", http_client=http)
            async with Client(transport) as client:
                return await say(client)

    return asyncio.run(whole())


def test_over_http_with_a_key_and_limits_but_never_for_emergencies(
    over_http: tuple[Server, str],
) -> None:
    visit_id = "a-visit-of-a-model"

    async def say(client: Client) -> Any:
        return [
            await ask(text, visit_id=visit_id)(client)
            for text in (f"{DOSING} {CANARY}", DOSING, EMERGENCY)
        ]

    first, limited, urgent = with_key(*over_http, say)
    assert first.structured_content["outcome"] == "dosing_refusal"
    assert limited.is_error
    assert "In an emergency call" in words(limited)[0]
    assert urgent.structured_content["outcome"] == "emergency"


def test_over_http_nobody_comes_in_without_a_key_or_by_another_name(
    over_http: tuple[Server, str],
) -> None:
    server, key = over_http
    headers = {"Accept": "application/json, text/event-stream"}
    call = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    refused = httpx2.post(f"{server.url}mcp", json=call, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "key_required")
    headers |= {"Authorization": f"Bearer {key}", "Host": "evil.example"}
    rebound = httpx2.post(f"{server.url}mcp", json=call, headers=headers)
    assert rebound.status_code == 421
