"""A hub as Python sees it. Every method reads the hub as of its last commit."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.api.alerts import Alerts
from pertoken.api.attribution import Attribution
from pertoken.api.economics import UnitEconomics
from pertoken.api.exports import Exports
from pertoken.api.outlook import Outlooks
from pertoken.api.result import Result
from pertoken.api.statements import Statements
from pertoken.api.upkeep import Upkeep
from pertoken.deferred import deferred
from pertoken.engine import Engine, local_engine
from pertoken.errors import ConfigError, HubError, alternatives
from pertoken.hub import Hub as HubStore
from pertoken.periods import parse_day, parse_month
from pertoken.pipeline.views import matrix_table, meters_table, periods_table, runs_table
from pertoken.unit_economics import COSTS, DEFAULT_BY, PER, MatrixQuery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from pertoken.hub import Snapshot
    from pertoken.pipeline.bridge import Bridge, bridge
    from pertoken.pipeline.checks import check_file, check_hub, export_focus
    from pertoken.pipeline.commitments import ahead_of_purchase, commitments_table
    from pertoken.pipeline.ingest import ingest as run_ingest
    from pertoken.pipeline.report import RunReport
    from pertoken.pipeline.reporting import reported_matrix, reported_periods, reporting
    from pertoken.pipeline.restatements import restatement_table
    from pertoken.pipeline.telemetry_loads import found_loads, telemetry_loads
    from pertoken.pipeline.trust import trust_card
    from pertoken.reports.trust_card import TrustCard
    from pertoken.stores import Folder
else:
    bridge = deferred("pertoken.pipeline.bridge", "bridge")
    ahead_of_purchase = deferred("pertoken.pipeline.commitments", "ahead_of_purchase")
    commitments_table = deferred("pertoken.pipeline.commitments", "commitments_table")
    check_file = deferred("pertoken.pipeline.checks", "check_file")
    check_hub = deferred("pertoken.pipeline.checks", "check_hub")
    export_focus = deferred("pertoken.pipeline.checks", "export_focus")
    run_ingest = deferred("pertoken.pipeline.ingest", "ingest")
    reported_matrix = deferred("pertoken.pipeline.reporting", "reported_matrix")
    reported_periods = deferred("pertoken.pipeline.reporting", "reported_periods")
    reporting = deferred("pertoken.pipeline.reporting", "reporting")
    found_loads = deferred("pertoken.pipeline.telemetry_loads", "found_loads")
    telemetry_loads = deferred("pertoken.pipeline.telemetry_loads", "telemetry_loads")
    restatement_table = deferred("pertoken.pipeline.restatements", "restatement_table")
    trust_card = deferred("pertoken.pipeline.trust", "trust_card")


class IngestResult(Result):
    """The runs that an ingest found, as in `runs`; with the trust card and the report."""

    def __init__(
        self,
        report: RunReport,
        card: TrustCard | None,
        telemetry: Sequence[tuple[object, ...]] = (),
    ) -> None:
        super().__init__(runs_table(report.runs, telemetry))
        self.report = report
        self.card = card


class BridgeResult(Result):
    """The bridge of a month; `notes` say what it starts at, `findings` what does not agree."""

    def __init__(self, walked: Bridge) -> None:
        super().__init__(walked.table, walked.problems, walked.notes)


class Hub(Attribution, UnitEconomics, Outlooks, Alerts, Upkeep, Exports):
    """A folder of Delta tables, and the questions that it answers."""

    def __init__(self, path: str | Path = "pertoken-hub") -> None:
        self._store = HubStore(path)

    @property
    def path(self) -> Folder:
        """Where the hub is."""
        return self._store.root

    def ingest(
        self, *sources: str | Path, plan: bool = False, wait_seconds: float = 60.0
    ) -> IngestResult:
        """Bring the exports in `sources` into the hub; with `plan`, only say what would be done.

        Raises: HubError when the hub cannot be written or is being written for too long;
        TotalsDiffer when a total would change. Then nothing is committed.
        """
        report = run_ingest(
            self._engine, self._store, sources, plan=plan, wait_seconds=wait_seconds
        )
        if plan:
            return IngestResult(report, None)
        snapshot = self._store.snapshot(self._engine)
        loads = telemetry_loads(self._engine, snapshot) if report.telemetry else []
        found = found_loads(loads, report.telemetry, report.refused_telemetry)
        return IngestResult(report, trust_card(self._engine, snapshot, report), found)

    def matrix(
        self,
        by: Sequence[str] = DEFAULT_BY,
        *,
        where: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        start: date | str | None = None,
        end: date | str | None = None,
        currency: str | None = None,
        cost: str = "Effective",
        per: str = "1M",
        all_charges: bool = False,
        savings: bool = False,
        reporting_currency: str | None = None,
        rate: str = "average",
    ) -> Result:
        """Cost, tokens and unit cost of AI charges by any columns.

        Takes:   by, FOCUS or x_ columns, BillingMonth, ChargeDate or Tags.KEY; where, pairs of
                 column and value; start inclusive and end exclusive, on ChargePeriodStart;
                 currency, which filters and never converts; reporting_currency, into which
                 costs are converted in columns of their own, by the average or closing rate of
                 each billing month.
        Gives:   the columns of `pertoken matrix`.
        Raises:  ConfigError for an unknown column, cost or per; HubError for an empty hub.
        """
        pairs = tuple(where.items()) if hasattr(where, "items") else tuple(where)
        query = MatrixQuery(
            by=tuple(by),
            where=pairs,
            start=parse_day(start) if isinstance(start, str) else start,
            end=parse_day(end) if isinstance(end, str) else end,
            currency=currency,
            cost=_one_of(cost, COSTS, "cost"),
            per=_one_of(per, PER, "per"),
            all_charges=all_charges,
            savings=savings,
        )
        _check_query(query)
        snapshot = self._snapshot()
        if reporting_currency is None:
            return Result(matrix_table(self._engine, snapshot, query))
        into = reporting(self._engine, snapshot, reporting_currency, rate)
        table = reported_matrix(self._engine, snapshot, query, into)
        return Result(table, into.findings)

    def runs(self) -> Result:
        """Every run ever handed over, what was decided about it and why."""
        snapshot = self._snapshot()
        return Result(runs_table(snapshot.runs, telemetry_loads(self._engine, snapshot)))

    def periods(self, *, reporting_currency: str | None = None, rate: str = "average") -> Result:
        """Rows and costs of every month and scope, all charges, with the state of the month."""
        snapshot = self._snapshot()
        table = periods_table(self._engine, snapshot)
        if reporting_currency is None:
            return Result(table)
        into = reporting(self._engine, snapshot, reporting_currency, rate)
        return Result(reported_periods(table, into), into.findings)

    def restatement(self, month: str) -> Result:
        """What a later complete run changed in a closed month; no row where none did.

        Raises: ConfigError for a month that the hub does not have.
        """
        return Result(restatement_table(self._engine, self._snapshot(), parse_month(month)))

    def bridge(self, month: str, *, scope: str | None = None) -> BridgeResult:
        """From the invoice to BilledCost and EffectiveCost of a month, per BillingCurrency.

        Takes:   month, YYYY-MM; scope, one scope of the hub, whole or by its last segment.
        Gives:   the columns of `pertoken bridge`; Amount is NULL for what no invoice states.
        Raises:  ConfigError for a month or scope of which the hub has no charges.
        """
        return BridgeResult(bridge(self._engine, self._snapshot(), parse_month(month), scope))

    @cached_property
    def statements(self) -> Statements:
        """The statements of the hub, and its journal."""
        return Statements(self._store, self._engine, self._snapshot)

    def commitments(self) -> Result:
        """Reservations and savings plans by month: bought, used, unused, beyond, balance.

        Gives:   the columns of `pertoken commitments`; BalanceCost is NULL where the purchase lies
                 before the hub. Per commitment UsedCost + UnusedCost + BalanceCost is what was
                 bought less what was refunded.
        """
        table = commitments_table(self._engine, self._snapshot())
        return Result(table, ahead_of_purchase(table))

    def meters(self, *, unread: bool = False) -> Result:
        """The AI meters of the hub and how each was read; with `unread`, those not recognised."""
        return Result(meters_table(self._engine, self._snapshot(), unread=unread))

    def check(self, file: str | Path | None = None) -> Result:
        """The FOCUS rules that the hub's charges break, or those of any FOCUS file.

        Raises: SourceError when the file cannot be read; HubError for an empty hub.
        """
        if file is not None:
            return Result(check_file(self._engine, Path(file)))
        return Result(check_hub(self._engine, self._snapshot()))

    def export_focus(self, version: str, file: str | Path) -> tuple[int, tuple[str, ...]]:
        """Write the hub's charges as a FOCUS file, tokens counted as Tokens.

        Gives:   the rows written and the mandatory columns that the sources cannot fill.
        Raises:  ConfigError for another version or ending; HubError for an empty hub.
        """
        return export_focus(self._engine, self._snapshot(), version, Path(file))

    def close(self) -> None:
        """Release the engine."""
        if "_engine" in self.__dict__:
            self._engine.close()

    @cached_property
    def _engine(self) -> Engine:
        return local_engine()

    def _snapshot(self) -> Snapshot:
        if not self._store.exists():
            raise HubError(
                f"There is no hub at {self.path}.",
                "Expected a folder that `pertoken ingest` has made.",
                "Run `pertoken ingest FOLDER`, or name the hub with --hub or PERTOKEN_HUB.",
            )
        return self._store.snapshot(self._engine)


def _one_of(value: str, valid: Sequence[str] | Mapping[str, int], option: str) -> str:
    folded = {each.casefold(): each for each in valid}
    if value.casefold() not in folded:
        raise ConfigError(
            f"'{value}' is not a value of {option}.",
            f"Expected one of {', '.join(valid)}.",
            f"Nearest: {alternatives(value, valid)}.",
        )
    return folded[value.casefold()]


def _check_query(query: MatrixQuery) -> None:
    if not query.by:
        raise ConfigError(
            "The matrix has no columns to group by.",
            "Expected at least one column in `by`.",
            f"Leave it out for the default: {', '.join(DEFAULT_BY)}.",
        )
    twice = [name for name in query.by if query.by.count(name) > 1]
    if twice:
        raise ConfigError(
            f"Column '{twice[0]}' stands twice in `by`.",
            "Expected each column once.",
            "Remove one.",
        )
    if query.start and query.end and query.start >= query.end:
        raise ConfigError(
            f"The period from {query.start} to {query.end} holds no day.",
            "Expected --from before --to; --from is inclusive, --to exclusive.",
            "Swap or widen the dates.",
        )
