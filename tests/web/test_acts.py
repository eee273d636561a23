"""Acts over the API: who may, from where, and that what was done stands in the hub at once."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader
from serving import Served, copy_to_write, serving, tokens_of

import pertoken
from pertoken.engine import local_engine
from pertoken.hub import Hub
from pertoken.web.people import person_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

MONTH = "2026-08"
HEADER = {"X-Pertoken-Act": "1"}
GRANTS: dict[str, dict[str, Any]] = {
    "ana": {"role": "finance"},
    "ben": {"role": "approver"},
    "research-team": {"role": "team", "teams": ["research"]},
    "search-team": {"role": "team", "teams": ["search"]},
    "root": {"role": "admin"},
}


@pytest.fixture(scope="module")
def own_hub(demo_hub: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the hub of the bundled tenant, to write to."""
    return copy_to_write(demo_hub, tmp_path_factory.mktemp("acts"))


@pytest.fixture(scope="module")
def office(own_hub: Path) -> Iterator[Served]:
    """A server that knows everyone by a token."""
    with serving(own_hub, PERTOKEN_WEB_TOKENS=tokens_of(GRANTS)) as server:
        yield server


@pytest.fixture(scope="module")
def alone(own_hub: Path) -> Iterator[Served]:
    """The same hub on loopback without login."""
    with serving(own_hub, LOGNAME="olga") as server:
        yield server


@contextmanager
def as_(office: Served, name: str) -> Iterator[httpx.Client]:
    with office.client(headers={"Authorization": f"Bearer token-{name}"}) as client:
        yield client


def act(office: Served, name: str, step: str, **body: object) -> httpx.Response:
    with as_(office, name) as client:
        return client.post(f"/api/statements/{step}", json=body)


