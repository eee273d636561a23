"""An export that fails or is killed leaves nothing that looks whole; a long one is not held."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tracemalloc
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import pytest
from builders import charge, write_export

import pertoken
from pertoken.engine import local_engine
from pertoken.reports import Column, Stream, write_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = {"duckdb": "hub.duckdb", "xlsx": "hub.xlsx"}
FOLDERS = {"parquet": "out", "csv": "out", "powerbi": "out"}
TARGETS = [*FILES.items(), *FOLDERS.items()]
_EXPORT = """
import os, signal, sys
import pertoken
{before}
hub = pertoken.open(sys.argv[1])
try:
    if sys.argv[2] == "powerbi":
        hub.export_power_bi(sys.argv[3])
    else:
        hub.export_tables(sys.argv[2], sys.argv[3])
except pertoken.errors.PertokenError as error:
    sys.exit(str(error))
"""
_FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))"
"""No file may grow beyond a kilobyte: what a writer meets on a full disk."""
_KILLED = """
import pathlib
pathlib.Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""
"""The process ends when everything is written and nothing has its name yet."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("unfinished")
    rows = [charge(tokens=1000 + n, ResourceName=f"resource-{n}") for n in range(200)]
    pertoken.open(root / "hub").ingest(write_export(root / "exports", rows))
    return root / "hub"


def export(
    hub: Path, format_name: str, target: Path, before: str
) -> subprocess.CompletedProcess[str]:
    code = _EXPORT.format(before="import pertoken.errors\n" + before)
    return subprocess.run(
        [sys.executable, "-c", code, hub, format_name, target],
        capture_output=True, text=True, check=False, cwd=target.parent,
        env={**os.environ, "TMPDIR": str(hub.parent)},
    )  # fmt: skip


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of file sizes there")
@pytest.mark.parametrize(("format_name", "name"), TARGETS)
def test_a_full_disk_leaves_nothing_and_three_lines(
    hub: Path, tmp_path: Path, format_name: str, name: str
) -> None:
    done = export(hub, format_name, tmp_path / name, _FULL)
    assert done.returncode == 1, done.stderr
    lines = done.stderr.strip().splitlines()
    assert f"{tmp_path / name} cannot be written" in lines[0]
    assert len(lines) == 3
    assert left(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
@pytest.mark.parametrize(("format_name", "name"), TARGETS)
def test_a_killed_export_has_no_file_under_its_name_and_the_next_one_works(
    hub: Path, tmp_path: Path, format_name: str, name: str
) -> None:
    done = export(hub, format_name, tmp_path / name, _KILLED)
    assert done.returncode == -9, done.stderr
    if format_name in FILES:
        assert left(tmp_path) == [f".{name}.unfinished"]
        again = export(hub, format_name, tmp_path / name, "")
        assert again.returncode == 0, again.stderr
        assert left(tmp_path) == [name]
    else:
        assert [path.name for path in (tmp_path / name).iterdir()] == ["unfinished"]
        again = export(hub, format_name, tmp_path / name, "")
        assert "is not empty: it holds unfinished" in again.stderr


def test_a_database_of_months_holds_every_row_once(tmp_path: Path) -> None:
    engine = local_engine()
    parts = [f"SELECT n FROM range({start}, {start + 100}) t(n)" for start in (0, 100, 200)]
    assert engine.write_database({"t": parts}, tmp_path / "t.duckdb") == {"t": 300}
    with duckdb.connect(str(tmp_path / "t.duckdb"), read_only=True) as database:
        found = database.execute("SELECT count(*), count(DISTINCT n) FROM t").fetchone()
    assert found == (300, 300)


def test_batches_are_the_answer_in_its_order() -> None:
    engine = local_engine()
    batches = list(engine.batches("SELECT n FROM range(5000) t(n) ORDER BY n DESC", 2000))
    assert [len(batch) for batch in batches] == [2000, 2000, 1000]
    assert [row[0] for batch in batches for row in batch] == list(range(4999, -1, -1))


def test_a_streamed_sheet_takes_no_more_memory_for_more_rows() -> None:
    def rows(count: int) -> Iterator[tuple[object, ...]]:
        for n in range(count):
            yield (f"resource-{n}", Decimal(n) / 7)

    columns = (Column("ResourceName", "text"), Column("EffectiveCost", "money"))
    peaks = []
    for count in (2_000, 8_000):
        tracemalloc.start()
        write_workbook([Stream("t", columns, rows(count))], io.BytesIO())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0]
