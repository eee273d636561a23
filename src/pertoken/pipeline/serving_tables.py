"""The hub's serving tables as files for other products: Parquet, CSV, XLSX, a DuckDB database.

Every table is as of one commit, in an order that is the same for the same rows; large tables are
written month by month, so that memory follows the largest month. Totals are those of the hub:
nothing is summed, dropped or rounded here. Nothing that is not whole has the name of what was asked
for (`pipeline.unfinished`).
Source: docs/tables.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text
from pertoken.errors import ConfigError, alternatives
from pertoken.hub import TABLES
from pertoken.pipeline.feed_view import token_costs_select
from pertoken.pipeline.unfinished import new_file, new_folder
from pertoken.pipeline.views import column_kind, require_charges, view_dimensions
from pertoken.reports import Column, Stream, write_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations

SERVED = (
    "charges", "token_costs", "meters", "tags", "periods", "prices", "rates", "invoices", "usage",
    "metrics", "tag_snapshots", "restatements",
)  # fmt: skip
"""The tables that other products are meant to read; the rest is the hub's own book-keeping."""
MOST_SHEET_ROWS = 1_048_575
_MONTH = "BillingMonth"
_ROWS_AT_ONCE = 2000
_FORMULA = r"^[=+\-@\t\r\n]"


@dataclass(frozen=True, slots=True)
class Served:
    """A table as a query over relations of the engine, and the column that parts its files."""

    name: str
    sql: str
    columns: dict[str, str]

    @property
    def has_months(self) -> bool:
        """Whether the table is written month by month."""
        return _MONTH in TABLES[self.name]


def served_tables(
    engine: Engine, relations: Relations, names: Sequence[str] = ()
) -> tuple[Served, ...]:
    """The tables that hold rows, in the order of SERVED.

    Takes:   names, only these; all by default.
    Raises:  ConfigError for a name that is no serving table; HubError for an empty hub.
    """
    unknown = [name for name in names if name not in SERVED]
    if unknown:
        raise ConfigError(
            f"'{unknown[0]}' is no serving table.",
            f"Expected some of {', '.join(SERVED)}.",
            f"Nearest: {alternatives(unknown[0], SERVED)}.",
        )
    require_charges(relations)
    view_dimensions(engine, relations)
    served = []
    for name in SERVED:
        if (names and name not in names) or not relations.view(engine, name):
            continue
        relation = f"served_{name}"
        engine.view(
            relation,
            token_costs_select(engine) if name == "token_costs" else f"SELECT * FROM {name}",
        )
        served.append(Served(name, f"SELECT * FROM {relation}", engine.columns(relation)))
    return tuple(served)


def write_files(
    engine: Engine, tables: Sequence[Served], folder: Path, extension: str
) -> dict[str, int]:
    """Write tables into a folder, as `parquet` or `csv`: NAME, or NAME/BillingMonth=M.

    Gives:   the rows of each table.
    Raises:  ConfigError for a folder that is not empty or cannot be written.
    """
    rows: dict[str, int] = {}
    with new_folder(folder) as place:
        for table in tables:
            write = engine.write_parquet if extension == "parquet" else engine.write_csv
            rows[table.name] = 0
            for part, sql in _parts(engine, table):
                path = place / f"{table.name}{part}.{extension}"
                path.parent.mkdir(parents=True, exist_ok=True)
                texts = f"SELECT {_texts(table)} FROM ({sql})"
                rows[table.name] += write(sql if extension == "parquet" else texts, path)
    return rows


def write_database(engine: Engine, tables: Sequence[Served], path: Path) -> dict[str, int]:
    """Write tables into a new DuckDB database; gives the rows of each.

    Raises:  ConfigError for a file that is there or cannot be written.
    """
    with new_file(path) as place:
        return engine.write_database(
            {table.name: [sql for _, sql in _parts(engine, table)] for table in tables}, place
        )


def write_sheets(engine: Engine, tables: Sequence[Served], path: Path) -> dict[str, int]:
    """Write tables as the sheets of a new workbook; gives the rows of each.

    Raises:  ConfigError for a file that is there or cannot be written, or for a table with more
             rows than a sheet holds.
    """
    counts: dict[str, int] = {}
    for table in tables:
        [(count,)] = engine.rows(f"SELECT count(*) FROM ({table.sql})")
        if count > MOST_SHEET_ROWS:
            raise ConfigError(
                f"{table.name} has {count:,} rows.",
                f"Expected at most {MOST_SHEET_ROWS:,}, which a sheet of XLSX holds.",
                "Export parquet, csv or duckdb, or leave the table out with --table.",
            )
        counts[table.name] = int(count)
    with new_file(path) as place:
        write_workbook([_stream(engine, table) for table in tables], place)
    return counts


def _stream(engine: Engine, table: Served) -> Stream:
    """A table whose rows come from the engine while they are written."""

    def rows() -> Iterator[tuple[object, ...]]:
        for _, sql in _parts(engine, table):
            for batch in engine.batches(sql, _ROWS_AT_ONCE):
                yield from batch

    columns = tuple(Column(name, column_kind(name, table.columns)) for name in table.columns)
    return Stream(table.name, columns, rows())


def _parts(engine: Engine, table: Served) -> list[tuple[str, str]]:
    """The parts of a table: what follows its name, and the query of its rows in their order."""
    if not table.has_months:
        return [("", f"{table.sql} ORDER BY ALL")]
    months = engine.rows(f"SELECT DISTINCT {_MONTH} FROM ({table.sql}) ORDER BY {_MONTH}")
    return [
        (
            f"/{_MONTH}={month}",
            f"{table.sql} WHERE {_MONTH} = {quoted_text(str(month))} ORDER BY ALL",
        )
        for (month,) in months
    ]


def _texts(table: Served) -> str:
    """The columns as text: decimals plain, times ISO with Z, no cell that a spreadsheet runs."""
    shown = []
    for name, kind in table.columns.items():
        column = quoted(name)
        if kind.startswith("DECIMAL"):
            text = f"rtrim(rtrim(CAST({column} AS VARCHAR), '0'), '.')"
            sql = f"CASE WHEN {column} = 0 THEN '0' ELSE {text} END"
        elif kind.startswith("TIMESTAMP"):
            sql = f"strftime({column}, '%Y-%m-%dT%H:%M:%SZ')"
        elif kind == "VARCHAR":
            risky = f"regexp_matches({column}, {quoted_text(_FORMULA)})"
            sql = f"CASE WHEN {risky} THEN '''' || {column} ELSE {column} END"
        else:
            sql = f"CAST({column} AS VARCHAR)"
        shown.append(f"{sql} AS {column}")
    return ", ".join(shown)
