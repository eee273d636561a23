"""Provisioned capacity: how much of it was used, what idled, and which size would do.

Utilisation is the mean of the hours' own utilisation, as the provider measures it. Idle cost is the
cost of each day times one less the mean utilisation of that day. What an hour needs is its
utilisation times the units deployed; an hour at 100 % may have wanted more, which nobody measured.

Source: docs/variance.md, "Provisioned capacity"; Microsoft Learn, "Provisioned throughput" (the
metric Provisioned-managed Utilization V2).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

HOURS_OF_A_DAY = 24
LOW, HIGH = Decimal("0.95"), Decimal("0.99")
"""The share of hours that the smaller and the larger advised size would have served."""
_WHOLE, _ZERO = Decimal(1), Decimal(0)
_SCALE = Decimal("1e-18")


@dataclass(frozen=True, slots=True)
class UsedHour:
    """One hour of a deployment: utilisation (1 is the whole; NULL unknown) and its tokens.

    `unsplit` are input tokens of which it is not known how many were read from the cache.
    """

    hour: datetime
    utilisation: Decimal | None
    uncached: int
    read: int
    write: int
    output: int
    unsplit: int = 0

    @property
    def tokens(self) -> int:
        """All tokens of the hour."""
        return self.uncached + self.read + self.write + self.output + self.unsplit

    @property
    def at_limit(self) -> bool:
        """Whether the hour used all there was, so that calls may have spilled or waited."""
        return self.utilisation is not None and self.utilisation >= _WHOLE


@dataclass(frozen=True, slots=True)
class Size:
    """Units that 95 and 99 % of the hours needed, and the hours that would have spilled at them.

    `hours_at_limit` stood at 100 %: what they wanted beyond is not known, so that with more than
    1 % of them `high` is the least that would do.
    """

    low: int
    high: int
    spilled_at_low: int
    spilled_at_high: int
    hours_at_limit: int


def utilisation(hours: Sequence[UsedHour]) -> Decimal | None:
    """The mean of the hours that state one; NULL where none does."""
    known = [each.utilisation for each in hours if each.utilisation is not None]
    return (sum(known, _ZERO) / len(known)).quantize(Decimal("1e-12")) if known else None


def idle_cost(
    costs: Mapping[date, Decimal], hours: Sequence[UsedHour]
) -> tuple[Decimal | None, int]:
    """What was paid and not used, and the days of which nothing is known (not in the sum).

    Takes:   the cost of each day, and the hours of those days.
    Gives:   NULL where no day has a known utilisation.
    """
    by_day: dict[date, list[UsedHour]] = defaultdict(list)
    for each in hours:
        by_day[each.hour.date()].append(each)
    idle, unknown, known = _ZERO, 0, False
    for day, cost in costs.items():
        stated = [each.utilisation for each in by_day[day] if each.utilisation is not None]
        if not stated:
            unknown += 1
            continue
        known = True
        idle += (cost * (1 - sum(stated, _ZERO) / len(stated))).quantize(_SCALE)
    return (idle if known else None), unknown


def advised_size(units: Mapping[date, Decimal], hours: Sequence[UsedHour]) -> Size | None:
    """The sizes that the hours needed; NULL where no hour has a known utilisation.

    Takes:   the units deployed on each day, and the hours of those days.
    """
    needs = sorted(
        (each.utilisation * units[each.hour.date()], each.at_limit)
        for each in hours
        if each.utilisation is not None and each.hour.date() in units
    )
    if not needs:
        return None
    low, high = (
        int(needs[_rank(share, len(needs))][0].to_integral_value(ROUND_CEILING))
        for share in (LOW, HIGH)
    )
    return Size(
        low, high, _spilled(needs, low), _spilled(needs, high),
        sum(1 for _, at_limit in needs if at_limit),
    )  # fmt: skip


def _spilled(needs: Sequence[tuple[Decimal, bool]], size: int) -> int:
    """Hours that wanted more than a size, or as much and stood at their limit."""
    return sum(1 for need, at_limit in needs if need > size or (at_limit and need >= size))


def break_even(used: Decimal | None, cost: Decimal, payg: Decimal | None) -> Decimal | None:
    """The utilisation at which capacity costs what its tokens would by the token.

    >>> break_even(Decimal("0.5"), Decimal(100), Decimal(80))
    Decimal('0.625000000000')
    """
    if used is None or not payg:
        return None
    return (used * cost / payg).quantize(Decimal("1e-12"))


def _rank(share: Decimal, count: int) -> int:
    """The place of a quantile, nearest rank."""
    return int((share * count).to_integral_value(ROUND_CEILING)) - 1
