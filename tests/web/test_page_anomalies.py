"""The page Anomalies in Chromium, and its act: findings of the API, and feedback that is kept."""

from __future__ import annotations

import json
from contextlib import contextmanager
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

import pytest
from guarding import OWN, TEAM, holds, words_of_others
from serving import Served, copy_to_write, serving, tokens_of

import pertoken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

HEADER = {"X-Pertoken-Act": "1"}
GRANTS: dict[str, dict[str, Any]] = {
    "ana": {"role": "finance"},
    "ben": {"role": "approver"},
    "tess": {"role": "team", "tags": TEAM},
}


@pytest.fixture(scope="module")
def own_hub(demo_hub: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the hub of the bundled tenant, to write to."""
    return copy_to_write(demo_hub, tmp_path_factory.mktemp("anomalies"))


@pytest.fixture(scope="module")
def office(own_hub: Path) -> Iterator[Served]:
    """A server that knows everyone by a token."""
    with serving(own_hub, PERTOKEN_WEB_TOKENS=tokens_of(GRANTS)) as server:
        yield server


@contextmanager
def page_of(browser: Browser, server: Served, name: str | None = None) -> Iterator[Page]:
    """A page of somebody, or of who runs the server; errors of its scripts fail the test."""
    headers = {"Authorization": f"Bearer token-{name}"} if name else {}
    context = browser.new_context(
        base_url=server.address, locale="en-US", extra_http_headers=headers
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert faults == []


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    with page_of(browser, served) as made:
        yield made


def findings(hub: Path, **asked: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as the API takes it
    return pertoken.open(hub).anomalies(**asked).to_dicts()


def money(amount: Decimal, sign: str = "$") -> str:
    rounded = abs(amount).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    return f"{'−' if amount < 0 else ''}{sign}{rounded:,}"  # noqa: RUF001 - as it is shown


def dearest(hub: Path) -> dict[str, Any]:
    """The dollar finding with the highest extra cost."""
    return max(findings(hub, currency="USD"), key=lambda row: row["ExtraCost"])


@pytest.mark.browser
def test_findings_are_those_of_the_command_the_dearest_first(page: Page, hub: Path) -> None:
    page.goto("/anomalies?currency=USD")
    page.wait_for_selector('[role="grid"]')
    rows = sorted(findings(hub, currency="USD"), key=lambda row: -row["ExtraCost"])
    extra = page.locator('.line [data-column="ExtraCost"]').all_inner_texts()
    assert [each.strip().lstrip("+") for each in extra] == [money(row["ExtraCost"]) for row in rows]


@pytest.mark.browser
def test_kind_and_state_narrow_the_list_by_the_address(page: Page, hub: Path) -> None:
    page.goto("/anomalies?kind=price+change")
    page.wait_for_selector('[role="grid"]')
    kinds = page.locator('.line [role="rowheader"]').all_inner_texts()
    expected = [row for row in findings(hub) if row["Kind"] == "price change"]
    assert len(kinds) == len(expected) > 0
    assert {each.strip() for each in kinds} == {"price change"}
    page.goto("/anomalies?state=expected")
    page.get_by_text("No finding matches").wait_for()


@pytest.mark.browser
def test_a_finding_is_explained_and_leads_to_its_charges(page: Page, hub: Path) -> None:
    finding = dearest(hub)
    page.goto("/anomalies?currency=USD")
    page.locator('.line [role="rowheader"]').first.click()
    page.wait_for_url(f"**/anomalies?currency=USD&finding={finding['Id']}")
    panel = page.get_by_role("dialog")
    assert finding["Explanation"] in panel.inner_text()
    assert money(finding["ActualCost"]) in panel.locator('[data-fact="ActualCost"]').inner_text()
    panel.locator("figure canvas").first.wait_for()
    panel.get_by_role("button", name="Show the charges").click()
    page.wait_for_selector("[data-sum]")
    assert money(finding["ActualCost"]) in page.locator("[data-sum]").inner_text()
    page.keyboard.press("Escape")
    page.locator(f'[data-finding="{finding["Id"]}"]').wait_for()
    page.keyboard.press("Escape")
    page.locator("[data-finding]").wait_for(state="detached")
    assert "finding=" not in page.url


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light")])
def test_a_finding_shuts_nobody_out(
    browser: Browser,
    served: Served,
    hub: Path,
    width: int,
    theme: Any,  # noqa: ANN401
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(
        base_url=served.address, viewport={"width": width, "height": 900}, color_scheme=theme,
        locale="en-US",
    )  # fmt: skip
    page = context.new_page()
    page.goto(f"/anomalies?finding={dearest(hub)['Id']}")
    page.locator("[data-finding] canvas").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    body = page.locator(".panel-body")
    assert body.evaluate("each => each.scrollWidth <= each.clientWidth")
    found = axe.Axe().run(page).response["violations"]
    context.close()
    assert [(each["id"], each["nodes"][0]["html"][:160]) for each in found] == []


@pytest.mark.browser
def test_the_overview_leads_to_the_dearest_and_says_the_month_s_end(page: Page, hub: Path) -> None:
    page.goto("/?from=2026-09&to=2026-10&currency=USD")
    finding = dearest(hub)
    first = page.locator('[data-block="anomalies"] li').first
    assert money(finding["ExtraCost"]) in first.inner_text()
    (end,) = pertoken.open(hub).month_end(currency="USD").to_dicts()
    month_end = page.locator('[data-block="month-end"] .value')
    month_end.wait_for()
    assert money(end["EffectiveCost"]) == month_end.inner_text()
    first.get_by_role("link").click()
    page.locator(f'[data-finding="{finding["Id"]}"]').wait_for()


@pytest.mark.browser
def test_a_finding_that_is_not_there_is_answered_in_words(page: Page) -> None:
    page.goto("/anomalies?finding=none-such")
    page.get_by_text("There is no such finding").wait_for()


@pytest.mark.browser
def test_what_somebody_says_is_kept_and_shown_after_a_reload(
    browser: Browser, office: Served, own_hub: Path
) -> None:
    finding = dearest(own_hub)
    with page_of(browser, office, "ana") as page:
        page.goto(f"/anomalies?finding={finding['Id']}")
        form = page.get_by_role("form", name="Was it expected?")
        form.get_by_role("button", name="Expected", exact=True).click()
        form.get_by_text("Give a reason first").wait_for()
        form.get_by_label("Reason").fill("load test of the agents")
        form.get_by_role("button", name="Mute").click()
        form.get_by_text("Give the last day").wait_for()
        form.get_by_role("button", name="Expected", exact=True).click()
        said = page.locator('[data-said="expected"]')
        said.wait_for()
        page.reload()
        said.wait_for()
        assert said.inner_text() == "Expected, says ana: load test of the agents"
        assert "Expected" in page.locator('[data-fact="State"]').inner_text()
        form.get_by_label("Reason").fill("until the contract ends")
        form.get_by_label("Mute through").fill("2027-01-31")
        form.get_by_role("button", name="Mute", exact=True).click()
        page.get_by_text("Muted through 2027-01-31, says ana: until the contract ends").wait_for()
    (kept,) = [row for row in findings(own_hub) if row["Id"] == finding["Id"]]
    assert (kept["Mark"], kept["MarkedBy"], kept["MarkNote"]) == (
        "muted", "ana", "until the contract ends",
    )  # fmt: skip
    assert str(kept["MarkedUntil"]) == "2027-01-31"
    assert kept["ExtraCost"] == finding["ExtraCost"]


@pytest.mark.browser
def test_a_team_sees_its_own_findings_and_says_nothing_of_them(
    browser: Browser, office: Served, own_hub: Path
) -> None:
    others = words_of_others(own_hub)
    own = {row["x_ModelId"] for row in pertoken.open(own_hub).matrix(["x_ModelId"], where=[OWN])
           .to_dicts()}  # fmt: skip
    with page_of(browser, office, "tess") as page:
        page.goto("/anomalies?notices=true")
        page.wait_for_selector('[role="grid"], .state')
        words = page.locator("main").inner_text()
        rows = page.locator('.line [role="rowheader"]')
        assert {word for word in others if holds(words, word)} == set()
        if rows.count():
            rows.first.click()
            panel = page.get_by_role("dialog")
            panel.locator("[data-finding]").wait_for()
            shown = panel.locator('[data-fact="x_ModelId"] dd')
            assert shown.count() == 0 or shown.inner_text() in own
            assert page.get_by_role("form", name="Was it expected?").count() == 0
        foreign = dearest(own_hub)
        page.goto(f"/anomalies?finding={foreign['Id']}")
        page.get_by_text("There is no such finding").wait_for()


@pytest.mark.parametrize("name", ["tess", "ben"])
def test_only_finance_and_admin_say_what_was_expected(
    office: Served, own_hub: Path, name: str
) -> None:
    body = {"id": dearest(own_hub)["Id"], "mark": "expected", "reason": "ours"}
    with office.client(headers={"Authorization": f"Bearer token-{name}"}) as client:
        answer = client.post("/api/anomalies/mark", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "none"}, "There is no finding 'none'"),
        ({"mark": "muted"}, "muted for ever"),
        ({"mark": "muted", "until": "2020-01-01"}, "after 2020-01-01"),
        ({"mark": "perhaps"}, "mark"),
        ({"reason": ""}, "reason"),
        ({"by": "somebody else"}, "by"),
    ],
)
def test_a_wrong_mark_is_answered_in_words(
    office: Served, own_hub: Path, change: dict[str, str], words: str
) -> None:
    body = {"id": dearest(own_hub)["Id"], "mark": "unexpected", "reason": "a trial", **change}
    with office.client(headers={"Authorization": "Bearer token-ana"}) as client:
        answer = client.post("/api/anomalies/mark", json=body)
    assert answer.status_code == 400
    assert words in json.dumps(answer.json()["errors"])


def test_an_act_answers_with_the_finding_as_it_is_told_from_then_on(
    office: Served, own_hub: Path
) -> None:
    body = {"id": dearest(own_hub)["Id"], "mark": "unexpected", "reason": "a loop"}
    with office.client(headers={"Authorization": "Bearer token-ana"}) as client:
        answer = client.post("/api/anomalies/mark", json=body).json()
        rows = client.get("/api/anomalies").json()
    names = [each["name"] for each in answer["columns"]]
    (row,) = [dict(zip(names, each, strict=True)) for each in answer["rows"]]
    assert (row["Mark"], row["MarkedBy"], row["Muted"]) == ("unexpected", "ana", None)
    assert answer["rows"][0] in rows["rows"]
    assert answer["commit"] == rows["commit"]
