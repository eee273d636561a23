"""The benchmarks run on small sizes, and what they generate is what they say. No times are held."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from pertoken import open as open_hub

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"
ROWS = 2_000


def generate(folder: Path, *options: str, hash_seed: str = "0") -> Path:
    subprocess.run(
        [
            sys.executable,
            str(BENCHMARKS / "generate.py"),
            str(folder),
            "--rows",
            str(ROWS),
            *options,
        ],
        check=True,
        env={"PYTHONHASHSEED": hash_seed, "TZ": "Pacific/Auckland"},
        capture_output=True,
    )
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = contents(generate(tmp_path / "first", hash_seed="1"))
    assert first == contents(generate(tmp_path / "second", hash_seed="2"))
    assert first != contents(generate(tmp_path / "third", "--seed", "8"))


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_generated_exports_are_ingested_whole(tmp_path: Path, file_format: str) -> None:
    """Every run is applied, every AI meter is read and its tokens are proven."""
    exports = generate(
        tmp_path / "exports", "--months", "2", "--format", file_format, "--ai-share", "0.5"
    )
    hub = open_hub(tmp_path / "hub")
    runs = hub.ingest(exports).to_dicts()
    applied = [(run["Status"], run["Rows"]) for run in runs]
    assert applied == [("applied", ROWS)] * 2
    assert {"recognised"} == {meter["x_MeterStatus"] for meter in hub.meters().to_dicts()}
    assert {"consumed"} == {
        row["x_QuantityBasis"] for row in hub.matrix(["x_QuantityBasis"]).to_dicts()
    }
    total = sum(row["EffectiveCost"] for row in hub.periods().to_dicts())
    by_meter = hub.matrix(["SkuMeter"], all_charges=True).to_dicts()
    assert total == sum((row["EffectiveCost"] for row in by_meter), Decimal(0))
    hub.close()


def test_csv_and_parquet_exports_hold_the_same_charges(tmp_path: Path) -> None:
    shown = []
    for file_format in ("csv", "parquet"):
        hub = open_hub(tmp_path / f"hub-{file_format}")
        hub.ingest(generate(tmp_path / file_format, "--format", file_format))
        rows = hub.matrix(["ChargeDate", "SkuMeter"], all_charges=True).to_dicts()
        shown.append(sorted(map(str, rows)))
        hub.close()
    assert shown[0] == shown[1]


@pytest.mark.slow
def test_the_benches_print_a_figure_for_every_goal(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, str(BENCHMARKS / "run.py"), "--rows", str(ROWS), "--months", "2",
            "--times", "1", "--folder", str(tmp_path), "--only", "ingest", "history",
            "matrix",
        ],
        check=True,
        capture_output=True,
        text=True,
    )  # fmt: skip
    figures = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(figures) == 1 + 6 + 4 + 3
    assert f"matrix over {2 * ROWS:,} charges" in done.stdout


def test_the_outlook_is_timed_with_its_goals(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, str(BENCHMARKS / "run.py"), "--only", "outlook", "--series", "30",
            "--folder", str(tmp_path),
        ],
        check=True,
        capture_output=True,
        text=True,
    )  # fmt: skip
    figures = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(figures) == 1 + 2
    assert "forecast of 30 series" in done.stdout


def test_a_split_is_timed_beside_its_sums(tmp_path: Path) -> None:
    """The bench itself holds the parts against the bill, and counts the teams."""
    done = subprocess.run(
        [
            sys.executable, str(BENCHMARKS / "bench_split.py"), "--teams", "7", "--days", "2",
            "--deployments", "9", "--times", "1",
        ],
        check=True,
        capture_output=True,
        text=True,
        env={"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    figures = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(figures) == 1 + 3
    assert "2 days for 7 teams: " in figures[1]
    assert not list(tmp_path.iterdir())


def test_gateway_logs_are_timed_and_every_token_is_counted(tmp_path: Path) -> None:
    """20,000 rows, of which 1,250 are chunks of messages; the bench fails where a token differs."""
    done = subprocess.run(
        [
            sys.executable, str(BENCHMARKS / "run.py"), "--only", "usage", "--usage-rows", "20000",
            "--folder", str(tmp_path),
        ],
        check=True,
        capture_output=True,
        text=True,
    )  # fmt: skip
    figures = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(figures) == 1 + 3
    assert "20,000 gateway log rows to " in done.stdout
    assert list(tmp_path.iterdir()) == []
