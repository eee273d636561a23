"""The charges behind a number: the rows that a group of the matrix is the sum of, page by page.

A filter means here what it means in the matrix, so that the sums of all pages are the group's.
Source: docs/page.md, "From a number to its charges".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pertoken.engine import quoted
from pertoken.errors import ConfigError, alternatives
from pertoken.pipeline.views import column_kind, require_charges, view_dimensions
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations

TAG_PREFIX = "Tags."
SHOWN = (
    "ChargeDate", "SubAccountName", "x_ResourceGroupName", "ResourceName", "SkuMeter", "x_ModelId",
    "x_TokenDirection", "x_TokenCacheAction", "ChargeCategory", "BillingCurrency", "EffectiveCost",
    "BilledCost", "ListCost", "ContractedCost", "x_UnitQuantity", "Unit", "ConsumedQuantity",
    "ConsumedUnit", "PricingQuantity", "PricingUnit", "x_QuantityBasis", "x_MeterStatus",
    "ChargeClass", "ChargeDescription", "CommitmentDiscountStatus", "RegionId", "Tags",
    "ResourceId", "SubAccountId", "x_SkuMeterSubcategory", "x_SkuMeterCategory", "BillingMonth",
    "x_RunId", "x_SourceFile",
)  # fmt: skip
"""What a charge shows, where the hub has it."""


@dataclass(frozen=True, slots=True)
class ChargesQuery:
    """Which charges: as MatrixQuery, with a page of `limit` rows from `offset`."""

    where: tuple[tuple[str, str], ...] = ()
    start: date | None = None
    end: date | None = None
    currency: str | None = None
    all_charges: bool = False
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ChargesPage:
    """A page of charges, and the count and costs of all that match, per BillingCurrency."""

    table: Table
    total: int
    sums: tuple[tuple[str, int, Decimal, Decimal], ...] = field(default=())


def charges_page(engine: Engine, relations: Relations, query: ChargesQuery) -> ChargesPage:
    """One page of the charges that match, highest EffectiveCost first within a currency.

    Gives:   the columns of SHOWN that the hub has; the count, EffectiveCost and BilledCost of all
             charges that match.
    Raises:  ConfigError for a column that does not exist; HubError for an empty hub.
    """
    require_charges(relations)
    view_dimensions(engine, relations)
    relations.view(engine, "charges")
    plan = _Plan(engine, query)
    counted = engine.rows(
        "SELECT charges.BillingCurrency, count(*), sum(charges.EffectiveCost), "
        f"sum(charges.BilledCost) {plan.relation} GROUP BY charges.BillingCurrency "
        "ORDER BY charges.BillingCurrency",
        plan.values,
    )
    rows = engine.rows(
        f"SELECT {plan.shown} {plan.relation} ORDER BY charges.BillingCurrency, "
        f"charges.EffectiveCost DESC NULLS LAST, {plan.order} LIMIT ? OFFSET ?",
        [*plan.values, query.limit, query.offset],
    )
    table = Table("charges", plan.columns, tuple(rows))
    sums = tuple((row[0], row[1], row[2], row[3]) for row in counted)
    return ChargesPage(table, sum(row[1] for row in sums), sums)


class _Plan:
    """The relation of the charges that match, the values bound to it, and what is shown."""

    def __init__(self, engine: Engine, query: ChargesQuery) -> None:
        charges = engine.columns("charges") | {"ChargeDate": "DATE"}
        meters = engine.columns("meters")
        self._meters = set(meters) - {"x_MeterKey"}
        self._known = {*charges, *meters}
        self.values: list[Any] = []
        wanted: dict[str, list[str]] = {}
        for column, value in query.where:
            self._check(column)
            wanted.setdefault(column, []).append(value)
        tags = [name for name in wanted if name.startswith(TAG_PREFIX)]
        joins = "INNER JOIN meters ON meters.x_MeterKey = charges.x_MeterKey"
        for number, tag in enumerate(tags):
            joins += (
                " LEFT JOIN (SELECT x_TagsKey, TagValue FROM tags WHERE TagKey = ?) "
                f"AS tag_{number} ON tag_{number}.x_TagsKey = charges.x_TagsKey"
            )
            self.values.append(tag.removeprefix(TAG_PREFIX))
        conditions = [] if query.all_charges else ["meters.x_MeterStatus <> 'not AI'"]
        for column, values in wanted.items():
            name = f"tag_{tags.index(column)}.TagValue" if column in tags else self._name(column)
            conditions.append(self._condition(name, values))
        for sign, day in ((">=", query.start), ("<", query.end)):
            if day is not None:
                conditions.append(f"{self._name('ChargeDate')} {sign} ?")
                self.values.append(day)
        if query.currency is not None:
            conditions.append("charges.BillingCurrency = ?")
            self.values.append(query.currency.upper())
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        self.relation = f"FROM charges {joins}{where}"
        names = [name for name in SHOWN if name in self._known]
        kinds = meters | charges
        self.columns = tuple(Column(name, column_kind(name, kinds)) for name in names)
        self.shown = ", ".join(f"{self._name(name)} AS {quoted(name)}" for name in names)
        order = ("ChargeDate", "ResourceId", "SkuMeter", "Tags", "BilledCost", "ConsumedQuantity")
        self.order = ", ".join(self._name(name) for name in order if name in self._known)

    def _condition(self, name: str, values: Sequence[str]) -> str:
        tests = []
        for value in values:
            if value == "":
                tests.append(f"{name} IS NULL")
            else:
                tests.append(f"CAST({name} AS VARCHAR) = ?")
                self.values.append(value)
        return f"({' OR '.join(tests)})"

    def _name(self, column: str) -> str:
        if column == "ChargeDate":
            return "CAST(charges.ChargePeriodStart AS DATE)"
        return f"{'meters' if column in self._meters else 'charges'}.{quoted(column)}"

    def _check(self, name: str) -> None:
        tag = name.startswith(TAG_PREFIX) and len(name) > len(TAG_PREFIX)
        if name not in self._known and not tag:
            raise ConfigError(
                f"There is no column '{name}'.",
                "Expected a FOCUS or x_ column of the hub, BillingMonth, ChargeDate, or Tags.KEY.",
                f"Nearest names: {alternatives(name, self._known)}.",
            )
