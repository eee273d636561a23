"""Checks of single cells: nulls, formats, allowed values, text.

Which checks a column gets follows from its type and format in the specification, so a column that
a new version adds is checked once its row stands in the data. Source: FOCUS attributes
(NullHandling, StringHandling, NumericFormat, DateTimeFormat, CurrencyFormat, UnitFormat).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pertoken import focus
from pertoken.conformance.checks import Check
from pertoken.conformance.json_cells import json_checks
from pertoken.engine.sql import quoted, quoted_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pertoken.conformance.charges import Charges

# Texts that seldom repeat are screened row by row: their distinct values would fill the memory.
_UNIQUE = frozenset(
    {
        "AllocatedResourceId", "AllocatedResourceName", "InvoiceDetailId", "ResourceId",
        "ResourceName",
    }
)  # fmt: skip
_BLANK = r"^\s*$"
_FORMULA = r"^[=+@\-]"
_CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]"
_PLACEHOLDER = (
    r"^(?i:n/?a|null|none|nil|nan|undefined|\(none\)|<null>|not applicable|not available|-+)$"
)
_TEXT_RULES = {
    "text-empty": _BLANK,
    "text-placeholder": _PLACEHOLDER,
    "text-control": _CONTROL,
    "text-formula": _FORMULA,
}
_ZONE = r"[T ]\d{2}(?::?\d{2}.*)?(?:Z|[+-]\d{2}(?::?\d{2})?|[A-Za-z]+/[A-Za-z_]+)$"


def cell_checks(charges: Charges) -> Iterator[Check]:
    """The checks of every column of the version that the charges have.

    Takes:   charges, with the version they are held to.
    Gives:   one check per rule and column.
    """
    for name, column in focus.columns(charges.version).items():
        if name not in charges.types:
            continue
        if not column.nullable:
            yield _check(charges, "null", name, f"{quoted(name)} IS NULL")
        if column.type == "decimal":
            yield from _number_checks(charges, column)
        elif column.type == "timestamp":
            yield from _time_checks(charges, name)
        elif column.type == "json":
            yield from json_checks(charges, column)
        elif charges.types[name] == "VARCHAR":
            yield from _text_checks(charges, column)


def one_of(values: Iterable[str]) -> str:
    """Texts as the list of an IN."""
    return ", ".join(quoted_text(value) for value in values)


def _check(charges: Charges, rule: str, name: str, predicate: str, screen: str = "") -> Check:
    return Check(rule, name, predicate, (name, *charges.context), screen=screen)


def _value_check(
    charges: Charges, rule: str, name: str, predicate: str, *, screen: str = "", expected: str = ""
) -> Check:
    cell = "" if name in _UNIQUE else name
    return Check(rule, name, predicate, (name, *charges.context), expected, screen, cell)


def _text_checks(charges: Charges, column: focus.FocusColumn) -> Iterator[Check]:
    cell = quoted(column.name)
    if column.format == "allowed-values":
        values = focus.allowed_values(column.name, charges.version) or ()
        expected = f"Allowed: {', '.join(values[:20])}{', ...' if len(values) > 20 else ''}."  # noqa: PLR2004 - a line's worth
        predicate = f"{cell} NOT IN ({one_of(values)})"
        yield _value_check(charges, "enum-value", column.name, predicate, expected=expected)
    elif column.format == "unit":
        yield from _unit_checks(charges, column.name)
    elif column.name == "BillingCurrency":
        predicate = f"{cell} NOT IN ({one_of(sorted(focus.currencies()))})"
        yield _value_check(charges, "currency-code", column.name, predicate)
    else:
        screen = f"regexp_matches({cell}, {quoted_text('|'.join(_TEXT_RULES.values()))})"
        for rule, pattern in _TEXT_RULES.items():
            predicate = f"regexp_matches({cell}, {quoted_text(pattern)})"
            if rule == "text-formula":
                placeholder = f"regexp_matches({cell}, {quoted_text(_PLACEHOLDER)})"
                predicate = f"{predicate} AND NOT {placeholder}"
            yield _value_check(charges, rule, column.name, predicate, screen=screen)


@cache
def _listed_unit() -> str:
    words = "|".join(sorted(focus.unit_words() | focus.currencies()))
    return rf"^(?:[1-9][0-9]* )?(?:{words})(?:-(?:{words}))?(?:/(?:[1-9][0-9]* )?(?:{words}))?$"


def _unit_checks(charges: Charges, name: str) -> Iterator[Check]:
    cell = quoted(name)
    unlisted = f"NOT regexp_matches({cell}, {quoted_text(_listed_unit())})"
    fits = f"regexp_matches({cell}, {quoted_text(focus.UNIT_PATTERN)})"
    yield _value_check(charges, "unit-format", name, f"{unlisted} AND NOT {fits}", screen=unlisted)
    yield _value_check(charges, "unit-word", name, f"{unlisted} AND {fits}", screen=unlisted)


def _number_checks(charges: Charges, column: focus.FocusColumn) -> Iterator[Check]:
    name, cell, number = column.name, quoted(column.name), quoted(f"#{column.name}")
    if charges.types[name] == "VARCHAR":
        signs = " OR ".join(f"contains({cell}, {quoted_text(sign)})" for sign in "+ _")
        unread = f"{cell} IS NOT NULL AND ({number} IS NULL OR {signs})"
        yield _check(charges, "number-format", name, unread)
    elif charges.is_number(name):
        unread = f"{cell} IS NOT NULL AND {number} IS NULL"
        yield _check(charges, "number-format", name, unread)
    if column.format == "numeric-non-negative":
        yield _check(charges, "price-negative", name, f"{number} < 0")


def _time_checks(charges: Charges, name: str) -> Iterator[Check]:
    cell, time = quoted(name), quoted(f"#{name}")
    if charges.types[name] == "VARCHAR":
        zoned = f"(RIGHT({cell}, 1) = 'Z' OR regexp_matches({cell}, {quoted_text(_ZONE)}))"
        style = f"{cell} LIKE '____-__-__T__:__:__%Z'"
        unfit = f"{cell} IS NOT NULL AND ({time} IS NULL OR NOT {style})"
        unread = f"{cell} IS NOT NULL AND {time} IS NULL"
        yield _check(charges, "time-format", name, unread, unfit)
        naive = f"{time} IS NOT NULL AND NOT {zoned}"
        yield _check(charges, "time-naive", name, naive, unfit)
        other = f"{time} IS NOT NULL AND {zoned} AND NOT {style}"
        yield _check(charges, "time-style", name, other, unfit)
    elif charges.is_time(name) and not charges.is_zoned(name):
        yield _check(charges, "time-naive", name, f"{cell} IS NOT NULL")
