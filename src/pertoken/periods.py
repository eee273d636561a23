"""Months and days: half-open, UTC, never read from the clock.

A BillingMonth is written YYYY-MM and means the billing period that starts on its first day.
`start` is inclusive and `end` exclusive everywhere except where a source says otherwise (the
endDate of an export manifest is an inclusive day, and is converted where it is read).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from pertoken.errors import ConfigError

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?"
    r"(Z|[+-]\d{2}:?\d{2})?",
)


def month_of(day: date) -> str:
    """The BillingMonth that holds a day.

    >>> month_of(date(2026, 9, 30))
    '2026-09'
    """
    return f"{day.year:04d}-{day.month:02d}"


def parse_month(text: str) -> str:
    """A BillingMonth from its text YYYY-MM; raises ConfigError on any other text."""
    if not _MONTH.fullmatch(text) or text[:4] in ("0000", "9999"):
        raise ConfigError(
            f"'{text}' is not a month.",
            "Expected YYYY-MM, such as 2026-08.",
            "Give the month in that form.",
        )
    return text


def parse_day(text: str) -> date:
    """A day from YYYY-MM-DD (or YYYY-MM, its first day); raises ConfigError otherwise."""
    try:
        return date.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
    except ValueError:
        raise ConfigError(
            f"'{text}' is not a day.",
            "Expected YYYY-MM-DD, such as 2026-08-31, or YYYY-MM for the first of a month.",
            "Give the day in that form.",
        ) from None


def month_start(month: str) -> date:
    """The first day of a BillingMonth.

    >>> month_start("2026-02")
    datetime.date(2026, 2, 1)
    """
    return date.fromisoformat(f"{month}-01")


def month_end(month: str) -> date:
    """The first day after a BillingMonth.

    >>> month_end("2026-12")
    datetime.date(2027, 1, 1)
    """
    return (month_start(month) + timedelta(days=32)).replace(day=1)


def months_before(month: str, count: int) -> str:
    """The billing month that lies `count` months before one.

    >>> months_before("2026-02", 3)
    '2025-11'
    """
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - count, 12)
    return f"{year:04}-{number + 1:02}"


def parse_timestamp(text: str) -> datetime:
    """An aware UTC time from the ISO forms that exports use; raises ValueError otherwise.

    Manifests write 6 or 7 fractional digits, `Z` or `+00:00`, and sometimes no zone (UTC).
    Digits past the microsecond are cut, as Python's datetime cannot hold them.

    >>> parse_timestamp("2026-02-01T06:27:00.2762451Z").isoformat()
    '2026-02-01T06:27:00.276245+00:00'
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a time: {text!r}")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    naive = datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        micro,
        tzinfo=UTC,
    )
    if zone in (None, "Z"):
        return naive
    sign = 1 if zone[0] == "+" else -1
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return naive - sign * offset
