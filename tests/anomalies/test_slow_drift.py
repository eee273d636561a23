"""Slow growth is told when six weeks stand above twelve, beyond its own trend and the rest's."""

from __future__ import annotations

from datetime import date, timedelta
from math import comb, exp

import numpy as np
import pytest
from anomalies.tenant import WEEK, day

from pertoken.anomalies import Finding, detect, drift
from pertoken.anomalies.drift import BETWEEN_WEEKS, LEAST_GAP, STEADY_WEEKS, SURENESS, drifts

DAYS = np.arange(drift.DAYS)
STEADY = 7 * STEADY_WEEKS
SHAPE = WEEK[DAYS % 7]


def drifted(growth: np.ndarray, rest: np.ndarray | None = None) -> bool:
    """Whether a week that grows so has drifted, beside a rest four times as large."""
    others = SHAPE if rest is None else np.exp(rest) * SHAPE
    return bool(drifts((np.exp(growth) * SHAPE)[None, :], 4 * others[None, :])[0])


def bent(rate: float, since: int) -> np.ndarray:
    """Steady through a day, then growing by a rate of logarithms a day."""
    return rate * np.maximum(DAYS - since, 0)


def test_a_level_that_bends_into_a_slope_has_drifted() -> None:
    assert drifted(bent(0.012, STEADY))


def test_growth_that_goes_on_as_before_is_no_drift() -> None:
    assert not drifted(0.006 * DAYS)


def test_a_launch_that_doubles_within_the_weeks_is_no_drift() -> None:
    assert not drifted(bent(0.03, STEADY))


def test_growth_that_the_rest_of_the_currency_shares_is_no_drift_of_one_group() -> None:
    grown = bent(0.012, STEADY)
    assert not drifted(grown, rest=grown)
    assert drifted(grown, rest=0.2 * grown)
    assert drifted(grown, rest=-grown)


def test_without_a_rest_the_group_is_judged_by_its_own_growth() -> None:
    grown = np.exp(bent(0.012, STEADY)) * SHAPE
    assert drifts(grown[None, :], np.zeros((1, len(DAYS))))[0]


def test_the_lowest_high_week_must_stand_a_fifth_above_the_highest_steady_one() -> None:
    growth = bent(0.012, STEADY)
    first = STEADY + 7 * BETWEEN_WEEKS
    for above, told in ((1.01 * LEAST_GAP, True), (0.99 * LEAST_GAP, False)):
        path = growth.copy()
        path[first : first + 7] = np.log(above)
        assert drifted(path) == told


def test_the_weeks_between_may_be_anything() -> None:
    path = bent(0.012, STEADY)
    path[STEADY : STEADY + 7 * BETWEEN_WEEKS] = 1.5
    assert drifted(path)


def test_the_sureness_is_that_of_the_highest_weeks_being_last_by_chance() -> None:
    assert comb(18, 6) == 18_564
    assert exp(-SURENESS) == pytest.approx(1 / 18_564)


def found_in(share: float, *, until: int = 230) -> list[Finding]:
    """Two applications of 230 days, of which one costs `share` of the other and drifts from 140.

    It grows by 1.2 % a day to day 200; from `until` it is back at its old level.
    """
    random = np.random.default_rng(5)
    count = 230
    growth = np.exp(0.012 * np.clip(np.arange(count) - 140, 0, 60))
    growth[until:] = 1.0
    noise = np.exp(random.normal(0, 0.04, (2, count)))
    week = 100.0 * WEEK[np.arange(count) % 7]
    costs = {"steady": week * noise[0], "drifting": share * week * growth * noise[1]}
    columns: dict[str, list[object]] = {
        name: [] for name in ("ChargeDate", "BillingCurrency", "Application", "EffectiveCost",
                              "x_TokenQuantity")
    }  # fmt: skip
    for app, days in costs.items():
        columns["ChargeDate"] += [day(number) for number in range(count)]
        columns["BillingCurrency"] += ["USD"] * count
        columns["Application"] += [app] * count
        columns["EffectiveCost"] += days.tolist()
        columns["x_TokenQuantity"] += (days * 1e6).tolist()
    return [each for each in detect(columns) if not each.notice]


def test_a_drift_of_less_than_a_day_of_cost_is_told_once_and_lasts_while_it_does() -> None:
    """A twentieth of the cost, a quarter of a day when it is told: to the end of the data."""
    [found] = found_in(0.05)
    assert (found.kind, found.cell["Application"]) == ("ramp", "drifting")
    assert abs(found.start - day(140)) <= timedelta(days=14)
    assert found.found < day(205)
    assert (found.end, found.open) == (day(229), True)
    growth = np.exp(0.012 * np.clip(np.arange(230) - 140, 0, 60))
    extra = float((5.0 * WEEK[np.arange(230) % 7] * (growth - 1))[140:].sum())
    assert found.extra_cost == pytest.approx(extra, rel=0.15)


def test_a_drift_that_comes_back_to_its_level_has_an_end() -> None:
    [found] = found_in(0.05, until=215)
    assert date.fromordinal(found.end.toordinal()) < day(222)
    assert not found.open


def test_a_drift_of_next_to_nothing_is_not_told() -> None:
    assert not found_in(0.001)
