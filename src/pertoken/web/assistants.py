"""A Model Context Protocol server: the API's questions as read-only tools, its words as resources.

A tool is one GET route of the API, under the same noun, with the same parameters, roles and errors;
it is answered by that route, so that an assistant sees no number that the page does not show. Over
HTTP every request carries its own token and no session is kept.
Source: Model Context Protocol 2026-07-28; docs/assistants.md.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import mcp_types as types
from fastapi import FastAPI
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request

from pertoken.errors import PertokenError
from pertoken.version import __version__
from pertoken.web.desk import Desk
from pertoken.web.documents import DOCUMENTS, document_text
from pertoken.web.errors import FORBIDDEN, LastDoor, add_error_answers, envelope, error_response
from pertoken.web.routes import table_routes
from pertoken.web.sign_in import Gate
from pertoken.web.store import HubReader
from pertoken.web.views import view_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from pertoken.web.people import Person
    from pertoken.web.settings import WebSettings

PATH = "/mcp"
MOST_ROWS = 1000
_ROWS = 50
_FOR_THE_PAGE = frozenset({"/api/sparklines", "/api/writing", "/api/hierarchy", "/api/allocation"})
_INSTRUCTIONS = (
    "Exact token unit economics from cloud bills (FOCUS). Amounts are strings of plain digits: "
    "quote them as they are, with their BillingCurrency, and never add two currencies. An empty "
    "value is unknown, not zero. Ask `hub` first for the months and through which day the bill is "
    "complete, `columns` for what can stand in `by` and `where`, `matrix` for cost, tokens and "
    "unit cost by any of them, and `explain` before you claim why a number is what it is. Rows "
    "come in pages: `next` is the offset of the next page, and none is left out silently."
)
_READ_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


class Assistants:
    """The tools and resources over one hub.

    Takes:  identify, who asks, by the request that carries the question.
    """

    def __init__(self, reader: HubReader, identify: Callable[[Request], Person]) -> None:
        self._api = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        desk = Desk(reader, identify)
        self._api.include_router(table_routes(desk))
        self._api.include_router(view_routes(desk))
        add_error_answers(self._api)
        self._tools = {tool.name: (path, tool) for path, tool in _tools(self._api)}
        self.server = Server(
            "pertoken",
            version=__version__,
            title="pertoken",
            instructions=_INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_read_resource=self._read_resource,
        )

    async def _list_tools(self, _context: Any, _params: Any) -> types.ListToolsResult:  # noqa: ANN401 - the SDK's own
        return types.ListToolsResult(tools=[tool for _, tool in self._tools.values()])

    async def _call_tool(
        self,
        context: Any,  # noqa: ANN401 - the SDK's own
        params: types.CallToolRequestParams,
    ) -> types.CallToolResult:
        path, tool = self._tools.get(params.name, (None, None))
        if path is None or tool is None:
            return _failed(f"There is no tool '{params.name}'. Tools: {', '.join(self._tools)}.")
        given = {
            name: value for name, value in (params.arguments or {}).items() if value is not None
        }
        if "limit" in tool.input_schema["properties"]:
            given.setdefault("limit", _ROWS)
            if isinstance(given["limit"], int) and given["limit"] > MOST_ROWS:
                return _failed(
                    f"limit {given['limit']} is more than a page. Expected at most {MOST_ROWS} "
                    "rows. Narrow the question, or ask page by page with `offset`."
                )
        answer = await self._asked(path, given, getattr(context, "request", None))
        if answer.status_code != httpx2.codes.OK:
            error = answer.json()["errors"][0]
            return _failed(f"{error['message']} {error['help']}")
        return types.CallToolResult(
            content=[types.TextContent(text=answer.text)], structured_content=answer.json()
        )

    async def _asked(
        self, path: str, given: Mapping[str, Any], request: Request | None
    ) -> httpx2.Response:
        """The API's answer to whoever sent the request; over stdio there is none to pass on."""
        sent = (
            {} if request is None else {"authorization": request.headers.get("authorization", "")}
        )
        transport = httpx2.ASGITransport(app=self._api, raise_app_exceptions=False)
        asked = httpx2.QueryParams(
            {
                name: [_text(each) for each in value] if isinstance(value, list) else _text(value)
                for name, value in given.items()
            }
        )
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://localhost", trust_env=False
        ) as client:
            return await client.get(path, params=asked, headers=sent)

    async def _list_resources(self, _context: Any, _params: Any) -> types.ListResourcesResult:  # noqa: ANN401 - the SDK's own
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=f"pertoken://{name}", name=name, title=words, mime_type="text/markdown"
                )
                for name, words in DOCUMENTS.items()
            ]
        )

    async def _read_resource(
        self,
        _context: Any,  # noqa: ANN401 - the SDK's own
        params: types.ReadResourceRequestParams,
    ) -> types.ReadResourceResult:
        text = document_text(str(params.uri).removeprefix("pertoken://"))
        return types.ReadResourceResult(
            contents=[
                types.TextResourceContents(uri=params.uri, text=text, mime_type="text/markdown")
            ]
        )


