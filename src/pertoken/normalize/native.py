"""Native Actual and Amortized cost rows -> the columns of FOCUS, as one SELECT.

The SELECT reads the native columns as their types, says what their words mean, joins three small
tables (regions, services, units) and maps to FOCUS by the rule files. The charges that come out are
typed, so that everything after it is the same as for a FOCUS export. Columns that FOCUS has no
place for are kept with the prefix x_.

Source: FinOps toolkit, convert cost data to FOCUS, read 2026-05-20; docs/native-exports.md.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text
from pertoken.errors import SourceError
from pertoken.normalize.dialects import NATIVE_DATASETS, column_rules
from pertoken.normalize.native_headers import NATIVE_NEEDED, native_names
from pertoken.normalize.native_writing import (
    DATES,
    NUMBERS,
    Writing,
    date_expression,
    number_expression,
)
from pertoken.normalize.source_types import (
    DECIMAL,
    FILE_COLUMN,
    SQL_TYPES,
    UNREADABLE,
    known_columns,
    typed_expression,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTUAL_COST, AMORTIZED_COST = NATIVE_DATASETS
_COST_RULES = {ACTUAL_COST: "azure_native_actual", AMORTIZED_COST: "azure_native_amortized"}

_READABLE = ("BillingPeriodStartDate", "BillingPeriodEndDate", "PaygCostInBillingCurrency")
"""Columns whose every value must be readable, or absent; NATIVE_NEEDED must be there as well."""

_BOOLEANS = ("IsAzureCreditEligible",)
_KEPT = (
    "ChargeType", "PricingModel", "Frequency", "ConsumedService", "ResourceLocation", "UnitPrice",
    "EffectivePrice", "PayGPrice", "CostInPricingCurrency", "ReservationId", "ReservationName",
    "ServiceInfo1", "ServiceInfo2", "PreviousInvoiceId", "PartnerTenantId", "AvailabilityZone",
)  # fmt: skip
"""Native columns that a rule reads and does not carry as they are, or that FOCUS does not have."""


def native_select(
    columns: Mapping[str, str],
    dataset: str,
    relation: str,
    writing: Writing,
    *,
    only_commitments: bool = False,
) -> str:
    """The SELECT that turns native rows into typed FOCUS columns.

    Takes:   the columns of `relation` and their SQL types, with FILE_COLUMN; ActualCost or
             AmortizedCost; how the source writes dates and numbers. `only_commitments` keeps the
             purchases and refunds of commitments, which the amortised cost does not have.
    Gives:   one row per native row: the columns of the rule files, x_ columns, FILE_COLUMN;
             x_Unread names the cells that are no number, date or flag though they should.
    Keeps:   rows; the sum of the cost: as BilledCost of ActualCost, EffectiveCost of AmortizedCost.
    Raises:  SourceError when a needed column is missing; from the engine, when a cost, currency or
             date cannot be read.
    """
    names = native_names(name for name in columns if name != FILE_COLUMN)
    if missing := [name for name in NATIVE_NEEDED if name not in names]:
        raise SourceError(
            f"The source has no charges: column {', '.join(missing)} missing.",
            f"Expected a native cost export: {', '.join(NATIVE_NEEDED)}, under any known header.",
            "Name a cost export; a header in a new language is a row of native_headers.csv.",
        )
    base = f"SELECT {_items(_typed(columns, names, writing))} FROM {quoted(relation)}"
    words = f"SELECT *, {_items(column_rules('azure_native_words'))} FROM ({base}) AS typed"
    kinds = f"SELECT *, {_items(column_rules('azure_native_kinds'))} FROM ({words}) AS words"
    prices = f"{_items(_PRICES)}, {_TABLE_ITEMS}"
    priced = f"SELECT kinds.*, {prices} FROM ({kinds}) AS kinds {_joins()}"
    costed = f"SELECT *, {_items(_PRICE_COSTS)} FROM ({priced}) AS priced"
    focus = _items(_focus_rules(dataset) | _kept(columns, names))
    charged = f"SELECT {focus} FROM ({costed}) AS costed"
    return charged + (" WHERE n_BuysCommitment" if only_commitments else "")


def commitment_evidence(columns: Mapping[str, str], relation: str, writing: Writing) -> str:
    """A query: how many rows only ActualCost has, and how many only AmortizedCost has.

    Purchases and refunds of commitments are billed, their use is amortised; a source without
    commitments has neither, and its two datasets are the same.
    """
    charges = native_select(columns, ACTUAL_COST, relation, writing)
    return (
        "SELECT count(CASE WHEN x_AmortizationClass = 'Principal' THEN 1 END), "
        "count(CASE WHEN x_AmortizationClass = 'Amortized Charge' AND BilledCost <> 0 THEN 1 END) "
        f"FROM ({charges}) AS charges"
    )


def _focus_rules(dataset: str) -> dict[str, str]:
    """The FOCUS columns, each cast to its type."""
    known = known_columns()
    rules = column_rules("azure_native") | column_rules(_COST_RULES[dataset])
    return {name: f"CAST({rule} AS {SQL_TYPES[known[name]]})" for name, rule in rules.items()}


def _typed(
    columns: Mapping[str, str], names: Mapping[str, str], writing: Writing
) -> dict[str, str]:
    """Every native column as its type, NULL where the source has none; and what cannot be read."""
    typed: dict[str, str] = {FILE_COLUMN: quoted(FILE_COLUMN)}
    unread = []
    for column in _native_columns():
        header = names.get(column)
        kind = _kind(column)
        if header is None:
            typed[column] = f"CAST(NULL AS {SQL_TYPES[kind]})"
            continue
        sql = _expression(header, column, columns[header], writing)
        written = f"nullif(trim(CAST({quoted(header)} AS VARCHAR)), '') IS NOT NULL"
        typed[column] = _checked(header, column, sql, written)
        if column in _KEPT:
            typed[f"n_Written{column}"] = f"nullif(CAST({quoted(header)} AS VARCHAR), '')"
        if kind != "text" and typed[column] == sql:
            cell = f"{quoted_text(header + '=')} || CAST({quoted(header)} AS VARCHAR)"
            unread.append(f"CASE WHEN {sql} IS NULL AND {written} THEN {cell} END")
    typed["x_Unread"] = (
        f"nullif(concat_ws('; ', NULL, {', '.join(unread)}), '')" if unread else "''"
    )
    taken = set(names.values()) | {FILE_COLUMN}
    for header in columns:
        if header not in taken:
            typed[_extra_name(header)] = f"nullif(CAST({quoted(header)} AS VARCHAR), '')"
    return typed


def _expression(header: str, column: str, sql_type: str, writing: Writing) -> str:
    if sql_type == "VARCHAR" and column in DATES:
        return date_expression(header, writing)
    if sql_type == "VARCHAR" and column in NUMBERS:
        return number_expression(header, writing)
    return typed_expression(header, _kind(column), sql_type)


def _checked(header: str, column: str, typed: str, written: str) -> str:
    """`typed`, ending the query when a needed or readable value is not there."""
    if column not in (*NATIVE_NEEDED, *_READABLE):
        return typed
    wrong = f"{typed} IS NULL" if column in NATIVE_NEEDED else f"{typed} IS NULL AND {written}"
    marker = quoted_text(f"{UNREADABLE}{header}=")
    cell = f"coalesce(CAST({quoted(header)} AS VARCHAR), '')"
    return f"CASE WHEN {wrong} THEN error({marker} || {cell}) ELSE {typed} END"


def _kind(column: str) -> str:
    if column in DATES:
        return "timestamp"
    if column in NUMBERS:
        return "decimal"
    return "boolean" if column in _BOOLEANS else "text"


def _kept(columns: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """The x_ columns that carry what FOCUS has no place for."""
    kept = {f"x_{name}": quoted(f"n_Written{name}") for name in _KEPT if name in names}
    taken = set(names.values()) | {FILE_COLUMN}
    extra = (_extra_name(header) for header in columns if header not in taken)
    kept |= {name: quoted(name) for name in extra}
    return kept | {"x_Unread": "nullif(x_Unread, '')", FILE_COLUMN: quoted(FILE_COLUMN)}


def _extra_name(header: str) -> str:
    """The name under which an unknown column is kept: none that a known column has."""
    name = header.strip()
    name = name if name.startswith("x_") else f"x_{name}"
    taken = {each.casefold() for each in (*known_columns(), *(f"x_{kept}" for kept in _KEPT))}
    taken.add("x_unread")
    return f"x_Native_{name}" if name.casefold() in taken else name


def exact_product(left: str, right: str) -> str:
    """SQL: a product in DECIMAL(38,18); NULL where a factor would lose digits.

    Two DECIMAL(38,18) have no product that fits, so each is first held to fewer digits that lose
    nothing: 6 and 5 before the point for prices and rates, or 9 and 10 for large quantities.
    """
    cases = []
    for first, second in (("21,15", "17,12"), ("18,12", "20,10"), ("24,18", "14,6")):
        a, b = f"TRY_CAST({left} AS DECIMAL({first}))", f"TRY_CAST({right} AS DECIMAL({second}))"
        cases.append(f"WHEN {a} = {left} AND {b} = {right} THEN TRY_CAST({a} * {b} AS {DECIMAL})")
    return f"CASE {' '.join(cases)} END"


_PRICES = {
    f"n_{name}": exact_product(name, "n_Rate")
    for name in ("UnitPrice", "EffectivePrice", "PayGPrice")
}
"""Unit prices in billing currency."""

_PRICE_COSTS = {
    "n_ContractedCost": exact_product("n_UnitPrice", "Quantity"),
    "n_ListCost": exact_product("n_PayGPrice", "Quantity"),
}
_TABLE_ITEMS = (
    "region.RegionId AS n_RegionId, region.RegionName AS n_RegionName, unit.unit AS n_Unit, "
    "coalesce(by_type.ServiceName, by_service.ServiceName, by_meter.ServiceName) AS n_ServiceName, "
    "coalesce(by_type.ServiceCategory, by_service.ServiceCategory, by_meter.ServiceCategory, "
    "by_family.ServiceCategory) AS n_ServiceCategory"
)
_SERVICE_KEYS = {
    "by_type": ("ResourceType", "n_ResourceType"),
    "by_service": ("ConsumedService", "n_ConsumedService"),
    "by_meter": ("MeterCategory", "n_MeterCategory"),
    "by_family": ("ServiceFamily", "n_ServiceFamily"),
}


@cache
def _joins() -> str:
    """LEFT JOINs to the tables of regions, units and services; their keys are unique."""
    joins = [
        _join("region", "location", ("RegionId", "RegionName"), "n_Location", "azure_regions"),
        _join("unit", "words", ("unit",), "n_UnitWords", "azure_units"),
    ]
    for alias, (kind, key) in _SERVICE_KEYS.items():
        columns = ("ServiceName", "ServiceCategory")
        joins.append(_join(alias, "key", columns, key, "azure_services", kind))
    return " ".join(joins)


def _join(
    alias: str, key: str, columns: tuple[str, ...], of: str, table: str, kind: str = ""
) -> str:
    rows = [row for row in _table(table) if not kind or row["kind"] == kind]
    values = ", ".join(
        "(" + ", ".join(quoted_text(row[name]) for name in (key, *columns)) + ")" for row in rows
    )
    names = ", ".join(quoted(name) for name in ("k", *columns))
    items = ", ".join(f"nullif({quoted(name)}, '') AS {quoted(name)}" for name in columns)
    relation = f"(SELECT k, {items} FROM (VALUES {values}) AS v({names}))"
    return f"LEFT JOIN {relation} AS {alias} ON {alias}.k = kinds.{of}"


@cache
def _table(name: str) -> tuple[dict[str, str], ...]:
    text = files("pertoken.normalize").joinpath(f"{name}.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def _native_columns() -> tuple[str, ...]:
    return tuple(dict.fromkeys(row["column"] for row in _table("native_headers")))


def _items(rules: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {quoted(name)}" for name, sql in rules.items())
