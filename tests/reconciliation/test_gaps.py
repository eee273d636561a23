"""Every gap between bill and telemetry has its tokens, its cost and its reason."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from northwind import NORTHWIND, needs_northwind
from usage_relations import DAY, billed, used, view_bill, view_used

from pertoken.allocation import view_parts
from pertoken.api import Hub
from pertoken.engine import local_engine
from pertoken.reconciliation import GAP_COLUMNS, REASONS, gap_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pertoken.engine import Engine

GATEWAY = "ApimUsage"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = local_engine(threads=1)
    yield engine
    engine.close()


def _gaps(
    engine: Engine, bill: Sequence[dict[str, Any]], usage: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    view_bill(engine, bill)
    view_used(engine, usage)
    view_parts(engine, by_usage=True)
    return [dict(zip(GAP_COLUMNS, row, strict=True)) for row in gap_rows(engine)]


def _shown(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = ("Deployment", "x_TokenDirection", "GapTokens", "GapCost", "ReasonCode")
    return [tuple(row[name] for name in names) for row in rows]


def test_what_agrees_is_no_row(engine: Engine) -> None:
    usage = [used(prompt=100, read=20, output=10), used(prompt=100, output=10, source=GATEWAY)]
    bill = [billed(tokens=80), billed("read", tokens=20), billed("output", tokens=10)]
    assert _gaps(engine, bill, usage) == []


def test_cached_tokens_that_were_metered_twice_are_found_to_the_token(engine: Engine) -> None:
    """100 prompt tokens, 40 of them cached: the input meter says 100, not 60."""
    bill = [billed(tokens=100, cost="1"), billed("read", tokens=40, cost="0.04")]
    usage = [used(prompt=100, read=40), used(prompt=100, source=GATEWAY)]
    assert _shown(_gaps(engine, bill, usage)) == [
        ("chat", "Input", 40, Decimal("0.4"), "CachedMeteredTwice")
    ]


def test_double_metering_is_found_where_metrics_know_no_cached_tokens(engine: Engine) -> None:
    bill = [billed(tokens=100, cost="1"), billed("read", tokens=40, cost="0.04")]
    usage = [used(prompt=100), used(prompt=100, source=GATEWAY)]
    assert _shown(_gaps(engine, bill, usage)) == [
        ("chat", "Input", 40, Decimal("0.4"), "CachedMeteredTwice")
    ]


def test_a_client_that_bypasses_the_gateway_is_named_by_its_deployment(engine: Engine) -> None:
    usage = [used(prompt=100, read=0), used(prompt=60, source=GATEWAY, Team="a")]
    assert _shown(_gaps(engine, [billed(tokens=100, cost="1")], usage)) == [
        ("chat", "Input", 40, Decimal("0.4"), "BypassedGateway")
    ]


def test_more_billed_than_measured_is_a_gap_without_an_excuse(engine: Engine) -> None:
    usage = [used(prompt=90, read=0), used(prompt=90, source=GATEWAY)]
    rows = _gaps(engine, [billed(tokens=100, cost="1")], usage)
    assert _shown(rows) == [("chat", "Input", 10, Decimal("0.1"), "Unknown")]


def test_a_day_that_is_missing_or_late_is_named(engine: Engine) -> None:
    days = [DAY + timedelta(days=each) for each in range(4)]
    bill = [billed(tokens=10, cost="1", day=day) for day in (days[0], days[2], days[3])]
    usage = [used(prompt=10, read=0, day=day) for day in days[:3]]
    usage += [used(prompt=10, source=GATEWAY, day=day) for day in days[:3]]
    rows = _gaps(engine, bill, usage)
    assert [(row["ChargeDate"], *_shown([row])[0]) for row in rows] == [
        (days[1], "chat", "Input", -10, Decimal(-1), "MissingDay"),
        (days[3], None, "Input", 10, Decimal(1), "LateData"),
    ]


def test_a_day_that_came_late_is_named_and_has_no_gap(engine: Engine) -> None:
    days = [DAY + timedelta(days=each) for each in range(3)]
    bill = [billed(tokens=10, day=day) for day in days]
    usage = [used(prompt=10, read=0, day=day) for day in days]
    usage += [
        used(prompt=10, source=GATEWAY, day=day, FileDigest="late" if day == days[1] else "month")
        for day in days
    ]
    rows = _gaps(engine, bill, usage)
    assert [(row["ChargeDate"], row["ReasonCode"], row["GapTokens"]) for row in rows] == [
        (days[1], "LateData", 0)
    ]


def test_provisioned_tokens_and_failed_calls_cost_nothing(engine: Engine) -> None:
    bill = [billed("capacity", cost="9"), billed(tokens=5, cost="1", model="gpt-4.1")]
    usage = [
        used(prompt=50, read=0, output=3, deployment="ptu", utilisation="10"),
        used(prompt=50, output=3, deployment="ptu", source=GATEWAY),
        used(prompt=5, read=0, deployment="b", model="gpt-4.1"),
        used(prompt=5, deployment="b", model="gpt-4.1", source=GATEWAY, FailedTokens=7),
    ]
    assert _shown(_gaps(engine, bill, usage)) == [
        ("b", "Input", -7, 0, "FailedCalls"),
        ("ptu", "Input", -50, 0, "Provisioned"),
        ("ptu", "Output", -3, 0, "Provisioned"),
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tokens=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 2)), max_size=5),
    seen=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), st.booleans()), max_size=5),
)
def test_every_gap_of_any_bill_has_a_known_reason(
    tokens: list[tuple[int, int, int]], seen: list[tuple[int, int, bool]]
) -> None:
    engine = local_engine(threads=1)
    bill = [billed()]
    for into, out, day in tokens:
        place = DAY + timedelta(days=day)
        bill += [billed(tokens=into, day=place), billed("output", tokens=out, day=place)]
    usage = [used()]
    for prompt, day, by_gateway in seen:
        source = GATEWAY if by_gateway else "AzureMonitor"
        usage.append(used(prompt=prompt, day=DAY + timedelta(days=day), source=source))
    for row in _gaps(engine, bill, usage):
        assert row["ReasonCode"] in REASONS
        assert row["GapTokens"] == row["BilledTokens"] - (row["TelemetryTokens"] or 0)
    engine.close()


@needs_northwind
@pytest.mark.slow
def test_the_audit_of_the_tenant_with_known_truth(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Double metering to the token and the cost; the days and the clients that were planted."""
    hub = Hub(tmp_path_factory.mktemp("audit") / "hub")
    hub.ingest(NORTHWIND)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in hub.reconcile(exceptions=True).to_dicts():
        found[str(row["ReasonCode"])].append(row)
    twice = found["CachedMeteredTwice"]
    assert sum(row["GapTokens"] for row in twice) == 350_118_178
    assert sum(row["GapCost"] for row in twice) == Decimal("264.432566047")
    assert {row["Deployment"] for row in twice} == {"dev-codex", "dev-mini"}
    assert {f"{row['ChargeDate']:%m-%d}" for row in twice} == {
        "08-11", "08-12", "08-13", "08-14", "08-15",
    }  # fmt: skip
    assert {row["Deployment"] for row in found["BypassedGateway"]} == {
        "chat-mini", "docs-mini", "playground",
    }  # fmt: skip
    assert {f"{row['ChargeDate']:%m-%d}" for row in found["MissingDay"]} == {"02-11", "04-07"}
    assert {f"{row['ChargeDate']:%m-%d}" for row in found["LateData"]} == {"08-19"}
    assert "Unknown" not in found
    figures = hub.kpis().to_dicts()
    assert {row["Team"] for row in figures} >= {"All", "research", "sales"}
    assert all(0 <= row["CachedShare"] < 1 for row in figures if row["CachedShare"] is not None)
