"""How a native export writes its dates and numbers, decided by the file's own evidence.

03/04/2026 is the third of April or the fourth of March, and 1,234 is a thousand or one and a bit.
Neither is guessed. The order of day and month is the one in which every date of the file is a day
and the billing month is the run's; the decimal mark is the one that some number of the file proves.
Where both readings stand and differ, the run is refused.

Source: Microsoft Learn, cost and usage details (dates are MM/DD/YYYY or ISO by version);
Azure/azure-powershell issue 20185 (the order follows the locale of the export).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text
from pertoken.errors import SourceError
from pertoken.periods import month_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pertoken.engine import Engine

DATES = (
    "Date", "BillingPeriodStartDate", "BillingPeriodEndDate", "ServicePeriodStartDate",
    "ServicePeriodEndDate", "ExchangeRateDate",
)  # fmt: skip
NUMBERS = (
    "Cost", "Quantity", "EffectivePrice", "UnitPrice", "PayGPrice", "CostInPricingCurrency",
    "CostInUsd", "PaygCostInBillingCurrency", "PaygCostInUsd", "ExchangeRate",
)  # fmt: skip
ORDERS = ("month first", "day first")

_TIMES = (" %H:%M:%S", " %H:%M", " %I:%M:%S %p")
_NUMBERED = r"^\s*\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})(\s|$)"
_PARTS = re.compile(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})")
_BOTH_MARKS = r"^[+-]?\d{1,3}(,\d{3})+\.\d+$"
_POINT = r"^[+-]?\d*\.(\d{1,2}|\d{4,})$|^[+-]?(0?|\d{4,})\.\d+$|^[+-]?\d*\.\d+[eE]"
_COMMA = (
    r"^[+-]?\d{1,3}(\.\d{3})*,(\d{1,2}|\d{4,})$|^[+-]?\d{4,},\d+$|^[+-]?0?,\d+$"
    r"|^[+-]?\d{1,3}(\.\d{3})+,\d+$|^[+-]?\d*,\d+[eE]"
)


@dataclass(frozen=True, slots=True)
class Writing:
    """`date_formats` are those of the dates with the year last, as strptime names them."""

    date_formats: tuple[str, ...] = ()
    decimal_mark: str = "."


def native_writing(
    engine: Engine, relation: str, names: Mapping[str, str], month: str | None
) -> Writing:
    """How a source writes dates and numbers.

    Takes:   a relation of native rows; native column -> header; the month of the run, where known.
    Gives:   the one writing that fits every value.
    Raises:  SourceError where two writings fit and differ, or none does.
    """
    columns = engine.columns(relation)
    texts = [name for name in (*DATES, *NUMBERS) if columns.get(names.get(name, "")) == "VARCHAR"]
    dates = [name for name in texts if name in DATES]
    numbers = [name for name in texts if name in NUMBERS]
    items = [
        f"list(DISTINCT {quoted(names[name])}) FILTER "
        f"(WHERE regexp_matches({quoted(names[name])}, {quoted_text(_NUMBERED)}))"
        for name in dates
    ]
    commas = " OR ".join(f"contains({quoted(names[name])}, ',')" for name in numbers)
    items.append(f"bool_or({commas})" if numbers else "false")
    *found, has_comma = engine.rows(f"SELECT {', '.join(items)} FROM {quoted(relation)}")[0]
    values = dict(zip(dates, (each or () for each in found), strict=True))
    mark = _decimal_mark(engine, relation, [names[name] for name in numbers]) if has_comma else "."
    return Writing(_date_formats(values, date_order(values, month)), mark)


def date_order(values: Mapping[str, Iterable[str]], month: str | None) -> str | None:
    """In which order day and month stand.

    Takes:   native column -> its dates that are written in numbers with the year last.
    Gives:   one of ORDERS; None where there are no such dates.

    >>> date_order({"Date": ["06/05/2026"], "BillingPeriodEndDate": ["06/30/2026"]}, None)
    'month first'
    """
    if not any(values.values()):
        return None
    read = {order: _read(values, order) for order in ORDERS}
    fits = [order for order in ORDERS if _fits(read[order], month)]
    within = [order for order in fits if _is_within_period(read[order])]
    if len(fits) > 1 and len(within) == 1:
        return within[0]
    if len(fits) == 1 or (fits and read[fits[0]] == read[fits[1]]):
        return fits[0]
    shown = next(text for texts in values.values() for text in sorted(texts))
    found = "is a date in either order" if fits else "is no date of the month in either order"
    raise SourceError(
        f"Date '{shown}' {found} of day and month.",
        f"Expected dates of {month or 'one billing month'} in one order, shown by the file itself.",
        "Export with ISO dates, or hand the run over with its manifest.",
    )


def _date_formats(values: Mapping[str, Iterable[str]], order: str | None) -> tuple[str, ...]:
    """The formats of the dates that occur, two digits of year before four: few are quick to try."""
    pair = ("%m{0}%d{0}", "%d{0}%m{0}")[ORDERS.index(order or ORDERS[0])]
    formats = set()
    texts = {text.strip() for each in values.values() for text in each}
    for match in filter(None, map(_PARTS.match, texts)):
        year = "%y" if len(match.group(3)) < 4 else "%Y"  # noqa: PLR2004 - digits of a year
        day = pair.format(match.string[match.end(1)]) + year
        times = ("",) if match.end() == len(match.string) else _TIMES
        formats |= {day + time for time in times}
    return tuple(sorted(formats, key=lambda each: ("%Y" in each, each)))


def _read(values: Mapping[str, Iterable[str]], order: str) -> dict[str, set[date]] | None:
    """The dates of each column in an order; None where one is no date."""
    read: dict[str, set[date]] = {}
    for column, texts in values.items():
        for text in texts:
            match = _PARTS.match(text)
            first, second, year = (int(part) for part in match.groups()) if match else (0, 0, 0)
            year += 2000 if year < 100 else 0  # noqa: PLR2004 - a year of two digits
            days = (year, first, second) if order == ORDERS[0] else (year, second, first)
            try:
                read.setdefault(column, set()).add(date(*days))
            except ValueError:
                return None
    return read


def _fits(read: Mapping[str, set[date]] | None, month: str | None) -> bool:
    """Whether all are dates, and of the month where it is known."""
    if read is None:
        return False
    starts = read.get("BillingPeriodStartDate") or read.get("Date") or set()
    return month is None or all(month_of(day) == month for day in starts)


def _is_within_period(read: Mapping[str, set[date]] | None) -> bool:
    """Whether every charge is dated within the billing period, where the file states one."""
    read = read or {}
    first = min(read.get("BillingPeriodStartDate", ()), default=date.min)
    last = max(read.get("BillingPeriodEndDate", ()), default=date.max)
    return all(first <= day <= last for day in read.get("Date", ()))


def _decimal_mark(engine: Engine, relation: str, headers: list[str]) -> str:
    """The decimal mark that some number proves; asked only where a number holds a comma."""
    proof = []
    for pattern in (f"{_POINT}|{_BOTH_MARKS}", _COMMA):
        hits = (
            f"max(CASE WHEN regexp_matches(trim({quoted(header)}), {quoted_text(pattern)}) "
            f"THEN {quoted(header)} END)"
            for header in headers
        )
        proof.append(f"coalesce({', '.join(hits)})")
    point, comma = engine.rows(f"SELECT {', '.join(proof)} FROM {quoted(relation)}")[0]
    if point is not None and comma is not None:
        raise SourceError(
            f"Numbers have two decimal marks: '{point}' and '{comma}'.",
            "Expected one decimal mark in all numbers of a run.",
            "Export the run again.",
        )
    return "," if comma is not None else "."


def date_expression(header: str, writing: Writing) -> str:
    """SQL: a native date as a UTC time, NULL where it is none in the file's writing."""
    text = f"trim({quoted(header)})"
    others = (
        f"CASE WHEN regexp_matches({text}, '^\\d{{4}}-\\d{{2}}-\\d{{2}}') "
        f"THEN TRY_CAST({text} AS TIMESTAMP WITH TIME ZONE) "
        f"WHEN regexp_matches({text}, '^\\d{{4}}/') THEN {_parsed(text, ('%Y/%m/%d',))} "
        f"ELSE {_parsed(text, ('%Y%m%d',))} END"
    )
    if not writing.date_formats:
        return others
    return f"coalesce({_parsed(text, writing.date_formats)}, {others})"


