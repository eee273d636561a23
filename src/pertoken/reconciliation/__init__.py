"""The reconciliation room: whether the bill agrees with the usage, and why not.

Source: docs/reconciliation.md.
"""

from pertoken.reconciliation.claim_charges import (
    CHARGE_COLUMNS,
    Charges,
    claim_charges,
    joined_charges,
)
from pertoken.reconciliation.gaps import EXCEPTIONS, GAP_COLUMNS, REASONS, gap_rows
from pertoken.reconciliation.price_drift import drift_rows, priced_drifts

__all__ = [
    "CHARGE_COLUMNS",
    "EXCEPTIONS",
    "GAP_COLUMNS",
    "REASONS",
    "Charges",
    "claim_charges",
    "drift_rows",
    "gap_rows",
    "joined_charges",
    "priced_drifts",
]
