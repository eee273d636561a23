"""Attributed cost: the parts of the bill by any dimensions, each with its evidence.

A dimension is what a call said of its caller (telemetry), what a tag says of a resource (tags), or
what a person's rule says (rules). Without a choice telemetry speaks, and a rule for what it leaves.
What nothing proves is one row per reason that reads Unattributed. Facts of the charge itself, such
as its model or its day, can stand beside the dimensions and are never in doubt.

Source: docs/allocation.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.allocation.canonical import rule_value
from pertoken.allocation.rules import ORGANISATION_COLUMNS
from pertoken.allocation.split import USAGE_DIMENSIONS
from pertoken.engine import quoted, quoted_text
from pertoken.errors import ConfigError, alternatives

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pertoken.allocation.rules import Rules
    from pertoken.engine import Engine, Row

EVIDENCE = ("tags", "telemetry", "rules")
IDLE_POLICIES = ("spread", "show", "owner")
AS_BILLED, POOLED = "billed", "pooled"
RESERVATION_RATES = (AS_BILLED, POOLED)
PER = {"token": 1, "1K": 1_000, "1M": 1_000_000}
UNATTRIBUTED = "Unattributed"
BILLED = "billed"
"""The evidence of rows by facts of the charge alone: the bill says them, nobody was asked for."""
IS_TAGGED = "x_IsTagged"
"""A fact of the charge: true where its tags state any canonical key that day, else false."""
MEASURES = {
    "BillingCurrency": "text", "EffectiveCost": "money", "x_TokenCost": "money",
    "x_TokenQuantity": "quantity", "x_UnitCost": "price", "x_UnitCostUnit": "text",
    "Evidence": "text", "ResidualReason": "text", "x_IdleCost": "money",
}  # fmt: skip
_FACTS = (
    "ChargeDate", "ResourceId", "ResourceName", "SubAccountId", "SubAccountName",
    "x_ResourceGroupName", "BillingAccountId", "ChargeCategory", "x_MeterKey", IS_TAGGED,
)  # fmt: skip
_UNUSED = "parts.Kind = 'UnusedReservation'"
_DIGITS = 50
_COST_SCALE = -18
_QUANTITY_SCALE = -12


@dataclass(frozen=True, slots=True)
class AttributionQuery:
    """What is asked for: dimensions, evidence (None: telemetry, then rules), days and policy.

    `idle` is what becomes of idle provisioned capacity: spread over its users as assumed, shown as
    Unattributed, or charged to the owner that the resource's tags name; the owner of an unused
    reservation, whom tags or rules name, then pays it too. `reservations` says what used capacity
    pays: as billed, or the pooled rate of the day. `as_of` is the day whose organisation counts;
    None takes that of each charge (as booked).
    """

    by: tuple[str, ...]
    evidence: str | None = None
    start: date | None = None
    end: date | None = None
    currency: str | None = None
    idle: str = "spread"
    reservations: str = AS_BILLED
    as_of: date | None = None
    per: str = "1M"


def attribution_columns(query: AttributionQuery) -> dict[str, str]:
    """The columns of an attribution and their kinds, in order."""
    by = {name: "date" if name == "ChargeDate" else "text" for name in query.by}
    return {"BillingMonth": "date"} | by | MEASURES


def attribution_rows(
    engine: Engine, query: AttributionQuery, rules: Rules, *, meter_columns: Sequence[str]
) -> list[Row]:
    """The rows of an attribution, in the order of `attribution_columns`.

    Takes:   an engine in which `tagged_parts` (the parts of the bill with their canonical tags),
             `meters` and `organisation` are named.
    Gives:   one row per month, dimensions, currency, evidence and reason.
    Keeps:   the cost and tokens of the bill, to the last decimal.
    Raises:  ConfigError for a dimension that nothing can give.
    """
    sql = _Select(query, rules, tuple(engine.columns("tagged_parts")), meter_columns).sql()
    return [_row(row, query) for row in engine.rows(sql)]


def attribution_select(
    engine: Engine, query: AttributionQuery, rules: Rules, *, meter_columns: Sequence[str]
) -> str:
    """The SELECT of an attribution, for tables that are too long to hold: no quotient.

    Takes:   as `attribution_rows`.
    Gives:   BillingMonth, the dimensions, BillingCurrency, EffectiveCost, x_TokenCost and
             x_IdleCost as DECIMAL(38,18), x_TokenQuantity as DECIMAL(38,12), Evidence,
             ResidualReason; x_TokenCost, x_TokenQuantity and x_IdleCost NULL where there are none.
    Keeps:   the cost and tokens of the bill, to the last decimal.
    """
    sql = _Select(query, rules, tuple(engine.columns("tagged_parts")), meter_columns).sql()
    keys = [f"key_{place}" for place in range(len(query.by))]
    names = ("BillingMonth", *keys, "BillingCurrency", "Cost", "TokenCost", "Tokens", "Evidence",
             "ResidualReason", "Idle")  # fmt: skip
    shown = "".join(f"{key} AS {quoted(name)}, " for key, name in zip(keys, query.by, strict=True))
    none = "NULLIF({0}, 0)"
    spent = "CASE WHEN Tokens <> 0 OR TokenCost <> 0 THEN TokenCost END"
    return (
        f"SELECT BillingMonth, {shown}BillingCurrency, {_decimal('Cost', 18)} AS EffectiveCost, "
        f"{_decimal(spent, 18)} AS x_TokenCost, {_decimal(none.format('Tokens'), 12)} AS "
        f"x_TokenQuantity, Evidence, ResidualReason, {_decimal(none.format('Idle'), 18)} AS "
        f"x_IdleCost FROM ({sql}) AS sums({', '.join(names)})"
    )


def _decimal(units: str, scale: int) -> str:
    """SQL: whole units as a decimal, exact: the product has one digit set, the last."""
    one = "0." + "0" * (scale - 1) + "1"
    unit = f"CAST('{one}' AS DECIMAL({scale},{scale}))"
    return f"CAST(CAST({units} AS DECIMAL(38,0)) * {unit} AS DECIMAL(38,{scale}))"


def _row(row: Row, query: AttributionQuery) -> Row:
    shown = len(query.by) + 1
    currency, cost, token_cost, tokens, evidence, reason, idle = row[shown:]
    spent, quantity = _scaled(token_cost, _COST_SCALE), _scaled(tokens, _QUANTITY_SCALE)
    base = PER[query.per]
    unit_cost = None
    if quantity:
        with localcontext() as context:
            context.prec = _DIGITS
            unit_cost = (spent * base / quantity).quantize(Decimal("1e-12"))
    return (
        *row[:shown], currency, _scaled(cost, _COST_SCALE), spent if quantity or spent else None,
        quantity or None, unit_cost, f"{base} Tokens" if base > 1 else "Tokens", evidence, reason,
        _scaled(idle, _COST_SCALE) if idle else None,
    )  # fmt: skip


def _scaled(units: object, scale: int) -> Decimal:
    with localcontext() as context:
        context.prec = _DIGITS
        return Decimal(int(str(units).partition(".")[0])).scaleb(scale)


class _Select:
    """The SELECT of one attribution."""

    def __init__(
        self,
        query: AttributionQuery,
        rules: Rules,
        columns: Sequence[str],
        meter_columns: Sequence[str],
    ) -> None:
        self._query = query
        self._rules = rules
        self._columns = tuple(columns)
        self._meters = tuple(name for name in meter_columns if name not in _FACTS)
        self._people = [name for name in query.by if not self._is_fact(name)]
        given = {*USAGE_DIMENSIONS, "Deployment", *rules.dimensions, *ORGANISATION_COLUMNS}
        for name in self._people:
            if name not in given:
                known = {*given, *_FACTS, *self._meters, "BillingMonth"}
                raise ConfigError(
                    f"There is no dimension '{name}'.",
                    "Expected a dimension of telemetry, tags or rules, or a column of the charge.",
                    f"Nearest names: {alternatives(name, known)}.",
                )

    def sql(self) -> str:
        """The query: dimensions of every part, then sums."""
        values = "".join(
            f"{self._value(name)} AS {quoted(f'by_{place}')}, "
            for place, name in enumerate(self._query.by)
        )
        assumed = " OR ".join(self._is_assumed(name) for name in self._people) or "false"
        inner = (
            "SELECT parts.*, meters.* EXCLUDE (x_MeterKey), "
            f"{values}({assumed}) AS ByRule FROM ({self._parts()}) AS parts "
            "INNER JOIN meters ON meters.x_MeterKey = parts.x_MeterKey "
            "LEFT JOIN organisation ON organisation.Team = parts.Team "
            f"AND (organisation.Since IS NULL OR {self._day()} >= organisation.Since) "
            f"AND (organisation.Until IS NULL OR {self._day()} < organisation.Until)"
            f"{self._where()}"
        )
        resolved = self._resolved()
        judged = (
            f"SELECT *, {self._evidence(resolved)} AS Evidence, {self._reason(resolved)} "
            f"AS ResidualReason FROM (SELECT * RENAME (Reason AS Cause) FROM ({inner}) AS valued) "
            "AS caused"
        )
        shown = "".join(f"{self._shown(at)} AS shown_{at}, " for at in range(len(self._query.by)))
        keys = "".join(f", shown_{at}" for at in range(len(self._query.by)))
        return (
            f"SELECT BillingMonth{keys}, BillingCurrency, sum(CAST(CostUnits AS HUGEINT)) AS Cost, "
            "sum(CAST(TokenCostUnits AS HUGEINT)), sum(CAST(QuantityUnits AS HUGEINT)), Evidence, "
            "ResidualReason, sum(CASE WHEN IsIdle THEN CAST(CostUnits AS HUGEINT) ELSE 0 END) "
            f"FROM (SELECT {shown}* FROM ({judged}) AS judged) AS parts "
            f"GROUP BY BillingMonth, BillingCurrency, Evidence, ResidualReason{keys} "
            f"ORDER BY BillingMonth, BillingCurrency, Cost DESC, ResidualReason, Evidence{keys}"
        )

    def _parts(self) -> str:
        """Parts with idle capacity beside what was used of it."""
        if "IdleUnits" not in self._columns:
            return "SELECT *, false AS IsIdle FROM tagged_parts"
        return (
            "SELECT * EXCLUDE (IdleUnits, CostUnits), CAST(CostUnits - coalesce(IdleUnits, 0) "
            "AS DECIMAL(38,0)) AS CostUnits, false AS IsIdle FROM tagged_parts "
            "UNION ALL BY NAME SELECT * EXCLUDE (IdleUnits, CostUnits, TokenCostUnits, "
            "QuantityUnits), IdleUnits AS CostUnits, CAST(0 AS DECIMAL(38,0)) AS TokenCostUnits, "
            "CAST(0 AS DECIMAL(38,0)) AS QuantityUnits, true AS IsIdle FROM tagged_parts "
            "WHERE IdleUnits IS NOT NULL AND IdleUnits <> 0"
        )

    def _is_fact(self, name: str) -> bool:
        return name == "BillingMonth" or name in _FACTS or name in self._meters

    def _value(self, name: str) -> str:
        if name == IS_TAGGED:
            return f"CAST({self._is_tagged()} AS VARCHAR)"
        if self._is_fact(name):
            table = "meters" if name in self._meters else "parts"
            return f"{table}.{quoted(name)}"
        value = self._chosen(name)
        if self._query.idle == "show":
            return f"CASE WHEN NOT parts.IsIdle THEN {value} END"
        if self._query.idle == "owner":
            owner = self._tag(name)
            return (
                f"CASE WHEN parts.IsIdle THEN {owner} WHEN {_UNUSED} THEN coalesce({owner}, "
                f"{value}) ELSE {value} END"
            )
        return value

    def _is_tagged(self) -> str:
        held = [each for each in self._columns if each.startswith("tag_")]
        return f"({' OR '.join(f'parts.{quoted(each)} IS NOT NULL' for each in held) or 'false'})"

    def _chosen(self, name: str) -> str:
        """What the chosen evidence says of a dimension."""
        tag, rule = self._tag(name), self._rule(name)
        if self._query.evidence == "tags":
            return tag
        if self._query.evidence == "rules":
            return f"coalesce({rule}, {tag})" if rule else tag
        seen = self._seen(name)
        return f"coalesce({seen}, {rule})" if rule and self._query.evidence is None else seen

    def _seen(self, name: str) -> str:
        if name in (*USAGE_DIMENSIONS, "Deployment"):
            return f"parts.{quoted(name)}"
        if name in ORGANISATION_COLUMNS:
            return f"organisation.{quoted(name)}"
        return f"CASE WHEN parts.IsSeen THEN {self._tag(name)} END"

    def _is_seen_by_tag(self, name: str) -> bool:
        """Whether telemetry has no word for a dimension, so that a tag says it of what was seen."""
        return name not in (*USAGE_DIMENSIONS, "Deployment", *ORGANISATION_COLUMNS)

    def _tag(self, name: str) -> str:
        column = f"tag_{name}"
        return f"parts.{quoted(column)}" if column in self._columns else "CAST(NULL AS VARCHAR)"

    def _rule(self, name: str) -> str | None:
        held = (*self._columns, *self._meters)
        value = rule_value(name, self._rules.rules, held)
        return f"({value})" if value else None

    def _is_assumed(self, name: str) -> str:
        """Whether what is said of a dimension is a tag's or a rule's word, not that of a call."""
        if self._is_seen_by_tag(name):
            return f"{self._chosen(name)} IS NOT NULL"
        if self._query.evidence is not None or not self._rule(name):
            return "false"
        return f"{self._seen(name)} IS NULL AND {self._rule(name)} IS NOT NULL"

    def _resolved(self) -> str:
        """Whether any dimension that was asked for is known of a part."""
        people = [
            f"by_{place} IS NOT NULL"
            for place, name in enumerate(self._query.by)
            if name in self._people and (name != "Deployment" or self._people == ["Deployment"])
        ]
        return f"({' OR '.join(people)})" if people else "true"

    def _shown(self, place: int) -> str:
        name = self._query.by[place]
        if name not in self._people:
            return f"by_{place}"
        return (
            f"CASE WHEN ResidualReason IS NULL THEN by_{place} ELSE {quoted_text(UNATTRIBUTED)} END"
        )

    def _evidence(self, resolved: str) -> str:
        if not self._people:
            return quoted_text(BILLED)
        if self._query.evidence in ("tags", "rules"):
            return f"CASE WHEN {resolved} THEN 'assumed' END"
        return (
            f"CASE WHEN NOT {resolved} THEN NULL WHEN ByRule OR IsAssumed OR IsIdle "
            "OR Kind = 'UnusedReservation' THEN 'assumed' "
            "WHEN IsEstimated THEN 'estimated' ELSE 'measured' END"
        )

    def _reason(self, resolved: str) -> str:
        missing = {"tags": "NoTag", "rules": "NoRule"}.get(str(self._query.evidence))
        idle = "WHEN IsIdle THEN 'IdleCapacity' " if self._query.idle != "spread" else ""
        cause = quoted_text(missing) if missing else "coalesce(Cause, 'NoDimension')"
        return f"CASE WHEN {resolved} THEN NULL {idle}ELSE {cause} END"

    def _day(self) -> str:
        as_of = self._query.as_of
        return f"DATE {quoted_text(as_of.isoformat())}" if as_of else "parts.ChargeDate"

    def _where(self) -> str:
        query, conditions = self._query, []
        if query.start:
            conditions.append(f"parts.ChargeDate >= DATE {quoted_text(query.start.isoformat())}")
        if query.end:
            conditions.append(f"parts.ChargeDate < DATE {quoted_text(query.end.isoformat())}")
        if query.currency:
            conditions.append(f"parts.BillingCurrency = {quoted_text(query.currency.upper())}")
        return f" WHERE {' AND '.join(conditions)}" if conditions else ""
