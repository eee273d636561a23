"""The SELECT of an attribution: what is known of every part, what spreads divide, the sums.

Source: docs/allocation.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.allocation.attribution_query import BILLED, FACTS, IS_TAGGED, UNATTRIBUTED
from pertoken.allocation.canonical import rule_value
from pertoken.allocation.platform import TAGGED_PLATFORM
from pertoken.allocation.rules import ORGANISATION_COLUMNS
from pertoken.allocation.split import BILL_COLUMNS, USAGE_DIMENSIONS
from pertoken.allocation.spreading import (
    UNITS,
    spread_match,
    spread_select,
    view_spread_shares,
)
from pertoken.allocation.spreads import AI, NO_SPREAD_KEY, PLATFORM, RESIDUAL_REASON
from pertoken.engine import quoted, quoted_text
from pertoken.errors import ConfigError, alternatives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.allocation.attribution_query import AttributionQuery
    from pertoken.allocation.rules import Rules
    from pertoken.allocation.spreads import Spread
    from pertoken.engine import Engine

_TAGGED_BILL = "tagged_parts"
_FLAGS = ("IsIdle", "IsEstimated", "IsAssumed", "ByRule")
"""What the evidence of a part follows from, beside its reason and kind."""
_UNUSED = "parts.Kind = 'UnusedReservation'"


class AttributionSelect:
    """The SELECT of one attribution."""

    def __init__(
        self, engine: Engine, query: AttributionQuery, rules: Rules, meter_columns: Sequence[str]
    ) -> None:
        self._engine = engine
        self._query = query
        self._rules = rules
        self._columns = tuple(engine.columns(_TAGGED_BILL))
        self._facts = (*FACTS, *set(engine.columns("bill")).difference(BILL_COLUMNS))
        self._meters = tuple(name for name in meter_columns if name not in self._facts)
        self._people = [name for name in query.by if not self._is_fact(name)]
        given = {*USAGE_DIMENSIONS, "Deployment", *rules.dimensions, *ORGANISATION_COLUMNS}
        for name in self._people:
            if name not in given:
                known = {*given, *self._facts, *self._meters, "BillingMonth"}
                raise ConfigError(
                    f"There is no dimension '{name}'.",
                    "Expected a dimension of telemetry, tags or rules, or a column of the charge.",
                    f"Nearest names: {alternatives(name, known)}.",
                )
        self._members = [
            name
            for name in self._people
            if name in ORGANISATION_COLUMNS and rules.organisation and self._takes_rules()
        ]
        hidden = ("Team",) if self._members and "Team" not in query.by else ()
        self._names = (*query.by, *hidden)

    def sql(self) -> str:
        """The query: dimensions of every part, spreads, then sums."""
        asked = TAGGED_PLATFORM if self._query.platform else _TAGGED_BILL
        parts = self._spread(self._valued(asked, self._where()))
        resolved = self._resolved()
        judged = (
            f"SELECT *, {self._evidence(resolved)} AS Evidence, {self._reason(resolved)} "
            "AS ResidualReason FROM (SELECT * RENAME (Reason AS Cause), "
            f"{self._spread_rule(resolved)} AS SpreadRule FROM ({parts}) AS valued) AS caused"
        )
        shown = "".join(f"{self._shown(at)} AS shown_{at}, " for at in range(len(self._query.by)))
        keys = "".join(f", shown_{at}" for at in range(len(self._query.by)))
        return (
            f"SELECT BillingMonth{keys}, BillingCurrency, sum(CAST(CostUnits AS HUGEINT)) AS Cost, "
            "sum(CAST(TokenCostUnits AS HUGEINT)), sum(CAST(QuantityUnits AS HUGEINT)), Evidence, "
            "ResidualReason, sum(CASE WHEN IsIdle THEN CAST(CostUnits AS HUGEINT) ELSE 0 END), "
            f"SpreadRule FROM (SELECT {shown}* FROM ({judged}) AS judged) AS parts "
            f"GROUP BY BillingMonth, BillingCurrency, Evidence, ResidualReason, SpreadRule{keys} "
            "ORDER BY BillingMonth, BillingCurrency, Cost DESC, ResidualReason, Evidence, "
            f"SpreadRule{keys}"
        )

    def _valued(self, tagged: str, where: str) -> str:
        """Parts with what is known of each dimension: `by_PLACE`, NULL where nothing is."""
        values = "".join(
            f"{self._value(name)} AS {quoted(f'by_{place}')}, "
            for place, name in enumerate(self._names)
        )
        assumed = " OR ".join(self._is_assumed(name) for name in self._people) or "false"
        return (
            "SELECT parts.*, meters.* EXCLUDE (x_MeterKey), "
            f"{values}({assumed}) AS ByRule FROM ({self._parts(tagged)}) AS parts "
            "INNER JOIN meters ON meters.x_MeterKey = parts.x_MeterKey "
            f"LEFT JOIN organisation ON organisation.Team = parts.Team AND {self._on_day()}{where}"
        )

    def _on_day(self) -> str:
        return (
            f"(organisation.Since IS NULL OR {self._day()} >= organisation.Since) "
            f"AND (organisation.Until IS NULL OR {self._day()} < organisation.Until)"
        )

    def _takes_rules(self) -> bool:
        return self._query.evidence in (None, "rules")

    def _spreads(self, name: str) -> tuple[Spread, ...]:
        """The spreads of a dimension, where the chosen evidence leaves room for them."""
        if not self._takes_rules():
            return ()
        charges = PLATFORM if self._query.platform else AI
        return tuple(
            each
            for each in self._rules.spreads
            if each.dimension == name and each.charges == charges
        )

    def _spread_places(self) -> list[int]:
        """The places of dimensions that are spread."""
        return [
            place
            for place, name in enumerate(self._names)
            if not self._is_fact(name) and self._spreads(name)
        ]

    def _spread(self, parts: str) -> str:
        """Parts of which those without a value are divided by the spreads of their dimension."""
        places = self._spread_places()
        if places:
            parts = self._summed(parts, places)
        for place in places:
            if self._names[place] == "Team":
                parts = self._divided(parts, place)
        if self._members:
            parts = self._with_organisation(parts)
        for place in places:
            if self._names[place] != "Team":
                parts = self._divided(parts, place)
        return parts

    def _summed(self, parts: str, places: Sequence[int]) -> str:
        """Parts that are answered as one and that the same spreads match, as one."""
        columns = (*self._columns, *self._meters)
        matches = [f"by_{place}_match" for place in places]
        matched = ", ".join(
            f"{spread_match(self._spreads(self._names[place]), columns)} AS {match}"
            for place, match in zip(places, matches, strict=True)
        )
        keys = ["BillingMonth", "BillingCurrency", "Reason", "Kind", *_FLAGS, *matches]
        keys += [f"by_{place}" for place in range(len(self._names))]
        if self._members and self._query.as_of is None:
            keys.append("ChargeDate")
        sums = ", ".join(
            f"CAST(sum(CAST({unit} AS HUGEINT)) AS DECIMAL(38,0)) AS {unit}" for unit in UNITS
        )
        return (
            f"SELECT {', '.join(keys)}, {sums} FROM (SELECT *, {matched} FROM "
            f"(SELECT *, coalesce(Reason, 'NoDimension') AS {RESIDUAL_REASON} FROM ({parts}) "
            f"AS parts) AS reasoned) AS matched GROUP BY {', '.join(keys)}"
        )

    def _divided(self, parts: str, place: int) -> str:
        spreads, value = self._spreads(self._names[place]), f"by_{place}"
        shares, known = f"spread_shares_{place}", self._valued(_TAGGED_BILL, "")
        if self._members:
            known = self._with_organisation(known)
        view_spread_shares(self._engine, shares, known, value, spreads)
        idle = "false" if self._query.idle == "spread" else "IsIdle"
        return spread_select(parts, value, spreads, shares, unless=idle)

    def _with_organisation(self, parts: str) -> str:
        """Parts with what the organisation says of a team that a rule, tag or spread names."""
        team = f"by_{self._names.index('Team')}"
        at = {f"by_{place}": name for place, name in enumerate(self._names)
              if name in self._members}  # fmt: skip
        replaced = ", ".join(
            f"coalesce(parts.{value}, organisation.{quoted(name)}) AS {value}"
            for value, name in at.items()
        )
        gained = " OR ".join(
            f"(parts.{value} IS NULL AND organisation.{quoted(name)} IS NOT NULL)"
            for value, name in at.items()
        )
        return (
            f"SELECT parts.* REPLACE ({replaced}), ({gained}) AS IsOfTeam "
            f"FROM ({parts}) AS parts LEFT JOIN organisation "
            f"ON organisation.Team = parts.{team} AND {self._on_day()}"
        )

    def _spread_rule(self, resolved: str) -> str:
        """The names of the spreads that gave what is shown; NULL where none did."""
        names = [
            f"by_{place}_spread"
            if place < len(self._query.by)
            else f"CASE WHEN IsOfTeam THEN by_{place}_spread END"
            for place in self._spread_places()
        ]
        if not names:
            return "CAST(NULL AS VARCHAR)"
        return f"CASE WHEN {resolved} THEN nullif(concat_ws(', ', {', '.join(names)}), '') END"

    def _parts(self, tagged: str) -> str:
        """Parts with idle capacity beside what was used of it."""
        if "IdleUnits" not in self._columns or tagged != _TAGGED_BILL:
            return f"SELECT *, false AS IsIdle FROM {tagged}"
        return (
            "SELECT * EXCLUDE (IdleUnits, CostUnits), CAST(CostUnits - coalesce(IdleUnits, 0) "
            f"AS DECIMAL(38,0)) AS CostUnits, false AS IsIdle FROM {tagged} "
            "UNION ALL BY NAME SELECT * EXCLUDE (IdleUnits, CostUnits, TokenCostUnits, "
            "QuantityUnits), IdleUnits AS CostUnits, CAST(0 AS DECIMAL(38,0)) AS TokenCostUnits, "
            f"CAST(0 AS DECIMAL(38,0)) AS QuantityUnits, true AS IsIdle FROM {tagged} "
            "WHERE IdleUnits IS NOT NULL AND IdleUnits <> 0"
        )

    def _is_fact(self, name: str) -> bool:
        return name == "BillingMonth" or name in self._facts or name in self._meters

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
            f"CASE WHEN NOT {resolved} THEN NULL "
            f"WHEN ByRule OR {'IsOfTeam OR ' if self._members else ''}IsAssumed OR IsIdle "
            "OR Kind = 'UnusedReservation' OR SpreadRule IS NOT NULL THEN 'assumed' "
            "WHEN IsEstimated THEN 'estimated' ELSE 'measured' END"
        )

    def _reason(self, resolved: str) -> str:
        missing = {"tags": "NoTag", "rules": "NoRule"}.get(str(self._query.evidence))
        idle = "WHEN IsIdle THEN 'IdleCapacity' " if self._query.idle != "spread" else ""
        keyless = "".join(
            f"WHEN by_{place}_nokey THEN {quoted_text(NO_SPREAD_KEY)} "
            for place in self._spread_places()
        )
        cause = quoted_text(missing) if missing else "coalesce(Cause, 'NoDimension')"
        return f"CASE WHEN {resolved} THEN NULL {keyless}{idle}ELSE {cause} END"

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
