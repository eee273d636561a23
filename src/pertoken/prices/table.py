"""The columns of the hub's `prices` table and their types. Source: columns.csv."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from pertoken.prices.arithmetic import MONEY

PRICE_SHEET, RETAIL_LIST = "price sheet", "retail price list"
SQL_TYPES = {"text": "VARCHAR", "decimal": MONEY, "date": "DATE"}


class PriceColumn(NamedTuple):
    """One column: its name, its kind, and what the two kinds of sources call it."""

    name: str
    kind: str
    sheet_names: tuple[str, ...]
    retail_name: str

    @property
    def folded_names(self) -> tuple[str, ...]:
        """What a price sheet calls it, without regard to letter case."""
        return tuple(name.casefold() for name in self.sheet_names)


@cache
def price_columns() -> tuple[PriceColumn, ...]:
    """The columns that a source fills, in order."""
    text = files("pertoken.prices").joinpath("columns.csv").read_text("utf-8")
    return tuple(
        PriceColumn(
            row["Column"],
            row["Kind"],
            tuple(name for name in row["Sheet"].split("|") if name),
            row["Retail"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def table_columns() -> dict[str, str]:
    """Every column of `prices` but the partitions: name -> SQL type."""
    own = {"PriceSource": "VARCHAR", "RunId": "VARCHAR", "Scope": "VARCHAR"}
    return own | {column.name: SQL_TYPES[column.kind] for column in price_columns()}
