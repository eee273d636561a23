"""What an engine can do: hold named relations, answer queries, write Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

Row = tuple[Any, ...]


class Engine(Protocol):
    """Named relations and the queries over them.

    A relation is a view: nothing is computed until `rows`, `arrow` or `write_parquet` asks.
    Every session runs in UTC; DECIMAL sums are exact.
    """

    dialect: str

    def view(self, name: str, sql: str) -> None:
        """Name a query, written in the DuckDB dialect."""

    def view_csv(
        self,
        name: str,
        paths: Sequence[str],
        *,
        with_file: str | None = None,
    ) -> tuple[str, ...]:
        """Name CSV files (plain or gzip) read as text; gives the header, in its order.

        Every column is text, an empty or unquoted NULL cell is NULL. Columns are matched by name
        across files. `with_file` adds a column that holds the file a row came from.
        Raises: SourceError, naming file and line, when a file is no CSV.
        """

    def view_parquet(
        self,
        name: str,
        paths: Sequence[str],
        *,
        partitions: Mapping[str, str] | None = None,
        with_file: str | None = None,
    ) -> tuple[str, ...]:
        """Name Parquet files, columns matched by name; `partitions` maps the partition columns
        read from the path to their SQL types. Raises SourceError when a file is no Parquet.
        """

    def view_arrow(self, name: str, table: pa.Table) -> None:
        """Name an Arrow table."""

    def columns(self, name: str) -> dict[str, str]:
        """The columns of a relation and their types, in order."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The answer of a query as Python values (Decimal, datetime in UTC, str)."""

    def batches(self, sql: str, size: int) -> Iterator[list[Row]]:
        """The answer of a query as Python values, at most `size` rows at a time.

        The engine answers nothing else until the last batch is taken.
        """

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.Table:
        """The answer of a query as an Arrow table."""

    def write_parquet(self, sql: str, path: Path) -> int:
        """Write a query to one zstd Parquet file and give its rows."""

    def write_csv(self, sql: str, path: Path) -> int:
        """Write a query of text columns to one CSV file (RFC 4180, UTF-8) and give its rows."""

    def write_database(self, tables: Mapping[str, Sequence[str]], path: Path) -> dict[str, int]:
        """Write queries as tables of one new DuckDB database and give the rows of each.

        The queries of a table are its parts, written one after the other.
        Raises: EngineError on an engine that is not DuckDB.
        """

    def close(self) -> None:
        """Release the session."""
