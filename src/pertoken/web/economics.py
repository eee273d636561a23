"""Variance, provisioned capacity and what-if: parameters, and the tables that answer them.

Source: docs/page.md, "The API"; docs/variance.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

from pertoken.periods import parse_day
from pertoken.pipeline.allocation_rules import hub_rules
from pertoken.pipeline.ptu_view import ptu_table
from pertoken.pipeline.scenarios import ScenarioWords
from pertoken.pipeline.variance_view import asked_variance, variance_table
from pertoken.pipeline.whatif_view import whatif_table
from pertoken.web.errors import Forbidden
from pertoken.web.parameters import DAY, MONTH, Filters, Page, check_column
from pertoken.web.table_route import Noted

if TYPE_CHECKING:
    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun
    from pertoken.pipeline.audience import SeenRelations
    from pertoken.pipeline.variance_cells import VarianceQuery
    from pertoken.reports import Table
    from pertoken.web.people import Person


class VarianceParameters(Page):
    """Two periods, groups, and a driver whose cells are shown."""

    from_month: str | None = Field(default=None, pattern=MONTH, description="The earlier month.")
    to_month: str | None = Field(default=None, pattern=MONTH, description="The later month.")
    start: str | None = Field(
        default=None, alias="from", pattern=DAY, description="Instead of months: first day."
    )
    end: str | None = Field(
        default=None, alias="to", pattern=DAY, description="Last day, exclusive."
    )
    compare_from: str | None = Field(
        default=None, pattern=DAY, description="First day; else as many days right before."
    )
    compare_to: str | None = Field(default=None, pattern=DAY, description="Last day, exclusive.")
    by: str = Field(default="", max_length=1000, description="Columns, Tags.KEY or dimensions of "
                    "attribution (not for a team), parted by commas.")  # fmt: skip
    where: list[Annotated[str, Field(max_length=2000)]] = Field(
        default_factory=list, max_length=100, description="COLUMN=VALUE; again for more."
    )
    currency: str | None = Field(default=None, max_length=10, description="Only this currency.")
    drill: str | None = Field(default=None, max_length=100, description="A driver, or all.")

    def query(
        self, runs: tuple[LedgerRun, ...], person: Person
    ) -> tuple[VarianceQuery, tuple[str, ...]]:
        """The query that the pipeline answers, and what to know of its days.

        Raises: ConfigError and Forbidden.
        """
        by = tuple(each.strip() for each in self.by.split(",") if each.strip())
        for column in by:
            check_column(column, person)
        days = [
            parse_day(each) if each else None
            for each in (self.start, self.end, self.compare_from, self.compare_to)
        ]
        return asked_variance(
            runs, months=(self.from_month, self.to_month), days=(days[0], days[1]),
            compare=(days[2], days[3]), by=by, where=Filters(where=self.where).pairs(person),
            currency=self.currency, drill=self.drill,
        )  # fmt: skip


class PtuParameters(Page):
    """Provisioned capacity: of a month or of all, by month or by hour."""

    month: str | None = Field(default=None, pattern=MONTH, description="Only this month.")
    by: Literal["month", "hour"] = "month"


class ScenarioFields(BaseModel):
    """A scenario over a month's own tokens."""

    month: str = Field(pattern=MONTH, description="The month whose tokens count.")
    switch: list[Annotated[str, Field(max_length=200)]] = Field(
        default_factory=list, max_length=50, description="FROM=TO: models, tiers or scopes."
    )
    token_ratio: list[Annotated[str, Field(max_length=200)]] = Field(
        default_factory=list, max_length=50, description="N or MODEL=N."
    )
    cache_rate: str | None = Field(default=None, max_length=30, description="From 0 to 1.")
    discount: str | None = Field(default=None, max_length=30, description="From 0 to 1.")
    ptu: int | None = Field(default=None, ge=0, le=1_000_000, description="Units of capacity.")
    by: str = Field(default="x_ModelId", max_length=1000, description="Columns to group by.")
    where: list[Annotated[str, Field(max_length=2000)]] = Field(
        default_factory=list, max_length=100, description="COLUMN=VALUE; again for more."
    )
    currency: str | None = Field(default=None, max_length=10, description="Only this currency.")

    def words(self, person: Person) -> ScenarioWords:
        """The scenario in words; raises ConfigError."""
        return ScenarioWords(
            month=self.month, switch=tuple(self.switch), token_ratio=tuple(self.token_ratio),
            cache_rate=self.cache_rate, discount=self.discount, ptu=self.ptu,
            by=tuple(each.strip() for each in self.by.split(",") if each.strip()),
            where=Filters(where=self.where).pairs(person), currency=self.currency,
        )  # fmt: skip


class WhatIfParameters(ScenarioFields, Page):
    """A scenario over a month's own tokens, and which page of it."""


def variance_of(
    engine: Engine, relations: SeenRelations, asked: VarianceParameters, person: Person
) -> Noted:
    """A team sees its own charges, without list prices, and no attribution of the shared ones.

    Of the notes a team sees which days are compared; the others name scopes of the whole bill.
    """
    query, notes = asked.query(relations.snapshot.runs, person)
    sees_all = person.audience.sees_all
    table = variance_table(engine, relations, query, hub_rules(relations) if sees_all else None)
    return Noted(table, notes if sees_all else notes[:1], ())


def ptu_of(engine: Engine, relations: SeenRelations, asked: PtuParameters, person: Person) -> Table:
    """Provisioned capacity, of the whole bill."""
    for_finance(person)
    return ptu_table(engine, relations, asked.month, by_hour=asked.by == "hour")


def whatif_of(
    engine: Engine, relations: SeenRelations, asked: WhatIfParameters, person: Person
) -> Table:
    """A scenario at own prices, of the whole bill."""
    for_finance(person)
    return whatif_table(engine, relations, asked.words(person).read())


def for_finance(person: Person) -> None:
    """Raise Forbidden for who does not see the whole bill."""
    if not person.audience.sees_all:
        raise Forbidden(
            "Capacity and own prices are facts about the whole bill, which a team does not see.",
            "Expected the role finance or admin.",
            "Ask for variance, which covers your own charges.",
        )
