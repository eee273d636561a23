"""Small Cost Management exports, written by the tests themselves.

`charge()` is one complete FOCUS charge of a token meter; give only what the test is about:

    charge(ResourceId="/subscriptions/s1/...", EffectiveCost="0.5")
    charge(SkuMeter="gpt 4o 0513 Outp glbl Tokens", tokens=23_400, price="0.015")

`write_export()` writes rows as one run: its manifest and its parts, with the columns that exports
of the given FOCUS version have, sizes and row counts true. What a manifest says can be changed
afterwards with `edit_manifest`, what a part holds by writing to `parts_of(folder)`.

    run = write_export(tmp_path / "exports", [charge()], month="2026-02", version="1.2")

`run_pertoken()` runs the command line as a process. Values of a charge are text, as in a CSV; a
Parquet file gets the types that Azure writes (DECIMAL(38,18), UTC milliseconds, text).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pertoken.periods import month_end, month_start, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ACCOUNT = "/providers/microsoft.billing/billingaccounts/1"
SUBSCRIPTION = "/subscriptions/11111111-0000-0000-0000-000000000001"
_COLUMNS = Path(__file__).parents[1] / "src/pertoken/normalize/azure_focus_columns.csv"
_NAMES_BEFORE_1_2 = {
    "SkuMeter": "x_SkuMeterName",
    "InvoiceId": "x_InvoiceId",
    "PricingCurrency": "x_PricingCurrency",
}
_NAMES_OF_PREVIEW = {
    **_NAMES_BEFORE_1_2,
    "ConsumedQuantity": "UsageQuantity",
    "ConsumedUnit": "UsageUnit",
    "ContractedCost": "x_OnDemandCost",
    "ContractedUnitPrice": "x_OnDemandUnitPrice",
    "RegionId": "Region",
}


TEAM_RULES = """
[[rule]]
dimension = "Team"
value = "search"
when = { ResourceName = "aoai-search" }
[[rule]]
dimension = "Team"
value = "ads"
when = { ResourceName = "aoai-ads" }
"""
"""Rules of a small hub: two teams, each the whole of a resource."""


def charge(
    *,
    tokens: int = 1_000_000,
    price: str = "0.0025",
    month: str = "2026-01",
    day: int = 1,
    **overrides: object,
) -> dict[str, str | None]:
    """One charge: `tokens` of a 1K meter at `price` per 1K, on a day of a month.

    Every cost is tokens / 1000 x price; `overrides` are FOCUS 1.2 and x_ columns, as text. A column
    that no Azure export has is written too. A charge of another day is another charge.
    """
    start = month_start(month) + timedelta(days=day - 1)
    blocks = Decimal(tokens) / 1000
    cost = _text(blocks * Decimal(price))
    values: dict[str, object] = {
        "BillingAccountId": "/providers/Microsoft.Billing/billingAccounts/1",
        "BillingAccountName": "Contoso",
        "BillingAccountType": "Billing Account",
        "BillingCurrency": "USD",
        "BillingPeriodStart": _day(month_start(month)),
        "BillingPeriodEnd": _day(month_end(month)),
        "ChargePeriodStart": _day(start),
        "ChargePeriodEnd": _day(start + timedelta(days=1)),
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
        "BilledCost": cost,
        "EffectiveCost": cost,
        "ContractedCost": cost,
        "ListCost": cost,
        "ContractedUnitPrice": price,
        "ListUnitPrice": price,
        "x_BilledUnitPrice": price,
        "x_EffectiveUnitPrice": price,
        "ConsumedQuantity": str(tokens),
        "ConsumedUnit": "Units",
        "PricingQuantity": _text(blocks),
        "PricingUnit": "Units",
        "PricingCategory": "Standard",
        "PricingCurrency": "USD",
        "ProviderName": "Microsoft",
        "PublisherName": "Microsoft",
        "InvoiceIssuerName": "Microsoft",
        "RegionId": "swedencentral",
        "RegionName": "Sweden Central",
        "ResourceId": f"{SUBSCRIPTION}/resourcegroups/rg/providers/"
        "microsoft.cognitiveservices/accounts/aoai",
        "ResourceName": "aoai",
        "ResourceType": "Azure AI services",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Azure AI Services",
        "SkuId": "DZH318Z0HHG7/1K61",
        "SkuMeter": "gpt 4o 0513 Inp glbl Tokens",
        "SkuPriceId": "1K61",
        "SubAccountId": SUBSCRIPTION,
        "SubAccountName": "contoso-ai",
        "SubAccountType": "Subscription",
        "Tags": '{"team": "search"}',
        "x_PricingBlockSize": "1000",
        "x_PricingUnitDescription": "1K",
        "x_ResourceGroupName": "rg",
        "x_SkuDescription": "Azure OpenAI - gpt 4o 0513 Inp glbl Tokens - SE Central",
        "x_SkuMeterCategory": "Foundry Models",
        "x_SkuMeterId": "02cfde45-1ac4-5f6c-b040-d7407934f687",
        "x_SkuMeterSubcategory": "Azure OpenAI",
        "x_SkuIsCreditEligible": "True",
    }
    values |= overrides
    return {name: None if value is None else str(value) for name, value in values.items()}


def write_export(
    folder: Path,
    rows: Sequence[dict[str, str | None]],
    *,
    version: str = "1.0r2",
    scope: str | None = ACCOUNT,
    month: str = "2026-01",
    start: date | str | None = None,
    end: date | str | None = None,
    submitted: str = "2026-02-01T06:00:00Z",
    parts: int = 1,
    file_format: str = "csv",
    name: str = "focus",
    run_id: str | None = None,
    dataset: str = "FocusCost",
    without: Sequence[str] = (),
) -> Path:
    """One run below `folder`: manifest.json and its parts. Gives the folder of the manifest.

    Takes:   rows of `charge()`; `version` decides the columns; `start` and `end` are days,
             inclusive both, the whole month by default; `file_format` is csv, csv.gz or parquet;
             `scope` None writes a manifest without resourceId; `without` leaves columns out; a run
             without rows has no part. The same arguments give the same run id.
    """
    first = _as_day(start) or month_start(month)
    last = _as_day(end) or month_end(month) - timedelta(days=1)
    seed = f"{name} {scope} {first} {last} {submitted} {version}"
    run_id = run_id or str(uuid.uuid5(uuid.NAMESPACE_URL, seed))
    run = folder / name / f"{first:%Y%m%d}-{last:%Y%m%d}" / run_id
    run.mkdir(parents=True, exist_ok=True)
    blobs = []
    columns = [each for each in columns_of(version, rows) if each not in without]
    for number in range(parts if rows else 0):
        part = run / f"part_{number}_0001.{file_format}"
        held = [translated(row, version) for row in rows[number::parts]]
        write_file(part, held, columns)
        blobs.append(
            {
                "blobName": f"exports/{name}/{run_id}/{part.name}",
                "byteCount": part.stat().st_size,
                "dataRowCount": len(held),
            }
        )
    config = {"exportName": name, "dataVersion": version, "type": dataset}
    if scope is not None:
        config["resourceId"] = f"{scope}/providers/Microsoft.CostManagement/exports/{name}"
    manifest = {
        "manifestVersion": "2024-04-01",
        "byteCount": sum(int(str(blob["byteCount"])) for blob in blobs),
        "blobCount": len(blobs),
        "dataRowCount": len(rows),
        "exportConfig": config,
        "deliveryConfig": {
            "partitionData": True,
            "fileFormat": "Parquet" if file_format == "parquet" else "Csv",
            "compressionMode": "gzip" if file_format == "csv.gz" else "None",
        },
        "runInfo": {
            "submittedTime": submitted,
            "runId": run_id,
            "startDate": f"{first}T00:00:00",
            "endDate": f"{last}T00:00:00Z",
        },
        "blobs": blobs,
    }
    (run / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
    return run


def columns_of(version: str, rows: Sequence[dict[str, str | None]] = ()) -> list[str]:
    """The columns of Azure exports of a version, and what the rows have that no version has."""
    known = list(csv.DictReader(io.StringIO(_COLUMNS.read_text("utf-8"))))
    listed = [row["column"] for row in known if version in row["versions"].split()]
    strange = {column for row in rows for column in row} - {row["column"] for row in known}
    return listed + sorted(strange)


def translated(row: dict[str, str | None], version: str) -> dict[str, str | None]:
    """A row under the names that its columns have in an export of a version."""
    names = {"1.0-preview(v1)": _NAMES_OF_PREVIEW}.get(version, _NAMES_BEFORE_1_2)
    if version.startswith("1.2"):
        names = {}
    return {names.get(column, column): value for column, value in row.items()}


def write_file(path: Path, rows: Sequence[dict[str, str | None]], columns: Sequence[str]) -> None:
    """Rows as a CSV, a gzip of it, or a Parquet file, by the name of the file."""
    if path.suffix == ".parquet":
        pq.write_table(_arrow(rows, columns), path, compression="snappy")
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    content = b"\xef\xbb\xbf" + text.getvalue().encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def parts_of(run: Path) -> list[Path]:
    """The data files of a run, in the order of their names."""
    return sorted(path for path in run.iterdir() if path.name != "manifest.json")


def edit_manifest(run: Path, edit: Callable[[dict], object]) -> None:
    """Change what the manifest of a run says: `edit` gets the JSON object and changes it."""
    path = run / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    edit(manifest)
    path.write_text(json.dumps(manifest, indent=1), "utf-8")


def restate_sizes(run: Path) -> None:
    """Make the manifest's sizes true again after a part was changed by hand."""

    def edit(manifest: dict) -> None:
        for blob in manifest["blobs"]:
            blob["byteCount"] = (run / blob["blobName"].rsplit("/", 1)[-1]).stat().st_size
        manifest["byteCount"] = sum(blob["byteCount"] for blob in manifest["blobs"])

    edit_manifest(run, edit)


