"""The pages of the report, as data: what each visual shows, and where.

A page is 1280 x 720. Fields are measures (a text) or columns (table, column).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pertoken.integrations.powerbi.measures import TEAM_UNIT_COST, UNIT_COST
from pertoken.integrations.powerbi.star import ATTRIBUTED, BUDGETS, COSTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Field = str | tuple[str, str]
WIDTH, HEIGHT = 1280, 720
_EDGE, _TOP, _GAP = 24, 24, 16
_HEAD = 88
_METER = tuple(
    ("Meters", name) for name in ("x_SkuMeterCategory", "x_SkuMeterSubcategory", "SkuMeter")
)
_MODEL = tuple(
    ("Meters", name)
    for name in (
        "x_ModelDeveloper", "x_ModelFamily", "x_ModelId", "x_ModelVersion", "x_TokenDirection",
    )
)  # fmt: skip
_MONTH: Field = ("Dates", "Month")
_DAY: Field = ("Dates", "Date")
_CURRENCY: Field = ("Currencies", "BillingCurrency")


@dataclass(frozen=True, slots=True)
class Visual:
    """One visual: its type, title, place (x, y, width, height) and fields by role, or its text."""

    kind: str
    title: str
    place: tuple[int, int, int, int]
    roles: Mapping[str, Sequence[Field]]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    name: str
    visuals: tuple[Visual, ...]


@dataclass(frozen=True, slots=True)
class Measures:
    """Which measures the pages show: those of the bill, or of what is attributed."""

    cost: str
    token_cost: str
    tokens: str
    unit_cost: str
    change: str


BILL = Measures(
    "EffectiveCost", "x_TokenCost", "x_TokenQuantity", UNIT_COST, "EffectiveCost month over month"
)
TEAM = Measures(
    "Attributed cost", "Attributed token cost", "Attributed tokens", TEAM_UNIT_COST,
    "Attributed cost month over month",
)  # fmt: skip


def report_pages(*, bill: bool, attribution: bool, budgets: bool = False) -> tuple[Page, ...]:
    """The pages of a project over the bill, the attribution or both, with or without budgets."""
    shown = BILL if bill else TEAM
    pages = [unit_costs(shown), trends(shown)]
    if attribution:
        pages.append(allocation())
    if budgets:
        pages.append(budgeted())
    if bill:
        pages += [provisioned(), data_quality()]
    return tuple(pages)


def unit_costs(shown: Measures) -> Page:
    """Unit cost by the bill's own hierarchy, and by the model's."""
    values = (shown.cost, shown.token_cost, shown.tokens, shown.unit_cost)
    return Page(
        "Unit costs",
        (
            *_head((shown.cost, shown.unit_cost, shown.tokens, shown.change)),
            Visual("pivotTable", "By SKU meter category, subcategory and meter", _left(),
                   {"Rows": _METER, "Values": values}),
            Visual("pivotTable", "By developer, family, model, version and direction", _right(),
                   {"Rows": _MODEL, "Values": values}),
        ),
    )  # fmt: skip


def trends(shown: Measures) -> Page:
    """Cost and unit cost by day and month."""
    family: Field = ("Meters", "x_ModelFamily")
    top, below = _halves(_left()), _halves(_right())
    return Page(
        "Trends",
        (
            *_head((shown.cost, shown.unit_cost, shown.tokens, shown.change)),
            Visual("lineChart", f"{shown.unit_cost} by month and model family", top[0],
                   {"Category": (_MONTH,), "Series": (family,), "Y": (shown.unit_cost,)}),
            Visual("columnChart", f"{shown.cost} by month and model family", top[1],
                   {"Category": (_MONTH,), "Series": (family,), "Y": (shown.cost,)}),
            Visual("lineChart", f"{shown.cost} by day", below[0],
                   {"Category": (_DAY,), "Y": (shown.cost,)}),
            Visual("lineChart", f"{shown.tokens} by day and direction", below[1],
                   {"Category": (_DAY,), "Series": (("Meters", "x_TokenDirection"),),
                    "Y": (shown.tokens,)}),
        ),
    )  # fmt: skip


def allocation() -> Page:
    """Who caused the cost, on which evidence, and what nobody proved."""
    team: Field = ("Teams", "Team")
    top, below = _halves(_right())
    return Page(
        "Allocation",
        (
            *_head(("Cost by cause", "Attributed share", "Measured share", "Idle cost")),
            Visual("pivotTable", "By team, application and feature", _left(),
                   {"Rows": (team, (ATTRIBUTED, "Application"), (ATTRIBUTED, "Feature")),
                    "Values": ("Cost by cause", "Attributed tokens", TEAM_UNIT_COST)}),
            Visual("columnChart", "Cost by month and team", top,
                   {"Category": (_MONTH,), "Series": (team,), "Y": ("Cost by cause",)}),
            Visual("tableEx", "Evidence, and why a cost is unattributed", below,
                   {"Values": ((ATTRIBUTED, "Evidence"), (ATTRIBUTED, "ResidualReason"),
                               "Cost by cause")}),
        ),
    )  # fmt: skip


def budgeted() -> Page:
    """Each budget against its cost; the cards and charts are of the one that is chosen."""
    name: Field = (BUDGETS, "Budget")
    x, y, width, height = _left()
    table = (x, y + _HEAD + _GAP, width, height - _HEAD - _GAP)
    top, below = _halves(_right())
    figures = ("Budget", "Cost against budget", "Variance to budget", "Budget used")
    return Page(
        "Budgets",
        (
            *_head(figures),
            Visual("slicer", "Budget", (x, y, width, _HEAD), {"Values": (name,)}),
            Visual("tableEx", "By budget and month", table,
                   {"Values": (name, (BUDGETS, "BillingMonth"), *figures, (BUDGETS, "Through"),
                               (BUDGETS, "Owner"), (BUDGETS, "Reason"))}),
            Visual("columnChart", "Cost against budget by month", top,
                   {"Category": (_MONTH,), "Y": ("Cost against budget", "Budget")}),
            Visual("columnChart", "Variance to budget by month", below,
                   {"Category": (_MONTH,), "Y": ("Variance to budget",)}),
        ),
    )  # fmt: skip


def provisioned() -> Page:
    """Provisioned capacity: what it costs, and what of it no usage took."""
    top, below = _halves(_right())
    return Page(
        "Provisioned throughput",
        (
            *_head(("Capacity cost", "Capacity unit hours", "Capacity cost per unit hour",
                    "Unused commitment cost")),
            Visual("pivotTable", "By resource and meter", _left(),
                   {"Rows": (("Resources", "ResourceName"), ("Meters", "SkuMeter")),
                    "Values": ("Capacity cost", "Capacity unit hours",
                               "Unused commitment cost")}),
            Visual("columnChart", "Capacity cost by month", top,
                   {"Category": (_MONTH,), "Series": ((COSTS, "CommitmentDiscountStatus"),),
                    "Y": ("Capacity cost",)}),
            Visual("lineChart", "Capacity unit hours by day", below,
                   {"Category": (_DAY,), "Y": ("Capacity unit hours",)}),
        ),
    )  # fmt: skip


def data_quality() -> Page:
    """What of the bill is read and proven, and which months stand."""
    top, below = _halves(_right())
    month: Field = ("Periods", "BillingMonth")
    return Page(
        "Data quality",
        (
            *_head(("Share of cost read", "Cost set aside", "EffectiveCost without list cost",
                    "Savings share")),
            Visual("tableEx", "Months and scopes, all charges", _left(),
                   {"Values": (month, ("Periods", "Scope"), "Charges of the bill",
                               ("Periods", "LastDay"), "BilledCost of all charges",
                               "EffectiveCost of all charges")}),
            Visual("tableEx", "How meters were read", top,
                   {"Values": (("Meters", "x_MeterStatus"), ("Meters", "SkuMeter"), "Charges",
                               "EffectiveCost")}),
            Visual("tableEx", "How quantities were proven", below,
                   {"Values": ((COSTS, "x_QuantityBasis"), "Charges", "EffectiveCost",
                               "x_TokenQuantity")}),
        ),
    )  # fmt: skip


def _head(measures: Sequence[str]) -> tuple[Visual, ...]:
    """Two slicers and a card for each measure, in one row."""
    count = len(measures) + 2
    width = (WIDTH - 2 * _EDGE - _GAP * (count - 1)) // count
    places = [(_EDGE + place * (width + _GAP), _TOP, width, _HEAD) for place in range(count)]
    slicers = (
        Visual("slicer", "Billing currency", places[0], {"Values": (_CURRENCY,)}),
        Visual("slicer", "Month", places[1], {"Values": (_MONTH,)}),
    )
    cards = (
        Visual("card", measure, place, {"Values": (measure,)})
        for measure, place in zip(measures, places[2:], strict=True)
    )
    return (*slicers, *cards)


def _left() -> tuple[int, int, int, int]:
    top = _TOP + _HEAD + _GAP
    return (_EDGE, top, (WIDTH - 2 * _EDGE - _GAP) // 2, HEIGHT - _EDGE - top)


def _right() -> tuple[int, int, int, int]:
    x, y, width, height = _left()
    return (x + width + _GAP, y, width, height)


def _halves(place: tuple[int, int, int, int]) -> tuple[tuple[int, int, int, int], ...]:
    x, y, width, height = place
    half = (height - _GAP) // 2
    return (x, y, width, half), (x, y + half + _GAP, width, half)
