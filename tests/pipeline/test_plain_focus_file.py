"""A FOCUS file without a manifest: one run per account and month, every cost as the file has it."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import charge, columns_of, translated, write_file

from pertoken.api import Hub

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Answer

SAMPLE = Path(__file__).parents[3] / "shared/data/focus/FOCUS-Sample-Data/focus_sample.csv"
Totals = dict[tuple[str, str, str], tuple[int, Decimal, Decimal]]


@pytest.fixture(scope="module")
def sample_rows() -> list[dict[str, str]]:
    """The rows of the FOCUS sample; a NULL is an empty text."""
    if not SAMPLE.is_file():
        pytest.skip(f"the FOCUS sample data is not at {SAMPLE}")
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return [
            {name: "" if cell == "NULL" else cell for name, cell in row.items()}
            for row in csv.DictReader(file)
        ]


def summed(rows: list[dict[str, str]]) -> Totals:
    """Rows, BilledCost and EffectiveCost by month, account and currency, summed by hand."""
    counts: Counter[tuple[str, str, str]] = Counter()
    billed: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    effective: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        key = (
            row["BillingPeriodStart"][:7],
            row["BillingAccountId"].lower(),
            row["BillingCurrency"],
        )
        counts[key] += 1
        billed[key] += Decimal(row["BilledCost"])
        effective[key] += Decimal(row["EffectiveCost"])
    return {key: (counts[key], billed[key], effective[key]) for key in counts}


def totals_of(hub: Path) -> Totals:
    """The same of a hub."""
    return {
        (str(row["BillingMonth"]), str(row["Scope"]), str(row["BillingCurrency"])): (
            int(str(row["Rows"])),
            Decimal(str(row["BilledCost"])),
            Decimal(str(row["EffectiveCost"])),
        )
        for row in Hub(hub).periods().to_dicts()
    }


def test_the_focus_sample_has_three_accounts_two_months_and_its_own_totals(
    tmp_path: Path, sample_rows: list[dict[str, str]]
) -> None:
    report = Hub(tmp_path / "hub").ingest(SAMPLE).report
    assert not report.found_problems
    assert len({run.scope for run in report.runs}) == 3
    assert len({run.month for run in report.runs}) == 2
    assert {run.status for run in report.runs} == {"applied"}
    assert len({run.run_id for run in report.runs}) == 1
    assert totals_of(tmp_path / "hub") == summed(sample_rows)


def test_the_focus_sample_as_gzip_has_the_same_totals(
    tmp_path: Path, sample_rows: list[dict[str, str]]
) -> None:
    path = tmp_path / "sample.csv.gz"
    path.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    Hub(tmp_path / "hub").ingest(path)
    assert totals_of(tmp_path / "hub") == summed(sample_rows)


@pytest.mark.parametrize("kind", ["text", "decimal", "float64"])
def test_the_focus_sample_as_parquet_has_the_same_totals(
    tmp_path: Path, sample_rows: list[dict[str, str]], kind: str
) -> None:
    """A float64 is read by its shortest text, so every cost of up to 15 digits comes out whole."""
    arrays = {}
    for name in sample_rows[0]:
        cells = [row[name] or None for row in sample_rows]
        arrays[name] = pa.array(cells, pa.string())
        if kind != "text" and name.endswith(("Cost", "Price", "Quantity")):
            numbers = [None if cell is None else Decimal(cell) for cell in cells]
            arrays[name] = pa.array(numbers, pa.decimal128(38, 18))
            if kind == "float64":
                floats = [None if cell is None else float(cell) for cell in cells]
                arrays[name] = pa.array(floats, pa.float64())
    pq.write_table(pa.table(arrays), tmp_path / "sample.parquet")
    report = Hub(tmp_path / "hub").ingest(tmp_path / "sample.parquet").report
    assert not report.found_problems
    found = totals_of(tmp_path / "hub")
    assert found == summed(sample_rows)


def plain_file(path: Path, rows: list[dict[str, str | None]]) -> Path:
    """A FOCUS 1.0 file without a manifest."""
    write_file(path, [translated(row, "1.0") for row in rows], columns_of("1.0", rows))
    return path


def test_a_float64_cost_is_the_number_that_was_written(tmp_path: Path) -> None:
    """22670.81 as a float64 is 22670.809999999999..., and is 22670.81 in the hub."""
    row = {name: value for name, value in charge().items() if value is not None}
    columns = {name: pa.array([value] * 3) for name, value in row.items()}
    columns["BilledCost"] = pa.array([22670.81, 0.1, -1e-7])
    columns["EffectiveCost"] = pa.array([22670.81, 0.2, 123456.789012])
    pq.write_table(pa.table(columns), tmp_path / "floats.parquet")
    Hub(tmp_path / "hub").ingest(tmp_path / "floats.parquet")
    [(rows, billed, effective)] = totals_of(tmp_path / "hub").values()
    assert (rows, billed, effective) == (3, Decimal("22670.9099999"), Decimal("146127.799012"))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_float64_cost_that_is_no_number_is_told(
    tmp_path: Path, cli: Callable[..., Answer], value: float
) -> None:
    columns = {name: pa.array([cell]) for name, cell in charge().items() if cell is not None}
    columns["BilledCost"] = pa.array([value])
    pq.write_table(pa.table(columns), tmp_path / "floats.parquet")
    answer = cli("ingest", tmp_path / "floats.parquet")
    assert (answer.code, answer.rows) == (2, [])
    assert "BilledCost" in answer.err
    assert "Traceback" not in answer.err


def test_accounts_that_differ_in_letter_case_are_one_run(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    rows = [charge(BillingAccountId="Contoso"), charge(BillingAccountId="contoso", tokens=500)]
    answer = cli("ingest", plain_file(tmp_path / "plain.csv", rows))
    assert answer.code == 0, answer.err
    assert [(row["Scope"], row["Rows"]) for row in answer.rows] == [("contoso", "2")]
    assert cli("periods").rows[0]["EffectiveCost"] == "2.50125"


def test_a_plain_file_again_or_under_another_name_changes_nothing(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    path = plain_file(tmp_path / "plain.csv", [charge(), charge(month="2026-02")])
    assert [row["Status"] for row in cli("ingest", path).rows] == ["applied", "applied"]
    path.rename(tmp_path / "renamed.csv")
    again = cli("ingest", tmp_path / "renamed.csv")
    assert (again.code, len(cli("runs").rows), len(cli("periods").rows)) == (0, 2, 2)


def test_two_plain_files_of_the_same_account_and_month_are_not_added(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    """They stand for the same scope and month, so one of them is applied."""
    first = plain_file(tmp_path / "first.csv", [charge(day=31)])
    second = plain_file(tmp_path / "second.csv", [charge(), charge(day=31, tokens=2000)])
    answer = cli("ingest", first, second)
    assert sorted(row["Status"] for row in answer.rows) == ["applied", "superseded"]
    assert len(cli("periods").rows) == 1


def test_a_plain_file_beside_a_manifest_is_not_taken_from_a_folder(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    (tmp_path / "folder").mkdir()
    plain_file(tmp_path / "folder" / "plain.csv", [charge()])
    answer = cli("ingest", tmp_path / "folder")
    assert (answer.code, answer.rows) == (2, [])
    assert "holds no manifest.json" in answer.err


def test_paths_with_any_characters_are_read_as_they_are(
    tmp_path: Path, cli: Callable[..., Answer]
) -> None:
    """A bracket, a star or a percent sign is no pattern and no escape."""
    odd = tmp_path / "a [1] b* ü 100% #x'y"
    odd.mkdir()
    (tmp_path / "a 1 bc ü 100% #x'y").mkdir()
    plain_file(tmp_path / "a 1 bc ü 100% #x'y" / "plain.csv", [charge(tokens=9000)])
    path = plain_file(odd / "plain.csv", [charge(tokens=1000)])
    hub = odd / "hub [2] ?"
    assert cli("ingest", path, hub=hub).code == 0
    assert cli("ingest", path, hub=hub).code == 0
    assert [row["EffectiveCost"] for row in cli("periods", hub=hub).rows] == ["0.0025"]
    assert len(cli("matrix", "--all-charges", "--by", "BillingMonth", hub=hub).rows) == 1


@pytest.mark.parametrize("names", ["env=prod/BilledCost=7", "BillingMonth=1999-01"])
def test_a_folder_named_as_a_key_and_value_adds_no_column_and_changes_none(
    tmp_path: Path, cli: Callable[..., Answer], names: str
) -> None:
    """Data lakes name folders env=prod or BilledCost=7; such a name is no value of a charge."""
    folder = tmp_path / names
    folder.mkdir(parents=True)
    for number, name in enumerate(("plain.csv", "plain.csv.gz", "plain.parquet"), start=1):
        path = plain_file(folder / name, [charge(month=f"2026-0{number}")])
        assert cli("ingest", path, hub=folder / "hub").code == 0
    periods = cli("periods", hub=folder / "hub").rows
    assert [(row["BillingMonth"], row["BilledCost"]) for row in periods] == [
        ("2026-01", "2.5"),
        ("2026-02", "2.5"),
        ("2026-03", "2.5"),
    ]
    matrix = cli("matrix", "--all-charges", "--by", "BillingMonth", hub=folder / "hub").rows
    assert [(row["BillingMonth"], row["BilledCost"]) for row in matrix] == [
        (row["BillingMonth"], row["BilledCost"]) for row in periods
    ]
    by_folder = cli("matrix", "--all-charges", "--by", "env", hub=folder / "hub")
    assert by_folder.code == 2
