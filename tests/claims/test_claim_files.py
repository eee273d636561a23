"""A claim holds what shows over-billing, to the token; it and the rest are all exceptions."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from northwind import NORTHWIND, needs_northwind

from pertoken.api import Hub
from pertoken.claims import CLAIM_COLUMNS, Claim, SourceFile, not_claimed_reason
from pertoken.claims.page import page_bytes, page_content
from pertoken.errors import ConfigError, HubError
from pertoken.pipeline.claim_view import CLAIM_FILES, write_claim

if TYPE_CHECKING:
    from pathlib import Path

GAP = {
    "ChargeDate": date(2026, 8, 11), "ResourceId": "/s/aoai", "Deployment": "chat",
    "x_ModelId": "gpt-4o", "x_TokenDirection": "Input", "x_TokenCacheAction": "Uncached",
    "BilledTokens": 100, "TelemetryTokens": 60, "GapTokens": 40, "GapCost": Decimal("0.4"),
    "BillingCurrency": "USD", "ReasonCode": "CachedMeteredTwice",
}  # fmt: skip
CHARGE = ("/s/aoai", "gpt-4o", "Input", "Uncached", "USD")
CASES = [
    ("CachedMeteredTwice", "0.4", None),
    ("CachedMeteredTwice", "0", "UnderBilled"),
    ("PriceDrift", "0.01", None),
    ("PriceDrift", "-0.01", "UnderBilled"),
    ("PriceDrift", "0", "UnderBilled"),
    ("BypassedGateway", "5", "OwnTelemetry"),
    ("MissingDay", "5", "OwnTelemetry"),
    ("MissingDay", "-5", "UnderBilled"),
    ("LateData", "0", "OwnTelemetry"),
    ("Unknown", "5", "NoEvidence"),
    ("Unknown", None, "UnknownCost"),
]


@pytest.mark.parametrize(("reason", "cost", "expected"), CASES)
def test_only_proven_over_billing_is_claimed(
    reason: str, cost: str | None, expected: str | None
) -> None:
    gap = GAP | {"ReasonCode": reason, "GapCost": None if cost is None else Decimal(cost)}
    assert not_claimed_reason(gap, frozenset()) == expected


def test_no_charge_is_claimed_twice() -> None:
    """A price above the sheet on tokens metered twice would ask for a part of them twice."""
    drift = GAP | {"ReasonCode": "PriceDrift"}
    twice = frozenset({(GAP["ChargeDate"], *CHARGE)})
    assert not_claimed_reason(drift, twice) == "CountedAlready"
    assert not_claimed_reason(GAP, twice) is None


def small_claim(**more: Any) -> Claim:  # noqa: ANN401 - fields of Claim
    line = dict.fromkeys(CLAIM_COLUMNS) | GAP | {
        "SkuMeter": "=gpt 4o Inp", "ChargeRows": 1, "ChargeCost": Decimal(1),
    }  # fmt: skip
    fields: dict[str, Any] = {
        "claimant": "Contoso", "provider": "Microsoft", "lines": (tuple(line.values()),),
        "others": ((*(GAP | {"GapCost": None, "ReasonCode": "Unknown"}).values(), "UnknownCost"),),
        "sources": (SourceFile("Bill", "part.csv", "ab" * 32),),
        "corrections": {"USD": Decimal("-0.1")},
    }  # fmt: skip
    return Claim(**(fields | more))


def test_the_page_says_who_claims_what_and_what_not() -> None:
    content = page_content(small_claim())
    assert ["Claimed by", "Contoso"] in content["facts"]
    assert content["totals"] == [{"amount": "0.40", "currency": "USD", "exact": "exactly 0.4 USD"}]
    assert [row["reason"] for row in content["others"]] == ["Unknown"]
    assert any("-0.10 USD" in note for note in content["notes"])
    assert content["sources"] == [["Bill", "part.csv", "ab" * 32]]


def test_the_same_claim_is_the_same_bytes_and_no_formula() -> None:
    assert page_bytes(small_claim()) == page_bytes(small_claim())
    assert b"'=gpt 4o Inp" in small_claim().csv_bytes()
    assert page_bytes(small_claim()) != page_bytes(small_claim(claimant="Fabrikam"))


def test_a_folder_that_is_not_empty_is_refused_in_three_lines(tmp_path: Path) -> None:
    write_claim(small_claim(), tmp_path / "claim")
    before = {path.name: path.read_bytes() for path in (tmp_path / "claim").iterdir()}
    assert sorted(before) == sorted(CLAIM_FILES)
    with pytest.raises(ConfigError) as refused:
        write_claim(small_claim(claimant="Fabrikam"), tmp_path / "claim")
    assert len(str(refused.value).splitlines()) == 3
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "claim").iterdir()}


@needs_northwind
@pytest.mark.slow
def test_the_claim_of_northwind_is_its_double_metering(tmp_path: Path) -> None:
    """Anomaly A7 to the token and the cost; both files together are all exceptions."""
    hub = Hub(tmp_path / "hub")
    hub.ingest(NORTHWIND)
    claim = hub.claim(tmp_path / "claim", claimant="Northwind")
    rows = claim.dicts()
    assert sum(row["GapTokens"] for row in rows) == 350_118_178
    assert claim.totals() == {"USD": Decimal("264.432566047")}
    assert {row["ResourceId"].rpartition("/")[2] for row in rows} == {"aoai-nw-dev-eus2"}
    for row in rows:
        assert all(row[name] for name in ("SkuMeter", "x_SkuMeterId", "RunId", "UsageFileDigest"))
        assert row["ChargeTokens"] >= row["BilledTokens"]
        assert "/" not in row["SourceFile"]
    whole: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in hub.reconcile(exceptions=True).to_dicts():
        whole[row["ReasonCode"], row["BillingCurrency"]] += row["GapCost"]
    for name in ("claim.csv", "not-claimed.csv"):
        text = (tmp_path / "claim" / name).read_text("utf-8")
        for line in csv.DictReader(io.StringIO(text)):
            whole[line["ReasonCode"], line["BillingCurrency"]] -= Decimal(line["GapCost"])
    assert set(whole.values()) == {Decimal(0)}
    again = hub.claim(tmp_path / "again", claimant="Northwind")
    for name in CLAIM_FILES:
        made = (tmp_path / "claim" / name, tmp_path / "again" / name)
        assert made[0].read_bytes() == made[1].read_bytes()
    assert again == claim
    with pytest.raises(HubError, match="Nothing can be claimed"):
        hub.claim(tmp_path / "none", start="2026-03", end="2026-04")
    assert not (tmp_path / "none").exists()
