"""A year's bill divided among teams: what the split takes, beside sums of the same usage.

    python benchmarks/bench_split.py --teams 200 --days 365

Usage is seeded: every team calls four deployments in twelve hours of a day, the provider counts a
tenth more, and the bill is what the provider counted, at a price per kind of token (split.sql). The
baseline sums the usage by day, deployment and team. The parts are held against the bill.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import duckdb
from measure import MB, Figure, in_turn, python, run_process, table

SPLIT = """
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from pertoken.allocation import (
    AttributionQuery, attribution_rows, default_rules, tag_columns_select, view_canonical_tags,
    view_parts,
)
from pertoken.engine import local_engine
from pertoken.pipeline.attribution_view import view_organisation
folder, teams = Path(sys.argv[1]), int(sys.argv[2])
engine, rules = local_engine(), default_rules()
for name in ("token_costs", "meters", "tags", "usage"):
    engine.view(name, f"SELECT * FROM read_parquet('{folder / name}.parquet')")
view_parts(engine, by_usage=True)
view_canonical_tags(engine, rules)
engine.view("tagged_parts", tag_columns_select(rules, "parts"))
view_organisation(engine, rules)
meters = [name for name in engine.columns("meters") if name != "x_MeterKey"]
rows = attribution_rows(engine, AttributionQuery(by=("Team",)), rules, meter_columns=meters)
billed = engine.rows("SELECT sum(EffectiveCost) FROM token_costs")[0][0]
assert sum(row[3] for row in rows) == billed, "the parts are not the bill"
found = {row[1] for row in rows} - {"Unattributed"}
assert len(found) == teams, f"{len(found)} of {teams} teams"
"""
SUMS = """
import sys, duckdb
duckdb.execute(
    "SELECT CAST(Hour AS DATE), ResourceName, Deployment, Team, sum(InputTokens), "
    "sum(CacheReadTokens), "
    f"sum(OutputTokens) FROM read_parquet('{sys.argv[1]}/usage.parquet') GROUP BY ALL"
).fetchall()
"""
RELATIONS = (Path(__file__).parent / "split.sql").read_text()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teams", type=int, default=200)
    parser.add_argument("--deployments", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pertoken-bench-") as folder:
        usage, bill = written(folder, options)
        sums, split = in_turn(
            options.times,
            lambda: run_process(python(SUMS, folder)),
            lambda: run_process(python(SPLIT, folder, str(options.teams))),
        )
    name = f"{options.days} days for {options.teams} teams: {bill:,} bill rows, {usage:,} of usage"
    print(table([
        Figure(name, f"{split.seconds:.1f} s", f"{sums.seconds:.1f} s: sums of the usage",
               f"{split.seconds / sums.seconds:.1f}", "", None),
        Figure("the same, CPU seconds", f"{split.cpu:.1f} s", f"{sums.cpu:.1f} s",
               f"{split.cpu / sums.cpu:.1f}", "", None),
        Figure("its peak memory", f"{split.peak / MB:.0f} MB", f"{sums.peak / MB:.0f} MB",
               f"{split.peak / sums.peak:.2f}", "", None),
    ]))  # fmt: skip


def written(folder: str, options: argparse.Namespace) -> tuple[int, int]:
    """Write the relations that the split reads; gives the rows of usage and of the bill."""
    with duckdb.connect() as made:
        made.execute("SET TimeZone = 'UTC'")
        for statement in RELATIONS.format(folder=folder, **vars(options)).split(";")[:-1]:
            made.execute(statement)
        rows = [
            made.execute(
                f"SELECT count(*) FROM read_parquet('{Path(folder) / name}.parquet')"
            ).fetchone()
            for name in ("usage", "token_costs")
        ]
    usage, bill = (0 if row is None else row[0] for row in rows)
    if not bill:
        sys.exit("no bill was made: give at least a team, a deployment and a day")
    return usage, bill


if __name__ == "__main__":
    main()
