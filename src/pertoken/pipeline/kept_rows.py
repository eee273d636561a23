"""Rows that a person or a command adds to a hub: marks, accruals, alerts sent. None is rewritten.

Each addition is one commit of the hub, under its lock, with the ledger as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pertoken.engine import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pertoken.engine import Engine
    from pertoken.hub import Hub
    from pertoken.pipeline.audience import Relations


def append_rows(
    engine: Engine,
    hub: Hub,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Add rows to a table of the hub; commits nothing where there are none.

    Takes:   columns and their SQL types; rows in that order.
    Raises:  HubError when the hub cannot be written or is being written for too long.
    """
    if not rows:
        return
    with hub.writer(engine) as writer:
        engine.view_arrow("added_rows", _arrow(columns, rows))
        names = ", ".join(quoted(name) for name in columns)
        select = f"SELECT {names} FROM added_rows"
        if writer.snapshot.view(engine, table):
            select = f"SELECT {names} FROM {quoted(table)} UNION ALL {select}"
        writer.overwrite(table, select)
        known = writer.snapshot
        writer.commit(known.runs, vocabulary_version=known.vocabulary_version)


def kept_rows(
    engine: Engine, relations: Relations, table: str, columns: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The rows of such a table, in no order: a time among its columns says which came last."""
    if not relations.view(engine, table):
        return []
    names = ", ".join(quoted(name) for name in columns)
    return [
        dict(zip(columns, row, strict=True))
        for row in engine.rows(f"SELECT {names} FROM {quoted(table)}")
    ]


def _arrow(columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> Any:  # noqa: ANN401
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    kinds = {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "BIGINT": pa.int64(),
        "BOOLEAN": pa.bool_(),
        "DECIMAL(38,18)": pa.decimal128(38, 18),
        "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
    }
    arrays = [
        pa.array([row[place] for row in rows], kinds[kind])
        for place, kind in enumerate(columns.values())
    ]
    return pa.table(arrays, names=list(columns))
