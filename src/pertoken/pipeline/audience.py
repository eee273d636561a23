"""Who sees which rows: the hub's relations, whole, or narrowed to what one audience may see.

A team's relations hold only its own charges, without list and contracted prices, so that no query
over them can show more, whatever it asks for. Runs are facts about the whole bill: a team has none.
Source: docs/page.md, "Who may see what"; docs/decisions/0020-the-page.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pertoken.engine import quoted, quoted_text
from pertoken.hub import PARTITIONS
from pertoken.pipeline.periods import MonthState, month_states
from pertoken.pipeline.standing import partition_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun, Snapshot
    from pertoken.stores import Folder

PRICE_COLUMN = re.compile(r"(List|Contracted|BilledUnit|EffectiveUnit)|x_SourceValues")
"""Columns that state a list or contracted price, or a cost made of one."""

Binding = tuple[tuple[str, tuple[str, ...]], ...]
"""Tag keys and, for each, the values that match; a charge must match every key."""


class Relations(Protocol):
    """The tables of a hub as of one commit, as views are asked for them."""

    @property
    def root(self) -> Folder:
        """Where the hub is."""

    @property
    def runs(self) -> tuple[LedgerRun, ...]:
        """Every run ever handed over."""

    def files(self, table: str, partition: Mapping[str, str] | None = None) -> list[str]:
        """The data files of a table."""

    def view(self, engine: Engine, table: str) -> bool:
        """Name a table in an engine; False (and nothing named) when it holds no files."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who asks: `bindings` are alternatives that a charge must match, for who does not see all.

    `teams` are those whose attributed rows are its own; they give no charge.
    """

    bindings: tuple[Binding, ...] = ()
    sees_all: bool = True
    teams: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """A text that is equal for two audiences that see the same."""
        return "all" if self.sees_all else repr((sorted(self.bindings), sorted(self.teams)))


EVERYONE = Audience()
OWN_TABLES = ("charges", "token_costs", "tags", "meters")
"""The tables that hold a team's own rows; of any other, such as telemetry, a team sees none."""


@dataclass(slots=True)
class SeenRelations:
    """The relations of one commit as one audience sees them, named once in one engine."""

    snapshot: Snapshot
    audience: Audience
    _named: dict[str, bool] = field(default_factory=dict, repr=False)

    @property
    def root(self) -> Folder:
        """Where the hub is."""
        return self.snapshot.root

    @property
    def runs(self) -> tuple[LedgerRun, ...]:
        """Every run, for who sees everything; a team sees none."""
        return self.snapshot.runs if self.audience.sees_all else ()

    @property
    def states(self) -> dict[tuple[str, str], MonthState]:
        """The state of every scope and month."""
        return month_states(self.snapshot.runs)

    def files(self, table: str, partition: Mapping[str, str] | None = None) -> list[str]:
        """The data files of a table."""
        return self.snapshot.files(table, partition)

    def view(self, engine: Engine, table: str) -> bool:
        """Name a table, narrowed to the audience; the engine must be the same at every call."""
        if table not in self._named:
            if self.audience.sees_all:
                self._named[table] = self.snapshot.view(engine, table)
            else:
                self._named[table] = self._narrowed(engine, table)
        return self._named[table]

    def _narrowed(self, engine: Engine, table: str) -> bool:
        if table == "periods":
            return self._own_periods(engine)
        if table not in OWN_TABLES or not self.files(table):
            return False
        stored = f"stored_{table}"
        dated = table in ("charges", "token_costs")
        engine.view_parquet(stored, self.files(table), partitions=PARTITIONS if dated else None)
        shown = [name for name in engine.columns(stored) if not PRICE_COLUMN.search(name)]
        key, keys = (
            ("x_MeterKey", self._own_meters(engine))
            if table == "meters"
            else ("x_TagsKey", self._own_tags(engine))
        )
        engine.view(
            table,
            f"SELECT {', '.join(quoted(name) for name in shown)} FROM {quoted(stored)} "
            f"WHERE {key} IN ({_texts(keys)})",
        )
        return True

    def _own_tags(self, engine: Engine) -> list[str]:
        """The keys of the tag sets that match a binding."""
        if not self.snapshot.files("tags"):
            return []
        engine.view_parquet("every_tag", self.snapshot.files("tags"))
        keys: set[str] = set()
        for binding in self.audience.bindings:
            matches = [
                {
                    str(row[0])
                    for row in engine.rows(
                        "SELECT x_TagsKey FROM every_tag WHERE TagKey = ? AND TagValue IN "
                        f"({', '.join('?' for _ in values)})",
                        [key, *values],
                    )
                }
                for key, values in binding
                if values
            ]
            keys |= set.intersection(*matches) if len(matches) == len(binding) > 0 else set()
        return sorted(keys)

    def _own_meters(self, engine: Engine) -> list[str]:
        """The meters of the audience's own charges."""
        if not self.view(engine, "charges"):
            return []
        return sorted(str(row[0]) for row in engine.rows("SELECT DISTINCT x_MeterKey FROM charges"))

    def _own_periods(self, engine: Engine) -> bool:
        """Months and costs of the audience's own charges, list and contracted cost NULL."""
        if not self.view(engine, "charges"):
            return False
        scopes = {
            partition_of(run.scope, run.month)["x_ScopeKey"]: run.scope
            for run in self.snapshot.runs
        }
        words = ", ".join(
            f"({quoted_text(key)}, {quoted_text(name)})" for key, name in scopes.items()
        )
        engine.view(
            "periods",
            "SELECT charges.BillingMonth AS BillingMonth, scopes.Scope AS Scope, "
            'charges.BillingCurrency AS BillingCurrency, count(*) AS "Rows", '
            "sum(charges.BilledCost) AS BilledCost, sum(charges.EffectiveCost) AS EffectiveCost, "
            "CAST(NULL AS DECIMAL(38,18)) AS ListCost, "
            "CAST(NULL AS DECIMAL(38,18)) AS ContractedCost, "
            "CAST(min(charges.ChargePeriodStart) AS DATE) AS FirstDay, "
            "CAST(max(charges.ChargePeriodStart) AS DATE) AS LastDay, "
            "CAST(date_diff('day', min(charges.ChargePeriodStart), "
            "max(charges.ChargePeriodStart)) + 1 AS BIGINT) AS DaysWithCharges, "
            "CAST(0 AS BIGINT) AS x_WithoutListCost "
            f"FROM charges INNER JOIN (VALUES {words}) AS scopes(x_ScopeKey, Scope) "
            "ON scopes.x_ScopeKey = charges.x_ScopeKey "
            "GROUP BY charges.BillingMonth, scopes.Scope, charges.BillingCurrency",
        )
        return True


def _texts(keys: Sequence[str]) -> str:
    """A list of texts for IN; none matches nothing."""
    return ", ".join(quoted_text(key) for key in keys) if keys else "NULL"
