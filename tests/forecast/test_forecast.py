"""A forecast adds up, scales, does not depend on order, and answers bad input with a reason."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pertoken.errors import ConfigError, MixedCurrency
from pertoken.forecast import (
    Panel,
    PriceChange,
    at_last_price,
    backtest,
    forecast,
    month_end_of,
    one_currency,
    panel,
    with_changes,
)
from pertoken.forecast.forecasting import REASONS
from pertoken.forecast.intervals import past_errors
from pertoken.forecast.methods import seasonal_naive

START = date(2026, 1, 1)
WEEK = np.array([10.0, 11, 12, 11, 10, 3, 2])


def days(count: int) -> tuple[date, ...]:
    return tuple(START + timedelta(days=number) for number in range(count))


def one(values: np.ndarray) -> Panel:
    return Panel(("x_ModelId",), (("gpt-4o",),), days(len(values)), values[None, :])


def noisy(count: int, *, rows: int = 3, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    weeks = np.tile(WEEK, count // 7 + 1)[:count]
    return weeks * np.exp(random.normal(0, 0.1, (rows, count))) * np.arange(1, rows + 1)[:, None]


def test_a_week_that_repeats_is_forecast_to_repeat() -> None:
    ahead = forecast(one(np.tile(WEEK, 20)), 7)
    assert np.allclose(ahead.values[0], WEEK, rtol=0.02)
    assert ahead.methods[0] == "ensemble"


def test_a_price_of_the_past_is_no_trend_of_the_future() -> None:
    """100 tokens a day at 0.10 until day 30, at 0.05 after: all days cost 5 at the last price."""
    columns = {
        "ChargeDate": list(days(60)),
        "SkuMeter": ["gpt 4o Inp"] * 60,
        "EffectiveCost": [10.0] * 30 + [5.0] * 30,
        "x_TokenQuantity": [100.0] * 60,
    }
    assert at_last_price(columns)["EffectiveCost"] == pytest.approx([5.0] * 60)


def test_a_known_price_change_moves_the_days_from_its_first_and_the_total() -> None:
    history = Panel(("x_ModelId",), (("a",), ("b",)), days(60), noisy(60, rows=2))
    ahead = forecast(history, 10)
    change = PriceChange(ahead.days[4], 0.5, {"x_ModelId": "a"})
    cheaper = with_changes(ahead, [change])
    assert np.allclose(cheaper.values[0, :4], ahead.values[0, :4])
    assert np.allclose(cheaper.values[0, 4:], ahead.values[0, 4:] / 2)
    assert np.allclose(cheaper.values[:-1].sum(axis=0), cheaper.values[-1])


CASES = [
    # history, method, forecast of the first day (None: not fixed)
    ("one point", [5.0], "too short", 5.0),
    ("ten days", [5.0] * 10, "too short", 5.0),
    ("fourteen days", list(np.tile(WEEK, 2)), "short", None),
    ("all zeros", [0.0] * 60, "dead", 0.0),
    ("stopped five weeks ago", [9.0] * 40 + [0.0] * 35, "dead", 0.0),
    ("credits", list(np.tile([5.0, 6, 7, 5, 6, -3, 2], 10)), "credits", None),
    ("every fifth day", [0.0, 0, 0, 0, 8.0] * 20, "intermittent", None),
]


@pytest.mark.parametrize(("name", "values", "method", "first"), CASES, ids=[c[0] for c in CASES])
def test_thin_series_get_a_designed_answer_with_its_reason(
    name: str, values: list[float], method: str, first: float | None
) -> None:
    ahead = forecast(one(np.array(values)), 7)
    assert (name, ahead.methods[0]) == (name, method)
    assert np.isfinite(ahead.values).all()
    if first is not None:
        assert ahead.values[0, 0] == pytest.approx(first)
    rows = list(ahead.rows())
    assert rows[0]["Reason"] == REASONS[method]
    assert (rows[0]["Low80"] is None) == (method == "too short")


def test_no_history_gives_no_days() -> None:
    empty = panel({"ChargeDate": [], "EffectiveCost": []})
    assert not list(forecast(empty).rows())


def test_a_near_zero_stream_does_not_explode() -> None:
    random = np.random.default_rng(3)
    values = np.where(random.random(120) < 0.5, 1e-9, random.pareto(1.0, 120))
    ahead = forecast(one(values), 30)
    assert ahead.values.max() <= 3 * values.max() + 1e-9
    assert np.isfinite(ahead.high[95]).all()


def test_a_missing_day_is_unknown_and_not_zero() -> None:
    values = np.tile(WEEK, 12)
    gap = values.copy()
    gap[-3] = np.nan
    assert np.allclose(
        forecast(one(gap), 7).values[0], forecast(one(values), 7).values[0], rtol=0.1
    )


def test_a_group_without_a_row_cost_nothing_and_a_day_without_any_row_is_missing() -> None:
    made = panel(
        {
            "ChargeDate": [START, START, START + timedelta(days=1), START + timedelta(days=3)],
            "Team": ["a", "b", "a", "b"],
            "EffectiveCost": [1, 2, 3, 4],
        },
        ("Team",),
    )
    assert made.keys == (("a",), ("b",))
    assert np.array_equal(
        made.values, [[1, 3, np.nan, 0], [2, 0, np.nan, 4]], equal_nan=True
    )  # fmt: skip


def test_unsettled_days_are_cut() -> None:
    made = panel(
        {"ChargeDate": list(days(10)), "EffectiveCost": [1.0] * 9 + [0.1]}, through=days(10)[8]
    )
    assert len(made.days) == 9


def test_costs_of_two_currencies_are_never_added() -> None:
    columns = {
        "ChargeDate": list(days(2)), "BillingCurrency": ["USD", "EUR"], "EffectiveCost": [1, 2]
    }  # fmt: skip
    with pytest.raises(MixedCurrency, match="EUR, USD"):
        panel(columns)
    with pytest.raises(MixedCurrency, match="EUR, USD"):
        forecast(panel(columns, ("BillingCurrency",)))
    assert panel(one_currency(columns, "EUR")).values.sum() == 2


def test_an_absent_column_is_named_with_its_neighbours() -> None:
    with pytest.raises(ConfigError, match=r"'Taem'.*\n.*\n.*'Team'"):
        panel({"ChargeDate": [], "EffectiveCost": [], "Team": []}, ("Taem",))


def test_the_end_of_a_month_is_its_actual_days_and_the_forecast_of_the_rest() -> None:
    history = one(np.tile(WEEK, 12)[:81])  # through 2026-03-22
    ahead = forecast(history, 30)
    month = month_end_of(history, ahead, "2026-03", budget=1.0)
    inside = np.array([day.month == 3 for day in history.days])
    actual = history.values[0][inside].sum()
    rest = sum(v for d, v in zip(ahead.days, ahead.values[-1], strict=True) if d.month == 3)
    assert month.actual_to_date == pytest.approx(actual)
    assert month.expected == pytest.approx(actual + rest)
    assert month.low[95] < month.low[80] < month.expected < month.high[80] < month.high[95]
    assert month.budget_probability == pytest.approx(1.0)
    assert month.breach_day == ahead.days[0]
    far = month_end_of(history, ahead, "2026-03", budget=10 * month.expected)
    assert far.budget_probability == pytest.approx(0.0, abs=1e-6)
    even = month_end_of(history, ahead, "2026-03", budget=month.expected)
    assert even.budget_probability == pytest.approx(0.5, abs=0.01)


def test_a_forecast_that_ends_before_the_month_is_refused() -> None:
    history = one(np.tile(WEEK, 12))
    with pytest.raises(ConfigError, match="before the month"):
        month_end_of(history, forecast(history, 3), "2026-03")


def test_a_backtest_states_both_methods_and_beats_repeating_the_week() -> None:
    history = Panel(("Team",), (("a",), ("b",), ("c",)), days(200), noisy(200))
    rows = backtest(history, horizons=(7,))
    assert [(row["Grain"], row["Method"]) for row in rows] == [
        ("Total", "pertoken"), ("Total", "seasonal naive"),
        ("Team", "pertoken"), ("Team", "seasonal naive"),
    ]  # fmt: skip
    assert rows[2]["MASE"] < rows[3]["MASE"]
    assert 0.6 <= rows[2]["Coverage80"] <= rows[2]["Coverage95"] <= 1
    assert rows[3]["Coverage80"] is None


def test_a_backtest_of_two_weeks_has_no_figures() -> None:
    rows = backtest(one(np.tile(WEEK, 2)), horizons=(30,))
    assert {row["MASE"] for row in rows} == {None}


def test_an_interval_learns_from_forecasts_that_knew_only_the_days_before_them() -> None:
    """Other last days change the errors of those days and of no day before."""
    values = noisy(150, rows=1)
    other = values.copy()
    other[:, -7:] *= 5
    first, second = past_errors(values, 30), past_errors(other, 30)
    for place in range(1, 12):
        known = 7 * place
        assert np.array_equal(
            np.sign(first.errors[place, :, :known]), np.sign(second.errors[place, :, :known])
        )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(15, 90), st.floats(0.001, 1e6))
def test_parts_add_to_the_total_and_scaling_costs_scales_the_forecast(
    seed: int, count: int, factor: float
) -> None:
    random = np.random.default_rng(seed)
    values = np.exp(random.normal(0, 1, (4, count))) * (random.random((4, count)) < 0.9)
    made = Panel(("Team",), tuple((each,) for each in "abcd"), days(count), values)
    ahead = forecast(made, 10)
    assert np.allclose(ahead.values[:-1].sum(axis=0), ahead.values[-1])
    assert (ahead.values >= 0).all()
    scaled = forecast(Panel(made.by, made.keys, made.days, values * factor), 10)
    assert np.allclose(scaled.values, ahead.values * factor, rtol=1e-6)
    assert np.allclose(scaled.high[80], ahead.high[80] * factor, rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(random: object) -> None:
    rows = [(day, team, 1.0 + number) for number, day in enumerate(days(30)) for team in "ab"]
    shuffled = rows.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def table(each: list[tuple[date, str, float]]) -> dict[str, list[object]]:
        return {
            "ChargeDate": [row[0] for row in each],
            "Team": [row[1] for row in each],
            "EffectiveCost": [row[2] for row in each],
        }

    first, second = (forecast(panel(table(each), ("Team",)), 7) for each in (rows, shuffled))
    assert np.array_equal(first.values, second.values)


def test_the_methods_agree_with_statsforecast() -> None:
    models = pytest.importorskip("statsforecast.models", reason="statsforecast is not installed")
    values = noisy(140, rows=1)[0]
    oracle = models.SeasonalNaive(7).forecast(y=values, h=14)["mean"]
    assert np.allclose(seasonal_naive(values[None, :], 14)[0], oracle)
    theta = models.DynamicOptimizedTheta(season_length=7).forecast(y=values, h=14)["mean"]
    ours = forecast(one(values), 14).values[0]
    assert math.isclose(ours.sum(), theta.sum(), rel_tol=0.1)
