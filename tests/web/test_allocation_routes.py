"""The views of the allocation and audit pages: hierarchy, rules and their preview, sums of gaps."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import pertoken

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

AUGUST = "from=2026-08&to=2026-09"
SEPTEMBER = "from=2026-09&to=2026-10"


def test_lines_are_those_of_the_command_beside_the_month_before(
    client: httpx.Client, hub: Path
) -> None:
    body = client.get(f"/api/allocation?by=Team,SkuMeter&compare=previous&{SEPTEMBER}").json()
    assert body["compare"] == {"from": "2026-08-01", "to": "2026-09-01"}
    tenant = pertoken.open(hub)
    for month, column in (("2026-09", "EffectiveCost"), ("2026-08", "before")):
        expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in tenant.attribute(["Team"], start=month, end=_next(month)).to_dicts():
            expected[str(row["BillingCurrency"]), str(row["Team"])] += row["EffectiveCost"]
        seen = {
            (line["BillingCurrency"], line["labels"][0]): Decimal(line[column])
            for line in body["lines"]
            if len(line["labels"]) == 1 and line[column] is not None
        }
        assert seen.items() <= expected.items()
        assert len(seen) > 8
    totals = {line["BillingCurrency"] for line in body["lines"] if not line["labels"]}
    assert totals == {"EUR", "USD"}
    reasons = {line["ResidualReason"] for line in body["lines"]} - {None}
    assert {"BypassedGateway", "NoTelemetry", "NoCallEvidence"} <= reasons


def _next(month: str) -> str:
    return f"{month[:5]}{int(month[5:]) + 1:02d}"


def test_a_month_can_be_a_level(client: httpx.Client) -> None:
    body = client.get("/api/allocation?by=Team,BillingMonth&from=2026-07&to=2026-10").json()
    months = {line["labels"][1] for line in body["lines"] if line["labels"][:1] == ["research"]
              and len(line["labels"]) == 2}  # fmt: skip
    assert months == {"2026-07", "2026-08", "2026-09"}
    assert body["compare"] is None


def test_gaps_summed_are_the_gaps(client: httpx.Client, hub: Path) -> None:
    gaps = pertoken.open(hub).reconcile(start="2026-05", end="2026-07").to_dicts()
    for query in ("by=reason", "by=day&limit=10000"):
        body = client.get(f"/api/audit?{query}&from=2026-05&to=2026-07").json()
        names = [each["name"] for each in body["columns"]]
        rows = [dict(zip(names, row, strict=True)) for row in body["rows"]]
        assert sum(row["Gaps"] for row in rows) == len(gaps)
        for name in ("BilledTokens", "TelemetryTokens", "GapTokens"):
            assert sum(row[name] or 0 for row in rows) == sum(row[name] or 0 for row in gaps)
        for reason in {row["ReasonCode"] for row in rows}:
            cost = sum(Decimal(r["GapCost"] or 0) for r in rows if r["ReasonCode"] == reason)
            assert cost == sum(r["GapCost"] or 0 for r in gaps if r["ReasonCode"] == reason)
    assert {row["ReasonCode"] for row in rows if row["IsException"]} >= {"BypassedGateway"}
