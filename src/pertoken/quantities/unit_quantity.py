"""The arithmetic of one charge, as SQL expressions over a typed relation of charges.

Evidence is a price and the cost it makes. Pairs are asked in the order of EVIDENCE; the first that
fits a reading decides, another of the trusted pairs that fits another reading makes the charge
contradictory. ContractedCost comes last and alone: exports before November 2024 divided it by the
block size. The comparison runs in DOUBLE with a tolerance of 1e-6 of the cost, or half of the
cost's last digit where it was rounded to cents or to four digits: the readings are a factor of the
block size apart, so no rounding can turn one into another; a cost so small that both readings fit
proves nothing. Quantities themselves stay DECIMAL.

Source: docs/decisions/0003-quantity-by-arithmetic.md.
"""

from __future__ import annotations

BASES: dict[str, str] = {
    "consumed": "price x ConsumedQuantity / block = cost: ConsumedQuantity counts single units",
    "blocks": "price x ConsumedQuantity = cost: ConsumedQuantity counts priced blocks",
    "pricing": "price x PricingQuantity = cost, ConsumedQuantity fits nothing: blocks of it",
    "stated": "no price or no cost to prove it by; ConsumedUnit says Tokens",
    "repaired": "tokens that the row's own tags or columns hold; its quantity counted requests",
    "none": "the quantity is zero, and so is the cost",
    "correction": "a correction of cost that states no quantity",
    "inferred consumed": "no cost to prove it by; every proven charge of the run says consumed",
    "inferred blocks": "no cost to prove it by; every proven charge of the run says blocks",
    "contradictory": "two prices of the charge prove different readings: set aside",
    "unproven": "no reading fits: set aside",
}
"""Every value of x_QuantityBasis and what it says."""

PROVEN = ("consumed", "blocks", "pricing", "stated", "repaired", "none", "correction")
"""The bases that need no other charge; the two inferred ones do."""

_TRUSTED = (
    ("x_EffectiveUnitPrice", "EffectiveCost"),
    ("x_BilledUnitPrice", "BilledCost"),
    ("ListUnitPrice", "ListCost"),
    ("ContractedUnitPrice", "EffectiveCost"),
)
_LAST = ("ContractedUnitPrice", "ContractedCost")

_PAIRS = (*_TRUSTED, _LAST)
_BEFORE = {1: (0,), 2: (0,), 3: (0, 2), 4: (0, 2)}
"""The pairs whose vote is taken over where price and cost are the same as theirs."""

_COMMON_SIZES = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
_SIZE_WORDS = (("K", 1000), ("M", 1_000_000))
_UNIT_COLUMNS = ("x_PricingUnitDescription", "PricingUnit")


def block_size() -> str:
    """SQL: single units in one priced block, DECIMAL(12,3); NULL when the charge does not say.

    Asks x_PricingBlockSize, then the words of the pricing unit ('1K', '10K', '1000 Tokens'), then
    the end of the meter's name (' 1M Tokens').
    """
    cases = []
    for column in _UNIT_COLUMNS:
        for word, size in _SIZE_WORDS:
            number = rf"regexp_extract({column}, '^ *([0-9]{{1,4}}) ?{word}( |/|$)', 1)"
            cases.append(f"WHEN {number} <> '' THEN CAST({number} AS DECIMAL(12,3)) * {size}")
        plain = rf"regexp_extract({column}, '^ *([0-9]{{1,9}})( |/|$)', 1)"
        cases.append(f"WHEN {plain} <> '' THEN CAST({plain} AS DECIMAL(12,3))")
    cases += [
        f"WHEN SkuMeter LIKE '% 1{word} Tokens' THEN CAST({size} AS DECIMAL(12,3))"
        for word, size in _SIZE_WORDS
    ]
    return (
        "CASE WHEN x_PricingBlockSize > 0 AND x_PricingBlockSize < 1000000000 "
        "THEN CAST(x_PricingBlockSize AS DECIMAL(12,3)) " + " ".join(cases) + " END"
    )


def _double(name: str) -> str:
    """SQL: a decimal as the DOUBLE nearest to it, in every engine; its text says which."""
    return f"CAST(CAST({name} AS VARCHAR) AS DOUBLE)"


