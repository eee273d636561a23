"""The invented tenant with known truth, where it lies beside the repository."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

NORTHWIND = Path(__file__).parents[2] / "shared" / "tenants" / "northwind"
needs_northwind = pytest.mark.skipif(
    not NORTHWIND.is_dir(), reason=f"the tenant with known truth is not at {NORTHWIND}"
)


def truth(name: str) -> list[dict[str, str]]:
    """The rows of a file of the truth."""
    with (NORTHWIND / "truth" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
