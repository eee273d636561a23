"""Missing list and contracted prices of charges, filled from what a price source states.

A charge is filled only where a price matches it exactly: meter id, offer (EA) or product and SKU
(MCA, retail list), unit, currency and day; where the source states one price, for every tier; and
where no price that the charge itself states says another. What is filled is named in
x_PricedColumns and its source in x_PriceSource; what stays NULL has its cause in x_PriceGap.
BilledCost, EffectiveCost and every value that an export states stay as they are.

The price of a charge in another billing currency is the stated price x x_BillingExchangeRate, the
rate from pricing to billing currency that the charge states.

Source: docs/decisions/0006-price-filling.md; FOCUS 1.2, ListUnitPrice and ContractedUnitPrice;
Microsoft Learn, "FOCUS cost and usage details" (x_BillingExchangeRate).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.engine import quoted, quoted_text, sql_file
from pertoken.prices.arithmetic import (
    MONEY,
    block_factor,
    exact_product,
    unit_block,
    unit_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

PRICED_COLUMNS = ("ContractedCost", "ContractedUnitPrice", "ListCost", "ListUnitPrice")
"""The columns of a charge that can be filled."""

PRICE_COLUMNS = ("x_PriceSource", "x_PricedColumns", "x_PriceGap")
"""The columns that say what was filled, from what, and why something was not."""

GAPS: dict[str, str] = {
    "no price": "no price source states a price for this meter, offer or product, unit and day",
    "several prices": "the price source states several prices, by tier or included quantity",
    "other price": "a price that the charge states is not the one in the price source",
    "no exchange rate": "the price is in another currency and the charge states no rate",
    "quantity not proven": "PricingQuantity does not agree with the quantity of the charge",
}
"""Every value of x_PriceGap and what it says."""

_KINDS = ("offer", "product", "retail")
_NEEDED = {
    **dict.fromkeys(
        ("ListUnitPrice", "ListCost", "ContractedUnitPrice", "ContractedCost", "PricingQuantity",
         "x_UnitQuantity", "EffectiveCost", "x_EffectiveUnitPrice", "x_BillingExchangeRate"),
        MONEY,
    ),
    **dict.fromkeys(
        ("ChargeCategory", "CommitmentDiscountStatus", "CommitmentDiscountId", "PricingCategory",
         "PricingCurrency", "BillingCurrency", "BillingAccountId", "x_BillingProfileId", "SkuId",
         "SkuPriceId", "x_SkuOfferId", "x_SkuMeterId", "x_PricingUnitDescription", "PricingUnit"),
        "VARCHAR",
    ),
    "ChargePeriodStart": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip


def answers_select(since: date, until: date) -> str:
    """What the relation `prices` answers for days from `since` to before `until`: answers.sql."""
    text = sql_file("pertoken.prices", "answers")
    text = text.replace("{words}", unit_words("UnitOfMeasure"))
    text = text.replace("{block}", unit_block("UnitOfMeasure"))
    return text.replace("{since}", f"DATE '{since}'").replace("{until}", f"DATE '{until}'")


def priced_select(columns: Mapping[str, str], relation: str, answers: str) -> str:
    """The SELECT that fills the charges of `relation` from the relation `answers`.

    Takes:   the columns of `relation`, FOCUS charges as the hub keeps them, nothing filled yet;
             `answers`, as `answers_select` gives them.
    Gives:   one row per charge: its columns, PRICED_COLUMNS filled where a price matches, and
             PRICE_COLUMNS.
    Keeps:   rows, BilledCost, EffectiveCost, every value that is not NULL.
    """
    absent = {name: kind for name, kind in _NEEDED.items() if name not in columns}
    nulls = [f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in absent.items()]
    layer = _select(["*", *nulls], quoted(relation))
    layer = _joined(_over(_over(layer, _open()), _of_open(_keys())), answers)
    for step in (_factors, _prices_of_blocks, _prices, _verdicts, _unit_prices, _costs):
        layer = _over(layer, _of_open(step()))
    return _filled(columns, layer)


def unpriced_select(columns: Iterable[str], relation: str) -> str:
    """The charges of `relation` with what was filled taken out again; PRICE_COLUMNS are dropped."""
    listed = "concat(',', x_PricedColumns, ',')"
    items = []
    for name in columns:
        if name in PRICED_COLUMNS:
            filled = f"x_PricedColumns IS NOT NULL AND {listed} LIKE '%,{name},%'"
            items.append(f"CASE WHEN NOT ({filled}) THEN {quoted(name)} END AS {quoted(name)}")
        elif name not in PRICE_COLUMNS:
            items.append(quoted(name))
    return _select(items, quoted(relation))


def _open() -> dict[str, str]:
    """Whether a charge lacks a price or cost that a source could state."""
    missing = " OR ".join(f"{name} IS NULL" for name in PRICED_COLUMNS)
    return {
        "p_Open": "coalesce(ChargeCategory = 'Usage' AND EffectiveCost <> 0 "
        f"AND CommitmentDiscountStatus IS DISTINCT FROM 'Unused' AND ({missing}), false)"
    }


def _keys() -> dict[str, str]:
    """What a charge is matched by; NULL for a charge that lacks nothing."""
    unit = "coalesce(x_PricingUnitDescription, PricingUnit)"
    product = (
        "CASE WHEN SkuId LIKE '%/%' THEN lower(SkuId) WHEN SkuPriceId LIKE '%\\_%\\_%' ESCAPE '\\' "
        "THEN lower(concat(split_part(SkuPriceId, '_', 1), '/', split_part(SkuPriceId, '_', 2))) "
        "END"
    )
    account = "lower(coalesce(x_BillingProfileId, regexp_extract(BillingAccountId, '[^/]+$')))"
    return {
        "p_Meter": "lower(x_SkuMeterId)",
        "p_Offer": "lower(x_SkuOfferId)",
        "p_Product": product,
        "p_Account": account,
        "p_Words": unit_words(unit),
        "p_Block": unit_block(unit),
        "p_Day": "CAST(ChargePeriodStart AS DATE)",
        "p_Currency": "coalesce(PricingCurrency, BillingCurrency)",
        "p_Rate": f"CASE WHEN coalesce(PricingCurrency, BillingCurrency) = BillingCurrency "
        f"THEN CAST(1 AS {MONEY}) WHEN x_BillingExchangeRate > 0 THEN x_BillingExchangeRate END",
    }


def _joined(layer: str, answers: str) -> str:
    """At most one answer of each kind beside each charge."""
    joins, items = [], ["charges.*"]
    for kind in _KINDS:
        key = "p_Offer" if kind == "offer" else "p_Product"
        account = "" if kind == "retail" else f" AND {kind}.Account = charges.p_Account"
        joins.append(
            f"LEFT JOIN (SELECT * FROM {quoted(answers)} WHERE Kind = '{kind}') AS {kind} "
            f"ON {kind}.MeterId = charges.p_Meter AND {kind}.MatchKey = charges.{key}{account} "
            f"AND {kind}.UnitWords = charges.p_Words AND {kind}.CurrencyCode = charges.p_Currency "
            f"AND charges.p_Day >= {kind}.SegmentStart AND charges.p_Day < {kind}.SegmentEnd"
        )
    for name in ("Block", "RunId", "Several", "ListUnitPrice", "ContractedUnitPrice"):
        items.append(f"coalesce(offer.{name}, product.{name}) AS s_{name}")
        items.append(f"retail.{name} AS r_{name}")
    return _select(items, f"({layer}) AS charges {' '.join(joins)}")


def _factors() -> dict[str, str]:
    return {f"{of}_Factor": block_factor("p_Block", f"{of}_Block") for of in ("s", "r")}


def _prices_of_blocks() -> dict[str, str]:
    """Prices per priced block of the charge, in the currency of the source."""
    return {
        "s_List": exact_product("s_ListUnitPrice", "s_Factor"),
        "s_Contracted": exact_product("s_ContractedUnitPrice", "s_Factor"),
        "r_List": exact_product("r_ListUnitPrice", "r_Factor"),
    }


def _prices() -> dict[str, str]:
    """The same in the currency of the charge."""
    names = ("s_List", "s_Contracted", "r_List")
    return {f"{name}Price": exact_product(name, "p_Rate") for name in names}


def _verdicts() -> dict[str, str]:
    """Whether a charge itself says another price than a source, and whether quantities agree."""
    on_demand = "PricingCategory = 'Standard' AND CommitmentDiscountId IS NULL"
    evidence = (
        ("ListUnitPrice", "s_ListPrice"),
        ("ContractedUnitPrice", "s_ContractedPrice"),
        (f"CASE WHEN {on_demand} THEN x_EffectiveUnitPrice END", "s_ContractedPrice"),
        ("ListCost", exact_product("s_ListPrice", "PricingQuantity")),
        ("ContractedCost", exact_product("s_ContractedPrice", "PricingQuantity")),
    )
    of_retail = (
        ("ListUnitPrice", "r_ListPrice"),
        ("ListCost", exact_product("r_ListPrice", "PricingQuantity")),
    )
    units = f"CAST({exact_product('PricingQuantity', 'p_Block')} AS DOUBLE)"
    return {
        "s_Other": " OR ".join(f"coalesce({_differ(*pair)}, false)" for pair in evidence),
        "r_Other": " OR ".join(f"coalesce({_differ(*pair)}, false)" for pair in of_retail),
        "p_Proven": f"coalesce(abs({units} - CAST(x_UnitQuantity AS DOUBLE)) "
        "<= abs(CAST(x_UnitQuantity AS DOUBLE)) * 1e-6, false)",
    }


def _differ(stated: str, price: str) -> str:
    """SQL: two prices that are not the same beyond the rounding of either (relative 1e-6)."""
    return (
        f"nullif({stated}, 0) IS NOT NULL AND abs(CAST({stated} AS DOUBLE) "
        f"- CAST({price} AS DOUBLE)) > abs(CAST({stated} AS DOUBLE)) * 1e-6 + 5e-13"
    )


def _unit_prices() -> dict[str, str]:
    """The unit prices found for a charge; NULL where none may be used."""
    of_sheet = "p_Proven AND NOT s_Several AND NOT s_Other"
    of_retail = "p_Proven AND NOT r_Several AND NOT r_Other"
    return {
        "f_List": f"CASE WHEN {of_sheet} AND s_ListPrice IS NOT NULL THEN s_ListPrice "
        f"WHEN s_RunId IS NULL AND {of_retail} THEN r_ListPrice END",
        "f_Contracted": f"CASE WHEN {of_sheet} THEN s_ContractedPrice END",
    }


def _costs() -> dict[str, str]:
    """The cost of a charge by its own unit price, else by the one found."""
    costs = {}
    for name in ("List", "Contracted"):
        price = f"coalesce(nullif({name}UnitPrice, 0), f_{name})"
        costs[f"f_{name}Cost"] = (
            f"CASE WHEN p_Proven THEN {exact_product(price, 'PricingQuantity')} END"
        )
    return costs


def _filled(columns: Mapping[str, str], layer: str) -> str:
    """The charges with what was found in the places of what was missing."""
    missing = {name: f"({name} IS NULL AND {sql} IS NOT NULL)" for name, sql in _FOUND.items()}
    items = [
        f"coalesce({name}, {_FOUND[name]}) AS {quoted(name)}" if name in _FOUND else quoted(name)
        for name in columns
        if name not in PRICE_COLUMNS
    ]
    listed = ", ".join(f"CASE WHEN {missing[name]} THEN '{name}' END" for name in PRICED_COLUMNS)
    sheet = f"{quoted_text('price sheet ')} || s_RunId"
    of_list = (
        f"CASE WHEN ListUnitPrice IS NOT NULL THEN 'charge' WHEN s_ListPrice IS NOT NULL "
        f"THEN {sheet} ELSE 'retail price list ' || r_RunId END"
    )
    of_contracted = f"CASE WHEN ContractedUnitPrice IS NOT NULL THEN 'charge' ELSE {sheet} END"
    list_filled = f"({missing['ListCost']} OR {missing['ListUnitPrice']})"
    contracted_filled = f"({missing['ContractedCost']} OR {missing['ContractedUnitPrice']})"
    source = (
        f"CASE WHEN {list_filled} AND {contracted_filled} AND ({of_list}) <> ({of_contracted}) "
        f"THEN ({of_contracted}) || '; ' || ({of_list}) WHEN {contracted_filled} "
        f"THEN {of_contracted} WHEN {list_filled} THEN {of_list} END"
    )
    items += [
        f"{source} AS x_PriceSource",
        f"nullif(concat_ws(',', {listed}), '') AS x_PricedColumns",
        f"{_gap()} AS x_PriceGap",
    ]
    return _select(items, f"({layer}) AS priced")


_FOUND = {
    "ContractedCost": "f_ContractedCost",
    "ContractedUnitPrice": "f_Contracted",
    "ListCost": "f_ListCost",
    "ListUnitPrice": "f_List",
}


def _gap() -> str:
    """SQL: why a list or contracted cost is still NULL."""
    still = " OR ".join(
        f"coalesce({name}, {_FOUND[name]}) IS NULL" for name in ("ListCost", "ContractedCost")
    )
    return (
        f"CASE WHEN NOT p_Open OR NOT ({still}) THEN NULL "
        "WHEN s_RunId IS NULL AND r_RunId IS NULL THEN 'no price' "
        "WHEN NOT p_Proven THEN 'quantity not proven' "
        "WHEN p_Rate IS NULL THEN 'no exchange rate' "
        "WHEN s_Several OR (s_RunId IS NULL AND r_Several) THEN 'several prices' "
        "WHEN s_Other OR (s_RunId IS NULL AND r_Other) THEN 'other price' ELSE 'no price' END"
    )


def _of_open(expressions: Mapping[str, str]) -> dict[str, str]:
    """The same for charges that lack something, NULL for all others: those are passed by."""
    return {name: f"CASE WHEN p_Open THEN {sql} END" for name, sql in expressions.items()}


def _over(layer: str, expressions: Mapping[str, str]) -> str:
    """A layer with new columns beside the ones below."""
    items = ["*", *(f"{sql} AS {name}" for name, sql in expressions.items())]
    return _select(items, f"({layer}) AS below")


def _select(items: Sequence[str], source: str) -> str:
    return f"SELECT {', '.join(items)} FROM {source}"