def rows(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    names = [each["name"] for each in answer.json()["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer.json()["rows"]]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_two_people_draft_approve_and_issue(office: Served, own_hub: Path) -> None:
    """The whole way, each step under the name of who signed in, seen by the next question."""
    with as_(office, "ana") as ana:
        assert rows(ana.get("/api/statements")) == []
    drafted = rows(act(office, "ana", "draft", month=MONTH, team="research"))
    number = drafted[0]["Statement"]
    assert (drafted[0]["State"], drafted[0]["PreparedBy"]) == ("draft", "ana")
    assert code(act(office, "ana", "approve", number=number)) == (403, "Forbidden")
    with as_(office, "research-team") as team:
        assert rows(team.get("/api/statements")) == []
        assert code(team.get(f"/api/statements/{number}/lines")) == (400, "ConfigError")
    assert rows(act(office, "ben", "approve", number=number))[0]["ApprovedBy"] == "ben"
    issued = rows(act(office, "ben", "issue", number=number))[0]
    assert issued["State"] == "issued"
    with as_(office, "ana") as ana:
        assert rows(ana.get("/api/statements")) == [issued]
        checks = rows(ana.get(f"/api/statements/{number}/verification"))
        assert {each["Result"] for each in checks} == {"ok"}
        journal = rows(ana.get("/api/journal", params={"month": MONTH}))
        assert {each["Status"] for each in journal} == {"booked", "provisional"}
        lines = ana.get(f"/api/statements/{number}.csv").text.splitlines()
        assert len(lines) - 1 == issued["Lines"]
        assert code(ana.get(f"/api/statements/{number}/prices")) == (400, "ConfigError")
    held = pertoken.open(own_hub).statements.list().to_dicts()
    assert [(each["Statement"], each["State"]) for each in held] == [(number, "issued")]


def test_who_drafted_does_not_approve_whatever_the_role(office: Served) -> None:
    number = rows(act(office, "root", "draft", month=MONTH))[0]["Statement"]
    refused = act(office, "root", "approve", number=number)
    assert refused.status_code == 400
    assert "root prepared" in refused.json()["errors"][0]["message"]
    assert rows(act(office, "root", "void", number=number, reason="a trial"))[0]["State"] == "void"


def test_a_team_sees_and_disputes_its_own_issued_statements_only(office: Served) -> None:
    with as_(office, "research-team") as team:
        own = rows(team.get("/api/statements"))
        assert [each["Team"] for each in own] == ["research"]
        number = own[0]["Statement"]
        document = PdfReader(io.BytesIO(team.get(f"/api/statements/{number}.pdf").content))
        assert "research" in document.pages[0].extract_text()
        assert code(team.get(f"/api/statements/{number}/pins")) == (403, "Forbidden")
        assert code(team.get(f"/api/statements/{number}.xlsx")) == (403, "Forbidden")
        assert code(team.get("/api/journal", params={"month": MONTH})) == (403, "Forbidden")
    with as_(office, "search-team") as other:
        assert rows(other.get("/api/statements")) == []
        assert other.get(f"/api/statements/{number}.pdf").status_code == 400
    wrong = {"number": number, "line": 1, "reason": "not ours"}
    assert act(office, "search-team", "dispute", **wrong).status_code == 400
    assert rows(act(office, "research-team", "dispute", **wrong))[0]["OpenDisputes"] == 1
    answer = {**wrong, "outcome": "rejected", "reason": "your gateway"}
    assert code(act(office, "research-team", "resolve", **answer)) == (403, "Forbidden")
    assert rows(act(office, "ana", "resolve", **answer))[0]["OpenDisputes"] == 0


@pytest.mark.parametrize("step", ["draft", "approve", "issue", "post", "void"])
def test_a_team_takes_no_step(office: Served, step: str) -> None:
    body = {"draft": {"month": MONTH}, "post": {"number": 1, "reference": "V1"},
            "void": {"number": 1, "reason": "no"}}.get(step, {"number": 1})  # fmt: skip
    assert code(act(office, "research-team", step, **body)) == (403, "Forbidden")


def test_a_body_says_what_it_may_and_never_who_acts(office: Served) -> None:
    for body in ({}, {"number": 0}, {"number": "x"}, {"number": 1, "by": "eve"}):
        assert code(act(office, "ben", "approve", **body)) == (400, "ConfigError")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "WrongOrigin"),
        (HEADER, "WrongOrigin"),
        ({**HEADER, "Origin": "http://evil.example"}, "WrongOrigin"),
        ({**HEADER, "Origin": "null"}, "WrongOrigin"),
        ({**HEADER, "Origin": "{own}", "Sec-Fetch-Site": "cross-site"}, "WrongOrigin"),
        ({**HEADER, "Origin": "{own}", "Sec-Fetch-Site": "same-site"}, "WrongOrigin"),
        ({"Origin": "{own}"}, "WrongOrigin"),
        ({**HEADER, "Authorization": "Basic eDp5"}, "WrongOrigin"),
        ({"Authorization": "Bearer x", "Origin": "http://evil.example"}, "WrongOrigin"),
    ],
)
def test_another_site_changes_nothing_on_loopback(
    alone: Served, headers: dict[str, str], expected: str
) -> None:
    sent = {name: value.format(own=alone.address) for name, value in headers.items()}
    with alone.client() as client:
        before = client.get("/api/statements").json()["commit"]
        answer = client.post("/api/statements/draft", json={"month": MONTH}, headers=sent)
        assert code(answer) == (403, expected)
        assert client.get("/api/statements").json()["commit"] == before


def test_on_loopback_the_user_of_the_operating_system_acts(alone: Served) -> None:
    headers = {**HEADER, "Origin": alone.address}
    with alone.client(headers=headers) as client:
        person = client.get("/api/hub").json()["person"]
        assert (person["name"], person["signedIn"]) == ("olga", False)
        drafted = rows(client.post("/api/statements/draft", json={"month": MONTH}))[0]
        assert drafted["PreparedBy"] == "olga"
        number = {"number": drafted["Statement"]}
        assert client.post("/api/statements/approve", json=number).status_code == 400


def test_a_hub_that_somebody_writes_is_left_alone(office: Served, own_hub: Path) -> None:
    engine = local_engine()
    with Hub(own_hub).writer(engine):
        assert code(act(office, "ana", "draft", month=MONTH)) == (409, "HubBusy")
    engine.close()


def test_roles_of_a_person_add_up() -> None:
    person = person_of("ada", [("approver", {}), ("finance", {}), ("team", {})])
    assert person.role == "finance"
    assert person.roles == {"approver", "finance", "team"}
    assert person.audience.sees_all
