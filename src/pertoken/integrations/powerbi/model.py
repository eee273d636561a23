"""The parts of a semantic model as values, and how their names are written in DAX and M.

Power BI compares names and texts without regard to case.
Source: https://learn.microsoft.com/analysis-services/tmdl/tmdl-overview.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

_IDS = uuid.UUID("6f0b3c1e-52d4-5f0a-9c7e-2b7d1d0a4e11")
"""The namespace of all ids: an id is a hash of a name, so that no project changes by itself."""

Kind = Literal["string", "int64", "double", "boolean", "dateTime"]
WHOLE = "#,##0"
MONEY = "#,##0.00"
FINE_MONEY = "#,##0.00####"
SHARE = "0.0%"


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """A column of a table; `source` is its name in the table's query."""

    name: str
    kind: Kind = "string"
    description: str = ""
    hidden: bool = False
    sort_by: str | None = None
    key: bool = False
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure, in DAX."""

    name: str
    dax: str
    format: str
    folder: str
    description: str


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A drill path over columns of one table, from the widest to the narrowest."""

    name: str
    columns: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class ModelTable:
    """A table of the model and the M query that fills it."""

    name: str
    description: str
    columns: tuple[ModelColumn, ...]
    query: str
    measures: tuple[Measure, ...] = ()
    hierarchies: tuple[Hierarchy, ...] = ()
    hidden: bool = False
    is_calendar: bool = False


@dataclass(frozen=True, slots=True)
class Relationship:
    """Many rows of (table, column) to one row of (table, column)."""

    many: tuple[str, str]
    one: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Expression:
    """A shared M expression or, with `parameter` (its M metadata), a parameter."""

    name: str
    m: str
    description: str
    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A security role: a DAX filter per table."""

    name: str
    description: str
    filters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A semantic model."""

    tables: tuple[ModelTable, ...]
    relationships: tuple[Relationship, ...]
    expressions: tuple[Expression, ...]
    roles: tuple[Role, ...]

    def columns(self) -> set[tuple[str, str]]:
        """Every (table, column)."""
        return {(table.name, column.name) for table in self.tables for column in table.columns}

    def measures(self) -> dict[str, str]:
        """Every measure and the table that holds it."""
        return {each.name: table.name for table in self.tables for each in table.measures}


def object_id(*names: str) -> str:
    """The id of an object, a hash of its kind and name.

    >>> object_id("table", "Dates") == object_id("table", "Dates")
    True
    """
    return str(uuid.uuid5(_IDS, "\x1f".join(names)))


def dax_name(table: str, column: str = "") -> str:
    """A table or column in DAX.

    >>> dax_name("Team's costs", "a]b")
    "'Team''s costs'[a]]b]"
    """
    name = "'" + table.replace("'", "''") + "'"
    return f"{name}[{column.replace(']', ']]')}]" if column else name


def m_text(text: str) -> str:
    """A text in M; `#(` would begin an escape, and control characters are escaped.

    >>> m_text('say "hi" #(lf)')
    '"say ""hi"" #(#)(lf)"'
    """
    escaped = text.replace("#(", "#(#)(").replace('"', '""')
    return '"' + "".join(c if c.isprintable() else f"#({ord(c):08X})" for c in escaped) + '"'


def unique_names(names: Iterable[str]) -> dict[str, str]:
    r"""A name that a model takes for each text, none equal to another without regard to case.

    >>> unique_names(["Env", "env ", "a\nb"])
    {'Env': 'Env', 'env ': 'env (2)', 'a\nb': 'a b'}
    """
    given: dict[str, str] = {}
    taken: set[str] = set()
    for text in names:
        clean = "".join(c if c.isprintable() else " " for c in text).strip() or "(blank)"
        name, number = clean, 1
        while name.casefold() in taken:
            number += 1
            name = f"{clean} ({number})"
        taken.add(name.casefold())
        given[text] = name
    return given
