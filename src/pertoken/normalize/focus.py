"""Source charges -> FOCUS 1.2 charges with x_ columns, as one SELECT.

The SELECT is a tower of layers, each a SELECT over the one below: typed (text read as its type),
one layer per rule file of the dialect, votes and quantities, the repair of blocks, and the keys
that join charges to their meter and tags. Every source column is kept, under its FOCUS spelling;
every value that a rule changed keeps its original in x_SourceValues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text
from pertoken.normalize.dialects import column_rules, rule_files
from pertoken.normalize.source_types import (
    FILE_COLUMN,
    READABLE,
    SQL_TYPES,
    canonical_names,
    checked,
    known_columns,
    typed_expression,
)
from pertoken.quantities import quantity_layers

if TYPE_CHECKING:
    from collections.abc import Mapping

METER_COLUMNS = (
    "SkuMeter", "x_SkuMeterCategory", "x_SkuMeterSubcategory", "x_SkuMeterId", "PublisherName",
    "x_PricingUnitDescription", "PricingUnit", "ConsumedUnit", "ServiceName", "ServiceCategory",
    "x_SkuDescription", "x_SkuPlanName",
)  # fmt: skip
"""What a meter is read from; x_MeterKey is a hash of them."""

BASE_COLUMNS = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType", "BillingCurrency",
    "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription",
    "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountCategory",
    "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountStatus",
    "CommitmentDiscountType", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost",
    "ListUnitPrice", "PricingCategory", "PricingCurrency", "PricingQuantity", "PricingUnit",
    "ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId", "ResourceName",
    "ResourceType", "ServiceCategory", "ServiceName", "ServiceSubcategory", "SkuId", "SkuMeter",
    "SkuPriceId", "SubAccountId", "SubAccountName", "SubAccountType", "Tags",
    "x_BilledUnitPrice", "x_EffectiveUnitPrice", "x_PricingBlockSize", "x_PricingUnitDescription",
    "x_ResourceGroupName", "x_SkuDescription", "x_SkuMeterCategory", "x_SkuMeterId",
    "x_SkuMeterSubcategory", "x_SkuPlanName",
)  # fmt: skip
"""Columns that charges always have, NULL where the source has none."""

OWN_COLUMNS = (
    "x_MeterKey", "x_TagsKey", "x_UnitQuantity", "x_QuantityBasis", "x_SourceValues", "x_RunId",
    "x_SourceFile",
)  # fmt: skip
"""Columns that the hub adds to every charge."""

REPAIRED_TOKENS = "x_RepairedTokens"
REPAIRED_FROM = "x_RepairedFrom"
"""Columns of a gateway's file that was recognised: the tokens that a row holds, and where."""

_REPAIRS = {
    "PricingQuantity": ("CASE WHEN {broken} THEN ConsumedQuantity ELSE PricingQuantity END"),
    "ContractedCost": (
        "CASE WHEN {broken} AND abs(CAST(ContractedUnitPrice AS DOUBLE) "
        "* CAST(PricingQuantity AS DOUBLE) - CAST(ContractedCost AS DOUBLE)) "
        "<= abs(CAST(ContractedCost AS DOUBLE)) * 1e-6 "
        "THEN CAST(CAST(ContractedCost AS DECIMAL(25,15)) * CAST(q_Block AS DECIMAL(12,3)) "
        "AS DECIMAL(38,18)) ELSE ContractedCost END"
    ),
}
_BROKEN = (
    "x_QuantityBasis = 'blocks' AND q_Block > 1 AND abs(CAST(PricingQuantity AS DOUBLE) "
    "* CAST(q_Block AS DOUBLE) - CAST(ConsumedQuantity AS DOUBLE)) "
    "<= abs(CAST(ConsumedQuantity AS DOUBLE)) * 1e-6"
)
"""finops-toolkit issue 727: PricingQuantity and ContractedCost were divided by the block size."""


def charges_select(
    columns: Mapping[str, str], dataset: str, version: str, relation: str, *, run_id: str
) -> str:
    """The SELECT that turns a source relation into FOCUS charges.

    Takes:   the columns of `relation` and their SQL types; one row per charge, with FILE_COLUMN.
    Gives:   one row per charge: the source's columns under FOCUS names, BASE_COLUMNS, OWN_COLUMNS.
    Keeps:   rows, BilledCost, EffectiveCost, BillingCurrency.
    Raises:  from the engine, when a cost, currency or date cannot be read (see source_types).
    """
    names = canonical_names({name: kind for name, kind in columns.items() if name != FILE_COLUMN})
    own = {*OWN_COLUMNS, "BillingMonth", "x_ScopeKey"}
    names = {name: f"x_Source_{to}" if to in own else to for name, to in names.items()}
    known = known_columns()
    tower = _Tower(relation, _typed(columns, names, known))
    tower.note("n_Unread", _unread(columns, names, known))
    source_columns = tuple(dict.fromkeys(names.values()))
    repaired = ("gateway_repair",) if REPAIRED_TOKENS in columns else ()
    for rules in (*repaired, *rule_files(dataset, version)):
        tower.rules(column_rules(rules), source_columns)
    *evidence, quantity = quantity_layers()
    for layer in evidence:
        tower.add(layer)
    if repaired:
        proof = f"CASE WHEN {REPAIRED_TOKENS} IS NOT NULL THEN 'repaired' ELSE x_QuantityBasis END"
        tower.rules({"x_QuantityBasis": proof}, source_columns)
    tower.add(quantity)
    tower.rules(
        {name: rule.format(broken=_BROKEN) for name, rule in _REPAIRS.items()}, source_columns
    )
    tower.add(_keys(run_id))
    kept = [*dict.fromkeys((*source_columns, *BASE_COLUMNS)), *OWN_COLUMNS]
    return tower.select(kept)


