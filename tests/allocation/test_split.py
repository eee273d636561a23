"""A share is measured tokens over billed tokens of the kind, and the parts are the bill."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from usage_relations import DAY, attributed, billed, used

from pertoken.allocation import default_rules, rounded_parts
from pertoken.engine import local_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pertoken.engine import Engine

GATEWAY = "ApimUsage"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = local_engine(threads=1)
    yield engine
    engine.close()


def _attributed(
    engine: Engine,
    bill: Sequence[dict[str, Any]],
    usage: Sequence[dict[str, Any]],
    by: tuple[str, ...] = ("Team",),
    **options: str,
) -> list[dict[str, Any]]:
    return attributed(engine, bill, usage, default_rules(), by, **options)


def _costs(rows: list[dict[str, Any]], *keys: str) -> dict[Any, str]:
    sums: dict[Any, Decimal] = defaultdict(Decimal)
    for row in rows:
        key = tuple(row[name] for name in keys)
        sums[key[0] if len(key) == 1 else key] += row["EffectiveCost"]
    return {key: str(cost.normalize() + 0) for key, cost in sums.items()}


def test_what_a_gateway_did_not_see_stays_unattributed(engine: Engine) -> None:
    """60 of 100 billed tokens were seen: 0.60 of 1.00, and nothing is grossed up."""
    rows = _attributed(
        engine,
        [billed(tokens=100, cost="1")],
        [used(prompt=100, read=0), used(prompt=60, source=GATEWAY, Team="search")],
    )
    assert _costs(rows, "Team", "ResidualReason") == {
        ("search", None): "0.6",
        ("Unattributed", "BypassedGateway"): "0.4",
    }


def test_a_cached_token_carries_a_cached_tokens_price(engine: Engine) -> None:
    """80 uncached at 1.00 each, 20 cached at 0.10 each; one deployment did not cache."""
    rows = _attributed(
        engine,
        [billed(tokens=80, cost="80"), billed("read", tokens=20, cost="2")],
        [used(prompt=60, read=20, deployment="a"), used(prompt=40, read=0, deployment="b")],
        by=("Deployment",),
    )
    assert _costs(rows, "Deployment") == {"a": "42", "b": "40"}


def test_prompt_tokens_spread_cached_cost_and_say_so(engine: Engine) -> None:
    """A gateway does not tell cached tokens apart: every input kind by prompt tokens."""
    rows = _attributed(
        engine,
        [billed(tokens=80, cost="80"), billed("read", tokens=20, cost="2"),
         billed("output", tokens=10, cost="5")],
        [used(prompt=75, output=10, source=GATEWAY, Team="a"),
         used(prompt=25, output=0, source=GATEWAY, Team="b")],
    )  # fmt: skip
    assert _costs(rows, "Team", "Evidence") == {
        ("a", "estimated"): "61.5",
        ("a", "measured"): "5",
        ("b", "estimated"): "20.5",
    }


def test_telemetry_above_the_bill_is_scaled_down(engine: Engine) -> None:
    rows = _attributed(
        engine,
        [billed(tokens=100, cost="1")],
        [used(prompt=150, source=GATEWAY, Team="a"), used(prompt=50, source=GATEWAY, Team="b")],
    )
    assert _costs(rows, "Team") == {"a": "0.75", "b": "0.25"}


def test_provisioned_cost_goes_by_use_and_idle_is_shown_apart(engine: Engine) -> None:
    """Utilisation 25 %: 75 of 100 are idle, spread as assumed, or shown, as the policy says."""
    bill = [billed("capacity", tokens=24, cost="100"), billed("unused", tokens=4, cost="8")]
    usage = [
        used(prompt=80, output=20, read=0, utilisation="25", deployment="ptu"),
        used(prompt=60, output=15, source=GATEWAY, deployment="ptu", Team="a"),
        used(prompt=20, output=5, source=GATEWAY, deployment="ptu", Team="b"),
    ]
    assert _costs(_attributed(engine, bill, usage), "Team", "Evidence", "ResidualReason") == {
        ("a", "measured", None): "18.75",
        ("a", "assumed", None): "56.25",
        ("b", "measured", None): "6.25",
        ("b", "assumed", None): "18.75",
        ("Unattributed", None, "UnusedReservation"): "8",
    }
    shown = _attributed(engine, bill, usage, idle="show")
    assert _costs(shown, "Team", "ResidualReason") == {
        ("a", None): "18.75",
        ("b", None): "6.25",
        ("Unattributed", "IdleCapacity"): "75",
        ("Unattributed", "UnusedReservation"): "8",
    }
    assert all(row["x_TokenQuantity"] is None for row in shown)


def test_a_tier_finds_its_deployment_by_the_tokens(engine: Engine) -> None:
    """Two deployments of one model: the tokens of each fit one tier only."""
    bill = [
        billed(tokens=70, cost="7"),
        billed(tokens=30, cost="9", x_ServiceTier="Priority"),
    ]
    usage = [used(prompt=70, read=0, deployment="a"), used(prompt=30, read=0, deployment="b")]
    rows = _attributed(engine, bill, usage, by=("Deployment",))
    assert _costs(rows, "Deployment") == {"a": "7", "b": "9"}


def test_doubly_metered_tokens_stay_with_whom_they_were_metered_for(engine: Engine) -> None:
    """The input meter counted all 100 prompt tokens, 40 cached ones are rated again."""
    bill = [billed(tokens=100, cost="100"), billed("read", tokens=40, cost="4")]
    usage = [used(prompt=60, read=40, deployment="a"), used(prompt=40, read=0, deployment="b")]
    rows = _attributed(engine, bill, usage, by=("Deployment",))
    assert _costs(rows, "Deployment") == {"a": "64", "b": "40"}


def test_days_without_a_gateway_are_missing_late_or_before_it(engine: Engine) -> None:
    days = [DAY + timedelta(days=each) for each in range(4)]
    bill = [billed(tokens=10, cost="1", day=day) for day in days]
    usage = [used(prompt=10, read=0, day=day) for day in days]
    usage += [used(prompt=10, source=GATEWAY, Team="a", day=day) for day in (days[0], days[2])]
    assert _costs(_attributed(engine, bill, usage), "Team", "ResidualReason") == {
        ("a", None): "2",
        ("Unattributed", "MissingDay"): "1",
        ("Unattributed", "LateData"): "1",
    }


def test_cost_that_no_call_explains_is_not_spread(engine: Engine) -> None:
    bill = [
        billed("tool", cost="3"),
        billed(cost="2", x_MeterStatus="unrecognised", model="odd"),
        billed(cost="-1", ChargeClass="Correction"),
        billed(cost="4", ResourceId="/x/other", ResourceName="other"),
    ]
    usage = [used(prompt=10, read=0), used(prompt=10, source=GATEWAY, Team="a")]
    rows = _attributed(engine, bill, usage)
    assert _costs(rows, "ResidualReason") == {
        "NoCallEvidence": "3",
        "UnreadMeter": "2",
        "Correction": "-1",
        "NoTelemetry": "4",
    }
    assert {row["Team"] for row in rows} == {"Unattributed"}


def test_a_thirds_remainder_is_not_lost(engine: Engine) -> None:
    usage = [used(prompt=1, source=GATEWAY, Team=team) for team in "abc"]
    rows = _attributed(engine, [billed(tokens=3, cost="0.1")], usage)
    assert sum(row["EffectiveCost"] for row in rows) == Decimal("0.1")
    assert [str(row["EffectiveCost"]) for row in rows] == [
        "0.033333333333333334", "0.033333333333333333", "0.033333333333333333",
    ]  # fmt: skip


COST = st.decimals(min_value=-1000, max_value=1000, places=12, allow_nan=False)
BILLED = st.builds(
    lambda kind, tokens, cost, day: billed(
        kind, tokens=tokens, cost=str(cost), day=DAY + timedelta(days=day)
    ),
    st.sampled_from(["uncached", "read", "write", "output", "capacity", "unused", "tool"]),
    st.integers(0, 500),
    COST,
    st.integers(0, 2),
)
USED = st.builds(
    lambda prompt, read, output, deployment, source, team, day, utilisation: used(
        prompt=prompt + (read or 0),
        read=read,
        output=output,
        deployment=deployment,
        source=source,
        Team=team,
        day=DAY + timedelta(days=day),
        utilisation=utilisation if source == "AzureMonitor" else None,
    ),
    st.integers(0, 500),
    st.none() | st.integers(0, 50),
    st.integers(0, 100),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["AzureMonitor", GATEWAY, "OpenTelemetry"]),
    st.none() | st.sampled_from(["x", "y"]),
    st.integers(0, 2),
    st.none() | st.sampled_from(["0", "33.3", "100"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    bill=st.lists(BILLED, min_size=1, max_size=8),
    usage=st.lists(USED, max_size=10),
    by=st.sampled_from([("Team",), ("Deployment",), ("Team", "ChargeDate"), ("CostCenter",)]),
    evidence=st.sampled_from([None, "tags", "telemetry", "rules"]),
    idle=st.sampled_from(["spread", "show", "owner"]),
)
def test_the_parts_are_the_bill_for_any_bill_and_telemetry(
    bill: list[dict[str, Any]],
    usage: list[dict[str, Any]],
    by: tuple[str, ...],
    evidence: str | None,
    idle: str,
) -> None:
    engine = local_engine(threads=1)
    rows = _attributed(engine, bill, usage, by=by, evidence=evidence, idle=idle)
    assert sum(row["EffectiveCost"] for row in rows) == sum(row["EffectiveCost"] for row in bill)
    tokens = sum(row["x_UnitQuantity"] for row in bill if row["Unit"] == "Tokens")
    assert sum(row["x_TokenQuantity"] or 0 for row in rows) == tokens
    assert all(row["Evidence"] or row["ResidualReason"] for row in rows)
    engine.close()


def test_a_month_ends_where_the_next_begins(engine: Engine) -> None:
    days = [date(2026, 8, 31), date(2026, 9, 1)]
    bill = [billed(tokens=10, cost="1", day=day) for day in days]
    usage = [used(prompt=10, source=GATEWAY, Team="a", day=day) for day in days]
    rows = _attributed(engine, bill, usage)
    assert [row["BillingMonth"] for row in rows] == ["2026-08", "2026-09"]


@given(st.dictionaries(st.text(max_size=3), COST, min_size=1), st.sampled_from([0, 2, 3]))
def test_rounded_parts_add_up_to_the_rounded_sum(parts: dict[str, Decimal], digits: int) -> None:
    rounded = rounded_parts(parts, digits)
    unit = Decimal(1).scaleb(-digits)
    assert sum(rounded.values()) == sum(parts.values()).quantize(unit)
    assert all(abs(rounded[key] - part) < unit for key, part in parts.items())
