"""Who sees what: roles against a local OpenID Connect provider, URL by URL.

A team's answers are held to three rules: no word that only other teams' charges hold, no list or
contracted price, and sums that are those of its own charges.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from guarding import OWN, TOKEN, guarding, holds, words_of_others
from openpyxl import load_workbook
from provider import CLIENT_SECRET, Provider
from serving import Served, serving

import pertoken
from pertoken.web.people import person_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

    SignIn = Callable[..., httpx.Client]

FILTERS = ("", "from=2026-09&to=2026-10", "where=Tags.team%3DSupport%20CX", "where=Tags.team%3D",
           "where=x_ModelFamily%3DGPT", "all_charges=true")  # fmt: skip
NEEDED = {
    "/api/values": "column=ResourceName",
    "/api/whatif": "month=2026-08&switch=gpt-4.1%3Dgpt-4.1-mini",
    "/api/variance": "from_month=2026-08&to_month=2026-09",
    "/api/bridge": "month=2026-08",
    "/api/accrual": "month=2026-09",
    "/api/journal": "month=2026-08",
    "/api/whatif-compared": "scenario=mini&month=2026-09",
}
WHOLE_BILL = {
    "/api/runs", "/api/restatements", "/api/ptu", "/api/whatif", "/api/whatif-saved",
    "/api/whatif-compared", "/api/bridge", "/api/accrual",
    "/api/budgets", "/api/alerts", "/api/commitments", "/api/attribute", "/api/kpis", "/api/tags",
    "/api/units", "/api/reconcile", "/api/journal", "/api/allocation",
    "/api/audit", "/api/rules", "/api/rules-saved", "/api/claim", "/api/not-claimed.csv",
}  # fmt: skip


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as made:
        yield made


@pytest.fixture(scope="module")
def guarded(hub: Path, provider: Provider) -> Iterator[Served]:
    with guarding(hub, provider) as server:
        yield server


@pytest.fixture
def signed_in(guarded: Served, provider: Provider) -> SignIn:
    """A client of someone who went through the provider with these roles."""

    def sign_in(name: str, *roles: str) -> httpx.Client:
        provider.break_with = ""
        provider.sign_in(name, *roles)
        client = guarded.client()
        client.get("/unit-costs?from=2026-09")
        return client

    return sign_in


def test_nobody_reads_anything_without_signing_in(guarded: Served) -> None:
    with guarded.client() as client:
        for path in [*_paths(client), *(f"{each}.csv" for each in _tables(client))]:
            answer = client.get(path)
            assert (path, answer.status_code) == (path, 401)
            assert answer.json()["errors"][0]["code"] == "SignInNeeded"


def test_a_page_leads_to_the_provider_and_back_to_itself(
    guarded: Served, provider: Provider
) -> None:
    provider.break_with = ""
    provider.sign_in("ada", "finops")
    with guarded.client() as client:
        answer = client.get("/unit-costs?from=2026-09&to=2026-10")
        assert answer.url.path == "/unit-costs"
        assert answer.url.query == b"from=2026-09&to=2026-10"
        person = client.get("/api/hub").json()["person"]
    assert person == {"name": "ada@example.com", "role": "admin", "roles": ["admin"],
                      "seesAll": True, "teams": [], "signedIn": True}  # fmt: skip


@pytest.mark.parametrize("fault", ["nonce", "audience", "issuer", "expired", "key", "refused"])
def test_a_wrong_token_signs_nobody_in(guarded: Served, provider: Provider, fault: str) -> None:
    provider.sign_in("eve", "finops")
    provider.break_with = fault
    with guarded.client() as client:
        answer = client.get("/")
        assert answer.url.query == b"sign-in=failed"
        assert client.get("/api/hub").status_code == 401


def test_a_callback_that_was_not_asked_for_signs_nobody_in(guarded: Served) -> None:
    with guarded.client() as client:
        client.get("/auth/callback?code=stolen&state=guessed")
        assert client.get("/api/hub").status_code == 401


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example", "/\\evil.example"])
def test_signing_in_never_leads_to_another_host(
    guarded: Served, provider: Provider, target: str
) -> None:
    provider.break_with = ""
    provider.sign_in("ada", "finops")
    with guarded.client() as client:
        answer = client.get("/auth/login", params={"next": target})
        assert str(answer.url).startswith(guarded.address)


def test_someone_without_a_role_is_told_so(signed_in: SignIn) -> None:
    answer = signed_in("newcomer", "canteen").get("/api/hub")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "Forbidden")


def test_a_session_ends_with_signing_out(signed_in: SignIn, guarded: Served) -> None:
    client = signed_in("ada", "finops")
    cookie = client.cookies["pertoken_session"]
    assert client.post("/auth/logout").status_code == 403
    assert client.get("/api/hub").status_code == 200
    assert client.post("/auth/logout", headers={"Origin": guarded.address}).status_code == 204
    with guarded.client(cookies={"pertoken_session": cookie}) as thief:
        assert thief.get("/api/hub").status_code == 401


def test_a_changed_cookie_is_no_session(signed_in: SignIn, guarded: Served) -> None:
    cookie = signed_in("team", "localization").cookies["pertoken_session"]
    with guarded.client(cookies={"pertoken_session": _changed(cookie)}) as forger:
        assert forger.get("/api/hub").status_code == 401


def test_the_session_cookie_is_out_of_reach_of_scripts(guarded: Served) -> None:
    with guarded.client() as client:
        client.follow_redirects = False
        kept = client.get("/auth/login").headers["set-cookie"].lower()
    assert "httponly" in kept
    assert "samesite=lax" in kept


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer wrong", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}"],
)
def test_a_wrong_token_reads_nothing(guarded: Served, header: str) -> None:
    with guarded.client(headers={"Authorization": header}) as client:
        assert client.get("/api/hub").status_code == 401


@pytest.fixture(scope="module")
def machine(guarded: Served) -> Iterator[httpx.Client]:
    """A team's machine."""
    with guarded.client(headers={"Authorization": f"Bearer {TOKEN}"}) as made:
        yield made


