"""Unit economics: cost over tokens, by any columns. Relation in, table of rows out."""

from pertoken.unit_economics.mart import MART_DIMENSIONS, token_costs_select
from pertoken.unit_economics.matrix import (
    COSTS,
    DEFAULT_BY,
    PER,
    TAG_PREFIX,
    MatrixQuery,
    can_read_mart,
    matrix_columns,
    matrix_rows,
)
from pertoken.unit_economics.savings import SAVINGS_COLUMNS

__all__ = [
    "COSTS",
    "DEFAULT_BY",
    "MART_DIMENSIONS",
    "PER",
    "SAVINGS_COLUMNS",
    "TAG_PREFIX",
    "MatrixQuery",
    "can_read_mart",
    "matrix_columns",
    "matrix_rows",
    "token_costs_select",
]
