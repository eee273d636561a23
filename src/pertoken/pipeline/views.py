"""The tables that people see, from the hub as of one commit.

Each view is a `Table` in the columns of the public contract; the command line, the page and the
Python API show the same ones. Source: docs/reference.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.errors import HubError
from pertoken.meters import COLUMNS
from pertoken.pipeline.periods import dropped_totals, month_states
from pertoken.reports import Column, Table
from pertoken.unit_economics import (
    MatrixQuery,
    can_read_mart,
    matrix_columns,
    matrix_rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun
    from pertoken.pipeline.audience import Relations
    from pertoken.pipeline.periods import MonthState

_COLUMN_KINDS = {
    "BilledCost": "money", "EffectiveCost": "money", "ListCost": "money", "ContractedCost": "money",
    "x_TokenCost": "money", "x_TokenQuantity": "quantity", "x_UnitCost": "price",
    "Rows": "count", "SubmittedTime": "time", "ShareOfCost": "share", "x_FineTuned": "flag",
    "TokensPerUnit": "count", "x_NegotiatedSavings": "money", "x_CommitmentSavings": "money",
    "x_TotalSavings": "money", "x_UnpricedCost": "money", "x_NegotiatedDiscountPercent": "share",
    "x_CommitmentDiscountPercent": "share", "x_TotalDiscountPercent": "share",
}  # fmt: skip
_SQL_KINDS = {
    "DATE": "date", "BIGINT": "count", "INTEGER": "count", "BOOLEAN": "flag",
    "TIMESTAMP WITH TIME ZONE": "time",
}  # fmt: skip
RUN_COLUMNS = (
    "RunId", "ExportName", "Dataset", "DatasetVersion", "Scope", "BillingMonth", "SubmittedTime",
    "Status", "Reason", "Rows", "BillingCurrency", "BilledCost", "EffectiveCost", "Path",
)  # fmt: skip
_PERIOD_SHOWN = (
    "BillingMonth", "Scope", "BillingCurrency", "Rows", "BilledCost", "EffectiveCost", "ListCost",
    "ContractedCost",
)  # fmt: skip


def require_charges(snapshot: Relations) -> None:
    """Raise HubError for a hub in which nothing was ever applied."""
    if not snapshot.files("charges"):
        raise HubError(
            f"There are no charges in the hub {snapshot.root}.",
            "Expected a hub into which exports were ingested.",
            "Run `pertoken ingest FOLDER`, or name the hub with --hub or PERTOKEN_HUB.",
        )


def view_mart(engine: Engine, snapshot: Relations) -> bool:
    """Name `token_costs`, `meters` and `tags`; False when the hub has no AI charges."""
    view_dimensions(engine, snapshot)
    return snapshot.view(engine, "token_costs")


def matrix_table(engine: Engine, snapshot: Relations, query: MatrixQuery) -> Table:
    """The matrix: one row per group and BillingCurrency; see unit_economics.matrix_rows.

    Reads the daily mart where it holds every column asked for, else the charges.
    """
    require_charges(snapshot)
    view_dimensions(engine, snapshot)
    meters = engine.columns("meters")
    from_mart = can_read_mart(query, meters) and bool(snapshot.files("token_costs"))
    snapshot.view(engine, "token_costs" if from_mart else "charges")
    charges = engine.columns("token_costs" if from_mart else "charges")
    rows = matrix_rows(
        engine, query, charge_columns=charges, meter_columns=meters, from_mart=from_mart
    )
    kinds = charges | meters | {"ChargeDate": "DATE"}
    columns = tuple(Column(name, column_kind(name, kinds)) for name in matrix_columns(query))
    return Table("matrix", columns, tuple(rows))


def runs_table(runs: Iterable[LedgerRun], telemetry: Iterable[tuple[object, ...]] = ()) -> Table:
    """One row per run: what was decided and why, its rows and costs as its source states them.

    A run in several currencies has NULL costs, for they cannot be added; `periods` has each.
    Takes: telemetry, rows of telemetry_loads, which come after the runs.
    """
    rows: list[tuple[object, ...]] = []
    for run in runs:
        one = run.totals[0] if len(run.totals) == 1 else None
        currency = one[0] if one else ", ".join(total[0] for total in run.totals) or None
        rows.append((
            run.run_id, run.export_name, run.dataset, run.dataset_version, run.scope, run.month,
            run.submitted_time, run.status, run.reason, run.rows, currency,
            Decimal(one[2]) if one else None, Decimal(one[3]) if one else None, run.path,
        ))  # fmt: skip
    columns = tuple(Column(name, _COLUMN_KINDS.get(name, "text")) for name in RUN_COLUMNS)
    return Table("runs", columns, (*rows, *telemetry))


def periods_table(
    engine: Engine,
    snapshot: Relations,
    states: Mapping[tuple[str, str], MonthState] | None = None,
) -> Table:
    """One row per month, scope and BillingCurrency: all charges, and the state of the month.

    A month that `retain` took out has the totals that its runs stated; its list and contracted
    costs are NULL.
    """
    if not snapshot.view(engine, "periods"):
        require_charges(snapshot)
    states = month_states(snapshot.runs) if states is None else states
    names = ", ".join(f'"{name}"' for name in _PERIOD_SHOWN)
    found = engine.rows(
        f"SELECT {names} FROM periods ORDER BY BillingMonth, Scope, BillingCurrency"
    )
    shown = sorted([*dropped_totals(snapshot.runs), *found], key=lambda row: row[:3])
    rows = tuple((*row, states[row[1], row[0]].state) for row in shown)
    columns = tuple(
        Column(name, _COLUMN_KINDS.get(name, "text")) for name in (*_PERIOD_SHOWN, "State")
    )
    return Table("periods", columns, rows)


def meters_table(engine: Engine, snapshot: Relations, *, unread: bool = False) -> Table:
    """The AI meters of the hub, how each was read, its cost and its share of AI cost.

    With `unread`, only those that are not recognised; their shares stay shares of all AI cost.
    """
    require_charges(snapshot)
    if not view_mart(engine, snapshot):
        engine.view("token_costs", "SELECT NULL AS x_MeterKey, '' AS BillingCurrency, "
                    "CAST(0 AS DECIMAL(38,18)) AS EffectiveCost WHERE false")  # fmt: skip
    words = ("SkuMeter", "x_SkuMeterCategory", "x_SkuMeterSubcategory")
    shown = ", ".join(f'meters."{name}"' for name in (*words, *COLUMNS))
    found = engine.rows(
        f"SELECT {shown}, token_costs.BillingCurrency, sum(token_costs.EffectiveCost) AS Cost "
        "FROM token_costs INNER JOIN meters ON meters.x_MeterKey = token_costs.x_MeterKey "
        f"GROUP BY {shown}, token_costs.BillingCurrency "
        "ORDER BY token_costs.BillingCurrency, Cost DESC, meters.SkuMeter"
    )
    whole: dict[str, Decimal] = {}
    for row in found:
        whole[row[-2]] = whole.get(row[-2], Decimal(0)) + row[-1]
    status = len(words) + COLUMNS.index("x_MeterStatus")
    rows = tuple(
        (*row, _share_of(row[-1], whole[row[-2]]))
        for row in found
        if not unread or row[status] != "recognised"
    )
    names = (*words, *COLUMNS, "BillingCurrency", "EffectiveCost", "ShareOfCost")
    columns = tuple(Column(name, _COLUMN_KINDS.get(name, "text")) for name in names)
    return Table("meters", columns, rows)


def read_shares(meters: Table) -> dict[str, Decimal]:
    """The share of AI cost whose meters are recognised, per BillingCurrency, of a whole table."""
    shares: dict[str, Decimal] = {}
    for row in meters.to_dicts():
        currency, share = str(row["BillingCurrency"]), row["ShareOfCost"]
        shares.setdefault(currency, Decimal(0))
        if row["x_MeterStatus"] == "recognised" and isinstance(share, Decimal):
            shares[currency] += share
    return shares


def _share_of(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part / whole).quantize(Decimal("1e-12")) if whole else None


def view_dimensions(engine: Engine, snapshot: Relations) -> None:
    """Name `meters` and `tags`; tags are a relation without rows where no charge has any."""
    snapshot.view(engine, "meters")
    if not snapshot.view(engine, "tags"):
        engine.view("tags", "SELECT '' AS x_TagsKey, '' AS TagKey, '' AS TagValue WHERE false")


def column_kind(name: str, kinds: Mapping[str, str]) -> str:
    """What kind of value a column holds, by its name or its type in the engine."""
    if name in _COLUMN_KINDS:
        return _COLUMN_KINDS[name]
    sql_type = kinds.get(name, "VARCHAR")
    return "quantity" if sql_type.startswith("DECIMAL") else _SQL_KINDS.get(sql_type, "text")
