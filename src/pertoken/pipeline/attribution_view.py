"""Attributed cost and the preview of rules, from the hub as of one commit.

Source: docs/reference.md; docs/allocation.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.allocation import (
    AS_BILLED,
    BILL_COLUMNS,
    ORGANISATION_COLUMNS,
    PLATFORM,
    POOLED,
    USAGE_DIMENSIONS,
    AttributionQuery,
    Rules,
    attribution_columns,
    attribution_rows,
    condition_columns,
    tag_columns_select,
    unknown_columns,
    view_canonical_snapshots,
    view_canonical_tags,
    view_parts,
    view_platform,
)
from pertoken.errors import ConfigError, alternatives
from pertoken.hub import TABLES
from pertoken.pipeline.views import require_charges, view_mart
from pertoken.reports import Column, Table
from pertoken.unit_economics import MART_DIMENSIONS, token_costs_select

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations


def attribution_table(
    engine: Engine, relations: Relations, query: AttributionQuery, rules: Rules
) -> Table:
    """One row per month, dimensions, currency, evidence and reason; see `attribution_rows`.

    Raises: ConfigError for platform cost that the rules do not name.
    """
    if query.platform:
        require_platform(rules)
    view_attribution(
        engine, relations, rules, by_usage=query.evidence != "tags",
        reservations=query.reservations, platform=query.platform, columns=query.by,
    )  # fmt: skip
    return queried_attribution(engine, query, rules)


def queried_attribution(engine: Engine, query: AttributionQuery, rules: Rules) -> Table:
    """An attribution of parts that `view_attribution` has named."""
    meters = [name for name in engine.columns("meters") if name != "x_MeterKey"]
    rows = attribution_rows(engine, query, rules, meter_columns=meters)
    columns = tuple(Column(name, kind) for name, kind in attribution_columns(query).items())
    return Table("attribution", columns, tuple(rows))


def view_attribution(
    engine: Engine,
    relations: Relations,
    rules: Rules,
    *,
    by_usage: bool = True,
    basis: str = "EffectiveCost",
    reservations: str = AS_BILLED,
    platform: bool = False,
    columns: Iterable[str] = (),
) -> None:
    """Name the parts of the bill with their tags `tagged_parts`, and `organisation`.

    Takes:  basis, the cost that is divided: EffectiveCost or BilledCost; it stands in the columns
            of EffectiveCost; reservations, what capacity that shares one pays: billed or pooled;
            platform, whether `tagged_platform` is named too, as `view_rules` says; columns, what
            will be asked for, so that columns which only charges have are read, as those of
            conditions are.
    Raises: ConfigError for a rule whose condition names a column that the bill has not, and where
            capacity is to be pooled that states no unit hours.
    """
    require_charges(relations)
    if not view_mart(engine, relations):
        raise ConfigError(
            f"There are no AI charges in the hub {relations.root}.",
            "Expected AI charges, which attribution divides.",
            "Ingest the exports of subscriptions that use AI services.",
        )
    more = _charge_columns(engine, relations, {*columns, *condition_columns(rules)})
    costs = _view_costs(engine, basis, more)
    has_usage = by_usage and relations.view(engine, "usage")
    view_parts(engine, by_usage=has_usage, pooled=reservations == POOLED, costs=costs, more=more)
    view_rules(engine, relations, rules, platform=platform)


def view_rules(
    engine: Engine, relations: Relations, rules: Rules, *, platform: bool = False
) -> None:
    """Name what rules make of the parts: `tagged_parts` and `organisation`.

    Takes: platform, whether the charges that are no AI charges and that a spread names are named
           too: `tagged_platform`.
    """
    view_canonical_tags(engine, rules)
    inherits = view_inherited(engine, relations, rules)
    engine.view("tagged_parts", tag_columns_select(rules, "parts", inherits=inherits))
    refuse_unknown_columns(engine, rules)
    view_organisation(engine, rules)
    if platform:
        relations.view(engine, "charges")
        view_platform(engine, rules, inherits=inherits)


def require_platform(*rules: Rules) -> None:
    """Raise ConfigError where no rules name platform charges."""
    if not any(spread.charges == PLATFORM for each in rules for spread in each.spreads):
        raise ConfigError(
            "The rules name no platform cost.",
            f'Expected a [[spread]] with charges = "{PLATFORM}" and the conditions of its charges.',
            "Write one, and name its file with --rules or save it: docs/allocation.md.",
        )


def _charge_columns(engine: Engine, relations: Relations, names: set[str]) -> tuple[str, ...]:
    """Of these names the columns of the charges that neither a bill nor its meters have."""
    wanted = names.difference(BILL_COLUMNS, USAGE_DIMENSIONS, engine.columns("meters"))
    if not wanted:
        return ()
    relations.view(engine, "charges")
    return tuple(sorted(wanted.intersection(engine.columns("charges"))))


def _view_costs(engine: Engine, basis: str, more: tuple[str, ...]) -> str:
    """The relation that is divided, like `token_costs`; its EffectiveCost is the cost of `basis`.

    It is made of the charges where the mart lacks a column.
    """
    costs = "token_costs"
    if not set(more) <= set(engine.columns(costs)):
        costs, kinds = "told_token_costs", engine.columns("charges")
        own = (*TABLES["token_costs"], *(each for each in more if each not in MART_DIMENSIONS))
        engine.view(costs, token_costs_select({each: kinds[each] for each in own}))
    if basis == "EffectiveCost":
        return costs
    engine.view(
        "billed_token_costs",
        "SELECT * REPLACE (BilledCost AS EffectiveCost, x_ProvenBilledCost AS "
        f"x_ProvenEffectiveCost) FROM {costs}",
    )
    return "billed_token_costs"


def view_inherited(engine: Engine, relations: Relations, rules: Rules) -> bool:
    """Name the dated tags of places `canonical_snapshots`; False where no export of tags is."""
    if not relations.view(engine, "tag_snapshots"):
        return False
    view_canonical_snapshots(engine, rules)
    return True


def refuse_unknown_columns(engine: Engine, rules: Rules) -> None:
    """Raise ConfigError for a condition on a column that the bill has not."""
    columns = (*engine.columns("parts"), *engine.columns("meters"))
    unknown = unknown_columns(rules, columns)
    if unknown:
        tags = (f"Tags.{rule.key}" for rule in rules.tags)
        raise ConfigError(
            f"A rule names the column '{unknown[0]}', which no charge has.",
            "Expected a column of the charges, Tags.KEY or a dimension of telemetry.",
            f"Nearest names: {alternatives(unknown[0], {*columns, *tags})}.",
        )


def view_organisation(engine: Engine, rules: Rules) -> None:
    """Name the dated organisation `organisation`."""
    import pyarrow as pa  # noqa: PLC0415 - lazy on purpose

    members = rules.organisation
    columns = {"Team": pa.array([each.team for each in members], pa.string())}
    columns |= {
        name: pa.array([each.facts.get(name) for each in members], pa.string())
        for name in ORGANISATION_COLUMNS
    }
    columns["Since"] = pa.array([each.since for each in members], pa.date32())
    columns["Until"] = pa.array([each.until for each in members], pa.date32())
    engine.view_arrow("organisation_rows", pa.table(columns))
    engine.view("organisation", "SELECT * FROM organisation_rows")
