"""What comes after a switch or a new level is told too; two causes at once are named both."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from anomalies.tenant import DAYS, PRICES, Tenant, day

from pertoken.anomalies import Finding, detect

MOVED = 50
RAISED = 80
LATER = 95


def alarmed(tenant: Tenant) -> list[Finding]:
    return [each for each in detect(tenant.columns()) if not each.notice]


def moved_to_another_model() -> Tenant:
    """From day 50 the chat runs on gpt-4o-mini."""
    tenant = Tenant()
    for kind in range(3):
        old = tenant.tokens["chat", "gpt-4.1", kind]
        new = np.zeros(DAYS)
        new[MOVED:] = old[MOVED:]
        old[MOVED:] = 0
        tenant.tokens["chat", "gpt-4o-mini", kind] = new
        tenant.price["chat", "gpt-4o-mini", kind] = np.full(DAYS, PRICES["gpt-4o-mini"][kind] / 1e6)
    return tenant


def test_a_switch_does_not_explain_what_happens_weeks_later() -> None:
    tenant = moved_to_another_model()
    tenant.times("chat", slice(LATER, LATER + 1), 20)
    told = {each.kind: each for each in alarmed(tenant)}
    assert set(told) == {"model switch", "spike"}
    assert (told["spike"].start, told["spike"].cell["ResourceId"]) == (day(LATER), "chat")


def test_a_switch_is_found_when_the_days_that_show_it_are_there() -> None:
    [found] = alarmed(moved_to_another_model())
    assert found.kind == "model switch"
    assert found.found == found.start + timedelta(days=6)


def test_a_spike_on_a_new_level_is_a_finding_of_its_own() -> None:
    tenant = Tenant()
    tenant.times("agent", slice(RAISED, DAYS), 2.5)
    tenant.times("agent", slice(LATER + 10, LATER + 11), 3)
    told = [(each.kind, each.start) for each in alarmed(tenant)]
    assert told == [("level shift", day(RAISED)), ("spike", day(LATER + 10))]


def test_two_resources_that_rise_at_once_are_both_named() -> None:
    tenant = Tenant()
    costs = {}
    for name, model in (("chat", "gpt-4.1"), ("search", "gpt-4o-mini"), ("agent", "gpt-4.1-mini")):
        costs[name] = sum(
            float((tenant.tokens[name, model, kind] * tenant.price[name, model, kind]).mean())
            for kind in range(3)
        )
    for name in ("search", "agent"):
        tenant.times(name, slice(LATER, LATER + 2), 1 + costs["chat"] / costs[name])
    told = alarmed(tenant)
    assert {each.cell["ResourceId"] for each in told} == {"search", "agent"}
    assert {each.start for each in told} == {day(LATER)}
