"""How a data file of this package is read: CSV with a header, one dict per row, once.

Owned here so that every file of the specification is opened in one way and only when asked for.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `name`.csv beside this file."""
    text = files("pertoken.focus").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
