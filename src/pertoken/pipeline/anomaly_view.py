"""`anomalies` of a hub: the findings of its bill, of its ledger and, where newer, of its telemetry.

The room of anomalies judges the daily cells of the mart. What it needs to know of the hub is added
here: which days are unsettled, what was planned, what people said before, which exports came twice,
and where usage says that it happened.

Source: docs/forecast-and-anomalies.md, "From the hub".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pertoken.anomalies import Finding, cells_select, detect
from pertoken.anomalies.settings import Expected, Settings
from pertoken.errors import ConfigError
from pertoken.pipeline.anomaly_marks import Mark, expected_by, finding_id, marks
from pertoken.pipeline.anomaly_places import with_places
from pertoken.pipeline.cost_days import cost_days
from pertoken.pipeline.forecast_view import money
from pertoken.pipeline.plans import PRICE_CHANGE
from pertoken.pipeline.provisional import provisional_findings
from pertoken.pipeline.views import require_charges, view_mart
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun
    from pertoken.pipeline.audience import Relations
    from pertoken.pipeline.plans import Plan

BILL, TELEMETRY, LEDGER = "bill", "telemetry", "runs"
ANOMALY_COLUMNS = {
    "Start": "date", "End": "date", "Kind": "text", "ResourceId": "text", "Deployment": "text",
    "x_ModelId": "text", "x_TokenDirection": "text", "Application": "text", "Team": "text",
    "ExpectedCost": "money", "ActualCost": "money", "ExtraCost": "money",
    "BillingCurrency": "text", "Score": "quantity", "Explanation": "text", "Id": "text",
    "Basis": "text", "Found": "date", "Open": "flag", "PriceCost": "money",
    "VolumeCost": "money", "MixCost": "money", "BillingAccountId": "text",
    "x_DeploymentScope": "text", "x_ServiceTier": "text", "SkuMeter": "text", "Muted": "text",
    "Mark": "text", "MarkedBy": "text", "MarkedUntil": "date", "MarkNote": "text",
}  # fmt: skip
_CELL = (
    "ResourceId", "Deployment", "x_ModelId", "x_TokenDirection", "Application", "Team",
    "BillingAccountId", "x_DeploymentScope", "x_ServiceTier", "SkuMeter",
)  # fmt: skip
_DRIVERS = {"PriceCost": "Price", "VolumeCost": "Volume", "MixCost": "Mix"}
_LEAST_UNSETTLED = 2


@dataclass(frozen=True, slots=True)
class AnomalyQuery:
    """What is asked: findings that touch the days from `start` to before `end`.

    `minimum_cost` hides what cost less and changes nothing in what is found; `notices` are new
    models and drops, which are no alarms; `muted` are findings that were expected.
    """

    start: date | None = None
    end: date | None = None
    minimum_cost: Decimal = Decimal(0)
    currency: str | None = None
    notices: bool = False
    muted: bool = True
    plans: tuple[Plan, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, what it rests on, and what was said of it."""

    finding: Finding
    basis: str
    mark: Mark | None = None

    @property
    def identity(self) -> str:
        """The finding's Id."""
        return finding_id(self.finding)


def found_anomalies(
    engine: Engine,
    relations: Relations,
    runs: Iterable[LedgerRun],
    query: AnomalyQuery,
    *,
    with_marks: bool = True,
) -> tuple[Found, ...]:
    """Every finding that the query asks for, by start.

    Takes:   with_marks, whether what people said counts; a team's own view has none.
    Raises:  ConfigError for days that hold none; HubError for an empty hub.
    """
    if query.start and query.end and query.start >= query.end:
        raise ConfigError(
            f"The period from {query.start} to {query.end} holds no day.",
            "Expected --from before --to; --from is inclusive, --to exclusive.",
            "Swap or widen the dates.",
        )
    require_charges(relations)
    runs = tuple(runs)
    known = marks(engine, relations) if with_marks else {}
    settings = _settings(engine, relations, runs, query, known)
    columns = _cells(engine, relations)
    bill = detect(columns, settings)
    used = with_marks and relations.view(engine, "usage")
    if used:
        bill = with_places(engine, bill)
    found = [Found(each, BILL) for each in bill]
    if used:
        found += [
            Found(each, TELEMETRY) for each in provisional_findings(engine, columns, settings)
        ]
    found += [Found(each, LEDGER) for each in delivered_twice(runs)]
    said = (_heard(each, settings, known.get(each.identity)) for each in found)
    return tuple(sorted((e for e in said if _asked(e.finding, query)), key=_order))


