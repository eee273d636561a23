"""The FOCUS specification as data: versions, columns, values, units and keys.

Everything here is read from the CSV files beside the code, on first use. The files restate facts
of the FOCUS specification (FinOps Foundation, CC BY 4.0) in our own shape, with the source and
its date in each row. Nothing here reads charges.

    from pertoken import focus
    focus.columns("1.2")["BilledCost"].nullable     # False
    focus.column_type("ChargePeriodStart")          # 'timestamp'
"""

from pertoken.focus.details import DetailKey, detail_keys
from pertoken.focus.services import subcategories
from pertoken.focus.specification import (
    COST_AND_USAGE,
    DRAFT,
    VERSIONS,
    FocusColumn,
    allowed_values,
    column_type,
    columns,
)
from pertoken.focus.units import UNIT_PATTERN, unit_words

__all__ = [
    "COST_AND_USAGE",
    "DRAFT",
    "UNIT_PATTERN",
    "VERSIONS",
    "DetailKey",
    "FocusColumn",
    "allowed_values",
    "column_type",
    "columns",
    "detail_keys",
    "subcategories",
    "unit_words",
]
