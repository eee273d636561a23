"""A person with attributed teams: their rows of attribution, exactly, and nothing else."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from guarding import holds
from serving import serving

import pertoken
from pertoken.errors import ConfigError
from pertoken.web.people import person_of
from pertoken.web.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

TOKEN = "token-of-research-which-has-no-tags-at-all"  # noqa: S105 - made for this test
BOTH = "token-of-two-teams-and-a-tag-of-its-own"
OWN = {"/api/attribute", "/api/kpis", "/api/allocation"}
EMPTY_FOR_IT = {
    "/api/matrix", "/api/charges", "/api/set-aside", "/api/meters", "/api/periods",
}  # fmt: skip
NEEDED = {"/api/values": "column=ResourceName",
          "/api/variance": "from_month=2026-08&to_month=2026-09",
          "/api/whatif": "month=2026-08&switch=gpt-4.1%3Dgpt-4.1-mini",
          "/api/bridge": "month=2026-08", "/api/accrual": "month=2026-09",
          "/api/journal": "month=2026-08",
          "/api/whatif-compared": "scenario=mini&month=2026-09"}  # fmt: skip
HIERARCHIES = (
    "", "by=Team", "by=Application,Feature", "by=Customer", "by=SkuMeter",
    "by=x_ModelId,ChargeDate", "by=ResourceName", "by=BillingMonth", "by=Deployment", "idle=show",
)  # fmt: skip


@pytest.fixture(scope="module")
def research(hub: Path) -> Iterator[httpx.Client]:
    """A machine of the team research."""
    rules = [_rule("research", TOKEN, teams=["Research"]),
             _rule("both", BOTH, teams=["sales", "support"],
                   tags={"team": ["localization"]})]  # fmt: skip
    with (
        serving(hub, PERTOKEN_WEB_TOKENS=json.dumps(rules)) as server,
        server.client(headers={"Authorization": f"Bearer {TOKEN}"}) as made,
    ):
        yield made


def _rule(name: str, token: str, **granted: object) -> dict[str, object]:
    digest = hashlib.sha256(token.encode()).hexdigest()
    return {"name": name, "sha256": digest, "role": "team", **granted}


def _rows(answer: httpx.Response) -> list[dict[str, str | None]]:
    assert answer.status_code == 200, answer.text
    names = [each["name"] for each in answer.json()["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer.json()["rows"]]


def test_every_url_shows_its_teams_rows_or_nothing(research: httpx.Client, hub: Path) -> None:
    """Words that stand in other teams' parts, and sums that only the whole bill has."""
    tenant = pertoken.open(hub)
    secrets = _words_of_others(tenant)
    assert len(secrets) > 40
    paths = research.get("/api/openapi.json").json()["paths"]
    asked, seen = 0, set()
    for path in (path for path, of in paths.items() if "get" in of and "{" not in path):
        is_table = f"{path}.{{extension}}" in paths
        for extension in ("", ".csv", ".json") if is_table else ("",):
            for query in _queries(path, extension):
                answer = research.get(f"{path}{extension}?{query}")
                asked += 1
                assert answer.status_code in (200, 403), (path, query, answer.text)
                if answer.status_code == 403:
                    continue
                leaked = {word for word in secrets if holds(answer.text, word)}
                assert not leaked, (path, extension, query)
                if path in OWN:
                    seen.add(path)
                    assert "Unattributed" not in answer.text.replace("UnattributedShare", "")
                if path in EMPTY_FOR_IT and not extension:
                    assert answer.json()["rows"] == []
    assert asked > 60
    assert seen == OWN


def _queries(path: str, extension: str) -> tuple[str, ...]:
    if path == "/api/allocation":
        return ("by=Application,SkuMeter&from=2026-09&to=2026-10&compare=previous",)
    if path != "/api/attribute":
        return (NEEDED.get(path, ""),)
    return HIERARCHIES if not extension else HIERARCHIES[:1]


def _words_of_others(tenant: pertoken.Hub) -> set[str]:
    """Names and amounts of other teams, of the residual and of the whole."""
    found: set[str] = set()
    for name in ("Team", "Application", "Feature", "Customer", "Deployment", "ResourceName"):
        rows = tenant.attribute(["Team"] if name == "Team" else ["Team", name]).to_dicts()
        own = {str(row[name]) for row in rows if row["Team"] == "research"}
        found |= {str(row[name]) for row in rows if row[name]} - own
    for row in tenant.kpis().to_dicts():
        if row["Team"] != "research":
            found.add(format(row["EffectiveCost"].normalize(), "f"))
    return {word for word in found - {"Unattributed", "All"} if len(word) > 3}


