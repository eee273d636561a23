"""What a source column is: its canonical name and its type.

A known column is typed; an unknown one stays text and is kept. Money, prices and quantities are
DECIMAL(38,18); text goes in by its digits, and a float64 goes through its shortest text first, so
22670.81 stays 22670.81. Times are UTC. A cost, currency or date that cannot be read ends the
reading of the run; any other value that cannot be read becomes NULL and its text is kept in
x_SourceValues.

Source: Microsoft Learn, FOCUS cost and usage details schemas; FOCUS 1.0 to 1.2 column types.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text, with_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

DECIMAL = "DECIMAL(38,18)"
TIME = "TIMESTAMP WITH TIME ZONE"
SQL_TYPES = {"decimal": DECIMAL, "timestamp": TIME, "text": "VARCHAR", "boolean": "BOOLEAN"}

FILE_COLUMN = "#file"
"""The column of a source relation that holds the file of each row; no export has such a name."""

UNREADABLE = "unreadable:"
"""Begins the text with which the engine ends when a needed value cannot be read."""

NEEDED = ("BilledCost", "EffectiveCost", "BillingCurrency", "ChargePeriodStart")
"""Columns whose every value must be there: without them a charge has no cost, currency or day."""

READABLE = (
    *NEEDED,
    "ListCost",
    "ContractedCost",
    "ChargePeriodEnd",
    "BillingPeriodStart",
    "BillingPeriodEnd",
)
"""Columns whose every value must be readable, or absent."""


@cache
def known_columns() -> dict[str, str]:
    """The columns of Azure FOCUS exports of every version and their types."""
    text = files("pertoken.normalize").joinpath("azure_focus_columns.csv").read_text("utf-8")
    return {row["column"]: row["type"] for row in csv.DictReader(text.splitlines())}


def canonical_names(columns: Mapping[str, str]) -> dict[str, str]:
    """Source column -> the name it is kept under: FOCUS spelling whatever its letter case."""
    known = {name.casefold(): name for name in known_columns()}
    return {column: known.get(column.strip().casefold(), column.strip()) for column in columns}


def typed_expression(column: str, kind: str, sql_type: str) -> str:
    """The SQL that reads one source column as its type.

    Takes:   the source column, what it is ('decimal', 'timestamp', 'text', 'boolean'), and the SQL
             type it has in the source.
    Gives:   an expression of that type; NULL for an empty cell and for text that cannot be read.
    """
    name = quoted(column)
    if sql_type == SQL_TYPES[kind]:
        return f"nullif({name}, '')" if kind == "text" else name
    if sql_type in ("DOUBLE", "FLOAT") and kind == "decimal":
        return f"TRY_CAST(CAST({name} AS VARCHAR) AS {DECIMAL})"
    if kind == "text":
        return f"nullif(CAST({name} AS VARCHAR), '')"
    if sql_type == "VARCHAR":
        return f"coalesce({', '.join(_readings(name, kind))})"
    return f"TRY_CAST({name} AS {SQL_TYPES[kind]})"


def _readings(name: str, kind: str) -> list[str]:
    """The readings of a text as its type; the next is asked where the ones before give NULL.

    Most cells are read as they stand; only the others are trimmed, and a time without seconds is
    given them.
    """
    written = f"trim({name})"
    texts = [name, written]
    if kind == "timestamp":
        texts.append(with_seconds(written))
    return [f"TRY_CAST({text} AS {SQL_TYPES[kind]})" for text in texts]


def checked(column: str, canonical: str, typed: str) -> str:
    """`typed`, ending the query with a marker when a needed or readable value is not there."""
    name = f"CAST({quoted(column)} AS VARCHAR)"
    marker = quoted_text(f"{UNREADABLE}{canonical}=")
    ended = f"error({marker} || coalesce({name}, ''))"
    if canonical not in NEEDED:
        ended = f"CASE WHEN trim({name}) <> '' THEN {ended} END"
    return f"coalesce({typed}, {ended})"
