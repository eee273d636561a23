"""The hierarchy of an attribution: sums, quotients of sums, the residual last and by its reason."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pertoken.allocation import AttributionQuery, attribution_columns
from pertoken.pipeline.allocation_lines import allocation_lines
from pertoken.reports import Column, Table

BY = ("Team", "Application", "SkuMeter")
COLUMNS = tuple(
    Column(name, kind) for name, kind in attribution_columns(AttributionQuery(by=BY)).items()
)


def row(
    team: str | None, app: str | None, meter: str, cost: str, **more: object
) -> tuple[object, ...]:
    held = {
        "BillingMonth": "2026-09", "Team": team, "Application": app, "SkuMeter": meter,
        "BillingCurrency": "USD", "EffectiveCost": Decimal(cost), "x_TokenCost": None,
        "x_TokenQuantity": None, "x_UnitCost": None, "x_UnitCostUnit": "1000000 Tokens",
        "Evidence": "measured", "ResidualReason": None, "x_IdleCost": None, "x_SpreadRule": None,
    } | more  # fmt: skip
    return tuple(held[column.name] for column in COLUMNS)


def lost(reason: str, meter: str, cost: str, **more: object) -> tuple[object, ...]:
    return row("Unattributed", "Unattributed", meter, cost, Evidence=None, ResidualReason=reason,
               **more)  # fmt: skip


def table(*rows: tuple[object, ...]) -> Table:
    return Table("attribution", COLUMNS, rows)


NOW = table(
    row("a", "x", "in", "6", x_TokenCost=Decimal(6), x_TokenQuantity=Decimal(3_000_000)),
    row("a", "x", "out", "2", x_TokenCost=Decimal(2), x_TokenQuantity=Decimal(1_000_000),
        Evidence="estimated"),
    row("b", None, "hour", "12", Evidence="assumed", x_IdleCost=Decimal(5)),
    lost("MissingDay", "in", "30"),
    lost("NoTelemetry", "in", "50"),
    row("c", "y", "in", "4", BillingCurrency="EUR"),
)  # fmt: skip
BEFORE = table(row("a", "x", "in", "4"), lost("MissingDay", "in", "10"))


def test_lines_stand_in_reading_order_the_residual_last_by_its_reason() -> None:
    lines = allocation_lines(NOW, None, BY, "1M")
    assert [(line.currency, line.labels, line.cost) for line in lines] == [
        ("EUR", ("c",), 4),
        ("EUR", ("c", "y"), 4),
        ("EUR", ("c", "y", "in"), 4),
        ("EUR", (), 4),
        ("USD", ("b",), 12),
        ("USD", ("b", None), 12),
        ("USD", ("b", None, "hour"), 12),
        ("USD", ("a",), 8),
        ("USD", ("a", "x"), 8),
        ("USD", ("a", "x", "in"), 6),
        ("USD", ("a", "x", "out"), 2),
        ("USD", ("Unattributed",), 80),
        ("USD", ("Unattributed", "NoTelemetry"), 50),
        ("USD", ("Unattributed", "NoTelemetry", "in"), 50),
        ("USD", ("Unattributed", "MissingDay"), 30),
        ("USD", ("Unattributed", "MissingDay", "in"), 30),
        ("USD", (), 100),
    ]


def test_a_subtotal_is_a_quotient_of_sums_with_its_evidence_and_its_change() -> None:
    lines = {(each.currency, each.labels): each for each in allocation_lines(NOW, BEFORE, BY, "1M")}
    team = lines["USD", ("a",)]
    assert (team.unit_cost, team.share) == (Decimal(2), Decimal("0.08"))
    assert (team.measured, team.estimated, team.assumed) == (Decimal("0.75"), Decimal("0.25"), 0)
    assert (team.before, team.difference, team.cost_change) == (4, 4, 1)
    assert lines["USD", ("b",)].before is None
    assert (lines["USD", ("b",)].idle_cost, lines["USD", ("b",)].unit_cost) == (5, None)
    whole = lines["USD", ()]
    assert (whole.unattributed, whole.before, whole.tokens) == (Decimal("0.8"), 14, 4_000_000)
    assert lines["USD", ("Unattributed", "MissingDay", "in")].reason == "MissingDay"
    assert lines["USD", ("Unattributed",)].reason is None


def test_a_fact_above_the_people_stays_above_the_residual() -> None:
    labels = [each.labels for each in allocation_lines(NOW, None, ("SkuMeter", "Team"), "1M")]
    assert ("in", "Unattributed", "MissingDay") in labels


def test_nothing_has_no_lines() -> None:
    assert allocation_lines(table(), None, BY, "1M") == []


ROWS = st.builds(
    row,
    st.sampled_from(["a", "b", None]), st.sampled_from(["x", "y", None]),
    st.sampled_from(["in", "out"]), st.integers(-(10**24), 10**24).map(lambda n: f"{n}e-18"),
    BillingCurrency=st.sampled_from(["EUR", "USD"]),
) | st.builds(
    lost, st.sampled_from(["MissingDay", "Unknown"]), st.sampled_from(["in", "out"]),
    st.integers(-(10**24), 10**24).map(lambda n: f"{n}e-18"),
)  # fmt: skip


@given(rows=st.lists(ROWS, max_size=12))
@pytest.mark.parametrize("by", [BY, ("SkuMeter", "Application", "Team"), ("Team",)])
def test_every_total_is_the_sum_of_its_rows_and_every_group_of_its_parts(
    rows: list[tuple[object, ...]], by: tuple[str, ...]
) -> None:
    held = table(*rows)
    lines = allocation_lines(held, held, by, "1K")
    for total in (each for each in lines if not each.labels):
        own = [each for each in held.to_dicts() if each["BillingCurrency"] == total.currency]
        assert total.cost == sum(each["EffectiveCost"] for each in own)
        assert total.difference == 0
    for line in lines:
        below = [
            each for each in lines
            if each.currency == line.currency and len(each.labels) == len(line.labels) + 1
            and each.labels[:-1] == line.labels
        ]  # fmt: skip
        assert not below or sum(each.cost for each in below) == line.cost


def test_a_total_that_is_next_to_nothing_has_shares() -> None:
    """A charge and its correction leave 10^-18: its parts are 10^24 of it."""
    rows = [row("a", "x", "in", "1000000"), row("b", "y", "in", "-999999.999999999999999999")]
    lines = {each.labels: each for each in allocation_lines(table(*rows), None, BY, "1M")}
    assert lines[()].cost == Decimal("1e-18")
    assert lines[()].measured == 1
    assert lines[("a",)].share == Decimal(10) ** 24
