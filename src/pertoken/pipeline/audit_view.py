"""The audit at a glance: the gaps of a hub, summed by reason or by day.

Source: docs/reconciliation.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.pipeline.reconciliation_view import reconciliation_table
from pertoken.reconciliation import EXCEPTIONS, REASONS
from pertoken.reports import Column, Table
from pertoken.reports.numbers import EXACT

if TYPE_CHECKING:
    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations

AUDIT_COLUMNS = {
    "ReasonCode": "text", "IsException": "flag", "BillingCurrency": "text", "Gaps": "count",
    "Days": "count", "FirstDay": "date", "LastDay": "date", "BilledTokens": "count",
    "TelemetryTokens": "count", "GapTokens": "count", "GapCost": "money",
}  # fmt: skip
_COUNTS = ("BilledTokens", "TelemetryTokens", "GapTokens")


@dataclass(slots=True)
class _Sums:
    gaps: int
    days: set[date]
    tokens: dict[str, int | None]
    cost: Decimal | None


def audit_table(
    engine: Engine,
    relations: Relations,
    *,
    by_day: bool = False,
    start: date | None = None,
    end: date | None = None,
) -> Table:
    """One row per reason and currency, with `by_day` per day too; exceptions first.

    Gives:   of the gaps their number, days, tokens billed and measured, and cost; NULL where no gap
             states it. BillingCurrency is NULL for gaps that have no cost.
    Raises:  HubError for a hub without telemetry.
    """
    gaps = reconciliation_table(engine, relations, start=start, end=end)
    sums: dict[tuple[str, str | None, date | None], _Sums] = {}
    for row in gaps.to_dicts():
        day, currency = row["ChargeDate"], row["BillingCurrency"]
        assert isinstance(day, date)  # noqa: S101 - a gap is of a day
        key = (
            str(row["ReasonCode"]), None if currency is None else str(currency),
            day if by_day else None,
        )  # fmt: skip
        own = sums.setdefault(key, _Sums(0, set(), dict.fromkeys(_COUNTS), None))
        own.gaps += 1
        own.days.add(day)
        for name in _COUNTS:
            if isinstance(counted := row[name], int):
                own.tokens[name] = (own.tokens[name] or 0) + counted
        if isinstance(cost := row["GapCost"], Decimal):
            own.cost = cost if own.cost is None else EXACT.add(own.cost, cost)
    kinds = ({"ChargeDate": "date"} if by_day else {}) | AUDIT_COLUMNS
    rows = tuple(_row(key, sums[key]) for key in sorted(sums, key=_order))
    return Table("audit", tuple(Column(name, kind) for name, kind in kinds.items()), rows)


def _order(key: tuple[str, str | None, date | None]) -> tuple[str, int, str]:
    reason, currency, day = key
    return (str(day or ""), REASONS.index(reason), currency or "")


def _row(key: tuple[str, str | None, date | None], own: _Sums) -> tuple[object, ...]:
    reason, currency, day = key
    return (
        *(() if day is None else (day,)), reason, reason in EXCEPTIONS, currency, own.gaps,
        len(own.days), min(own.days), max(own.days), *(own.tokens[name] for name in _COUNTS),
        own.cost,
    )  # fmt: skip
