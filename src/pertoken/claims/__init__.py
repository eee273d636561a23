"""Claims for the provider: what was billed too much, with the evidence, as CSV and as a page.

Source: docs/reconciliation.md, "The claim".
"""

from pertoken.claims.claim import (
    CLAIM_COLUMNS,
    CLAIMED_REASONS,
    NOT_CLAIMED_COLUMNS,
    NOT_CLAIMED_REASONS,
    Claim,
    SourceFile,
    not_claimed_reason,
)

__all__ = [
    "CLAIMED_REASONS",
    "CLAIM_COLUMNS",
    "NOT_CLAIMED_COLUMNS",
    "NOT_CLAIMED_REASONS",
    "Claim",
    "SourceFile",
    "not_claimed_reason",
]