def _vote(number: int) -> str:
    """SQL: the reading that pair `number` and its cost prove, or NULL.

    Most charges state one price and one cost under several names: a pair that equals one before
    takes its vote over. A cost so small that both readings fit proves neither.
    """
    price, cost = _PAIRS[number]
    same = "".join(
        f"WHEN {price} = {_PAIRS[other][0]} AND {cost} = {_PAIRS[other][1]} THEN q_Vote{other} "
        for other in _BEFORE.get(number, ())
    )
    money = _double(cost)
    digits = (
        f"CASE WHEN {cost} = round({cost}, 2) THEN 5e-3 "
        f"WHEN {cost} = round({cost}, 4) THEN 5e-5 ELSE 5e-13 END"
    )
    consumed = f"{_double(price)} * q_Consumed"
    pricing = f"{_double(price)} * {_double('PricingQuantity')}"

    def fits(product: str) -> str:
        off = f"abs({product} - {money})"
        return f"({off} <= abs({money}) * 1e-6 OR {off} <= {digits})"

    return (
        f"CASE WHEN {price} IS NULL OR {cost} IS NULL OR {price} = 0 OR {cost} = 0 THEN NULL {same}"
        f"WHEN {fits(f'{consumed} / nullif(CAST(q_Block AS DOUBLE), 0)')} "
        f"THEN CASE WHEN q_Block = 1 OR NOT {fits(consumed)} THEN 'consumed' END "
        f"WHEN {fits(consumed)} THEN 'blocks' "
        f"WHEN q_Block IS NOT NULL AND {fits(pricing)} THEN 'pricing' END"
    )


def quantity_layers() -> tuple[dict[str, str], ...]:
    """Layers of SQL expressions, each over the columns of the ones before.

    Takes:   charges typed as FOCUS 1.2 (see normalize.source_types).
    Gives:   q_Block; one vote per pair; then x_QuantityBasis; then x_UnitQuantity (single units,
             DECIMAL(38,18), NULL where the basis proves nothing or the charge is no usage).
    Keeps:   every row; no cost is touched.
    """
    first = {"q_Block": block_size(), "q_Consumed": _double("ConsumedQuantity")}
    votes = [
        {f"q_Vote{number}": _vote(number) for number in each} for each in ((0,), (2,), (1, 3, 4))
    ]
    trusted = [f"q_Vote{number}" for number in range(len(_TRUSTED))]
    decided = f"coalesce({', '.join(trusted)})"
    evidence = " OR ".join(
        f"(coalesce({price}, 0) <> 0 AND coalesce({cost}, 0) <> 0)"
        for price, cost in (*_TRUSTED, _LAST)
    )
    conflict = " OR ".join(f"{vote} <> {decided}" for vote in trusted)
    basis = (
        "CASE WHEN ChargeCategory IS NULL OR ChargeCategory <> 'Usage' THEN NULL "
        "WHEN coalesce(ConsumedQuantity, 0) = 0 AND coalesce(PricingQuantity, 0) = 0 THEN "
        "CASE WHEN ChargeClass = 'Correction' THEN 'correction' "
        "WHEN EffectiveCost = 0 AND BilledCost = 0 AND ConsumedQuantity = 0 THEN 'none' "
        "ELSE 'unproven' END "
        f"WHEN {conflict} THEN 'contradictory' "
        f"WHEN {decided} IS NOT NULL THEN {decided} "
        f"WHEN q_Vote{len(_TRUSTED)} IS NOT NULL THEN q_Vote{len(_TRUSTED)} "
        "WHEN lower(ConsumedUnit) = 'tokens' AND ConsumedQuantity IS NOT NULL "
        f"AND NOT ({evidence}) THEN 'stated' "
        "ELSE 'unproven' END"
    )
    return first, *votes, {"x_QuantityBasis": basis}, {"x_UnitQuantity": unit_quantity()}


def unit_quantity() -> str:
    """SQL: x_UnitQuantity from x_QuantityBasis, the quantities and q_Block."""
    blocks = "CAST({} AS DECIMAL(25,13)) * CAST(q_Block AS DECIMAL(12,3))"
    consumed, pricing = blocks.format("ConsumedQuantity"), blocks.format("PricingQuantity")
    return (
        "CAST(CASE WHEN x_QuantityBasis IN "
        "('consumed', 'stated', 'inferred consumed', 'repaired') "
        "THEN ConsumedQuantity "
        f"WHEN x_QuantityBasis IN ('blocks', 'inferred blocks') THEN {consumed} "
        f"WHEN x_QuantityBasis = 'pricing' THEN {pricing} "
        "WHEN x_QuantityBasis IN ('none', 'correction') THEN 0 END AS DECIMAL(38,18))"
    )
