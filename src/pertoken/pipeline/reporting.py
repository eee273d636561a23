"""Costs of a table in a reporting currency, beside what was billed.

Every cost is converted in its own billing month, by that month's average rate unless the closing
rate is asked for, and only then summed. The columns of the contract stay as they are and come
first; converted ones are named x_Reporting..., with the currency, the kind of rate and its source
beside them. Where a month has no rate the converted cost is NULL and a finding says so.

Source: docs/prices.md, "Currencies"; docs/decisions/0006-price-filling.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from typing import TYPE_CHECKING

from pertoken.errors import ConfigError
from pertoken.pipeline.views import matrix_table
from pertoken.prices import RATE_COLUMNS, MonthRate, Rate, RateTable, converted
from pertoken.reports import Column, Table
from pertoken.unit_economics import PER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations
    from pertoken.unit_economics import MatrixQuery

RATE_CHOICES = ("average", "closing")
_MONTH = "BillingMonth"
_EXACT = Context(prec=76)
_SCALE = Decimal("1e-12")
_LABELS = (
    Column("x_ExchangeRate", "price"),
    Column("x_RateKind", "text"),
    Column("x_RateSource", "text"),
)
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(slots=True)
class Reporting:
    """A reporting currency: the rates of the hub, and the months that had none."""

    currency: str
    kind: str
    rates: RateTable
    missing: set[tuple[str, str]] = field(default_factory=set)

    def rate(self, currency: str, month: str) -> MonthRate | None:
        """The rate of a billing month; one that is missing is noted."""
        rate = self.rates.month_rate(currency, self.currency, month, self.kind)
        if rate is None:
            self.missing.add((currency, month))
        return rate

    @property
    def findings(self) -> tuple[str, ...]:
        """What could not be converted, one sentence per currency."""
        sentences = []
        for currency in sorted({each[0] for each in self.missing}):
            months = sorted(month for of, month in self.missing if of == currency)
            sentences.append(
                f"No {self.kind} rate from {currency} to {self.currency} for {', '.join(months)}: "
                "those costs are not converted. Ingest a rate table (docs/prices.md)."
            )
        return tuple(sentences)


def reporting(engine: Engine, snapshot: Relations, currency: str, kind: str) -> Reporting:
    """A reporting currency with the rates of the hub.

    Raises: ConfigError for a text that is no currency code, or a kind that is no rate.
    """
    code = currency.strip().upper()
    if not _CURRENCY.fullmatch(code) or kind not in RATE_CHOICES:
        raise ConfigError(
            f"'{currency}' by the '{kind}' rate is no reporting currency.",
            f"Expected an ISO 4217 code such as EUR, and one of {', '.join(RATE_CHOICES)}.",
            "Give both in that form.",
        )
    if not snapshot.view(engine, "rates"):
        return Reporting(code, kind, RateTable())
    written = {run.run_id: str(run.submitted_time) for run in snapshot.runs}
    columns = ", ".join(RATE_COLUMNS)
    rows = engine.rows(f"SELECT {columns} FROM rates ORDER BY RateDate, FromCurrency, ToCurrency")
    rows.sort(key=lambda row: (written.get(row[6], ""), row[6]))
    stated = ((Rate(*row[:5]), row[5]) for row in rows)
    return Reporting(code, kind, RateTable(stated))


def reported_matrix(
    engine: Engine, snapshot: Relations, query: MatrixQuery, into: Reporting
) -> Table:
    """The matrix with its costs in the reporting currency.

    Gives:   the matrix, then ReportingCurrency, x_ReportingEffectiveCost, x_ReportingBilledCost,
             x_ReportingTokenCost, x_ReportingUnitCost, and the rate: x_ExchangeRate where one
             rate converts the whole row, x_RateKind, x_RateSource.
    """
    table = matrix_table(engine, snapshot, query)
    by = query.by if _MONTH in query.by else (*query.by, _MONTH)
    monthly = matrix_table(engine, snapshot, replace(query, by=by, savings=False))
    names = ("EffectiveCost", "BilledCost", "x_TokenCost")
    sums: dict[tuple[object, ...], _Sum] = {}
    for row in monthly.to_dicts():
        key = tuple(row[name] for name in (*query.by, "BillingCurrency"))
        rate = into.rate(str(row["BillingCurrency"]), str(row[_MONTH]))
        sums.setdefault(key, _Sum(len(names))).add([row[name] for name in names], rate)
    base, cells = PER[query.per], []
    for row in table.to_dicts():
        found = sums[tuple(row[name] for name in (*query.by, "BillingCurrency"))]
        unit_cost = _quotient(found.costs[-1], row["x_TokenQuantity"], base)
        cells.append((into.currency, *found.costs, unit_cost, *found.label(into.kind)))
    columns = (
        Column("ReportingCurrency", "text"),
        *(Column(f"x_Reporting{name.removeprefix('x_')}", "price") for name in names),
        Column("x_ReportingUnitCost", "price"),
        *_LABELS,
    )
    return _beside(table, columns, cells)


def reported_periods(table: Table, into: Reporting) -> Table:
    """The periods with their four costs in the reporting currency, and the rate of the month."""
    names = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
    cells = []
    for row in table.to_dicts():
        total = _Sum(len(names))
        rate = into.rate(str(row["BillingCurrency"]), str(row[_MONTH]))
        total.add([row[name] for name in names], rate)
        cells.append((into.currency, *total.costs, *total.label(into.kind)))
    columns = (
        Column("ReportingCurrency", "text"),
        *(Column(f"x_Reporting{name}", "price") for name in names),
        *_LABELS,
    )
    return _beside(table, columns, cells)


class _Sum:
    """Converted costs of one row, summed over its months; NULL once a month has no rate."""

    def __init__(self, width: int) -> None:
        self._known: list[Decimal | None] = [None] * width
        self._rates: list[MonthRate | None] = []

    def add(self, costs: Sequence[object], rate: MonthRate | None) -> None:
        self._rates.append(rate)
        for place, cost in enumerate(costs):
            more = converted(cost, rate) if isinstance(cost, Decimal) else None
            before = self._known[place]
            if more is not None:
                self._known[place] = more if before is None else _EXACT.add(before, more)

    @property
    def costs(self) -> list[Decimal | None]:
        return [None] * len(self._known) if None in self._rates else self._known

    def label(self, kind: str) -> tuple[Decimal | None, str, str | None]:
        """The rate where it is one, its kind, and the sources."""
        known = [rate for rate in self._rates if rate is not None]
        rates = {rate.rate for rate in known}
        one = rates.pop() if len(rates) == 1 and len(known) == len(self._rates) else None
        sources = sorted({rate.source for rate in known})
        return one, kind, "; ".join(sources) or None


def _quotient(cost: Decimal | None, tokens: object, base: int) -> Decimal | None:
    if cost is None or not isinstance(tokens, Decimal) or not tokens:
        return None
    return _EXACT.quantize(_EXACT.divide(_EXACT.multiply(cost, Decimal(base)), tokens), _SCALE)


def _beside(
    table: Table, columns: tuple[Column, ...], cells: Sequence[tuple[object, ...]]
) -> Table:
    """A table with more columns at its end, before the hints that only a terminal reads."""
    shown = table.without_hints()
    rows = tuple((*row, *more) for row, more in zip(shown.rows, cells, strict=True))
    return Table(table.name, (*shown.columns, *columns), rows)
