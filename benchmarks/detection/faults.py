"""Faults put into an organisation, each with its truth: cell, days, extra cost, kind.

A fault comes every 60 to 85 days from day 100. Sizes are those of the field's reference:
0.3 to 2 median days of the organisation a day, prices x 1.03 to 3.
"""

from __future__ import annotations

import numpy as np
from tenants import DAYS, MODELS, Organisation

ROTATION = (
    "spike", "price", "burst", "late", "level", "cache", "ramp", "small price", "drop",
    "duplicate", "switch", "missing", "two apps",
)  # fmt: skip
DATA_FAULTS = frozenset({"late", "missing", "duplicate"})


def with_faults(made: Organisation) -> Organisation:
    """The organisation with about five faults; the rotation starts where the seed says."""
    random = np.random.default_rng([20261, made.seed])
    day = int(100 + random.integers(0, 30))
    turn = made.seed * 5
    while day < DAYS - 20:
        kind = ROTATION[turn % len(ROTATION)]
        before = made.cost.sum()
        fault = _put(random, made, kind, day)
        if fault is not None:
            fault["extra"] = float(made.cost.sum() - before)
            made.faults.append(fault)
            day += int(random.integers(60, 86))
        turn += 1
    return made


def _put(
    random: np.random.Generator, made: Organisation, kind: str, day: int
) -> dict[str, object] | None:
    if kind in DATA_FAULTS:
        return _data_fault(random, made, kind, day)
    apps = _active(made, day)
    if not apps:
        return None
    app = apps[int(random.integers(len(apps)))]
    rows = made.rows_of(app)
    if kind in ("price", "small price"):
        low, high = (1.25, 3.0) if kind == "price" else (1.03, 1.2)
        made.cost[rows, day:] *= random.uniform(low, high)
        return _fault(kind, app, day, DAYS)
    if kind in ("cache", "switch"):
        return _mix_fault(random, made, kind, app, day)
    return _volume_fault(random, made, kind, day, apps=[app, *(a for a in apps if a != app)])


def _volume_fault(
    random: np.random.Generator, made: Organisation, kind: str, day: int, *, apps: list[str]
) -> dict[str, object] | None:
    app, rows = apps[0], made.rows_of(apps[0])
    length = {"spike": 1, "burst": int(random.integers(2, 7)), "level": DAYS - day,
              "ramp": int(random.integers(10, 21)), "drop": int(random.integers(2, 6)),
              "two apps": int(random.integers(2, 5))}[kind]  # fmt: skip
    days = slice(day, day + length)
    if kind == "drop":
        made.tokens[rows, days] *= 0.05
        made.cost[rows, days] *= 0.05
        return _fault(kind, app, day, day + length)
    if kind == "two apps":
        if len(apps) == 1:
            return None
        other = apps[int(random.integers(1, len(apps)))]
        _add(random, made, made.rows_of(other), days, np.ones(length))
        _add(random, made, rows, days, np.ones(length))
        return _fault(kind, app, day, day + length) | {"also": other}
    shape = (np.arange(1, length + 1) / length) ** 2 if kind == "ramp" else np.ones(length)
    _add(random, made, rows, days, shape)
    return _fault(kind, app, day, day + length)


def _add(
    random: np.random.Generator,
    made: Organisation,
    rows: list[int],
    days: slice,
    shape: np.ndarray,
) -> None:
    """Extra traffic of an application, by its own mix, worth U(.3, 2) median days a day."""
    median = float(np.median(made.cost[:, max(0, days.start - 60) : days.start].sum(axis=0)))
    recent = slice(max(0, days.start - 14), days.start)
    cost, tokens = made.cost[rows, recent].sum(axis=1), made.tokens[rows, recent].sum(axis=1)
    extra = random.uniform(0.3, 2) * median * shape
    made.cost[rows, days] += (cost / cost.sum())[:, None] * extra
    made.tokens[rows, days] += (tokens / cost.sum())[:, None] * extra


def _mix_fault(
    random: np.random.Generator, made: Organisation, kind: str, app: str, day: int
) -> dict[str, object] | None:
    """Cached input billed as uncached, or all traffic moved to a dearer model; equal tokens."""
    rows = made.rows_of(app)
    length = int(random.integers(5, 15))
    days = slice(day, day + length)
    before = made.cost[rows, days].sum()
    kept = made.tokens[rows, days].copy(), made.cost[rows, days].copy()
    for first in range(0, len(rows), 3):
        uncached, cached, output = rows[first : first + 3]
        if kind == "cache":
            model = str(made.cells[cached]["x_ModelId"])
            moved = made.tokens[cached, days] * 0.93
            made.tokens[cached, days] -= moved
            made.cost[cached, days] *= 0.07
            made.tokens[uncached, days] += moved
            made.cost[uncached, days] += moved * MODELS[model][0] / 1e6
        elif first + 3 < len(rows):
            dearer = rows[first + 3 : first + 6]
            for old, new in zip((uncached, cached, output), dearer, strict=True):
                price = MODELS[str(made.cells[new]["x_ModelId"])][(new - rows[0]) % 3] / 1e6
                made.tokens[new, days] += made.tokens[old, days] * 0.9
                made.cost[new, days] += made.tokens[old, days] * 0.9 * price
                made.tokens[old, days] *= 0.1
                made.cost[old, days] *= 0.1
    median = float(np.median(made.cost.sum(axis=0)[max(0, day - 60) : day]))
    extra = made.cost[rows, days].sum() - before
    if extra / length < 0.1 * median:
        made.tokens[rows, days], made.cost[rows, days] = kept
        return None
    return _fault(kind, app, day, day + length)


def _data_fault(
    random: np.random.Generator, made: Organisation, kind: str, day: int
) -> dict[str, object]:
    factor = {"late": random.uniform(0.15, 0.6), "missing": 0.0, "duplicate": 2.0}[kind]
    made.cost[:, day] *= factor
    made.tokens[:, day] *= factor
    made.twice[day] = kind == "duplicate"
    return _fault(kind, None, day, day + 1)


def _fault(kind: str, app: str | None, start: int, end: int) -> dict[str, object]:
    return {"kind": kind, "app": app, "start": start, "end": min(end, DAYS)}


def _active(made: Organisation, day: int) -> list[str]:
    """Applications with cost on most of the last 28 days."""
    recent = made.cost[:, day - 28 : day]
    return [app for app in made.apps if (recent[made.rows_of(app)].sum(axis=0) > 0).mean() > 0.5]


def with_drift(made: Organisation, *, of_all: bool = False) -> Organisation:
    """The organisation with one slow growth of an application, or of all of it, and nothing else.

    0.7 to 2 % a day for 60 to 110 days, from a day between 180 and 270; the level it reaches stays.
    """
    random = np.random.default_rng([20262, made.seed])
    day, length = int(random.integers(180, 270)), int(random.integers(60, 110))
    rate = random.uniform(0.007, 0.02)
    apps = _active(made, day)
    if not apps:
        return made
    app = apps[int(random.integers(len(apps)))]
    rows = list(range(len(made.cells))) if of_all else made.rows_of(app)
    before = made.cost.sum()
    path = np.exp(rate * np.clip(np.arange(DAYS) - day, 0, length))
    made.cost[rows] *= path
    made.tokens[rows] *= path
    fault = _fault("drift", None if of_all else app, day, day + length)
    made.faults.append(fault | {"extra": float(made.cost.sum() - before)})
    return made
