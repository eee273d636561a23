"""Tag coverage, drift and repair, and what a change of rules would move.

Source: docs/allocation.md, "Tags".
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.allocation import AttributionQuery, Rules, view_canonical_tags
from pertoken.pipeline.attribution_view import (
    queried_attribution,
    view_attribution,
    view_organisation,
    view_tagged,
)
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations

COVERAGE_COLUMNS = {
    "TagKey": "text", "BillingCurrency": "text", "EffectiveCost": "money", "TaggedCost": "money",
    "Coverage": "share", "Values": "count", "Spellings": "text",
}  # fmt: skip
DRIFT_COLUMNS = {
    "TagKey": "text", "ResourceId": "text", "Value": "text", "RawValue": "text",
    "FirstDay": "date", "LastDay": "date", "BillingCurrency": "text", "EffectiveCost": "money",
}  # fmt: skip
MOVE_COLUMNS = {
    "BillingMonth": "date", "BillingCurrency": "text", "CostBefore": "money", "CostAfter": "money",
    "Difference": "money",
}  # fmt: skip


def tags_table(engine: Engine, relations: Relations, rules: Rules) -> Table:
    """One row per canonical key and currency: the AI cost that has it, and its spellings."""
    view_attribution(engine, relations, rules, by_usage=False)
    totals: dict[str, Decimal] = dict(
        engine.rows(
            "SELECT BillingCurrency, sum(EffectiveCost) FROM token_costs GROUP BY BillingCurrency"
        )
    )
    found = engine.rows(
        "SELECT canonical_tags.Dimension, token_costs.BillingCurrency, "
        "sum(token_costs.EffectiveCost), count(DISTINCT canonical_tags.Value), "
        "string_agg(DISTINCT canonical_tags.TagKey, ', ' ORDER BY canonical_tags.TagKey) "
        f"FROM token_costs INNER JOIN canonical_tags ON {_JOIN} "
        "GROUP BY canonical_tags.Dimension, token_costs.BillingCurrency"
    )
    held = {(row[0], row[1]): row[2:] for row in found}
    keys = dict.fromkeys(rule.key for rule in rules.tags)
    rows = []
    for key in keys:
        for currency, total in sorted(totals.items()):
            tagged, values, spellings = held.get((key, currency), (Decimal(0), 0, None))
            share = (tagged / total).quantize(Decimal("1e-12")) if total else None
            rows.append((key, currency, total, tagged, share, values, spellings))
    return _table("tags", COVERAGE_COLUMNS, rows)


def drift_table(engine: Engine, relations: Relations, rules: Rules) -> Table:
    """One row per key, resource and value where a resource spelt a key in more than one way."""
    rows = _histories(engine, relations, rules)
    per_place: dict[tuple[object, object], int] = defaultdict(int)
    for row in rows:
        per_place[row[0], row[1]] += 1
    return _table(
        "tag drift", DRIFT_COLUMNS, [row for row in rows if per_place[row[0], row[1]] > 1]
    )


def repair_table(engine: Engine, relations: Relations, rules: Rules) -> Table:
    """Resources whose charges lack a key on some days, with the value of the days that have it."""
    rows = _histories(engine, relations, rules)
    named = defaultdict(set)
    for key, resource, value, *_ in rows:
        if value is not None:
            named[key, resource].add(value)
    repairs = [
        (key, resource, next(iter(named[key, resource])), None, *rest)
        for key, resource, value, _, *rest in rows
        if value is None and len(named[key, resource]) == 1
    ]
    return _table("tag repair", DRIFT_COLUMNS, repairs)


def moves_table(
    engine: Engine, relations: Relations, before: Rules, after: Rules, by: Sequence[str]
) -> Table:
    """What a change of rules moves: one row per month, dimensions and currency that differ.

    Keeps: the sum of cost; what leaves one row arrives in others.
    """
    query = AttributionQuery(by=tuple(by))
    costs: list[dict[tuple[object, ...], Decimal]] = []
    view_attribution(engine, relations, before)
    for number, rules in enumerate((before, after)):
        if number:
            view_canonical_tags(engine, rules)
            view_tagged(engine, rules)
            view_organisation(engine, rules)
        sums: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
        for row in queried_attribution(engine, query, rules).to_dicts():
            key = (row["BillingMonth"], *(row[name] for name in by), row["BillingCurrency"])
            sums[key] += Decimal(str(row["EffectiveCost"]))
        costs.append(sums)
    keys = sorted({*costs[0], *costs[1]}, key=str)
    rows = [
        (*key, costs[0][key], costs[1][key], costs[1][key] - costs[0][key])
        for key in keys
        if costs[0][key] != costs[1][key]
    ]
    kinds = {"BillingMonth": "date"} | dict.fromkeys(by, "text")
    return _table("moves", kinds | MOVE_COLUMNS, rows)


def _histories(engine: Engine, relations: Relations, rules: Rules) -> list[tuple[object, ...]]:
    """Each key, resource and value with its days: canonical and as the bill spells it."""
    view_attribution(engine, relations, rules, by_usage=False)
    keys = ", ".join(f"('{rule.key}')" for rule in rules.tags)
    return engine.rows(
        "SELECT keys.Key, lower(token_costs.ResourceId) AS Resource, canonical_tags.Value, "
        "tags.TagValue, min(token_costs.ChargeDate) AS FirstDay, max(token_costs.ChargeDate), "
        "token_costs.BillingCurrency, sum(token_costs.EffectiveCost) "
        f"FROM token_costs CROSS JOIN (VALUES {keys}) AS keys(Key) "
        f"LEFT JOIN canonical_tags ON canonical_tags.Dimension = keys.Key AND {_JOIN} "
        "LEFT JOIN tags ON tags.x_TagsKey = canonical_tags.x_TagsKey "
        "AND tags.TagKey = canonical_tags.TagKey "
        "WHERE token_costs.ResourceId IS NOT NULL "
        "GROUP BY keys.Key, lower(token_costs.ResourceId), canonical_tags.Value, tags.TagValue, "
        "token_costs.BillingCurrency ORDER BY keys.Key, Resource, FirstDay, canonical_tags.Value"
    )


_JOIN = (
    "canonical_tags.x_TagsKey = token_costs.x_TagsKey "
    "AND (canonical_tags.Since IS NULL OR token_costs.ChargeDate >= canonical_tags.Since) "
    "AND (canonical_tags.Until IS NULL OR token_costs.ChargeDate < canonical_tags.Until)"
)


def _table(name: str, kinds: dict[str, str], rows: Sequence[tuple[object, ...]]) -> Table:
    return Table(name, tuple(Column(each, kind) for each, kind in kinds.items()), tuple(rows))
