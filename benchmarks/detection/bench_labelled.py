"""VUS-PR on real labelled series: daily cost per click and per thousand impressions.

    python benchmarks/detection/bench_labelled.py

The six realAdExchange series of the Numenta Anomaly Benchmark, hours averaged to days, a day
labelled where a window of the benchmark touches it; days from the 31st are judged. The series are
read from ../shared/data (beside the repository, not part of it).
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import references
from scoring import mean_interval
from vus import vus_pr

from pertoken.anomalies.cube import cube
from pertoken.anomalies.detection import watched
from pertoken.anomalies.settings import Settings
from pertoken.anomalies.watch import SPANS

NAB = Path(__file__).resolve().parents[3] / "shared" / "data" / "anomaly" / "nab"
FIRST = 30
METHODS = {
    "mean + 3 sigma": partial(references.three_sigma, start=FIRST),
    "KQL run daily": partial(references.kql, start=FIRST),
    "PELT": partial(references.pelt, start=FIRST, window=28),
}


def main() -> None:
    if not NAB.exists():
        print(f"{NAB} is not there")
        return
    windows = json.loads((NAB / "labels" / "combined_windows.json").read_text("utf-8"))
    volumes: defaultdict[str, list[float]] = defaultdict(list)
    for path in sorted((NAB / "data" / "realAdExchange").glob("*.csv")):
        days, values = daily(path)
        labels = np.zeros(len(days))
        for start, end in windows[f"realAdExchange/{path.name}"]:
            inside = [_day(start) <= day <= _day(end) for day in days]
            labels[np.array(inside)] = 1
        if not labels[FIRST:].any():
            continue
        scores = {"pertoken": rarity(days, values)}
        scores |= {name: method(values) for name, method in METHODS.items()}
        for name, score in scores.items():
            volumes[name].append(vus_pr(score[FIRST:], labels[FIRST:]))
    for name, each in volumes.items():
        low, high = mean_interval(each)
        print(f"{name:18} {np.mean(each):.2f} [{low:.2f}, {high:.2f}] of {len(each)} series")


def daily(path: Path) -> tuple[list[date], np.ndarray]:
    """Days without a gap and the mean of their hours; a day without one takes the day before."""
    hours: defaultdict[date, list[float]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            hours[_day(row["timestamp"])].append(float(row["value"]))
    first, last = min(hours), max(hours)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    values: list[float] = []
    for day in days:
        values.append(float(np.mean(hours[day])) if day in hours else values[-1])
    return days, np.array(values)


def rarity(days: list[date], values: np.ndarray) -> np.ndarray:
    """The rarity of each day by any span: what a finding would be told with."""
    run = watched(
        cube({"ChargeDate": days, "EffectiveCost": values.tolist(),
              "x_TokenQuantity": [None] * len(days)}), Settings()
    )  # fmt: skip
    return np.array([run.watch.rarity[span].max(axis=0) for span in SPANS]).max(axis=0)


def _day(text: str) -> date:
    return datetime.fromisoformat(text).date()


if __name__ == "__main__":
    main()
