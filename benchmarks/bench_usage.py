"""Gateway log rows to hourly usage: rows per CPU second, and whether memory grows with rows.

    python benchmarks/bench_usage.py --rows 2000000

Rows are of ApiManagementGatewayLlmLog, made by hashes of their number and a seed, in Parquet parts
of 500,000. The same ingest of a tenth of the rows is the baseline.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import duckdb
from measure import MB, Figure, Process, run_process, table

PART = 500_000
_PART = """
COPY (
    SELECT
        TIMESTAMPTZ '2026-08-01 00:00:00+00' + to_microseconds(CAST(i * {step} AS BIGINT))
            AS TimeGenerated,
        md5(concat(i, '-{seed}')) AS CorrelationId, 0 AS SequenceNumber,
        concat('chat-', hash(i, {seed}) % 20) AS DeploymentName, 'gpt-4o' AS ModelName,
        concat('account-', hash(i, {seed}) % 4) AS AccountName,
        concat('product-', hash(i, {seed} + 1) % 50) AS ProductId,
        CAST(200 + hash(i, {seed} + 2) % 4000 AS BIGINT) AS PromptTokens,
        CAST(hash(i, {seed} + 3) % 800 AS BIGINT) AS CompletionTokens
    FROM range({first}, {last}) AS numbers(i)
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""  # fmt: skip
_MONTH = 31 * 86_400 * 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pertoken-bench-") as name:
        few = ingested(Path(name) / "few", options.rows // 10, options.seed)
        many = ingested(Path(name) / "many", options.rows, options.seed)
    per_second = options.rows / many.cpu / 1000
    grown = many.peak / few.peak
    print(table([
        Figure(f"{options.rows:,} gateway log rows to hourly usage, CPU seconds",
               f"{many.cpu:.1f} s, {per_second:.0f}k rows/s",
               f"{few.cpu:.1f} s: a tenth of the rows",
               f"{many.cpu / few.cpu:.1f}", "", None),
        Figure("its peak memory", f"{many.peak / MB:.0f} MB", f"{few.peak / MB:.0f} MB",
               f"{grown:.2f}", "", None),
    ]))  # fmt: skip


def ingested(folder: Path, rows: int, seed: int) -> Process:
    """What the ingest of so many rows takes, from their parts into a new hub."""
    source = folder / "log"
    source.mkdir(parents=True)
    for first in range(0, rows, PART):
        last = min(first + PART, rows)
        path = source / f"part-{first // PART:03d}.parquet"
        duckdb.execute(
            _PART.format(first=first, last=last, seed=seed, path=path, step=_MONTH // rows)
        )
    hub = folder / "hub"
    return run_process([sys.executable, "-m", "pertoken", "ingest", str(source), "--hub", str(hub)])


if __name__ == "__main__":
    main()
