"""A query of a feed: columns, conditions as a tree, sums by group, an order and a page.

Source: docs/odata.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal

Value: TypeAlias = "str | int | bool | Decimal | date | datetime | None"
PAGE_ROWS = 10_000
"""The rows of one page."""
Comparison = Literal["=", "<>", "<", "<=", ">", ">="]
Aggregation = Literal["sum", "min", "max", "countdistinct", "count"]


@dataclass(frozen=True, slots=True)
class Operand:
    """A column, or a function of one."""

    column: str
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compare:
    """A column against a value; a comparison with NULL asks whether it is known."""

    operand: Operand
    comparison: Comparison
    value: Value


@dataclass(frozen=True, slots=True)
class TextTest:
    """Whether a text holds, begins with or ends with another."""

    test: Literal["contains", "startswith", "endswith"]
    operand: Operand
    value: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether a column has one of some values."""

    operand: Operand
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions of which all, or any, hold."""

    word: Literal["AND", "OR"]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """A condition that does not hold; unknown stays unknown."""

    condition: Condition


Condition: TypeAlias = "Compare | TextTest | OneOf | Joined | Negated"


@dataclass(frozen=True, slots=True)
class Measure:
    """An aggregated column under a new name; a count has no column."""

    aggregation: Aggregation
    column: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which rows are grouped, by which columns, into which measures."""

    where: Condition | None
    by: tuple[str, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """What is asked of a feed; `where`, `order` and `columns` are over the groups if any.

    `columns` empty means all; `limit` rows from `offset`.
    """

    columns: tuple[str, ...] = ()
    where: Condition | None = None
    grouping: Grouping | None = None
    order: tuple[tuple[str, bool], ...] = ()
    """Columns, and whether each descends."""
    limit: int = PAGE_ROWS
    offset: int = 0
