"""Money of one currency in another: the rate of a month, the conversion, and the FX effect.

A rate is kept as a fraction of two stated rates, so that 1 / 1.0856 is never cut: a cost is
multiplied first, divided once and rounded to 18 digits after the point at the end. A month without
a rate has none: the answer is None, never 1.

Which rate a month has, in this order: one stated for the month (average, closing); else the mean
of its daily rates, or the last of them where it lies within the month's last five days (a central
bank states none on weekends and holidays). From one currency to another: as stated; else its
inverse; else through one third currency of the same source. Of files that state different rates
for one day the one written last counts.

Source: docs/decisions/0006-price-filling.md, "Currencies".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import reduce
from typing import TYPE_CHECKING

from pertoken.periods import month_end, month_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from pertoken.prices.rates import Rate

_EXACT = Context(prec=120, rounding=ROUND_HALF_EVEN)
_COST_SCALE, _RATE_SCALE = Decimal("1e-18"), Decimal("1e-12")
_LAST_DAYS = timedelta(days=5)
_ONE = Decimal(1)
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class MonthRate:
    """What one unit of a currency is in another for a month: numerator / denominator.

    `kind` is average or closing; `source` is the file that states it, with its daily rates counted
    where the rate of the month is made from them.
    """

    numerator: Decimal
    denominator: Decimal
    kind: str
    source: str

    @property
    def rate(self) -> Decimal:
        """The rate to 12 digits after the point, for people; conversion uses the fraction."""
        return _EXACT.quantize(_EXACT.divide(self.numerator, self.denominator), _RATE_SCALE)


class RateTable:
    """The rates of a hub, and the rate of any month between any two currencies."""

    def __init__(self, rates: Iterable[tuple[Rate, str]] = ()) -> None:
        """Take rates with the source of each; of equal day, pair and kind the last one counts."""
        stated: dict[tuple[str, str, str], dict[Pair, dict[date, Decimal]]] = {}
        for rate, source in rates:
            month = stated.setdefault((source, month_of(rate.day), rate.kind), {})
            pair = (rate.from_currency, rate.to_currency)
            month.setdefault(pair, {})[rate.day] = rate.rate
        self._stated = stated
        self._sources = list(dict.fromkeys(source for source, *_ in stated))[::-1]

    def month_rate(
        self, from_currency: str, to_currency: str, month: str, kind: str = "average"
    ) -> MonthRate | None:
        """The rate of a month; None where no source states one.

        >>> RateTable().month_rate("USD", "USD", "2026-08").rate
        Decimal('1.000000000000')
        """
        if from_currency == to_currency:
            return MonthRate(_ONE, _ONE, kind, "same currency")
        for stated_for_month in (True, False):
            for source in self._sources:
                pairs = self._month(source, month, kind, stated_for_month=stated_for_month)
                fraction = _fraction(pairs, from_currency, to_currency)
                if fraction is not None:
                    numerator, denominator, days = fraction
                    label = source if stated_for_month else f"{source}, {days} daily rates"
                    return MonthRate(numerator, denominator, kind, label)
        return None

    def _month(
        self, source: str, month: str, kind: str, *, stated_for_month: bool
    ) -> dict[Pair, tuple[Decimal, int]]:
        """The rate of each pair in a month, and how many daily rates it is made of."""
        wanted = kind if stated_for_month else "daily"
        pairs: dict[Pair, tuple[Decimal, int]] = {}
        for pair, by_day in self._stated.get((source, month, wanted), {}).items():
            last = max(by_day)
            if stated_for_month:
                pairs[pair] = (by_day[last], 1)
            elif kind == "average":
                total = reduce(_EXACT.add, by_day.values(), Decimal(0))
                pairs[pair] = (_EXACT.divide(total, Decimal(len(by_day))), len(by_day))
            elif last >= month_end(month) - _LAST_DAYS:
                pairs[pair] = (by_day[last], 1)
        return pairs


def converted(cost: Decimal | None, rate: MonthRate | None) -> Decimal | None:
    """A cost in the reporting currency, rounded once to 18 digits; None where either is unknown."""
    if cost is None or rate is None:
        return None
    product = _EXACT.multiply(cost, rate.numerator)
    return _EXACT.quantize(_EXACT.divide(product, rate.denominator), _COST_SCALE)


def fx_effect(cost: Decimal, before: MonthRate, after: MonthRate) -> Decimal:
    """The part of a change that exchange rates make: a cost at its own rate less at the old one.

    A comparison of two months in a reporting currency is the change at the old rate plus this; the
    two sum exactly to the difference of the converted costs.

    >>> half, third = (MonthRate(Decimal(1), Decimal(n), "average", "") for n in (2, 4))
    >>> fx_effect(Decimal(100), half, third)
    Decimal('-25.000000000000000000')
    """
    now, then = converted(cost, after), converted(cost, before)
    if now is None or then is None:
        raise ValueError("a cost and two rates are needed")
    return _EXACT.subtract(now, then)


def _fraction(
    pairs: dict[Pair, tuple[Decimal, int]], from_currency: str, to_currency: str
) -> tuple[Decimal, Decimal, int] | None:
    """Numerator, denominator and daily rates: as stated, inverse, or through a third currency."""
    direct = _step(pairs, from_currency, to_currency)
    if direct is not None:
        return direct
    thirds = sorted({code for pair in pairs for code in pair})
    for third in thirds:
        first, second = _step(pairs, from_currency, third), _step(pairs, third, to_currency)
        if first is not None and second is not None:
            return (
                _EXACT.multiply(first[0], second[0]),
                _EXACT.multiply(first[1], second[1]),
                min(first[2], second[2]),
            )
    return None


def _step(
    pairs: dict[Pair, tuple[Decimal, int]], from_currency: str, to_currency: str
) -> tuple[Decimal, Decimal, int] | None:
    if (from_currency, to_currency) in pairs:
        rate, days = pairs[from_currency, to_currency]
        return rate, _ONE, days
    if (to_currency, from_currency) in pairs:
        rate, days = pairs[to_currency, from_currency]
        return _ONE, rate, days
    return None
