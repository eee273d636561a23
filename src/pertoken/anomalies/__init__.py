"""Anomalies: what was not natural, where, since when, for how much, and why.

Cells by day in (`cube`), findings out (`detect`); `cells_select` is the SELECT that gives the
cells from a hub. numpy is loaded when a function is called and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pertoken.anomalies.cells import cells_select
from pertoken.anomalies.findings import DATA_KINDS, KINDS, NOTICES, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pertoken.anomalies.settings import Settings

__all__ = ["DATA_KINDS", "KINDS", "NOTICES", "Finding", "cells_select", "detect"]


def detect(
    columns: Mapping[str, Sequence[Any]], settings: Settings | None = None
) -> tuple[Finding, ...]:
    """The findings of a daily table of cells: see `pertoken.anomalies.detect.detect`."""
    from pertoken.anomalies.detection import detect as run  # noqa: PLC0415 - numpy, lazily

    return run(columns, settings)
