"""The embedded engine: DuckDB, one session, bounded memory.

Only the API common to DuckDB 1.5 and 2.x is used (`execute`, `fetchall`, `fetchmany`, Arrow by
`to_arrow_table` of a relation), so that both are supported.
"""

from __future__ import annotations

import csv
import gzip
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pertoken.engine.sql import quoted, quoted_text
from pertoken.errors import EngineError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from pertoken.engine.protocol import Row

_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET preserve_insertion_order = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
)
_NO_BAR = "SET enable_progress_bar = false"
_CSV_OPTIONS = (
    "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
    "nullstr = ['NULL', ''], allow_quoted_nulls = false, "
    "max_line_size = 16777216, buffer_size = 33554432, strict_mode = true"
)
"""A line of 16 MiB is read; without the size DuckDB reserves sixteen such lines for each buffer,
and two readers of one query came to 512 MiB of the session's limit.
"""
_PATH = "x_FileOfPartition"
_PARQUET_OPTIONS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 40960"
"""Each thread holds a row group in memory until it is written: 122880 rows of 118 columns each
made the session spill at its memory limit and take three times as long (docs/benchmarks.md).
"""
_GZIP = b"\x1f\x8b"
_CSV_EXPECTED = "CSV in UTF-8 with one header line, every row as long as it (RFC 4180)"


