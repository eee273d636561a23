"""What of the cost of a month is charged to teams, and what has no team.

Source: docs/allocation.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.allocation import UNATTRIBUTED, AttributionQuery
from pertoken.hub import PARTITIONS
from pertoken.pipeline.allocation_rules import hub_rules
from pertoken.pipeline.attribution_view import attribution_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun, Snapshot
    from pertoken.stores import Folder

_DIGITS = 76


@dataclass(frozen=True, slots=True)
class Charged:
    """AI cost of one currency: with a team by any evidence, and without one."""

    to_teams: Decimal = Decimal(0)
    without_team: Decimal = Decimal(0)


def charged_to_teams(
    engine: Engine, snapshot: Snapshot, partitions: Sequence[Mapping[str, str]]
) -> dict[str, Charged]:
    """EffectiveCost of the AI charges of some scopes and months, by BillingCurrency.

    Takes:   the partitions of those scopes and months; the hub's own rules divide them.
    Gives:   no entry for a currency without AI charges.
    """
    relations = PartitionRelations(snapshot, tuple(partitions))
    if not relations.files("token_costs"):
        return {}
    query = AttributionQuery(by=("Team",))
    table = attribution_table(engine, relations, query, hub_rules(relations))
    charged: dict[str, Charged] = {}
    with localcontext(prec=_DIGITS):
        for row in table.to_dicts():
            currency, cost = str(row["BillingCurrency"]), row["EffectiveCost"]
            held = charged.get(currency, Charged())
            if not isinstance(cost, Decimal):
                continue  # usage that no bill has, such as a call of free capacity
            if row["Team"] == UNATTRIBUTED:
                charged[currency] = Charged(held.to_teams, held.without_team + cost)
            else:
                charged[currency] = Charged(held.to_teams + cost, held.without_team)
    return charged


@dataclass(frozen=True, slots=True)
class PartitionRelations:
    """The relations of a hub with the charges of some scopes and months only."""

    snapshot: Snapshot
    partitions: tuple[Mapping[str, str], ...]

    @property
    def root(self) -> Folder:
        """Where the hub is."""
        return self.snapshot.root

    @property
    def runs(self) -> tuple[LedgerRun, ...]:
        """Every run ever handed over."""
        return self.snapshot.runs

    def files(self, table: str, partition: Mapping[str, str] | None = None) -> list[str]:
        """The data files of a table; of those by scope and month, the ones that count here."""
        if partition is not None or table not in ("charges", "token_costs"):
            return self.snapshot.files(table, partition)
        return [path for each in self.partitions for path in self.snapshot.files(table, each)]

    def view(self, engine: Engine, table: str) -> bool:
        """Name a table in an engine; False (and nothing named) when it holds no files here."""
        if table not in ("charges", "token_costs"):
            return self.snapshot.view(engine, table)
        files = self.files(table)
        if files:
            engine.view_parquet(table, files, partitions=PARTITIONS)
        return bool(files)
