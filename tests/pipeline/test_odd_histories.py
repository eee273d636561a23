"""Odd histories: what `forecast`, `anomalies` and `variance` answer to each, and why.

A series of one point, all zeros, negative credits, a gap, and another currency since a day: none
raises a cost alarm, none makes an unknown 0, and each command says why its answer is what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from builders import charge, write_export

import pertoken
from pertoken.errors import ConfigError
from pertoken.periods import month_end, month_start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pertoken.api import Hub

BEFORE, AFTER = "2026-01", "2026-02"
SWITCH = date(2026, 2, 10)
GAP = (date(2026, 1, 20), date(2026, 2, 5))
DAY = Decimal(25)
"""10 million tokens at 2.50."""


def days_of(month: str, tokens: Callable[[date], int], **more: str) -> list[dict[str, str | None]]:
    """A charge for each day of a month on which tokens, in millions, are not 0."""
    return [
        charge(month=month, day=day, tokens=count * 1_000_000, **more)
        for day in range(1, (month_end(month) - month_start(month)).days + 1)
        if (count := tokens(month_start(month).replace(day=day)))
    ]


def below_zero(text: str) -> dict[str, str]:
    return {"EffectiveCost": text, "BilledCost": text}


def one_point(folder: Path) -> None:
    rows = [charge(month=AFTER, tokens=10_000_000)]
    write_export(folder, rows, month=AFTER, end="2026-02-01", submitted="2026-03-01T06:00:00Z")


def months(make: Callable[[str], list[dict[str, str | None]]]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        for month in (BEFORE, AFTER):
            submitted = f"{month_end(month)}T06:00:00Z"
            write_export(folder / month, make(month), month=month, submitted=submitted)

    return write


def zeros(month: str) -> list[dict[str, str | None]]:
    return days_of(month, lambda _: 10, price="0")


def credits_of(month: str) -> list[dict[str, str | None]]:
    """Usage of -10 every Sunday, 25 on other days, and a credit of 50 on 10 February."""
    rows = days_of(month, lambda day: 10 * (day.weekday() != 6))
    rows += days_of(month, lambda day: int(day.weekday() == 6), **below_zero("-10"))
    if month == AFTER:
        rows.append(charge(month=month, day=10, ChargeCategory="Credit", **below_zero("-50")))
    return rows


def gap(month: str) -> list[dict[str, str | None]]:
    return days_of(month, lambda day: 0 if GAP[0] <= day <= GAP[1] else 10)


def other_currency(month: str) -> list[dict[str, str | None]]:
    rows = days_of(month, lambda day: 10 * (day < SWITCH))
    return rows + days_of(month, lambda day: 10 * (day >= SWITCH), BillingCurrency="EUR")


@dataclass(frozen=True)
class Case:
    """What is written, and the answers: `days` are the first day ahead by currency, with Method,
    a word of Reason and whether there is an interval; `effects` are sums by currency and driver.
    """

    write: Callable[[Path], None]
    days: dict[str, tuple[Decimal, str, str, bool]]
    effects: dict[tuple[str, str], Decimal] | str
    said: str = ""


CASES = {
    "one point": Case(
        one_point, {"USD": (DAY, "too short", "under 14 days: the mean, no interval", False)},
        "The hub has no charges of 2026-01.",
    ),
    "all zeros": Case(
        months(zeros), {"USD": (Decimal(0), "dead", "no value in the last four weeks", True)},
        {}, "every cell cost the same",
    ),
    "negative credits": Case(
        # the first day ahead is a Sunday
        months(credits_of), {"USD": (Decimal(-10), "credits", "negative days", True)},
        {("USD", "usage"): Decimal(510 - 635 + 50), ("USD", "OtherCharges"): Decimal(-50)},
    ),
    "a gap": Case(
        months(gap), {"USD": (DAY, "ensemble", "five methods", True)},
        {("USD", "usage"): 23 * DAY - 19 * DAY},
    ),
    "another currency": Case(
        months(other_currency),
        {"USD": (Decimal(0), "dead", f"billed in EUR since {SWITCH}", True),
         "EUR": (DAY, "short", "under four weeks", True)},
        {("USD", "usage"): 9 * DAY - 31 * DAY, ("EUR", "New"): 19 * DAY},
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=list(CASES))
def odd(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Case, Hub]:
    folder = tmp_path_factory.mktemp("odd")
    case = CASES[request.param]
    case.write(folder / "in")
    hub = pertoken.open(folder / "hub")
    hub.ingest(folder / "in")
    return request.param, case, hub


def test_the_forecast_says_what_it_expects_how_and_why(odd: tuple[str, Case, Hub]) -> None:
    _, case, hub = odd
    rows = hub.forecast(horizon=1).to_dicts()
    assert {row["BillingCurrency"] for row in rows} == set(case.days)
    for row in rows:
        expected, method, word, sure = case.days[str(row["BillingCurrency"])]
        assert float(str(row["EffectiveCost"])) == pytest.approx(float(expected), abs=0.01)
        assert (row["Method"], word in str(row["Reason"])) == (method, True)
        assert (row["Low80"] is not None, row["High95"] is not None) == (sure, sure)


def test_a_backtest_without_figures_says_why(odd: tuple[str, Case, Hub]) -> None:
    for row in odd[2].backtest().to_dicts():
        assert (row["MASE"] is None) == (row["Reason"] is not None)


def test_no_cost_is_alarmed_and_what_is_missing_is_told(odd: tuple[str, Case, Hub]) -> None:
    name, _, hub = odd
    found = hub.anomalies().to_dicts()
    assert {row["Kind"] for row in found} == ({"missing data"} if name == "a gap" else set())
    for row in found:
        assert GAP[0] <= row["Start"] <= row["End"] <= GAP[1]
        assert "No row of any kind" in str(row["Explanation"])


def test_the_variance_adds_to_the_difference_of_each_currency(odd: tuple[str, Case, Hub]) -> None:
    """Effects of usage together, those of other kinds each; what cannot be compared is said."""
    _, case, hub = odd
    if isinstance(case.effects, str):
        with pytest.raises(ConfigError, match=case.effects):
            hub.variance(BEFORE, AFTER)
        return
    result = hub.variance(BEFORE, AFTER)
    assert case.said in " ".join(result.notes)
    sums: dict[tuple[str, str], Any] = {}
    for row in result.to_dicts():
        driver = str(row["Driver"])
        kind = driver if driver in ("OtherCharges", "New", "Retired") else "usage"
        key = (str(row["BillingCurrency"]), kind)
        sums[key] = sums.get(key, Decimal(0)) + row["Effect"]
        assert row["Explanation"]
    assert sums == case.effects
