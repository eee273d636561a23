"""The matrix: cost, tokens and unit cost of any groups of charges.

Unit cost is x_TokenCost / x_TokenQuantity: the chosen cost of usage with proven tokens over those
tokens, always the quotient of the sums, NULL where there are none. Images, hours, provisioned
units, purchases, credits, tax and set-aside charges are in EffectiveCost and BilledCost and never
in the quotient. Sums run in the engine in DECIMAL; the quotient is made here, in Decimal.

The query keeps the charges of AI meters, sums them by key first (x_MeterKey, x_TagsKey and the
charges' own columns), then joins the small dimensions `meters` and `tags`, then sums again by the
columns asked for.

Source: docs/decisions/0005-which-charges-count.md; FOCUS 1.2, EffectiveCost and ConsumedQuantity.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from pertoken.engine import quoted
from pertoken.errors import ConfigError, alternatives
from pertoken.unit_economics.mart import MART_DIMENSIONS
from pertoken.unit_economics.savings import NEEDED, SAVINGS_COLUMNS, savings_sums, savings_values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pertoken.engine import Engine, Row

DEFAULT_BY = ("x_SkuMeterCategory", "x_SkuMeterSubcategory", "SkuMeter")
PER = {"token": 1, "1K": 1_000, "1M": 1_000_000}
COSTS = ("Effective", "Billed", "List", "Contracted")
TAG_PREFIX = "Tags."
_IS_AI = "x_MeterStatus <> 'not AI'"
_UNIT_COST_DIGITS = 34


@dataclass(frozen=True, slots=True)
class MatrixQuery:
    """What a matrix is asked for.

    `where` holds (column, value) pairs: values of one column are alternatives, columns narrow each
    other; an empty value means NULL. `start` is inclusive and `end` exclusive, on the day of
    ChargePeriodStart. `currency` filters and never converts.
    """

    by: tuple[str, ...] = DEFAULT_BY
    where: tuple[tuple[str, str], ...] = ()
    start: date | None = None
    end: date | None = None
    currency: str | None = None
    cost: str = "Effective"
    per: str = "1M"
    all_charges: bool = False
    savings: bool = False


def matrix_columns(query: MatrixQuery) -> tuple[str, ...]:
    """The columns of a matrix, in order; the chosen cost is added where it is not shown anyway."""
    chosen = (f"{query.cost}Cost",) if query.cost in ("List", "Contracted") else ()
    currency = () if "BillingCurrency" in query.by else ("BillingCurrency",)
    return (
        *query.by, *currency, "EffectiveCost", "BilledCost", *chosen, "x_TokenCost",
        "x_TokenQuantity", "x_UnitCost", "x_UnitCostUnit",
        *(SAVINGS_COLUMNS if query.savings else ()), "x_Mix",
    )  # fmt: skip


def matrix_rows(
    engine: Engine,
    query: MatrixQuery,
    *,
    charge_columns: Mapping[str, str],
    meter_columns: Mapping[str, str],
    from_mart: bool,
) -> list[Row]:
    """The rows of a matrix.

    Takes:   an engine in which `token_costs` or `charges`, `meters` and `tags` are named;
             the columns of charges and meters; whether to read the mart.
    Gives:   one row per group and BillingCurrency, in the order of `matrix_columns`: costs in
             BillingCurrency, x_TokenQuantity in tokens, x_UnitCost per `per` tokens. NULL is
             unknown or none. Highest EffectiveCost first within a currency.
    Keeps:   the sum of EffectiveCost and BilledCost of the charges that match.
    Raises:  ConfigError for a column that does not exist.
    """
    plan = _Plan(query, charge_columns, meter_columns, from_mart=from_mart)
    sql, values = plan.sql()
    base = PER[query.per]
    unit = f"{base} Tokens" if base > 1 else "Tokens"
    rows = []
    known = len(matrix_columns(query)) - 2 - (len(SAVINGS_COLUMNS) if query.savings else 0)
    for row in engine.rows(sql, values):
        *shown, token_cost, tokens, mix = row[:known]
        savings = savings_values(row[known:]) if query.savings else ()
        unit_cost = _quotient(token_cost, tokens, base)
        mixes = "; ".join(sorted(mix.split("; "))) if mix else None
        rows.append((*shown, token_cost, tokens, unit_cost, unit, *savings, mixes))
    return rows


def can_read_mart(query: MatrixQuery, meter_columns: Mapping[str, str]) -> bool:
    """Whether every column that a query names is in the mart or its dimensions."""
    names = (*query.by, *(column for column, _ in query.where))
    held = {*MART_DIMENSIONS, *meter_columns}
    return not (query.all_charges or query.savings) and all(
        name.startswith(TAG_PREFIX) or name in held for name in names
    )


def _quotient(cost: Decimal | None, tokens: Decimal | None, base: int) -> Decimal | None:
    if cost is None or not tokens:
        return None
    with localcontext() as context:
        context.prec = _UNIT_COST_DIGITS
        return (cost * base / tokens).quantize(Decimal("1e-12"))


class _Plan:
    """The SQL of one matrix and the values bound to it."""

    def __init__(
        self,
        query: MatrixQuery,
        charge_columns: Mapping[str, str],
        meter_columns: Mapping[str, str],
        *,
        from_mart: bool,
    ) -> None:
        self._query = query
        self._from_mart = from_mart
        self._meters = set(meter_columns) - {"x_MeterKey"}
        held = set(MART_DIMENSIONS) if from_mart else {*charge_columns, "ChargeDate"}
        self._charges = held - self._meters
        self._values: list[Any] = []
        self._savings = savings_sums() if query.savings else {}
        if query.savings and not self._charges.issuperset(NEEDED):
            raise ConfigError(
                "Savings cannot be shown: the charges state no list and contracted cost.",
                "Expected the charges of a whole hub; list and contracted prices are for finance.",
                "Leave --savings out.",
            )
        named = (*query.by, *(column for column, _ in query.where))
        for name in named:
            self._check(name)
        self._tags = sorted({name for name in named if name.startswith(TAG_PREFIX)})
        own = [name for name in dict.fromkeys(query.by) if name in self._charges]
        keys = ["x_MeterKey", "BillingCurrency", *(["x_TagsKey"] if self._tags else [])]
        self._own = [*own, *(key for key in keys if key not in own)]

    def sql(self) -> tuple[str, list[Any]]:
        """The query and its values, in the order of their marks."""
        query = self._query
        inner = self._inner()
        joins = ["INNER JOIN meters ON meters.x_MeterKey = sums.x_MeterKey"]
        for number, tag in enumerate(self._tags):
            self._values.append(tag.removeprefix(TAG_PREFIX))
            joins.append(
                f"LEFT JOIN (SELECT x_TagsKey, TagValue FROM tags WHERE TagKey = ?) "
                f"AS tag_{number} ON tag_{number}.x_TagsKey = sums.x_TagsKey"
            )
        outer = [f"meters.{_IS_AI}"] if not query.all_charges else []
        outer += self._conditions(lambda name: name not in self._charges)
        chosen = "" if query.cost in ("Effective", "Billed") else f"sum(sums.c_{query.cost}), "
        groups = [self._value(name) for name in query.by]
        if "BillingCurrency" not in query.by:
            groups.append('sums."BillingCurrency"')
        shown = ", ".join(groups)
        tokens = "CASE WHEN meters.Unit = 'Tokens' THEN sums.{} END"
        mix = "concat_ws('/', meters.x_MeterUse, meters.x_Modality, meters.x_ServiceTier)"
        saved = "".join(f", sum(sums.{name}) AS {name}" for name in self._savings)
        sql = (
            f"SELECT {shown}, sum(sums.c_Effective) AS EffectiveCost, "
            f"sum(sums.c_Billed) AS BilledCost, {chosen}"
            f"sum({tokens.format('c_Proven')}) AS x_TokenCost, "
            f"sum({tokens.format('q_Proven')}) AS x_TokenQuantity, "
            f"string_agg(DISTINCT CASE WHEN meters.Unit = 'Tokens' AND sums.q_Proven <> 0 "
            f"THEN {mix} END, '; ') AS x_Mix{saved} "
            f"FROM ({inner}) AS sums {' '.join(joins)}"
            + (f" WHERE {' AND '.join(outer)}" if outer else "")
            + f" GROUP BY {shown} ORDER BY sums.BillingCurrency, EffectiveCost DESC, "
            + ", ".join(f"{place + 1}" for place in range(len(query.by)))
        )
        return sql, self._values

    def _inner(self) -> str:
        """Sums by key over the mart or the charges."""
        relation = "token_costs" if self._from_mart else "charges"
        keys = ", ".join(f"{self._key(name)} AS {quoted(name)}" for name in self._own)
        groups = ", ".join(self._key(name) for name in self._own)
        cost = self._query.cost
        if self._from_mart:
            quantity = f"x_{cost}Quantity" if cost in ("List", "Contracted") else "x_UnitQuantity"
            proven = f"x_Proven{cost}Cost"
        else:
            known = f"{cost}Cost IS NOT NULL AND " if cost in ("List", "Contracted") else ""
            quantity = f"CASE WHEN {known}x_UnitQuantity IS NOT NULL THEN x_UnitQuantity END"
            proven = f"CASE WHEN x_UnitQuantity IS NOT NULL THEN {cost}Cost END"
        extra = f", sum({cost}Cost) AS c_{cost}" if cost in ("List", "Contracted") else ""
        conditions = self._conditions(lambda name: name in self._charges)
        conditions += self._period()
        if not (self._from_mart or self._query.all_charges):
            conditions.append(f"x_MeterKey IN (SELECT x_MeterKey FROM meters WHERE {_IS_AI})")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        saved = "".join(f", {sql} AS {name}" for name, sql in self._savings.items())
        return (
            f"SELECT {keys}, sum(EffectiveCost) AS c_Effective, sum(BilledCost) AS c_Billed"
            f"{extra}, sum({proven}) AS c_Proven, sum({quantity}) AS q_Proven{saved} "
            f"FROM {relation}{where} GROUP BY {groups}"
        )

    def _period(self) -> list[str]:
        query, conditions = self._query, []
        if query.start is not None:
            conditions.append(f"{self._key('ChargeDate')} >= ?")
            self._values.append(query.start)
        if query.end is not None:
            conditions.append(f"{self._key('ChargeDate')} < ?")
            self._values.append(query.end)
        if query.currency is not None:
            conditions.append("BillingCurrency = ?")
            self._values.append(query.currency.upper())
        return conditions

    def _conditions(self, here: Any) -> list[str]:  # noqa: ANN401 - a predicate on names
        wanted: dict[str, list[str]] = {}
        for column, value in self._query.where:
            if here(column):
                wanted.setdefault(column, []).append(value)
        conditions = []
        for column, values in wanted.items():
            name = self._key(column) if column in self._charges else self._value(column)
            alternatives_sql = []
            for value in values:
                if value == "":
                    alternatives_sql.append(f"{name} IS NULL")
                else:
                    alternatives_sql.append(f"CAST({name} AS VARCHAR) = ?")
                    self._values.append(value)
            conditions.append(f"({' OR '.join(alternatives_sql)})")
        return conditions

    def _key(self, name: str) -> str:
        """A column of the charges, before the sums."""
        if name == "ChargeDate" and not self._from_mart:
            return "CAST(ChargePeriodStart AS DATE)"
        return quoted(name)

    def _value(self, name: str) -> str:
        """A column asked for, after the joins."""
        if name.startswith(TAG_PREFIX):
            return f"tag_{self._tags.index(name)}.TagValue"
        return f"meters.{quoted(name)}" if name in self._meters else f"sums.{quoted(name)}"

    def _check(self, name: str) -> None:
        if name in self._charges or name in self._meters:
            return
        if name.startswith(TAG_PREFIX) and len(name) > len(TAG_PREFIX):
            return
        raise ConfigError(
            f"There is no column '{name}'.",
            "Expected a FOCUS or x_ column of the hub, BillingMonth, ChargeDate, or Tags.KEY.",
            f"Nearest names: {alternatives(name, {*self._charges, *self._meters})}.",
        )
