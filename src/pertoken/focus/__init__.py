"""The FOCUS specification as data: versions, columns, values, units and keys.

Everything here is read from the CSV files beside the code, on first use. The files restate facts
of the FOCUS specification (FinOps Foundation, CC BY 4.0) in our own shape, with the source and
its date in each row. Nothing here reads charges.

    from pertoken import focus
    focus.columns("1.2")["BilledCost"].nullable     # False
    focus.column_type("ChargePeriodStart")          # 'timestamp'
"""

from pertoken.focus.currencies import currencies
from pertoken.focus.dependencies import Condition, Dependency, dependencies
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
    renamed_columns,
    since,
)
from pertoken.focus.units import UNIT_PATTERN, unit_words

__all__ = [
    "COST_AND_USAGE",
    "DRAFT",
    "UNIT_PATTERN",
    "VERSIONS",
    "Condition",
    "Dependency",
    "DetailKey",
    "FocusColumn",
    "allowed_values",
    "column_type",
    "columns",
    "currencies",
    "dependencies",
    "detail_keys",
    "renamed_columns",
    "since",
    "subcategories",
    "unit_words",
]