@pytest.fixture(scope="module")
def secrets_of_others(hub: Path) -> set[str]:
    return words_of_others(hub)


def test_the_words_of_others_are_many(secrets_of_others: set[str]) -> None:
    assert len(secrets_of_others) > 80
    assert "aoai-nw-agents-swc" in secrets_of_others


def test_a_team_sees_only_its_own_on_every_url(
    machine: httpx.Client, secrets_of_others: set[str]
) -> None:
    """Every route of the API, in every format, with filters that reach for others."""
    urls = 0
    for path in _paths(machine):
        formats = ["", ".csv", ".json"] if path in _tables(machine) else [""]
        for extension in formats:
            for query in FILTERS:
                if query and not _takes(machine, path, query):
                    continue
                if path == "/api/variance" and "from=" in query:
                    continue  # days and months exclude each other
                asked = "&".join(each for each in (query, NEEDED.get(path, "")) if each)
                answer = machine.get(f"{path}{extension}?{asked}")
                urls += 1
                if path in WHOLE_BILL:
                    assert answer.status_code == 403
                    continue
                assert answer.status_code == 200, (path, asked, answer.text)
                text = json.dumps(answer.json()) if extension != ".csv" else answer.text
                text = text.replace("Support CX", "", text.count("where"))
                leaked = {word for word in secrets_of_others if holds(text, word)}
                assert not leaked, (path, extension, asked)
                assert not _price_names(answer, extension), (path, extension, asked)
    assert urls > 90


@pytest.mark.parametrize("path", ["periods", "periods.csv", "periods.xlsx", "bridge.csv"])
def test_what_a_restatement_changed_is_not_for_a_team(machine: httpx.Client, path: str) -> None:
    """Its groups are of whole resources, which other teams share."""
    query = {"month": "2026-08"} if path.startswith("bridge") else {"diff": "2026-08"}
    answer = machine.get(f"/api/{path}", params=query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "Forbidden")


def test_binary_files_of_a_team_hold_its_rows_only(machine: httpx.Client) -> None:
    for table in ("matrix", "charges", "periods", "meters"):
        whole = machine.get(f"/api/{table}?limit=10000").json()
        parquet = pq.read_table(io.BytesIO(machine.get(f"/api/{table}.parquet").content))
        assert whole["total"] == parquet.num_rows
        assert [each["name"] for each in whole["columns"]] == parquet.column_names
        book = load_workbook(io.BytesIO(machine.get(f"/api/{table}.xlsx").content))
        assert "aoai-nw-agents-swc" not in str([list(row) for row in book.active.values])


def test_sums_of_a_team_are_those_of_its_charges(machine: httpx.Client, hub: Path) -> None:
    tenant = pertoken.open(hub)
    own = sum(row["EffectiveCost"] for row in tenant.matrix(["SkuMeter"], where=[OWN]).to_dicts())
    everything = tenant.matrix(["SkuMeter"], where=[OWN], all_charges=True).to_dicts()
    every = sum(row["EffectiveCost"] for row in everything)
    charges = machine.get("/api/charges?limit=1").json()
    assert [Decimal(each["EffectiveCost"]) for each in charges["sums"]] == [own]
    [seen] = machine.get("/api/overview").json()["currencies"]
    assert Decimal(seen["EffectiveCost"]["now"]) == own
    assert Decimal(machine.get("/api/hierarchy").json()["lines"][-1]["EffectiveCost"]) == own
    card = machine.get("/api/trust-card").json()["card"]
    assert [Decimal(each["EffectiveCost"]) for each in card["AICost"]] == [own]
    assert [Decimal(each["EffectiveCost"]) for each in card["Totals"]] == [every]
    assert [each["SourceEffectiveCost"] for each in card["Totals"]] == [None]
    periods = machine.get("/api/periods").json()
    at = [each["name"] for each in periods["columns"]].index("EffectiveCost")
    assert sum(Decimal(row[at]) for row in periods["rows"]) == every


