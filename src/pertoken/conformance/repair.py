"""Files of gateways that count requests where tokens were used: recognised, and repaired.

A row is repaired only from what it holds itself: token counts in its Tags or in columns of its
own. Its FOCUS cells stay as they are; the tokens go to x_TokenQuantity and the way they were
found to x_QuantityBasis. A row whose counts contradict each other, or are absent, stays NULL.
Source: LiteLLM's FOCUS export (ConsumedQuantity 1 Requests, issues #33551 and #33694); keys and
their sources in token_keys.csv.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pertoken.conformance.rules import table
from pertoken.engine.sql import quoted, quoted_text, sql_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from pertoken.engine.protocol import Engine

_KINDS = ("Input", "Output", "Cached", "CacheRead", "CacheWrite", "Total")
_NEEDED = (
    "BilledCost", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory",
    "ConsumedQuantity", "ConsumedUnit", "EffectiveCost", "ServiceCategory", "SkuPriceDetails",
    "Tags", "x_QuantityBasis", "x_TokenCacheAction", "x_TokenDirection", "x_TokenQuantity",
)  # fmt: skip
_WORDS = {
    "tokens-as-requests": (
        "Token rows count 1 Requests each, as gateway exports do; rows whose own data hold tokens "
        "are repaired, the others need telemetry."
    ),
    "tokens-aside": "Tokens stand in tags or in columns of the file, not in ConsumedQuantity.",
    "billing-period-day": (
        "BillingPeriod is one day, as gateway exports write it; it is left as it is. Use the "
        "month of ChargePeriodStart to group."
    ),
}


@dataclass(frozen=True, slots=True)
class Repair:
    """A pattern found in a file: `rows` show it, `repaired` of them can be mended.

    `cost_at_stake` is the EffectiveCost of the rows (BilledCost where it cannot be read).
    """

    pattern: str
    rows: int
    repaired: int
    cost_at_stake: Decimal | None
    billing_currency: str | None
    help: str


def recognise(engine: Engine, relation: str, columns: Mapping[str, str]) -> list[Repair]:
    """The gateway patterns that charges show.

    Takes:   relation, one row per charge, as text or typed; columns, its names and types.
    Gives:   one Repair per pattern and BillingCurrency; none for the file of a provider.
    """
    sql = sql_file("pertoken.conformance", "recognise").replace(
        "{charges}", _tokens(columns, relation)
    )
    return [
        Repair(pattern, rows, repaired, cost, currency, _WORDS[pattern])
        for pattern, currency, rows, repaired, cost in engine.rows(sql)
    ]


def repaired_select(columns: Mapping[str, str], relation: str) -> str:
    """The SELECT that gives charges with the tokens their own data prove.

    Takes:   columns, the names and types of `relation`; one row per charge.
    Gives:   one row per charge: its columns, x_TokenQuantity (tokens, NULL when not proven) and
             x_QuantityBasis ('tags' or 'columns' where repaired, else as before).
    Keeps:   rows and every other cell.
    """
    own = {
        "x_TokenQuantity": '"#quantity" AS "x_TokenQuantity"',
        "x_QuantityBasis": '"#basis" AS "x_QuantityBasis"',
    }
    kept = [quoted(name) for name in columns if name not in own]
    return f"SELECT {', '.join([*kept, *own.values()])} FROM ({_tokens(columns, relation)}) AS rows"


def _tokens(columns: Mapping[str, str], relation: str) -> str:
    """The charges with `#quantity` and `#basis` beside their columns."""
    absent = [f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in _NEEDED if name not in columns]
    cells = f"SELECT {', '.join(['*', *absent])} FROM {quoted(relation)}"
    return (
        sql_file("pertoken.conformance", "repair")
        .replace("{tags}", _tags(columns))
        .replace("{detail_direction}", _detail("TokenDirection"))
        .replace("{detail_action}", _detail("TokenCacheAction"))
        .replace("{columns_total}", _total("1"))
        .replace("{tags_total}", _total("2"))
        .replace("{counted}", _counted())
        .replace("{from_columns}", ", ".join(_from_columns(kind, columns) for kind in _KINDS))
        .replace("{from_tags}", ", ".join(_from_tags(kind) for kind in _KINDS))
        .replace("{charges}", cells)
    )


def _tags(columns: Mapping[str, str]) -> str:
    kind = columns.get("Tags", "VARCHAR")
    return '"Tags"' if kind in {"VARCHAR", "JSON"} else 'to_json("Tags")'


def _from_columns(kind: str, columns: Mapping[str, str]) -> str:
    keys = {_folded(key) for key in _keys(kind)}
    named = [quoted(name) for name in columns if _folded(name.removeprefix("x_")) in keys]
    return f'{_first_count(named)} AS "#{kind}1"'


def _from_tags(kind: str) -> str:
    paths = [quoted_text(f'$."{key}"') for key in _keys(kind)]
    cells = [f'json_extract_string("#tags", {path})' for path in paths]
    return f'{_first_count(cells)} AS "#{kind}2"'


def _detail(key: str) -> str:
    details = 'CAST("SkuPriceDetails" AS VARCHAR)'
    values = ", ".join(f"json_extract_string({details}, '$.{each}')" for each in (key, f"x_{key}"))
    return f"CASE WHEN json_valid({details}) THEN COALESCE({values}) END"


def _total(place: str) -> str:
    """The tokens of a row by its direction, from counts of one place (columns or tags)."""
    sql = sql_file("pertoken.conformance", "row_tokens")
    return re.sub(r"\{(\w+)\}", rf'"#\g<1>{place}"', sql)


def _counted() -> str:
    cells = ", ".join(f'"#{kind}{place}"' for kind in _KINDS for place in "12")
    return f"COALESCE({cells}) IS NOT NULL"


def _keys(kind: str) -> list[str]:
    return [row["key"] for row in table("token_keys") if row["kind"] == kind]


def _first_count(cells: list[str]) -> str:
    """The first of the cells that holds a whole number of tokens."""
    counts = [
        f"CASE WHEN regexp_full_match(CAST({cell} AS VARCHAR), '[0-9]{{1,15}}(\\.0+)?') "
        f"THEN TRY_CAST(CAST({cell} AS VARCHAR) AS DECIMAL(38, 18)) END"
        for cell in cells
    ]
    return f"COALESCE({', '.join(counts)}, NULL)" if counts else "CAST(NULL AS DECIMAL(38, 18))"


def _folded(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.casefold())
