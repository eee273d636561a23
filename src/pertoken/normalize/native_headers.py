"""Header of a native cost export -> the one name that its column has here.

Exports of the same schema differ in letter case, blanks and language; a localised download writes
the English name in brackets behind its own, as in `Verbrauchseinheit (MeterName)`. The names are
data (`native_headers.csv`, the first header of a column before the others); the brackets are a
rule. A header that is neither is unknown, and its column is kept.

Source: Microsoft Learn, cost and usage details schemas; per row in native_headers.csv.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NATIVE_NEEDED = ("Cost", "BillingCurrency", "Date")
"""Columns without which a native row is no charge."""

_IN_BRACKETS = re.compile(r"\(([^()]+)\)\s*$")


def native_names(headers: Iterable[str]) -> dict[str, str]:
    """The header that each native column is read from.

    Takes:   the headers of a file, in any order.
    Gives:   native column -> header. Where two headers mean one column, as PreTaxCost beside
             CostInBillingCurrency, the one that stands first in native_headers.csv is taken.

    >>> native_names(["計量名稱 (MeterName)", "costInBillingCurrency", "Note"])
    {'Cost': 'costInBillingCurrency', 'MeterName': '計量名稱 (MeterName)'}
    """
    ranked = []
    for header in headers:
        known = _known().get(_folded(header)) or _bracketed(header)
        if known is not None:
            ranked.append((known, header))
    names: dict[str, str] = {}
    for (_, column), header in sorted(ranked):
        names.setdefault(column, header)
    return names


def is_native(headers: Iterable[str]) -> bool:
    """Whether a file with these headers is a native cost export and no FOCUS file."""
    headers = tuple(headers)
    folded = {_folded(header) for header in headers}
    return set(NATIVE_NEEDED) <= set(native_names(headers)) and not (
        {"billedcost", "effectivecost"} <= folded
    )


def _bracketed(header: str) -> tuple[int, str] | None:
    match = _IN_BRACKETS.search(header)
    return _known().get(_folded(match.group(1))) if match else None


@cache
def _known() -> Mapping[str, tuple[int, str]]:
    """Folded header -> its place in the table, and the native column."""
    text = files("pertoken.normalize").joinpath("native_headers.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {_folded(row["header"]): (place, row["column"]) for place, row in enumerate(rows)}


def _folded(header: str) -> str:
    """A header without case, blanks and signs.

    >>> _folded("Meter Sub-Category")
    'metersubcategory'
    """
    folded = unicodedata.normalize("NFKC", header).casefold()
    return "".join(sign for sign in folded if sign.isalnum())
