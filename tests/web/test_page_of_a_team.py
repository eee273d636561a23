"""The page as a team sees it in Chromium: its own rows, and nothing about the whole bill."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from guarding import OWN, guarding, holds, words_of_others
from provider import Provider

import pertoken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SEPTEMBER = "from=2026-09&to=2026-10&currency=EUR"
VIEWS = (
    "/", "/unit-costs", "/trends", "/data", "/data?view=periods", "/data?view=aside", "/meters",
    f"/unit-costs?{SEPTEMBER}&by=ResourceName,x_ModelId&matrix_levels=9",
    f"/trends?{SEPTEMBER}&by=x_ResourceGroupName", f"/unit-costs?{SEPTEMBER}&charges=all",
)  # fmt: skip
WHOLE_BILL = ("/data?view=runs", "/data?view=restatements", "/data?view=bridge")


@pytest.fixture(scope="module")
def team(hub: Path, browser: Browser) -> Iterator[Page]:
    """The page of a person of the team, who signed in at the provider."""
    with Provider() as provider, guarding(hub, provider) as server:
        provider.sign_in("tess", "localization")
        context = browser.new_context(base_url=server.address, locale="en-US")
        page = context.new_page()
        page.goto("/")
        page.wait_for_selector(".who")
        yield page
        context.close()


def shown(page: Page, path: str) -> str:
    """Everything that a view says, its hovers included."""
    page.goto(path)
    page.wait_for_selector('[role="grid"], [role="treegrid"], .state')
    page.wait_for_load_state("networkidle")
    hovers = page.locator("[data-tip]").evaluate_all("all => all.map(e => e.dataset.tip)")
    return page.locator("body").inner_text() + "\n".join(hovers)


def test_a_team_s_page_says_no_word_of_others(team: Page, hub: Path) -> None:
    others = words_of_others(hub)
    for path in VIEWS:
        words = shown(team, path)
        assert "tess@example.com" in words
        assert {word for word in others if holds(words, word)} == set(), path


def test_a_team_s_total_is_that_of_its_own_charges(team: Page, hub: Path) -> None:
    rows = pertoken.open(hub).matrix(
        start="2026-09", end="2026-10", currency="EUR", where=[OWN]
    ).to_dicts()  # fmt: skip
    own = sum((row["EffectiveCost"] for row in rows), Decimal(0))
    assert own > 0
    team.goto(f"/?{SEPTEMBER}")
    figure = team.locator('[data-figure="cost"] .value')
    figure.wait_for()
    assert f"€{own:,.2f}" == figure.inner_text()


def test_a_team_s_page_offers_no_list_or_contracted_price(team: Page) -> None:
    words = shown(team, f"/unit-costs?{SEPTEMBER}")
    team.get_by_role("button", name="Cost Effective").click()
    offered = team.get_by_role("option").all_inner_texts()
    team.keyboard.press("Escape")
    assert [each.strip() for each in offered] == ["Effective", "Billed"]
    words += shown(team, "/data?view=periods")
    team.get_by_role("button", name="Columns").click()
    words += " ".join(team.get_by_role("option").all_inner_texts())
    assert "ListCost" not in words
    assert "ContractedCost" not in words


def test_a_price_asked_for_in_the_address_is_refused_in_words(team: Page) -> None:
    team.goto(f"/unit-costs?{SEPTEMBER}&cost=List")
    assert "List cost is not shown to a team" in team.get_by_role("alert").inner_text()


@pytest.mark.parametrize("path", WHOLE_BILL)
def test_what_is_about_the_whole_bill_is_no_view_of_a_team(team: Page, path: str) -> None:
    shown(team, path)
    views = team.get_by_role("navigation", name="Views of the data").get_by_role("link")
    assert views.all_inner_texts() == ["Trust", "Months", "Set aside"]
    assert team.get_by_role("grid", name="Totals against the source").is_visible()


def test_pages_of_the_whole_bill_are_not_offered_to_a_team(team: Page) -> None:
    shown(team, "/")
    names = team.get_by_role("navigation", name="Pages").get_by_role("link").all_inner_texts()
    assert "Explain" in names
    assert {"Provisioned throughput", "What-if"}.isdisjoint(names)
    for path, table in (("/ptu", "ptu"), ("/what-if", "whatif-saved")):
        assert "about the whole bill" in shown(team, path)
        assert team.request.get(f"/api/{table}").status == 403
