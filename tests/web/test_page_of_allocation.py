"""Allocation, Audit and Business units in Chromium: the command line's numbers, and states."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import pytest
from serving import serving

import pertoken
from pertoken.cli.ingestion import demo_exports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from serving import Served

pytestmark = pytest.mark.browser

PERIOD = "from=2026-09&to=2026-10&currency=USD"
MONTH = {"start": "2026-09", "end": "2026-10", "currency": "USD"}
VIEWS = (
    f"/allocation?{PERIOD}", f"/allocation?{PERIOD}&view=teams", f"/allocation?{PERIOD}&view=tags",
    f"/allocation?{PERIOD}&view=rules", f"/audit?{PERIOD}", "/units?metric=conversations",
    f"/allocation?{PERIOD}&part=research&part_currency=USD",
)  # fmt: skip
OPENED = '[role="grid"], [role="treegrid"], .state, textarea'
TOKEN = "token-of-research"  # noqa: S105 - made for this test


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open an address in a context of its own; errors of the page fail the test."""
    contexts, faults = [], []

    def open_page(
        address: str, *, width: int = 1280, theme: str = "light", token: str = ""
    ) -> Page:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, locale="en-US",
            extra_http_headers=headers, accept_downloads=True,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        page.wait_for_selector(OPENED)
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def dollars(amount: Decimal) -> str:
    return f"${amount.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,}"


def cell(page: Page, row: str, column: str) -> str:
    found = page.locator(f'[role="row"]:has([role="rowheader"]:has-text("{row}"))').first
    return found.locator(f'[data-column="{column}"]').inner_text().strip()


def test_teams_and_reasons_cost_what_the_command_says(
    opened: Callable[..., Page], served: Served, hub: Path
) -> None:
    page = opened(f"{served.address}/allocation?{PERIOD}")
    teams: dict[str, Decimal] = defaultdict(Decimal)
    reasons: dict[str, Decimal] = defaultdict(Decimal)
    for row in pertoken.open(hub).attribute(["Team"], **MONTH).to_dicts():
        teams[str(row["Team"])] += row["EffectiveCost"]
        if row["ResidualReason"]:
            reasons[str(row["ResidualReason"])] += row["EffectiveCost"]
    for team, cost in teams.items():
        assert dollars(cost) == cell(page, team, "EffectiveCost")
    for reason, cost in reasons.items():
        assert dollars(cost) in page.locator(f'[data-reason="{reason}"]').inner_text()
    whole = sum(teams.values())
    assert dollars(whole) == cell(page, "Total USD", "EffectiveCost")
    attributed = (whole - teams["Unattributed"]) / whole
    shown = page.locator('[data-figure="attributed-USD"] .value').inner_text()
    assert shown == f"{attributed * 100:.1f}%"


def test_a_line_leads_to_its_meters_and_a_meter_to_its_charges(
    opened: Callable[..., Page], served: Served, hub: Path
) -> None:
    page = opened(f"{served.address}/allocation?{PERIOD}")
    page.locator('[data-reason="BypassedGateway"]').click()
    panel = page.get_by_role("dialog")
    panel.locator('[role="row"]:has-text("Tokens")').first.wait_for()
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for row in pertoken.open(hub).attribute(["Team", "SkuMeter"], **MONTH).to_dicts():
        if row["ResidualReason"] == "BypassedGateway":
            expected[str(row["SkuMeter"])] += row["EffectiveCost"]
    meters = panel.get_by_role("grid", name="By meter")
    for meter, cost in expected.items():
        found = meters.locator(f'[role="row"]:has([role="rowheader"]:has-text("{meter}"))').first
        assert found.locator('[data-column="EffectiveCost"]').inner_text().strip() == dollars(cost)
    meters.locator('[data-column="EffectiveCost"]').nth(1).click()
    page.locator("[data-sum]").wait_for()
    assert "charges=SkuMeter" in page.url


def test_the_audit_s_sums_are_those_of_its_gaps(
    opened: Callable[..., Page], served: Served, hub: Path
) -> None:
    page = opened(f"{served.address}/audit?{PERIOD}")
    gaps = pertoken.open(hub).reconcile(start="2026-09", end="2026-10").to_dicts()
    own = [row for row in gaps if row["BillingCurrency"] == "USD"]
    bypassed = [row for row in own if row["ReasonCode"] == "BypassedGateway"]
    assert dollars(sum(row["GapCost"] for row in bypassed)) == cell(
        page, "BypassedGateway", "GapCost"
    )
    assert f"{sum(row['GapTokens'] for row in bypassed):,}" == cell(
        page, "BypassedGateway", "GapTokens"
    )
    page.locator('[role="row"]:has-text("NoTelemetry") [data-column="ReasonCode"]').first.click()
    page.wait_for_load_state("networkidle")
    assert "reason=NoTelemetry" in page.url
    assert page.get_by_role("heading", name="NoTelemetry").is_visible()