def anomalies_table(found: Sequence[Found]) -> Table:
    """Findings as rows; a column that the cell does not fix is NULL, as are drivers unknown."""
    columns = tuple(Column(name, kind) for name, kind in ANOMALY_COLUMNS.items())
    return Table("anomalies", columns, tuple(_row(each) for each in found))


def delivered_twice(runs: Iterable[LedgerRun]) -> Iterable[Finding]:
    """Runs whose bytes the ledger had already: told, and never in any cost."""
    for run in runs:
        if run.status == "duplicate":
            last = run.end - timedelta(days=1)
            made = run.submitted_time.date() if run.submitted_time else last
            yield Finding(
                kind="duplicate delivery",
                cell={"BillingAccountId": run.scope},
                start=run.start, end=last, found=made,
                expected_cost=0.0, actual_cost=0.0, extra_cost=0.0,
                currency=run.totals[0][0] if len(run.totals) == 1 else None,
                score=50.0,
                explanation=f"The run {run.run_id} of {run.export_name} has the bytes of an "
                "earlier one; it was not applied, so no cost is counted twice.",
            )  # fmt: skip


def _settings(
    engine: Engine,
    relations: Relations,
    runs: Sequence[LedgerRun],
    query: AnomalyQuery,
    known: Mapping[str, Mapping[str, Any]],
) -> Settings:
    """Days that are not settled, the money threshold, and what is expected."""
    days = cost_days(engine, relations, runs)
    span = days.span(days.charged)
    newest = max((max(each) for each in days.charged.values()), default=None)
    unsettled = (newest - span[1]).days if span and newest else 0
    planned = tuple(
        Expected(
            plan.start, plan.end, plan.reason, plan.cell,
            ("price change",) if plan.kind == PRICE_CHANGE else (),
        )
        for plan in query.plans
    )  # fmt: skip
    return Settings(
        minimum_cost=float(query.minimum_cost),
        unsettled_days=max(_LEAST_UNSETTLED, unsettled),
        expected=(*planned, *expected_by(known.values())),
    )


def _cells(engine: Engine, relations: Relations) -> dict[str, Any]:
    if not view_mart(engine, relations):
        return {"ChargeDate": [], "EffectiveCost": [], "x_TokenQuantity": []}
    return engine.arrow(cells_select()).to_pydict()  # type: ignore[no-any-return]


def _heard(found: Found, settings: Settings, row: Mapping[str, Any] | None) -> Found:
    """With its mark, and muted where what is expected names a place that only usage knows."""
    mark = Mark(row["Mark"], row["MarkedBy"], row["Until"], row["Note"]) if row else None
    muted = found.finding.muted or settings.reason_for(found.finding)
    return replace(found, finding=replace(found.finding, muted=muted), mark=mark)


def _asked(finding: Finding, query: AnomalyQuery) -> bool:
    currency = query.currency.upper() if query.currency else None
    return (
        (query.notices or not finding.notice)
        and (query.muted or finding.muted is None)
        and (query.start is None or finding.end >= query.start)
        and (query.end is None or finding.start < query.end)
        and currency in (None, finding.currency)
        and abs(finding.extra_cost) >= float(query.minimum_cost)
    )


def _order(found: Found) -> tuple[Any, ...]:
    return found.finding.start, found.finding.kind, str(found.finding.currency), found.identity


def _row(found: Found) -> tuple[Any, ...]:
    finding = found.finding
    values: dict[str, Any] = {
        "Start": finding.start, "End": finding.end, "Kind": finding.kind,
        "ExpectedCost": money(finding.expected_cost), "ActualCost": money(finding.actual_cost),
        "ExtraCost": money(finding.extra_cost), "BillingCurrency": finding.currency,
        "Score": money(finding.score), "Explanation": finding.explanation, "Id": found.identity,
        "Basis": found.basis, "Found": finding.found, "Open": finding.open,
        "Muted": finding.muted,
    }  # fmt: skip
    if said := found.mark:
        values |= {"Mark": said.mark, "MarkedBy": said.by, "MarkedUntil": said.until,
                   "MarkNote": said.note}  # fmt: skip
    values |= {name: finding.cell.get(name) for name in _CELL}
    values |= {
        column: money(finding.split[driver]) if driver in finding.split else None
        for column, driver in _DRIVERS.items()
    }
    return tuple(values.get(name) for name in ANOMALY_COLUMNS)
