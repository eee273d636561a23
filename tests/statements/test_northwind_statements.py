"""Statements of the tenant with known truth: the cents of every team, made and made again."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from northwind import NORTHWIND, needs_northwind, truth

from pertoken.api import Hub

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [needs_northwind, pytest.mark.slow]


def test_the_statement_of_every_team_charges_its_cents(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "hub")
    hub.ingest(NORTHWIND)
    expected = {
        (row["month"], row["currency"], row["team"]): Decimal(row["effective_cents"])
        for row in truth("team_cents_evidence.csv")
        if row["team"] != "(unattributed)"
    }
    for month in sorted({month for month, _, _ in expected}):
        hub.statements.draft(month, by="Ana", every_team=True)
    drafted = {
        (row["BillingMonth"], row["BillingCurrency"], row["Team"]): row["Amount"]
        for row in hub.statements.list().to_dicts()
        if row["Team"] != "Unattributed"
    }
    assert len(expected) > 100
    assert drafted == expected
    assert hub.statements.verify().findings == ()
    for month, currency in {place[:2] for place in expected}:
        rows = [row for row in hub.statements.journal(month).to_dicts()
                if row["BillingCurrency"] == currency]  # fmt: skip
        assert sum(row["Debit"] or 0 for row in rows) == sum(row["Credit"] or 0 for row in rows)