def _parsed(text: str, formats: tuple[str, ...]) -> str:
    listed = ", ".join(quoted_text(each) for each in formats)
    return f"CAST(try_strptime({text}, [{listed}]) AS TIMESTAMP WITH TIME ZONE)"


def number_expression(header: str, writing: Writing) -> str:
    """SQL: a native number as a decimal, NULL where it is none in the file's writing."""
    text = f"trim({quoted(header)})"
    if writing.decimal_mark == ".":
        plain = f"replace({text}, ',', '')"
        grouped = f"regexp_matches({text}, {quoted_text(_BOTH_MARKS)})"
        return (
            f"TRY_CAST(CASE WHEN {grouped} THEN {plain} ELSE nullif({text}, '') END "
            "AS DECIMAL(38,18))"
        )
    point = f"replace({text}, ',', '.')"
    bare = f"replace(replace({text}, '.', ''), ',', '.')"
    return (
        f"TRY_CAST(CASE WHEN regexp_matches({text}, '^[+-]?\\d*(,\\d+)?([eE][+-]?\\d+)?$') "
        f"THEN {point} "
        f"WHEN regexp_matches({text}, '^[+-]?\\d{{1,3}}(\\.\\d{{3}})+,\\d+$') THEN {bare} END "
        "AS DECIMAL(38,18))"
    )
