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
