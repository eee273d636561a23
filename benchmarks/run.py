"""What pertoken takes, as ratios to baselines measured in the same run.

    make bench                                     # the sizes of docs/benchmarks.md
    python benchmarks/run.py --rows 20000 --months 2 --times 1

Prints a table, and with --write puts it into docs/benchmarks.md. Exports and the hub of the history
are kept in --folder and used again when they are of the same size.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from bench_usage import usage_figures
from generate import FIRST_MONTH, add_months, write_exports
from measure import (
    MB,
    Figure,
    Process,
    against,
    in_turn,
    python,
    run_process,
    started,
    table,
    timed,
    under,
)
from outlook import cells_of, detect_day, forecast_all, random_days

from pertoken.engine import local_engine
from pertoken.hub import Hub
from pertoken.unit_economics import MatrixQuery, matrix_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
MARKS = ("<!-- figures -->\n", "<!-- end of figures -->\n")

BARE = """
import sys, duckdb
source, target = sys.argv[1:]
duckdb.execute(
    f"COPY (SELECT * FROM read_csv('{source}', all_varchar = true)) "
    f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
)
"""
CHARGES_ONLY = """
import sys
from pertoken.engine import local_engine
from pertoken.hub import Hub
from pertoken.pipeline.steps import STEPS, Ingest
from pertoken.reports.progress import progress
sources, hub = sys.argv[1:]
engine = local_engine()
with progress(None, "") as watch, Hub(hub).writer(engine) as writer:
    work = Ingest(engine, [sources], writer.snapshot, watch, writer)
    for step in STEPS:
        step(work)
        if step.__name__ == "normalize_months":
            break
assert len(work.report.written) == 1
"""
BARE_DECODE = (
    "SELECT sum(EffectiveCost), sum(BilledCost), sum(x_UnitQuantity), "
    "sum(strlen(x_MeterKey)), sum(strlen(BillingCurrency)) FROM charges"
)
"""The columns that the default matrix reads, decoded and little else: max() of a column would be
answered from the statistics of the Parquet files.
"""


def ingest_figures(folder: Path, options: argparse.Namespace) -> list[Figure]:
    """Ingest of one CSV month, alone and into a hub with a history, against a bare conversion."""
    exports = _exports(folder, "csv", options, months=1, first=_next_month(options))
    source = next(exports.rglob("*.csv"))
    history = _history(folder, options)
    with _scratch(folder) as scratch:
        bare, charges, whole, later = in_turn(
            options.times,
            lambda: run_process(python(BARE, str(source), str(scratch / "bare.parquet"))),
            lambda: run_process(python(CHARGES_ONLY, str(exports), str(_new(scratch)))),
            lambda: _ingest(exports, _new(scratch)),
            lambda: _ingest(exports, _linked(history, _new(scratch))),
        )
    size = f"{options.rows:,} x 96 CSV, {source.stat().st_size / MB:,.0f} MB"
    speed = f"{options.rows / whole.seconds / 1000:.0f}k rows/s"
    return [
        *against(f"ingest of {size}: charges only", charges, bare, 1.25),
        *against(f"the whole ingest ({speed})", whole, bare, 2),
        under("its peak memory", whole.peak / MB, 1536, "MB", f"{bare.peak / MB:.0f} MB"),
        Figure(
            f"peak memory with {options.months} months in the hub",
            f"{later.peak / MB:.0f} MB", f"{whole.peak / MB:.0f} MB",
            f"{later.peak / whole.peak:.2f}", "<= 1.1", later.peak <= whole.peak * 1.1,
        ),
    ]  # fmt: skip


def matrix_figures(folder: Path, options: argparse.Namespace) -> list[Figure]:
    """The default matrix over the charges of the history, against a decode of its columns."""
    engine = local_engine()
    snapshot = Hub(_history(folder, options)).snapshot(engine)
    for name in ("charges", "token_costs", "meters", "tags"):
        snapshot.view(engine, name)
    rows = engine.rows("SELECT count(*) FROM charges")[0][0]
    mart_rows = engine.rows("SELECT count(*) FROM token_costs")[0][0]

    meter_columns = engine.columns("meters")
    columns = {name: engine.columns(name) for name in ("charges", "token_costs")}

    def matrix(relation: str) -> Callable[[], object]:
        return lambda: matrix_rows(
            engine,
            MatrixQuery(),
            charge_columns=columns[relation],
            meter_columns=meter_columns,
            from_mart=relation == "token_costs",
        )

    decode, charges, mart = in_turn(
        options.times * 3 + 1,
        lambda: timed(lambda: engine.rows(BARE_DECODE)),
        lambda: timed(matrix("charges")),
        lambda: timed(matrix("token_costs")),
    )
    engine.close()
    return [
        *against(f"matrix over {rows:,} charges, no mart", charges, decode, 1.1),
        under(f"the same view from the mart ({mart_rows:,} rows)", mart.seconds * 1000, 50, "ms"),
    ]


def start_figures(folder: Path, options: argparse.Namespace) -> list[Figure]:
    """What a command takes before it has done anything, and the first matrix of a process."""
    command = [sys.executable, "-m", "pertoken"]
    hub = str(_history(folder, options))
    nothing, imported, helped, first = in_turn(
        options.times * 2 + 1,
        lambda: run_process(python("pass")),
        lambda: run_process(python("import pertoken")),
        lambda: run_process([*command, "--help"]),
        lambda: run_process([*command, "matrix", "--hub", hub]),
    )
    return [
        started("import pertoken", imported, nothing),
        started("pertoken --help", helped, nothing, 0.25),
        started("pertoken matrix, a process, warm hub", first, nothing, 0.8),
    ]


def outlook_figures(_folder: Path, options: argparse.Namespace) -> list[Figure]:
    """Forecasts of many series and a day's detection of many cells, in CPU seconds."""
    values = random_days(options.series, options.seed)
    cells = cells_of(values)
    ahead = timed(lambda: forecast_all(values))
    found = timed(lambda: detect_day(cells))
    size = f"{options.series:,}"
    return [
        under(f"forecast of {size} series x 180 days, 30 ahead, CPU", ahead.cpu, 70, "s"),
        under(f"a day's detection of {size} cells, 180 days of history, CPU", found.cpu, 60, "s"),
    ]


