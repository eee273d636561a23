"""The routes of the API: each takes a view of the pipeline and gives it as JSON or as a file.

Nothing is summed and no SQL is written here. A table has two routes: `/api/NAME`, a page of rows
as JSON, and `/api/NAME.csv` (.json, .parquet, .xlsx), the whole table as a file.
Source: docs/page.md, "The API".
"""

# FastAPI reads the annotations of the functions made below, so they are no strings here.
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeVar, cast

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from pertoken.engine import Engine
from pertoken.errors import ConfigError
from pertoken.pipeline.audience import SeenRelations
from pertoken.pipeline.bridge import bridge
from pertoken.pipeline.charges_view import ChargesPage, ChargesQuery, charges_page
from pertoken.pipeline.commitments import commitments_table
from pertoken.pipeline.hub_view import columns_table, hub_card, restatements_table
from pertoken.pipeline.restatements import restatement_table
from pertoken.pipeline.views import matrix_table, meters_table, periods_table, runs_table
from pertoken.reports import Column, Table
from pertoken.web.answers import file_name, json_body, table_content, table_file
from pertoken.web.desk import Desk
from pertoken.web.economics import (
    PtuParameters,
    VarianceParameters,
    WhatIfParameters,
    ptu_of,
    variance_of,
    whatif_of,
)
from pertoken.web.errors import Forbidden
from pertoken.web.models import DOCUMENTED_ERRORS, FILE_RESPONSES, TableAnswer
from pertoken.web.outlook import (
    AccrualParameters,
    AlertParameters,
    AnomalyParameters,
    BacktestParameters,
    BudgetParameters,
    ForecastParameters,
    MonthEndParameters,
    accrual_of,
    alerts_of,
    anomalies_of,
    backtest_of,
    budgets_of,
    forecast_of,
    month_end_of,
)
from pertoken.web.parameters import (
    BridgeParameters,
    ChargesParameters,
    Filters,
    MatrixParameters,
    Page,
    PeriodsParameters,
    Strict,
)
from pertoken.web.people import Person
from pertoken.web.store import Body

Extension = Literal["csv", "json", "parquet", "xlsx"]
SET_ASIDE = (("Unit", "Tokens"), ("ChargeCategory", "Usage"), ("x_UnitQuantity", ""))
"""Usage of meters that count tokens whose quantity fits no rule."""
_MOST_ROWS = 100_000
P = TypeVar("P", bound=Strict)


@dataclass(frozen=True, slots=True)
class Noted:
    """A table, and what a reader should know of it."""

    table: Table
    notes: tuple[str, ...]
    problems: tuple[str, ...]


Build = Callable[[Engine, SeenRelations, P, Person], Table | ChargesPage | Noted]


def table_routes(desk: Desk) -> APIRouter:
    """The routes of every table."""
    router = APIRouter(prefix="/api", tags=["tables"], dependencies=[Depends(desk.known)])
    _add(
        router,
        desk,
        "matrix",
        MatrixParameters,
        _matrix,
        "What every token costs, by any columns: `pertoken matrix`.",
    )
    _add(
        router,
        desk,
        "variance",
        VarianceParameters,
        variance_of,
        "Why the cost moved: effects that add to the difference: `pertoken variance`.",
    )
    _add(
        router,
        desk,
        "ptu",
        PtuParameters,
        ptu_of,
        "Provisioned capacity: use, idle cost, size: `pertoken ptu`. Not for a team.",
    )
    _add(
        router,
        desk,
        "whatif",
        WhatIfParameters,
        whatif_of,
        "A month's own tokens priced otherwise: `pertoken whatif`. Not for a team.",
    )
    _add(
        router,
        desk,
        "charges",
        ChargesParameters,
        _charges,
        "The charges behind a number, highest EffectiveCost first.",
    )
    _add(
        router,
        desk,
        "set-aside",
        ChargesParameters,
        _set_aside,
        "Charges of token meters whose quantity fits no rule: in every total, tokens unknown.",
    )
    _add(
        router,
        desk,
        "meters",
        Page,
        _meters,
        "The AI meters and how each was read: `pertoken meters`.",
    )
    _add(
        router,
        desk,
        "periods",
        PeriodsParameters,
        _periods,
        "Rows and costs of every month and scope: `pertoken periods`; with `diff` what a later run "
        "changed in a month, which a team does not see.",
    )
    _add(
        router,
        desk,
        "bridge",
        BridgeParameters,
        _bridge,
        "From the invoice to BilledCost and EffectiveCost: `pertoken bridge`. Not for a team.",
    )
    _add(
        router,
        desk,
        "runs",
        Page,
        _runs,
        "Every run ever handed over: `pertoken runs`. Not for a team.",
    )
    _add(
        router,
        desk,
        "commitments",
        Page,
        _commitments,
        "What was bought ahead, used and unused: `pertoken commitments`. Not for a team.",
    )
    _add(
        router,
        desk,
        "restatements",
        Page,
        _restatements,
        "What each later run of a month changed. Not for a team.",
    )
    _add(
        router,
        desk,
        "findings",
        Page,
        _findings,
        "What a person should look at, and the command that shows more.",
    )
    _add(
        router,
        desk,
        "forecast",
        ForecastParameters,
        forecast_of,
        "What AI use will cost by day, with intervals: `pertoken forecast`.",
    )
    _add(
        router,
        desk,
        "month-end",
        MonthEndParameters,
        month_end_of,
        "What a month will have cost: `pertoken forecast --month-end`.",
    )
    _add(
        router,
        desk,
        "backtest",
        BacktestParameters,
        backtest_of,
        "How good forecasts would have been on this history: `pertoken backtest`.",
    )
    _add(
        router,
        desk,
        "anomalies",
        AnomalyParameters,
        anomalies_of,
        "What was not natural, and what it cost: `pertoken anomalies`.",
    )
    _add(
        router,
        desk,
        "accrual",
        AccrualParameters,
        accrual_of,
        "What a month will turn out to have cost: `pertoken accrual`. Not for a team.",
    )
    _add(
        router,
        desk,
        "budgets",
        BudgetParameters,
        budgets_of,
        "How the budgets that the hub keeps stand: `pertoken budgets`. Not for a team.",
    )
    _add(
        router,
        desk,
        "alerts",
        AlertParameters,
        alerts_of,
        "What somebody should act on: `pertoken alerts`. Not for a team.",
    )
    _add(router, desk, "columns", Page, _columns, "The columns that can stand in `by` and `where`.")
    return router


