"""Tags in canonical keys and values, and the rules on top, as relations over the bill.

`canonical_tags` has one row per set of tags, key and stretch of days; `bill_dimensions` one row per
bill row with a column per dimension. A tag of the charge wins over a dated snapshot of its
resource, its resource group and its subscription, in that order.

Source: docs/allocation.md, "Tags".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.allocation.rules import folded
from pertoken.engine import quoted, quoted_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from pertoken.allocation.rules import Rule, Rules, TagRule
    from pertoken.engine import Engine

SNAPSHOT_LEVELS = ("resource", "resource group", "subscription")


def canonical_rows(
    pairs: Iterable[tuple[str, str, str | None]], rules: Rules
) -> list[tuple[str, str, str, str, date | None, date | None]]:
    """Tags as canonical keys: (set of tags, key, value, tag key as spelt, since, until).

    Takes:   pairs of one set of tags, TagKey and TagValue; an empty value says nothing.
    Gives:   one row per set, key and dated rule; of several spellings in one set the one that the
             rule names first.
    """
    by_set: dict[str, dict[str, tuple[str, str]]] = {}
    for tags_key, key, value in pairs:
        if key and value is not None and value.strip():
            by_set.setdefault(tags_key, {}).setdefault(folded(key), (key, value))
    rows = []
    for tags_key, held in sorted(by_set.items()):
        for rule in rules.tags:
            spelling = next((each for each in rule.spellings if each in held), None)
            if spelling is not None:
                key, value = held[spelling]
                rows.append((tags_key, rule.key, rule.value_of(value), key, rule.since, rule.until))
    return rows


def view_canonical_tags(engine: Engine, rules: Rules) -> None:
    """Name the canonical tags of the relation `tags` `canonical_tags`."""
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose

    pairs = engine.rows("SELECT x_TagsKey, TagKey, TagValue FROM tags")
    rows = canonical_rows([(row[0], row[1], row[2]) for row in pairs], rules)
    names = ("x_TagsKey", "Dimension", "Value", "TagKey")
    columns = {
        name: pa.array([row[place] for row in rows], pa.string())
        for place, name in enumerate(names)
    }
    columns["Since"] = pa.array([row[4] for row in rows], pa.date32())
    columns["Until"] = pa.array([row[5] for row in rows], pa.date32())
    engine.view_arrow("canonical_tags_rows", pa.table(columns))
    engine.view("canonical_tags", "SELECT * FROM canonical_tags_rows")


def tag_columns_select(rules: Rules, relation: str, snapshots: Sequence[str] = ()) -> str:
    """A relation of the bill with the canonical tags beside it, one column `tag_KEY` each."""
    keys = tuple(dict.fromkeys(rule.key for rule in rules.tags))
    columns, joins = [], []
    for number, key in enumerate(keys):
        alias = f"tag_{number}"
        joins.append(
            f"LEFT JOIN canonical_tags AS {alias} ON {alias}.x_TagsKey = base.x_TagsKey "
            f"AND {alias}.Dimension = {quoted_text(key)} "
            f"AND ({alias}.Since IS NULL OR base.ChargeDate >= {alias}.Since) "
            f"AND ({alias}.Until IS NULL OR base.ChargeDate < {alias}.Until)"
        )
        values = [f"{alias}.Value"]
        for level in snapshots:
            inherited = f"{alias}_{SNAPSHOT_LEVELS.index(level)}"
            joins.append(_snapshot_join(inherited, level, key))
            values.append(f"{inherited}.Value")
        value = f"coalesce({', '.join(values)})" if len(values) > 1 else values[0]
        columns.append(f"{value} AS {quoted(f'tag_{key}')}")
    shown = "".join(f", {column}" for column in columns)
    return f"SELECT base.*{shown} FROM {quoted(relation)} AS base {' '.join(joins)}"


def rule_value(dimension: str, rules: Sequence[Rule], columns: Sequence[str]) -> str | None:
    """The SQL of the value that the first matching rule gives a dimension; None without a rule."""
    cases = [
        f"WHEN {_condition(rule, columns)} THEN {quoted_text(rule.value)}"
        for rule in rules
        if rule.dimension == dimension
    ]
    return f"CASE {' '.join(cases)} END" if cases else None


def _snapshot_join(alias: str, level: str, key: str) -> str:
    matches = {
        "resource": "lower(base.ResourceId)",
        "resource group": "lower(concat(base.SubAccountId, '/', base.x_ResourceGroupName))",
        "subscription": "lower(base.SubAccountId)",
    }
    return (
        f"LEFT JOIN canonical_snapshots AS {alias} ON {alias}.Level = {quoted_text(level)} "
        f"AND {alias}.Place = {matches[level]} AND {alias}.Dimension = {quoted_text(key)} "
        f"AND base.ChargeDate >= {alias}.Since "
        f"AND ({alias}.Until IS NULL OR base.ChargeDate < {alias}.Until)"
    )


def _condition(rule: Rule, columns: Sequence[str]) -> str:
    conditions = []
    for column, values in rule.when:
        name = f"tag_{column.removeprefix('Tags.')}" if column.startswith("Tags.") else column
        if name not in columns:
            conditions.append("false")
            continue
        text = f"CAST({quoted(name)} AS VARCHAR)"
        conditions.append(f"({' OR '.join(_matches(text, value) for value in values)})")
    if rule.since:
        conditions.append(f"ChargeDate >= DATE {quoted_text(rule.since.isoformat())}")
    if rule.until:
        conditions.append(f"ChargeDate < DATE {quoted_text(rule.until.isoformat())}")
    return " AND ".join(conditions)


def _matches(text: str, value: str) -> str:
    if "*" not in value:
        return f"lower({text}) = {quoted_text(value.casefold())}"
    escaped = value.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = escaped.replace("*", "%")
    return f"lower({text}) LIKE {quoted_text(pattern)} ESCAPE '\\'"


def unknown_columns(rules: Rules, columns: Sequence[str]) -> tuple[str, ...]:
    """Columns that conditions name and no bill has."""
    tags = {f"Tags.{rule.key}" for rule in rules.tags}
    named = {column for rule in rules.rules for column, _ in rule.when}
    return tuple(sorted(named - set(columns) - tags))


def tag_rule_of(rules: Rules, key: str) -> TagRule | None:
    """The rule that reads a tag key, as it is spelt; None where it means no canonical key."""
    return next((rule for rule in rules.tags if folded(key) in rule.spellings), None)
