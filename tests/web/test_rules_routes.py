"""The rules over the API: what others would move, saving them in one's name, and conflicts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from serving import Served, copy_to_write, serving, tokens_of

import pertoken
from pertoken.allocation import default_rules_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

GRANTS: dict[str, dict[str, Any]] = {
    "ana": {"role": "finance"},
    "root": {"role": "admin"},
    "search-team": {"role": "team", "teams": ["search"]},
}
TAKEN = default_rules_text() + (
    '\n[[rule]]\ndimension = "Team"\nvalue = "tools"\nwhen = { SkuMeter = "*" }\n'
)


@pytest.fixture(scope="module")
def own_hub(demo_hub: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the hub of the bundled tenant, to write to."""
    return copy_to_write(demo_hub, tmp_path_factory.mktemp("rules"))


@pytest.fixture(scope="module")
def office(own_hub: Path) -> Iterator[Served]:
    """A server that knows everyone by a token."""
    with serving(own_hub, PERTOKEN_WEB_TOKENS=tokens_of(GRANTS)) as server:
        yield server


def post(office: Served, name: str, path: str, **body: object) -> httpx.Response:
    with office.client(headers={"Authorization": f"Bearer token-{name}"}) as client:
        return client.post(f"/api/rules/{path}", json=body)


def get(office: Served, name: str, path: str) -> dict[str, Any]:
    with office.client(headers={"Authorization": f"Bearer token-{name}"}) as client:
        return client.get(f"/api/{path}").json()  # type: ignore[no-any-return]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_the_rules_that_count_move_nothing_and_others_what_they_take(
    office: Served, own_hub: Path
) -> None:
    rules = get(office, "ana", "rules")
    assert (rules["name"], rules["text"]) == ("default_rules.toml", default_rules_text())
    same = post(office, "ana", "preview", rules=rules["text"]).json()
    assert (same["rows"], same["counting"]) == ([], "default_rules.toml")
    body = post(office, "ana", "preview", rules=TAKEN).json()
    names = [each["name"] for each in body["columns"]]
    assert names == ["BillingMonth", "Team", "BillingCurrency", "CostBefore", "CostAfter",
                     "Difference"]  # fmt: skip
    assert sum(Decimal(row[-1]) for row in body["rows"]) == 0
    assert any(row[1] == "tools" and Decimal(row[4]) > 0 for row in body["rows"])
    wide = post(office, "ana", "preview", rules=TAKEN, by="Team,Application").json()
    assert wide["columns"][2]["name"] == "Application"
    assert not (own_hub / "rules").exists()


def test_a_preview_shows_spreads_and_platform_cost_apart(office: Served, own_hub: Path) -> None:
    """What the tools cost leaves Unattributed; the gateway enters the other answer only."""
    spread = (
        '\n[[spread]]\nname = "tools"\ndimension = "Team"\nby = "cost"\n'
        'when = { ResidualReason = "NoCallEvidence" }\n'
    )
    gateway = (
        '\n[[spread]]\nname = "gateway"\ncharges = "platform"\ndimension = "Team"\nby = "tokens"\n'
        'when = { ServiceName = "API Management" }\n'
    )
    moved = post(office, "ana", "preview", rules=default_rules_text() + spread + gateway).json()
    changes: dict[str, Decimal] = {}
    for row in moved["rows"]:
        changes[row[2]] = changes.get(row[2], Decimal(0)) + Decimal(row[-1])
    assert set(changes.values()) == {Decimal(0)}
    assert any(row[1] == "Unattributed" and Decimal(row[-1]) < 0 for row in moved["rows"])
    entered = post(office, "ana", "preview", rules=default_rules_text() + gateway, platform=True)
    charged = pertoken.open(own_hub).matrix(
        ["ServiceName"], where={"ServiceName": "API Management"}, all_charges=True
    ).to_dicts()  # fmt: skip
    whole = sum(row["EffectiveCost"] for row in charged)
    assert sum(Decimal(row[-1]) for row in entered.json()["rows"]) == whole > 0
    none = post(office, "ana", "preview", rules=default_rules_text(), platform=True)
    assert code(none) == (400, "ConfigError")


def test_rules_that_mean_nothing_are_refused(office: Served) -> None:
    for path, more in (("preview", {}), ("save", {"counting": "default_rules.toml"})):
        answer = post(office, "root", path, rules="[[rule]]\nvalue = 1", **more)
        assert code(answer) == (400, "ConfigError")
        assert "cannot be used" in answer.json()["errors"][0]["message"]


def test_who_may_not_save_or_preview_is_told(office: Served, own_hub: Path) -> None:
    body = {"rules": TAKEN, "counting": "default_rules.toml"}
    assert code(post(office, "ana", "save", **body)) == (403, "Forbidden")
    assert code(post(office, "search-team", "save", **body)) == (403, "Forbidden")
    assert code(post(office, "search-team", "preview", rules=TAKEN)) == (403, "Forbidden")
    assert code(post(office, "root", "save", rules=TAKEN)) == (400, "ConfigError")
    assert not (own_hub / "rules").exists()


def test_saved_rules_count_at_once_in_the_name_of_who_signed_in(
    office: Served, own_hub: Path, tmp_path: Path
) -> None:
    """What was previewed against other rules than those that count now is refused."""
    before = get(office, "root", "writing")
    saved = post(office, "root", "save", rules=TAKEN, counting="default_rules.toml").json()
    names = [each["name"] for each in saved["columns"]]
    row = dict(zip(names, saved["rows"][0], strict=True))
    assert (row["SavedBy"], row["Counts"]) == ("root", True)
    after = get(office, "root", "writing")
    assert after["commit"] == before["commit"]
    assert after["saved"] != before["saved"]
    assert get(office, "ana", "rules") | {"ok": True} == {
        "ok": True, "name": row["Rules"], "text": TAKEN,
    }  # fmt: skip
    teams = {each[1] for each in get(office, "ana", "attribute?by=Team")["rows"]}
    assert "tools" in teams
    file = tmp_path / "others.toml"
    file.write_text(default_rules_text(), "utf-8")
    tenant = pertoken.open(own_hub)
    tenant.save_rules(file, "kim")
    stale = post(office, "root", "save", rules=TAKEN + "\n", counting=row["Rules"])
    assert code(stale) == (409, "ChangedMeanwhile")
    assert "Other rules count by now" in stale.json()["errors"][0]["message"]
    listed = get(office, "ana", "rules-saved")["rows"]
    assert [each[1] for each in listed] == ["kim", "root"]
    assert len(tenant.saved_rules().to_dicts()) == 2
