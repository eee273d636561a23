"""Quantities of charges without a cost, by what the other charges of their run prove.

A charge that costs nothing has no arithmetic to prove its quantity by. When every proven charge of
the same meter in the run agrees, or every one of the run where the meter has none, the charge is
read the same way and marked `inferred`. Where they disagree it stays unproven.

Source: docs/decisions/0003-quantity-by-arithmetic.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.engine import quoted
from pertoken.quantities import block_size, unit_quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNDECIDED = (
    "x_QuantityBasis = 'unproven' AND EffectiveCost = 0 AND BilledCost = 0 "
    "AND coalesce(ConsumedQuantity, 0) <> 0"
)


def undecided_charges(relation: str) -> str:
    """A query for the number of charges whose quantity could be inferred."""
    return f"SELECT count(*) FROM {quoted(relation)} WHERE {_UNDECIDED} AND {block_size()} > 1"


def inferred_select(relation: str, columns: Sequence[str]) -> str:
    """The charges of one run, with the quantities of charges without a cost inferred.

    Takes:   the charges of one run, as `charges_select` gives them, and their columns.
    Gives:   the same rows and columns; x_QuantityBasis and x_UnitQuantity filled where the other
             charges of the run agree.
    Keeps:   rows, every cost.
    """
    kept = [quoted(name) for name in columns if name not in ("x_QuantityBasis", "x_UnitQuantity")]
    votes = (
        f"SELECT x_MeterKey, min(x_QuantityBasis) AS q_First, max(x_QuantityBasis) AS q_Last "
        f"FROM {quoted(relation)} WHERE x_QuantityBasis IN ('consumed', 'blocks') "
        f"AND {block_size()} > 1 GROUP BY x_MeterKey"
    )
    verdict = (
        f"CASE WHEN {_UNDECIDED} AND q_Block > 1 AND q_First = q_Last "
        "THEN 'inferred ' || q_First "
        f"WHEN {_UNDECIDED} AND q_Block > 1 AND q_First IS NULL AND q_RunFirst = q_RunLast "
        "THEN 'inferred ' || q_RunFirst ELSE x_QuantityBasis END"
    )
    joined = (
        f"SELECT charges.*, {block_size()} AS q_Block, q_First, q_Last, q_RunFirst, q_RunLast "
        f"FROM {quoted(relation)} AS charges "
        f"LEFT JOIN (SELECT x_MeterKey AS q_Meter, q_First, q_Last FROM ({votes}) AS by_meter) "
        "AS meter_votes ON q_Meter = x_MeterKey "
        "CROSS JOIN (SELECT min(q_First) AS q_RunFirst, max(q_Last) AS q_RunLast "
        f"FROM ({votes}) AS of_run) AS run_votes"
    )
    decided = (
        f"SELECT {', '.join(kept)}, q_Block, {verdict} AS x_QuantityBasis FROM ({joined}) AS joined"
    )
    return (
        f"SELECT {', '.join(kept)}, x_QuantityBasis, {unit_quantity()} AS x_UnitQuantity "
        f"FROM ({decided}) AS decided"
    )
