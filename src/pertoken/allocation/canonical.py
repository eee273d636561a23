"""Tags in canonical keys and values, and the rules on top, as relations over the bill.

`canonical_tags` has one row per set of tags, key and stretch of days. A tag of the charge wins over
a dated snapshot of its resource, its resource group and its subscription, in that order.

Source: docs/allocation.md, "Tags".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.allocation.rules import folded
from pertoken.allocation.snapshots import SNAPSHOT_LEVELS
from pertoken.allocation.spreads import RESIDUAL_REASON
from pertoken.engine import quoted, quoted_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from pertoken.allocation.rule_fields import When
    from pertoken.allocation.rules import Rule, Rules, TagRule
    from pertoken.engine import Engine

CHARGE = "charge"
"""The source of a tag that the charge itself carries; others are levels of snapshots."""


def canonical_rows(
    pairs: Iterable[tuple[str, str, str | None]], rules: Rules
) -> list[tuple[str, str, str, str, date | None, date | None, str]]:
    """Tags as canonical keys: (set of tags, key, value, tag key as spelt, since, until, as spelt).

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
                canonical = rule.value_of(value)
                rows.append((tags_key, rule.key, canonical, key, rule.since, rule.until, value))
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
    columns["TagValue"] = pa.array([row[6] for row in rows], pa.string())
    engine.view_arrow("canonical_tags_rows", pa.table(columns))
    engine.view("canonical_tags", "SELECT * FROM canonical_tags_rows")


def tag_columns_select(rules: Rules, relation: str, *, inherits: bool = False) -> str:
    """A relation of the bill with the canonical tags beside it, three columns each.

    Takes:   inherits, whether `canonical_snapshots` is named and counts where a charge has no tag.
    Gives:   `tag_KEY`, the value, `tagraw_KEY`, the same as spelt, and `tagsource_KEY`: charge,
             resource, resource group or subscription; NULL where nothing states the key that day.
    """
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
        held = [(alias, CHARGE)]
        for place, level in enumerate(SNAPSHOT_LEVELS if inherits else ()):
            inherited = f"{alias}_{place}"
            joins.append(_snapshot_join(inherited, level, key))
            held.append((inherited, level))
        for prefix, column in (("tag", "Value"), ("tagraw", "TagValue")):
            values = " ".join(f"WHEN {at}.Value IS NOT NULL THEN {at}.{column}" for at, _ in held)
            columns.append(f"CASE {values} END AS {quoted(f'{prefix}_{key}')}")
        sources = " ".join(
            f"WHEN {at}.Value IS NOT NULL THEN {quoted_text(name)}" for at, name in held
        )
        columns.append(f"CASE {sources} END AS {quoted(f'tagsource_{key}')}")
    shown = "".join(f", {column}" for column in columns)
    return (
        f"SELECT base.* EXCLUDE ({', '.join(PLACES)}){shown} FROM "
        f"(SELECT *, {', '.join(f'{sql} AS {name}' for name, sql in PLACES.items())} "
        f"FROM {quoted(relation)}) AS base {' '.join(joins)}"
    )


def rule_value(dimension: str, rules: Sequence[Rule], columns: Sequence[str]) -> str | None:
    """The SQL of the value that the first matching rule gives a dimension; None without a rule."""
    cases = [
        f"WHEN {condition(rule.when, rule.since, rule.until, columns)} "
        f"THEN {quoted_text(rule.value)}"
        for rule in rules
        if rule.dimension == dimension
    ]
    return f"CASE {' '.join(cases)} END" if cases else None


_SUBSCRIPTION = "regexp_replace(lower(SubAccountId), '^/subscriptions/', '')"
_GROUP = (
    "lower(coalesce(x_ResourceGroupName, "
    "nullif(regexp_extract(lower(ResourceId), '/resourcegroups/([^/]+)', 1), '')))"
)
PLACES = {
    "x_ResourcePlace": "lower(ResourceId)",
    "x_GroupPlace": f"{_SUBSCRIPTION} || '/' || {_GROUP}",
    "x_SubscriptionPlace": _SUBSCRIPTION,
}
"""Where a charge is, as snapshots name places, in the order of SNAPSHOT_LEVELS."""


def _snapshot_join(alias: str, level: str, key: str) -> str:
    place = tuple(PLACES)[SNAPSHOT_LEVELS.index(level)]
    return (
        f"LEFT JOIN canonical_snapshots AS {alias} ON {alias}.Level = {quoted_text(level)} "
        f"AND {alias}.Place = base.{place} AND {alias}.Dimension = {quoted_text(key)} "
        f"AND base.ChargeDate >= {alias}.Since "
        f"AND ({alias}.Until IS NULL OR base.ChargeDate < {alias}.Until)"
    )


def condition(when: When, since: date | None, until: date | None, columns: Sequence[str]) -> str:
    """SQL: whether all conditions of a rule hold on its days; never on a column there is not."""
    conditions = []
    for column, values in when:
        name = f"tag_{column.removeprefix('Tags.')}" if column.startswith("Tags.") else column
        if name not in columns:
            conditions.append("false")
            continue
        text = f"CAST({quoted(name)} AS VARCHAR)"
        conditions.append(f"({' OR '.join(_matches(text, value) for value in values)})")
    if since:
        conditions.append(f"ChargeDate >= DATE {quoted_text(since.isoformat())}")
    if until:
        conditions.append(f"ChargeDate < DATE {quoted_text(until.isoformat())}")
    return " AND ".join(conditions)


def _matches(text: str, value: str) -> str:
    if "*" not in value:
        return f"lower({text}) = {quoted_text(value.casefold())}"
    escaped = value.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = escaped.replace("*", "%")
    return f"lower({text}) LIKE {quoted_text(pattern)} ESCAPE '\\'"


def condition_columns(rules: Rules) -> set[str]:
    """What conditions of rules and spreads name beside tags: columns and telemetry dimensions."""
    tags = {f"Tags.{rule.key}" for rule in rules.tags}
    named = {column for rule in rules.rules for column, _ in rule.when}
    of_spreads = {column for spread in rules.spreads for column, _ in spread.when}
    return (named | (of_spreads - {RESIDUAL_REASON})) - tags


def unknown_columns(rules: Rules, columns: Sequence[str]) -> tuple[str, ...]:
    """Columns that conditions name and no bill has."""
    return tuple(sorted(condition_columns(rules) - set(columns)))


def tag_rule_of(rules: Rules, key: str) -> TagRule | None:
    """The rule that reads a tag key, as it is spelt; None where it means no canonical key."""
    return next((rule for rule in rules.tags if folded(key) in rule.spellings), None)
