"""Tag coverage, drift and repair, and what a change of rules would move.

Source: docs/allocation.md, "Tags".
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.allocation import (
    CHARGE,
    PLACES,
    SNAPSHOT_LEVELS,
    AttributionQuery,
    Rules,
    condition_columns,
)
from pertoken.engine import quoted, quoted_text
from pertoken.errors import ConfigError
from pertoken.pipeline.attribution_view import (
    queried_attribution,
    require_platform,
    view_attribution,
    view_rules,
)
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations

COVERAGE_COLUMNS = {
    "TagKey": "text", "BillingCurrency": "text", "EffectiveCost": "money", "TaggedCost": "money",
    "Coverage": "share", "Values": "count", "Spellings": "text", "InheritedCost": "money",
}  # fmt: skip
DRIFT_COLUMNS = {
    "TagKey": "text", "ResourceId": "text", "Value": "text", "RawValue": "text",
    "FirstDay": "date", "LastDay": "date", "BillingCurrency": "text", "EffectiveCost": "money",
    "TagSource": "text",
}  # fmt: skip
SOURCE_COLUMNS = {
    "TagKey": "text", "Value": "text", "TagSource": "text", "BillingCurrency": "text",
    "EffectiveCost": "money", "Resources": "count", "FirstDay": "date", "LastDay": "date",
}  # fmt: skip
MOVE_COLUMNS = {
    "BillingMonth": "date", "BillingCurrency": "text", "CostBefore": "money", "CostAfter": "money",
    "Difference": "money",
}  # fmt: skip
_SCALE, _DIGITS = -18, 76


def tag_lists(
    engine: Engine,
    relations: Relations,
    rules: Rules,
    *,
    drift: bool = False,
    repair: bool = False,
    sources: bool = False,
) -> Table:
    """Tag coverage, or the one list that is asked for; raises ConfigError for more than one."""
    asked = [
        table
        for wanted, table in (
            (drift, drift_table),
            (repair, repair_table),
            (sources, sources_table),
        )
        if wanted
    ]
    if len(asked) > 1:
        raise ConfigError(
            f"{len(asked)} lists of tags are asked for.",
            "Expected one of drift, repair and sources; each has columns of its own.",
            "Ask for one at a time.",
        )
    return (asked[0] if asked else tags_table)(engine, relations, rules)


def tags_table(engine: Engine, relations: Relations, rules: Rules) -> Table:
    """One row per canonical key and currency: the AI cost that has it, and its spellings.

    TaggedCost holds InheritedCost, which tags of a resource, group or subscription explain.
    """
    spellings = _spellings(engine, _view_tagged_bill(engine, relations, rules))
    totals: dict[str, int] = defaultdict(int)
    tagged: dict[tuple[str, str], int] = defaultdict(int)
    inherited: dict[tuple[str, str], int] = defaultdict(int)
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    found = engine.rows(
        "SELECT TagKey, BillingCurrency, TagSource, Value, sum(CAST(CostUnits AS HUGEINT)) "
        "FROM tag_facts GROUP BY TagKey, BillingCurrency, TagSource, Value"
    )
    first = rules.tags[0].key
    for key, currency, source, value, units in found:
        totals[currency] += int(units) if key == first else 0
        if source is not None:
            values[key, currency].add(value)
            tagged[key, currency] += int(units)
            inherited[key, currency] += 0 if source == CHARGE else int(units)
    rows = []
    for key in dict.fromkeys(rule.key for rule in rules.tags):
        for currency, total in sorted(totals.items()):
            place = (key, currency)
            share = _share(tagged[place], total)
            rows.append((
                key, currency, _money(total), _money(tagged[place]), share,
                len(values[place]), spellings.get(key), _money(inherited[place]),
            ))  # fmt: skip
    return _table("tags", COVERAGE_COLUMNS, rows)


def sources_table(engine: Engine, relations: Relations, rules: Rules) -> Table:
    """One row per key, value and where it stands: the charge, or what it is inherited from."""
    _view_tagged_bill(engine, relations, rules)
    rows = engine.rows(
        "SELECT TagKey, Value, TagSource, BillingCurrency, "
        "sum(CAST(CostUnits AS HUGEINT)) AS Cost, "
        "count(DISTINCT ResourceId), min(ChargeDate), max(ChargeDate) FROM tag_facts "
        "WHERE TagSource IS NOT NULL GROUP BY TagKey, Value, TagSource, BillingCurrency "
        "ORDER BY TagKey, BillingCurrency, Cost DESC, Value, TagSource"
    )
    return _table("tag sources", SOURCE_COLUMNS, [(*r[:4], _money(r[4]), *r[5:]) for r in rows])


def drift_table(engine: Engine, relations: Relations, rules: Rules) -> Table:
    """One row per key, resource and value where a resource spelt a key in more than one way."""
    _view_tagged_bill(engine, relations, rules)
    rows = _histories(engine)
    per_place: dict[tuple[object, object], int] = defaultdict(int)
    for row in rows:
        per_place[row[0], row[1]] += 1
    return _table(
        "tag drift", DRIFT_COLUMNS, [row for row in rows if per_place[row[0], row[1]] > 1]
    )


def repair_table(engine: Engine, relations: Relations, rules: Rules) -> Table:
    """Resources whose charges lack a key on some days, with the one value that is known of others.

    A value is known from days that have it, on the charge or inherited, else from an export of tags
    of a later day: TagSource says which.
    """
    inherits = _view_tagged_bill(engine, relations, rules)
    rows = _histories(engine)
    named: dict[tuple[object, object], dict[object, object]] = defaultdict(dict)
    for key, resource, value, *_, source in rows:
        if value is not None:
            named[key, resource].setdefault(value, source)
    for key, resource, value, source, _ in _later_tags(engine) if inherits else ():
        if (key, resource) not in named or source in named[key, resource].values():
            named[key, resource].setdefault(value, source)
    repairs = [
        (key, resource, value, None, *rest[:-1], source)
        for key, resource, nothing, _, *rest in rows
        if nothing is None and len(named[key, resource]) == 1
        for value, source in named[key, resource].items()
    ]
    return _table("tag repair", DRIFT_COLUMNS, repairs)


def moves_table(
    engine: Engine,
    relations: Relations,
    before: Rules,
    after: Rules,
    by: Sequence[str],
    *,
    platform: bool = False,
) -> Table:
    """What a change of rules moves: one row per month, dimensions and currency that differ.

    Takes:  platform, whether platform cost is shown in the place of the AI bill.
    Keeps:  the sum of AI cost; what leaves one row arrives in others. The sum of platform cost is
            what each of both names.
    Raises: ConfigError for platform cost that neither names.
    """
    if platform:
        require_platform(before, after)
    query = AttributionQuery(by=tuple(by), platform=platform)
    costs: list[dict[tuple[object, ...], Decimal]] = []
    named = (*by, *condition_columns(after))
    view_attribution(engine, relations, before, platform=platform, columns=named)
    for number, rules in enumerate((before, after)):
        if number:
            view_rules(engine, relations, rules, platform=platform)
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


def _view_tagged_bill(engine: Engine, relations: Relations, rules: Rules) -> bool:
    """Name the bill by tag `tag_facts`: a row per charge group and key; True where tags inherit.

    Gives: TagKey, Value, RawValue and TagSource (NULL where the key is not stated) beside the bill.
    """
    view_attribution(engine, relations, rules, by_usage=False)
    facts = " UNION ALL ".join(
        f"SELECT {quoted_text(key)} AS TagKey, {quoted(f'tag_{key}')} AS Value, "
        f"{quoted(f'tagraw_{key}')} AS RawValue, {quoted(f'tagsource_{key}')} AS TagSource, "
        "ResourceId, SubAccountId, x_ResourceGroupName, ChargeDate, BillingCurrency, CostUnits "
        "FROM tagged_bill"
        for key in dict.fromkeys(rule.key for rule in rules.tags)
    )
    engine.view_arrow("tagged_bill_rows", engine.arrow("SELECT * FROM tagged_parts"))
    engine.view("tagged_bill", "SELECT * FROM tagged_bill_rows")
    engine.view("tag_facts", facts)
    return bool(relations.files("tag_snapshots"))


def _histories(engine: Engine) -> list[tuple[object, ...]]:
    """Each key, resource and value with its days: canonical and as it is spelt."""
    rows = engine.rows(
        "SELECT TagKey, ResourceId, Value, RawValue, min(ChargeDate) AS FirstDay, max(ChargeDate), "
        "BillingCurrency, sum(CAST(CostUnits AS HUGEINT)), TagSource FROM tag_facts "
        "WHERE ResourceId IS NOT NULL "
        "GROUP BY TagKey, ResourceId, Value, RawValue, TagSource, BillingCurrency "
        "ORDER BY TagKey, ResourceId, FirstDay, Value, RawValue, TagSource"
    )
    return [(*row[:7], _money(row[7]), row[8]) for row in rows]


def _later_tags(engine: Engine) -> list[tuple[object, ...]]:
    """What exports of tags of any day state of a resource's place: key, resource, value, level."""
    places = ", ".join(f"{sql} AS {name}" for name, sql in PLACES.items())
    engine.view("bill_places", f"SELECT DISTINCT ResourceId, {places} FROM tagged_bill")
    levels = " UNION ALL ".join(
        "SELECT canonical_snapshots.Dimension AS Dimension, bill_places.ResourceId AS ResourceId, "
        f"canonical_snapshots.Value AS Value, {quoted_text(level)} AS Level, {rank} AS Rank "
        "FROM bill_places INNER JOIN canonical_snapshots "
        f"ON canonical_snapshots.Level = {quoted_text(level)} "
        f"AND canonical_snapshots.Place = bill_places.{place}"
        for rank, (level, place) in enumerate(zip(SNAPSHOT_LEVELS, PLACES, strict=True))
    )
    return engine.rows(
        f"SELECT DISTINCT Dimension, ResourceId, Value, Level, Rank FROM ({levels}) AS stated "
        "ORDER BY Dimension, ResourceId, Rank, Value"
    )


def _spellings(engine: Engine, inherits: bool) -> dict[str, str]:  # noqa: FBT001 - one caller
    """The keys that mean each canonical key, as they are spelt."""
    spelt = "SELECT Dimension, TagKey FROM canonical_tags"
    if inherits:
        spelt += " UNION SELECT Dimension, TagKey FROM canonical_snapshots"
    return dict(
        engine.rows(
            "SELECT Dimension, string_agg(DISTINCT TagKey, ', ' ORDER BY TagKey) "
            f"FROM ({spelt}) AS spelt GROUP BY Dimension"
        )
    )


def _money(units: object) -> Decimal:
    with localcontext(prec=_DIGITS):
        return Decimal(int(str(units))).scaleb(_SCALE)


def _share(part: int, whole: int) -> Decimal | None:
    with localcontext(prec=_DIGITS):
        return (Decimal(part) / Decimal(whole)).quantize(Decimal("1e-12")) if whole else None


def _table(name: str, kinds: dict[str, str], rows: Sequence[tuple[object, ...]]) -> Table:
    return Table(name, tuple(Column(each, kind) for each, kind in kinds.items()), tuple(rows))