@pytest.mark.parametrize(
    "by", ["Team", "Team,Application", "Team,SkuMeter", "Team,Customer,ChargeDate"]
)
def test_its_rows_are_those_of_the_whole_split(research: httpx.Client, hub: Path, by: str) -> None:
    whole = pertoken.open(hub).attribute(by.split(",")).to_dicts()
    own = [row for row in whole if row["Team"] == "research"]
    asked = by.removeprefix("Team,")
    seen = _rows(research.get(f"/api/attribute?by={asked}&limit=10000"))
    assert len(seen) == len(own) > 0
    assert [Decimal(row["EffectiveCost"] or 0) for row in seen] == [
        row["EffectiveCost"] for row in own
    ]
    assert {row["Team"] for row in seen} == {"research"}
    assert {row["ResidualReason"] for row in seen} == {None}


def test_key_figures_tell_nothing_of_the_whole(research: httpx.Client, hub: Path) -> None:
    """A share of the whole beside a cost would give the whole's cost."""
    seen = _rows(research.get("/api/kpis"))
    own = [row for row in pertoken.open(hub).kpis().to_dicts() if row["Team"] == "research"]
    assert len(seen) == len(own) > 0
    assert {"ShareOfCost", "AttributedShare", "UnattributedShare"}.isdisjoint(seen[0])
    for row, other in zip(seen, own, strict=True):
        for name in ("EffectiveCost", "MeasuredShare", "TaggedShare", "CachedShare", "x_UnitCost"):
            assert Decimal(row[name] or 0) == (other[name] or 0), name
        assert row["UnknownReason"] == (
            "MetricQuantity: SeveralMetrics; x_MetricUnitCost: SeveralMetrics"
        )


@pytest.mark.parametrize(
    "query",
    ["allocation?evidence=tags", "allocation?idle=owner", "rules", "audit", "audit.csv",
     "rules-saved", "claim.csv", "claim.pdf", "not-claimed.csv", "attribute?evidence=tags",
     "attribute?evidence=rules", "attribute?idle=owner",
     "attribute.csv?by=ListCost", "attribute?by=ContractedUnitPrice", "tags", "units",
     "units?metric=conversations", "reconcile", "reconcile.csv", "tags.xlsx?drift=true"],
)  # fmt: skip
def test_what_would_show_whole_resources_is_refused(research: httpx.Client, query: str) -> None:
    answer = research.get(f"/api/{query}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "Forbidden")


def test_grants_add_up_and_never_share_an_answer(research: httpx.Client) -> None:
    both = {"Authorization": f"Bearer {BOTH}"}
    mine = research.get("/api/attribute")
    theirs = research.get("/api/attribute", headers=both)
    assert {row["Team"] for row in _rows(mine)} == {"research"}
    assert {row["Team"] for row in _rows(theirs)} == {"sales", "support"}
    assert mine.headers["etag"] != theirs.headers["etag"]
    own = _rows(research.get("/api/matrix?by=Tags.team", headers=both))
    assert {row["Tags.team"] for row in own} == {"localization"}
    person = research.get("/api/hub").json()["person"]
    assert person == {"name": "research", "role": "team", "roles": ["team"], "seesAll": False,
                      "teams": ["Research"], "signedIn": True}  # fmt: skip


def test_a_wider_role_is_not_narrowed_by_a_team() -> None:
    person = person_of("ada", [("team", {}), ("finance", {})], ["research"])
    assert (person.role, person.audience.sees_all) == ("finance", True)
    one = person_of("ada", [("team", {})], ["research"])
    assert one.key != person_of("ada", [("team", {})], ["sales"]).key


@pytest.mark.parametrize(
    ("granted", "words"),
    [
        ({}, "no tags and no teams"),
        ({"teams": ["Unattributed"]}, "nobody's"),
        ({"teams": ["all"]}, "nobody's"),
        ({"teams": [""]}, "nobody's"),
        ({"teams": ["research"], "tags": {"team": []}}, "no tags and no teams"),
    ],
)
def test_a_grant_of_nobody_is_refused(granted: dict[str, object], words: str) -> None:
    tokens = json.dumps([_rule("machine", TOKEN, **granted)])
    with pytest.raises(ConfigError, match=words):
        read_settings({"PERTOKEN_WEB_TOKENS": tokens})
