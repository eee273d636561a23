"""SQL text: where it is kept, and the one way in which names and texts enter it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def sql_file(package: str, name: str) -> str:
    """The text of `name`.sql beside the Python of `package`."""
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def quoted(identifier: str) -> str:
    """An identifier for SQL, whatever characters it holds.

    >>> quoted("x_Cost")
    '"x_Cost"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """A text literal for SQL.

    >>> quoted_text("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def with_seconds(text: str) -> str:
    """SQL: a text of a time with its seconds, `T00:00Z` as `T00:00:00Z`; DuckDB 1.5 wants them."""
    return rf"regexp_replace({text}, '(T[0-9]{{2}}:[0-9]{{2}})(Z|[+-].*)?$', '\1:00\2')"


def value_text(column: str, kind: str) -> str:
    """SQL: a value of a type as text, a number without the zeros that end it.

    >>> value_text("Name", "VARCHAR")
    'CAST(Name AS VARCHAR)'
    """
    text = f"CAST({column} AS VARCHAR)"
    return f"regexp_replace({text}, '[.]?0+$', '')" if kind.startswith("DECIMAL") else text
