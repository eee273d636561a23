"""Prices: what a source states a meter costs, on which day; and money in another currency.

`sheet_select` and `parse_retail_list` read sources into rows of `prices`; `answers_select` says
what those state for a day; `priced_select` fills charges. Nothing here reads or writes a file.
Source: docs/prices.md; docs/decisions/0006-price-filling.md.
"""

from pertoken.prices.exchange import MonthRate, RateTable, converted, fx_effect
from pertoken.prices.fill import (
    GAPS,
    PRICE_COLUMNS,
    PRICED_COLUMNS,
    answers_select,
    priced_select,
    unpriced_select,
)
from pertoken.prices.rates import RATE_COLUMNS, Rate, is_rate_header, parse_rates, rate_source
from pertoken.prices.retail import is_retail_list, parse_retail_list, retail_table
from pertoken.prices.sheet import sheet_select
from pertoken.prices.table import PRICE_SHEET, RETAIL_LIST, table_columns

__all__ = [
    "GAPS",
    "PRICED_COLUMNS",
    "PRICE_COLUMNS",
    "PRICE_SHEET",
    "RATE_COLUMNS",
    "RETAIL_LIST",
    "MonthRate",
    "Rate",
    "RateTable",
    "answers_select",
    "converted",
    "fx_effect",
    "is_rate_header",
    "is_retail_list",
    "parse_rates",
    "parse_retail_list",
    "priced_select",
    "rate_source",
    "retail_table",
    "sheet_select",
    "table_columns",
    "unpriced_select",
]
