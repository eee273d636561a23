"""A price sheet export (EA or MCA, 2023-05-01) -> rows of `prices`, relation in, relation out.

Header names are matched without regard to letter case. A sheet covers the month of its run: what
it states of days outside that month is cut off, so that of two months' sheets one answers for a
day. A price, quantity or date that cannot be read ends the reading of the run; a price of 0 is
kept as it is stated and never fills a charge.

An end with a time of day (T23:59:59Z) or without any time (06/30/2026) names the last day; an end
at midnight is the day after it.

Source: Microsoft Learn, "Price sheet data file schema" (EA, MCA; 2023-05-01).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text
from pertoken.errors import SourceError
from pertoken.prices.table import PRICE_SHEET, SQL_TYPES, PriceColumn, price_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

_NEEDED = ("MeterId", "UnitOfMeasure", "PriceType", "CurrencyCode", "ListUnitPrice",
           "ContractedUnitPrice", "Account")  # fmt: skip
_LOWER = ("Account", "EnrollmentNumber", "MeterId")
_TIMES = ("%m/%d/%Y", "%m/%d/%Y %H:%M:%S")


def sheet_select(
    columns: Mapping[str, str],
    relation: str,
    *,
    run_id: str,
    scope: str,
    start: date,
    end: date,
    marker: str,
) -> str:
    """The SELECT that turns a price sheet into rows of `prices`.

    Takes:   the columns of `relation` and their SQL types, one row per price; the month of the
             run from `start` to before `end`; the marker of an unreadable value.
    Gives:   one row per price whose days lie in the month, in the columns of `table_columns`.
    Raises:  SourceError when a needed column is missing; from the engine, an error whose text is
             the marker, the column and the value, when a value cannot be read.
    """
    by_column = _sources(columns)
    values = {
        column.name: _value(column, by_column[column.name], columns, marker)
        for column in price_columns()
    }
    first, after = f"DATE '{start}'", f"DATE '{end}'"
    values["EffectiveStart"] = f"greatest(coalesce({values['EffectiveStart']}, {first}), {first})"
    values["EffectiveEnd"] = f"least(coalesce({values['EffectiveEnd']}, {after}), {after})"
    own = {"PriceSource": PRICE_SHEET, "RunId": run_id, "Scope": scope}
    items = [f"{quoted_text(value)} AS {name}" for name, value in own.items()]
    items += [f"{sql} AS {quoted(name)}" for name, sql in values.items()]
    return (
        f"SELECT * FROM (SELECT {', '.join(items)} FROM {quoted(relation)}) AS stated "
        "WHERE EffectiveStart < EffectiveEnd"
    )


def _sources(columns: Iterable[str]) -> dict[str, str | None]:
    """What the source calls each column, whatever its letter case."""
    found = {name.strip().casefold(): name for name in columns}
    by_column = {
        column.name: next((found[each] for each in column.folded_names if each in found), None)
        for column in price_columns()
    }
    missing = [name for name in _NEEDED if by_column[name] is None]
    if missing:
        raise SourceError(
            f"The source has no prices: column {', '.join(missing)} missing.",
            "Expected a price sheet of an EA enrollment or an MCA billing profile.",
            "Export the price sheet (version 2023-05-01) again.",
        )
    return by_column


def _value(column: PriceColumn, source: str | None, columns: Mapping[str, str], marker: str) -> str:
    if source is None:
        return f"CAST(NULL AS {SQL_TYPES[column.kind]})"
    if column.kind == "decimal":
        return _decimal(source, columns[source], marker)
    text = f"nullif(trim(CAST({quoted(source)} AS VARCHAR)), '')"
    if column.kind == "date":
        last_day = column.name == "EffectiveEnd"
        return _day(source, columns[source], marker, last_day=last_day)
    if column.name == "PriceType":
        return f"replace({text}, ' ', '')"
    return f"lower({text})" if column.name in _LOWER else text


def _decimal(source: str, kind: str, marker: str) -> str:
    """A number by its digits; float64 through its shortest text."""
    name = quoted(source)
    text = f"nullif(trim(CAST({name} AS VARCHAR)), '')"
    typed = f"TRY_CAST({text} AS {SQL_TYPES['decimal']})"
    return name if kind == SQL_TYPES["decimal"] else _checked(text, typed, source, marker)


def _day(source: str, kind: str, marker: str, *, last_day: bool) -> str:
    """A day from a time; the day after, for an end that names its last day."""
    text = f"nullif(trim(CAST({quoted(source)} AS VARCHAR)), '')"
    times = [f"TRY_CAST({text} AS TIMESTAMP WITH TIME ZONE)"]
    times += [
        f"CAST(try_strptime({text}, '{each}') AS TIMESTAMP WITH TIME ZONE)" for each in _TIMES
    ]
    moment = f"coalesce({', '.join(times)})"
    if kind == "DATE" or not last_day:
        day = f"CAST({moment} AS DATE)"
    else:
        midnight = f"{moment} = date_trunc('day', {moment}) AND {text} LIKE '%:%'"
        day = f"CAST({moment} AS DATE) + CASE WHEN {midnight} THEN 0 ELSE 1 END"
    return _checked(text, f"CAST({day} AS DATE)", source, marker)


def _checked(text: str, typed: str, source: str, marker: str) -> str:
    """`typed`, ending the query with the marker when a text is there and cannot be read."""
    unread = f"error({quoted_text(f'{marker}{source}=')} || {text})"
    return f"CASE WHEN {text} IS NOT NULL AND {typed} IS NULL THEN {unread} ELSE {typed} END"
