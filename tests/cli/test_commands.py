"""The command line: data on stdout, talk on stderr, exit codes 0, 1 and 2."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from builders import charge, run_pertoken, write_export
from openpyxl import load_workbook

if TYPE_CHECKING:
    from pathlib import Path

INPUT = {"SkuMeter": "gpt 4o 0513 Input global Tokens", "x_SkuMeterSubcategory": "Azure OpenAI"}
OUTPUT = {"SkuMeter": "gpt 4o 0513 Output global Tokens", "x_SkuMeterSubcategory": "Azure OpenAI"}
COMMANDS = (
    "demo", "ingest", "runs", "periods", "bridge", "matrix", "meters", "check", "focus",
)  # fmt: skip


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with exports/ and an ingested hub/."""
    folder = tmp_path_factory.mktemp("tenant")
    write_export(folder / "exports", [
        charge(tokens=58_554_000, price="0.005", **INPUT),
        charge(tokens=1_560_000, price="0.015", **OUTPUT),
    ])  # fmt: skip
    done = run_pertoken(
        "ingest", folder / "exports", "--card", folder / "card.json", hub=folder / "hub"
    )
    assert done.returncode == 0, done.stderr
    return folder


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_matrix_prints_the_columns_of_the_contract(tenant: Path) -> None:
    done = run_pertoken("matrix", "--format", "csv", hub=tenant / "hub")
    assert done.stdout.splitlines()[0] == (
        "x_SkuMeterCategory,x_SkuMeterSubcategory,SkuMeter,BillingCurrency,EffectiveCost,"
        "BilledCost,x_TokenCost,x_TokenQuantity,x_UnitCost,x_UnitCostUnit"
    )
    assert [(row["EffectiveCost"], row["x_UnitCost"]) for row in csv_rows(done.stdout)] == [
        ("292.77", "5"),
        ("23.4", "15"),
    ]
    assert done.stderr == ""


def test_matrix_on_a_terminal_shows_the_quotient_of_the_sums(tenant: Path) -> None:
    done = run_pertoken("matrix", hub=tenant / "hub", COLUMNS="120")
    assert "5.26" in done.stdout
    assert "10.00" not in done.stdout


def test_periods_runs_and_meters_print_their_contract(tenant: Path) -> None:
    [period] = csv_rows(run_pertoken("periods", "-f", "csv", hub=tenant / "hub").stdout)
    assert list(period) == ["BillingMonth", "Scope", "BillingCurrency", "Rows", "BilledCost",
                            "EffectiveCost", "ListCost", "ContractedCost", "State"]  # fmt: skip
    assert (period["Rows"], period["BilledCost"], period["State"]) == ("2", "316.17", "closed")
    [run] = csv_rows(run_pertoken("runs", "-f", "csv", hub=tenant / "hub").stdout)
    assert list(run)[:9] == ["RunId", "ExportName", "Dataset", "DatasetVersion", "Scope",
                             "BillingMonth", "SubmittedTime", "Status", "Reason"]  # fmt: skip
    assert (run["Status"], run["Rows"], run["EffectiveCost"]) == ("applied", "2", "316.17")
    meters = csv_rows(run_pertoken("meters", "-f", "csv", hub=tenant / "hub").stdout)
    assert [(row["x_ModelId"], row["x_TokenDirection"]) for row in meters] == [
        ("gpt-4o", "Input"),
        ("gpt-4o", "Output"),
    ]
    assert sum(Decimal(row["ShareOfCost"]) for row in meters) == 1
    unread = run_pertoken("meters", "--unread", "-f", "csv", hub=tenant / "hub")
    assert csv_rows(unread.stdout) == []
    assert "USD: 100.0 % of AI cost is on meters that are read." in unread.stderr


def test_the_trust_card_is_on_stderr_and_in_a_file(tenant: Path, tmp_path: Path) -> None:
    done = run_pertoken("ingest", tenant / "exports", hub=tmp_path / "hub")
    assert "equals source" in done.stderr
    assert "equals source" not in done.stdout
    card = json.loads((tenant / "card.json").read_text("utf-8"))
    assert card["Totals"][0]["BilledCost"] == card["Totals"][0]["SourceBilledCost"] == "316.17"
    assert card["AICost"][0]["ProvenShare"] == "1"
    assert card["ThroughDay"] == "2026-01-01"