@pytest.mark.parametrize(
    "query",
    ["matrix?cost=List", "matrix?cost=Contracted", "hierarchy?cost=List", "matrix?by=ListCost",
     "charges?where=ContractedUnitPrice=1", "values?column=ListUnitPrice",
     "matrix?by=x_SourceValues", "matrix?by=x_ContractedCostInUsd",
     "sparklines?cost=Contracted", "matrix.csv?cost=List"],
)  # fmt: skip
def test_list_and_contracted_prices_are_not_for_a_team(machine: httpx.Client, query: str) -> None:
    answer = machine.get(f"/api/{query}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "Forbidden")


def test_finance_sees_the_whole_bill_and_no_paths(signed_in: SignIn) -> None:
    with closing(signed_in("fin", "controlling")) as client:
        assert client.get("/api/matrix?cost=List").status_code == 200
        names = [each["name"] for each in client.get("/api/runs").json()["columns"]]
        assert "Path" not in names
        charges = client.get("/api/charges?limit=1").json()
        assert "x_SourceFile" not in [each["name"] for each in charges["columns"]]


def test_admin_sees_where_files_lie(signed_in: SignIn) -> None:
    with closing(signed_in("ada", "finops")) as client:
        names = [each["name"] for each in client.get("/api/runs").json()["columns"]]
        assert "Path" in names


def test_roles_never_share_an_answer(signed_in: SignIn, machine: httpx.Client) -> None:
    """The same URL, asked one after the other, and with the tag of another's answer."""
    with closing(signed_in("ada", "finops")) as admin:
        mine = admin.get("/api/matrix?by=ResourceName")
        theirs = machine.get(
            "/api/matrix?by=ResourceName", headers={"If-None-Match": mine.headers["etag"]}
        )
        again = admin.get("/api/matrix?by=ResourceName")
    assert theirs.status_code == 200
    assert mine.headers["etag"] != theirs.headers["etag"]
    assert mine.content == again.content != theirs.content
    assert "Authorization" in mine.headers["vary"]
    assert mine.headers["cache-control"] == "private, no-cache"


def test_a_person_in_two_teams_sees_both_and_no_more() -> None:
    person = person_of("ada", [("team", {"team": ["a"]}), ("team", {"env": ["prod"]})])
    assert not person.audience.sees_all
    assert set(person.audience.bindings) == {(("team", ("a",)),), (("env", ("prod",)),)}
    assert person_of("ada", [("team", {"team": ["a"]}), ("finance", {})]).role == "finance"


def test_a_team_whose_tags_match_nothing_sees_nothing(hub: Path) -> None:
    token = "x" * 20
    rule = {"name": "m", "sha256": hashlib.sha256(token.encode()).hexdigest(), "role": "team",
            "tags": {"team": ["no such team"]}}  # fmt: skip
    with (
        serving(hub, PERTOKEN_WEB_TOKENS=json.dumps([rule])) as server,
        server.client(headers={"Authorization": f"Bearer {token}"}) as client,
    ):
        assert client.get("/api/matrix").json()["rows"] == []
        assert client.get("/api/charges").json()["total"] == 0
        assert client.get("/api/hub").json()["months"] == []
        assert client.get("/api/meters").json()["rows"] == []
        assert client.get("/api/overview").json()["currencies"] == []


def test_no_secret_stands_in_the_log(guarded: Served, provider: Provider) -> None:
    provider.break_with = "nonce"
    with guarded.client() as client:
        client.get("/")
        client.get("/api/hub", headers={"Authorization": "Bearer one-secret-token"})
    said = "".join(guarded.talk)
    assert "sign-in failed" in said
    for secret in (CLIENT_SECRET, "one-secret-token", TOKEN, "code=", "id_token"):
        assert secret not in said


def _changed(cookie: str) -> str:
    at = len(cookie) // 3
    return f"{cookie[:at]}{'A' if cookie[at] != 'A' else 'B'}{cookie[at + 1 :]}"


def _paths(client: httpx.Client) -> list[str]:
    """Every GET route of the API, from its own document: a new route cannot be forgotten."""
    paths = client.get("/api/openapi.json").json()["paths"]
    return [path for path, of in paths.items() if "get" in of and "{" not in path]


def _tables(client: httpx.Client) -> set[str]:
    paths = client.get("/api/openapi.json").json()["paths"]
    return {path.removesuffix(".{extension}") for path in paths if path.endswith(".{extension}")}


def _takes(client: httpx.Client, path: str, query: str) -> bool:
    known = client.get("/api/openapi.json").json()["paths"][path]["get"].get("parameters", [])
    names = {each["name"] for each in known}
    return {each.partition("=")[0] for each in query.split("&")} <= names


def _price_names(answer: httpx.Response, extension: str) -> set[str]:
    """Columns of list or contracted prices in an answer."""
    if extension == ".csv":
        names = answer.text.splitlines()[0].split(",") if answer.text else []
    else:
        body = answer.json()
        listed = body if isinstance(body, list) else body.get("columns", [])
        names = (
            [each.get("name", "") for each in listed] if not extension else [*(listed or [{}])[0]]
        )
    return {name for name in names if re.search("List|Contracted", name)}
