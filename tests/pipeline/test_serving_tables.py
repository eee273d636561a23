"""Tables as files of every format hold the rows and sums of the hub, and destroy nothing."""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest
from builders import charge, write_export

import pertoken
from pertoken.errors import ConfigError
from pertoken.pipeline import serving_tables

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.api import Hub

EVIL = "=cmd|' /c calc'!a0"


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    first = [charge(ResourceName=EVIL), charge(BilledCost="0.000000000000000001")]
    days = {
        "ChargePeriodStart": "2026-03-05T00:00:00Z", "ChargePeriodEnd": "2026-03-06T00:00:00Z",
        "BillingPeriodStart": "2026-03-01T00:00:00Z", "BillingPeriodEnd": "2026-04-01T00:00:00Z",
    }  # fmt: skip
    second = [charge(**days)]
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(
        write_export(tmp_path / "a", first), write_export(tmp_path / "b", second, month="2026-03")
    )
    return hub


def sums(hub: Hub) -> tuple[int, Decimal]:
    rows = hub.periods().to_dicts()
    return sum(row["Rows"] for row in rows), sum((row["BilledCost"] for row in rows), Decimal(0))


def test_parquet_holds_every_charge_month_by_month(hub: Hub, tmp_path: Path) -> None:
    counts = hub.export_tables("parquet", tmp_path / "out")
    charges = [
        row
        for path in sorted((tmp_path / "out" / "charges").glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]
    assert counts["charges"] == len(charges) == 3
    assert (len(charges), sum(row["BilledCost"] for row in charges)) == sums(hub)
    assert {row["BillingMonth"] for row in charges} == {
        path.stem.partition("=")[2] for path in (tmp_path / "out" / "charges").iterdir()
    }


def test_csv_is_exact_and_runs_nothing(hub: Hub, tmp_path: Path) -> None:
    hub.export_tables("csv", tmp_path / "out", tables=["charges"])
    rows = []
    for path in (tmp_path / "out" / "charges").iterdir():
        with path.open(newline="", encoding="utf-8") as file:
            rows += list(csv.DictReader(file))
    assert (len(rows), sum(Decimal(row["BilledCost"]) for row in rows)) == sums(hub)
    assert {row["ResourceName"] for row in rows if "cmd" in row["ResourceName"]} == {"'" + EVIL}
    assert all(row["ChargePeriodStart"].endswith("Z") for row in rows)
    assert not any("E" in row["BilledCost"] for row in rows)


def test_a_database_and_a_workbook_hold_the_same(hub: Hub, tmp_path: Path) -> None:
    counts = hub.export_tables("duckdb", tmp_path / "hub.duckdb")
    with duckdb.connect(str(tmp_path / "hub.duckdb"), read_only=True) as database:
        found = database.execute("SELECT count(*), sum(BilledCost) FROM charges").fetchone()
        tables = {row[0] for row in database.execute("SHOW TABLES").fetchall()}
    assert found == sums(hub)
    assert tables == set(counts)
    hub.export_tables("xlsx", tmp_path / "hub.xlsx")
    book = openpyxl.load_workbook(tmp_path / "hub.xlsx", read_only=True)
    assert set(book.sheetnames) == set(counts)
    assert sum(1 for _ in book["charges"].rows) == counts["charges"] + 1


def test_two_exports_of_one_commit_are_equal(hub: Hub, tmp_path: Path) -> None:
    for name in ("one", "two"):
        hub.export_tables("csv", tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.csv"))
    assert files
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


def test_nothing_is_overwritten_or_mixed(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "kept.txt").write_text("kept")
    (tmp_path / "kept.duckdb").write_text("kept")
    for format_name, target in (
        ("csv", "full"), ("parquet", "full"), ("duckdb", "kept.duckdb"), ("xlsx", "kept.duckdb"),
        ("xlsx", "nowhere/file.xlsx"),
    ):  # fmt: skip
        with pytest.raises(ConfigError):
            hub.export_tables(format_name, tmp_path / target)
    assert (tmp_path / "kept.duckdb").read_text() == "kept"
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["kept.txt"]


def test_a_wrong_table_or_format_is_named(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="meters"):
        hub.export_tables("csv", tmp_path / "out", tables=["metres"])
    with pytest.raises(ConfigError, match="parquet"):
        hub.export_tables("orc", tmp_path / "out")


def test_a_table_too_long_for_a_sheet_names_what_fits(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_tables, "MOST_SHEET_ROWS", 1)
    with pytest.raises(ConfigError, match="duckdb"):
        hub.export_tables("xlsx", tmp_path / "hub.xlsx")
    assert not (tmp_path / "hub.xlsx").exists()
