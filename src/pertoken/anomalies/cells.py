"""The daily cells of a hub, as one SELECT over its mart and dimensions.

Deployment comes from telemetry, not from the bill: a caller that has it adds the column.
Source: cells.sql.
"""

from __future__ import annotations

from pertoken.engine import sql_file


def cells_select() -> str:
    """The cells of `token_costs`, `meters` and `tags`: the SELECT in cells.sql."""
    return sql_file("pertoken.anomalies", "cells")
