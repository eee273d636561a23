"""Forecasts of real daily series and of seeded organisations, beside seasonal naive.

    python benchmarks/detection/bench_forecast.py

The real series are read from ../shared/data/series (series beside the repository, not part of it)
and left out where absent. Tasks: up to five origins a series, 30 days apart (60 where a series has
over 700 days), at most 365 days of history, at least 70; the first 7 and all 30 days are judged.
Intervals know the days before the origin only.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
from tenants import organisation

from pertoken.forecast.ensemble import point_forecasts
from pertoken.forecast.intervals import error_size, intervals, past_errors
from pertoken.forecast.methods import seasonal_naive
from pertoken.forecast.weekly import filled

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
SERIES = ROOT.parent / "shared" / "data" / "series" / "real_daily_dev.parquet"
TRACES = ROOT.parent / "shared" / "data" / "traces"
MOST_HISTORY, LEAST_HISTORY, HORIZON = 365, 70, 30
Task = tuple[str, np.ndarray, np.ndarray]


def main() -> None:
    if SERIES.exists():
        tasks = real_tasks()
        names = sorted({name for name, _, _ in tasks})
        report("20 real series", tasks)
        report("  half that chose constants", [t for t in tasks if names.index(t[0]) % 2 == 0])
        report("  other half", [t for t in tasks if names.index(t[0]) % 2 == 1])
    report("100 organisations, seeds 100 on", organisation_tasks(range(100, 200)))
    burst_trace()
    speed()


def real_tasks() -> list[Task]:
    rows = pq.read_table(SERIES).to_pylist()
    tasks: list[Task] = []
    for name in sorted({row["id"] for row in rows}):
        own = sorted((row["ds"], row["y"]) for row in rows if row["id"] == name)
        tasks += series_tasks(name, np.array([float(value) for _, value in own]), 5)
    return tasks


def organisation_tasks(seeds: range) -> list[Task]:
    return [
        task
        for seed in seeds
        for task in series_tasks(f"{seed}", organisation(seed).cost.sum(axis=0), 4)
    ]


def series_tasks(name: str, values: np.ndarray, origins: int) -> list[Task]:
    stride = 60 if len(values) > 700 else 30
    cuts = [len(values) - HORIZON - place * stride for place in range(origins)]
    return [
        (name, values[max(0, cut - MOST_HISTORY) : cut], values[cut : cut + HORIZON])
        for cut in cuts
        if cut >= LEAST_HISTORY
    ]


def report(title: str, tasks: list[Task]) -> None:
    longest = max(len(past) for _, past, _ in tasks)
    history = np.full((len(tasks), longest), np.nan)
    for row, (_, past, _) in enumerate(tasks):
        history[row, longest - len(past) :] = past
    actual = np.array([after for _, _, after in tasks])
    scale = np.array([np.abs(past[7:] - past[:-7]).mean() for _, past, _ in tasks])
    kept = (scale > 0) & (actual.sum(axis=1) > 0)
    history, actual, scale = history[kept], actual[kept], scale[kept]
    print(f"{title}: {len(actual)} tasks")
    point, _ = point_forecasts(history, HORIZON)
    line("pertoken", point, actual, scale)
    line("seasonal naive", seasonal_naive(filled(history), HORIZON), actual, scale)
    past = past_errors(history, HORIZON)
    bounds = intervals(point, error_size(past.errors), past.scale)
    for days in (7, HORIZON):
        low, high = (bound[:, :days] for bound in bounds[80])
        after = actual[:, :days]
        missed = np.maximum(low - after, 0) + np.maximum(after - high, 0)
        score = np.median((high - low + 10 * missed).mean(axis=1) / scale)
        inside = [
            ((after >= bounds[level][0][:, :days]) & (after <= bounds[level][1][:, :days])).mean()
            for level in (80, 95)
        ]
        print(f"    h{days}: coverage {inside[0]:.3f} / {inside[1]:.3f}, IS80 {score:.2f}")


def line(name: str, point: np.ndarray, actual: np.ndarray, scale: np.ndarray) -> None:
    parts = []
    for days in (7, HORIZON):
        error = np.abs(point[:, :days] - actual[:, :days]).mean(axis=1) / scale
        total = actual[:, :days].sum(axis=1)
        off = np.abs(point[:, :days].sum(axis=1) - total) / total
        parts.append(f"h{days} MASE {error.mean():.3f} within 12 % {(off <= 0.12).mean():.3f}")
    print(f"    {name:16}" + "  ".join(parts))


def burst_trace() -> None:
    """One-week WAPE of the GPT traffic of 41 days, origins 20 to 34."""
    path = TRACES / "burstgpt" / "burstgpt1_daily_days00-40.csv"
    hourly = TRACES / "burstgpt" / "burstgpt1_hourly_requests_days00-40.csv"
    if not path.exists():
        return
    daily = np.genfromtxt(path, delimiter=",", names=True)["total_tokens"]
    hours = np.genfromtxt(hourly, delimiter=",", names=True)
    talk = np.bincount(hours["day"].astype(int), hours["conversation_requests"])
    for name, values in (("all tokens", daily), ("conversation requests", talk)):
        ours = wape(values, lambda past: point_forecasts(past, 7)[0][0])
        naive = wape(values, lambda past: past[0, -7:])
        print(f"BurstGPT {name}: one-week WAPE {ours:.3f}, seasonal naive {naive:.3f}")


def wape(values: np.ndarray, method: Callable[[np.ndarray], np.ndarray]) -> float:
    errors = []
    for cut in range(20, 35):
        after = values[cut : cut + 7]
        errors.append(np.abs(method(values[None, :cut]) - after).sum() / after.sum())
    return float(np.mean(errors))


def speed() -> None:
    """10,000 series of 180 days, with intervals."""
    random = np.random.default_rng(0)
    history = np.exp(random.normal(0, 0.3, (10_000, 180))) * (1 + np.arange(180) % 7)
    cpu, wall = time.process_time(), time.perf_counter()
    point_forecasts(history, HORIZON)
    error_size(past_errors(history, HORIZON).errors)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"10,000 series x 180 days, with intervals: {cpu:.1f} s of CPU, {wall:.1f} s")


if __name__ == "__main__":
    main()
