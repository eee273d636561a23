"""docs/prices.md keeps up with the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from pertoken.prices import GAPS, PRICE_COLUMNS, RATE_COLUMNS, table_columns
from pertoken.unit_economics import SAVINGS_COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "prices.md").read_text("utf-8")


@pytest.mark.parametrize("name", [*PRICE_COLUMNS, *SAVINGS_COLUMNS, *table_columns()])
def test_every_column_is_described(name: str) -> None:
    assert name in PAGE


@pytest.mark.parametrize(("gap", "meaning"), GAPS.items())
def test_every_gap_is_described_in_its_words(gap: str, meaning: str) -> None:
    assert f"| {gap} | {meaning} |" in PAGE


def test_a_rate_has_a_column_for_each_of_its_labels() -> None:
    assert {"RateKind", "RateSource", "Rate"} <= set(RATE_COLUMNS)
