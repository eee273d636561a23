"""The navigation in Chromium: groups of pages, the menu where there is no room, keys."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from serving import Served

pytestmark = pytest.mark.browser

PAGES = json.loads((files("pertoken.web") / "static" / "pages.json").read_text())


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    context = browser.new_context(base_url=served.address, locale="en-US")
    made = context.new_page()
    made.goto("/unit-costs?from=2026-08&to=2026-09&currency=USD")
    made.wait_for_selector('[role="treegrid"]')
    yield made
    context.close()


def test_every_page_stands_in_the_navigation_once(page: Page) -> None:
    links = page.get_by_role("navigation", name="Pages").get_by_role("link")
    paths = [str(each.get_attribute("href")).split("?")[0] for each in links.all()]
    assert sorted(paths) == sorted(PAGES)
    assert links.locator('xpath=self::*[@aria-current="page"]').all_inner_texts() == ["Unit costs"]


def test_a_link_of_the_navigation_keeps_the_filters(page: Page) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Trends").click()
    page.wait_for_url("**/trends?from=2026-08&to=2026-09&currency=USD")


def test_a_menu_stands_where_the_column_has_no_room(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    menu = page.get_by_role("button", name="Pages Unit costs")
    links = page.get_by_role("navigation", name="Pages")
    assert not links.is_visible()
    menu.click()
    assert links.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.keyboard.press("Escape")
    assert not links.is_visible()
    assert menu.evaluate("each => each === document.activeElement")
    page.keyboard.press("Enter")
    links.get_by_role("link", name="Meters").click()
    page.wait_for_url("**/meters?*")
    assert not links.is_visible()


def test_every_page_has_a_letter_of_its_own(page: Page) -> None:
    page.keyboard.press("?")
    shown = page.get_by_role("dialog", name="Keys")
    names = [each for each in shown.locator("dt").all_inner_texts() if each.startswith("g ")]
    assert len(names) == len(set(names)) == len(PAGES)
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/meters?*")


def test_a_letter_alone_leads_nowhere(page: Page) -> None:
    page.keyboard.press("m")
    page.keyboard.press("g")
    page.keyboard.press("x")
    page.keyboard.press("m")
    assert "/unit-costs" in page.url
