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
    from decimal import Decimal
    from pathlib import Path

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import Snapshot
    from pertoken.pipeline.ptu_view import ptu_table
    from pertoken.pipeline.scenarios import (
        ScenarioWords,
        keep_scenario,
        saved_scenario,
        scenarios_table,
    )
    from pertoken.pipeline.variance_view import asked_variance, variance_table
    from pertoken.pipeline.whatif_view import compared_table, whatif_table
else:
    ScenarioWords = deferred("pertoken.pipeline.scenarios", "ScenarioWords")
    keep_scenario = deferred("pertoken.pipeline.scenarios", "keep_scenario")
    saved_scenario = deferred("pertoken.pipeline.scenarios", "saved_scenario")
    scenarios_table = deferred("pertoken.pipeline.scenarios", "scenarios_table")
    compared_table = deferred("pertoken.pipeline.whatif_view", "compared_table")
    whatif_table = deferred("pertoken.pipeline.whatif_view", "whatif_table")
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

    def whatif(
        self,
        month: str,
        switch: Sequence[str] = (),
        *,
        token_ratio: Sequence[str] = (),
        cache_rate: Decimal | str | None = None,
        discount: Decimal | str | None = None,
        ptu: int | None = None,
        by: Sequence[str] = ("x_ModelId",),
        where: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        currency: str | None = None,
        save: str | None = None,
    ) -> Result:
        """What a month's own tokens would have cost otherwise, at own dated prices.

        Takes:   switch, FROM=TO of models (MODEL@VERSION), tiers or scopes; token_ratio, N or
                 MODEL=N; cache_rate and discount from 0 to 1; ptu, units of capacity instead;
                 save, a name under which the scenario is kept.
        Gives:   the columns of `pertoken whatif`; CostAfter NULL with a Reason without a price.
        Raises:  ConfigError for what has no meaning or touches nothing.
        """
        words = ScenarioWords(
            month=parse_month(month),
            switch=tuple(switch),
            token_ratio=tuple(token_ratio),
            cache_rate=None if cache_rate is None else str(cache_rate),
            discount=None if discount is None else str(discount),
            ptu=ptu,
            by=tuple(by),
            where=tuple(where.items()) if hasattr(where, "items") else tuple(where),
            currency=currency,
        )
        snapshot = self._snapshot()
        if save is not None:
            return Result(keep_scenario(self._engine, snapshot, save, words))
        return Result(whatif_table(self._engine, snapshot, words.read()))

    def scenarios(self) -> Result:
        """The scenarios that the hub keeps, with what each said when it was saved."""
        return Result(scenarios_table(self._snapshot().root))

    def compare_scenario(self, name: str, month: str) -> Result:
        """What a saved scenario expected of the tokens of a later month, and what they cost.

        Raises: ConfigError for a name that is not kept or a month without tokens.
        """
        snapshot = self._snapshot()
        asked = saved_scenario(snapshot.root, name)
        return Result(compared_table(self._engine, snapshot, asked, parse_month(month)))


def _day(value: date | str | None) -> date | None:
    return parse_day(value) if isinstance(value, str) else value


def _month(value: str | None) -> str | None:
    return None if value is None else parse_month(value)
