"""Why a cost moved, what capacity is worth, what would have been: unit economics in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.api.result import Result
from pertoken.deferred import deferred
from pertoken.errors import ConfigError
from pertoken.periods import parse_day, parse_month

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import Snapshot
    from pertoken.pipeline.ptu_view import ptu_table
    from pertoken.pipeline.variance_view import asked_variance, variance_table
else:
    ptu_table = deferred("pertoken.pipeline.ptu_view", "ptu_table")
    asked_variance = deferred("pertoken.pipeline.variance_view", "asked_variance")
    variance_table = deferred("pertoken.pipeline.variance_view", "variance_table")


class UnitEconomics:
    """Questions about unit economics; `Hub` has them as its own, as those of `Attribution`."""

    if TYPE_CHECKING:

        @property
        def _engine(self) -> Engine: ...

        def _snapshot(self) -> Snapshot: ...

        def _rules(self, file: str | Path | None) -> Rules: ...

    def variance(
        self,
        from_month: str | None = None,
        to_month: str | None = None,
        *,
        by: Sequence[str] = (),
        where: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        start: date | str | None = None,
        end: date | str | None = None,
        compare_start: date | str | None = None,
        compare_end: date | str | None = None,
        currency: str | None = None,
        drill: str | None = None,
    ) -> Result:
        """Why the cost of AI moved: effects that add to the difference exactly.

        Takes:   two months, or the days from start to before end and those to compare with (else
                 as many days right before); by, columns, Tags.KEY or dimensions of attribution;
                 drill, a driver (or all) whose cells are shown.
        Gives:   the columns of `pertoken variance`; `notes` say which days are compared.
        Raises:  ConfigError for a period, column or driver that cannot be compared.
        """
        snapshot = self._snapshot()
        query, notes = asked_variance(
            snapshot.runs,
            months=(_month(from_month), _month(to_month)),
            days=(_day(start), _day(end)),
            compare=(_day(compare_start), _day(compare_end)),
            by=tuple(by),
            where=tuple(where.items()) if hasattr(where, "items") else tuple(where),
            currency=currency,
            drill=drill,
        )
        table = variance_table(self._engine, snapshot, query, self._rules(None))
        if not table.rows:
            notes = (*notes, "No AI charge of either period matches, or every cell cost the same.")
        return Result(table, notes=notes)

    def ptu(self, month: str | None = None, *, by: str = "month") -> Result:
        """Provisioned capacity: utilisation, idle and unused cost, and what tokens would cost.

        Takes:   month, YYYY-MM, else every month; by, month or hour.
        Gives:   the columns of `pertoken ptu`; Reason says why a value is NULL.
        Raises:  ConfigError where no provisioned capacity is billed, or for another `by`.
        """
        if by not in ("month", "hour"):
            raise ConfigError(
                f"'{by}' is not a grain of provisioned capacity.",
                "Expected month or hour.",
                "Give one of them with --by.",
            )
        of_month = _month(month)
        table = ptu_table(self._engine, self._snapshot(), of_month, by_hour=by == "hour")
        return Result(table)


def _day(value: date | str | None) -> date | None:
    return parse_day(value) if isinstance(value, str) else value


def _month(value: str | None) -> str | None:
    return None if value is None else parse_month(value)
