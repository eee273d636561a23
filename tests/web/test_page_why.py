"""Explain and Provisioned throughput in Chromium: their numbers are those of the command line."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export
from serving import serving

import pertoken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from playwright.sync_api import Browser, Page
    from serving import Served

pytestmark = pytest.mark.browser

SEPTEMBER = "from=2026-09&to=2026-10&currency=USD"


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    context = browser.new_context(base_url=served.address, locale="en-US")
    made = context.new_page()
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    yield made
    context.close()
    assert faults == []


def dollars(amount: Decimal) -> str:
    return f"${abs(amount).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,}"


def test_the_effects_are_those_of_the_command(page: Page, hub: Path) -> None:
    rows = pertoken.open(hub).variance("2026-08", "2026-09", currency="USD").to_dicts()
    page.goto(f"/explain?{SEPTEMBER}")
    page.locator(".effects").wait_for()
    shown = page.locator("[data-effect]").all_inner_texts()
    assert [each.lstrip("+\N{MINUS SIGN}") for each in shown] == [
        dollars(row["Effect"]) for row in rows
    ]
    assert page.locator(".effects li > :last-child").all_inner_texts() == [
        row["Explanation"] for row in rows
    ]
    assert "data through 2026-09-30" in page.locator("main").inner_text()


def test_an_effect_leads_to_its_cells_and_they_to_their_charges(page: Page, hub: Path) -> None:
    rows = (
        pertoken.open(hub)
        .variance("2026-08", "2026-09", currency="USD", drill="ModelMix")
        .to_dicts()
    )
    page.goto(f"/explain?{SEPTEMBER}")
    page.get_by_role("button", name="Show the cells that make Model mix").click()
    cells = page.get_by_role("grid", name="The cells that make Model mix")
    cells.wait_for()
    assert int(str(cells.get_attribute("aria-rowcount"))) - 1 == len(rows)
    row = cells.locator(".line").first
    cost = row.locator('[data-column="CostAfter"]').inner_text()
    row.locator('[data-column="CostAfter"]').click()
    page.wait_for_selector("[data-sum]")
    assert cost in page.locator("[data-sum]").inner_text()
    assert "driver=ModelMix" in page.url


def test_a_bar_of_the_waterfall_leads_to_its_cells(page: Page) -> None:
    page.goto(f"/explain?{SEPTEMBER}")
    canvas = page.locator("figure canvas").first
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box is not None
    page.wait_for_timeout(300)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 12 + 26 * 1.5)
    page.wait_for_url("**driver=Volume**")


def test_another_period_and_groups_stand_in_the_link(page: Page, hub: Path) -> None:
    rows = (
        pertoken.open(hub)
        .variance("2026-05", "2026-09", currency="USD", by=["x_ModelFamily"])
        .to_dicts()
    )
    page.goto(f"/explain?{SEPTEMBER}&compare=2026-05&by=x_ModelFamily")
    groups = page.get_by_role("grid", name="By x_ModelFamily")
    groups.wait_for()
    assert int(str(groups.get_attribute("aria-rowcount"))) - 1 == len(rows)


def test_two_periods_of_any_days_are_compared(page: Page, hub: Path) -> None:
    """Chosen in the page, kept in the link, with the figures and the words of the command."""
    result = pertoken.open(hub).variance(
        start="2026-09-08", end="2026-09-15", compare_start="2026-08-03",
        compare_end="2026-08-10", currency="USD",
    )  # fmt: skip
    page.goto("/explain?from=2026-09-08&to=2026-09-15&currency=USD")
    page.locator(".effects").wait_for()
    page.get_by_role("button", name="Compare with").click()
    box = page.get_by_role("dialog", name="Compare with")
    box.get_by_label("From").fill("2026-08-03")
    box.get_by_label("To (exclusive)").fill("2026-08-03")
    assert "must come before" in box.get_by_role("alert").inner_text()
    box.get_by_label("To (exclusive)").fill("2026-08-10")
    box.get_by_role("button", name="Apply").click()
    page.get_by_text(result.notes[0]).wait_for()
    assert "compare_from=2026-08-03&compare_to=2026-08-10" in page.url
    assert page.locator(".effects li > :last-child").all_inner_texts() == [
        row["Explanation"] for row in result.to_dicts()
    ]
    assert "2026-08-03 \N{EN DASH} 2026-08-09" in (
        page.get_by_role("button", name="Compare with").inner_text()
    )
    page.goto(
        "/explain?from=2026-09-08&to=2026-09-15&compare_from=2026-09-01&compare_to=2026-09-09"
    )
    page.get_by_role("alert").wait_for()
    assert "share days" in page.get_by_role("alert").inner_text()


def test_only_settled_days_are_compared_and_the_page_says_which(
    browser: Browser, tmp_path: Path
) -> None:
    """February is exported to its 14th on the 15th: settled through the 12th."""
    rows = [charge(month="2026-01", day=day, tokens=1_000_000) for day in range(1, 32)]
    write_export(tmp_path / "exports", rows, month="2026-01")
    rows = [charge(month="2026-02", day=day, tokens=3_000_000) for day in range(1, 15)]
    write_export(tmp_path / "exports", rows, month="2026-02", end="2026-02-15",
                 submitted="2026-02-15T06:00:00Z")  # fmt: skip
    tenant = pertoken.open(tmp_path / "hub")
    tenant.ingest(tmp_path / "exports")
    result = tenant.variance("2026-01", "2026-02")
    assert "data through 2026-02-12" in result.notes[0]
    with serving(tmp_path / "hub") as server:
        page = browser.new_page(locale="en-US")
        page.goto(f"{server.address}/explain?from=2026-02&to=2026-03")
        page.locator(".effects").wait_for()
        words = page.locator("main").inner_text()
        for note in result.notes:
            assert note in words
        page.get_by_role("button", name="Show the cells that make Volume").click()
        cells = page.get_by_role("grid", name="The cells that make Volume")
        cells.wait_for()
        cost = cells.locator('.line [data-column="CostAfter"]').first
        shown = cost.inner_text()
        cost.click()
        page.wait_for_selector("[data-sum]")
        assert shown in page.locator("[data-sum]").inner_text()
        assert "charges_to=2026-02-13" in page.url
        page.close()


def test_capacity_is_that_of_the_command(page: Page, hub: Path) -> None:
    row = pertoken.open(hub).ptu(month="2026-09").to_dicts()[0]
    page.goto("/ptu")
    page.locator("[data-fact]").first.wait_for()

    def fact(name: str) -> str:
        return page.locator(f'[data-fact="{name}"] dd').inner_text()

    assert fact("IdleCost") == dollars(row["IdleCost"])
    assert fact("EffectiveCost") == dollars(row["EffectiveCost"])
    assert fact("UnusedReservationCost") == dollars(row["UnusedReservationCost"])
    assert fact("Utilisation") == f"{row['Utilisation']:.1%}"
    assert fact("DeployedUnitHours") == f"{row['DeployedUnitHours']:,.0f}"
    assert fact("Payg") == " \N{EN DASH} ".join(
        dollars(row[name]) for name in ("PaygCostLow", "PaygCostHigh")
    )
    assert row["BreakEvenUtilisation"] is None
    assert fact("BreakEvenUtilisation") == "\N{EN DASH}"
    assert row["Reason"].split("; ")[0] in page.locator("main").inner_text()
    page.locator("figure canvas").first.wait_for()
    page.get_by_role("button", name="The charges of this capacity").click()
    page.wait_for_selector("[data-sum]")
    whole = row["EffectiveCost"] + row["UnusedReservationCost"]
    assert dollars(whole) in page.locator("[data-sum]").inner_text()


def test_scenarios_stand_side_by_side_with_the_figures_of_the_command(
    page: Page, hub: Path
) -> None:
    rows = pertoken.open(hub).whatif("2026-09", discount="0.1").to_dicts()
    own = [row for row in rows if row["BillingCurrency"] == "USD"]
    page.goto("/what-if?month=2026-09&s=discount%3D0.1&s=switch%3Dgpt-4o%253Dgpt-4o-mini")
    scenario = page.get_by_role("region", name="discount 0.1", exact=True)
    scenario.locator('[data-figure="Difference"]').first.wait_for()
    for name in ("CostBefore", "CostAfter"):
        shown = scenario.locator(f'[data-figure="{name}"] dd').all_inner_texts()
        assert dollars(sum(row[name] for row in own)) in shown
    other = page.get_by_role("region", name="gpt-4o=gpt-4o-mini")
    other.locator('[data-figure="CostBefore"]').wait_for()
    assert "as many tokens as before" in other.inner_text()
    page.get_by_role("button", name="Remove the scenario discount 0.1").click()
    scenario.wait_for(state="detached")
    assert "s=switch" in page.url


def test_the_form_puts_a_scenario_into_the_link(page: Page) -> None:
    page.goto("/what-if?month=2026-09")
    page.get_by_text("No scenario yet").wait_for()
    page.get_by_label("A further discount, 0 to 1").fill("2")
    page.get_by_role("button", name="Add the scenario").click()
    page.wait_for_url("**s=discount**")
    alert = page.get_by_role("region", name="discount 2").get_by_role("alert")
    alert.wait_for()
    assert "is no share" in alert.inner_text()


@pytest.mark.parametrize("column", ["BillingMonth", "Scenario", "BillingCurrency"])
def test_a_scenario_by_a_column_of_its_own_table_is_refused(
    client: httpx.Client, column: str
) -> None:
    answer = client.get(f"/api/whatif?month=2026-09&discount=0.1&by={column}")
    assert answer.status_code == 400
    assert column in answer.json()["errors"][0]["message"]