def test_shared_reservations_are_pooled_on_demand(
    opened: Callable[..., Page], served: Served
) -> None:
    page = opened(f"{served.address}/allocation?{PERIOD}")
    billed = cell(page, "Total USD", "EffectiveCost")
    page.get_by_role("button", name="Shared reservations").click()
    with page.expect_response(lambda answer: "reservations=pooled" in answer.url) as asked:
        page.get_by_role("option", name="at a pooled rate").click()
    assert asked.value.ok
    assert "reservations=pooled" in page.url
    assert cell(page, "Total USD", "EffectiveCost") == billed


def test_a_unit_costs_what_the_command_says(
    opened: Callable[..., Page], served: Served, hub: Path
) -> None:
    page = opened(f"{served.address}/units?metric=conversations&by=BillingMonth&currency=USD")
    rows = pertoken.open(hub).units("conversations", ["BillingMonth"], currency="USD").to_dicts()
    assert len(rows) == 9
    for row in rows:
        assert dollars(row["EffectiveCost"]) == cell(
            page, str(row["BillingMonth"]), "EffectiveCost"
        )
    outside = page.locator('[data-figure="UnattributedShare"] .value').inner_text()
    assert outside == f"{rows[-1]['UnattributedShare'] * 100:.1f}%"


def test_the_overview_says_how_much_is_attributed(
    opened: Callable[..., Page], served: Served, hub: Path
) -> None:
    page = opened(f"{served.address}/?{PERIOD}")
    [kpi] = [
        row for row in pertoken.open(hub).kpis().to_dicts()
        if row["Team"] == "All" and row["BillingMonth"] == "2026-09"
        and row["BillingCurrency"] == "USD"
    ]  # fmt: skip
    shown = page.locator('[data-kpis="USD"]').inner_text()
    assert f"{kpi['AttributedShare'] * 100:.1f}%" in shown
    page.get_by_role("link", name="Who caused it").click()
    page.wait_for_selector('[role="treegrid"]')
    assert "/allocation?from=2026-09&to=2026-10&currency=USD" in page.url


def test_a_hub_without_telemetry_and_metrics_says_what_to_give(
    opened: Callable[..., Page], tmp_path: Path
) -> None:
    hub = tmp_path / "hub"
    pertoken.open(hub).ingest(demo_exports() / "costexports" / "focus-mca-v12")
    with serving(hub) as server:
        page = opened(f"{server.address}/audit")
        assert "no telemetry" in page.locator(".state").inner_text()
        page = opened(f"{server.address}/units")
        assert "pertoken ingest metrics.csv" in page.locator(".state").inner_text()


def test_a_person_with_attributed_teams_sees_their_rows(
    opened: Callable[..., Page], hub: Path
) -> None:
    rule = {"name": "research", "role": "team", "teams": ["research"],
            "sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}  # fmt: skip
    with serving(hub, PERTOKEN_WEB_TOKENS=json.dumps([rule])) as server:
        page = opened(f"{server.address}/allocation?from=2026-09&to=2026-10", token=TOKEN)
        cost = sum(
            row["EffectiveCost"]
            for row in pertoken.open(hub).attribute(["Team"], **MONTH).to_dicts()
            if row["Team"] == "research"
        )
        assert cell(page, "research", "EffectiveCost") == dollars(cost)
        words = page.locator("body").inner_text()
        for hidden in ("Unattributed", "support", "Rules", "Evidence"):
            assert hidden not in words
        page = opened(f"{server.address}/allocation?view=teams", token=TOKEN)
        words = page.locator("main").inner_text()
        assert "ShareOfCost" not in words
        assert "devx" not in words
        page = opened(server.address, token=TOKEN)
        page.get_by_role("link", name="Who caused it").click()
        page.wait_for_selector('[role="treegrid"]')
        page = opened(f"{server.address}/audit?from=2026-09", token=TOKEN)
        assert "whole bill" in page.locator(".state").inner_text()


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (1280, "dark"), (2560, "light")])
def test_every_view_fits_and_is_open_to_everyone(
    opened: Callable[..., Page], served: Served, width: int, theme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for path in VIEWS:
        page = opened(f"{served.address}{path}", width=width, theme=theme)
        found = axe.run(page)
        wrong = {
            each["id"]: each["nodes"][0]["html"][:200] for each in found.response["violations"]
        }
        assert wrong == {}, path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        words = page.locator("body").inner_text()
        assert "undefined" not in words
        assert "NaN" not in words
        page.context.close()
