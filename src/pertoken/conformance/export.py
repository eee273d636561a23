"""Charges as a FOCUS file of one version: the SELECT that gives its columns in its order.

Three layers: cells (every column read as its FOCUS type, absent ones NULL), helpers (what the
rules share), and the columns of the version by the rules in export_rules.csv. Token rows count
tokens; what they know of the model goes into SkuPriceDetails, under x_ keys until a version
defines them. Source: FOCUS columns; FOCUS_Spec PRs #2442 and #2606 for the keys of the draft.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken import focus
from pertoken.conformance.rules import table
from pertoken.engine.sql import quoted, quoted_text, sql_file
from pertoken.errors import ConfigError, alternatives

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPORT_VERSIONS = ("1.2", "1.3", "1.4", focus.DRAFT)
_TYPES = {"decimal": "DECIMAL(38, 18)", "timestamp": "TIMESTAMP WITH TIME ZONE"}
_OWN_DECIMALS = ("x_EffectiveCostInUsd", "x_PricingBlockSize", "x_TokenQuantity")
_OWN_TEXTS = (
    "x_InvoiceId", "x_PricingCurrency", "x_SkuMeterCategory", "x_SkuMeterId", "x_SkuMeterName",
    "x_SkuMeterSubcategory",
)  # fmt: skip
_DERIVED = "x_DerivedColumns"
_NOT_MARKED = ("ProviderName", "ServiceProviderName", "SkuPriceDetails")
_RENAMED = ("ProviderName", "ServiceProviderName")


def focus_select(columns: Mapping[str, str], version: str, relation: str) -> str:
    """The SELECT that gives charges as a FOCUS file of `version`.

    Takes:   columns, the names and types of `relation`; one row per charge, FOCUS and x_ columns.
    Gives:   one row per charge: the columns of the version in their order (decimals as
             DECIMAL(38,18), times in UTC), then the x_ columns. A mandatory column without a
             source is NULL (see `missing_columns`); one that is not nullable, not mandatory and
             without a source is left out. x_DerivedColumns names, per charge, the columns that
             were NULL and are filled by a rule.
    Keeps:   rows, BilledCost, EffectiveCost, and ListCost and ContractedCost where known.
    Raises:  ConfigError for a version that is not exported.
    """
    if version not in EXPORT_VERSIONS:
        raise ConfigError(
            f"FOCUS {version} is not exported.",
            "Expected a version that has SkuPriceDetails keys and invoices.",
            f"Use one of {alternatives(version, EXPORT_VERSIONS)}.",
        )
    rules = {row["column"]: row["expression"] for row in table("export_rules")}
    outputs = [
        f"{_output(name, rules.get(name, quoted(name)), columns)} AS {quoted(name)}"
        for name in _columns_of(version, columns)
    ]
    outputs += [f"{quoted(name)} AS {quoted(own)}" for name, own in _own(columns, version).items()]
    outputs.append(f"{_derived(version, rules, columns)} AS {quoted(_DERIVED)}")
    return f"SELECT {', '.join(outputs)} FROM ({_helpers(columns, version, relation)}) AS charges"


def missing_columns(columns: Mapping[str, str], version: str) -> tuple[str, ...]:
    """The mandatory columns of a version that charges with these columns cannot fill."""
    return tuple(
        name
        for name, column in focus.columns(version).items()
        if column.mandatory and not column.nullable and not _has_source(name, columns)
    )


def focus_text_select(columns: Mapping[str, str], version: str, relation: str) -> str:
    """As `focus_select`, every cell as the text that FOCUS asks for in a CSV file."""
    names = [*_columns_of(version, columns), *_own(columns, version).values(), _DERIVED]
    cells = [f"{_text(name, columns)} AS {quoted(name)}" for name in names]
    return f"SELECT {', '.join(cells)} FROM ({focus_select(columns, version, relation)}) AS charges"


def _text(name: str, columns: Mapping[str, str]) -> str:
    kind = focus.column_type(name)
    stored = columns.get(name, "VARCHAR")
    if kind == "timestamp" or stored.startswith("TIMESTAMP"):
        return f"strftime({quoted(name)}, '%Y-%m-%dT%H:%M:%SZ')"
    text = f"CAST({quoted(name)} AS VARCHAR)"
    if kind == "decimal" or (stored.startswith("DECIMAL") and not stored.endswith(",0)")):
        return f"regexp_replace({text}, '\\.?0+$', '')"
    return text


def _columns_of(version: str, columns: Mapping[str, str]) -> list[str]:
    return [
        name
        for name, column in focus.columns(version).items()
        if (column.feature_level != "Draft" and (column.nullable or column.mandatory))
        or _has_source(name, columns)
    ]


def _has_source(name: str, columns: Mapping[str, str]) -> bool:
    sources = {row["column"]: row["any_of"] for row in table("export_rules")}
    return any(each in columns for each in (name, *sources.get(name, "").split("|")))


def _own(columns: Mapping[str, str], version: str) -> dict[str, str]:
    """The columns behind those of the version, and their names there: all with x_."""
    kept = {name: name for name in columns if name.startswith("x_") and name != _DERIVED}
    for name in columns:
        own = f"x_{name}"
        known = name in focus.columns(version) or name in (*_RENAMED, _DERIVED) or name in kept
        if not known and own not in columns:
            kept[name] = own
    return kept


def _output(name: str, expression: str, columns: Mapping[str, str]) -> str:
    rule_needed = name in columns or expression != quoted(name)
    kind = _TYPES.get(focus.column_type(name) or "", "VARCHAR")
    return f"CAST({expression if rule_needed else 'NULL'} AS {kind})"


def _helpers(columns: Mapping[str, str], version: str, relation: str) -> str:
    pairs = [
        f"{quoted_text(_key(row['key'], version))}, {quoted(row['column'])}"
        for row in table("export_keys")
        if row["column"] in columns
    ]
    return (
        sql_file("pertoken.conformance", "export_helpers")
        .replace("{details}", _details(version))
        .replace("{pairs}", ", ".join(pairs))
        .replace("{cells}", _cells(columns, relation))
    )


def _derived(version: str, rules: Mapping[str, str], columns: Mapping[str, str]) -> str:
    """The names of the columns that a rule fills, now or in an earlier export; NULL where none."""
    marks = [quoted(_DERIVED)] if _DERIVED in columns else []
    marks += [
        f"CASE WHEN {quoted(name)} IS NULL AND ({rule}) IS NOT NULL THEN {quoted_text(name)} END"
        for name, rule in rules.items()
        if name in focus.columns(version) and name not in _NOT_MARKED
    ]
    return f"NULLIF(CONCAT_WS(' ', {', '.join(marks)}), '')"


def _key(key: str, version: str) -> str:
    defined = key in focus.detail_keys(version) or key.startswith("x_")
    return key if defined else f"x_{key}"


def _details(version: str) -> str:
    """The pairs that the charge has already, keys that the version lacks made custom."""
    defined = ", ".join(quoted_text(key) for key in focus.detail_keys(version))
    fit = "json_valid(SkuPriceDetails) AND LEFT(LTRIM(SkuPriceDetails), 1) = '{'"
    entries = (
        "map_entries(CAST(from_json(SkuPriceDetails, '\"MAP(VARCHAR, JSON)\"')"
        " AS MAP(VARCHAR, JSON)))"
    )
    renamed = (
        f"list_transform({entries}, lambda pair: struct_pack(k := CASE WHEN pair.key IN ({defined})"
        " OR starts_with(pair.key, 'x_') THEN pair.key ELSE 'x_' || pair.key END, v := pair.value))"
    )
    return f"CASE WHEN {fit} THEN TRY(to_json(map_from_entries({renamed}))) ELSE '{{}}' END"


def _cells(columns: Mapping[str, str], relation: str) -> str:
    """Every column the rules may ask for, as its type; NULL where the charges lack it."""
    named = [name for version in (*focus.VERSIONS, focus.DRAFT) for name in focus.columns(version)]
    wanted = dict.fromkeys((*columns, *named, *_OWN_DECIMALS, *_OWN_TEXTS))
    return (
        f"SELECT {', '.join(_cell(name, columns) for name in wanted if name)}"
        f" FROM {quoted(relation)}"
    )


def _cell(name: str, columns: Mapping[str, str]) -> str:
    kind = _TYPES.get(focus.column_type(name) or "")
    if name in _OWN_DECIMALS:
        kind = _TYPES["decimal"]
    stored = columns.get(name)
    if stored is None:
        return f"CAST(NULL AS {kind or 'VARCHAR'}) AS {quoted(name)}"
    cell = quoted(name)
    if stored in {"DOUBLE", "FLOAT"}:
        cell = f"CAST({cell} AS VARCHAR)"
    if stored == "VARCHAR":
        cell = f"NULLIF({cell}, '')"
    if kind is None and stored.startswith("TIMESTAMP"):
        kind = _TYPES["timestamp"]
    elif kind is None and focus.column_type(name) is not None:
        kind = "VARCHAR"
    return f"{f'CAST({cell} AS {kind})' if kind else cell} AS {quoted(name)}"
