"""Volume and price apart: tokens are forecast, prices are known.

The history of a cell is restated at its last price, so that a price change of the past is no trend
of the future; the days ahead take the last price and the changes that are known to come. A cell
without tokens is its own cost.

Source: docs/forecast-and-anomalies.md, "Volume and price".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pertoken.forecast.forecasting import Forecast

PRICE_DAYS = 7
_MOST = 100.0
"""A price that moved by more than this factor is another meter, not another price."""


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A change known to come: from `start` (inclusive) prices of the cells are times `factor`."""

    start: date
    factor: float
    cell: Mapping[str, Any] = field(default_factory=dict)


def at_last_price(
    columns: Mapping[str, Sequence[Any]],
    *,
    meter: str = "SkuMeter",
    through: date | None = None,
) -> dict[str, Sequence[Any]]:
    """The table with every cost restated at the last known price of its meter and currency.

    Takes:   ChargeDate, EffectiveCost, x_TokenQuantity and `meter`; `through`, the last day whose
             prices count.
    Gives:   the same columns; EffectiveCost is tokens x last price where both are known.
    """
    last = _last_prices(columns, meter, through)
    costs = []
    for place, cost in enumerate(columns["EffectiveCost"]):
        tokens = columns["x_TokenQuantity"][place]
        price = last.get(_key(columns, meter, place))
        amount = None if cost is None else float(cost)
        if tokens is not None and price is not None and float(tokens) > 0 and amount:
            restated = float(tokens) * price
            if 1 / _MOST < restated / abs(amount) < _MOST:
                amount = restated if amount > 0 else amount
        costs.append(amount)
    return {**columns, "EffectiveCost": costs}


def with_changes(ahead: Forecast, changes: Sequence[PriceChange]) -> Forecast:
    """A forecast at last prices, with the price changes that are known to come.

    Takes:   a forecast whose `by` holds the columns that the changes name.
    Keeps:   the parts of each day add to the total.
    """
    factors = np.ones_like(ahead.values)
    for change in changes:
        begun = np.array([day >= change.start for day in ahead.days])
        for place, key in enumerate(ahead.keys):
            cell = dict(zip(ahead.by, key, strict=True))
            if all(cell.get(name) == value for name, value in change.cell.items()):
                factors[place, begun] *= change.factor
    values = ahead.values * factors
    values[-1] = values[:-1].sum(axis=0)
    before = ahead.values[-1]
    factors[-1] = np.where(before != 0, values[-1] / np.where(before != 0, before, 1.0), 1.0)
    return replace(
        ahead,
        values=values,
        low={level: bound * factors for level, bound in ahead.low.items()},
        high={level: bound * factors for level, bound in ahead.high.items()},
    )


def _key(columns: Mapping[str, Sequence[Any]], meter: str, place: int) -> tuple[Any, ...]:
    names = [name for name in (meter, "BillingCurrency", "ResourceId") if name in columns]
    return tuple(columns[name][place] for name in names)


def _last_prices(
    columns: Mapping[str, Sequence[Any]], meter: str, through: date | None
) -> dict[tuple[Any, ...], float]:
    """The median unit price of the last seven priced days of each meter."""
    found: dict[tuple[Any, ...], list[tuple[date, float]]] = {}
    for place, day in enumerate(columns["ChargeDate"]):
        cost, tokens = columns["EffectiveCost"][place], columns["x_TokenQuantity"][place]
        if cost is None or tokens is None or (through is not None and day > through):
            continue
        if float(cost) > 0 and float(tokens) > 0:
            pair = (day, float(cost) / float(tokens))
            found.setdefault(_key(columns, meter, place), []).append(pair)
    return {key: _settled_price(sorted(pairs)) for key, pairs in found.items()}


def _settled_price(pairs: Sequence[tuple[date, float]]) -> float:
    """The last price that stands: a step inside the last days counts from its first day."""
    prices = np.array([price for _, price in pairs[-PRICE_DAYS:]])
    return float(np.median(prices[-3:]))
