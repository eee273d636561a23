"""The parameters of the API: the options of the command line, under the same names.

Source: docs/page.md, "The API".
"""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads it
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from pertoken.errors import ConfigError
from pertoken.periods import parse_day
from pertoken.pipeline.charges_view import ChargesQuery
from pertoken.pipeline.hub_view import is_price_column
from pertoken.unit_economics import DEFAULT_BY, MatrixQuery
from pertoken.web.errors import Forbidden
from pertoken.web.people import Person  # noqa: TC001 - as above

MONTH = r"^\d{4}-\d{2}$"
DAY = r"^\d{4}-\d{2}(-\d{2})?$"
MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"
PRICES_FOR = "List and contracted prices are for the roles finance and admin."


class Strict(BaseModel):
    """Parameters; one that is not known is refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Page(Strict):
    """A page of a table."""

    limit: int = Field(default=1000, ge=1, le=10_000, description="Rows of a page.")
    offset: int = Field(default=0, ge=0, le=2_000_000_000, description="Rows before the page.")


class PeriodsParameters(Page):
    """The months, or what a later run changed in one of them."""

    diff: str | None = Field(
        default=None, pattern=MONTH, description="What a later run changed in this month: YYYY-MM."
    )


class BridgeParameters(Page):
    """Which month, and of which scope."""

    month: str = Field(pattern=MONTH, description="The billing month: YYYY-MM.")
    scope: str | None = Field(
        default=None, max_length=1000, description="Only this scope, whole or by its last segment."
    )


class Filters(Strict):
    """Which charges: a period, a currency, and columns with values."""

    start: str | None = Field(
        default=None, alias="from", pattern=DAY, description="First day, inclusive."
    )
    end: str | None = Field(
        default=None, alias="to", pattern=DAY, description="Last day, exclusive."
    )
    where: list[Annotated[str, Field(max_length=2000)]] = Field(
        default_factory=list,
        max_length=100,
        description="COLUMN=VALUE; again for more. Values of one column are alternatives; an "
        "empty value means unknown.",
    )
    currency: str | None = Field(
        default=None, max_length=10, description="Only this BillingCurrency; never converts."
    )
    all_charges: bool = Field(default=False, description="All charges, not only AI.")

    def days(self) -> tuple[date | None, date | None]:
        """The period; raises ConfigError where it holds no day."""
        return period_of(self.start, self.end, "from", "to")

    def pairs(self, person: Person) -> tuple[tuple[str, str], ...]:
        """The filters as pairs; raises ConfigError for one without `=`."""
        pairs = []
        for text in self.where:
            column, sign, value = text.partition("=")
            if not sign or not column:
                raise ConfigError(
                    f"'{text}' is not COLUMN=VALUE.",
                    "Expected a column, an equals sign and a value.",
                    "Write it as where=x_ModelFamily=GPT.",
                )
            check_column(column, person)
            pairs.append((column, value))
        return tuple(pairs)


class ChargesParameters(Filters, Page):
    """Which charges, and which page of them."""

    limit: int = Field(default=100, ge=1, le=10_000, description="Rows of a page.")

    def query(self, person: Person) -> ChargesQuery:
        """The query that the pipeline answers."""
        start, end = self.days()
        return ChargesQuery(
            where=self.pairs(person), start=start, end=end, currency=self.currency,
            all_charges=self.all_charges, limit=self.limit, offset=self.offset,
        )  # fmt: skip


class ByParameters(Filters):
    """Groups of charges, and the cost that a unit cost is made of."""

    by: str = Field(
        default=",".join(DEFAULT_BY),
        max_length=1000,
        description="Columns to group by, parted by commas: FOCUS or x_ columns, BillingMonth, "
        "ChargeDate, Tags.KEY.",
    )
    cost: Literal["Effective", "Billed", "List", "Contracted"] = "Effective"
    per: Literal["token", "1K", "1M"] = "1M"

    def query(self, person: Person) -> MatrixQuery:
        """The query that the pipeline answers; raises ConfigError and Forbidden."""
        start, end = self.days()
        by = tuple(each.strip() for each in self.by.split(",") if each.strip())
        if not by or len(set(by)) < len(by):
            raise ConfigError(
                "The matrix has no columns to group by."
                if not by
                else "A column stands twice in `by`.",
                "Expected each column once, parted by commas.",
                f"Leave it out for the default: {', '.join(DEFAULT_BY)}.",
            )
        for column in by:
            check_column(column, person)
        if self.cost in ("List", "Contracted") and not person.audience.sees_all:
            raise Forbidden(f"{self.cost} cost is not shown to a team.", PRICES_FOR,
                            "Take Effective or Billed.")  # fmt: skip
        return MatrixQuery(
            by=by, where=self.pairs(person), start=start, end=end, currency=self.currency,
            cost=self.cost, per=self.per, all_charges=self.all_charges,
        )  # fmt: skip


class MatrixParameters(ByParameters, Page):
    """The matrix, and which page of it."""


class HierarchyParameters(ByParameters):
    """The matrix with subtotals, and a period to compare with."""

    compare: Literal["none", "previous"] = Field(
        default="none", description="The period before; an open month meets as many days of it."
    )
    compare_from: str | None = Field(default=None, pattern=DAY, description="First day, inclusive.")
    compare_to: str | None = Field(default=None, pattern=DAY, description="Last day, exclusive.")

    def compared(self) -> tuple[date, date] | None:
        """The period to compare with; raises ConfigError where it holds no day."""
        start, end = period_of(self.compare_from, self.compare_to, "compare_from", "compare_to")
        if (start is None) != (end is None):
            raise ConfigError(
                "compare_from and compare_to go together.",
                "Expected both or neither.",
                "Give the other one too.",
            )
        return None if start is None or end is None else (start, end)


class OverviewParameters(Filters):
    """The overview of a period."""

    per: Literal["token", "1K", "1M"] = "1M"


class ExplainParameters(Filters):
    """The number to explain: which charges, and per how many tokens."""

    per: Literal["token", "1K", "1M"] = "1M"


class ValuesParameters(Filters, Page):
    """The values of a column."""

    column: str = Field(max_length=200, description="A column of /api/columns.")
    search: str = Field(default="", max_length=200, description="Only values that hold this text.")


def check_column(name: str, person: Person) -> None:
    """Raise Forbidden where a team names a column of list or contracted prices."""
    if not person.audience.sees_all and not name.startswith("Tags.") and is_price_column(name):
        raise Forbidden(
            f"The column '{name}' is not shown to a team.", PRICES_FOR, "Name another column."
        )


def period_of(
    start: str | None, end: str | None, first: str, last: str
) -> tuple[date | None, date | None]:
    """Two days as text; raises ConfigError where the period holds no day."""
    days = parse_day(start) if start else None, parse_day(end) if end else None
    if days[0] and days[1] and days[0] >= days[1]:
        raise ConfigError(
            f"The period from {days[0]} to {days[1]} holds no day.",
            f"Expected {first} before {last}; {first} is inclusive, {last} exclusive.",
            "Swap or widen the dates.",
        )
    return days
