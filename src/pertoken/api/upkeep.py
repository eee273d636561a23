"""Upkeep of a hub as Python asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.api.result import Result
from pertoken.deferred import deferred

if TYPE_CHECKING:
    from pertoken.engine import Engine
    from pertoken.hub import Hub as HubStore
    from pertoken.pipeline.upkeep import compact, retain, vacuum
else:
    compact = deferred("pertoken.pipeline.upkeep", "compact")
    retain = deferred("pertoken.pipeline.upkeep", "retain")
    vacuum = deferred("pertoken.pipeline.upkeep", "vacuum")


class Upkeep:
    """What keeps a hub small; `Hub` has it as its own, as it has Attribution.

    Every method raises HubError when the hub cannot be written or is being written for too long.
    """

    if TYPE_CHECKING:
        _store: HubStore

        @property
        def _engine(self) -> Engine: ...

    def compact(self, *, plan: bool = False, wait_seconds: float = 60.0) -> Result:
        """Merge the small files of every partition; no row changes.

        Raises: TotalsDiffer when a total would change; then nothing is committed.
        """
        return Result(compact(self._engine, self._store, plan=plan, wait_seconds=wait_seconds))

    def vacuum(
        self, *, keep_hours: float = 24.0, plan: bool = False, wait_seconds: float = 60.0
    ) -> Result:
        """Remove the data files that no commit of the last `keep_hours` needs."""
        table = vacuum(
            self._engine, self._store, keep_hours=keep_hours, plan=plan, wait_seconds=wait_seconds
        )
        return Result(table)

    def retain(self, months: int, *, plan: bool = False, wait_seconds: float = 60.0) -> Result:
        """Keep the last `months` billing months of charges, token_costs and usage."""
        table = retain(
            self._engine, self._store, months=months, plan=plan, wait_seconds=wait_seconds
        )
        return Result(table)
