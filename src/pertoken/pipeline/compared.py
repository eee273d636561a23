"""Two periods to compare, each cut to the days that are settled on both sides.

A month whose run covers its every day and came after its end is settled as a whole. Of another
month the days are settled that its run covers and that ended two days before it was submitted, for
usage arrives late. Where one side is not settled as a whole, both are cut to as many days.

Source: docs/variance.md, "Settled days".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pertoken.errors import ConfigError
from pertoken.periods import month_end, month_of, month_start
from pertoken.pipeline.periods import closes_month
from pertoken.pipeline.standing import standing_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pertoken.hub import LedgerRun

LATE = timedelta(days=2)
"""How long after a day its usage still arrives in an export."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` to before `end`; `month` where the charges of a BillingMonth are meant."""

    start: date
    end: date
    month: str | None = None

    @property
    def is_month(self) -> bool:
        """Whether it is a whole BillingMonth."""
        return self.month is not None and self.end >= month_end(self.month)

    @property
    def words(self) -> str:
        """A month, or its days where it is cut.

        >>> Period(date(2026, 5, 1), date(2026, 6, 1), "2026-05").words
        '2026-05'
        """
        if self.month is not None and self.is_month:
            return self.month
        last = self.end - timedelta(days=1)
        return f"{self.start} to {last}" if last != self.start else f"{self.start}"


def compared_months(
    runs: Iterable[LedgerRun], before: str, after: str
) -> tuple[Period, Period, tuple[str, ...]]:
    """The settled days of two months, and what a person should know of them.

    Raises: ConfigError for the same month twice, a month without charges, or no settled day.
    """
    if before == after:
        raise ConfigError(
            f"The month {before} is to be compared with itself.",
            "Expected two months, the earlier one first.",
            "Give another month.",
        )
    settled = settled_days(runs)
    sides = [_month_days(settled, month) for month in (before, after)]
    whole = [
        end >= month_end(month) for (_, end), month in zip(sides, (before, after), strict=True)
    ]
    notes = list(_missing_scopes(settled, before, after))
    if all(whole):
        days = None
    else:
        days = min((end - start).days for start, end in sides)
        notes.append(
            f"{' and '.join(m for m, w in zip((before, after), whole, strict=True) if not w)}: "
            f"not complete; the first {days} days of both months are compared."
        )
    periods = [
        Period(start, end if days is None else start + timedelta(days=days), month)
        for (start, end), month in zip(sides, (before, after), strict=True)
    ]
    return periods[0], periods[1], tuple(notes)


def compared_days(
    runs: Iterable[LedgerRun],
    after: tuple[date | None, date | None],
    before: tuple[date | None, date | None],
) -> tuple[Period, Period, tuple[str, ...]]:
    """The settled days of two ranges; without the earlier one, as many days right before.

    Raises: ConfigError for a range without a bound or a settled day, or two that overlap.
    """
    start, end = _range(after, "later")
    if before == (None, None):
        earlier = (start - (end - start), start)
    else:
        earlier = _range(before, "earlier")
    if earlier[0] < end and start < earlier[1]:
        raise ConfigError(
            f"The periods {earlier[0]} to {earlier[1]} and {start} to {end} share days.",
            "Expected two periods without a common day; the second day of each is exclusive.",
            "Move one of them.",
        )
    settled, notes, cut = settled_days(runs), [], []
    for first, last in (earlier, (start, end)):
        until = _settled_until(settled, first, last)
        if until <= first:
            raise _no_settled_day(f"{first} to {last}", settled)
        if until < last:
            notes.append(f"{first} to {last}: settled through {until - timedelta(days=1)} only.")
        cut.append((first, until))
    if notes:
        days = min((last - first).days for first, last in cut)
        cut = [(first, first + timedelta(days=days)) for first, _ in cut]
    return Period(*cut[0]), Period(*cut[1]), tuple(notes)


def settled_days(runs: Iterable[LedgerRun]) -> dict[tuple[str, str], date]:
    """Before which day each scope and month is settled."""
    settled = {}
    for (scope, month), standing in standing_runs(list(runs)).items():
        ends = []
        for run in standing:
            end = min(run.end, month_end(month))
            if not closes_month(run) and run.submitted_time is not None:
                end = min(end, run.submitted_time.date() - LATE)
            ends.append(end)
        settled[scope, month] = min(ends)
    return settled


def _month_days(settled: Mapping[tuple[str, str], date], month: str) -> tuple[date, date]:
    ends = [end for (_, held), end in settled.items() if held == month]
    if not ends:
        raise _no_settled_day(month, settled)
    until = min(ends)
    if until <= month_start(month):
        raise ConfigError(
            f"No day of {month} is settled yet.",
            "Expected days whose usage has arrived: two days after they ended.",
            "Ingest a later export of the month, or compare another one.",
        )
    return month_start(month), until


def _settled_until(settled: Mapping[tuple[str, str], date], first: date, last: date) -> date:
    """Before which day a range is settled: the first month that is not whole ends it."""
    month = month_of(first)
    until = first
    while until < last:
        ends = [end for (_, held), end in settled.items() if held == month]
        if not ends:
            return until
        until = min(*ends, last)
        if until < min(month_end(month), last):
            return until
        month = month_of(month_end(month))
    return until


def _missing_scopes(
    settled: Mapping[tuple[str, str], date], before: str, after: str
) -> Iterable[str]:
    scopes = [{scope for scope, month in settled if month == each} for each in (before, after)]
    for scope in sorted(scopes[0] ^ scopes[1]):
        name = scope.rsplit("/", 1)[-1]
        held = before if scope in scopes[0] else after
        yield f"The scope {name} has charges in {held} only; they are in the difference."


def _range(days: tuple[date | None, date | None], side: str) -> tuple[date, date]:
    start, end = days
    if start is None or end is None:
        raise ConfigError(
            f"The {side} period has no {'first' if start is None else 'last'} day.",
            "Expected its first day and the day after its last, or two months.",
            "Give both.",
        )
    if start >= end:
        raise ConfigError(
            f"The {side} period from {start} to {end} holds no day.",
            "Expected its first day before its second, which is exclusive.",
            "Swap or widen the dates.",
        )
    return start, end


def _no_settled_day(words: str, settled: Mapping[tuple[str, str], date]) -> ConfigError:
    months = sorted({month for _, month in settled})
    held = f"{months[0]} to {months[-1]}" if months else "no month"
    return ConfigError(
        f"The hub has no charges of {words}.",
        f"Expected days of the months that were ingested: {held}.",
        "Give another period, or ingest its exports.",
    )