def test_every_format_holds_the_same_numbers(tenant: Path, tmp_path: Path) -> None:
    hub = tenant / "hub"
    expected = [Decimal("292.77"), Decimal("23.4")]
    found = json.loads(run_pertoken("matrix", "-f", "json", hub=hub).stdout, parse_float=Decimal)
    assert [row["EffectiveCost"] for row in found] == expected
    for kind in ("parquet", "xlsx", "csv"):
        run_pertoken("matrix", "-f", kind, "-o", tmp_path / f"matrix.{kind}", hub=hub)
    table = pq.read_table(tmp_path / "matrix.parquet")
    assert table["EffectiveCost"].to_pylist() == expected
    sheet = load_workbook(tmp_path / "matrix.xlsx").active
    assert sheet is not None
    column = [cell.value for cell in sheet[1]].index("EffectiveCost") + 1
    assert [sheet.cell(row, column).value for row in (2, 3)] == [292.77, 23.4]
    assert len(csv_rows((tmp_path / "matrix.csv").read_text("utf-8"))) == 2


def test_plan_touches_nothing(tenant: Path, tmp_path: Path) -> None:
    done = run_pertoken("ingest", tenant / "exports", "--plan", "-f", "csv", hub=tmp_path / "hub")
    assert [row["Status"] for row in csv_rows(done.stdout)] == ["applied"]
    assert "nothing was written" in done.stderr
    assert not (tmp_path / "hub").exists()


def test_the_hub_comes_from_the_environment(tenant: Path) -> None:
    done = run_pertoken("periods", "-f", "csv", PERTOKEN_HUB=str(tenant / "hub"))
    assert len(csv_rows(done.stdout)) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["matrix", "--by", "SkuMetre"], 2, "Nearest names: 'SkuMeter'"),
        (["matrix", "--where", "SkuMeter"], 2, "COLUMN=VALUE"),
        (["matrix", "--per", "dozen"], 2, "token, 1K, 1M"),
        (["matrix", "--from", "yesterday"], 2, "YYYY-MM-DD"),
        (["matrix", "--format", "pdf"], 2, "table, csv, json, parquet, xlsx"),
        (["frobnicate"], 2, "No such command"),
        (["matrix", "--colour"], 2, "No such option"),
        (["ingest", "/nowhere/at/all"], 2, "does not exist"),
    ],
)
def test_bad_usage_exits_with_2_and_says_what_is_valid(
    tenant: Path, arguments: list[str], code: int, words: str
) -> None:
    done = run_pertoken(*arguments, hub=tenant / "hub")
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    if words != "does not exist":
        assert done.stdout == ""


def test_a_missing_hub_exits_with_1_in_three_lines(tmp_path: Path) -> None:
    done = run_pertoken("matrix", hub=tmp_path / "hub")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 3
    assert not (tmp_path / "hub").exists()