async def serve_stdio(hub: str | Path, person: Person) -> None:
    """Answer one assistant over stdin and stdout until it closes them; every call is `person`'s."""
    reader = HubReader(hub)
    try:
        await reader.snapshot()
        server = Assistants(reader, lambda _: person).server
        async with stdio_server() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())
    finally:
        reader.close()


def mcp_app(hub: str | Path, settings: WebSettings, hosts: list[str]) -> ASGIApp:
    """The server over streamable HTTP at /mcp, with the roles of the page.

    Takes:   hosts, the Host headers that are answered; a browser's Origin is answered nowhere.
    """
    reader = HubReader(hub)
    gate = Gate(settings.model_copy(update={"oidc_issuer": None}))
    assistants = Assistants(reader, gate.person)
    app = assistants.server.streamable_http_app(
        streamable_http_path=PATH, json_response=True, stateless_http=True,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=bool(hosts), allowed_hosts=hosts, allowed_origins=[]
        ),
    )  # fmt: skip
    within = app.router.lifespan_context

    @asynccontextmanager
    async def life(started: Any) -> AsyncIterator[None]:  # noqa: ANN401 - Starlette's own
        reader.warm()
        async with within(started):
            yield
        reader.close()

    app.router.lifespan_context = life
    return LastDoor(_Door(app, gate))


class _Door:
    """Wraps the HTTP server: who is not known gets 401 before any message is read."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "http":
            request = Request(scope)
            refusal: ASGIApp | None = None
            if request.headers.get("origin"):
                refusal = envelope(
                    FORBIDDEN, "WrongOrigin", "A browser's page asks, not an assistant.",
                    where=scope["path"], help="Ask with an MCP client.",
                )  # fmt: skip
            try:
                self._gate.person(request)
            except PertokenError as error:
                refusal = error_response(error, scope["path"])
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _tools(api: FastAPI) -> list[tuple[str, types.Tool]]:
    """One tool for each GET route that answers with JSON, named and described as the API's own."""
    described = FastAPI.openapi(api)
    tools = []
    for path, methods in described["paths"].items():
        if path in _FOR_THE_PAGE or "{" in path or "get" not in methods:
            continue
        operation = methods["get"]
        properties, required = {}, []
        for parameter in operation.get("parameters", ()):
            schema = dict(parameter["schema"])
            if words := parameter.get("description"):
                schema["description"] = words
            if parameter["name"] == "limit":
                schema |= {"maximum": MOST_ROWS, "default": _ROWS}
            properties[parameter["name"]] = schema
            if parameter.get("required"):
                required.append(parameter["name"])
        name = path.removeprefix("/api/").replace("-", "_")
        tools.append((path, types.Tool(
            name=name, description=operation["summary"], annotations=_READ_ONLY,
            input_schema={"type": "object", "properties": properties, "required": required,
                          "additionalProperties": False},
        )))  # fmt: skip
    return sorted(tools, key=lambda each: each[1].name)


def _failed(words: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=words)], is_error=True)


def _text(value: object) -> str:
    """A value of a tool call as the text of a query: a flag as true or false."""
    return json.dumps(value) if isinstance(value, bool) else str(value)
