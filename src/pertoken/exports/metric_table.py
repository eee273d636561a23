"""A table of business metrics: what a business counts on a day, by whom it is counted.

A date, the dimensions by which a metric is stated, and either Metric and Value or one column per
metric. A column of another kind refuses the table, for two rows of one cell could not be told apart
then; so does a cell that stands twice.

Source: docs/unit-economics.md, "Business metrics".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn

from pertoken.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

METRIC_DIMENSIONS = {
    "Team": ("team", "squad"),
    "Application": ("application", "app", "workload", "service"),
    "Feature": ("feature",),
    "Customer": ("customer", "tenant"),
    "Environment": ("environment", "env", "stage"),
    "Product": ("product",),
    "CostCenter": ("costcenter", "costcentre", "cc"),
    "BusinessUnit": ("businessunit", "bu", "department"),
    "Experiment": ("experiment",),
    "Deployment": ("deployment",),
}
"""Dimensions by which a metric can be stated, and the columns that mean them, folded."""

_DATES = ("date", "day", "chargedate", "month", "billingmonth")
_METRIC, _VALUE = ("metric", "metricname"), ("value", "metricvalue", "count", "quantity")
_NEVER = re.compile(r"cost|price|amount|currency|budget|token")
"""What is money or tokens is no business metric."""

_SEPARATORS = re.compile(r"[\s._-]+")
_NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)
_MOST, _SCALE, _SHOWN = Decimal(10) ** 18, 18, 3


@dataclass(frozen=True, slots=True)
class MetricValue:
    """What a metric counted on a day (of a month: its first day); `dimensions` by name."""

    day: date
    metric: str
    value: Decimal
    dimensions: tuple[tuple[str, str], ...]


def is_metric_table(header: Sequence[str], first_row: Sequence[str]) -> bool:
    """Whether columns and the first row are those of business metrics.

    >>> is_metric_table(["date", "app", "conversations"], ["2026-01-01", "chat", "17"])
    True
    >>> is_metric_table(["date", "app", "owner"], ["2026-01-01", "chat", "kim"])
    False
    """
    names = [_folded(name) for name in header]
    if any(_NEVER.search(name) for name in names if not _dimension(name)):
        return False
    days = [name for name in names if name in _DATES]
    dimensions = [name for name in names if _dimension(name)]
    rest = [
        cell for name, cell in zip(names, first_row, strict=False)
        if name not in _DATES and not _dimension(name)
    ]  # fmt: skip
    if len(days) != 1 or not rest or len(names) != len(first_row):
        return False
    if _is_long(names):
        return True
    return bool(dimensions) and all(not cell or _NUMBER.fullmatch(cell.strip()) for cell in rest)


def parse_metrics(
    header: Sequence[str], rows: Iterable[Sequence[str | None]], where: str
) -> list[MetricValue]:
    """The values of a table of business metrics, in its order; an empty cell states none.

    Raises: SourceError, with row, column and value of the first cells that cannot be read, for a
    column that is not known, and for a cell that stands twice.
    """
    names = [_folded(name) for name in header]
    _check_columns(header, names, where)
    faults: list[str] = []
    values: dict[tuple[object, ...], MetricValue] = {}
    for number, row in enumerate(rows, start=2):
        cells = [(cell or "").strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) != len(names):
            faults.append(f"row {number} has {len(cells)} cells, the header {len(names)}")
            continue
        for each in _values(header, names, cells, number, faults):
            key = (each.day, each.metric.casefold(), each.dimensions)
            if key in values:
                faults.append(f"row {number}: {each.metric} of that day stands twice")
            values[key] = each
    if faults:
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        _refuse(where, f"{'; '.join(faults[:_SHOWN])}{more}")
    if not values:
        _refuse(where, "it holds no value")
    return list(values.values())


def _values(
    header: Sequence[str],
    names: Sequence[str],
    cells: Sequence[str],
    number: int,
    faults: list[str],
) -> Iterator[MetricValue]:
    """The values of a row; nothing of a cell that cannot be read, and its fault."""
    held = dict(zip(names, cells, strict=True))
    text = next(held[name] for name in names if name in _DATES)
    day = _day(text)
    if day is None:
        faults.append(f"row {number}: '{text:.40}' is no day such as 2026-01-31")
        return
    dimensions = tuple(
        (dimension, cell)
        for name, cell in held.items()
        if cell and (dimension := _dimension(name)) is not None
    )
    for metric, cell in _stated(header, names, held):
        if not metric:
            faults.append(f"row {number}: no metric is named")
        elif cell and not _is_number(cell):
            faults.append(f"row {number}, {metric}: '{cell:.40}' is no count such as 17 or 0.5")
        elif cell:
            yield MetricValue(day, metric, Decimal(cell), dimensions)


def _stated(
    header: Sequence[str], names: Sequence[str], held: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """The metrics of a row and the cell of each: one of Metric and Value, else one per column."""
    if _is_long(names):
        yield (
            next(held[name] for name in names if name in _METRIC),
            next(held[name] for name in names if name in _VALUE),
        )
        return
    for spelt, name in zip(header, names, strict=True):
        if name not in _DATES and _dimension(name) is None:
            yield spelt.strip(), held[name]


def _check_columns(header: Sequence[str], names: Sequence[str], where: str) -> None:
    meant = [_dimension(name) or ("date" if name in _DATES else name) for name in names]
    twice = sorted({spelt for spelt, mean in zip(header, meant, strict=True)
                    if meant.count(mean) > 1})  # fmt: skip
    if twice:
        _refuse(where, f"the columns {', '.join(twice)} mean the same")
    if _is_long(names):
        known = {*_DATES, *_METRIC, *_VALUE}
        other = [spelt for spelt, name in zip(header, names, strict=True)
                 if name not in known and _dimension(name) is None]  # fmt: skip
        if other:
            _refuse(where, f"the column '{other[0]:.60}' is no dimension")


def _is_long(names: Sequence[str]) -> bool:
    return any(name in _METRIC for name in names) and any(name in _VALUE for name in names)


def _dimension(name: str) -> str | None:
    return next((key for key, spelt in METRIC_DIMENSIONS.items() if name in spelt), None)


def _folded(name: str) -> str:
    return _SEPARATORS.sub("", name.removeprefix("\ufeff")).casefold()


def _day(text: str) -> date | None:
    """The UTC day of a date, a time or a month."""
    month = re.fullmatch(r"\d{4}-\d{2}", text)
    try:
        moment = datetime.fromisoformat(f"{text}-01" if month else text)
    except ValueError:
        return None
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date()


def _is_number(text: str) -> bool:
    if not text.isascii() or not _NUMBER.fullmatch(text):
        return False
    value = Decimal(text)
    return value < _MOST and int(value.as_tuple().exponent) >= -_SCALE


def _refuse(where: str, found: str) -> NoReturn:
    raise SourceError(
        f"{where} holds business metrics and cannot be read: {found}.",
        "Expected a date, dimensions of "
        f"{', '.join(METRIC_DIMENSIONS)}, and Metric and Value or one column per metric.",
        "Mend the file, or leave it out; nothing of it was read.",
        path=where,
    )
