"""The clean file of the cases, and the ways in which a case changes it."""

from __future__ import annotations

import csv
import os
from pathlib import Path

CASES = Path(__file__).parent / "cases"
REPOSITORY = Path(__file__).resolve().parents[2]
Rows = list[dict[str, str]]


def shared_data() -> Path:
    """Where the published FOCUS samples are, beside the repository unless told otherwise."""
    told = os.environ.get("PERTOKEN_SHARED")
    return (Path(told) if told else REPOSITORY.parent / "shared") / "data" / "focus"


def read_rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def clean_rows() -> Rows:
    return read_rows(CASES / "clean.csv")


def write_rows(rows: Rows, path: Path) -> str:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def changed(rows: Rows, case: dict[str, str]) -> Rows:
    """The rows after one case: set cells, drop, add or rename a column."""
    column, value = case["column"], case["value"]
    if value == "@long":
        value = "x" * 10_000
    if case["change"] == "drop":
        return [{name: row[name] for name in row if name != column} for row in rows]
    if case["change"] == "add":
        return [{**row, column: value} for row in rows]
    if case["change"] == "rename":
        return [{value if name == column else name: row[name] for name in row} for row in rows]
    cells = (
        dict(pair.split("=") for pair in column.split(";")) if "=" in column else {column: value}
    )
    index = int(case["row"])
    return [{**row, **cells} if number == index else row for number, row in enumerate(rows)]
