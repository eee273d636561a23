"""The prices of a hub: kept per price source, asked for the days of a month, put into charges.

`PriceBook` holds the files of `prices` as they are after an ingest, and what changed in them. A
month of charges is filled when it is written, and again when prices that touch it change: first
what was filled is taken out, then everything is filled anew, so that the order in which prices
and charges arrive leaves no trace. Source: docs/decisions/0006-price-filling.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from pertoken.engine import quoted
from pertoken.exports import EXCHANGE_RATES
from pertoken.periods import month_end, month_start
from pertoken.pipeline.reference_tables import reference_table_query
from pertoken.pipeline.references import rates_table
from pertoken.prices import (
    PRICE_COLUMNS,
    RATE_COLUMNS,
    answers_select,
    priced_select,
    table_columns,
    unpriced_select,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pertoken.engine import Engine
    from pertoken.exports import ExportRun, RunKey
    from pertoken.hub import LedgerRun, Snapshot

_ANSWERS, _ALL = "price_answers", "prices"
_FEW = 200_000
_ALL_DAYS = (date(1, 1, 1), date(9999, 12, 31))
_LATE = timedelta(days=31)


@dataclass(slots=True)
class PriceBook:
    """The data files of `prices` after an ingest, and those that came or went with it."""

    engine: Engine
    files: list[str] = field(default_factory=list)
    changed_files: list[str] = field(default_factory=list)
    _window: tuple[date, date] | None = None

    def priced_charges(self, relation: str, since: date, until: date) -> str:
        """The query for a relation of charges with their missing prices filled.

        Takes: the days that the charges can be of, from `since` to before `until`.
        """
        if self._window is None or since < self._window[0] or until > self._window[1]:
            self._answer(since, until)
        return priced_select(self.engine.columns(relation), relation, _ANSWERS)

    def repriced_charges(self, files: Sequence[str], since: date, until: date) -> str:
        """The same for stored charges: what was filled is taken out first."""
        self.engine.view_parquet("stored_charges", files)
        columns = self.engine.columns("stored_charges")
        if set(PRICE_COLUMNS) <= set(columns):
            self.engine.view("unpriced_charges", unpriced_select(columns, "stored_charges"))
        else:
            self.engine.view("unpriced_charges", "SELECT * FROM stored_charges")
        return self.priced_charges("unpriced_charges", since, until)

    def changed_days(self) -> tuple[date, date] | None:
        """The days, first to before last, of the prices that came or went; None without any."""
        if not self.changed_files:
            return None
        _view_prices(self.engine, "changed_prices", self.changed_files)
        first, last = self.engine.rows(
            "SELECT min(EffectiveStart), max(coalesce(EffectiveEnd, DATE '9999-12-31')) "
            "FROM changed_prices WHERE PriceType = 'Consumption'"
        )[0]
        return None if first is None else (first, last)

    def touches(self, files: Sequence[str]) -> bool:
        """Whether a stored charge was filled, or lacks something, and a changed price is of its
        meter and day. Call `changed_days` first.
        """
        self.engine.view_parquet("stored_charges", files)
        columns = set(self.engine.columns("stored_charges"))
        if "x_SkuMeterId" not in columns:
            return False
        filled = "charges.x_PricedColumns IS NOT NULL" if "x_PricedColumns" in columns else "false"
        lacking = " OR ".join(
            f"charges.{quoted(name)} IS NULL"
            for name in ("ListCost", "ListUnitPrice", "ContractedCost", "ContractedUnitPrice")
        )
        found = self.engine.rows(
            "SELECT 1 FROM stored_charges AS charges INNER JOIN changed_prices AS prices "
            "ON prices.MeterId = lower(charges.x_SkuMeterId) "
            "AND CAST(charges.ChargePeriodStart AS DATE) >= prices.EffectiveStart "
            "AND CAST(charges.ChargePeriodStart AS DATE) "
            "< coalesce(prices.EffectiveEnd, DATE '9999-12-31') "
            f"WHERE prices.PriceType = 'Consumption' AND ({filled} OR {lacking}) LIMIT 1"
        )
        return bool(found)

    def _answer(self, since: date, until: date) -> None:
        """Name the answers for the days of a window; for all days at once while prices are few."""
        _view_prices(self.engine, _ALL, self.files)
        rows = self.engine.rows(f"SELECT count(*) FROM {_ALL}")[0][0]
        self._window = _ALL_DAYS if rows <= _FEW else (since, until)
        self.engine.view_arrow(_ANSWERS, self.engine.arrow(answers_select(*self._window)))


def days_of_month(month: str) -> tuple[date, date]:
    """The days that charges of a billing month can be of: usage is billed up to a month late."""
    return month_start(month) - _LATE, month_end(month)


def written_prices(engine: Engine, relation: str, path: Path) -> int:
    """Write a relation of prices in the order in which they are looked up; gives its rows."""
    columns = ", ".join(quoted(name) for name in table_columns())
    return engine.write_parquet(
        f"SELECT {columns} FROM {quoted(relation)} ORDER BY MeterId, EffectiveStart", path
    )


def rates_query(
    engine: Engine,
    snapshot: Snapshot,
    ledger: Iterable[LedgerRun],
    found: Mapping[RunKey, ExportRun],
) -> str | None:
    """The query of the new `rates` table; None when nothing changed.

    Gives: the rates of every rate table that counts, those of tables known before as they were;
    the table written last comes last.
    """
    return reference_table_query(
        engine,
        snapshot,
        "rates",
        RATE_COLUMNS,
        counting=(filter(_is_rates, snapshot.runs), filter(_is_rates, ledger)),
        rows_of=lambda key: rates_table(found[key]),
    )


def _is_rates(run: LedgerRun) -> bool:
    return run.dataset == EXCHANGE_RATES and run.status == "reference"


def _view_prices(engine: Engine, name: str, files: Iterable[str]) -> None:
    """Name prices by their files; a relation without rows where there are none."""
    listed = list(files)
    if listed:
        engine.view_parquet(name, listed)
        return
    nulls = ", ".join(f"CAST(NULL AS {kind}) AS {each}" for each, kind in table_columns().items())
    engine.view(name, f"SELECT * FROM (SELECT {nulls}) AS nothing WHERE false")
