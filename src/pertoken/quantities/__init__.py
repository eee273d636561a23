"""Quantities: how many single units (tokens, hours, images) a charge counts, by its own arithmetic.

`ConsumedQuantity` of a real bill counts units in one export and priced blocks (1K, 1M) in another,
under the same word "Units". The price of a charge is per priced block, so exactly one reading makes
price x quantity equal the cost; that reading is proven, and named in x_QuantityBasis. A charge that
fits none has no x_UnitQuantity: it stays in every total and is set aside from unit costs.
Scale conversion between blocks and units happens here and nowhere else.

Source: docs/decisions/0003-quantity-by-arithmetic.md; FOCUS 1.2, ConsumedQuantity and
PricingQuantity; finops-toolkit issue 727 (PricingQuantity and ContractedCost divided by the block).
"""

from pertoken.quantities.unit_quantity import (
    BASES,
    PROVEN,
    block_size,
    quantity_layers,
    unit_quantity,
)

__all__ = ["BASES", "PROVEN", "block_size", "quantity_layers", "unit_quantity"]