class DuckDBEngine:
    """Relations in one DuckDB session; see `protocol.Engine` for what each method promises."""

    dialect = "duckdb"

    def __init__(self, *, memory_limit: str = "1GB", threads: int | None = None) -> None:
        self._session = duckdb.connect(":memory:")
        self._columns: dict[str, dict[str, str]] = {}
        for setting in _SETTINGS:
            self._session.execute(setting)
        # in a notebook without ipywidgets DuckDB has no bar, and refuses to turn it off
        with suppress(duckdb.InvalidInputException):
            self._session.execute(_NO_BAR)
        self._session.execute(f"SET memory_limit = {quoted_text(memory_limit)}")
        if threads is not None:
            self._session.execute(f"SET threads = {int(threads)}")

    def view(self, name: str, sql: str) -> None:
        """Name a query."""
        self._columns.clear()
        self._run(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {sql}")

    def view_csv(
        self, name: str, paths: Sequence[str], *, with_file: str | None = None
    ) -> tuple[str, ...]:
        """Name CSV files read as text; see `protocol.Engine.view_csv`."""
        options = f"{_CSV_OPTIONS}, hive_partitioning = false"
        if with_file is not None:
            options += f", filename = {quoted_text(with_file)}"
        alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for path in paths:
            alike.setdefault((_compression(path), csv_header(path)), []).append(path)
        selects = []
        for (compression, header), same in alike.items():
            columns = ", ".join(f"{quoted_text(column)}: 'VARCHAR'" for column in header)
            selects.append(
                f"SELECT * FROM read_csv({_text_list(same)}, columns = {{{columns}}}, "
                f"compression = '{compression}', {options})"
            )
        try:
            self.view(name, " UNION ALL BY NAME ".join(selects))
        except EngineError as error:
            raise unreadable(paths, error, _CSV_EXPECTED) from error
        return tuple(self.columns(name))

    def view_parquet(
        self,
        name: str,
        paths: Sequence[str],
        *,
        partitions: Mapping[str, str] | None = None,
        with_file: str | None = None,
    ) -> tuple[str, ...]:
        """Name Parquet files; see `protocol.Engine.view_parquet`."""
        options, columns = "union_by_name = true, hive_partitioning = false", "*"
        if partitions and _has_other_keys(paths, partitions):
            options += f", filename = {quoted_text(_PATH)}"
            columns = f"* EXCLUDE ({_PATH}), " + ", ".join(
                f"CAST(regexp_extract({_PATH}, '^.*/{key}=([^/]*)/', 1) AS {kind}) AS {quoted(key)}"
                for key, kind in partitions.items()
            )
        elif partitions:
            types = ", ".join(f"{quoted_text(key)}: {kind}" for key, kind in partitions.items())
            options = f"union_by_name = true, hive_partitioning = true, hive_types = {{{types}}}"
        if with_file is not None:
            options += f", filename = {quoted_text(with_file)}"
        try:
            self.view(name, f"SELECT {columns} FROM read_parquet({_text_list(paths)}, {options})")
        except EngineError as error:
            raise unreadable(paths, error, "Parquet with a complete footer") from error
        return tuple(self.columns(name))

    def view_arrow(self, name: str, table: pa.Table) -> None:
        """Name an Arrow table, in the place of whatever has the name."""
        self._columns.clear()
        self._run(f"DROP VIEW IF EXISTS {quoted(name)}")
        self._session.register(name, table)

    def columns(self, name: str) -> dict[str, str]:
        """The columns of a relation and their types, in order.

        Kept until anything is named or written anew: to describe a view over many Parquet files
        takes as long as a query of it.
        """
        if name not in self._columns:
            described = self.rows(f"DESCRIBE SELECT * FROM {quoted(name)}")
            self._columns[name] = {row[0]: row[1] for row in described}
        return dict(self._columns[name])

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The answer of a query as Python values."""
        return self._run(sql, values).fetchall()  # type: ignore[no-any-return]

    def batches(self, sql: str, size: int) -> Iterator[list[Row]]:
        """The answer of a query, at most `size` rows at a time."""
        answer = self._run(sql)
        try:
            while rows := answer.fetchmany(size):
                yield rows
        except duckdb.Error as error:
            raise _query_failed(error) from error

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.Table:
        """The answer of a query as an Arrow table."""
        try:
            return self._session.sql(sql, params=list(values)).to_arrow_table()
        except duckdb.Error as error:
            raise _query_failed(error) from error

    def write_parquet(self, sql: str, path: Path) -> int:
        """Write a query to one zstd Parquet file and give its rows."""
        target = quoted_text(str(path))
        self._columns.clear()
        answer = self.rows(f"COPY ({sql}) TO {target} ({_PARQUET_OPTIONS})")
        return int(answer[0][0])

    def write_csv(self, sql: str, path: Path) -> int:
        """Write a query of text columns to one CSV file and give its rows."""
        target = quoted_text(str(path))
        self._columns.clear()
        answer = self.rows(f"COPY ({sql}) TO {target} (FORMAT csv, HEADER, NULLSTR '')")
        return int(answer[0][0])

    def write_database(self, tables: Mapping[str, Sequence[str]], path: Path) -> dict[str, int]:
        """Write queries as tables of one new DuckDB database and give the rows of each."""
        self._run(f"ATTACH {quoted_text(str(path))} AS written")
        try:
            for name, (first, *rest) in tables.items():
                self._run(f"CREATE TABLE written.{quoted(name)} AS {first}")
                for sql in rest:
                    self._run(f"INSERT INTO written.{quoted(name)} {sql}")
            return {
                name: int(self.rows(f"SELECT count(*) FROM written.{quoted(name)}")[0][0])
                for name in tables
            }
        finally:
            self._run("DETACH written")

    def close(self) -> None:
        """Release the session."""
        self._session.close()

    def _run(self, sql: str, values: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - DuckDB's own
        try:
            return self._session.execute(sql, list(values))
        except duckdb.Error as error:
            raise _query_failed(error) from error


def _query_failed(error: duckdb.Error) -> EngineError:
    return EngineError(
        f"The engine could not run a query: {_first_line(error)}",
        "Expected a query over relations and columns that exist.",
        "If the hub was made by this version, report it with the command that failed.",
        detail=str(error),
        of_data=isinstance(error, (duckdb.DataError, duckdb.InvalidInputException)),
    )


def unreadable(paths: Sequence[str], error: EngineError, expected: str) -> SourceError:
    """The three lines for a file that is not what its name says."""
    detail = str(error.context.get("detail", error))
    named = re.search(r'"([^"\n]+\.(?:csv|gz|parquet|snappy\.parquet))"', detail)
    where = named.group(1) if named else (paths[0] if len(paths) == 1 else f"{len(paths)} files")
    return SourceError(
        f"{where} cannot be read: {_first_line(detail)}",
        f"Expected {expected}.",
        "Export the run again, or remove it from the folder.",
    )


def csv_header(path: str) -> tuple[str, ...]:
    """The column names of a CSV file (plain or gzip), byte order mark removed.

    DuckDB's own detection may skip lines that do not fit, so the header is read here and given.
    Raises: SourceError for a file without a header, with a name twice, or not in UTF-8.
    """
    try:
        opener = gzip.open if _compression(path) == "gzip" else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as lines:
            header = tuple(next(csv.reader(lines, strict=True), ()))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(
            f"{path} cannot be read: {_first_line(error)}",
            f"Expected {_CSV_EXPECTED}.",
            "Export the run again, or remove it from the folder.",
        ) from error
    folded = [column.strip().casefold() for column in header]
    twice = sorted(each for each in set(folded) if folded.count(each) > 1)
    if not any(header) or twice:
        raise SourceError(
            f"{path} has {'the column ' + repr(twice[0]) + ' twice' if twice else 'no header'}.",
            f"Expected {_CSV_EXPECTED}.",
            "Export the run again, or remove it from the folder.",
        )
    return header


def _compression(path: str) -> str:
    """`gzip` or `none`, by the first bytes: a name can lie about it."""
    with Path(path).open("rb") as file:
        return "gzip" if file.read(2) == _GZIP else "none"


def _first_line(error: object) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), "unknown").strip()


def _has_other_keys(paths: Sequence[str], partitions: Mapping[str, str]) -> bool:
    """Whether a folder above the partitions is named KEY=VALUE: DuckDB would make it a column."""
    keys = [re.findall(r"(?<=/)([^/=]+)=[^/]*(?=/)", path) for path in paths]
    return any(of_path != list(partitions) for of_path in keys)


def _text_list(paths: Sequence[str]) -> str:
    """The paths as SQL, each meaning one file: DuckDB reads `*`, `?` and `[` as patterns."""
    literal = (re.sub(r"([*?\[])", r"[\1]", path) for path in paths)
    return "[" + ", ".join(quoted_text(path) for path in literal) + "]"
