"""Forecasts of daily cost and tokens: a panel of series in, days ahead with intervals out.

`panel` makes series of long rows; `forecast`, `month_end_of`, `accrual` and `backtest` read them.
numpy is loaded when one of these names is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pertoken.forecast.accruals import Accrual, accrual, completeness
    from pertoken.forecast.backtesting import backtest
    from pertoken.forecast.drivers import PriceChange, at_last_price, with_changes
    from pertoken.forecast.forecasting import Forecast, forecast
    from pertoken.forecast.month import MonthEnd, month_end_of
    from pertoken.forecast.series import Panel, one_currency, panel

__all__ = [
    "Accrual",
    "Forecast",
    "MonthEnd",
    "Panel",
    "PriceChange",
    "accrual",
    "at_last_price",
    "backtest",
    "completeness",
    "forecast",
    "month_end_of",
    "one_currency",
    "panel",
    "with_changes",
]
_ROOMS = {
    "Accrual": "accruals", "accrual": "accruals", "completeness": "accruals",
    "backtest": "backtesting", "PriceChange": "drivers", "at_last_price": "drivers",
    "with_changes": "drivers", "one_currency": "series",
    "Forecast": "forecasting", "forecast": "forecasting", "MonthEnd": "month",
    "month_end_of": "month", "Panel": "series", "panel": "series",
}  # fmt: skip


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the names above
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
