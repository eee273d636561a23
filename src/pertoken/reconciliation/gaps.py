"""Billed tokens against telemetry tokens: every gap with its tokens, its cost and its reason.

A gap is billed less measured. What is equal is no row. An exception is a gap that a person or the
provider can do something about.

Source: docs/reconciliation.md; azure-rest-api-specs#45178 (cached tokens metered twice).
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.engine import sql_file

if TYPE_CHECKING:
    from pertoken.engine import Engine, Row

GAP_COLUMNS = {
    "ChargeDate": "date", "ResourceId": "text", "Deployment": "text", "x_ModelId": "text",
    "x_TokenDirection": "text", "x_TokenCacheAction": "text", "BilledTokens": "count",
    "TelemetryTokens": "count", "GapTokens": "count", "GapCost": "money",
    "BillingCurrency": "text", "ReasonCode": "text",
}  # fmt: skip
EXCEPTIONS = ("CachedMeteredTwice", "PriceDrift", "BypassedGateway", "MissingDay", "LateData",
              "Unknown")  # fmt: skip
REASONS = (*EXCEPTIONS, "NoTelemetry", "FailedCalls", "Provisioned", "Rounding")
_SCALE = -18
_DIGITS = 50


def gap_rows(engine: Engine) -> list[Row]:
    """The gaps between a bill and its telemetry, in the order of GAP_COLUMNS.

    Takes:   an engine in which `bill`, `deployment_days`, `deployment_homes`, `callers`,
             `caller_costs` and `usage` are named.
    Gives:   one row per day, resource, deployment, model, token kind and reason.
    """
    select = sql_file("pertoken.reconciliation", "gaps")
    rows = engine.rows(
        "SELECT ChargeDate, ResourceId, Deployment, Model, Direction, CacheAction, Billed, "
        "Telemetry, Billed - coalesce(Telemetry, 0) AS Gap, CAST(Cost AS DECIMAL(38,0)), "
        f"BillingCurrency, Reason FROM ({select}) AS gaps "
        "ORDER BY ChargeDate, ResourceId, Deployment, Direction, CacheAction, Reason"
    )
    return [(*row[:9], _cost(row[9]), *row[10:]) for row in rows]


def _cost(units: Decimal | None) -> Decimal | None:
    if units is None:
        return None
    with localcontext() as context:
        context.prec = _DIGITS
        return units.scaleb(_SCALE)
