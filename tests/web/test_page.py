"""The page in Chromium: what a reader does, and that its numbers are those of the command line."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

import pertoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from serving import Served

pytestmark = pytest.mark.browser

SEPTEMBER = "from=2026-09&to=2026-10&currency=USD"
PAGES = json.loads((files("pertoken.web") / "static" / "pages.json").read_text())
VIEWS = (
    *PAGES, "/data?view=periods", "/data?view=restatements", "/data?view=bridge", "/data?view=runs",
    "/data?view=aside", "/no-such-page", "/unit-costs?charges=x_ModelId%3Dgpt-4o",
    "/unit-costs?meter=gpt+4.1+Outp+regnl+Tokens",
)  # fmt: skip
OPENED = '[role="grid"], [role="treegrid"], .effects, .state'


@pytest.fixture
def opened(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Open an address of the page in a context of its own; errors of the page fail the test."""
    contexts = []
    faults: list[str] = []

    def open_page(path: str, *, width: int = 1280, theme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, locale="en-US",
            permissions=["clipboard-read", "clipboard-write"],
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        page.goto(served.address + path)
        page.wait_for_selector(OPENED)
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def until(page: Page, expression: str) -> None:
    """Wait until an expression holds; the page's policy lets no waiter evaluate text in it."""
    deadline = time.monotonic() + 10
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(30)


def cell(page: Page, row: str, column: str) -> str:
    """The text of a cell, by the name of its row."""
    found = page.locator(f'[role="row"]:has([role="rowheader"]:has-text("{row}"))').first
    return found.locator(f'[data-column="{column}"]').inner_text().strip()


def dollars(amount: Decimal) -> str:
    return f"${amount.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,}"


@pytest.mark.parametrize("path", VIEWS)
def test_every_view_is_shown_by_its_link(opened: Callable[..., Page], path: str) -> None:
    page = opened(path)
    assert page.locator("main").inner_text().strip()
    assert "undefined" not in page.locator("body").inner_text()
    assert "NaN" not in page.locator("body").inner_text()


def test_numbers_of_the_matrix_are_those_of_the_command(
    opened: Callable[..., Page], hub: Path
) -> None:
    page = opened(f"/unit-costs?{SEPTEMBER}&matrix_levels=9")
    rows = pertoken.open(hub).matrix(start="2026-09", end="2026-10", currency="USD").to_dicts()
    seen = 0
    for row in rows[:12]:
        name = str(row["SkuMeter"])
        page.get_by_role("searchbox", name="Search the table").fill(name)
        until(page, "document.location.search.includes('matrix_q')")
        page.wait_for_timeout(80)
        assert dollars(row["EffectiveCost"]) == cell(page, name, "EffectiveCost")
        if row["x_UnitCost"] is not None:
            shown = re.sub(r"[^\d.]", "", cell(page, name, "x_UnitCost"))
            assert abs(Decimal(shown) - row["x_UnitCost"]) <= row["x_UnitCost"] * Decimal("0.0006")
            seen += 1
    assert seen > 5


def test_total_is_the_sum_and_the_quotient_of_the_sums(
    opened: Callable[..., Page], hub: Path
) -> None:
    page = opened(f"/unit-costs?{SEPTEMBER}")
    rows = pertoken.open(hub).matrix(start="2026-09", end="2026-10", currency="USD").to_dicts()
    total = sum(row["EffectiveCost"] for row in rows)
    cost = sum(row["x_TokenCost"] or 0 for row in rows)
    tokens = sum(row["x_TokenQuantity"] or 0 for row in rows)
    assert dollars(total) == cell(page, "Total USD", "EffectiveCost")
    assert f"${cost * 1_000_000 / tokens:.3f}" in cell(page, "Total USD", "x_UnitCost")


def test_overview_says_what_the_month_cost(opened: Callable[..., Page], hub: Path) -> None:
    page = opened("/")
    rows = pertoken.open(hub).matrix(start="2026-09", end="2026-10", currency="USD").to_dicts()
    shown = page.locator('[data-figure="cost"] .value').inner_text()
    assert dollars(sum(row["EffectiveCost"] for row in rows)) == shown
    assert "from=2026-09&to=2026-10&currency=USD" in page.url


def test_a_number_leads_to_the_charges_it_is_the_sum_of(opened: Callable[..., Page]) -> None:
    page = opened(f"/unit-costs?{SEPTEMBER}")
    number = page.locator(
        '[role="row"]:has-text("gpt 4.1 Outp regnl") [data-column="EffectiveCost"]'
    ).first
    shown = number.inner_text()
    number.click()
    page.wait_for_selector("[data-sum]")
    assert shown in page.locator("[data-sum]").inner_text()
    link = page.url
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-sum]", state="detached")
    page.goto(link)
    page.wait_for_selector("[data-sum]")
    assert shown in page.locator("[data-sum]").inner_text()


