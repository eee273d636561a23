"""Tables that other tools query row by row: which there are, and the rows of one query.

A feed is a relation of flat rows with a key.
Source: docs/odata.md; docs/reference.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pertoken.engine import quoted
from pertoken.errors import ConfigError, MixedCurrency, alternatives
from pertoken.pipeline.audience import PRICE_COLUMN
from pertoken.pipeline.feed_sql import FeedPlan
from pertoken.pipeline.views import column_kind, require_charges, view_dimensions
from pertoken.reports import Column, Table
from pertoken.unit_economics import MART_DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import SeenRelations
    from pertoken.pipeline.feed_query import FeedQuery, Grouping

_MONEY = ("Cost", "x_UnitPrice")


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: the columns that tell its rows apart, and what it holds."""

    key: tuple[str, ...]
    words: str


FEEDS = {
    "TokenCosts": Feed(("RowKey",), "AI cost and tokens by day, resource, meter and tags"),
    "Meters": Feed(("x_MeterKey",), "Every meter and how it was read"),
    "Tags": Feed(("x_TagsKey", "TagKey"), "The tags of every set of tags"),
    "Periods": Feed(
        ("BillingMonth", "Scope", "BillingCurrency"), "All charges of every month and scope"
    ),
}


def feeds_of(relations: SeenRelations) -> dict[str, Feed]:
    """The feeds that a hub has; without AI charges there are no TokenCosts."""
    return {
        name: feed
        for name, feed in FEEDS.items()
        if name != "TokenCosts" or relations.files("token_costs")
    }


def feed_columns(engine: Engine, relations: SeenRelations, name: str) -> tuple[Column, ...]:
    """The columns of a feed as its audience sees them; names the relation `feed`.

    Raises: ConfigError for a feed that does not exist; HubError for an empty hub.
    """
    _name_feed(engine, relations, name)
    return tuple(
        Column(column, column_kind(column, {column: kind}))
        for column, kind in engine.columns("feed").items()
    )


def feed_table(
    engine: Engine, relations: SeenRelations, name: str, query: FeedQuery, *, counts: bool = False
) -> tuple[Table, int | None]:
    """A page of rows, and with `counts` how many there are on all pages.

    Raises: ConfigError for a column that does not exist or a function that does not fit;
            MixedCurrency where a sum of money would add BillingCurrencies.
    """
    _name_feed(engine, relations, name)
    columns = engine.columns("feed")
    plan = FeedPlan(columns, FEEDS[name].key)
    if query.grouping is not None:
        _check_currencies(engine, plan, query.grouping, columns)
    sql, values, kinds = plan.rows(query)
    total = None
    if counts:
        [(total,)] = engine.rows(f"SELECT count(*) FROM ({sql})", values)
    page = f"{sql}{plan.order(query, kinds)} LIMIT ? OFFSET ?"
    rows = engine.rows(page, [*values, query.limit, query.offset])
    shown = tuple(Column(column, column_kind(column, kinds)) for column in plan.shown(query, kinds))
    return Table(name, shown, tuple(rows)), total


def _name_feed(engine: Engine, relations: SeenRelations, name: str) -> None:
    require_charges(relations)
    feeds = feeds_of(relations)
    if name not in feeds:
        raise ConfigError(
            f"There is no entity set '{name}'.",
            f"Expected one of {', '.join(feeds)}.",
            f"Nearest: {alternatives(name, feeds)}.",
        )
    view_dimensions(engine, relations)
    if name in ("Meters", "Tags"):
        engine.view("feed", f"SELECT * FROM {name.lower()}")
    elif name == "Periods":
        relations.view(engine, "periods")
        names = [
            quoted(each)
            for each in engine.columns("periods")
            if relations.audience.sees_all or not PRICE_COLUMN.search(each)
        ]
        engine.view("feed", f"SELECT {', '.join(names)} FROM periods")
    else:
        relations.view(engine, "token_costs")
        engine.view("feed", token_costs_select(engine))


def token_costs_select(engine: Engine) -> str:
    """The daily mart with the meters' readings; a row's key is made of all that tells it apart.

    Takes:   an engine in which `token_costs` and `meters` are named.
    """
    meters = [name for name in engine.columns("meters") if name != "x_MeterKey"]
    measures = [
        name
        for name in engine.columns("token_costs")
        if name not in MART_DIMENSIONS and not name.startswith(("x_Proven", "x_List", "x_Contr"))
    ]
    apart = ", ".join(f"coalesce(CAST(mart.{quoted(name)} AS VARCHAR), '')"
                      for name in MART_DIMENSIONS)  # fmt: skip
    shown = [f"md5(concat_ws(chr(31), {apart})) AS RowKey"]
    shown += [f"mart.{quoted(name)} AS {quoted(name)}" for name in (*MART_DIMENSIONS, *measures)]
    shown += [
        "CASE WHEN meters.Unit = 'Tokens' THEN mart.x_ProvenEffectiveCost END AS x_TokenCost",
        "CASE WHEN meters.Unit = 'Tokens' THEN mart.x_UnitQuantity END AS x_TokenQuantity",
        *(f"meters.{quoted(name)} AS {quoted(name)}" for name in meters),
    ]
    return (
        f"SELECT {', '.join(shown)} FROM token_costs AS mart "
        "INNER JOIN meters ON meters.x_MeterKey = mart.x_MeterKey"
    )


def _check_currencies(
    engine: Engine, plan: FeedPlan, grouping: Grouping, columns: Mapping[str, str]
) -> None:
    """A sum of money needs one BillingCurrency in each group."""
    money = [
        each.name for each in grouping.measures
        if each.aggregation == "sum" and each.column is not None and each.column.endswith(_MONEY)
    ]  # fmt: skip
    if not money or "BillingCurrency" in grouping.by or "BillingCurrency" not in columns:
        return
    where, values = plan.where(grouping.where, columns)
    found = engine.rows(
        f"SELECT DISTINCT BillingCurrency FROM feed{where} ORDER BY BillingCurrency", values
    )
    if len(found) > 1:
        raise MixedCurrency(
            f"{money[0]} would add {', '.join(str(row[0]) for row in found)}.",
            "Expected one BillingCurrency in every sum of money.",
            "Group by BillingCurrency, or filter to one.",
        )
