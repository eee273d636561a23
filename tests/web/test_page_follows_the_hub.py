"""The page in Chromium while the hub changes: it follows a commit, and only while it is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export
from serving import Served, serving

from pertoken.api import Hub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

COME_BACK = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Served]:
    """A server over a hub of one month."""
    ingest(tmp_path, "2026-01")
    with serving(tmp_path / "hub") as server:
        yield server


def ingest(folder: Path, month: str) -> None:
    rows = [charge(month=month, day=day) for day in range(1, 4)]
    write_export(folder / f"exports-{month}", rows, month=month)
    Hub(folder / "hub").ingest(folder / f"exports-{month}")


def test_a_new_commit_is_shown_without_a_reload(
    browser: Browser, small: Served, tmp_path: Path
) -> None:
    """What was searched for, and where the focus is, stay; nothing is emptied meanwhile."""
    page = browser.new_page(locale="en-US")
    page.goto(f"{small.address}/data?view=periods&periods_q=2026")
    table = page.get_by_role("grid", name="Months")
    table.get_by_text("2026-01").first.wait_for()
    page.wait_for_load_state("networkidle")
    search = page.get_by_role("searchbox", name="Search the table")
    search.focus()
    page.evaluate(
        "window.emptied = 0; new MutationObserver(() => {"
        " window.emptied += document.querySelectorAll('.waiting').length ? 1 : 0; })"
        ".observe(document.getElementById('content'), { childList: true, subtree: true })"
    )
    ingest(tmp_path, "2026-02")
    page.evaluate(COME_BACK)
    table.get_by_text("2026-02").first.wait_for()
    assert page.evaluate("window.emptied") == 0
    assert search.evaluate("element => element === document.activeElement")
    assert "periods_q=2026" in page.url
    page.close()


def test_a_page_that_nobody_sees_asks_nothing(browser: Browser, small: Served) -> None:
    page = browser.new_page(locale="en-US")
    page.add_init_script(
        "window.away = true;"
        "Object.defineProperty(Document.prototype, 'hidden', { get: () => window.away })"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{small.address}/data?view=periods")
    page.get_by_role("grid", name="Months").wait_for()
    page.evaluate(COME_BACK)
    page.wait_for_load_state("networkidle")
    assert not any(url.endswith("/api/writing") for url in asked)
    page.evaluate("window.away = false")
    with page.expect_response("**/api/writing"):
        page.evaluate(COME_BACK)
    page.close()
