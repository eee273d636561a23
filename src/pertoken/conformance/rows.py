"""Checks across the cells of one charge: dates, signs, products, dependencies.

Predicates stand in row_checks.csv as templates (see `charges`), dependencies in pertoken.focus;
only the arithmetic of price and quantity is written here. Source: per rule in rules.csv.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pertoken import focus
from pertoken.conformance.checks import Check
from pertoken.conformance.rules import rules, table
from pertoken.engine.sql import quoted_text, sql_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.conformance.charges import Charges

# Only a screen, at half the tolerance of cost_product.sql, which alone decides and in DECIMAL.
_PRODUCT_SCREEN = """
ABS(
    CAST({UnitPrice:number} AS DOUBLE) * CAST({PricingQuantity:number} AS DOUBLE)
    - CAST({Cost:number} AS DOUBLE)
) > ABS(CAST({Cost:number} AS DOUBLE)) * 0.000005 + 0.000000000025
"""
_PRODUCTS = {"ListCost": "ListUnitPrice", "ContractedCost": "ContractedUnitPrice"}


def row_checks(charges: Charges) -> Iterator[Check]:
    """The checks that need several cells of a charge, where the charges have them.

    Takes:   charges, with the version they are held to.
    Gives:   one check per rule and column; none whose columns are absent.
    """
    for row in table("row_checks"):
        template = row["predicate"]
        if focus.since(rules()[row["rule"]].since, charges.version) and charges.has(template):
            yield _check(charges, row["rule"], row["column"], template)
    yield from _product_checks(charges)
    yield from _subcategory_checks(charges)
    yield from _dependency_checks(charges)


def _check(charges: Charges, rule: str, column: str, template: str, *, expected: str = "") -> Check:
    shown = dict.fromkeys((column, *charges.names(template), *charges.context))
    shown_here = tuple(name for name in shown if name in charges.types)
    return Check(rule, column, charges.sql(template), shown_here, expected)


def _product_checks(charges: Charges) -> Iterator[Check]:
    for cost, price in _PRODUCTS.items():
        exact, screen = (
            text.replace("{Cost:", f"{{{cost}:").replace("{UnitPrice:", f"{{{price}:")
            for text in (sql_file("pertoken.conformance", "cost_product"), _PRODUCT_SCREEN)
        )
        if charges.has(exact):
            found = _check(charges, "cost-product", cost, exact)
            expected = f"{cost} = {price} x PricingQuantity."
            yield replace(found, expected=expected, screen=charges.sql(screen))


def _subcategory_checks(charges: Charges) -> Iterator[Check]:
    template = "{ServiceCategory} {ServiceSubcategory}"
    if not charges.has(template) or charges.version == focus.VERSIONS[0]:
        return
    children: dict[str, list[str]] = {}
    for subcategory, category in focus.subcategories().items():
        children.setdefault(category, []).append(quoted_text(subcategory))
    known = ", ".join(each for listed in children.values() for each in listed)
    cases = " ".join(
        f"WHEN {quoted_text(category)} THEN {{ServiceSubcategory}} NOT IN ({', '.join(listed)})"
        for category, listed in children.items()
    )
    template = f"{{ServiceSubcategory}} IN ({known}) AND CASE {{ServiceCategory}} {cases} END"
    yield _check(charges, "subcategory-parent", "ServiceSubcategory", template)


def _dependency_checks(charges: Charges) -> Iterator[Check]:
    for dependency in focus.dependencies(charges.version):
        state = "IS NOT NULL" if dependency.must_be_null else "IS NULL"
        conditions = " AND ".join(_condition(each) for each in dependency.when)
        template = f"{{{dependency.column}}} {state} AND {conditions}"
        if charges.has(template):
            rule = "value-forbidden" if dependency.must_be_null else "value-required"
            must = "null" if dependency.must_be_null else "not null"
            expected = f"{must.capitalize()} when {dependency.text}."
            yield _check(charges, rule, dependency.column, template, expected=expected)


def _condition(condition: focus.Condition) -> str:
    cell = f"{{{condition.column}}}"
    if condition.operator.startswith("is"):
        return f"{cell} {condition.operator.upper()}"
    if condition.operator == "=":
        return f"{cell} = {quoted_text(condition.value)}"
    return f"{{{condition.column}?}} IS DISTINCT FROM {quoted_text(condition.value)}"
