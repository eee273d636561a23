"""FOCUS-like exports of any size, the same bytes for the same seed.

    python benchmarks/generate.py FOLDER --rows 1000000 --months 1 --format csv

The rows are made by charges.sql; every draw is a slice of an MD5, so nothing depends on a random
generator, on PYTHONHASHSEED or on the machine. Each month is one run with its manifest.json, in the
96 columns of Azure FOCUS 1.0r2 (src/pertoken/normalize/azure_focus_columns.csv).
"""

from __future__ import annotations

import argparse
import csv
import json
import uuid
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import duckdb

FIRST_MONTH = date(2026, 1, 1)
VERSION = "1.0r2"
SCOPE = (
    "/providers/Microsoft.Billing/billingAccounts/5e1c7b1f-7a0a-5d0c-9d4e-2f3c1c9a77aa:"
    "6c0f5c57-1d3b-4a53-9d3e-0ad1f0b3c111_2019-05-31/billingProfiles/BENCH-MARK-BG7-PGB"
)
_TIMES = "strftime({}, '%Y-%m-%dT%H:%M:%SZ')"


def columns() -> dict[str, str]:
    """The columns of an Azure FOCUS 1.0r2 export, in its order, and their types."""
    text = files("pertoken.normalize").joinpath("azure_focus_columns.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["column"]: row["type"] for row in rows if VERSION in row["versions"].split()}


def write_exports(
    folder: Path,
    *,
    rows: int,
    months: int = 1,
    first: date = FIRST_MONTH,
    file_format: str = "csv",
    ai_share: float = 0.02,
    seed: int = 7,
    delivery: int = 1,
) -> list[Path]:
    """One export run of `rows` charges per month, each with its manifest; gives the data files.

    A second delivery of a month is another run, submitted a day later.
    """
    session = duckdb.connect()
    session.execute("SET TimeZone = 'UTC'")
    session.execute("SET preserve_insertion_order = true")
    written = []
    for number in range(months):
        start = add_months(first, number)
        end = add_months(start, 1)
        for name, value in (
            ("seed", seed),
            ("n_rows", rows),
            ("n_days", min((end - start).days, rows)),
            ("ai_share", ai_share),
        ):
            session.execute(f"SET VARIABLE {name} = {value}")
        session.execute(f"SET VARIABLE month_start = TIMESTAMPTZ '{start} 00:00:00+00'")
        written.append(_write_run(session, folder, (start, end), rows, file_format, delivery))
    session.close()
    return written


def _write_run(
    session: duckdb.DuckDBPyConnection,
    folder: Path,
    month: tuple[date, date],
    rows: int,
    file_format: str,
    delivery: int,
) -> Path:
    start, last = month[0], month[1] - timedelta(days=1)
    name = f"pertoken-bench/{start}/{rows}/{file_format}"
    run_id = str(uuid.uuid5(uuid.NAMESPACE_URL, name if delivery == 1 else f"{name}/{delivery}"))
    place = folder / "focus-bench" / f"{start:%Y%m%d}-{last:%Y%m%d}" / run_id
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"part_0_0001.{file_format}"
    charges = Path(__file__).with_name("charges.sql").read_text("utf-8")
    session.execute(f"CREATE OR REPLACE TEMP VIEW made AS {charges}")
    made = {row[0] for row in session.execute("DESCRIBE made").fetchall()}
    items = [
        _item(name, kind, file_format, absent=name not in made) for name, kind in columns().items()
    ]
    options = "FORMAT csv, HEADER" if file_format == "csv" else "FORMAT parquet, COMPRESSION snappy"
    session.execute(f"COPY (SELECT {', '.join(items)} FROM made) TO '{file}' ({options})")
    manifest = _manifest(file, run_id, (start, last), rows, delivery)
    (place / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
    return file


def _item(name: str, kind: str, file_format: str, *, absent: bool) -> str:
    if file_format == "csv":
        value = "NULL" if absent else f'"{name}"'
        if kind == "timestamp":
            value = _TIMES.format(f"CAST({value} AS TIMESTAMPTZ)")
        if kind == "decimal":
            value = f"rtrim(rtrim(CAST(CAST({value} AS DECIMAL(38,12)) AS VARCHAR), '0'), '.')"
        if kind == "boolean":
            value = f"CASE WHEN {value} THEN 'True' ELSE 'False' END"
        return f'{value} AS "{name}"'
    types = {"timestamp": "TIMESTAMPTZ", "decimal": "DECIMAL(38,18)", "boolean": "BOOLEAN"}
    value = "NULL" if absent else f'"{name}"'
    return f'CAST({value} AS {types.get(kind, "VARCHAR")}) AS "{name}"'


def _manifest(
    file: Path, run_id: str, days: tuple[date, date], rows: int, delivery: int
) -> dict[str, object]:
    start, last = days
    size = file.stat().st_size
    submitted = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=4 + delivery)
    return {
        "manifestVersion": "2024-04-01",
        "byteCount": size,
        "blobCount": 1,
        "dataRowCount": rows,
        "exportConfig": {
            "exportName": "focus-bench",
            "resourceId": f"{SCOPE}/providers/Microsoft.CostManagement/exports/focus-bench",
            "dataVersion": VERSION,
            "apiVersion": "2023-07-01-preview",
            "type": "FocusCost",
            "timeFrame": "TheLastMonth",
            "granularity": "Daily",
        },
        "deliveryConfig": {
            "partitionData": True,
            "dataOverwriteBehavior": "CreateNewReport",
            "fileFormat": "Csv" if file.suffix == ".csv" else "Parquet",
            "compressionMode": "None",
        },
        "runInfo": {
            "executionType": "Scheduled",
            "submittedTime": submitted.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "runId": run_id,
            "startDate": f"{start}T00:00:00",
            "endDate": f"{last}T00:00:00",
        },
        "blobs": [
            {
                "blobName": "/".join(file.parts[-4:]),
                "byteCount": size,
                "dataRowCount": rows,
            }
        ],
    }


def add_months(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def main() -> None:
    """Write exports, as the options say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000, help="charges of each month")
    parser.add_argument("--months", type=int, default=1)
    parser.add_argument("--first", type=date.fromisoformat, default=FIRST_MONTH)
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--ai-share", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    for file in write_exports(
        options.folder,
        rows=options.rows,
        months=options.months,
        first=options.first,
        file_format=options.format,
        ai_share=options.ai_share,
        seed=options.seed,
    ):
        print(file)


if __name__ == "__main__":
    main()
