"""Daily series: a key, days and values; long rows in, one matrix for all out.

A day without a row is missing (NaN) before a series' first row and where the whole table has no
row for it, else 0: a group that cost nothing that day has no row. Unsettled days at the end are
cut, never read as low.

Source: docs/forecast-and-anomalies.md, "Series".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from pertoken.errors import ConfigError, MixedCurrency, alternatives

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pertoken.forecast.weekly import Matrix

CURRENCY = "BillingCurrency"


@dataclass(frozen=True, slots=True)
class Panel:
    """Series of the same days: `values` (series, days) with NaN for a missing day."""

    by: tuple[str, ...]
    keys: tuple[tuple[Any, ...], ...]
    days: tuple[date, ...]
    values: Matrix

    @property
    def total(self) -> Matrix:
        """The sum of all series, NaN where no series has a value."""
        none = np.isnan(self.values).all(axis=0)
        return np.where(none, np.nan, np.nansum(self.values, axis=0))


def panel(
    columns: Mapping[str, Sequence[Any]],
    by: Sequence[str] = (),
    *,
    value: str = "EffectiveCost",
    through: date | None = None,
    missing: Sequence[date] = (),
) -> Panel:
    """The series of a long table.

    Takes:   columns of equal length with ChargeDate, `value` (None counts as nothing) and `by`;
             `through`, the last settled day; `missing`, days known to be absent or in part.
    Gives:   one series per distinct `by`, in the order of their text; at most one currency.
    Raises:  ConfigError for an absent column; MixedCurrency when costs of several currencies
             would be added because BillingCurrency is not in `by`.
    """
    for name in ("ChargeDate", value, *by):
        if name not in columns:
            raise ConfigError(
                f"The table has no column '{name}'.",
                f"Expected ChargeDate, {value} and the columns to group by.",
                f"Nearest names: {alternatives(name, columns)}.",
            )
    _check_currency(columns, by, value)
    dates = columns["ChargeDate"]
    used = [place for place, day in enumerate(dates) if through is None or day <= through]
    if not used:
        return Panel(tuple(by), (), (), np.zeros((0, 0)))
    start = min(dates[place] for place in used)
    end = through or max(dates[place] for place in used)
    length = (end - start).days + 1
    parts = [columns[name] for name in by]
    keys = [tuple(part[place] for part in parts) for place in used]
    order = sorted(set(keys), key=lambda key: tuple(str(each) for each in key))
    row = {key: number for number, key in enumerate(order)}
    values = np.zeros((len(order), length))
    first = np.full(len(order), length)
    told = np.zeros(length, dtype=bool)
    for key, place in zip(keys, used, strict=True):
        day = (dates[place] - start).days
        number = columns[value][place]
        values[row[key], day] += 0.0 if number is None else float(number)
        first[row[key]] = min(first[row[key]], day)
        told[day] = True
    values[np.arange(length)[None, :] < first[:, None]] = np.nan
    values[:, ~told] = np.nan
    days = tuple(start + timedelta(days=number) for number in range(length))
    values[:, [day in set(missing) for day in days]] = np.nan
    return Panel(tuple(by), tuple(order), days, values)


def one_currency(columns: Mapping[str, Sequence[Any]], currency: str) -> dict[str, Sequence[Any]]:
    """The rows of one BillingCurrency: every forecast is of one, none converts."""
    kept = [place for place, each in enumerate(columns[CURRENCY]) if each == currency]
    return {name: [values[place] for place in kept] for name, values in columns.items()}


def check_one_currency(history: Panel) -> None:
    """Raises MixedCurrency when the series of a panel are in several currencies."""
    if CURRENCY in history.by:
        place = history.by.index(CURRENCY)
        _refuse_several({str(key[place]) for key in history.keys})


def _check_currency(columns: Mapping[str, Sequence[Any]], by: Sequence[str], value: str) -> None:
    if CURRENCY in columns and CURRENCY not in by and value.endswith("Cost"):
        _refuse_several({str(each) for each in columns[CURRENCY]})


def _refuse_several(found: set[str]) -> None:
    if len(found) > 1:
        raise MixedCurrency(
            f"The costs are in {len(found)} currencies: {', '.join(sorted(found))}.",
            "Expected one, as costs of several cannot be added.",
            "Choose one currency with one_currency(columns, currency).",
        )
