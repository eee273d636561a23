"""One event is one finding, of its kind, in its cell, from its first day, at its cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from anomalies.tenant import DAYS, PRICES, Tenant, day
from hypothesis import given, settings
from hypothesis import strategies as st

from pertoken.anomalies import DATA_KINDS, KINDS, Finding, detect
from pertoken.anomalies.settings import Expected, Settings
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

AT = 84
UNTIL = AT + 5


def spike(tenant: Tenant) -> None:
    tenant.times("agent", slice(AT, AT + 1), 6)


def runaway(tenant: Tenant) -> None:
    tenant.times("agent", slice(AT, AT + 3), 9)


def level(tenant: Tenant) -> None:
    tenant.times("search", slice(AT, DAYS), 2.5)


def ramp(tenant: Tenant) -> None:
    for step in range(14):
        tenant.times("chat", slice(AT + step, AT + step + 1), 1 + 1.5 * ((step + 1) / 14) ** 2)


def price_of_a_model(tenant: Tenant) -> None:
    for key, price in tenant.price.items():
        if key[1] == "gpt-4.1":
            price[AT:] *= 0.8


def small_price_rise(tenant: Tenant) -> None:
    for key, price in tenant.price.items():
        if key[1] == "gpt-4.1-mini":
            price[AT:] *= 1.03


def cache_collapse(tenant: Tenant) -> None:
    lost = tenant.tokens["chat", "gpt-4.1", 1][AT:UNTIL] * 0.95
    tenant.tokens["chat", "gpt-4.1", 1][AT:UNTIL] -= lost
    tenant.tokens["chat", "gpt-4.1", 0][AT:UNTIL] += lost


def double_metering(tenant: Tenant) -> None:
    cached = tenant.tokens["chat", "gpt-4.1", 1]
    tenant.tokens["chat", "gpt-4.1", 0][AT:UNTIL] += cached[AT:UNTIL]


def verbose_output(tenant: Tenant) -> None:
    tenant.tokens["chat", "gpt-4.1", 2][AT:UNTIL] *= 3


def model_switch(tenant: Tenant) -> None:
    for kind in range(3):
        old = tenant.tokens["chat", "gpt-4.1", kind]
        new = np.zeros(DAYS)
        new[AT:] = old[AT:]
        old[AT:] = 0
        tenant.tokens["chat", "gpt-4o-mini", kind] = new
        tenant.price["chat", "gpt-4o-mini", kind] = np.full(DAYS, PRICES["gpt-4o-mini"][kind] / 1e6)


def missing_day(tenant: Tenant) -> None:
    for tokens in tenant.tokens.values():
        tokens[AT] = 0


def late_day(tenant: Tenant) -> None:
    for tokens in tenant.tokens.values():
        tokens[AT] *= 0.4


def twice(tenant: Tenant) -> None:
    for tokens in tenant.tokens.values():
        tokens[AT] *= 2
    tenant.rows[AT] = 2


@dataclass(frozen=True)
class Case:
    fault: Callable[[Tenant], None]
    kind: str
    cell: dict[str, str]
    last: int
    within: int = 1
    cost: bool = True


CASES = [
    Case(spike, "spike", {"ResourceId": "agent"}, AT),
    Case(runaway, "runaway loop", {"ResourceId": "agent"}, AT + 2),
    Case(level, "level shift", {"ResourceId": "search"}, DAYS - 1),
    Case(ramp, "ramp", {"ResourceId": "chat"}, AT + 13, within=8, cost=False),
    Case(price_of_a_model, "price change", {"x_ModelId": "gpt-4.1"}, DAYS - 1),
    Case(small_price_rise, "price change", {"x_ModelId": "gpt-4.1-mini"}, DAYS - 1),
    Case(cache_collapse, "cache collapse", {"ResourceId": "chat"}, UNTIL - 1),
    Case(double_metering, "double metering", {"ResourceId": "chat"}, UNTIL - 1),
    Case(verbose_output, "verbose output", {"ResourceId": "chat"}, UNTIL - 1),
    Case(model_switch, "model switch", {"ResourceId": "chat", "x_ModelId": "gpt-4o-mini"},
         DAYS - 1, cost=False),
    Case(missing_day, "missing data", {"BillingCurrency": "USD"}, AT),
    Case(late_day, "late data", {"BillingCurrency": "USD"}, AT),
    Case(twice, "duplicate delivery", {"BillingCurrency": "USD"}, AT),
]  # fmt: skip


def alarmed(found: tuple[Finding, ...]) -> list[Finding]:
    return [each for each in found if not each.notice]


def cost_of(tenant: Tenant) -> float:
    return sum(float((tenant.tokens[key] * tenant.price[key]).sum()) for key in tenant.tokens)


@pytest.mark.parametrize("case", CASES, ids=[case.fault.__name__ for case in CASES])
def test_a_fault_is_one_finding_with_its_kind_cell_days_and_cost(case: Case) -> None:
    tenant = Tenant()
    before = cost_of(tenant)
    case.fault(tenant)
    extra = cost_of(tenant) - before
    [found] = alarmed(detect(tenant.columns()))
    assert case.kind == found.kind
    assert case.cell.items() <= found.cell.items()
    assert abs((found.start - day(AT)).days) <= case.within
    assert abs((found.end - day(case.last)).days) <= 1
    assert timedelta(0) <= found.found - day(AT) <= timedelta(days=10)
    if case.cost:
        assert found.extra_cost == pytest.approx(extra, rel=0.15)
    assert found.actual_cost - found.expected_cost == pytest.approx(found.extra_cost, abs=1e-6)
    assert found.kind in KINDS
    assert found.explanation.endswith(".")


@pytest.mark.parametrize("seed", range(4))
def test_a_quiet_tenant_has_no_finding(seed: int) -> None:
    assert not detect(Tenant(seed=seed, noise=0.1).columns())


def test_bursts_that_keep_coming_are_natural() -> None:
    tenant = Tenant()
    for number in range(5, DAYS, 9):
        tenant.times("agent", slice(number, number + 1), 5)
    assert not alarmed(detect(tenant.columns()))


def test_the_last_days_are_not_late_while_they_are_unsettled() -> None:
    tenant = Tenant()
    for tokens in tenant.tokens.values():
        tokens[-1] *= 0.3
        tokens[-2] *= 0.6
    assert not detect(tenant.columns())
    settled = detect(tenant.columns(), Settings(unsettled_days=0))
    assert {each.kind for each in settled} == {"late data"}


def test_a_faulty_delivery_is_never_told_as_cost() -> None:
    for fault in (missing_day, late_day, twice):
        tenant = Tenant()
        fault(tenant)
        assert {each.kind for each in detect(tenant.columns())} <= DATA_KINDS


def test_an_approved_change_stays_in_the_list_with_its_reason() -> None:
    tenant = Tenant()
    price_of_a_model(tenant)
    approved = Expected(day(AT), day(AT), "contract 2026", {"x_ModelId": "gpt-4.1"})
    [found] = detect(tenant.columns(), Settings(expected=(approved,)))
    assert found.muted == "contract 2026"
    other = Expected(day(AT), day(AT), "batch", {"x_ModelId": "gpt-4o-mini"})
    [found] = detect(tenant.columns(), Settings(expected=(other,)))
    assert found.muted is None


def test_the_money_threshold_hides_findings_and_changes_none() -> None:
    tenant = Tenant()
    spike(tenant)
    [found] = detect(tenant.columns())
    assert detect(tenant.columns(), Settings(minimum_cost=found.extra_cost - 1)) == (found,)
    assert not detect(tenant.columns(), Settings(minimum_cost=found.extra_cost + 1))


def test_days_before_since_are_history_only() -> None:
    tenant = Tenant()
    spike(tenant)
    [whole] = detect(tenant.columns())
    [quick] = detect(tenant.columns(), Settings(since=day(AT)))
    assert (quick.start, quick.kind, quick.cell) == (whole.start, whole.kind, whole.cell)
    assert not detect(tenant.columns(), Settings(since=day(AT + 4)))


def test_a_new_model_is_noticed_and_not_alarmed_unless_it_is_most_of_the_cost() -> None:
    tenant = Tenant()
    for kind in range(3):
        tokens = np.zeros(DAYS)
        tokens[AT:] = tenant.tokens["agent", "gpt-4.1-mini", kind][AT:]
        tenant.tokens["translate", "gpt-4.1-mini", kind] = tokens
        tenant.price["translate", "gpt-4.1-mini", kind] = tenant.price[
            "agent", "gpt-4.1-mini", kind
        ]
    [found] = detect(tenant.columns())
    assert (found.kind, found.notice) == ("new model", True)
    [found] = detect(tenant.columns(), Settings(new_share=0.05))
    assert not found.notice


BAD = [
    ("one day", 1, 1.0), ("six days", 6, 1.0), ("all zeros", 60, 0.0), ("credits", 60, -1.0)
]  # fmt: skip


@pytest.mark.parametrize(("name", "count", "cost"), BAD, ids=[each[0] for each in BAD])
def test_thin_and_odd_tables_have_no_finding(name: str, count: int, cost: float) -> None:
    columns = {
        "ChargeDate": [day(number) for number in range(count)],
        "EffectiveCost": [cost] * count,
        "x_TokenQuantity": [None] * count,
    }
    assert (name, detect(columns)) == (name, ())


def test_a_switch_of_currency_is_two_series_and_never_a_sum() -> None:
    """From day 60 the same use is billed in EUR: a new account, no drop told in USD terms."""
    columns = Tenant().columns()
    columns["BillingCurrency"] = [
        "EUR" if each >= day(60) else "USD" for each in columns["ChargeDate"]
    ]
    assert all(each.currency in ("USD", "EUR") for each in detect(columns))
    assert not [each for each in alarmed(detect(columns)) if each.kind not in DATA_KINDS]


def test_an_absent_column_is_named() -> None:
    with pytest.raises(ConfigError, match="x_TokenQuantity"):
        detect({"ChargeDate": [], "EffectiveCost": []})


def test_the_order_of_rows_does_not_matter() -> None:
    tenant = Tenant()
    spike(tenant)
    cache_collapse(tenant)
    columns = tenant.columns()
    order = list(range(len(columns["ChargeDate"])))
    np.random.default_rng(5).shuffle(order)
    shuffled = {name: [values[place] for place in order] for name, values in columns.items()}
    first, second = detect(columns), detect(shuffled)
    assert [each.row() | {"Score": 0} for each in first] == [
        each.row() | {"Score": 0} for each in second
    ]


@settings(max_examples=5, deadline=None)
@given(st.sampled_from(CASES), st.sampled_from([0.001, 0.5, 7.0, 10_000.0]))
def test_scaling_costs_scales_what_is_found(case: Case, factor: float) -> None:
    tenant = Tenant()
    case.fault(tenant)
    [first] = alarmed(detect(tenant.columns()))
    for key in tenant.price:
        tenant.price[key] *= factor
    [second] = alarmed(detect(tenant.columns()))
    assert (second.kind, second.start, second.end) == (first.kind, first.start, first.end)
    assert second.extra_cost == pytest.approx(first.extra_cost * factor, rel=1e-6)
