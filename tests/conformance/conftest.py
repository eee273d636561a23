"""Fixtures of the conformance tests: an engine, and a check of rows as a CSV file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from charges_files import Rows, write_rows

from pertoken.conformance import Finding, check
from pertoken.engine import local_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pertoken.engine import Engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = local_engine(threads=1)
    yield engine
    engine.close()


@pytest.fixture
def check_rows(engine: Engine, tmp_path: Path) -> Callable[..., list[Finding]]:
    def findings(rows: Rows, version: str | None = None) -> list[Finding]:
        engine.view_csv("charges", [write_rows(rows, tmp_path / "charges.csv")])
        return check(engine, "charges", version, columns=engine.columns("charges"))

    return findings
