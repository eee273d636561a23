"""Forecasts of a hub add to one total, begin where data is settled, and say why they cannot."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from builders import charge, write_export
from northwind import NORTHWIND, needs_northwind

import pertoken
from pertoken.errors import ConfigError
from pertoken.periods import month_end, month_start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pertoken.api import Hub

MINI = {"SkuMeter": "gpt 4.1 mini Inp glbl Tokens"}
WEEK = (10, 11, 12, 11, 10, 3, 2)
START = date(2026, 1, 1)


def rows_of(
    month: str, tokens: Callable[[date], int], **more: object
) -> list[dict[str, str | None]]:
    """A charge for every day of a month on which tokens are not 0."""
    first, end = month_start(month), month_end(month)
    days = [first + timedelta(days=n) for n in range((end - first).days)]
    return [
        charge(month=month, day=day.day, tokens=count * 1_000_000, **more)  # type: ignore[arg-type]
        for day in days
        if (count := tokens(day))
    ]


def weekly(day: date) -> int:
    return WEEK[day.weekday()]


def write(folder: Path, month: str, rows: list[dict[str, str | None]], **more: str) -> None:
    made = month_end(month).isoformat() + "T06:00:00Z"
    write_export(folder / month, rows, month=month, **{"submitted": made} | more)  # type: ignore[arg-type]


def hub_of(tmp_path: Path, *months: str, tokens: Callable[[date], int] = weekly) -> Hub:
    for month in months:
        rows = rows_of(month, tokens) + rows_of(month, lambda _: 5, **MINI)
        write(tmp_path / "in", month, rows)
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "in")
    return hub


def by_day(rows: list[dict[str, object]], column: str = "EffectiveCost") -> dict[Any, Decimal]:
    sums: dict[Any, Decimal] = {}
    for row in rows:
        key = (row["ChargeDate"], row["BillingCurrency"])
        sums[key] = sums.get(key, Decimal(0)) + Decimal(str(row[column]))
    return sums


def test_groups_add_to_the_total_that_no_groups_show(tmp_path: Path) -> None:
    hub = hub_of(tmp_path, "2026-01", "2026-02")
    total = by_day(hub.forecast(horizon=10).to_dicts())
    assert total == by_day(hub.forecast(["x_ModelId"], horizon=10).to_dicts())
    assert total == by_day(hub.forecast(["Scope", "SkuMeter"], horizon=10).to_dicts())
    assert total == by_day(hub.forecast(["Team"], horizon=10).to_dicts())
    tokens = by_day(hub.forecast(horizon=10).to_dicts(), "x_TokenQuantity")
    assert tokens == by_day(hub.forecast(["x_ModelId"], horizon=10).to_dicts(), "x_TokenQuantity")


def test_a_week_that_repeats_repeats_with_its_tokens_and_price(tmp_path: Path) -> None:
    rows = hub_of(tmp_path, "2026-01", "2026-02").forecast(horizon=7).to_dicts()
    expected = {(START + timedelta(days=59 + n)): weekly(START + timedelta(days=59 + n)) + 5
                for n in range(7)}  # fmt: skip
    assert [row["ChargeDate"] for row in rows] == list(expected)
    for row in rows:
        tokens = expected[row["ChargeDate"]] * 1_000_000  # type: ignore[index]
        assert float(row["x_TokenQuantity"]) == pytest.approx(tokens, rel=0.05)  # type: ignore[arg-type]
        assert float(row["EffectiveCost"]) == pytest.approx(tokens * 2.5e-6, rel=0.05)  # type: ignore[arg-type]
        assert float(row["x_UnitCost"]) == pytest.approx(2.5)  # type: ignore[arg-type]
        assert row["Low95"] <= row["Low80"] <= row["EffectiveCost"] <= row["High80"]  # type: ignore[operator]


def test_a_price_cut_of_the_past_is_in_the_days_ahead_and_one_to_come_from_its_day(
    tmp_path: Path,
) -> None:
    """10 a day at 0.0050 in January, at 0.0025 in February: 25 a day, 20 from 5 March at 0.8."""
    for month, price in (("2026-01", "0.005"), ("2026-02", "0.0025")):
        write(tmp_path / "in", month, rows_of(month, lambda _: 10, price=price))
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "in")
    plans = tmp_path / "plans.toml"
    plans.write_text('[[price_change]]\nstart = 2026-03-05\nfactor = 0.8\nmodel_id = "gpt-4o"\n')
    rows = hub.forecast(horizon=8, plans=plans).to_dicts()
    model = hub.matrix(["x_ModelId"]).to_dicts()[0]["x_ModelId"]
    assert model == "gpt-4o"
    assert [round(float(str(row["EffectiveCost"])), 2) for row in rows] == [25.0] * 4 + [20.0] * 4
    unit_costs = [round(float(str(row["x_UnitCost"])), 4) for row in rows]
    assert unit_costs == [2.5] * 4 + [2.0] * 4


def test_days_that_are_not_settled_are_forecast_and_not_read_as_low(tmp_path: Path) -> None:
    """The run of 10 March has 9 March in part: history ends on 8 March."""
    for month in ("2026-01", "2026-02"):
        write(tmp_path / "in", month, rows_of(month, lambda _: 10))
    march = rows_of("2026-03", lambda day: 10 if day.day < 9 else 1 if day.day == 9 else 0)
    write(
        tmp_path / "in", "2026-03", march, submitted="2026-03-10T06:00:00Z", end="2026-03-09",
        start="2026-03-01",
    )  # fmt: skip
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "in")
    first = hub.forecast(horizon=3).to_dicts()[0]
    assert first["ChargeDate"] == date(2026, 3, 9)
    assert float(str(first["EffectiveCost"])) == pytest.approx(25, rel=0.02)
    ended = hub.month_end(budget="700").to_dicts()[0]
    assert (ended["ActualCost"], ended["Through"]) == (Decimal(200), date(2026, 3, 8))
    assert float(str(ended["EffectiveCost"])) == pytest.approx(775, rel=0.02)
    assert ended["RunRateCost"] == Decimal(775)
    assert ended["BudgetProbability"] > Decimal("0.9")  # type: ignore[operator]
    assert ended["BreachDate"] == date(2026, 3, 29)


def test_a_missing_day_is_unknown_and_a_day_of_rest_is_none(tmp_path: Path) -> None:
    """Without 14 January a week repeats all the same; Sundays without charges stay at 0."""
    rest = lambda day: 0 if day.weekday() == 6 or day == date(2026, 1, 14) else 10  # noqa: E731
    for month in ("2026-01", "2026-02"):
        write(tmp_path / "in", month, rows_of(month, rest))
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "in")
    rows = hub.forecast(horizon=7).to_dicts()
    costs = {row["ChargeDate"].weekday(): float(str(row["EffectiveCost"])) for row in rows}  # type: ignore[attr-defined]
    assert costs[6] == pytest.approx(0, abs=0.5)
    assert costs[2] == pytest.approx(25, rel=0.03)


THIN = [
    # what the history is, its charges, Method of the first day, a word of its Reason, has interval
    ("ten days", lambda day: 10 * (day < date(2026, 1, 11)), "too short", "under 14 days", False),
    ("fourteen days", lambda day: 10 * (day < date(2026, 1, 15)), "short", "four weeks", True),
]


@pytest.mark.parametrize(
    ("tokens", "method", "word", "sure"),
    [each[1:] for each in THIN],
    ids=[each[0] for each in THIN],
)
def test_thin_input_gets_a_designed_answer(
    tokens: Callable[[date], int], method: str, word: str, *, sure: bool, tmp_path: Path
) -> None:
    for month in ("2026-01", "2026-02"):
        rows = rows_of(month, tokens)
        if rows:
            days = [int(str(row["ChargePeriodStart"])[8:10]) for row in rows]
            write(tmp_path / "in", month, rows, end=f"{month}-{max(days):02d}")
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "in")
    row = hub.forecast(horizon=1).to_dicts()[0]
    assert (row["Method"], word in str(row["Reason"])) == (method, True)
    assert (row["Low80"] is not None, row["High95"] is not None) == (sure, sure)
    measured = hub.backtest().to_dicts()
    assert all((row["MASE"] is None) == (row["Reason"] is not None) for row in measured)


def test_credits_are_booked_on_their_day_and_never_extrapolated(tmp_path: Path) -> None:
    """A credit of -500 on 10 March is in the actual cost and not in the days ahead."""
    for month in ("2026-01", "2026-02"):
        write(tmp_path / "in", month, rows_of(month, lambda _: 10))
    march = rows_of("2026-03", lambda day: 10 if day.day < 15 else 0)
    credit = charge(
        month="2026-03", day=10, ChargeCategory="Credit", EffectiveCost="-500", BilledCost="-500"
    )
    write(
        tmp_path / "in", "2026-03", [*march, credit], submitted="2026-03-17T06:00:00Z",
        start="2026-03-01", end="2026-03-15",
    )  # fmt: skip
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "in")
    assert float(str(hub.forecast(horizon=1).to_dicts()[0]["EffectiveCost"])) == pytest.approx(25)
    ended = hub.month_end().to_dicts()[0]
    assert ended["ActualCost"] == Decimal(14 * 25 - 500)
    assert float(str(ended["EffectiveCost"])) == pytest.approx(31 * 25 - 500, rel=0.02)


def test_usage_below_zero_is_smoothed_without_logarithms(tmp_path: Path) -> None:
    """Usage of -10 every Sunday: the forecast goes below 0 there, and its Reason says how."""
    for month in ("2026-01", "2026-02"):
        rows = rows_of(month, lambda day: 0 if day.weekday() == 6 else 10)
        sundays = rows_of(
            month, lambda day: int(day.weekday() == 6), EffectiveCost="-10", BilledCost="-10"
        )
        write(tmp_path / "in", month, rows + sundays)
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "in")
    rows = hub.forecast(horizon=7).to_dicts()
    assert {row["Method"] for row in rows} == {"credits"}
    sunday = next(row for row in rows if row["ChargeDate"].weekday() == 6)  # type: ignore[attr-defined]
    assert sunday["EffectiveCost"] < 0  # type: ignore[operator]
    assert sunday["Low80"] < sunday["EffectiveCost"]  # type: ignore[operator]


@pytest.mark.parametrize("month", ["9999-12", "0000-01", "2026-13", "March"])
def test_months_that_are_none_are_refused(month: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a month"):
        hub_of(tmp_path, "2026-01").month_end(month=month)


def test_a_month_beyond_a_year_is_not_forecast(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="days after the data"):
        hub_of(tmp_path, "2026-01").month_end(month="2028-01")


def test_a_currency_that_its_scope_has_left_is_expected_to_cost_nothing_more(
    tmp_path: Path,
) -> None:
    write(tmp_path / "in", "2026-01", rows_of("2026-01", lambda _: 10))
    write(tmp_path / "in", "2026-02", rows_of("2026-02", lambda _: 10, BillingCurrency="EUR"))
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "in")
    result = hub.forecast(horizon=1)
    said = {row["BillingCurrency"]: row for row in result.to_dicts()}
    assert (said["USD"]["EffectiveCost"], said["USD"]["Reason"]) == (
        Decimal(0), "billed in EUR since 2026-02-01",
    )  # fmt: skip
    assert float(str(said["EUR"]["EffectiveCost"])) == pytest.approx(25)
    assert any("never converted" in note for note in result.notes)


WRONG = [
    ({"by": ["ChargeDate"]}, "cannot be grouped by"),
    ({"by": ["x_ModelId", "x_ModelId"]}, "cannot be grouped by"),
    ({"by": ["Teem"]}, "no dimension 'Teem'"),
    ({"horizon": 0}, "horizon of 0"),
    ({"currency": "CHF"}, "no AI charges in CHF"),
]


@pytest.mark.parametrize(("options", "word"), WRONG)
def test_wrong_options_are_refused(options: dict[str, Any], word: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=word):
        hub_of(tmp_path, "2026-01").forecast(**options)


PLANS = [
    ("a.toml", "[[price_change]]\nstart = 2026-03-05\n", "Factor '' is no number"),
    ("a.toml", "[[planned]]\nstart = 2026-03-05\nend = 2026-03-01\nreason='x'", "before Start"),
    ("a.toml", "[[planned]]\nstart = 2026-03-05\nreason='x'", "End is missing"),
    ("a.toml", "[[planed]]\nstart = 2026-03-05\n", "none of the tables"),
    ("a.toml", "[[planned]]\nbegin = 2026-03-05\n", "a column 'begin'"),
    ("a.csv", "Kind,Start,End,Reason\nbatch,2026-03-01,2026-03-02,x\n", "neither"),
    ("a.csv", "Kind,Start\nplanned,5 March\n", "not YYYY-MM-DD"),
]


@pytest.mark.parametrize(("name", "text", "word"), PLANS)
def test_plans_that_cannot_be_read_refuse_the_file(
    name: str, text: str, word: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=word):
        hub_of(tmp_path, "2026-01").forecast(plans=tmp_path / name)


def test_a_month_that_is_over_has_no_end_to_come(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="2026-01 is over"):
        hub_of(tmp_path, "2026-01", "2026-02").month_end(month="2026-01")


def test_one_budget_for_several_groups_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="One budget"):
        hub_of(tmp_path, "2026-01").month_end(["x_ModelId"], budget="5")


@pytest.mark.slow
@needs_northwind
def test_the_interval_of_northwind_s_month_to_come_holds_what_it_was(tmp_path: Path) -> None:
    """From 12 September; EUR is steady and within 12 %, USD has an agent that comes in bursts."""
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(NORTHWIND / "exports")
    actual = {
        row["BillingCurrency"]: row["EffectiveCost"]
        for row in hub.matrix(["BillingMonth"], start="2026-09", end="2026-10").to_dicts()
    }
    for row in hub.month_end(until="2026-09-12").to_dicts():
        cost = actual[row["BillingCurrency"]]
        assert row["Low95"] <= cost <= row["High95"]  # type: ignore[operator]
        if row["BillingCurrency"] == "EUR":
            assert abs(row["EffectiveCost"] / cost - 1) < Decimal("0.12")  # type: ignore[operator]
