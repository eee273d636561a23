"""The routes of the API: each takes a view of the pipeline and gives it as JSON or as a file.

Nothing is summed and no SQL is written here; `table_route` makes the two routes of a table.
Source: docs/page.md, "The API".
"""

# FastAPI reads the annotations of the functions made below, so they are no strings here.
from dataclasses import replace

from fastapi import APIRouter, Depends

from pertoken.engine import Engine
from pertoken.pipeline.audience import SeenRelations
from pertoken.pipeline.bridge import bridge
from pertoken.pipeline.charges_view import ChargesPage, ChargesQuery, charges_page
from pertoken.pipeline.commitments import commitments_table
from pertoken.pipeline.hub_view import columns_table, hub_card, restatements_table
from pertoken.pipeline.restatements import restatement_table
from pertoken.pipeline.telemetry_loads import telemetry_loads
from pertoken.pipeline.views import matrix_table, meters_table, periods_table, runs_table
from pertoken.reports import Column, Table
from pertoken.web.allocation import add_allocation_views
from pertoken.web.attribution import add_attribution_tables
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
    MatrixParameters,
    Page,
    PeriodsParameters,
)
from pertoken.web.people import Person
from pertoken.web.scenarios import add_scenario_tables
from pertoken.web.statements import add_statement_tables
from pertoken.web.table_route import Noted, add_table

SET_ASIDE = (("Unit", "Tokens"), ("ChargeCategory", "Usage"), ("x_UnitQuantity", ""))
"""Usage of meters that count tokens whose quantity fits no rule."""


def table_routes(desk: Desk) -> APIRouter:
    """The routes of every table."""
    router = APIRouter(prefix="/api", tags=["tables"], dependencies=[Depends(desk.known)])
    add_table(
        router,
        desk,
        "matrix",
        MatrixParameters,
        _matrix,
        "What every token costs, by any columns: `pertoken matrix`.",
    )
    add_table(
        router,
        desk,
        "variance",
        VarianceParameters,
        variance_of,
        "Why the cost moved: effects that add to the difference: `pertoken variance`.",
    )
    add_table(
        router,
        desk,
        "ptu",
        PtuParameters,
        ptu_of,
        "Provisioned capacity: use, idle cost, size: `pertoken ptu`. Not for a team.",
    )
    add_table(
        router,
        desk,
        "whatif",
        WhatIfParameters,
        whatif_of,
        "A month's own tokens priced otherwise: `pertoken whatif`. Not for a team.",
    )
    add_table(
        router,
        desk,
        "charges",
        ChargesParameters,
        _charges,
        "The charges behind a number, highest EffectiveCost first.",
    )
    add_table(
        router,
        desk,
        "set-aside",
        ChargesParameters,
        _set_aside,
        "Charges of token meters whose quantity fits no rule: in every total, tokens unknown.",
    )
    add_table(
        router,
        desk,
        "meters",
        Page,
        _meters,
        "The AI meters and how each was read: `pertoken meters`.",
    )
    add_table(
        router,
        desk,
        "periods",
        PeriodsParameters,
        _periods,
        "Rows and costs of every month and scope: `pertoken periods`; with `diff` what a later run "
        "changed in a month, which a team does not see.",
    )
    add_table(
        router,
        desk,
        "bridge",
        BridgeParameters,
        _bridge,
        "From the invoice to BilledCost and EffectiveCost: `pertoken bridge`. Not for a team.",
    )
    add_table(
        router,
        desk,
        "runs",
        Page,
        _runs,
        "Every run ever handed over: `pertoken runs`. Not for a team.",
    )
    add_table(
        router,
        desk,
        "commitments",
        Page,
        _commitments,
        "What was bought ahead, used and unused: `pertoken commitments`. Not for a team.",
    )
    add_table(
        router,
        desk,
        "restatements",
        Page,
        _restatements,
        "What each later run of a month changed. Not for a team.",
    )
    add_table(
        router,
        desk,
        "findings",
        Page,
        _findings,
        "What a person should look at, and the command that shows more.",
    )
    add_table(
        router,
        desk,
        "forecast",
        ForecastParameters,
        forecast_of,
        "What AI use will cost by day, with intervals: `pertoken forecast`.",
    )
    add_table(
        router,
        desk,
        "month-end",
        MonthEndParameters,
        month_end_of,
        "What a month will have cost: `pertoken forecast --month-end`.",
    )
    add_table(
        router,
        desk,
        "backtest",
        BacktestParameters,
        backtest_of,
        "How good forecasts would have been on this history: `pertoken backtest`.",
    )
    add_table(
        router,
        desk,
        "anomalies",
        AnomalyParameters,
        anomalies_of,
        "What was not natural, and what it cost: `pertoken anomalies`.",
    )
    add_table(
        router,
        desk,
        "accrual",
        AccrualParameters,
        accrual_of,
        "What a month will turn out to have cost: `pertoken accrual`. Not for a team.",
    )
    add_table(
        router,
        desk,
        "budgets",
        BudgetParameters,
        budgets_of,
        "How the budgets that the hub keeps stand: `pertoken budgets`. Not for a team.",
    )
    add_table(
        router,
        desk,
        "alerts",
        AlertParameters,
        alerts_of,
        "What somebody should act on: `pertoken alerts`. Not for a team.",
    )
    add_table(
        router, desk, "columns", Page, _columns, "The columns that can stand in `by` and `where`."
    )
    add_scenario_tables(router, desk)
    add_attribution_tables(router, desk)
    add_statement_tables(router, desk)
    add_allocation_views(router, desk)
    return router


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


def _runs(engine: Engine, relations: SeenRelations, _asked: Page, person: Person) -> Table:
    _whole_bill(person)
    table = runs_table(relations.runs, telemetry_loads(engine, relations.snapshot))
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
