"""Capacity that shares a reservation pays as billed or at one rate; what is unused has an owner."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from usage_relations import DAY, attributed, billed, used, view_bill

from pertoken.allocation import parse_rules, view_parts
from pertoken.engine import local_engine
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pertoken.engine import Engine

_UNITS = Decimal("1e-18")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = local_engine(threads=1)
    yield engine
    engine.close()


def _capacity(resource: str, hours: int, cost: str, status: str | None) -> dict[str, Any]:
    return billed(
        "capacity", tokens=hours, cost=cost, ResourceName=resource,
        ResourceId=f"/subscriptions/s/accounts/{resource}", CommitmentDiscountStatus=status,
        BillingAccountId="b", RegionId="swedencentral",
    )  # fmt: skip


def _paid(engine: Engine, bill: Sequence[dict[str, Any]], *, pooled: bool = True) -> dict[str, str]:
    view_bill(engine, bill)
    view_parts(engine, by_usage=False, pooled=pooled)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for resource, units in engine.rows("SELECT ResourceName, CostUnits FROM parts"):
        sums[resource] += units * _UNITS
    return {name: str(cost.normalize() + 0) for name, cost in sorted(sums.items())}


SHARED = [_capacity("a", 30, "30", "Used"), _capacity("b", 10, "50", None)]
"""40 unit hours for 80: a is covered at 1 an hour, b has bad luck and pays 5 on demand."""


def test_a_pool_pays_one_rate(engine: Engine) -> None:
    assert _paid(engine, SHARED, pooled=False) == {"a": "30", "b": "50"}
    assert _paid(engine, SHARED) == {"a": "60", "b": "20"}


def test_what_division_leaves_goes_to_the_largest(engine: Engine) -> None:
    bill = [_capacity("a", 2, "0.1", "Used"), _capacity("b", 1, "0", "Used")]
    assert _paid(engine, bill) == {"a": "0.066666666666666667", "b": "0.033333333333333333"}


@pytest.mark.parametrize(
    "more",
    [
        {"RegionId": "westus"}, {"BillingAccountId": "c"}, {"BillingCurrency": "EUR"},
        {"day": DAY + timedelta(days=1)}, {"x_MeterKey": "another meter"},
    ],
    ids=lambda more: next(iter(more)),
)  # fmt: skip
def test_no_pool_crosses(engine: Engine, more: dict[str, Any]) -> None:
    """A reservation covers no hour of another region, account, currency, day or kind of unit."""
    bill = [SHARED[0], _capacity("b", 10, "50", None) | _renamed(more)]
    assert _paid(engine, bill) == {"a": "30", "b": "50"}


def _renamed(more: dict[str, Any]) -> dict[str, Any]:
    return {"ChargeDate" if name == "day" else name: value for name, value in more.items()}


def test_capacity_without_a_reservation_is_no_pool(engine: Engine) -> None:
    bill = [_capacity("a", 30, "30", None), _capacity("b", 10, "50", None)]
    assert _paid(engine, bill) == {"a": "30", "b": "50"}


def test_an_unused_part_is_in_no_pool(engine: Engine) -> None:
    unused = billed("unused", cost="8", BillingAccountId="b",
                    RegionId="swedencentral", x_MeterKey=SHARED[0]["x_MeterKey"])  # fmt: skip
    assert _paid(engine, [*SHARED, unused]) == {"a": "60", "aoai": "8", "b": "20"}


def test_hours_that_are_not_stated_are_refused(engine: Engine) -> None:
    bill = [SHARED[0], SHARED[1] | {"x_UnitQuantity": None}]
    assert _paid(engine, bill, pooled=False) == {"a": "30", "b": "50"}
    with pytest.raises(ConfigError, match="Capacity of b on 2026-09-01 states no unit hours"):
        _paid(engine, bill)


OWNER = {"x_TagsKey": "t", "tags": [("team", "platform")]}
RULED = """
[tags.Team]
keys = ["team"]
[[rule]]
dimension = "Team"
value = "ruled"
when = { CommitmentDiscountStatus = "Unused" }
"""
PLAIN = '[tags.Team]\nkeys = ["team"]'
OWNERS = {
    "its tag": (OWNER, PLAIN, "owner", ("platform", "assumed", None)),
    "its tag before a rule": (OWNER, RULED, "owner", ("platform", "assumed", None)),
    "a rule": ({}, RULED, "owner", ("ruled", "assumed", None)),
    "a rule by any policy": ({}, RULED, "spread", ("ruled", "assumed", None)),
    "nobody": ({}, PLAIN, "owner", ("Unattributed", None, "UnusedReservation")),
    "nobody is asked": (OWNER, PLAIN, "spread", ("Unattributed", None, "UnusedReservation")),
}  # fmt: skip


@pytest.mark.parametrize("case", OWNERS)
def test_the_unused_part_is_its_owners(engine: Engine, case: str) -> None:
    tags, text, idle, expected = OWNERS[case]
    bill, usage = [billed("unused", cost="8", **tags)], [used(prompt=1, read=0)]
    rules = parse_rules(text, "rules.toml")
    rows = attributed(engine, bill, usage, rules, idle=idle, reservations="pooled")
    assert [(row["Team"], row["Evidence"], row["ResidualReason"]) for row in rows] == [expected]
    assert [str(row["EffectiveCost"]) for row in rows] == ["8.000000000000000000"]


_REGIONS = {"a": "westus", "b": "westus", "c": None}
CAPACITY = st.builds(
    lambda resource, hours, cost, status: (
        _capacity(resource, hours, str(cost), status) | {"RegionId": _REGIONS[resource]}
    ),
    st.sampled_from("abc"),
    st.integers(-5, 500),
    st.decimals(min_value=-1000, max_value=1000, places=12, allow_nan=False),
    st.sampled_from(["Used", "Unused", None]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bill=st.lists(CAPACITY, min_size=1, max_size=8))
def test_a_pool_keeps_every_total(bill: list[dict[str, Any]]) -> None:
    """The sum of every region is that of the bill, pooled or not."""
    engine = local_engine(threads=1)
    before: dict[object, Decimal] = defaultdict(Decimal)
    for row in bill:
        before[row["RegionId"]] += row["EffectiveCost"]
    view_bill(engine, bill)
    view_parts(engine, by_usage=False, pooled=True)
    after = dict(
        engine.rows("SELECT RegionId, sum(CAST(CostUnits AS HUGEINT)) FROM parts GROUP BY ALL")
    )
    assert {region: units * _UNITS for region, units in after.items()} == before
    engine.close()