def test_a_month_leads_to_every_charge_of_its_scope(opened: Callable[..., Page]) -> None:
    """Of AI or not, and whatever the filter bar held."""
    page = opened("/data?view=periods&from=2026-01&to=2026-02&where=x_ModelId%3Dgpt-4o")
    number = page.locator(
        '[role="row"]:has-text("2026-08"):has-text("USD") [data-column="EffectiveCost"]'
    ).first
    shown = number.inner_text()
    number.click()
    page.wait_for_selector("[data-sum]")
    assert shown in page.locator("[data-sum]").inner_text()


def test_a_restatement_is_shown_by_group_and_leads_to_the_charges(
    opened: Callable[..., Page],
) -> None:
    page = opened("/data?view=restatements")
    changed = page.locator('[role="row"]:has([data-column="Change"]:has-text("changed"))').first
    after = changed.locator('[data-column="EffectiveCostAfter"]').inner_text()
    changed.locator('[data-column="EffectiveCostAfter"]').click()
    page.wait_for_selector("[data-sum]")
    assert after in page.locator("[data-sum]").inner_text()
    page.keyboard.press("Escape")
    page.locator('[role="rowheader"]:has-text("2026-09")').last.click()
    page.wait_for_selector("text=Sep 2026 was not restated")


def test_the_bridge_is_drawn_and_kept_as_a_picture(
    opened: Callable[..., Page], tmp_path: Path
) -> None:
    page = opened("/data?view=bridge")
    page.locator("figure canvas").first.wait_for()
    with page.expect_download() as download:
        page.locator("figure").first.get_by_role("button", name="PNG").click()
    assert re.fullmatch(r"pertoken-bridge-2026-09-[A-Z]{3}\.png", download.value.suggested_filename)
    path = tmp_path / "bridge.png"
    download.value.save_as(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "no invoice was given" in page.locator("main").inner_text()


def test_a_meter_shows_how_it_was_read_and_what_it_cost(opened: Callable[..., Page]) -> None:
    page = opened("/meters")
    page.locator('[role="rowheader"]:has-text("gpt 4.1 Outp regnl Tokens")').first.click()
    panel = page.get_by_role("dialog", name="gpt 4.1 Outp regnl Tokens")
    panel.get_by_role("heading", name="How the name was read").wait_for()
    panel.get_by_role("grid", name="Unit cost by month").wait_for()
    assert "gpt-4.1" in panel.inner_text()
    assert "At contracted price" in panel.inner_text()


def test_a_filter_narrows_the_page_and_stands_in_its_link(opened: Callable[..., Page]) -> None:
    page = opened(f"/unit-costs?{SEPTEMBER}")
    before = cell(page, "Total USD", "EffectiveCost")
    page.get_by_role("button", name="Model all").click()
    page.get_by_role("option", name="gpt-4o", exact=True).click()
    page.keyboard.press("Escape")
    until(page, "document.location.search.includes('x_ModelId')")
    total = "document.querySelector('.total [data-column=EffectiveCost]')?.innerText"
    until(page, f"{total} !== undefined && {total} !== '{before}'")
    after = cell(page, "Total USD", "EffectiveCost")
    page.reload()
    page.wait_for_selector('[role="treegrid"]')
    assert after == cell(page, "Total USD", "EffectiveCost")


def test_reversed_dates_are_answered_in_words(opened: Callable[..., Page]) -> None:
    page = opened("/unit-costs?from=2026-09&to=2026-08&currency=USD")
    assert "holds no day" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("button", name="Try again").count() == 0
    assert page.get_by_role("button", name="2026-09-01 to 2026-08-01: no day").is_visible()
    page.get_by_role("button", name="Swap the dates").click()
    page.wait_for_selector('[role="treegrid"]')
    assert "from=2026-08&to=2026-09" in page.url
    assert page.get_by_role("button", name="Period Aug 2026").is_visible()


def test_dates_that_are_none_are_answered_in_words(opened: Callable[..., Page]) -> None:
    page = opened("/unit-costs?from=yesterday&to=2026-08&currency=USD")
    assert page.get_by_role("alert").is_visible()
    assert page.get_by_role("button", name="yesterday").is_visible()


def test_an_unknown_column_is_answered_in_words(opened: Callable[..., Page]) -> None:
    page = opened(f"/unit-costs?{SEPTEMBER}&by=NoColumn")
    assert "There is no column 'NoColumn'" in page.get_by_role("alert").inner_text()


def test_a_filter_without_charges_says_what_to_do(opened: Callable[..., Page]) -> None:
    page = opened(f"/unit-costs?{SEPTEMBER}&where=x_ModelId%3Dno-such-model")
    assert "No charge matches" in page.locator("main").inner_text()


def test_sorting_and_columns_stand_in_the_link(opened: Callable[..., Page]) -> None:
    page = opened(f"/trends?{SEPTEMBER}")
    page.get_by_role("button", name="EffectiveCost", exact=True).click()
    until(page, "document.location.search.includes('trend_sort=-EffectiveCost')")
    costs = page.locator('.line [data-column="EffectiveCost"]').all_inner_texts()
    amounts = [Decimal(re.sub(r"[^\d.]", "", each)) for each in costs]
    assert amounts == sorted(amounts, reverse=True)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("option", name="Share").click()
    assert page.locator('[data-column="ShareOfCost"]').count() == 0


def test_a_table_is_moved_through_by_keys(opened: Callable[..., Page]) -> None:
    page = opened(f"/unit-costs?{SEPTEMBER}&matrix_levels=0")
    page.locator('[data-cell="0:0"]').focus()
    rows = page.locator(".line").count()
    page.keyboard.press("ArrowRight")
    until(page, f"document.querySelectorAll('.line').length > {rows}")
    page.keyboard.press("ArrowDown")
    until(page, "document.activeElement.dataset.cell === '1:0'")
    page.keyboard.press("ArrowUp")
    until(page, "document.activeElement.dataset.cell === '0:0'")
    page.keyboard.press("ArrowLeft")
    until(page, f"document.querySelectorAll('.line').length === {rows}")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/trends?*")
    page.wait_for_selector("[data-search]")
    page.keyboard.press("/")
    until(page, "document.activeElement.matches('[data-search]')")


def test_hover_says_formula_and_source(opened: Callable[..., Page]) -> None:
    page = opened(f"/unit-costs?{SEPTEMBER}")
    page.locator('.total [data-column="x_UnitCost"]').hover()
    words = page.get_by_role("tooltip").inner_text()
    assert "per 1M" in words
    assert "hub commit" in words
    assert "data through 2026-09-30" in words


def test_what_is_copied_is_exact_csv(opened: Callable[..., Page], hub: Path) -> None:
    page = opened(f"/unit-costs?{SEPTEMBER}&matrix_levels=9")
    page.get_by_role("button", name="Copy as CSV").click()
    page.wait_for_selector("text=Copied")
    text = page.evaluate("navigator.clipboard.readText()")
    copied = {row["SkuMeter"]: row for row in csv.DictReader(io.StringIO(text))}
    rows = pertoken.open(hub).matrix(start="2026-09", end="2026-10", currency="USD").to_dicts()
    for row in rows:
        assert row["EffectiveCost"] == Decimal(copied[row["SkuMeter"]]["EffectiveCost"])


@pytest.mark.parametrize("kind", ["CSV", "XLSX", "PNG"])
def test_what_is_seen_can_be_exported(
    opened: Callable[..., Page], tmp_path: Path, kind: str
) -> None:
    page = opened(f"/unit-costs?{SEPTEMBER}")
    with page.expect_download() as download:
        page.get_by_text(kind, exact=True).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    if kind == "CSV":
        assert "gpt 4.1 Outp regnl Tokens" in path.read_text()
    elif kind == "XLSX":
        assert load_workbook(path).active is not None
    else:
        assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light"), (2560, "dark")])
def test_no_view_overflows_or_shuts_anyone_out(
    opened: Callable[..., Page], path: str, width: int, theme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = opened(path, width=width, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if width == 2560:
        return
    page.wait_for_timeout(200)
    found = axe.Axe().run(page).response["violations"]
    assert [
        (each["id"], [node["html"][:160] for node in each["nodes"]][:3]) for each in found
    ] == []


def test_a_theme_is_chosen_and_kept(opened: Callable[..., Page]) -> None:
    page = opened("/")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("option", name="Dark").click()
    assert light != page.evaluate(paper)
    page.reload()
    page.wait_for_selector(OPENED)
    assert light != page.evaluate(paper)


def test_nothing_moves_once_it_is_shown(opened: Callable[..., Page]) -> None:
    page = opened(f"/unit-costs?{SEPTEMBER}")
    moved = page.evaluate(
        """() => new Promise(done => {
            let sum = 0;
            new PerformanceObserver(list => {
                for (const entry of list.getEntries()) sum += entry.value;
            }).observe({type: 'layout-shift', buffered: true});
            setTimeout(() => done(sum), 300);
        })"""
    )
    assert moved < 0.1


def test_the_page_asks_only_its_own_server(browser: Browser, served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served.address)
    page.wait_for_load_state("networkidle")
    context.close()
    assert asked
    assert all(url.startswith((served.address, "data:", "blob:")) for url in asked)


def test_page_to_data_is_small(browser: Browser, served: Served) -> None:
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(served.address)
    page.wait_for_selector('[data-figure="cost"]')
    page.wait_for_load_state("networkidle")
    context.close()
    assert sum(sizes) < 500_000, json.dumps(sizes)
