"""The two routes of a table: `/api/NAME`, a page of rows as JSON, and `/api/NAME.csv` (.json,
.parquet, .xlsx), the whole table as a file.

Source: docs/page.md, "The API".
"""

# FastAPI reads the annotations of the functions made below, so they are no strings here.
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, cast

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from pertoken.engine import Engine
from pertoken.errors import ConfigError
from pertoken.pipeline.audience import SeenRelations
from pertoken.pipeline.charges_view import ChargesPage
from pertoken.reports import Table
from pertoken.web.answers import file_name, json_body, table_content, table_file
from pertoken.web.desk import Desk
from pertoken.web.models import DOCUMENTED_ERRORS, FILE_RESPONSES, TableAnswer
from pertoken.web.parameters import Filters, Strict
from pertoken.web.people import Person
from pertoken.web.store import Body

Extension = Literal["csv", "json", "parquet", "xlsx"]
_MOST_ROWS = 100_000
P = TypeVar("P", bound=Strict)


@dataclass(frozen=True, slots=True)
class Noted:
    """A table, and what a reader should know of it."""

    table: Table
    notes: tuple[str, ...]
    problems: tuple[str, ...]


Build = Callable[[Engine, SeenRelations, P, Person], Table | ChargesPage | Noted]


def add_table(
    router: APIRouter, desk: Desk, name: str, parameters: type[P], build: Build[P], words: str
) -> None:
    """The two routes of a table."""

    async def page(request: Request, asked: Strict) -> Response:
        person = desk.identify(request)

        def question(engine: Engine, relations: SeenRelations) -> Body:
            built = build(engine, relations, cast("P", asked), person)
            offset, limit = getattr(asked, "offset", 0), getattr(asked, "limit", _MOST_ROWS)
            commit: dict[str, Any] = {"commit": relations.snapshot.commit_id}
            if isinstance(built, ChargesPage):
                sums = [
                    {"BillingCurrency": each[0], "Rows": each[1], "EffectiveCost": each[2],
                     "BilledCost": each[3]}
                    for each in built.sums
                ]  # fmt: skip
                content = table_content(built.table, offset=offset, limit=limit, total=built.total)
                return json_body({**commit, **content, "sums": sums})
            if isinstance(built, Noted):
                content = table_content(built.table, offset=offset, limit=limit)
                said = {"notes": built.notes, "problems": built.problems}
                return json_body({**commit, **content, **said})
            return json_body({**commit, **table_content(built, offset=offset, limit=limit)})

        return await desk.answer(request, person, question)

    async def file(request: Request, extension: Extension, asked: Strict) -> Response:
        person = desk.identify(request)
        whole = asked.model_copy(update={"limit": _MOST_ROWS, "offset": 0})

        def question(engine: Engine, relations: SeenRelations) -> Body:
            built = build(engine, relations, cast("P", whole), person)
            if isinstance(built, ChargesPage):
                _check_whole(built)
            if not isinstance(built, Table):
                built = built.table
            provenance = {"Commit": relations.snapshot.commit_id, "Query": str(request.url.query)}
            return table_file(built, extension, provenance)

        start, end = asked.days() if isinstance(asked, Filters) else (None, None)
        kept_as = file_name(name, start, end, extension)
        headers = {"Content-Disposition": f'attachment; filename="{kept_as}"'}
        return await desk.answer(request, person, question, headers)

    for route in (page, file):
        route.__annotations__["asked"] = Annotated[parameters, Query()]
    identity = name.replace("-", "_")
    router.add_api_route(
        f"/{name}", page, summary=words, response_model=TableAnswer,
        responses=DOCUMENTED_ERRORS, operation_id=identity,
    )  # fmt: skip
    router.add_api_route(
        f"/{name}.{{extension}}", file, summary=f"{words} As a file.", response_class=Response,
        responses=FILE_RESPONSES, operation_id=f"{identity}_file",
    )  # fmt: skip


def _check_whole(page: ChargesPage) -> None:
    if page.total > _MOST_ROWS:
        raise ConfigError(
            f"{page.total:,} charges match.",
            f"Expected at most {_MOST_ROWS:,} in one file; none is left out silently.",
            "Narrow the period or the filters, or read the hub's Delta table `charges`.",
        )
