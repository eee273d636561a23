"""Rows of a file that a person keeps: TOML tables or a CSV, the same columns in both.

Names are read in any letter case and with or without `_`; a name that is not known refuses the
file, because a misspelt column would be a setting that does nothing.
"""

from __future__ import annotations

import csv
import io
import tomllib
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError, alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


def dated_rows(
    path: Path, tables: Mapping[str, str], columns: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a file with the place of each, for messages.

    Takes:   tables, the TOML arrays and the Kind of their rows; columns, the names that are known.
    Raises:  ConfigError when the file cannot be read or has another table or column.
    """
    text = _text(path)
    known = {_folded(name): name for name in columns}
    if path.suffix.casefold() == ".csv":
        reader = csv.DictReader(io.StringIO(text))
        names = [_known(path, name, known) for name in reader.fieldnames or ()]
        for number, row in enumerate(reader, start=2):
            if None in row:
                raise _unreadable(path, f"row {number} has more cells than the header")
            yield f"row {number}", dict(zip(names, row.values(), strict=True))
        return
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(path, str(error)) from error
    for table, rows in content.items():
        if table not in tables or not isinstance(rows, list):
            raise _unreadable(
                path, f"'{table}' is none of the tables {', '.join(f'[[{t}]]' for t in tables)}"
            )
        for number, row in enumerate(rows, start=1):
            read = {_known(path, name, known): value for name, value in row.items()}
            yield f"{table} {number}", {"Kind": tables[table], **read}


def cell_text(value: object) -> str | None:
    """A cell as text, None where it is empty."""
    text = "" if value is None else str(value).strip()
    return text or None


def day_of(value: object, place: str, faults: list[str], *, optional: bool = False) -> date | None:
    """A day of a cell; what is none is added to the faults."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    text = cell_text(value)
    if text is None:
        if not optional:
            faults.append(f"{place} is missing")
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append(f"{place} '{text}' is not YYYY-MM-DD")
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from error


def _known(path: Path, name: str, known: Mapping[str, str]) -> str:
    if _folded(name) not in known:
        raise ConfigError(
            f"{path} has a column '{name}'.",
            f"Expected some of {', '.join(known.values())}.",
            f"Nearest names: {alternatives(name, known.values())}.",
        )
    return known[_folded(name)]


def _folded(name: str) -> str:
    folded = name.casefold().replace("_", "")
    return folded[1:] if folded.startswith("x") and folded[1:] in _PREFIXED else folded


_PREFIXED = frozenset(
    {"modelid", "deploymentscope", "servicetier", "tokendirection", "tokencacheaction"}
)
"""Our own columns may be written without their prefix."""


def _unreadable(path: Path, detail: str) -> ConfigError:
    return ConfigError(
        f"{path} cannot be read: {detail}.",
        "Expected a TOML or CSV file in UTF-8.",
        "Mend the file, or name another one.",
    )
