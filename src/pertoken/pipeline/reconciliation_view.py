"""The audit of a hub: billed tokens against telemetry, billed prices against the price sheet.

Source: docs/reconciliation.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.errors import HubError
from pertoken.pipeline.allocation_rules import hub_rules
from pertoken.pipeline.attribution_view import view_attribution
from pertoken.reconciliation import EXCEPTIONS, GAP_COLUMNS, gap_rows, priced_drifts
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from pertoken.engine import Engine, Row
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
    rows = [
        row
        for row, _ in audited_rows(engine, relations, start=start, end=end)
        if not exceptions or row[-1] in EXCEPTIONS
    ]
    columns = tuple(Column(name, kind) for name, kind in GAP_COLUMNS.items())
    return Table("reconciliation", columns, tuple(rows))


def audited_rows(
    engine: Engine, relations: Relations, *, start: date | None = None, end: date | None = None
) -> list[tuple[Row, tuple[Decimal, Decimal] | None]]:
    """Every gap in the order of GAP_COLUMNS; of a price drift the billed and the sheet's price.

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
    rows: list[tuple[Row, tuple[Decimal, Decimal] | None]] = [
        (row, None) for row in gap_rows(engine)
    ]
    if relations.view(engine, "charges") and relations.view(engine, "prices"):
        rows += priced_drifts(engine)
    return sorted(
        (
            (row, prices)
            for row, prices in rows
            if (start is None or row[0] >= start) and (end is None or row[0] < end)
        ),
        key=lambda pair: tuple(str(cell) for cell in (*pair[0], pair[1])),
    )
