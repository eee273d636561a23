"""Assistants ask the hub by the SDK's own client, over stdin and stdout and over HTTP."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import pytest

pytest.importorskip("mcp", reason="the extra `mcp` is not installed")

import httpx2
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

import pertoken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from mcp_types import CallToolResult, Tool

T = TypeVar("T")
MOST_ROWS = 1000
FINANCE, TEAM = "finance-token", "team-token"


def _environment(**added: str) -> dict[str, str]:
    return {n: v for n, v in os.environ.items() if not n.startswith("PERTOKEN_")} | added


def _ended(run: Callable[[], Awaitable[T]]) -> T:
    """What a coroutine comes to, in a thread: a browser of other tests may hold this one's loop."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(anyio.run, run).result()


def over_stdio(hub: Path, work: Callable[[Client], Awaitable[T]], *arguments: str) -> T:
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "pertoken", "mcp", "--hub", str(hub), *arguments],
        env=_environment(),
    )

    async def run() -> T:
        async with Client(stdio_client(server)) as client:
            return await work(client)

    return _ended(run)


@contextmanager
def served(hub: Path, **environment: str) -> Iterator[str]:
    """`pertoken mcp --http` on a free port of loopback: its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pertoken", "mcp", "--http", "--port", "0", "--hub", str(hub)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=_environment(PYTHONUNBUFFERED="1", **environment),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, process.stderr.read() if process.stderr else ""
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=10)


def over_http(address: str, work: Callable[[Client], Awaitable[T]], token: str | None = None) -> T:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def run() -> T:
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False) as http,
            Client(streamable_http_client(address, http_client=http)) as client,
        ):
            return await work(client)

    return _ended(run)


def rows_of(result: CallToolResult) -> list[dict[str, Any]]:
    assert not result.is_error, result.content
    answer = result.structured_content
    names = [column["name"] for column in answer["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer["rows"]]


def words_of(result: CallToolResult) -> str:
    assert result.is_error
    return result.content[0].text


def test_the_tools_are_the_questions_of_the_api_and_read_only(hub: Path) -> None:
    async def tools(client: Client) -> list[Tool]:
        return (await client.list_tools()).tools

    found = {tool.name: tool for tool in over_stdio(hub, tools)}
    assert {"matrix", "charges", "meters", "periods", "runs", "explain", "hub"} <= set(found)
    assert all(tool.annotations.read_only_hint for tool in found.values())
    matrix = found["matrix"].input_schema["properties"]
    assert {"by", "from", "to", "where", "currency", "per", "cost", "limit"} <= set(matrix)
    assert matrix["limit"]["maximum"] == MOST_ROWS


def test_an_assistant_sees_the_matrix_of_the_command_line_to_the_last_digit(hub: Path) -> None:
    async def ask(client: Client) -> CallToolResult:
        return await client.call_tool("matrix", {"by": "x_ModelId", "limit": MOST_ROWS})

    answered = rows_of(over_stdio(hub, ask))
    expected = pertoken.open(hub).matrix(by=["x_ModelId"]).to_dicts()
    assert [Decimal(row["EffectiveCost"]) for row in answered] == [
        row["EffectiveCost"] for row in expected
    ]
    assert [row["x_ModelId"] for row in answered] == [row["x_ModelId"] for row in expected]


def test_pages_hold_every_row_once_and_a_million_rows_are_refused(hub: Path) -> None:
    async def ask(client: Client) -> tuple[list[list[dict[str, Any]]], CallToolResult]:
        pages, offset = [], 0
        while offset is not None:
            page = await client.call_tool("meters", {"limit": 40, "offset": offset})
            pages.append(rows_of(page))
            offset = page.structured_content["next"]
        return pages, await client.call_tool("meters", {"limit": 1_000_000})

    pages, refused = over_stdio(hub, ask)
    rows = [tuple(row.values()) for page in pages for row in page]
    assert len(set(rows)) == len(rows)
    assert len(rows) == len(pertoken.open(hub).meters().to_dicts())
    assert "at most 1000 rows" in words_of(refused)


def test_an_explanation_adds_up_and_names_what_stays_outside(hub: Path) -> None:
    async def ask(client: Client) -> CallToolResult:
        return await client.call_tool("explain", {"currency": "USD", "all_charges": True})

    [explained] = over_stdio(hub, ask).structured_content["currencies"]
    parts = explained["parts"]
    assert sum(Decimal(part["EffectiveCost"]) for part in parts) == Decimal(
        explained["EffectiveCost"]
    )
    assert sum(Decimal(run["EffectiveCost"]) for run in explained["runs"]) == Decimal(
        explained["EffectiveCost"]
    )
    proven = [part for part in parts if part["x_TokenQuantity"] is not None]
    assert sum(Decimal(part["x_TokenQuantity"]) for part in proven) == Decimal(
        explained["x_TokenQuantity"]
    )
    assert "stays outside" in explained["formula"]


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("matrix", {"by": "SkuMetre"}, "SkuMeter"),
        ("matrix", {"from": "2026-09-01", "to": "2026-08-01"}, "holds no day"),
        ("matrix", {"color": "red"}, "color"),
        ("no_such_tool", {}, "matrix"),
    ],
)
def test_a_wrong_question_is_answered_with_what_helps(
    hub: Path, tool: str, arguments: dict[str, Any], words: str
) -> None:
    async def ask(client: Client) -> CallToolResult:
        return await client.call_tool(tool, arguments)

    assert words in words_of(over_stdio(hub, ask))


def test_the_glossary_and_the_reference_are_resources(hub: Path) -> None:
    async def ask(client: Client) -> dict[str, str]:
        listed = (await client.list_resources()).resources
        return {
            str(each.uri): (await client.read_resource(str(each.uri))).contents[0].text
            for each in listed
        }

    documents = over_stdio(hub, ask)
    assert "| EffectiveCost |" in documents["pertoken://glossary"]
    assert "x_QuantityBasis" in documents["pertoken://reference"]


def test_a_team_sees_its_own_rows_only_and_no_runs(hub: Path) -> None:
    async def ask(client: Client) -> tuple[CallToolResult, ...]:
        return (
            await client.call_tool("matrix", {"by": "Tags.team", "limit": MOST_ROWS}),
            await client.call_tool("runs", {}),
            await client.call_tool("matrix", {"cost": "List"}),
            await client.call_tool("explain", {}),
        )

    own, runs, prices, explained = over_stdio(hub, ask, "--team", "team=localization")
    assert {row["Tags.team"] for row in rows_of(own)} == {"localization"}
    assert "whole bill" in words_of(runs)
    assert "not shown to a team" in words_of(prices)
    assert all(each["runs"] == [] for each in explained.structured_content["currencies"])


def test_over_http_each_token_has_its_role_and_nobody_else_is_answered(hub: Path) -> None:
    tokens = [
        {"name": "f", "role": "finance", "sha256": hashlib.sha256(FINANCE.encode()).hexdigest()},
        {"name": "t", "role": "team", "sha256": hashlib.sha256(TEAM.encode()).hexdigest(),
         "tags": {"team": ["localization"]}},
    ]  # fmt: skip

    async def teams(client: Client) -> set[object]:
        found = rows_of(await client.call_tool("matrix", {"by": "Tags.team", "limit": MOST_ROWS}))
        return {row["Tags.team"] for row in found}

    with served(hub, PERTOKEN_WEB_TOKENS=json.dumps(tokens)) as address:
        assert over_http(address, teams, TEAM) == {"localization"}
        assert len(over_http(address, teams, FINANCE)) > 1
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            refused = httpx2.post(address, json=message, headers=headers, trust_env=False)
            assert refused.status_code == 401
        sent = {"Authorization": f"Bearer {FINANCE}", "Origin": "https://evil.example"}
        assert httpx2.post(address, json=message, headers=sent, trust_env=False).status_code == 403


def test_over_http_without_login_only_loopback_names_are_answered(hub: Path) -> None:
    async def count(client: Client) -> int:
        return len((await client.list_tools()).tools)

    with served(hub) as address:
        assert over_http(address, count) > 5
        rebound = httpx2.post(
            address, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
            headers={"Host": "evil.example", "Accept": "application/json, text/event-stream"},
            trust_env=False,
        )  # fmt: skip
        assert rebound.status_code == 421