def run_pertoken(
    *arguments: object, hub: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process; gives exit code, stdout and stderr as text."""
    command = [sys.executable, "-m", "pertoken", *(str(each) for each in arguments)]
    if hub is not None:
        command += ["--hub", str(hub)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        env={**os.environ, "COLUMNS": "200", **environment},
    )


def csv_rows(text: str) -> list[dict[str, str]]:
    """The rows of CSV text, as a command prints it."""
    return list(csv.DictReader(io.StringIO(text)))


def _arrow(rows: Sequence[dict[str, str | None]], columns: Sequence[str]) -> pa.Table:
    kinds = {row["column"]: row["type"] for row in csv.DictReader(_COLUMNS.open(encoding="utf-8"))}
    arrays = {}
    for column in columns:
        cells = [row.get(column) or None for row in rows]
        kind = kinds.get(column, "text")
        if kind == "decimal":
            values = [None if cell is None else Decimal(cell) for cell in cells]
            arrays[column] = pa.array(values, pa.decimal128(38, 18))
        elif kind == "timestamp":
            times = [None if cell is None else parse_timestamp(cell) for cell in cells]
            arrays[column] = pa.array(times, pa.timestamp("ms", "UTC"))
        elif kind == "boolean":
            flags = [None if cell is None else cell.casefold() == "true" for cell in cells]
            arrays[column] = pa.array(flags, pa.bool_())
        else:
            arrays[column] = pa.array(cells, pa.string())
    return pa.table(arrays)


def _as_day(day: date | str | None) -> date | None:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _day(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).isoformat().replace("+00:00", "Z")


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"