class _Tower:
    """Layers of SELECTs; a layer sees only the columns of the one below.

    Columns whose names begin with `#` are dropped by the next layer that notes.
    """

    def __init__(self, relation: str, typed: dict[str, str]) -> None:
        items = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in typed.items())
        self._sql = f"SELECT {items} FROM {quoted(relation)}"
        self._columns = list(typed)
        self._changes: list[str] = []
        self._depth = 0

    def add(self, expressions: Mapping[str, str]) -> None:
        """A layer with new columns beside the ones below."""
        self._layer({name: quoted(name) for name in self._columns} | dict(expressions))

    def note(self, note: str, members: list[str], rules: Mapping[str, str] | None = None) -> None:
        """A layer that notes members of x_SourceValues, and replaces the columns in `rules`."""
        columns = {name: quoted(name) for name in self._columns} | dict(rules or {})
        if members:
            columns[note] = f"concat_ws(',', {', '.join(members)})"
            self._changes.append(note)
        self._layer({name: sql for name, sql in columns.items() if not name.startswith("#")})

    def rules(self, rules: Mapping[str, str], source_columns: tuple[str, ...]) -> None:
        """Two layers that replace columns: the new values, computed once, then in the places of
        the old; values of source columns that change are noted.
        """
        self.add({f"#new {name}": rule for name, rule in rules.items()})
        changes = [
            f"CASE WHEN {quoted(name)} IS DISTINCT FROM {quoted(f'#new {name}')} "
            f"THEN {_entry(name, quoted(name))} END"
            for name in rules
            if name in source_columns
        ]
        taken = {name: quoted(f"#new {name}") for name in rules}
        self.note(f"n_Change{self._depth}", changes, taken)

    def select(self, kept: list[str]) -> str:
        """The whole tower, giving the columns in `kept`."""
        notes = ", ".join(f"nullif({note}, '')" for note in self._changes) or "NULL"
        source_values = f"'{{' || nullif(concat_ws(',', {notes}), '') || '}}'"
        items = ", ".join(
            f"{source_values} AS x_SourceValues" if name == "x_SourceValues" else quoted(name)
            for name in kept
        )
        return f"SELECT {items} FROM ({self._sql}) AS tower"

    def _layer(self, columns: Mapping[str, str]) -> None:
        items = ", ".join(
            sql if sql == quoted(name) else f"{sql} AS {quoted(name)}"
            for name, sql in columns.items()
        )
        self._sql = f"SELECT {items} FROM ({self._sql}) AS layer_{self._depth}"
        self._columns = list(columns)
        self._depth += 1


def _typed(
    columns: Mapping[str, str], names: Mapping[str, str], known: Mapping[str, str]
) -> dict[str, str]:
    """Source columns read as their types; the other known columns as NULL, for the rules.

    Texts that may turn out unread are kept beside, for `_unread`.
    """
    typed: dict[str, str] = {}
    for column, name in names.items():
        sql = typed_expression(column, known.get(name, "text"), columns[column])
        typed[name] = checked(column, name, sql) if name in READABLE else sql
        if _may_be_unread(column, name, columns, known):
            typed[f"#text {name}"] = quoted(column)
    for name, kind in known.items():
        typed.setdefault(name, f"CAST(NULL AS {SQL_TYPES[kind]})")
    typed["x_SourceFile"] = quoted(FILE_COLUMN)
    return typed


def _unread(
    columns: Mapping[str, str], names: Mapping[str, str], known: Mapping[str, str]
) -> list[str]:
    """SQL: x_SourceValues members for texts that are no number, time or flag though they should."""
    return [
        f"CASE WHEN {quoted(name)} IS NULL AND trim({quoted(f'#text {name}')}) <> '' "
        f"THEN {_entry(name, quoted(f'#text {name}'))} END"
        for column, name in names.items()
        if _may_be_unread(column, name, columns, known)
    ]


def _may_be_unread(
    column: str, name: str, columns: Mapping[str, str], known: Mapping[str, str]
) -> bool:
    is_text = known.get(name, "text") == "text"
    return columns[column] == "VARCHAR" and not is_text and name not in READABLE


def _entry(name: str, value: str) -> str:
    """SQL: one member of the x_SourceValues object: the original as text, a decimal without the
    zeros that its type adds.
    """
    text = f"replace(replace(CAST({value} AS VARCHAR), '\\', '\\\\'), '\"', '\\\"')"
    if known_columns().get(name) == "decimal":
        text = f"CASE WHEN {text} LIKE '%.%' THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
    return f"{quoted_text(json_key(name))} || coalesce('\"' || {text} || '\"', 'null')"


def json_key(name: str) -> str:
    """`"name":` as it stands in a JSON object."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}":'


def _keys(run_id: str) -> dict[str, str]:
    """The keys that join a charge to its meter and its tags, and the run it came from."""
    words = ", ".join(f"coalesce({quoted(name)}, '')" for name in METER_COLUMNS)
    return {
        "x_MeterKey": f"substr(md5(concat_ws(chr(31), {words})), 1, 16)",
        "x_TagsKey": "substr(md5(Tags), 1, 16)",
        "x_RunId": quoted_text(run_id),
    }
