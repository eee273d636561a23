"""Detection on seeded organisations with injected faults, beside the reference methods.

    python benchmarks/detection/bench_detection.py [FIRST] [LAST]

Seeds 0 to 29 were used to choose constants; 100 and above are for reports only. Prints one line
per method, the recall by fault, what was said of deliveries, and the fingerprint of the data.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from datetime import date, timedelta

import numpy as np
import references
from faults import DATA_FAULTS, with_faults
from scoring import Alarm, Score, interval, paired_gain, scored
from tenants import Organisation, organisation

from pertoken.anomalies import DATA_KINDS, Finding, detect

DAY_ZERO = date(2025, 1, 6)
INFORMATION = frozenset({"model switch", "scope change", "new model", "drop"})
METHODS = {
    "mean + 3 sigma": references.three_sigma,
    "mean + 4.08 sigma": lambda total: references.three_sigma(total, 4.08),
    "KQL run daily": references.kql,
    "PELT": references.pelt,
}


def main() -> None:
    first, last = (int(each) for each in (sys.argv[1:3] or ("100", "130")))
    scores: dict[str, list[Score]] = {name: [] for name in ("pertoken", *METHODS)}
    deliveries: Counter[str] = Counter()
    digest, spent = hashlib.sha256(), 0.0
    for seed in range(first, last):
        made = with_faults(organisation(seed))
        digest.update(made.fingerprint().encode())
        begun = time.process_time()
        findings = detect(table(made))
        spent += time.process_time() - begun
        scores["pertoken"].append(scored(made, alarms(made, findings)))
        for name, method in METHODS.items():
            days = method(made.cost.sum(axis=0))
            scores[name].append(scored(made, [Alarm(day) for day in days]))
        _count_deliveries(made, findings, deliveries)
    print(f"seeds {first} to {last - 1}, data {digest.hexdigest()[:16]}, {spent:.0f} s of CPU")
    for name, each in scores.items():
        print(line(name, each))
    low, high = paired_gain(scores["pertoken"], scores["mean + 4.08 sigma"])
    print(f"gain over mean + 4.08 sigma: F1 {low:+.2f} to {high:+.2f}")
    print("deliveries:", dict(sorted(deliveries.items())))


def alarms(made: Organisation, findings: tuple[Finding, ...]) -> list[Alarm]:
    """Cost alarms: no notices, no deliveries; a benign move is information, unless it is one."""
    switched = any(fault["kind"] == "switch" for fault in made.faults)
    result = []
    for each in findings:
        told = each.kind in INFORMATION and not (each.kind == "model switch" and switched)
        if each.notice or told or each.kind in DATA_KINDS:
            continue
        only = made.apps[0] if len(made.apps) == 1 else ""
        result.append(Alarm((each.found - DAY_ZERO).days, each.cell.get("Application") or only))
    return result


def line(name: str, scores: list[Score]) -> str:
    total = Score()
    for each in scores:
        total.add(each)
    low, high = interval(scores)
    by_kind = " ".join(f"{k} {total.found[k]}/{total.faults[k]}" for k in sorted(total.faults))
    cause = f"{np.mean(total.causes):.3f}" if total.causes else "-"
    delay = f"{np.mean(total.delays):.2f}" if total.delays else "-"
    return (
        f"{name:18} F1 {total.f1:.2f} [{low:.2f}, {high:.2f}] recall {total.recall:.2f} "
        f"precision {total.precision:.2f} false/org-year {total.false_per_year:.2f} "
        f"delay {delay} cause {cause}\n    {by_kind}"
    )


def table(made: Organisation) -> dict[str, list[object]]:
    """The organisation as the long table that detection reads."""
    names = list(made.cells[0])
    columns: dict[str, list[object]] = {
        name: []
        for name in ("ChargeDate", "BillingCurrency", "EffectiveCost", "x_TokenQuantity", "x_Rows")
    } | {name: [] for name in names}
    for row, cell in enumerate(made.cells):
        for day in np.flatnonzero(made.tokens[row] > 0):
            columns["ChargeDate"].append(DAY_ZERO + timedelta(days=int(day)))
            columns["BillingCurrency"].append("USD")
            columns["x_Rows"].append(1 + int(made.twice[day]))
            columns["EffectiveCost"].append(float(made.cost[row, day]))
            columns["x_TokenQuantity"].append(float(made.tokens[row, day]))
            for name in names:
                columns[name].append(cell[name])
    return columns


def _count_deliveries(
    made: Organisation, findings: tuple[Finding, ...], counts: Counter[str]
) -> None:
    said = {(each.found - DAY_ZERO).days for each in findings if each.kind in DATA_KINDS}
    cost = {alarm.day for alarm in alarms(made, findings)}
    real = set()
    for fault in made.faults:
        if fault["kind"] in DATA_FAULTS:
            day = int(str(fault["start"]))
            real.add(day)
            counts[f"{fault['kind']} of"] += 1
            counts[f"{fault['kind']} found"] += day in said
            counts[f"{fault['kind']} as cost"] += day in cost
    counts["false"] += len({day for day in said - real if day >= 100})


if __name__ == "__main__":
    main()
