"""Slow growth of one application, of all applications, and of none: what is told of each.

    python benchmarks/detection/bench_drift.py [FIRST] [LAST]

Each seeded organisation is detected three times: with one application that grows by 0.7 to 2 % a
day, with all of it growing so, and as it is. A drift counts as found by any finding of volume in
its application between its first day and six weeks after its last. Seeds 0 to 79 were looked at.
"""

from __future__ import annotations

import sys

import numpy as np
from bench_detection import DAY_ZERO, table
from faults import with_drift
from scoring import FIRST_DAY, mean_interval
from tenants import DAYS, Organisation, organisation

from pertoken.anomalies import Finding, detect
from pertoken.anomalies.drift import SURENESS

AFTER = 42
YEAR = 365
VOLUME = frozenset({"ramp", "level shift", "spike", "runaway loop"})


def main() -> None:
    first, last = (int(each) for each in (sys.argv[1:3] or ("400", "440")))
    found, slow, late, false, alike = [], [], [], [], []
    for seed in range(first, last):
        made = with_drift(organisation(seed))
        if made.faults:
            fault = made.faults[0]
            start, end = int(str(fault["start"])), int(str(fault["end"]))
            told = [
                each
                for each in detect(table(made))
                if each.kind in VOLUME and not each.notice and is_of(made, each, fault["app"])
                and start <= day_of(each) <= end + AFTER
            ]  # fmt: skip
            found.append(float(bool(told)))
            slow.append(float(any(is_drift(each) for each in told)))
            late += [min(map(day_of, told)) - start] if told else []
            alike.append(drifts(with_drift(organisation(seed), of_all=True)))
        false.append(drifts(organisation(seed)) * YEAR / (DAYS - FIRST_DAY))
    low, high = mean_interval(found)
    print(f"seeds {first} to {last - 1}: {len(found)} drifts of an application")
    print(
        f"found {np.mean(found):.2f} [{low:.2f}, {high:.2f}], by the drift channel "
        f"{np.mean(slow):.2f}; {np.median(late):.0f} days late (median)"
    )
    print(f"told of one while all grow alike: {np.mean(alike):.2f} an organisation")
    low, high = mean_interval(false)
    print(f"told where nothing drifts: {np.mean(false):.2f} [{low:.2f}, {high:.2f}] a year")


def drifts(made: Organisation) -> int:
    """How many drifts are told of an organisation, from the first day that is judged."""
    return sum(is_drift(each) and day_of(each) >= FIRST_DAY for each in detect(table(made)))


def is_drift(found: Finding) -> bool:
    """Whether the drift channel told it, which gives one score to all."""
    return found.kind == "ramp" and found.score == SURENESS


def is_of(made: Organisation, found: Finding, app: object) -> bool:
    """Whether it names the application, where there is more than one."""
    return found.cell.get("Application", app if len(made.apps) == 1 else None) == app


def day_of(found: Finding) -> int:
    """The day whose data first showed it."""
    return (found.found - DAY_ZERO).days


if __name__ == "__main__":
    main()