def history_figures(folder: Path, options: argparse.Namespace) -> list[Figure]:
    """One new run, and one that replaces a month, into a hub of 24 months, against an empty one.

    Months here have a tenth of the rows.
    """
    options = argparse.Namespace(**vars(options) | {"rows": options.rows // 10, "months": 24})
    month = _next_month(options)
    exports = _exports(folder, "csv", options, months=1, first=month)
    anew = _exports(folder, "csv", options, months=1, first=month, delivery=2)
    history = _history(folder, options)
    with _scratch(folder) as scratch:
        full = _linked(history, scratch / "full")
        _ingest(exports, full)
        empty, later, replaced = in_turn(
            options.times,
            lambda: _ingest(exports, _new(scratch)),
            lambda: _ingest(exports, _linked(history, _new(scratch))),
            lambda: _ingest(anew, _linked(full, _new(scratch))),
        )
    rows = f"{options.rows:,} rows"
    return [
        *against(f"one new run of {rows} into a hub of 24 months", later, empty, 1.1),
        *against("a run that replaces a month there", replaced, empty, 1.25),
    ]


def gateway_figures(folder: Path, options: argparse.Namespace) -> list[Figure]:
    """Gateway log rows to hourly usage, every token counted again; once, not in turn."""
    with _scratch(folder) as scratch:
        return usage_figures(scratch, options.usage_rows, options.seed)


BENCHES = {
    "ingest": ingest_figures,
    "history": history_figures,
    "matrix": matrix_figures,
    "start": start_figures,
    "outlook": outlook_figures,
    "usage": gateway_figures,
}


def _ingest(exports: Path, hub: Path) -> Process:
    return run_process(
        [sys.executable, "-m", "pertoken", "ingest", str(exports), "--hub", str(hub)]
    )


def _next_month(options: argparse.Namespace) -> date:
    """The month after the history."""
    return add_months(FIRST_MONTH, options.months)


def _exports(
    folder: Path,
    file_format: str,
    options: argparse.Namespace,
    *,
    months: int,
    first: date,
    delivery: int = 1,
) -> Path:
    """Exports in `folder`, made where they are not there yet; each delivery has its own charges."""
    size = f"{file_format}-{options.rows}-{months}-{options.ai_share:g}-{options.seed}"
    place = folder / f"{size}-{first:%Y%m}-{delivery}"
    if not place.exists():
        draft = place.with_name(f"{place.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        write_exports(
            draft, rows=options.rows, months=months, first=first, file_format=file_format,
            ai_share=options.ai_share, seed=options.seed + delivery - 1, delivery=delivery,
        )  # fmt: skip
        draft.rename(place)
    return place


def _history(folder: Path, options: argparse.Namespace) -> Path:
    """A hub of `months` months of `rows` charges, ingested where it is not there yet."""
    exports = _exports(folder, "parquet", options, months=options.months, first=FIRST_MONTH)
    hub = folder / f"hub-{exports.name}"
    if not hub.exists():
        draft = hub.with_name(f"{hub.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        _ingest(exports, draft)
        draft.rename(hub)
    return hub


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        yield Path(place)


def _new(scratch: Path) -> Path:
    """A folder of its own for one hub; the one before is removed."""
    shutil.rmtree(scratch / "hub", ignore_errors=True)
    return scratch / "hub"


def _linked(hub: Path, target: Path) -> Path:
    """A copy of a hub that shares its data files, which no ingest changes."""
    return Path(shutil.copytree(hub, target, copy_function=os.link))


def machine() -> str:
    """One line: what the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"load {os.getloadavg()[0]:.1f} at the start, {platform.system()}, "
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}."
    )


def main() -> None:
    """Run the benches that the options name and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="charges of a month")
    parser.add_argument("--months", type=int, default=12, help="months of the history")
    parser.add_argument("--times", type=int, default=3, help="repetitions; the least counts")
    parser.add_argument("--ai-share", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--series", type=int, default=10_000, help="of the outlook")
    parser.add_argument("--usage-rows", type=int, default=2_000_000, help="of a gateway's log")
    parser.add_argument("--only", choices=BENCHES, nargs="+", default=list(BENCHES))
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "pertoken-bench"
    )
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    folder = options.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    where = machine()
    figures = [figure for name in options.only for figure in BENCHES[name](folder, options)]
    text = f"{where}\nEach is the least of {options.times} or more in turn.\n\n{table(figures)}\n"
    print(text)
    if options.write:
        before, _, rest = DOCUMENT.read_text("utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        DOCUMENT.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}", "utf-8")


if __name__ == "__main__":
    main()
