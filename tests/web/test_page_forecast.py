"""The page Forecast in Chromium: its figures are those of the API, in its own words."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

import pytest

import pertoken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from serving import Served

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    context = browser.new_context(base_url=served.address, locale="en-US")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def euros(amount: Decimal) -> str:
    return f"€{amount.quantize(Decimal('0.01'), rounding=ROUND_HALF_EVEN):,}"


def figure(page: Page, name: str) -> str:
    return page.locator(f'[data-figure="{name}"]').inner_text()


def test_the_month_s_end_is_that_of_the_command(page: Page, hub: Path) -> None:
    page.goto("/forecast?currency=EUR")
    shown = figure(page, "month-end")
    row = pertoken.open(hub).month_end(currency="EUR").to_dicts()[0]
    for name in ("EffectiveCost", "Low80", "High80"):
        assert euros(row[name]) in shown, name
    page.wait_for_selector('[role="grid"][aria-label^="How good"]')
    assert "seasonal naive" in page.locator("main").inner_text()
    assert "$" not in page.locator("main").inner_text()


def test_a_click_on_a_group_draws_it(page: Page, hub: Path) -> None:
    page.goto("/forecast?currency=EUR&by=x_ModelId")
    page.get_by_role("grid", name="Month end by group").get_by_text("gpt-4.1-mini").first.click()
    page.wait_for_url("**/forecast?currency=EUR&by=x_ModelId&group=gpt-4.1-mini")
    rows = pertoken.open(hub).month_end(by=["x_ModelId"], currency="EUR").to_dicts()
    (row,) = [each for each in rows if each["x_ModelId"] == "gpt-4.1-mini"]
    page.locator('[data-figure="month-end"]', has_text=euros(row["EffectiveCost"])).wait_for()


def test_an_unknown_group_or_horizon_is_answered_in_words(page: Page) -> None:
    page.goto("/forecast?currency=EUR&by=x_ModelId&group=none-such")
    page.get_by_text("There is nothing to forecast yet").wait_for()
    page.goto("/forecast?currency=EUR&horizon=9999")
    page.get_by_role("alert").first.wait_for()
    assert "Traceback" not in page.locator("body").inner_text()
