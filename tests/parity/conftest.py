"""Two engines over the same files: DuckDB in this process, and Spark Connect served by pysail.

A test takes `engine` and runs on each. What it must equal is `reference`: the same SQL on DuckDB
with one thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from charges import dialect_columns, write_charges

from pertoken.engine import Engine, local_engine, spark_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ENGINES = ("duckdb", pytest.param("spark", marks=pytest.mark.spark))


@pytest.fixture(scope="session")
def spark_address() -> Iterator[str]:
    """A Spark Connect server of this process on a free port of the loopback interface."""
    server_module = pytest.importorskip(
        "pysail.spark", reason="pysail is not installed: there is no Spark Connect server to test"
    )
    server = server_module.SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    host, port = server.listening_address
    yield f"sc://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def spark(spark_address: str) -> Iterator[Engine]:
    engine = spark_engine(spark_address)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def duckdb() -> Iterator[Engine]:
    engine = local_engine(memory_limit="500MB", threads=2)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def reference() -> Iterator[Engine]:
    engine = local_engine(memory_limit="500MB", threads=1)
    yield engine
    engine.close()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def typed_charges(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str], Path]:
    """One Parquet file of typed charges per dialect; text is typed by the DuckDB reader."""
    folder = tmp_path_factory.mktemp("typed")
    return {dialect: write_charges(folder, *dialect) for dialect in dialect_columns()}
