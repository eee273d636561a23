"""Rules and the claim in Chromium: previewed, saved, refused where others changed them, kept."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import pytest
from serving import Served, copy_to_write, serving, tokens_of

import pertoken
from pertoken.allocation import default_rules_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

RULE = '\n[[rule]]\ndimension = "Team"\nvalue = "{team}"\nwhen = {{ SkuMeter = "*" }}\n'
GRANTS: dict[str, dict[str, Any]] = {"ana": {"role": "finance"}, "root": {"role": "admin"}}
AUGUST = "from=2026-08&to=2026-09&currency=USD"


@pytest.fixture(scope="module")
def own_hub(demo_hub: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the hub of the bundled tenant, to write to."""
    return copy_to_write(demo_hub, tmp_path_factory.mktemp("page-rules"))


@pytest.fixture(scope="module")
def office(own_hub: Path) -> Iterator[Served]:
    """A server that knows everyone by a token."""
    with serving(own_hub, PERTOKEN_WEB_TOKENS=tokens_of(GRANTS)) as server:
        yield server


@pytest.fixture
def opened(browser: Browser, office: Served) -> Iterator[Callable[..., Page]]:
    """Open an address as somebody; errors of the page fail the test."""
    contexts, faults = [], []

    def open_page(
        path: str, name: str = "root", *, width: int = 1280, server: Served = office
    ) -> Page:
        headers = {"Authorization": f"Bearer token-{name}"} if server is office else {}
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="en-US", accept_downloads=True,
            extra_http_headers=headers,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(server.address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def test_rules_are_previewed_and_saved_in_the_name_of_who_signed_in(
    opened: Callable[..., Page], own_hub: Path
) -> None:
    page = opened("/allocation?view=rules")
    box = page.get_by_label("Rules (TOML)")
    save = page.get_by_role("button", name="Save", exact=True)
    assert save.is_disabled()
    page.get_by_text("No rules were saved yet").wait_for()
    box.fill("[[rule]]")
    page.get_by_text("Show first what would move").wait_for()
    page.get_by_role("button", name="Show what would move").click()
    page.get_by_role("alert").wait_for()
    assert "cannot be used" in page.get_by_role("alert").inner_text()
    assert "/api/" not in page.get_by_role("alert").inner_text()
    assert save.is_disabled()
    box.fill(default_rules_text() + RULE.format(team="tools"))
    page.get_by_role("button", name="Show what would move").click()
    moves = page.get_by_role("grid", name="What would move")
    moves.wait_for()
    assert "tools" in moves.inner_text()
    assert not (own_hub / "rules").exists()
    save.click()
    dialog = page.get_by_role("dialog", name="Make these rules count")
    assert "in the name of root" in dialog.inner_text()
    dialog.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved: these rules count now.").wait_for()
    [row] = pertoken.open(own_hub).saved_rules().to_dicts()
    assert row["SavedBy"] == "root"
    page.get_by_role("grid", name="Saved rules").wait_for()
    assert str(row["Rules"]) in page.get_by_role("grid", name="Saved rules").inner_text()
    assert str(row["Rules"]) in page.get_by_text("Begun from").inner_text()


def test_rules_that_somebody_else_saved_meanwhile_are_not_saved_over(
    opened: Callable[..., Page], own_hub: Path, tmp_path: Path
) -> None:
    """The refusal is in words, and one's own text is kept."""
    page = opened("/allocation?view=rules")
    own = default_rules_text() + RULE.format(team="mine")
    page.get_by_label("Rules (TOML)").fill(own)
    page.get_by_role("button", name="Show what would move").click()
    page.get_by_role("grid", name="What would move").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    file = tmp_path / "theirs.toml"
    file.write_text(default_rules_text() + RULE.format(team="theirs"), "utf-8")
    name = pertoken.open(own_hub).save_rules(file, "kim").name
    dialog = page.get_by_role("dialog", name="Make these rules count")
    dialog.get_by_role("button", name="Save", exact=True).click()
    refused = dialog.get_by_role("alert")
    refused.wait_for()
    assert f"Other rules count by now: {name}" in refused.inner_text()
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_text(f"Other rules count by now: {name}").wait_for()
    assert page.get_by_label("Rules (TOML)").input_value() == own
    assert page.get_by_role("button", name="Save", exact=True).is_disabled()
    page.get_by_role("button", name="Show what would move").click()
    page.get_by_role("grid", name="What would move").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    dialog.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved: these rules count now.").wait_for()
    saved = pertoken.open(own_hub).saved_rules().to_dicts()
    assert [row["SavedBy"] for row in saved[:2]] == ["root", "kim"]


def test_finance_previews_and_does_not_save(opened: Callable[..., Page]) -> None:
    page = opened("/allocation?view=rules", "ana")
    page.get_by_text("Saving is for the role admin").wait_for()
    assert page.get_by_role("button", name="Save", exact=True).count() == 0
    assert page.get_by_role("button", name="Show what would move").is_visible()


def test_the_page_follows_what_somebody_else_saves(
    opened: Callable[..., Page], own_hub: Path, tmp_path: Path
) -> None:
    """Coming back to the window is enough; what was chosen and opened stays."""
    page = opened(f"/allocation?{AUGUST}&by=Team,x_ModelId&allocation_q=follow")
    page.get_by_text("No row matches the search").wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate("window.stays = true")
    file = tmp_path / "followed.toml"
    file.write_text(default_rules_text() + RULE.format(team="followed"), "utf-8")
    pertoken.open(own_hub).save_rules(file, "kim")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.locator('[role="rowheader"]:has-text("followed")').first.wait_for()
    assert "allocation_q=follow" in page.url
    assert page.evaluate("window.stays")


def test_the_claim_of_the_shown_period_is_downloaded(
    opened: Callable[..., Page], served: Served, hub: Path, tmp_path: Path
) -> None:
    page = opened(f"/audit?{AUGUST}", server=served)
    claim = pertoken.open(hub).claim(
        tmp_path / "claim", start="2026-08", end="2026-09", claimant="Northwind AG"
    )
    cost = claim.totals()["USD"].quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    shown = page.locator('[data-figure="claim-USD"]')
    shown.wait_for()
    assert shown.inner_text() == f"${cost:,}"
    section = page.get_by_role("region", name="Claim", exact=True)
    assert f"in {len(claim.lines)} lines" in section.inner_text()
    section.get_by_label("Who claims").fill("Northwind AG")
    for name, file in (
        ("Claim, CSV", "claim.csv"), ("Claim, PDF", "claim.pdf"),
        ("Not claimed, CSV", "not-claimed.csv"),
    ):  # fmt: skip
        with page.expect_download() as kept:
            section.get_by_role("link", name=name).click()
        assert kept.value.path().read_bytes() == (tmp_path / "claim" / file).read_bytes()
    page.goto(page.url.replace("2026-08", "2026-06").replace("2026-09", "2026-07"))
    page.get_by_text("Nothing can be claimed of this period").wait_for()


@pytest.mark.parametrize("width", [360, 1280])
def test_rules_fit_and_are_open_to_everyone(opened: Callable[..., Page], width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened("/allocation?view=rules", width=width)
    page.get_by_label("Rules (TOML)").fill(default_rules_text() + RULE.format(team="axe"))
    page.get_by_role("button", name="Show what would move").click()
    page.get_by_role("grid", name="What would move").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("dialog").wait_for()
    for _ in range(2):
        found = axe.run(page)
        wrong = {
            each["id"]: each["nodes"][0]["html"][:200] for each in found.response["violations"]
        }
        assert wrong == {}
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.keyboard.press("Escape")
