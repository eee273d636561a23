"""A read-only OData v4 feed of the hub, for Excel, Power BI and Tableau.

    /odata            the entity sets
    /odata/$metadata  their columns and types, as the role sees them
    /odata/NAME       rows: $select, $filter, $orderby, $top, $skip, $count, $apply
    /odata/NAME/$count

Decimals are numbers of all their digits, or strings where the client asks for IEEE754Compatible.
Source: OData 4.01 (JSON Format, CSDL XML); docs/odata.md.
"""

# FastAPI reads the annotations of the functions made below, so they are no strings here.
import json
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from xml.sax.saxutils import quoteattr

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from pertoken.deferred import deferred
from pertoken.engine import Engine
from pertoken.errors import PertokenError
from pertoken.pipeline.audience import SeenRelations
from pertoken.pipeline.feed_query import PAGE_ROWS
from pertoken.pipeline.feed_view import feed_columns, feed_table, feeds_of
from pertoken.reports import Column, Table
from pertoken.reports.cells import cell_text
from pertoken.web.answers import finished
from pertoken.web.desk import Desk
from pertoken.web.errors import SIGN_IN, error_response
from pertoken.web.store import Body, Question

if TYPE_CHECKING:
    from pertoken.web.odata_query import Asked, asked_of
else:
    asked_of = deferred("pertoken.web.odata_query", "asked_of")  # its parser loads slowly

ROOT = "/odata"
_SPACE = "pertoken"
_HEADERS = {"OData-Version": "4.0"}
_JSON = "application/json;odata.metadata=minimal;odata.streaming=false;IEEE754Compatible={}"
_TYPES = {
    "text": "Edm.String", "json": "Edm.String", "date": "Edm.Date", "time": "Edm.DateTimeOffset",
    "flag": "Edm.Boolean", "count": "Edm.Int64",
}  # fmt: skip
"""Kinds of a column; amounts, quantities, prices and shares are Edm.Decimal."""


def odata_routes(desk: Desk) -> APIRouter:
    """The routes of the feed; who is not known is asked for a token as the password of Basic."""
    router = APIRouter(prefix=ROOT, include_in_schema=False)

    async def root(request: Request) -> Response:
        return await _answer(desk, request, lambda _, r: _service(r, _base(request)))

    router.add_api_route("", root)
    router.add_api_route("/", root)

    @router.get("/$metadata")
    async def metadata(request: Request) -> Response:
        return await _answer(desk, request, _metadata)

    @router.get("/{name}")
    async def rows(request: Request, name: str) -> Response:
        return await _answer(desk, request, lambda e, r: _rows(e, r, name, request))

    @router.get("/{name}/$count")
    async def count(request: Request, name: str) -> Response:
        return await _answer(desk, request, lambda e, r: _count(e, r, name, request))

    return router


async def _answer(desk: Desk, request: Request, question: "Question[Body]") -> Response:
    variant = f"{_base(request)} {_wants_text(request)}"
    try:
        person = desk.identify(request)
        return await desk.answer(request, person, question, _HEADERS, variant=variant)
    except PertokenError as error:
        return _refusal(error, request)


def _refusal(error: PertokenError, request: Request) -> Response:
    """The three lines of an error in the form of OData."""
    status = error_response(error, request.url.path).status_code
    content = {
        "error": {
            "code": error.code,
            "message": error.found,
            "details": [
                {"code": "Expected", "message": error.expected},
                {"code": "Action", "message": error.action},
            ],
        }
    }
    headers = dict(_HEADERS)
    if status == SIGN_IN:
        headers["WWW-Authenticate"] = 'Basic realm="pertoken", charset="UTF-8"'
    return Response(json.dumps(content), status, headers, media_type=_JSON.format("false"))


def _service(relations: SeenRelations, base: str) -> Body:
    sets = [
        {"name": name, "kind": "EntitySet", "url": name, "title": feed.words}
        for name, feed in feeds_of(relations).items()
    ]
    content = {"@odata.context": f"{base}/$metadata", "value": sets}
    return finished(json.dumps(content).encode(), _JSON.format("false"))


