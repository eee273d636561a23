"""Scenarios are kept from the page and over the API, as the command keeps them."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import pytest
from serving import Served, copy_to_write, serving, tokens_of

import pertoken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import httpx
    from playwright.sync_api import Browser, Page

GRANTS: dict[str, dict[str, Any]] = {
    "ana": {"role": "finance"},
    "ben": {"role": "approver"},
    "search-team": {"role": "team", "teams": ["search"]},
}
SUPPORT = ("Tags.team", "Support CX")
SCENARIO = {"month": "2026-08", "discount": "0.1", "by": "x_ModelId,x_TokenDirection",
            "where": ["Tags.team=Support CX"], "currency": "USD"}  # fmt: skip


@pytest.fixture(scope="module")
def own_hub(demo_hub: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the hub of the bundled tenant, to write to."""
    return copy_to_write(demo_hub, tmp_path_factory.mktemp("what-if"))


@pytest.fixture(scope="module")
def office(own_hub: Path) -> Iterator[Served]:
    """A server that knows everyone by a token."""
    with serving(own_hub, PERTOKEN_WEB_TOKENS=tokens_of(GRANTS)) as server:
        yield server


def client_of(office: Served, name: str) -> AbstractContextManager[httpx.Client]:
    return office.client(headers={"Authorization": f"Bearer token-{name}"})


def save(office: Served, person: str, **body: object) -> httpx.Response:
    with client_of(office, person) as client:
        return client.post("/api/whatif/save", json=body)


def dollars(amount: Decimal) -> str:
    return f"${abs(amount).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,}"


def test_a_scenario_is_kept_as_the_command_keeps_it(office: Served, own_hub: Path) -> None:
    """The same file, to the digit, and the next list and comparison have it."""
    with client_of(office, "ana") as ana:
        assert ana.get("/api/whatif-saved").json()["rows"] == []
        answer = save(office, "ana", name="by the page", **SCENARIO)
        assert answer.status_code == 200, answer.text
        listed = ana.get("/api/whatif-saved").json()["rows"]
        query = {"scenario": "by the page", "month": "2026-09"}
        assert ana.get("/api/whatif-compared", params=query).json()["total"] == 1
    tenant = pertoken.open(own_hub)
    expected = tenant.whatif(
        "2026-08", discount="0.1", by=["x_ModelId", "x_TokenDirection"], where=[SUPPORT],
        currency="USD", save="by the command",
    ).to_dicts()  # fmt: skip
    assert len(answer.json()["rows"]) == len(expected)
    files = sorted((own_hub / "scenarios").iterdir())
    assert [each.name for each in files] == [
        "000001-by the page.json", "000002-by the command.json",
    ]  # fmt: skip
    held = [json.loads(each.read_text("utf-8")) for each in files]
    assert held[0] == held[1]
    assert [row[0] for row in listed] == ["by the page"]


def test_what_cannot_be_kept_is_refused_in_words(office: Served, own_hub: Path) -> None:
    save(office, "ana", name="taken", **SCENARIO)
    before = len(list((own_hub / "scenarios").iterdir()))
    cases = [
        ({"name": "taken", **SCENARIO}, "There is a scenario 'taken' already."),
        ({"name": "../up", **SCENARIO}, "is no name of a scenario"),
        ({"name": "new", "month": "2026-08"}, "A scenario changes nothing."),
        ({"name": "new", **SCENARIO, "discount": "2"}, "The discount 2 is no share."),
        ({"name": "new", **SCENARIO, "month": "2031-01"}, "There are no tokens of 2031-01"),
    ]
    for body, words in cases:
        answer = save(office, "ana", **body)
        assert answer.status_code == 400
        told = json.dumps(answer.json())
        assert words in told
        assert "--" not in told
    assert len(list((own_hub / "scenarios").iterdir())) == before


@pytest.mark.parametrize("name", ["ben", "search-team"])
def test_only_finance_and_admin_keep_scenarios(office: Served, name: str) -> None:
    answer = save(office, name, name="not theirs", **SCENARIO)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "Forbidden")


def page_of(browser: Browser, office: Served, name: str, path: str) -> Page:
    context = browser.new_context(
        locale="en-US", extra_http_headers={"Authorization": f"Bearer token-{name}"}
    )
    page = context.new_page()
    page.goto(office.address + path)
    return page


@pytest.mark.browser
def test_a_scenario_of_the_page_is_saved_and_held_against_a_later_month(
    browser: Browser, office: Served, own_hub: Path
) -> None:
    """Filters and groups of the page are those of the scenario; its name is taken but once."""
    tenant = pertoken.open(own_hub)
    path = "/what-if?month=2026-08&s=discount%3D0.2&where=Tags.team%3DSupport+CX&by=ResourceName"
    page = page_of(browser, office, "ana", f"{path}&currency=USD")
    rows = tenant.whatif(
        "2026-08", discount="0.2", by=["ResourceName"], where=[SUPPORT], currency="USD"
    ).to_dicts()
    scenario = page.get_by_role("region", name="discount 0.2", exact=True)
    shown = scenario.locator('[data-figure="CostAfter"] dd')
    shown.wait_for()
    assert shown.inner_text() == dollars(sum(row["CostAfter"] for row in rows))
    groups = page.get_by_role("grid", name="By ResourceName: discount 0.2")
    groups.wait_for()
    assert int(str(groups.get_attribute("aria-rowcount"))) - 1 == len(rows)
    page.get_by_role("button", name="Save the scenario discount 0.2").click()
    dialog = page.get_by_role("dialog", name="Save a scenario")
    dialog.get_by_label("Name").fill("by the page")
    dialog.get_by_role("button", name="Save", exact=True).click()
    dialog.get_by_role("alert").wait_for()
    assert "There is a scenario 'by the page' already." in dialog.get_by_role("alert").inner_text()
    dialog.get_by_label("Name").fill("a fifth less")
    dialog.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as a fifth less.").wait_for()
    assert "saved=a+fifth+less" in page.url
    listed = page.get_by_role("grid", name="Saved scenarios")
    listed.get_by_text("a fifth less").first.wait_for()
    page.get_by_role("button", name="Month Aug 2026").click()
    page.get_by_role("option", name="Sep 2026").click()
    became = page.get_by_role("grid", name="What became of a fifth less in Sep 2026")
    became.wait_for()
    [row] = tenant.compare_scenario("a fifth less", "2026-09").to_dicts()
    assert dollars(row["ExpectedCost"]) in became.inner_text()
    assert dollars(row["ActualCost"]) in became.inner_text()
    page.context.close()


@pytest.mark.browser
def test_who_may_not_save_has_no_button(browser: Browser, office: Served) -> None:
    page = page_of(browser, office, "ben", "/what-if?month=2026-08&s=discount%3D0.2")
    page.locator('[data-figure="CostAfter"]').first.wait_for()
    assert page.get_by_role("button", name="Save the scenario discount 0.2").count() == 0
    page.context.close()
