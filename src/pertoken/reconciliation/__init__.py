"""The reconciliation room: whether the bill agrees with the usage, and why not.

Source: docs/reconciliation.md.
"""

from pertoken.reconciliation.gaps import EXCEPTIONS, GAP_COLUMNS, REASONS, gap_rows
from pertoken.reconciliation.price_drift import drift_rows

__all__ = ["EXCEPTIONS", "GAP_COLUMNS", "REASONS", "drift_rows", "gap_rows"]
