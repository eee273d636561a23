"""An accrual is what is booked, what is late, and how sure that is."""

from __future__ import annotations

from datetime import date

import pytest

from pertoken.errors import ConfigError
from pertoken.forecast import accrual, completeness

MONTH = [date(2026, 8, day) for day in range(1, 32)]
AS_OF = date(2026, 9, 1)


def observed(age: int, shares: list[float]) -> list[dict[str, float]]:
    return [{"Age": age, "Observed": share * 100, "Final": 100} for share in shares]


def test_late_data_completes_the_days_by_their_age() -> None:
    """The last day is 80 % there, as last days have been: 10 becomes 12.5."""
    complete = completeness(observed(0, [0.8] * 200))
    actual = dict.fromkeys(MONTH, 10.0)
    said = accrual(("CC-1", "USD"), actual, MONTH, AS_OF, complete=complete, forecast={})
    assert said.actual == pytest.approx(310)
    assert said.late == pytest.approx(2.5, abs=0.05)
    assert said.estimate == pytest.approx(said.actual + said.late)
    assert said.low[95] < said.low[80] < said.estimate < said.high[80] < said.high[95]


def test_a_day_that_is_not_there_takes_its_forecast() -> None:
    actual = dict.fromkeys(MONTH[:-1], 10.0)
    said = accrual(
        ("CC-1", "USD"), actual, MONTH, AS_OF,
        complete=completeness([]), forecast={MONTH[-1]: (12.0, 2.0)}, final=315.0,
    )  # fmt: skip
    assert (said.missing_days, said.late) == (1, pytest.approx(12.0))
    assert said.true_up == pytest.approx(3.0)


def test_a_day_without_cost_and_without_forecast_is_refused() -> None:
    with pytest.raises(ConfigError, match="2026-08-31"):
        accrual(("CC-1",), dict.fromkeys(MONTH[:-1], 1.0), MONTH, AS_OF, complete={}, forecast={})


def test_without_former_deliveries_days_count_as_complete_with_a_guess_of_the_spread() -> None:
    assert completeness([]) == dict.fromkeys(range(11), (1.0, 0.03))
