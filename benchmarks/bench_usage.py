"""Gateway log rows to hourly usage: rows per CPU second, whether memory grows, and every token.

    python benchmarks/bench_usage.py                    # 20,000,000 rows
    python benchmarks/run.py --only usage               # 2,000,000, as `make bench` has it

Rows are of ApiManagementGatewayLlmLog, made by hashes of their number and a seed, in Parquet parts
of 500,000 that are written one at a time. Every sixteenth is a chunk of the messages of the call
before it, with that call's tokens again: it must not count. The tokens of the hub are held against
the generator's own sum. The same ingest of a tenth of the rows is the baseline.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from measure import MB, Figure, Process, run_process, table

from pertoken.engine import local_engine
from pertoken.hub import Hub

if TYPE_CHECKING:
    from collections.abc import Sequence

PART = 500_000
CHUNK = 16
_MONTH = 31 * 86_400 * 1_000_000
_CALLS = """
SELECT
    i % {chunk} = {chunk} - 1 AS IsChunk, i - CAST(i % {chunk} = {chunk} - 1 AS BIGINT) AS Call,
    CAST(200 + hash(Call, {seed} + 2) % 4000 AS BIGINT) AS PromptTokens,
    CAST(hash(Call, {seed} + 3) % 800 AS BIGINT) AS CompletionTokens
FROM range({first}, {last}) AS numbers(i)
"""
_PART = """
COPY (
    SELECT
        TIMESTAMPTZ '2026-08-01 00:00:00+00' + to_microseconds(CAST(Call * {step} AS BIGINT))
            AS TimeGenerated,
        md5(concat(Call, '-{seed}')) AS CorrelationId, CAST(IsChunk AS INTEGER) AS SequenceNumber,
        concat('chat-', hash(Call, {seed}) % 20) AS DeploymentName, 'gpt-4o' AS ModelName,
        concat('account-', hash(Call, {seed}) % 4) AS AccountName,
        concat('product-', hash(Call, {seed} + 1) % 50) AS ProductId,
        PromptTokens, CompletionTokens
    FROM ({calls})
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""
_GENERATED = """
SELECT count(*), sum(PromptTokens), sum(CompletionTokens) FROM ({calls}) WHERE NOT IsChunk
"""
_COUNTED = "SELECT sum(Calls), sum(InputTokens), sum(OutputTokens), count(*) FROM usage"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pertoken-bench-") as name:
        print(table(usage_figures(Path(name), options.rows, options.seed)))


def usage_figures(folder: Path, rows: int, seed: int) -> list[Figure]:
    """The ingest of so many rows against that of a tenth, in CPU seconds and peak memory.

    Raises: ValueError, when the hub has other calls or tokens than were generated.
    """
    few, _ = ingested(folder / "few", rows // 10, seed)
    many, hours = ingested(folder / "many", rows, seed)
    return [
        Figure(
            f"{rows:,} gateway log rows to {hours:,} hours of usage, CPU seconds",
            f"{many.cpu:.1f} s, {rows / many.cpu / 1000:.0f}k rows/s",
            f"{few.cpu:.1f} s: a tenth of the rows", f"{many.cpu / few.cpu:.1f}", "", None,
        ),
        Figure("the same by the clock", f"{many.seconds:.1f} s", f"{few.seconds:.1f} s",
               f"{many.seconds / few.seconds:.1f}", "", None),
        Figure("its peak memory", f"{many.peak / MB:.0f} MB", f"{few.peak / MB:.0f} MB",
               f"{many.peak / few.peak:.2f}", "", None),
    ]  # fmt: skip


def ingested(folder: Path, rows: int, seed: int) -> tuple[Process, int]:
    """What the ingest of so many rows into a new hub takes, and the hours of usage that it has."""
    source = folder / "log"
    source.mkdir(parents=True)
    for first in range(0, rows, PART):
        last = min(first + PART, rows)
        calls = _CALLS.format(first=first, last=last, seed=seed, chunk=CHUNK)
        path = source / f"part-{first // PART:03d}.parquet"
        duckdb.execute(_PART.format(calls=calls, seed=seed, path=path, step=_MONTH // rows))
    hub = folder / "hub"
    command = [sys.executable, "-m", "pertoken", "ingest", str(source), "--hub", str(hub)]
    process = run_process(command)
    calls = _CALLS.format(first=0, last=rows, seed=seed, chunk=CHUNK)
    generated = _only(duckdb.execute(_GENERATED.format(calls=calls)).fetchall())
    *counted, hours = _only(_of_hub(hub))
    if counted != generated:
        raise ValueError(f"generated calls and tokens {generated}, the hub has {counted}")
    return process, hours


def _of_hub(hub: Path) -> Sequence[Sequence[int]]:
    engine = local_engine()
    Hub(hub).snapshot(engine).view(engine, "usage")
    rows: Sequence[Sequence[int]] = engine.rows(_COUNTED)
    engine.close()
    return rows


def _only(rows: Sequence[Sequence[int]]) -> list[int]:
    [row] = rows
    return [int(value) for value in row]


if __name__ == "__main__":
    main()
