"""Tags that a charge inherits from its resource, resource group or subscription, by date.

Source: docs/allocation.md, "Tags that are inherited".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.allocation.rules import folded
from pertoken.engine import sql_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pertoken.allocation.rules import Rules
    from pertoken.engine import Engine

SNAPSHOT_LEVELS = ("resource", "resource group", "subscription")
"""Where a tag is inherited from, the nearest first."""


def view_canonical_snapshots(engine: Engine, rules: Rules) -> None:
    """Name the dated canonical tags of the relation `tag_snapshots` `canonical_snapshots`.

    Gives: one row per Level, Place, Dimension and stretch of days: Value, TagKey and TagValue as
           spelt, Since, Until (exclusive, NULL while it stands).
    """
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose

    pairs = engine.rows("SELECT DISTINCT TagKey, TagValue FROM tag_snapshots")
    rows = list(_readings(((row[0], row[1]) for row in pairs), rules))
    kinds = (pa.string(), pa.string(), pa.string(), pa.string(), pa.int64(), pa.date32(),
             pa.date32())  # fmt: skip
    names = ("TagKey", "TagValue", "Dimension", "Value", "Place", "Since", "Until")
    columns = {
        name: pa.array([row[place] for row in rows], kind)
        for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
    }
    engine.view_arrow("snapshot_readings_rows", pa.table(columns))
    engine.view("snapshot_readings", "SELECT * FROM snapshot_readings_rows")
    engine.view("canonical_snapshots_select", sql_file("pertoken.allocation", "snapshots"))
    stretches = engine.arrow("SELECT * FROM canonical_snapshots_select")
    engine.view_arrow("canonical_snapshots_rows", stretches)
    engine.view("canonical_snapshots", "SELECT * FROM canonical_snapshots_rows")


def _readings(
    pairs: Iterable[tuple[str | None, str | None]], rules: Rules
) -> Iterable[tuple[str, str, str, str, int, date | None, date | None]]:
    """What each key and value means; an empty value says nothing."""
    for key, value in pairs:
        if not key or value is None or not value.strip():
            continue
        for rule in rules.tags:
            if folded(key) in rule.spellings:
                place = rule.spellings.index(folded(key))
                yield key, value, rule.key, rule.value_of(value), place, rule.since, rule.until
