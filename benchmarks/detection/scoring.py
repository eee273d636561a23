"""Event scores of alarms against faults: F1, false alarms per organisation-year, delay, cause.

A fault is found by an alarm raised from its first day to its last, at most fourteen days later;
alarms in the ten days after are neither right nor wrong; alarms up to three days apart are one.
Drops, deliveries and benign moves are no cost faults: an alarm of theirs counts as false.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from faults import DATA_FAULTS
from tenants import DAYS, Organisation

FIRST_DAY = 100
WINDOW, GRACE, MERGED = 14, 10, 3
NO_COST_FAULT = DATA_FAULTS | {"drop"}


@dataclass(frozen=True)
class Alarm:
    """A day, and the application named where the detector names one."""

    day: int
    app: str | None = None


@dataclass
class Score:
    """Counts of one organisation, or of many added."""

    faults: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    false: int = 0
    organisations: int = 0
    delays: list[int] = field(default_factory=list)
    causes: list[bool] = field(default_factory=list)

    def add(self, other: Score) -> None:
        self.faults += other.faults
        self.found += other.found
        self.false += other.false
        self.organisations += other.organisations
        self.delays += other.delays
        self.causes += other.causes

    @property
    def recall(self) -> float:
        return self.found.total() / max(1, self.faults.total())

    @property
    def precision(self) -> float:
        return self.found.total() / max(1, self.found.total() + self.false)

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)

    @property
    def false_per_year(self) -> float:
        return self.false / max(1e-9, self.organisations * (DAYS - FIRST_DAY) / 365)


def scored(made: Organisation, alarms: list[Alarm]) -> Score:
    """The score of one organisation."""
    score = Score(organisations=1)
    right: set[int] = set()
    grace: set[int] = set()
    for fault in made.faults:
        start, end = int(str(fault["start"])), int(str(fault["end"]))
        last = min(end, start + WINDOW)
        kind = str(fault["kind"])
        if kind in NO_COST_FAULT:
            continue
        score.faults[kind] += 1
        hits = [alarm for alarm in alarms if start <= alarm.day < last]
        right |= {alarm.day for alarm in hits}
        grace |= set(range(last, last + GRACE))
        if hits:
            first = min(hits, key=lambda alarm: alarm.day)
            score.found[kind] += 1
            score.delays.append(first.day - start)
            if first.app is not None:
                score.causes.append(first.app in (fault["app"], fault.get("also")))
    last_false = -DAYS
    for day in sorted({alarm.day for alarm in alarms}):
        if day in right or day in grace or day < FIRST_DAY:
            continue
        score.false += day - last_false > MERGED
        last_false = day
    return score


def labels(made: Organisation) -> np.ndarray:
    """1 on the days of cost faults, each its first fourteen at most; 0 on all others."""
    result = np.zeros(DAYS)
    for fault in made.faults:
        start, end = int(str(fault["start"])), int(str(fault["end"]))
        if fault["kind"] not in NO_COST_FAULT:
            result[start : min(end, start + WINDOW)] = 1
    return result


def interval(scores: list[Score], seed: int = 0, draws: int = 1000) -> tuple[float, float]:
    """The 95 % bootstrap interval of F1, organisations drawn with return."""
    random = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        total = Score()
        for place in random.integers(0, len(scores), len(scores)):
            total.add(scores[int(place)])
        values.append(total.f1)
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def paired_gain(ours: list[Score], theirs: list[Score], seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the difference of F1 on the same organisations."""
    random = np.random.default_rng(seed)
    values = []
    for _ in range(1000):
        one, two = Score(), Score()
        for place in random.integers(0, len(ours), len(ours)):
            one.add(ours[int(place)])
            two.add(theirs[int(place)])
        values.append(one.f1 - two.f1)
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def mean_interval(values: list[float], seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean over organisations."""
    drawn = np.random.default_rng(seed).choice(np.array(values), (1000, len(values)))
    low, high = np.quantile(drawn.mean(axis=1), [0.025, 0.975])
    return float(low), float(high)
