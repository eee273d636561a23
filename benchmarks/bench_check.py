"""Rows per second of the conformance check, and of the official validator beside it.

    python benchmarks/bench_check.py [ROWS]

Charges are the clean file of the tests, repeated with other resources, tags and hours: 57 FOCUS
columns and 3 of our own. With $PERTOKEN_FOCUS_VALIDATOR set to an environment that holds
focus-validator 2.2.1, that tool checks 100,000 of the rows in the same run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pertoken.conformance import check, focus_select, focus_text_select
from pertoken.engine import local_engine

CLEAN = Path(__file__).resolve().parents[1] / "tests" / "conformance" / "cases" / "clean.csv"
VALIDATOR_ROWS = 100_000


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        parquet = Path(folder) / "charges.parquet"
        some = Path(folder) / "some.parquet"
        csv = Path(folder) / "charges.csv"
        write_charges(rows, parquet, some, csv)
        ours = rows / seconds("pertoken check, Parquet", parquet, rows)
        seconds("pertoken check, CSV", csv, min(rows, VALIDATOR_ROWS))
        venv = os.environ.get("PERTOKEN_FOCUS_VALIDATOR")
        if venv:
            theirs = validated(Path(venv), some, min(rows, VALIDATOR_ROWS))
            print(f"{'ratio':32}{ours / theirs:12.0f} times the rows per second")


def write_charges(rows: int, parquet: Path, some: Path, csv: Path) -> None:
    engine = local_engine()
    engine.view_csv("clean", [str(CLEAN)])
    engine.view("typed", focus_select(engine.columns("clean"), "1.2", "clean"))
    copies = rows // 10
    engine.view(
        "charges",
        "SELECT * EXCLUDE (copy) REPLACE ("
        '"ResourceId" || \'/\' || copy AS "ResourceId",'
        ' json_merge_patch("Tags", json_object(\'request\', copy % 5000)) AS "Tags",'
        ' "ChargePeriodStart" + INTERVAL (copy % 480) HOUR AS "ChargePeriodStart",'
        ' "ChargePeriodEnd" + INTERVAL (copy % 480) HOUR AS "ChargePeriodEnd"),'
        ' \'gpt-4o\' AS "x_ModelId", \'Input\' AS "x_TokenDirection", copy AS "x_Copy"'
        f" FROM typed CROSS JOIN (SELECT range AS copy FROM range({copies})) AS copies"
        ' WHERE "ChargeClass" IS NULL',
    )
    limited = f"SELECT * FROM charges LIMIT {min(rows, VALIDATOR_ROWS)}"
    engine.write_parquet("SELECT * FROM charges", parquet)
    engine.write_parquet(limited, some)
    engine.view("limited", limited)
    text = focus_text_select(engine.columns("limited"), "1.2", "limited")
    table = engine.arrow(text)
    engine.close()
    write_csv(table, csv)


def write_csv(table: object, path: Path) -> None:
    from pyarrow import csv  # noqa: PLC0415 - only for the benchmark's input

    csv.write_csv(table, path)


def seconds(name: str, path: Path, rows: int) -> float:
    best, findings = float("inf"), 0
    for _ in range(3):
        engine = local_engine()
        view = engine.view_csv if path.suffix == ".csv" else engine.view_parquet
        view("charges", [str(path)])
        started = time.perf_counter()
        findings = len(check(engine, "charges", "1.2", columns=engine.columns("charges")))
        best = min(best, time.perf_counter() - started)
        engine.close()
    report(name, rows, best, f"{findings} findings")
    return best


def validated(venv: Path, path: Path, rows: int) -> float:
    packages = next((venv / "lib").glob("python*/site-packages"))
    started = time.perf_counter()
    subprocess.run(
        [
            venv / "bin" / "focus-validator", "--data-file", path, "--validate-version", "1.2",
            "--focus-dataset", "CostAndUsage", "--block-download",
        ],
        cwd=packages,
        stdout=subprocess.DEVNULL,
        check=True,
    )  # fmt: skip
    taken = time.perf_counter() - started
    report("focus-validator 2.2.1, Parquet", rows, taken, "")
    return rows / taken


def report(name: str, rows: int, taken: float, more: str) -> None:
    print(f"{name:32}{rows:10,} rows {taken:7.2f} s {rows / taken:12,.0f} rows/s  {more}")


if __name__ == "__main__":
    main()
