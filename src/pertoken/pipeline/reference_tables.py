"""Tables made of reference files: the rows of every file that counts, and of no other.

A file is a run of its own and its rows carry its RunId, so a table is brought up to date by keeping
the rows of files that still count and adding those of the new ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.engine import quoted_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pyarrow as pa

    from pertoken.engine import Engine
    from pertoken.exports import RunKey
    from pertoken.hub import LedgerRun, Snapshot


def reference_table_query(
    engine: Engine,
    snapshot: Snapshot,
    table: str,
    columns: Mapping[str, str],
    *,
    counting: tuple[Iterable[LedgerRun], Iterable[LedgerRun]],
    rows_of: Callable[[RunKey], pa.Table],
) -> str | None:
    """The query of a new table of reference files; None when the files that count are the same.

    Takes:   the table's name, its columns and their SQL types, RunId among them; the files that
             counted at the last commit and those that count now; the rows of a new file.
    Gives:   the rows of every file that counts, those known before as they were, new ones last.
    """
    before = {run.run_id for run in counting[0]}
    now = {run.run_id: run for run in counting[1]}
    if set(now) == before:
        return None
    names = ", ".join(columns)
    nulls = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in columns.items())
    selects = [f"SELECT {names} FROM (SELECT {nulls}) AS nothing WHERE false"]
    kept = [quoted_text(run_id) for run_id in now if run_id in before]
    if kept and snapshot.view(engine, table):
        selects.append(f"SELECT {names} FROM {table} WHERE RunId IN ({', '.join(kept)})")
    for number, run in enumerate(run for run in now.values() if run.run_id not in before):
        key = (run.run_id, run.dataset, run.scope, run.month)
        engine.view_arrow(f"new_{table}_{number}", rows_of(key))
        selects.append(f"SELECT {names} FROM new_{table}_{number}")
    return " UNION ALL ".join(selects)