def _metadata(engine: Engine, relations: SeenRelations) -> Body:
    """The schema in CSDL XML: one entity type for each feed, with the columns this role sees."""
    types, sets = [], []
    for name, feed in feeds_of(relations).items():
        keys = "".join(f"<PropertyRef Name={quoteattr(key)}/>" for key in feed.key)
        columns = "".join(
            _property(column, is_key=column.name in feed.key)
            for column in feed_columns(engine, relations, name)
        )
        types.append(f'<EntityType Name="{name}Row"><Key>{keys}</Key>{columns}</EntityType>')
        sets.append(f'<EntitySet Name="{name}" EntityType="{_SPACE}.{name}Row"/>')
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">'
        "<edmx:DataServices>"
        f'<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="{_SPACE}">'
        f'{"".join(types)}<EntityContainer Name="Hub">{"".join(sets)}</EntityContainer></Schema>'
        "</edmx:DataServices></edmx:Edmx>"
    )
    return finished(xml.encode(), "application/xml")


def _property(column: Column, *, is_key: bool) -> str:
    kind = _TYPES.get(column.kind, "Edm.Decimal")
    facets = ' Precision="38" Scale="18"' if kind == "Edm.Decimal" else ""
    if is_key:
        facets += ' Nullable="false"'
    return f'<Property Name={quoteattr(column.name)} Type="{kind}"{facets}/>'


def _rows(engine: Engine, relations: SeenRelations, name: str, request: Request) -> Body:
    asked = asked_of(request.query_params)
    table, total = feed_table(engine, relations, name, asked.query, counts=asked.counts)
    as_text = _wants_text(request)
    parts = [f'"@odata.context":{json.dumps(_context(_base(request), name, asked))}']
    if total is not None:
        parts.append(f'"@odata.count":{json.dumps(str(total) if as_text else total)}')
    parts.append(f'"value":[{",".join(_objects(table, as_text=as_text))}]')
    if (link := _next(request, asked, len(table.rows))) is not None:
        parts.append(f'"@odata.nextLink":{json.dumps(link)}')
    return finished(
        ("{" + ",".join(parts) + "}").encode(), _JSON.format("true" if as_text else "false")
    )


def _count(engine: Engine, relations: SeenRelations, name: str, request: Request) -> Body:
    asked = asked_of(request.query_params)
    _, total = feed_table(engine, relations, name, asked.query, counts=True)
    return finished(str(total).encode(), "text/plain")


def _wants_text(request: Request) -> bool:
    """Whether the client asks for 64-bit and decimal numbers as strings."""
    return "ieee754compatible=true" in request.headers.get("accept", "").lower()


def _objects(table: Table, *, as_text: bool) -> list[str]:
    keys = [json.dumps(name) + ":" for name in table.column_names]
    return [
        "{" + ",".join([key + _cell(value, as_text=as_text)
                        for key, value in zip(keys, row, strict=True)]) + "}"
        for row in table.rows
    ]  # fmt: skip


def _cell(value: object, *, as_text: bool) -> str:
    if value is None:
        return "null"
    text = cell_text(value)
    is_number = isinstance(value, int | Decimal)
    if isinstance(value, bool) or (is_number and not as_text):
        return text
    return json.dumps(text, ensure_ascii=False)


def _next(request: Request, asked: "Asked", rows: int) -> str | None:
    """The address of the next page, where the client wants more rows than a page holds."""
    left = None if asked.top is None else asked.top - rows
    if rows < PAGE_ROWS or left == 0:
        return None
    options = dict(request.query_params) | {"$skip": str(asked.skip + rows)}
    if left is not None:
        options["$top"] = str(left)
    return f"{_base(request)}{request.url.path.removeprefix(ROOT)}?{urlencode(options)}"


def _context(base: str, name: str, asked: "Asked") -> str:
    grouping = asked.query.grouping
    names = asked.query.columns
    if grouping is not None and not names:
        names = (*grouping.by, *(each.name for each in grouping.measures))
    return f"{base}/$metadata#{name}" + (f"({','.join(names)})" if names else "")


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/") + ROOT
