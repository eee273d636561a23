"""Checks of cells that hold JSON: validity, nesting, keys, and the keys of SkuPriceDetails.

JSON is screened once per distinct value, as tags and price details repeat over many charges.
Source: FOCUS KeyValueFormat, JsonObjectFormat, SkuPriceDetails; keys in pertoken.focus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken import focus
from pertoken.conformance.checks import Check
from pertoken.engine.sql import quoted, quoted_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.conformance.charges import Charges

_TRAILING_COMMA = r",\s*[}\]]\s*$"
_PASCAL_KEY = r"(?m)^(?:x_)?[A-Z][A-Za-z0-9]*$"
_NUMBER_TYPES = "'UBIGINT', 'BIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT', 'NULL'"


def json_checks(charges: Charges, column: focus.FocusColumn) -> Iterator[Check]:
    """The checks of one JSON column.

    Takes:   charges, and a column of type json that they have.
    Gives:   one check per rule, screened over the distinct values of the column.
    """
    name = column.name
    cell = quoted(f"#{name}")
    openers = "'{'" if column.format == "key-value" else "'{', '['"
    fit = (
        f"(json_valid({cell}) AND LEFT(LTRIM({cell}), 1) IN ({openers})"
        f" AND NOT regexp_matches({cell}, {quoted_text(_TRAILING_COMMA)}))"
    )
    yield _check(charges, "json-invalid", name, f"NOT {fit}")
    if column.format == "key-value":
        kinds = f"list_has_any(json_type({cell}, '$.*'), ['OBJECT', 'ARRAY'])"
        yield _check(charges, "json-nested", name, _where(fit, kinds))
        keys = f"json_keys({cell})"
        twice = f"len({keys}) <> len(list_distinct({keys}))"
        yield _check(charges, "json-key-twice", name, _where(fit, twice))
    if name == "SkuPriceDetails":
        yield from _detail_checks(charges, cell, fit)


def _detail_checks(charges: Charges, cell: str, fit: str) -> Iterator[Check]:
    defined = focus.detail_keys(charges.version)
    if defined:
        named = "|".join(("x_.*", *defined))
        unknown = _left_over(cell, rf"(?m)^(?:{named})$")
        expected = f"Defined keys: {', '.join(defined)}."
        yield _check(charges, "detail-key", "SkuPriceDetails", _where(fit, unknown), expected)
    cased = _left_over(cell, _PASCAL_KEY)
    yield _check(charges, "detail-key-case", "SkuPriceDetails", _where(fit, cased))
    wrong = " OR ".join(
        f"json_type({cell}, '$.{key.name}') NOT IN ({_NUMBER_TYPES})"
        if key.type == "numeric"
        else f"json_extract_string({cell}, '$.{key.name}') NOT IN ({_texts(key.values)})"
        for key in defined.values()
        if key.type == "numeric" or key.values
    )
    if wrong:
        yield _check(charges, "detail-value", "SkuPriceDetails", _where(fit, f"({wrong})"))


def _check(charges: Charges, rule: str, name: str, predicate: str, expected: str = "") -> Check:
    shown = (name, *charges.context)
    return Check(rule, name, predicate, shown, expected, cell=f"#{name}")


def _where(fit: str, predicate: str) -> str:
    """A predicate over JSON that is only asked of valid objects, as the functions raise else."""
    return f"CASE WHEN {fit} THEN {predicate} ELSE FALSE END"


def _left_over(cell: str, pattern: str) -> str:
    """Whether a key remains when every line that fits a pattern is taken out of the keys."""
    keys = f"array_to_string(json_keys({cell}), CHR(10))"
    return f"TRIM(regexp_replace({keys}, {quoted_text(pattern)}, '', 'g'), CHR(10)) <> ''"


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join(quoted_text(value) for value in values)
