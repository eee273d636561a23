"""The audit of a hub: billed tokens against telemetry, billed prices against the price sheet.

Source: docs/reconciliation.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.errors import HubError
from pertoken.pipeline.allocation_rules import hub_rules
from pertoken.pipeline.attribution_view import view_attribution
from pertoken.reconciliation import EXCEPTIONS, GAP_COLUMNS, drift_rows, gap_rows
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from datetime import date

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations


def reconciliation_table(
    engine: Engine,
    relations: Relations,
    *,
    start: date | None = None,
    end: date | None = None,
    exceptions: bool = False,
) -> Table:
    """One row per gap; with `exceptions` only those that somebody can do something about.

    Raises: HubError for a hub without telemetry.
    """
    if not relations.files("usage"):
        raise HubError(
            f"There is no telemetry in the hub {relations.root}.",
            "Expected usage to hold the bill against.",
            "Run `pertoken ingest FOLDER` with files of telemetry; docs/telemetry.md names them.",
        )
    view_attribution(engine, relations, hub_rules(relations))
    relations.view(engine, "usage")
    rows = gap_rows(engine)
    if relations.view(engine, "charges") and relations.view(engine, "prices"):
        rows += drift_rows(engine)
    kept = sorted(
        (
            row
            for row in rows
            if (start is None or row[0] >= start)
            and (end is None or row[0] < end)
            and (not exceptions or row[-1] in EXCEPTIONS)
        ),
        key=lambda row: tuple(str(cell) for cell in row),
    )
    columns = tuple(Column(name, kind) for name, kind in GAP_COLUMNS.items())
    return Table("reconciliation", columns, tuple(kept))
