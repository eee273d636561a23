"""Row-level conformance of charges: relation in, findings out.

Two passes. The first counts what each screen finds: over the rows in one scan, and over the
distinct values of texts and JSON in another, as these repeat. The second, only for checks whose
screen found something, counts the rows that break the rule, adds their cost and picks an example,
per BillingCurrency.
Source: docs/focus.md; rules.csv holds the rules.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pertoken import focus
from pertoken.conformance.cells import cell_checks
from pertoken.conformance.charges import Charges
from pertoken.conformance.findings import Finding
from pertoken.conformance.rows import row_checks
from pertoken.conformance.rules import rules
from pertoken.conformance.structure import structure_findings
from pertoken.conformance.versions import detect_version
from pertoken.engine.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pertoken.conformance.checks import Check
    from pertoken.engine.protocol import Engine

_CHECKS_PER_SCAN = 40
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def check(
    engine: Engine, relation: str, version: str | None = None, *, columns: Mapping[str, str]
) -> list[Finding]:
    """Every rule of a version of FOCUS that the charges break.

    Takes:   relation, one row per charge, as text or typed; columns, its names and types; the
             version it is held to, by default the one its columns tell.
    Gives:   findings in the order of the rules, then column and BillingCurrency.
    Raises:  ConfigError for a version that FOCUS does not have; never on what cells hold.
    """
    charges = Charges(relation, columns, version or detect_version(columns))
    focus.columns(charges.version)
    checks = [*cell_checks(charges), *row_checks(charges)]
    rows, fired = _screened(engine, charges, checks)
    findings = [*structure_findings(charges, rows), *_found(engine, charges, fired)]
    order = list(rules())
    return sorted(
        findings,
        key=lambda each: (order.index(each.rule), each.column, each.billing_currency or ""),
    )


def _screened(engine: Engine, charges: Charges, checks: Sequence[Check]) -> tuple[int, list[Check]]:
    """The number of rows, and the checks whose screen found any."""
    by_row = [each for each in checks if not each.cell]
    by_value = [each for each in checks if each.cell]
    rows, fired = _counted(engine, charges.source, by_row)
    if by_value:
        fired |= _counted(engine, _distinct_values(charges, by_value), by_value)[1]
    return rows, [each for each in checks if each.screened_by in fired]


def _distinct_values(charges: Charges, checks: Sequence[Check]) -> str:
    """The distinct values of each cell, one row per cell and value, the other cells NULL."""
    cells = [quoted(cell) for cell in dict.fromkeys(each.cell for each in checks)]
    sets = ", ".join(f"({cell})" for cell in cells)
    return (
        f"SELECT {', '.join(cells)} FROM ({charges.source}) AS charges "
        f"GROUP BY GROUPING SETS ({sets})"
    )


def _counted(engine: Engine, source: str, checks: Sequence[Check]) -> tuple[int, set[str]]:
    screens = list(dict.fromkeys(each.screened_by for each in checks))
    counts = "".join(f", COUNT(*) FILTER (WHERE {screen})" for screen in screens)
    answer = engine.rows(f"SELECT COUNT(*){counts} FROM ({source}) AS source")[0]
    found = {screen for screen, rows in zip(screens, answer[1:], strict=True) if rows}
    return answer[0], found


def _found(engine: Engine, charges: Charges, checks: Sequence[Check]) -> Iterator[Finding]:
    for start in range(0, len(checks), _CHECKS_PER_SCAN):
        some = checks[start : start + _CHECKS_PER_SCAN]
        for currency, *cells in engine.rows(_second_pass(charges, some)):
            for index, each in enumerate(some):
                rows, cost, example = cells[index * 3 : index * 3 + 3]
                if rows:
                    rule = rules()[each.rule]
                    text = f"{rule.help} {each.expected}".strip()
                    yield Finding(
                        each.rule, rule.severity, each.column, rows, cost, currency,
                        _printable(example), text,
                    )  # fmt: skip


def _second_pass(charges: Charges, checks: Sequence[Check]) -> str:
    currency = charges.sql("{BillingCurrency?}")
    cost = charges.sql("COALESCE({EffectiveCost?:number}, {BilledCost?:number})")
    aggregates = "".join(
        f", COUNT(*) FILTER (WHERE {each.predicate})"
        f", SUM({cost}) FILTER (WHERE {each.predicate})"
        f", MIN({charges.shown(list(each.shown))}) FILTER (WHERE {each.predicate})"
        for each in checks
    )
    return f"SELECT {currency}{aggregates} FROM ({charges.source}) AS source GROUP BY {currency}"


def _printable(example: str) -> str:
    """An example on one line, its control characters written as escapes."""
    return _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", example)
