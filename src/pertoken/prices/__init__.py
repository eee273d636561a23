"""Prices: what a source states a meter costs, on which day; and money in another currency.

`sheet_select` and `parse_retail_list` read sources into rows of `prices`; `answers_select` says
what those state for a day; `priced_select` fills charges. Nothing here reads or writes a file.
Source: docs/prices.md; docs/decisions/0006-price-filling.md.
"""

from pertoken.prices.fill import (
    GAPS,
    PRICE_COLUMNS,
    PRICED_COLUMNS,
    answers_select,
    priced_select,
    unpriced_select,
)
from pertoken.prices.retail import is_retail_list, parse_retail_list, retail_table
from pertoken.prices.sheet import sheet_select
from pertoken.prices.table import PRICE_SHEET, RETAIL_LIST, table_columns

__all__ = [
    "GAPS",
    "PRICED_COLUMNS",
    "PRICE_COLUMNS",
    "PRICE_SHEET",
    "RETAIL_LIST",
    "answers_select",
    "is_retail_list",
    "parse_retail_list",
    "priced_select",
    "retail_table",
    "sheet_select",
    "table_columns",
    "unpriced_select",
]
