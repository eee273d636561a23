"""The distributed engine: a Spark Connect server, such as Fabric, Databricks, EMR or pysail.

The same SQL files run here, carried from the DuckDB dialect to Spark's by SQLGlot. CSV is read by
the embedded engine only: text is typed where it is read, and engines meet at typed relations.

Source: docs/decisions/0001-one-sql-two-engines.md.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pertoken.engine.sql import quoted
from pertoken.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from pertoken.engine.protocol import Row

_SQL_TYPES = {
    "string": "VARCHAR",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "int": "INTEGER",
}
"""Spark's names of types that the DuckDB dialect calls otherwise; the rest differ in case only."""

_FUNCTIONS = {"ERROR": "RAISE_ERROR"}
"""Functions that SQLGlot carries over under the name of the DuckDB dialect."""


class SparkEngine:
    """Relations in one Spark Connect session; see `protocol.Engine` for each method's promise."""

    dialect = "spark"

    def __init__(self, remote: str) -> None:
        import pyspark  # noqa: PLC0415 - an extra

        # The client has no Spark of its own, yet its import ends the process without this name.
        os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
        from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415 - an extra

        self._session = SparkSession.builder.remote(remote).getOrCreate()
        self._session.conf.set("spark.sql.session.timeZone", "UTC")

    def view(self, name: str, sql: str) -> None:
        """Name a query."""
        self._frame(sql).createOrReplaceTempView(name)

    def view_csv(
        self, name: str, paths: Sequence[str], *, with_file: str | None = None
    ) -> tuple[str, ...]:
        """CSV is read by the embedded engine; raises EngineError."""
        raise EngineError(
            f"CSV cannot be read by Spark ({name}: {len(paths)} files, {with_file or 'plain'}).",
            "Expected typed relations: text is typed by the embedded engine.",
            "Ingest with the embedded engine, and read the hub's Delta tables with Spark.",
        )

    def view_parquet(
        self,
        name: str,
        paths: Sequence[str],
        *,
        partitions: Mapping[str, str] | None = None,
        with_file: str | None = None,
    ) -> tuple[str, ...]:
        """Name Parquet files; see `protocol.Engine.view_parquet`."""
        if partitions or with_file:
            raise EngineError(
                f"Spark cannot add path columns to {name}.",
                "Expected Parquet files without partitions.",
                "Open the Delta table of the hub by its path instead.",
            )
        self._session.read.option("mergeSchema", "true").parquet(*paths).createOrReplaceTempView(
            name
        )
        return tuple(self.columns(name))

    def view_arrow(self, name: str, table: pa.Table) -> None:
        """Name an Arrow table."""
        self._session.createDataFrame(table).createOrReplaceTempView(name)

    def columns(self, name: str) -> dict[str, str]:
        """The columns of a relation and their types, in order, by the names of the dialect."""
        types = self._frame(f"SELECT * FROM {quoted(name)}").dtypes
        return {column: _SQL_TYPES.get(kind, kind.upper()) for column, kind in types}

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The answer of a query as Python values."""
        columns = [column.to_pylist() for column in self.arrow(sql, values).columns]
        return list(zip(*columns, strict=True))

    def batches(self, sql: str, size: int) -> Iterator[list[Row]]:
        """The answer of a query, at most `size` rows at a time."""
        for batch in self.arrow(sql).to_batches(max_chunksize=size):
            columns = [column.to_pylist() for column in batch.columns]
            yield list(zip(*columns, strict=True))

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.Table:
        """The answer of a query as an Arrow table."""
        frame = self._frame(sql, values)
        with _as_engine_errors():
            return frame.toArrow()

    def write_parquet(self, sql: str, path: Path) -> int:
        """Write a query to one zstd Parquet file and give its rows."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - only a writer needs it

        table = self.arrow(sql)
        pq.write_table(table, path, compression="zstd")
        return int(table.num_rows)

    def write_csv(self, sql: str, path: Path) -> int:
        """Write a query of text columns to one CSV file and give its rows."""
        from pyarrow import csv  # noqa: PLC0415 - only a writer needs it

        table = self.arrow(sql)
        csv.write_csv(table, path)
        return int(table.num_rows)

    def write_database(self, tables: Mapping[str, Sequence[str]], path: Path) -> dict[str, int]:
        """Not here: a DuckDB database is written by DuckDB."""
        raise EngineError(
            f"Spark cannot write {path}, a DuckDB database of {len(tables)} tables.",
            "Expected the embedded engine.",
            "Export without --engine spark, or export parquet.",
        )

    def close(self) -> None:
        """Release the session."""
        self._session.stop()

    def _frame(self, sql: str, values: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - Spark's own
        with _as_engine_errors():
            return self._session.sql(spark_sql(sql), args=list(values) or None)


@contextmanager
def _as_engine_errors() -> Iterator[None]:
    """What Spark raises, as the EngineError of this house."""
    from pyspark.errors import PySparkException  # noqa: PLC0415 - an extra

    try:
        yield
    except PySparkException as error:
        raise EngineError(
            f"Spark could not run a query: {str(error).splitlines()[0]}",
            "Expected a query over relations and columns that exist.",
            "If the hub was made by this version, report it with the command that failed.",
            detail=str(error),
        ) from error


def spark_sql(sql: str) -> str:
    """A query in the DuckDB dialect, in Spark's."""
    import sqlglot  # noqa: PLC0415 - an extra
    from sqlglot import exp  # noqa: PLC0415 - an extra

    query = sqlglot.parse_one(sql, read="duckdb")
    for call in query.find_all(exp.Anonymous):
        call.set("this", _FUNCTIONS.get(call.name.upper(), call.name))
    return str(query.sql(dialect="spark"))
