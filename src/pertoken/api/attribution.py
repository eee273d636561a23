"""Who caused a cost, as Python asks for it: the part of a hub that attributes and audits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.allocation import (
    AS_BILLED,
    EVIDENCE,
    IDLE_POLICIES,
    PER,
    RESERVATION_RATES,
    AttributionQuery,
)
from pertoken.api.result import Result
from pertoken.deferred import deferred
from pertoken.errors import ConfigError, alternatives
from pertoken.periods import parse_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from pertoken.allocation import Rules
    from pertoken.claims import Claim
    from pertoken.engine import Engine
    from pertoken.hub import Hub as HubStore
    from pertoken.hub import Snapshot
    from pertoken.pipeline.allocation_rules import hub_rules, read_rules, rules_content
    from pertoken.pipeline.attribution_view import attribution_table
    from pertoken.pipeline.claim_view import hub_claim, write_claim
    from pertoken.pipeline.kpis_view import kpis_table
    from pertoken.pipeline.reconciliation_view import reconciliation_table
    from pertoken.pipeline.saved_rules import own_name, save_rules, saved_rules_table
    from pertoken.pipeline.tags_view import moves_table, tag_lists
    from pertoken.pipeline.units_view import UnitsQuery, business_metrics_table, units_table
    from pertoken.stores import Folder
else:
    _VIEWS = "pertoken.pipeline"
    hub_rules = deferred(f"{_VIEWS}.allocation_rules", "hub_rules")
    read_rules = deferred(f"{_VIEWS}.allocation_rules", "read_rules")
    rules_content = deferred(f"{_VIEWS}.allocation_rules", "rules_content")
    own_name = deferred(f"{_VIEWS}.saved_rules", "own_name")
    save_rules = deferred(f"{_VIEWS}.saved_rules", "save_rules")
    saved_rules_table = deferred(f"{_VIEWS}.saved_rules", "saved_rules_table")
    attribution_table = deferred(f"{_VIEWS}.attribution_view", "attribution_table")
    hub_claim = deferred(f"{_VIEWS}.claim_view", "hub_claim")
    write_claim = deferred(f"{_VIEWS}.claim_view", "write_claim")
    kpis_table = deferred(f"{_VIEWS}.kpis_view", "kpis_table")
    reconciliation_table = deferred(f"{_VIEWS}.reconciliation_view", "reconciliation_table")
    moves_table = deferred(f"{_VIEWS}.tags_view", "moves_table")
    UnitsQuery = deferred(f"{_VIEWS}.units_view", "UnitsQuery")
    business_metrics_table = deferred(f"{_VIEWS}.units_view", "business_metrics_table")
    units_table = deferred(f"{_VIEWS}.units_view", "units_table")
    tag_lists = deferred(f"{_VIEWS}.tags_view", "tag_lists")


class Attribution:
    """Questions about who caused a cost; `Hub` has them as its own.

    Inherited, against the habit of the house, so that a hub stays one object with one documented
    list of questions while each file of them stays short.
    """

    if TYPE_CHECKING:

        @property
        def _engine(self) -> Engine: ...

        def _snapshot(self) -> Snapshot: ...

        _store: HubStore

    def attribute(
        self,
        by: Sequence[str] = ("Team",),
        *,
        evidence: str | None = None,
        start: date | str | None = None,
        end: date | str | None = None,
        currency: str | None = None,
        idle: str = "spread",
        reservations: str = AS_BILLED,
        as_of: date | str | None = None,
        per: str = "1M",
        platform: bool = False,
        rules: str | Path | None = None,
    ) -> Result:
        """Cost by who caused it; what nothing proves reads Unattributed, with its reason.

        Takes:   by, dimensions (Team, Application, Feature, ...) and columns of the charge;
                 evidence, tags, telemetry or rules; idle, what becomes of idle provisioned
                 capacity; reservations, billed or pooled: what capacity that shares one pays;
                 as_of, the day whose organisation counts; platform, the charges that are no AI
                 charges and that the rules name, in the place of the AI bill.
        Gives:   the columns of `pertoken attribute`; findings name telemetry above the bill.
        Raises:  ConfigError for an unknown dimension or value; HubError for an empty hub.
        """
        if not by or len(set(by)) < len(by):
            raise ConfigError(
                f"The dimensions {', '.join(by) or '(none)'} cannot be grouped by.",
                "Expected one dimension or more, each once.",
                "Give them with --by, such as --by Team,Application.",
            )
        query = AttributionQuery(
            by=tuple(name for name in by if name != "BillingMonth"),
            evidence=None if evidence is None else _one_of(evidence, EVIDENCE, "evidence"),
            start=_day(start),
            end=_day(end),
            currency=currency,
            idle=_one_of(idle, IDLE_POLICIES, "idle"),
            reservations=_one_of(reservations, RESERVATION_RATES, "reservations"),
            as_of=_day(as_of),
            per=_one_of(per, PER, "per"),
            platform=platform,
        )
        snapshot = self._snapshot()
        return Result(attribution_table(self._engine, snapshot, query, self._rules(rules)))

    def tags(
        self,
        *,
        drift: bool = False,
        repair: bool = False,
        sources: bool = False,
        rules: str | Path | None = None,
    ) -> Result:
        """Tag coverage; or one list: drift, values that changed; repair, days that lack a tag;
        sources, where each value stands.

        Raises: ConfigError for more than one list.
        """
        snapshot, asked = self._snapshot(), self._rules(rules)
        return Result(
            tag_lists(self._engine, snapshot, asked, drift=drift, repair=repair, sources=sources)
        )

    def reconcile(
        self,
        *,
        start: date | str | None = None,
        end: date | str | None = None,
        exceptions: bool = False,
    ) -> Result:
        """Billed tokens against telemetry, billed prices against the price sheet: every gap.

        Raises: HubError for a hub without charges or telemetry.
        """
        return Result(
            reconciliation_table(
                self._engine,
                self._snapshot(),
                start=_day(start),
                end=_day(end),
                exceptions=exceptions,
            )
        )

    def claim(
        self,
        folder: str | Path,
        *,
        start: date | str | None = None,
        end: date | str | None = None,
        claimant: str | None = None,
    ) -> Claim:
        """Write the claim for the provider into a new or empty folder: CLAIM_FILES.

        Takes:   claimant, who claims, as the page names them.
        Gives:   the claim; it is the exceptions of `reconcile` that show over-billing.
        Raises:  HubError when nothing can be claimed; ConfigError for a folder that is not empty.
        """
        claim = hub_claim(
            self._engine,
            self._snapshot(),
            start=_day(start),
            end=_day(end),
            claimant=claimant,
        )
        write_claim(claim, Path(folder))
        return claim

    def units(
        self,
        metric: str | None = None,
        by: Sequence[str] | None = None,
        *,
        start: date | str | None = None,
        end: date | str | None = None,
        currency: str | None = None,
        evidence: str | None = None,
        idle: str = "spread",
        reservations: str = AS_BILLED,
        aggregation: str = "sum",
        per: str = "1",
        rules: str | Path | None = None,
    ) -> Result:
        """Business unit economics: what one unit of a metric costs; without one, the metrics.

        Takes:   metric, as `units()` lists it; by, dimensions that it is stated by (all of them);
                 aggregation, sum, or mean or max over days for what does not add up from day to
                 day; per, 1, 1K or 1M units.
        Gives:   the columns of `pertoken units`.
        Raises:  ConfigError for an unknown metric or dimension; HubError without metrics.
        """
        if metric is None:
            return Result(business_metrics_table(self._engine, self._snapshot()))
        query = UnitsQuery(
            metric=metric,
            by=None if by is None else tuple(by),
            start=_day(start),
            end=_day(end),
            currency=currency,
            evidence=None if evidence is None else _one_of(evidence, EVIDENCE, "evidence"),
            idle=_one_of(idle, IDLE_POLICIES, "idle"),
            reservations=_one_of(reservations, RESERVATION_RATES, "reservations"),
            aggregation=_one_of(aggregation, ("sum", "mean", "max"), "aggregation"),
            per=_one_of(per, ("1", "1K", "1M"), "per"),
        )
        rules_asked = self._rules(rules)
        return Result(units_table(self._engine, self._snapshot(), query, rules_asked))

    def kpis(self, metric: str | None = None, *, rules: str | Path | None = None) -> Result:
        """Key figures of allocation, for the hub and for each team, month by month.

        Takes:   metric, the business metric whose sum divides the cost; the hub's only one if None.
        Raises:  ConfigError for an unknown metric.
        """
        return Result(kpis_table(self._engine, self._snapshot(), self._rules(rules), metric))

    def preview_rules(
        self, file: str | Path, by: Sequence[str] = ("Team",), *, platform: bool = False
    ) -> Result:
        """What a file of rules would move, in cost before and after; nothing is saved.

        Takes:   platform, as `attribute`.
        """
        snapshot, after = self._snapshot(), read_rules(Path(file))
        before = hub_rules(snapshot)
        return Result(moves_table(self._engine, snapshot, before, after, by, platform=platform))

    def save_rules(self, file: str | Path, by: str | None = None) -> Folder:
        """Make a file of rules the one that counts; gives where the hub keeps it.

        Takes:   by, who saves it, as the hub records; the operating system's user if None.
        """
        self._snapshot()  # says so where there is no hub
        path = Path(file)
        who = own_name() if by is None else by
        return save_rules(self._engine, self._store, rules_content(path), who, name=path.name)

    def saved_rules(self) -> Result:
        """Every file of rules that was saved, by whom and when; the one that counts first."""
        return Result(saved_rules_table(self._snapshot().root))

    def _rules(self, file: str | Path | None) -> Rules:
        return hub_rules(self._snapshot()) if file is None else read_rules(Path(file))


def _day(value: date | str | None) -> date | None:
    return parse_day(value) if isinstance(value, str) else value


def _one_of(value: str, valid: Iterable[str], option: str) -> str:
    folded = {each.casefold(): each for each in valid}
    if value.casefold() not in folded:
        raise ConfigError(
            f"'{value}' is not a value of {option}.",
            f"Expected one of {', '.join(folded.values())}.",
            f"Nearest: {alternatives(value, folded.values())}.",
        )
    return folded[value.casefold()]
