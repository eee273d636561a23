"""Who caused a cost, and whether it is right: parameters, and the tables that answer them.

A team that is granted attributed teams sees their rows of `attribute` and `kpis`, by the evidence
that counts for everyone. The residual, the audit, tags and units are about the whole bill.

Source: docs/page.md, "The API" and "Who may see what"; docs/allocation.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pertoken.allocation import AttributionQuery
from pertoken.errors import ConfigError, HubError
from pertoken.periods import parse_day
from pertoken.pipeline.allocation_rules import hub_rules
from pertoken.pipeline.attribution_view import attribution_table
from pertoken.pipeline.audit_view import audit_table
from pertoken.pipeline.kpis_view import kpis_table
from pertoken.pipeline.own_attribution import own_attribution, own_kpis
from pertoken.pipeline.reconciliation_view import reconciliation_table
from pertoken.pipeline.tags_view import tag_lists
from pertoken.pipeline.units_view import UnitsQuery, business_metrics_table, units_table
from pertoken.web.errors import Forbidden, NothingKept
from pertoken.web.parameters import DAY, Page, Strict, check_column, period_of
from pertoken.web.table_route import add_table

if TYPE_CHECKING:
    from datetime import date

    from fastapi import APIRouter

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import SeenRelations
    from pertoken.reports import Table
    from pertoken.web.desk import Desk
    from pertoken.web.people import Person

Evidence = Literal["tags", "telemetry", "rules"]
Idle = Literal["spread", "show", "owner"]
Reservations = Literal["billed", "pooled"]


class PeriodParameters(Strict):
    """A period."""

    start: str | None = Field(
        default=None, alias="from", pattern=DAY, description="First day, inclusive."
    )
    end: str | None = Field(
        default=None, alias="to", pattern=DAY, description="Last day, exclusive."
    )

    def days(self) -> tuple[date | None, date | None]:
        """The period; raises ConfigError where it holds no day."""
        return period_of(self.start, self.end, "from", "to")


class ShareParameters(PeriodParameters):
    """How the cost is divided."""

    currency: str | None = Field(
        default=None, max_length=10, description="Only this BillingCurrency; never converts."
    )
    evidence: Evidence | None = Field(
        default=None, description="Else telemetry, then rules for what it leaves."
    )
    idle: Idle = Field(default="spread", description="Idle provisioned capacity.")
    reservations: Reservations = Field(
        default="billed", description="What capacity that shares a reservation pays."
    )


class WhoseParameters(ShareParameters):
    """Whose cost, by which dimensions."""

    by: str = Field(
        default="Team",
        max_length=1000,
        description="Dimensions, parted by commas: Team, Application, Feature, Customer, "
        "Environment, CostCenter, Deployment, ..., and columns of the charge.",
    )
    as_of: str | None = Field(
        default=None, pattern=DAY, description="The day whose organisation counts; else the "
        "charge's.",
    )  # fmt: skip
    per: Literal["token", "1K", "1M"] = "1M"

    def query(self, person: Person) -> AttributionQuery:
        """The query that the pipeline answers; raises ConfigError and Forbidden."""
        start, end = self.days()
        by = names_of(self.by)
        for name in by:
            check_column(name, person)
        if not by or len(set(by)) < len(by):
            raise ConfigError(
                f"The dimensions {', '.join(by) or '(none)'} cannot be grouped by.",
                "Expected one dimension or more, each once.",
                "Write it as by=Team,Application.",
            )
        return AttributionQuery(
            by=tuple(name for name in by if name != "BillingMonth"), evidence=self.evidence,
            start=start, end=end, currency=self.currency, idle=self.idle,
            reservations=self.reservations,
            as_of=parse_day(self.as_of) if self.as_of else None, per=self.per,
        )  # fmt: skip


class AttributeParameters(WhoseParameters, Page):
    """Whose cost, and which page of it."""

    platform: bool = Field(
        default=False, description="The charges that are no AI charges and that the rules name, "
        "in the place of AI cost.",
    )  # fmt: skip


class TagParameters(Page):
    """Which list of tags; without one, their coverage."""

    drift: bool = Field(default=False, description="Where the value of a key changed, and when.")
    repair: bool = Field(
        default=False, description="Days without a key that the resource has on others."
    )
    sources: bool = Field(
        default=False, description="Where each value stands: charge, or inherited."
    )


class UnitParameters(ShareParameters, Page):
    """Which metric of the business; without one, the metrics are listed."""

    metric: str | None = Field(default=None, max_length=200, description="A metric of the hub.")
    by: str | None = Field(
        default=None, max_length=1000, description="Dimensions that the metric is stated by, "
        "BillingMonth or ChargeDate, parted by commas; else all of its dimensions.",
    )  # fmt: skip
    aggregation: Literal["sum", "mean", "max"] = Field(
        default="sum", description="How the metric adds up over days."
    )
    per: Literal["1", "1K", "1M"] = Field(default="1", description="Units of a unit cost.")


class ReconcileParameters(PeriodParameters, Page):
    """Which gaps."""

    exceptions: bool = Field(
        default=False, description="Only gaps that somebody can do something about."
    )


class AuditParameters(PeriodParameters, Page):
    """The gaps summed."""

    by: Literal["reason", "day"] = "reason"


def add_attribution_tables(router: APIRouter, desk: Desk) -> None:
    """The routes of attribution and of its audit."""
    add_table(
        router,
        desk,
        "attribute",
        AttributeParameters,
        attribute_of,
        "Who caused the cost, the rest named with its reason: `pertoken attribute`. For a team the "
        "attributed rows of its own teams.",
    )
    add_table(
        router,
        desk,
        "kpis",
        Page,
        kpis_of,
        "Key figures of allocation, for the hub and each team: `pertoken kpis`. For a team those "
        "of its own teams.",
    )
    add_table(
        router,
        desk,
        "tags",
        TagParameters,
        tags_of,
        "How much cost each canonical tag covers, and lists: `pertoken tags`. Not for a team.",
    )
    add_table(
        router,
        desk,
        "units",
        UnitParameters,
        units_of,
        "What a conversation, a ticket or an active user costs: `pertoken units`. Not for a team.",
    )
    add_table(
        router,
        desk,
        "reconcile",
        ReconcileParameters,
        reconcile_of,
        "Billed tokens against used ones, billed prices against the sheet: `pertoken reconcile`. "
        "Not for a team.",
    )
    add_table(
        router,
        desk,
        "audit",
        AuditParameters,
        audit_of,
        "The gaps of `reconcile` summed by reason, or by day and reason. Not for a team.",
    )


def attribute_of(
    engine: Engine, relations: SeenRelations, asked: AttributeParameters, person: Person
) -> Table:
    """Who caused the cost; of a team, its own teams' rows, by the evidence that counts."""
    query = replace(asked.query(person), platform=asked.platform)
    rules = hub_rules(relations)
    if person.audience.sees_all:
        return attribution_table(engine, relations, query, rules)
    check_whose(query, person)
    return own_attribution(relations, query, rules)


