"""The matrix as a hierarchy for the page: subtotals, shares, a compared period, and sparklines.

Lines are those of `pertoken matrix` on a terminal (`reports.subtotals`). Groups in which no meter
could be read stand last above the total. A sparkline is for the eye and is the one place where a
cost leaves as a float.
Source: docs/page.md, "Unit costs".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.pipeline.views import matrix_table
from pertoken.reports import Table
from pertoken.reports.subtotals import Subtotal, subtotals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations
    from pertoken.unit_economics import MatrixQuery

_HINTS = ("Unit", "x_MeterStatus")
_AMOUNTS = ("EffectiveCost", "BilledCost", "x_TokenCost", "x_TokenQuantity", "x_UnitCost")
_MOST_DAYS = 100
_READ = "recognised"


@dataclass(frozen=True, slots=True)
class HierarchyLine:
    """A line, its share of the currency's cost, and the same line of the compared period."""

    line: Subtotal
    share: Decimal | None
    before: Subtotal | None
    cost_change: Decimal | None
    unit_cost_change: Decimal | None
    units: tuple[str, ...]
    is_read: bool


def hierarchy(
    engine: Engine,
    relations: Relations,
    query: MatrixQuery,
    compare: tuple[date, date] | None = None,
) -> list[HierarchyLine]:
    """Every line of a matrix, groups before their parts, the total of a currency last.

    Takes:   compare, the start and end (exclusive) of another period; lines that only that period
             has are given too, with NULL amounts.
    Gives:   share of EffectiveCost within the currency; changes as shares of the former figure,
             NULL where it is NULL or 0; the units of the meters below; whether any was read.
    """
    table = _with_hints(engine, relations, query)
    former: dict[tuple[str | None, tuple[object, ...]], Subtotal] = {}
    if compare is not None:
        start, end = compare
        past = _with_hints(engine, relations, replace(query, start=start, end=end))
        former = {(line.currency, line.labels): line for line in subtotals(past, query.by)}
        table = _with_missing(table, past, query.by)
    facts = _facts(table, query.by)
    lines = _unread_last(subtotals(table, query.by), facts)
    totals = {line.currency: line.effective_cost for line in lines if not line.labels}
    return [
        _line(line, former.get((line.currency, line.labels)), totals[line.currency], facts)
        for line in lines
    ]


def sparklines(
    engine: Engine, relations: Relations, query: MatrixQuery
) -> tuple[list[str], list[tuple[str, tuple[object, ...], list[float | None]]]]:
    """EffectiveCost of every line over the period, by day, or by month for long periods.

    Gives:   the buckets; per line, its BillingCurrency, labels, and one value per bucket: None
             where the whole hub has no charge that day, 0 where only this line has none.
    """
    days = (query.end - query.start).days if query.start and query.end else _MOST_DAYS + 1
    bucket = "ChargeDate" if days <= _MOST_DAYS else "BillingMonth"
    column = query.by.index(bucket) if bucket in query.by else len(query.by)
    by = query.by if bucket in query.by else (*query.by, bucket)
    table = matrix_table(engine, relations, replace(query, by=by))
    currency_at = table.column_names.index("BillingCurrency")
    cost_at = table.column_names.index("EffectiveCost")
    held = {str(row[column]) for row in table.rows}
    buckets = _all_buckets(held, query) if bucket == "ChargeDate" else sorted(held)
    place = {name: at for at, name in enumerate(buckets)}
    sums: dict[tuple[str, tuple[object, ...]], list[float | None]] = {}
    for row in table.rows:
        at = place[str(row[column])]
        for depth in range(len(query.by) + 1):
            key = (str(row[currency_at]), tuple(row[:depth]))
            if key not in sums:
                sums[key] = [0.0 if name in held else None for name in buckets]
            sums[key][at] = (sums[key][at] or 0.0) + float(row[cost_at] or 0)  # type: ignore[arg-type]
    return buckets, [
        (currency, labels, [None if each is None else round(each, 4) for each in values])
        for (currency, labels), values in sums.items()
    ]


def _all_buckets(held: Iterable[str], query: MatrixQuery) -> list[str]:
    """Every day of the period up to the last one with a charge."""
    if query.start is None or not held:
        return sorted(held)
    last = max(held)
    days, day = [], query.start
    while day.isoformat() <= last:
        days.append(day.isoformat())
        day += timedelta(days=1)
    return days


def _with_hints(engine: Engine, relations: Relations, query: MatrixQuery) -> Table:
    more = tuple(name for name in _HINTS if name not in query.by)
    return matrix_table(engine, relations, replace(query, by=(*query.by, *more)))


def _with_missing(table: Table, past: Table, by: Sequence[str]) -> Table:
    """The table and, with NULL amounts, the groups that only the past has."""
    names = table.column_names
    key_at = [names.index(name) for name in (*by, "BillingCurrency")]
    held = {tuple(row[at] for at in key_at) for row in table.rows}
    empty = {names.index(name) for name in _AMOUNTS} | {names.index("x_Mix")}
    gone = [
        tuple(None if at in empty else cell for at, cell in enumerate(row))
        for row in past.rows
        if tuple(row[at] for at in key_at) not in held
    ]
    return Table(table.name, table.columns, (*table.rows, *gone))


_Facts = dict[tuple[object, tuple[object, ...]], tuple[set[str], bool]]


def _facts(table: Table, by: Sequence[str]) -> _Facts:
    """Of every group: the units of its meters, and whether any of them was read."""
    names = table.column_names
    at = {name: names.index(name) for name in (*by, *_HINTS, "BillingCurrency")}
    facts: _Facts = {}
    for row in table.rows:
        labels = tuple(row[at[name]] for name in by)
        for depth in range(len(labels) + 1):
            key = (row[at["BillingCurrency"]], labels[:depth])
            units, read = facts.get(key, (set(), False))
            unit = row[at["Unit"]]
            facts[key] = (
                units | ({str(unit)} if unit is not None else set()),
                read or row[at["x_MeterStatus"]] == _READ,
            )
    return facts


def _unread_last(lines: list[Subtotal], facts: _Facts) -> list[Subtotal]:
    """The same lines, outermost groups without any read meter moved above their total."""
    ordered: list[Subtotal] = []
    unread: list[Subtotal] = []
    for line in lines:
        if not line.labels:
            ordered += [*unread, line]
            unread = []
        else:
            is_read = facts[line.currency, line.labels[:1]][1]
            (ordered if is_read else unread).append(line)
    return ordered


def _line(
    line: Subtotal, before: Subtotal | None, total: Decimal | None, facts: _Facts
) -> HierarchyLine:
    units, read = facts.get((line.currency, line.labels), (set(), True))
    return HierarchyLine(
        line,
        share_of(line.effective_cost, total),
        before,
        change(line.effective_cost, before.effective_cost if before else None),
        change(line.unit_cost, before.unit_cost if before else None),
        tuple(sorted(units)),
        read,
    )


def share_of(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """A part of a whole, to 12 decimals; NULL where either is unknown or the whole is 0."""
    if part is None or not whole:
        return None
    with localcontext() as context:
        context.prec = 50
        return (part / whole).quantize(Decimal("1e-12"))


def change(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """What `now` is more than `before`, as a share of it; NULL where either is unknown or 0."""
    if now is None or not before:
        return None
    with localcontext() as context:
        context.prec = 50
        return ((now - before) / abs(before)).quantize(Decimal("1e-12"))
