"""When a column must, or must not, hold a value because of what other columns hold.

A condition is a conjunction of `Column is null`, `Column is not null`, `Column = Value` and
`Column <> Value`; the last holds for NULL too. Source: the column pages; per row in
dependencies.csv.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pertoken.focus.specification import columns, since
from pertoken.focus.tables import table


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: `operator` is 'is null', 'is not null', '=' or '<>'."""

    column: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Dependency:
    """A column that must be null (or must not be) where all conditions hold."""

    column: str
    must_be_null: bool
    when: tuple[Condition, ...]
    text: str
    source: str


@cache
def dependencies(version: str) -> tuple[Dependency, ...]:
    """The dependencies between the columns of a version.

    >>> dependencies("1.0")[0].text
    'CommitmentDiscountId is null'
    """
    return tuple(
        Dependency(
            column=row["column"],
            must_be_null=row["must_be"] == "null",
            when=tuple(_condition(each) for each in row["when"].split(" and ")),
            text=row["when"],
            source=row["source"],
        )
        for row in table("dependencies")
        if row["column"] in columns(version) and since(row["since"], version)
    )


def _condition(text: str) -> Condition:
    for operator in (" is not null", " is null"):
        if text.endswith(operator):
            return Condition(text.removesuffix(operator), operator.strip(), "")
    column, operator, value = text.split(" ", 2)
    return Condition(column, operator, value)
