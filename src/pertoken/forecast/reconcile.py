"""Parts that add to the total: both are forecast, then made to agree.

The total is the mean of its own forecast and the sum of its parts, each weighed by the error it
has made; the difference goes to the parts by their share of the squared error, so that a steady
part keeps its forecast and a bursty one gives. No part goes below 0 that was not.

Source: Wickramasuriya and others, "Optimal forecast reconciliation" (2019), with a diagonal of
errors: https://doi.org/10.1080/01621459.2018.1448825.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pertoken.forecast.weekly import Matrix


def reconciled(
    parts: Matrix, total: Matrix, part_error: Matrix, total_error: Matrix
) -> tuple[Matrix, Matrix]:
    """Parts (series, horizon) and total (horizon) that add up.

    `part_error` and `total_error` are the absolute errors that each is known for, in the unit of
    the value.
    Keeps:   the sum of parts = total, to rounding.
    """
    if not len(parts):
        return parts, np.zeros_like(total)
    bottom = parts.sum(axis=0)
    variance = np.maximum(part_error, 1e-12) ** 2
    below, own = variance.sum(axis=0), np.maximum(total_error, 1e-12) ** 2
    share = below / (below + own)
    wanted = share * total + (1 - share) * bottom
    moved = parts + variance / below * (wanted - bottom)
    floor = np.minimum(parts, 0.0)
    clipped = np.maximum(moved, floor)
    room = (clipped - floor).sum(axis=0)
    over = clipped.sum(axis=0) - np.maximum(wanted, floor.sum(axis=0))
    scale = np.where(room > 0, np.clip(1 - over / np.where(room > 0, room, 1.0), 0, None), 1.0)
    result = floor + (clipped - floor) * scale
    return result, result.sum(axis=0)
