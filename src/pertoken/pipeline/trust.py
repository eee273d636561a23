"""The trust card of an ingest: whether the hub's totals are those of the bill, and what is unread.

The totals are read from the committed hub, not from what the ingest believes it wrote; the source's
are the sums that were made over each applied run before any rule touched it.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.engine import sql_file
from pertoken.exports import DIFFERS
from pertoken.pipeline.moves import move_findings, moves
from pertoken.pipeline.price_findings import price_findings
from pertoken.pipeline.standing import month_costs, standing_runs
from pertoken.pipeline.views import view_mart
from pertoken.reports.trust_card import AICost, Finding, SetAside, Total, TrustCard

if TYPE_CHECKING:
    from pertoken.engine import Engine, Row
    from pertoken.pipeline.audience import Relations
    from pertoken.pipeline.report import RunReport


def trust_card(
    engine: Engine, snapshot: Relations, report: RunReport, *, whole: bool = True
) -> TrustCard:
    """The card of the hub as of a commit, after an ingest whose report is given.

    Takes:   whole, whether the relations are of the whole bill: only then is telemetry held
             against it, for an audience sees a part of the charges and none of the telemetry.
    """
    standing = standing_runs(snapshot.runs)
    costs = [month_costs(runs) for runs in standing.values()]
    periods: list[Row] = []
    coverage: list[Row] = []
    if snapshot.view(engine, "periods"):
        periods = engine.rows(
            'SELECT BillingCurrency, CAST(sum("Rows") AS BIGINT), sum(BilledCost), '
            "sum(EffectiveCost), max(LastDay) "
            "FROM periods GROUP BY BillingCurrency ORDER BY BillingCurrency"
        )
        if view_mart(engine, snapshot):
            coverage = engine.rows(sql_file("pertoken.pipeline", "ai_coverage"))
    counts = Counter(run.status for run in report.runs)
    return TrustCard(
        months=tuple(sorted({month for _, month in standing})),
        scopes=tuple(sorted({scope for scope, _ in standing})),
        through_day=max((row[4] for row in periods), default=None),
        runs=tuple(counts.most_common()),
        totals=tuple(_total(row, costs) for row in periods),
        ai_cost=tuple(_ai_cost(row) for row in coverage),
        set_aside=tuple(SetAside(row[0], row[6], row[7]) for row in coverage if row[6]),
        findings=(
            *_findings(engine, report, periods, coverage),
            *(_unbilled(engine, snapshot) if whole and periods else ()),
            *move_findings(moves(engine, snapshot)),
        ),
    )


def _total(row: Row, costs: list[dict[str, tuple[Decimal, Decimal]]]) -> Total:
    of_currency = [month[row[0]] for month in costs if row[0] in month]
    return Total(
        currency=row[0],
        rows=row[1],
        billed_cost=row[2],
        effective_cost=row[3],
        source_billed_cost=sum((billed for billed, _ in of_currency), Decimal(0)),
        source_effective_cost=sum((effective for _, effective in of_currency), Decimal(0)),
    )


def _ai_cost(row: Row) -> AICost:
    currency, cost, read, token_cost, proven, tagged, *_ = row
    return AICost(
        currency, cost, _share(read, cost), _share(proven, token_cost), _share(tagged, cost)
    )


def _share(part: Decimal, whole: Decimal) -> Decimal | None:
    """A part of a whole; NULL where there is no whole."""
    if not whole:
        return None
    with localcontext() as context:
        context.prec = 28
        return (part / whole).quantize(Decimal("1e-12"))


def _findings(
    engine: Engine, report: RunReport, periods: list[Row], coverage: list[Row]
) -> list[Finding]:
    findings = [
        Finding(problem.found, "pertoken ingest --plan", "error") for problem in report.problems
    ]
    refused = [run for run in report.runs if run.status == "refused"]
    reasons = Counter(run.reason for run in refused)
    for reason, count in reasons.most_common():
        findings.append(
            Finding(f"{count} {_runs(count)} refused: {reason}", "pertoken runs", "warning")
        )
    findings += [
        Finding(f"{run.export_name} {run.month}: {run.reason}", "pertoken runs", "warning")
        for run in report.runs
        if run.status == "reconciliation" and DIFFERS in run.reason
    ]
    unread = sum(row[8] for row in coverage)
    if unread:
        findings.append(Finding(f"{unread} AI meters cannot be read", "pertoken meters", "warning"))
    aside = sum(row[6] for row in coverage)
    if aside:
        findings.append(
            Finding(
                f"{aside} charges set aside: their quantity fits no rule",
                "pertoken matrix --by x_QuantityBasis,SkuMeter",
                "warning",
            )
        )
    findings += _gaps(engine, periods)
    if periods:
        findings += price_findings(engine)
    return findings


def _gaps(engine: Engine, periods: list[Row]) -> list[Finding]:
    """Days without any charge inside a scope and month."""
    if not periods:
        return []
    rows = engine.rows(
        "SELECT BillingMonth, Scope, max(date_diff('day', FirstDay, LastDay)) + 1 "
        "- max(DaysWithCharges) AS Missing FROM periods GROUP BY BillingMonth, Scope "
        "ORDER BY BillingMonth, Scope"
    )
    return [
        Finding(
            f"{missing} {'day' if missing == 1 else 'days'} of {month} without charges in "
            f"{scope.rsplit('/', 1)[-1]}",
            f"pertoken matrix --all-charges --by ChargeDate --from {month}",
            "warning",
        )
        for month, scope, missing in rows
        if missing > 0
    ]


def _unbilled(engine: Engine, snapshot: Relations) -> list[Finding]:
    """Resources of telemetry that no AI charge names, in months of which the hub has charges."""
    if not (snapshot.view(engine, "usage") and view_mart(engine, snapshot)):
        return []
    count, example = engine.rows(
        "SELECT count(DISTINCT ResourceName), min(ResourceName) FROM usage "
        "WHERE BillingMonth IN (SELECT BillingMonth FROM periods) AND lower(ResourceName) NOT IN "
        "(SELECT lower(ResourceName) FROM token_costs WHERE ResourceName IS NOT NULL)"
    )[0]
    if not count:
        return []
    words = "resource has" if count == 1 else "resources have"
    return [
        Finding(
            f"{count} {words} telemetry and no AI charge, such as {example}",
            "pertoken matrix --by ResourceName",
            "warning",
        )
    ]


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"
