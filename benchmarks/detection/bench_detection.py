"""Detection on seeded organisations with injected faults, beside the reference methods.

    python benchmarks/detection/bench_detection.py [FIRST] [LAST]

Seeds 0 to 79 were looked at while constants were chosen; 100 and above are for reports only. Prints
one line per method, the recall by fault, VUS-PR, what was said of deliveries, and the fingerprint
of the data.
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
from scoring import FIRST_DAY, Alarm, Score, interval, labels, mean_interval, paired_gain, scored
from tenants import Organisation, organisation
from vus import LONGEST, vus_pr

from pertoken.anomalies import DATA_KINDS, Finding
from pertoken.anomalies.cube import cube
from pertoken.anomalies.detection import watched
from pertoken.anomalies.report import Run, findings_of
from pertoken.anomalies.settings import Settings
from pertoken.anomalies.watch import SPANS

DAY_ZERO = date(2025, 1, 6)
INFORMATION = frozenset({"model switch", "scope change", "new model", "drop"})
TOLD_DAYS = 14
"""Days that an alarm goes on to be said: those of a label."""
METHODS = {
    "mean + 3 sigma": (references.three_sigma, 3.0),
    "mean + 4.08 sigma": (references.three_sigma, 4.08),
    "KQL run daily": (references.kql, references.KQL_THRESHOLD),
    "PELT": (references.pelt, 0.0),
}


def main() -> None:
    first, last = (int(each) for each in (sys.argv[1:3] or ("100", "130")))
    scores: dict[str, list[Score]] = {name: [] for name in ("pertoken", *METHODS)}
    volumes: dict[str, list[float]] = {name: [] for name in scores}
    deliveries: Counter[str] = Counter()
    digest, spent = hashlib.sha256(), 0.0
    for seed in range(first, last):
        made = with_faults(organisation(seed))
        digest.update(made.fingerprint().encode())
        begun = time.process_time()
        run = watched(cube(table(made)), Settings())
        findings = findings_of(run)
        spent += time.process_time() - begun
        truth, total = labels(made), made.cost.sum(axis=0)
        scores["pertoken"].append(scored(made, alarms(made, findings)))
        daily = {"pertoken": daily_score(run, made, findings)}
        for name, (method, threshold) in METHODS.items():
            daily[name] = method(total)
            days = references.alarm_days(daily[name], threshold)
            scores[name].append(scored(made, [Alarm(day) for day in days]))
        if truth[FIRST_DAY:].any():
            for name, score in daily.items():
                volumes[name].append(vus_pr(score[FIRST_DAY:], truth[FIRST_DAY:]))
        _count_deliveries(made, findings, deliveries)
    print(f"seeds {first} to {last - 1}, data {digest.hexdigest()[:16]}, {spent:.0f} s of CPU")
    for name, each in scores.items():
        print(line(name, each))
    low, high = paired_gain(scores["pertoken"], scores["mean + 4.08 sigma"])
    print(f"gain over mean + 4.08 sigma: F1 {low:+.2f} to {high:+.2f}")
    print(f"VUS-PR, buffers of 0 to {LONGEST} days, mean of {len(volumes['pertoken'])}:")
    for name, values in volumes.items():
        low, high = mean_interval(values)
        print(f"    {name:18} {np.mean(values):.2f} [{low:.2f}, {high:.2f}]")
    print("deliveries:", dict(sorted(deliveries.items())))


def daily_score(run: Run, made: Organisation, findings: tuple[Finding, ...]) -> np.ndarray:
    """How much of an anomaly each day is, as known on that day: what is told, else what is rare.

    A finding that alarms counts with its score on the days that it goes on, two weeks at most; a
    day on which nothing does, with the highest rarity of any group less what its cost lacks of
    being told. Faults of delivery are no cost.
    """
    watch, count = run.watch, len(run.made.days)
    usual = np.array([[run.volume.usual_day(r, day) for day in range(count)] for r in sorted(
        set(run.volume.roots))]).max(axis=0)  # fmt: skip
    score = np.zeros(count)
    for span in SPANS:
        impact = np.clip(np.nan_to_num(watch.excess[span]) * span / usual, 1e-6, 1.0)
        score = np.maximum(score, (watch.rarity[span] + np.log(impact)).max(axis=0))
    for each in findings:
        if each.kind in DATA_KINDS:
            score[(each.start - DAY_ZERO).days] = 0.0
    for each in told(made, findings):
        first = (each.found - DAY_ZERO).days
        end = min((each.end - DAY_ZERO).days + 1, first + TOLD_DAYS)
        score[first : max(end, first + 1)] = np.maximum(
            score[first : max(end, first + 1)], each.score
        )
    return score


def alarms(made: Organisation, findings: tuple[Finding, ...]) -> list[Alarm]:
    """The days on which costs were alarmed, and the applications named."""
    only = made.apps[0] if len(made.apps) == 1 else ""
    return [
        Alarm((each.found - DAY_ZERO).days, each.cell.get("Application") or only)
        for each in told(made, findings)
    ]


def told(made: Organisation, findings: tuple[Finding, ...]) -> list[Finding]:
    """Cost alarms: no notices, no deliveries; a benign move is information, unless it is one."""
    switched = any(fault["kind"] == "switch" for fault in made.faults)
    return [
        each
        for each in findings
        if not each.notice
        and each.kind not in DATA_KINDS
        and (each.kind not in INFORMATION or (each.kind == "model switch" and switched))
    ]


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
