"""`pertoken`, killed by itself (SIGKILL) at a commit of a Delta table; run by test_hub_kills.py.

Arguments: N, `before` or `after`, then those of pertoken; or `backfill`, a source and a hub, for an
ingest that commits every month. The process ends at its N-th call of
deltalake that commits a table. With N = 0 it lives, and its last line on stderr is the number of
such calls.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import deltalake.transaction
from deltalake import DeltaTable

if TYPE_CHECKING:
    from collections.abc import Callable

KILLED_CALL, MOMENT = int(sys.argv[1]), sys.argv[2]
calls = 0


def killing(commit: Callable[..., Any]) -> Callable[..., Any]:
    """The same call, which kills the process at the chosen one."""

    def call(*arguments: object, **options: object) -> object:
        global calls  # noqa: PLW0603 - one process, one count
        calls += 1
        number = calls
        if (number, MOMENT) == (KILLED_CALL, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        answer = commit(*arguments, **options)
        if (number, MOMENT) == (KILLED_CALL, "after"):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return call


DeltaTable.create_write_transaction = killing(DeltaTable.create_write_transaction)  # type: ignore[method-assign]
DeltaTable.restore = killing(DeltaTable.restore)  # type: ignore[method-assign]
deltalake.transaction.create_table_with_add_actions = killing(
    deltalake.transaction.create_table_with_add_actions
)

if __name__ == "__main__":
    from pertoken.cli import main
    from pertoken.engine import local_engine
    from pertoken.hub import Hub
    from pertoken.pipeline.ingest import ingest

    sys.argv = ["pertoken", *sys.argv[3:]]
    try:
        if sys.argv[1] == "backfill":
            ingest(local_engine(), Hub(sys.argv[3]), [sys.argv[2]], batch_bytes=1)
        else:
            main()
    finally:
        sys.stderr.write(f"{calls}\n")