def kpis_of(engine: Engine, relations: SeenRelations, _asked: Page, person: Person) -> Table:
    """Key figures; of a team, its own teams' without shares of the whole."""
    rules = hub_rules(relations)
    if person.audience.sees_all:
        return kpis_table(engine, relations, rules)
    _has_teams(person)
    return own_kpis(relations, rules)


def tags_of(
    engine: Engine, relations: SeenRelations, asked: TagParameters, person: Person
) -> Table:
    """Tag coverage, or one list."""
    whole_bill(person)
    return tag_lists(
        engine, relations, hub_rules(relations), drift=asked.drift, repair=asked.repair,
        sources=asked.sources,
    )  # fmt: skip


def units_of(
    engine: Engine, relations: SeenRelations, asked: UnitParameters, person: Person
) -> Table:
    """Cost per unit of a metric, or the metrics."""
    whole_bill(person)
    start, end = asked.days()
    try:
        if asked.metric is None:
            return business_metrics_table(engine, relations)
        query = UnitsQuery(
            metric=asked.metric, by=None if asked.by is None else names_of(asked.by), start=start,
            end=end, currency=asked.currency, evidence=asked.evidence, idle=asked.idle,
            reservations=asked.reservations,
            aggregation=asked.aggregation, per=asked.per,
        )  # fmt: skip
        return units_table(engine, relations, query, hub_rules(relations))
    except HubError as error:
        raise nothing_kept(relations, error) from error


def reconcile_of(
    engine: Engine, relations: SeenRelations, asked: ReconcileParameters, person: Person
) -> Table:
    """Every gap between the bill and the usage."""
    whole_bill(person)
    start, end = asked.days()
    try:
        return reconciliation_table(
            engine, relations, start=start, end=end, exceptions=asked.exceptions
        )
    except HubError as error:
        raise nothing_kept(relations, error) from error


def audit_of(
    engine: Engine, relations: SeenRelations, asked: AuditParameters, person: Person
) -> Table:
    """The gaps by reason, or by day and reason."""
    whole_bill(person)
    start, end = asked.days()
    try:
        return audit_table(engine, relations, by_day=asked.by == "day", start=start, end=end)
    except HubError as error:
        raise nothing_kept(relations, error) from error


def names_of(text: str) -> tuple[str, ...]:
    """The names that commas part."""
    return tuple(each.strip() for each in text.split(",") if each.strip())


def nothing_kept(relations: SeenRelations, error: HubError) -> HubError | NothingKept:
    """The error of a hub that has charges and lacks what the question needs, or the error as is."""
    if not relations.files("charges"):
        return error
    return NothingKept(error.found, error.expected, error.action)


def check_whose(query: AttributionQuery, person: Person) -> None:
    """Raise Forbidden where a question would show a team more than its attributed rows."""
    if person.audience.sees_all:
        return
    _has_teams(person)
    if query.evidence is not None or query.idle == "owner":
        raise Forbidden(
            "Another evidence, or idle capacity charged to its owner, would show whole resources.",
            "Expected the evidence that counts for everyone: telemetry, then rules.",
            "Leave `evidence` out, and `idle` too unless it is show or spread.",
        )


def _has_teams(person: Person) -> None:
    if not person.audience.teams:
        raise Forbidden(
            "No attributed team is granted, and the split of the whole bill is not for a team.",
            "Expected a grant of attributed teams: teams = ['search'].",
            "Ask for the matrix of your own charges, or whom runs this server for the grant.",
        )


def whole_bill(person: Person) -> None:
    """Raise Forbidden for a team."""
    if not person.audience.sees_all:
        raise Forbidden(
            "Tags, units and the audit are about the whole bill, which a team does not see.",
            "Expected the role finance or admin.",
            "Ask for `attribute` or `kpis` of your own teams.",
        )