def _add(
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


def _matrix(
    engine: Engine, relations: SeenRelations, asked: MatrixParameters, person: Person
) -> Table:
    return matrix_table(engine, relations, asked.query(person))


def _charges(
    engine: Engine, relations: SeenRelations, asked: ChargesParameters, person: Person
) -> ChargesPage:
    return _without_paths(charges_page(engine, relations, asked.query(person)), person)


def _set_aside(
    engine: Engine, relations: SeenRelations, asked: ChargesParameters, person: Person
) -> ChargesPage:
    query: ChargesQuery = asked.query(person)
    narrowed = replace(query, where=(*query.where, *SET_ASIDE), all_charges=False)
    return _without_paths(charges_page(engine, relations, narrowed), person)


def _meters(engine: Engine, relations: SeenRelations, _asked: Page, _person: Person) -> Table:
    return meters_table(engine, relations)


def _periods(
    engine: Engine, relations: SeenRelations, asked: PeriodsParameters, person: Person
) -> Table:
    if asked.diff is not None:
        _whole_bill(person)
        return restatement_table(engine, relations.snapshot, asked.diff)
    table = periods_table(engine, relations, relations.states)
    if person.audience.sees_all:
        return table
    hidden = ("ListCost", "ContractedCost")
    return table.select([name for name in table.column_names if name not in hidden])


def _bridge(
    engine: Engine, relations: SeenRelations, asked: BridgeParameters, person: Person
) -> Noted:
    _whole_bill(person)
    walked = bridge(engine, relations.snapshot, asked.month, asked.scope)
    return Noted(walked.table, walked.notes, walked.problems)


def _runs(_engine: Engine, relations: SeenRelations, _asked: Page, person: Person) -> Table:
    _whole_bill(person)
    table = runs_table(relations.runs)
    if person.role == "admin":
        return table
    return table.select([name for name in table.column_names if name != "Path"])


def _commitments(engine: Engine, relations: SeenRelations, _asked: Page, person: Person) -> Table:
    _whole_bill(person)
    return commitments_table(engine, relations)


def _restatements(_engine: Engine, relations: SeenRelations, _asked: Page, person: Person) -> Table:
    _whole_bill(person)
    return restatements_table(relations.runs)


def _findings(engine: Engine, relations: SeenRelations, _asked: Page, _person: Person) -> Table:
    found = hub_card(engine, relations).findings
    columns = tuple(Column(name, "text") for name in ("Severity", "Finding", "Command"))
    return Table("findings", columns, tuple((each[2], each[0], each[1]) for each in found))


def _columns(engine: Engine, relations: SeenRelations, _asked: Page, _person: Person) -> Table:
    return columns_table(engine, relations)


def _whole_bill(person: Person) -> None:
    if not person.audience.sees_all:
        raise Forbidden(
            "Runs, restatements, commitments and the bridge are of the whole bill, not for a team.",
            "Expected the role finance or admin.",
            "Ask for periods, which hold your own charges.",
        )


def _without_paths(page: ChargesPage, person: Person) -> ChargesPage:
    """Where a file lies on the server is for admins."""
    if person.role == "admin":
        return page
    names = [name for name in page.table.column_names if name != "x_SourceFile"]
    return replace(page, table=page.table.select(names))


def _check_whole(page: ChargesPage) -> None:
    if page.total > _MOST_ROWS:
        raise ConfigError(
            f"{page.total:,} charges match.",
            f"Expected at most {_MOST_ROWS:,} in one file; none is left out silently.",
            "Narrow the period or the filters, or read the hub's Delta table `charges`.",
        )
