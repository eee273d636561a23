"""Checks of the columns themselves: missing, unknown, misspelt, twice, of the wrong type.

These need no scan. Source: FOCUS ColumnHandling and ColumnNamingConvention.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from pertoken import focus
from pertoken.conformance.findings import Finding
from pertoken.conformance.rules import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.conformance.charges import Charges

_NUMBERED = re.compile(r"(.+?)_\d+$")


def structure_findings(charges: Charges, rows: int) -> Iterator[Finding]:
    """What is wrong with the columns, whatever the rows hold.

    Takes:   charges, and how many rows they have.
    Gives:   one finding per rule and column, without currency and cost.
    """
    if rows == 0:
        yield _finding("no-rows", "", rows, f"{len(charges.types)} columns, 0 rows")
    for name, column in focus.columns(charges.version).items():
        if column.mandatory and name not in charges.types:
            yield _finding("column-missing", name, rows, f"{name} of FOCUS {charges.version}")
    for name in charges.types:
        yield from _column_findings(charges, name, rows)


def _column_findings(charges: Charges, name: str, rows: int) -> Iterator[Finding]:
    known = focus.columns(charges.version)
    if name in known:
        yield from _type_findings(charges, name, rows)
    elif not name.startswith("x_"):
        rule, example = _misnamed(charges, name)
        yield _finding(rule, name, rows, example)


def _misnamed(charges: Charges, name: str) -> tuple[str, str]:
    known = focus.columns(charges.version)
    numbered = _NUMBERED.fullmatch(name)
    if numbered and numbered[1] in charges.types and numbered[1] in known:
        return "column-twice", f"{numbered[1]} and {name}"
    meant = {_folded(each): each for each in known}.get(_folded(name))
    if meant is not None:
        return "column-spelling", f"{name} for {meant}"
    versions = _versions().get(name)
    if versions is not None:
        return "column-version", f"{name} is a column of {versions}"
    return "column-unknown", f"{name} {charges.types[name]}"


def _type_findings(charges: Charges, name: str, rows: int) -> Iterator[Finding]:
    kind = focus.column_type(name)
    stored = charges.types[name]
    if charges.is_text:
        return
    if charges.is_binary(name) and kind == "decimal":
        yield _finding("number-binary", name, rows, f"{name} {stored}")
    fits = {
        "decimal": charges.is_number(name),
        "timestamp": charges.is_time(name),
        "text": stored == "VARCHAR",
        "json": stored in {"VARCHAR", "JSON"} or stored.startswith(("MAP", "STRUCT")),
    }
    if kind is not None and not fits[kind]:
        yield _finding("column-type", name, rows, f"{name} {stored}, expected {kind}")


@cache
def _versions() -> dict[str, str]:
    """Where a Cost and Usage column belongs, in words."""
    found: dict[str, list[str]] = {}
    for version in (*focus.VERSIONS, focus.DRAFT):
        for name in focus.columns(version):
            found.setdefault(name, []).append(version)
    words = {name: f"FOCUS {', '.join(versions)}" for name, versions in found.items()}
    return {**dict.fromkeys(focus.renamed_columns(), "FOCUS before 1.0"), **words}


def _folded(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.casefold())


def _finding(rule: str, column: str, rows: int, example: str) -> Finding:
    found = rules()[rule]
    return Finding(rule, found.severity, column, rows, None, None, example, found.help)
