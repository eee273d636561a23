"""The claim over the API: its files are those of the command, its sums those of its lines."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

import pertoken

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

AUGUST = {"from": "2026-08", "to": "2026-09"}


def test_the_files_are_those_of_the_command(
    client: httpx.Client, hub: Path, tmp_path: Path
) -> None:
    claim = pertoken.open(hub).claim(
        tmp_path / "claim", start="2026-08", end="2026-09", claimant="Northwind AG"
    )
    asked = {**AUGUST, "claimant": "Northwind AG"}
    for name in ("claim.csv", "claim.pdf", "not-claimed.csv"):
        answer = client.get(f"/api/{name}", params=asked)
        assert answer.content == (tmp_path / "claim" / name).read_bytes(), name
        stem, _, ending = name.partition(".")
        kept_as = f'filename="pertoken-{stem}-2026-08-01-2026-09-01.{ending}"'
        assert kept_as in answer.headers["content-disposition"]
    body = client.get("/api/claim", params=AUGUST).json()
    assert {each["BillingCurrency"]: Decimal(each["GapCost"]) for each in body["claimed"]} == (
        claim.totals()
    )
    assert (body["total"], body["others"]) == (len(claim.lines), len(claim.others))
    at = [each["name"] for each in body["columns"]].index("GapCost")
    assert sum(Decimal(row[at]) for row in body["rows"]) == sum(claim.totals().values())


@pytest.mark.parametrize("path", ["claim", "claim.csv", "claim.pdf", "not-claimed.csv"])
def test_a_period_without_over_billing_has_no_claim(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/api/{path}", params={"from": "2026-06", "to": "2026-07"})
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["code"]) == (404, "NothingKept")
    assert "Nothing can be claimed" in error["message"]


@pytest.mark.parametrize("query", ["claim.xlsx", "claim.json", "claim?claimant=", "claim?by=x"])
def test_what_the_claim_does_not_know_is_refused(client: httpx.Client, query: str) -> None:
    assert client.get(f"/api/{query}").status_code == 400