def test_help_names_every_command() -> None:
    done = run_pertoken("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


def test_the_demo_prints_a_matrix_and_exits_with_0(tmp_path: Path) -> None:
    done = run_pertoken("demo", "--no-serve", "-f", "csv", hub=tmp_path / "hub")
    assert done.returncode == 0, done.stderr
    rows = csv_rows(done.stdout)
    assert len(rows) > 50
    assert (
        sum(Decimal(row["EffectiveCost"]) for row in rows if row["BillingCurrency"] == "USD")
        > 500_000
    )
    assert "equals source" in done.stderr


def test_check_reports_findings_of_the_hub_and_of_a_file(tenant: Path, tmp_path: Path) -> None:
    hub = run_pertoken("check", "-f", "csv", hub=tenant / "hub")
    header = "Rule,Severity,Column,Rows,CostAtStake,BillingCurrency,Example,Help"
    assert hub.stdout.splitlines()[0] == header
    file = tmp_path / "focus.csv"
    file.write_text("BilledCost,ChargeCategory,Extra\n1,Usage,x\n2,Nonsense,y\n", "utf-8")
    done = run_pertoken("check", file, "-f", "csv")
    assert done.returncode == 2
    found = {(row["Rule"], row["Column"]) for row in csv_rows(done.stdout)}
    assert ("column-unknown", "Extra") in found
    assert ("column-missing", "EffectiveCost") in found
    assert any(column == "ChargeCategory" for _, column in found)


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5-draft"])
def test_focus_files_count_tokens(tenant: Path, tmp_path: Path, version: str) -> None:
    file = tmp_path / "focus.parquet"
    done = run_pertoken("focus", "export", "--version", version, file, hub=tenant / "hub")
    assert done.returncode == 0, done.stderr
    rows = pq.read_table(file).to_pylist()
    assert sorted(
        (row["ConsumedQuantity"], row["ConsumedUnit"], row["PricingUnit"]) for row in rows
    ) == [
        (Decimal(1_560_000), "Tokens", "1000 Tokens"),
        (Decimal(58_554_000), "Tokens", "1000 Tokens"),
    ]
    assert sum(row["EffectiveCost"] for row in rows) == Decimal("316.17")


def test_an_exported_focus_file_can_be_ingested_again(tenant: Path, tmp_path: Path) -> None:
    run_pertoken("focus", "export", "--version", "1.2", tmp_path / "focus.csv", hub=tenant / "hub")
    done = run_pertoken("ingest", tmp_path / "focus.csv", hub=tmp_path / "hub")
    assert done.returncode == 0, done.stderr
    [model] = csv_rows(
        run_pertoken("matrix", "--by", "x_ModelId", "-f", "csv", hub=tmp_path / "hub").stdout
    )
    assert (model["x_ModelId"], model["x_TokenQuantity"]) == ("gpt-4o", "60114000")


def test_a_focus_version_that_is_not_exported_is_refused(tenant: Path, tmp_path: Path) -> None:
    done = run_pertoken("focus", "export", "--version", "9", tmp_path / "f.csv", hub=tenant / "hub")
    assert done.returncode == 2
    assert "1.2, 1.3, 1.4" in done.stderr


def test_meter_names_of_a_file_are_classified(tmp_path: Path) -> None:
    file = tmp_path / "meters.csv"
    file.write_text(
        "meterName,productName,unitOfMeasure\n"
        "gpt 4.1 mini cached Inp DZone Tokens,Azure OpenAI,1K\n"
        "5.6 sol ShortCo Cd Wr Std Gl 1M Tokens,Azure OpenAI GPT5,1M\n"
        "Bandwidth Inter-Region,Bandwidth,1 GB\n",
        "utf-8",
    )
    rows = csv_rows(run_pertoken("meters", "classify", file, "-f", "csv").stdout)
    assert [row["x_ModelId"] for row in rows[:2]] == ["gpt-4.1-mini", "gpt-5.6-sol"]
    assert [row["x_TokenCacheAction"] for row in rows[:2]] == ["Read", "Write"]
    assert rows[2]["x_MeterStatus"] == "not AI"
    assert list(rows[0])[:3] == ["meterName", "productName", "x_ModelDeveloper"]


def test_prices_outside_their_relation_are_named(tmp_path: Path) -> None:
    """A data zone price of twice the global one; a cached price above the plain one."""
    file = tmp_path / "prices.csv"
    file.write_text(
        "meterName,productName,unitOfMeasure,retailPrice,armRegionName,currencyCode,type\n"
        "gpt 4.1 Inp glbl Tokens,Azure OpenAI,1K,0.002,eastus,USD,Consumption\n"
        "gpt 4.1 Inp DZone Tokens,Azure OpenAI,1K,0.004,eastus,USD,Consumption\n"
        "gpt 4.1 cached Inp glbl Tokens,Azure OpenAI,1K,0.0005,eastus,USD,Consumption\n"
        "gpt 4.1 Outp glbl Tokens,Azure OpenAI,1K,0.008,eastus,USD,Consumption\n"
        "gpt 4.1 Outp glbl Tokens,Azure OpenAI,1K,260,eastus,USD,Reservation\n",
        "utf-8",
    )
    done = run_pertoken("meters", "relations", file, "-f", "csv")
    [row] = csv_rows(done.stdout)
    assert (row["OtherMeter"], row["Ratio"]) == ("gpt 4.1 Inp DZone Tokens", "2")
    assert "1 of 3 pairs" in done.stderr


def test_a_price_that_is_no_number_is_named_with_its_row(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("meterName,retailPrice\ngpt 4.1 Inp glbl Tokens,free\n", "utf-8")
    done = run_pertoken("meters", "relations", file)
    assert done.returncode == 1
    assert "row 2" in done.stderr


def test_a_file_without_meter_names_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "meters.csv"
    file.write_text("name\nx\n", "utf-8")
    done = run_pertoken("meters", "classify", file)
    assert done.returncode == 1
    assert "no column meterName" in done.stderr
