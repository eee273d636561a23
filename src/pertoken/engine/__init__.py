"""The engine room: runs relations, knows no costs.

One definition serves every engine: SQL in the DuckDB dialect, written to a subset that SQLGlot
carries to Spark unchanged in meaning (explicit GROUP BY keys, `AS` before every alias, sums in
DECIMAL, quotients outside). `duckdb`, `sqlglot` and `pyspark` are imported nowhere else.
"""

from pertoken.engine.protocol import Engine, Row
from pertoken.engine.sql import quoted, quoted_text, sql_file, value_text, with_seconds

__all__ = [
    "Engine",
    "Row",
    "local_engine",
    "quoted",
    "quoted_text",
    "spark_engine",
    "sql_file",
    "value_text",
    "with_seconds",
]


def local_engine(*, memory_limit: str = "1GB", threads: int | None = None) -> Engine:
    """An embedded engine (DuckDB) of this process; `duckdb` is loaded here and not before."""
    from pertoken.engine.duckdb_engine import DuckDBEngine  # noqa: PLC0415 - lazy on purpose

    return DuckDBEngine(memory_limit=memory_limit, threads=threads)


def spark_engine(remote: str) -> Engine:
    """An engine on a Spark Connect server, such as `sc://host:15002`."""
    from pertoken.engine.spark_engine import SparkEngine  # noqa: PLC0415 - lazy on purpose

    return SparkEngine(remote)
