"""The page Statements in Chromium: steps by two people, figures that are those of the API."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any, Literal

import pytest
from serving import Served, copy_to_write, serving, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

MONTH = "2026-08"
MINUS = "\N{MINUS SIGN}"
GRANTS: dict[str, dict[str, Any]] = {
    "ana": {"role": "finance"},
    "ben": {"role": "approver"},
    "research-team": {"role": "team", "teams": ["research"]},
    "support-team": {"role": "team", "teams": ["support"]},
    "root": {"role": "admin"},
}


@pytest.fixture(scope="module")
def office(demo_hub: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over a copy of the hub of the bundled tenant, which knows everyone by a token."""
    copied = copy_to_write(demo_hub, tmp_path_factory.mktemp("sheets"))
    with serving(copied, PERTOKEN_WEB_TOKENS=tokens_of(GRANTS)) as server:
        yield server


@contextmanager
def page_of(
    browser: Browser,
    office: Served,
    name: str,
    *,
    width: int = 1280,
    theme: Literal["dark", "light"] = "light",
) -> Iterator[Page]:
    """The page as somebody has it in the browser; a fault of the page fails the test."""
    context = browser.new_context(
        base_url=office.address, locale="en-US", viewport={"width": width, "height": 900},
        color_scheme=theme, extra_http_headers={"Authorization": f"Bearer token-{name}"},
    )  # fmt: skip
    context.set_default_timeout(60_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


def rows(office: Served, name: str, path: str) -> list[dict[str, Any]]:
    with office.client(headers={"Authorization": f"Bearer token-{name}"}) as client:
        answer = client.get(f"/api/{path}")
    assert answer.status_code == 200, answer.text
    names = [each["name"] for each in answer.json()["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer.json()["rows"]]


def act(office: Served, name: str, step: str, **body: object) -> dict[str, Any]:
    with office.client(headers={"Authorization": f"Bearer token-{name}"}) as client:
        answer = client.post(f"/api/statements/{step}", json=body)
    assert answer.status_code == 200, answer.text
    names = [each["name"] for each in answer.json()["columns"]]
    return dict(zip(names, answer.json()["rows"][0], strict=True))


@pytest.fixture(scope="module")
def issued(office: Served) -> int:
    """The number of an issued statement of support."""
    number = act(office, "ana", "draft", month=MONTH, team="support")["Statement"]
    act(office, "ben", "approve", number=number)
    return int(act(office, "ben", "issue", number=number)["Statement"])


def dollars(amount: str) -> str:
    cents = Decimal(amount).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    return f"${cents:,}".replace("$-", f"{MINUS}$")


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def confirm(page: Page, button: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()


def buttons(page: Page) -> set[str]:
    return set(page.get_by_role("button").all_inner_texts())


def test_two_people_draft_approve_and_issue(browser: Browser, office: Served) -> None:
    """Each step by its own person, asked for once more; the page tells what the log has."""
    with page_of(browser, office, "ana") as page:
        page.goto("/statements?month=2026-07")
        page.get_by_text("No statement of Jul 2026").wait_for()
        press(page, "Draft")
        box = page.get_by_role("dialog")
        box.get_by_label("Month").select_option(MONTH)
        box.get_by_role("combobox", name="For").select_option("team")
        box.get_by_role("combobox", name="Team").fill("no such team")
        confirm(page, "Draft")
        refusal = box.get_by_role("alert")
        refusal.wait_for()
        assert refusal.get_by_role("paragraph").count() == 2
        assert "/api/" not in refusal.inner_text()
        assert "no such team" in refusal.inner_text()
        box.get_by_role("combobox", name="Team").fill("research")
        confirm(page, "Draft")
        page.get_by_text("Drafted one statement.").wait_for()
        page.wait_for_url("**n=*")
        number = page.url.split("n=")[1].split("&")[0]
        page.get_by_text("not approved yet").wait_for()
        assert {"Approve", "Issue", "Void"}.isdisjoint(buttons(page))
    with page_of(browser, office, "ben") as page:
        page.goto(f"/statements?n={number}")
        press(page, "Approve")
        confirm(page, "Cancel")
        assert rows(office, "ben", "statements")[-1]["State"] == "draft"
        press(page, "Approve")
        confirm(page, "Approve")
        page.get_by_text("Approved.").wait_for()
        press(page, "Issue")
        confirm(page, "Issue")
        page.get_by_text("Issued.").wait_for()
        page.get_by_text("It books its month.").wait_for()
        page.get_by_text("not issued yet").wait_for(state="detached")
        signed = page.get_by_role("region", name="Signed by").get_by_role("listitem")
        assert [each.split("\n")[:2] for each in signed.all_inner_texts()] == [
            ["Drafted", "ana"], ["Approved", "ben"], ["Issued", "ben"],
        ]  # fmt: skip
    (held,) = [each for each in rows(office, "ana", "statements") if each["Team"] == "research"]
    assert (held["State"], held["PreparedBy"], held["IssuedBy"]) == ("issued", "ana", "ben")


def test_figures_of_the_document_are_those_of_the_api(
    browser: Browser, office: Served, issued: int
) -> None:
    (head,) = [each for each in rows(office, "ana", "statements") if each["Statement"] == issued]
    lines = rows(office, "ana", f"statements/{issued}/lines")
    previous = sum(Decimal(each["PreviousCost"]) for each in lines if each["PreviousCost"])
    with page_of(browser, office, "ana") as page:
        page.goto(f"/statements?n={issued}")
        page.locator("summary", has_text="Verified").wait_for()
        figures = {
            name: page.locator(f'[data-figure="{name}"] td').inner_text()
            for name in ("cost", "total", "previous", "difference")
        }
        difference = dollars(str(Decimal(head["Cost"]) - previous))
        assert figures == {
            "cost": dollars(head["Cost"]), "total": dollars(head["Amount"]),
            "previous": dollars(str(previous)),
            "difference": difference if MINUS in difference else f"+{difference}",
        }  # fmt: skip
        total = page.locator(".grid-foot")
        assert dollars(head["Amount"]) == total.locator('[data-column="Amount"]').inner_text()
        grid = page.get_by_role("grid", name="Amounts")
        shown = grid.locator('.line [data-column="Amount"]').all_inner_texts()
        assert shown == [dollars(each["Amount"]) for each in lines]
        for view, column in (("models", "x_ModelId"), ("kinds", "x_TokenDirection")):
            page.goto(f"/statements?n={issued}&by={view}")
            page.wait_for_selector(f'.line [data-column="{column}"]')
            summary = rows(office, "ana", f"statements/{issued}/{view}")
            amounts = page.locator('.line [data-column="Amount"]').all_inner_texts()
            assert amounts == [dollars(each["Amount"]) for each in summary]
        page.locator("summary").click()
        checks = page.locator(".checks tr")
        said = rows(office, "ana", f"statements/{issued}/verification")
        assert checks.count() == len(said)
        assert all("ok" in each for each in checks.all_inner_texts())
        for kind in ("pdf", "xlsx", "csv"):
            link = page.get_by_role("link", name=f"Download {kind.upper()}")
            assert page.request.get(link.get_attribute("href") or "").ok


def test_the_statement_of_a_team_stands_beside_its_cost(
    browser: Browser, office: Served, issued: int
) -> None:
    """In the months of the period only, and as documents."""
    part = "part=support&part_currency=USD"
    with page_of(browser, office, "ana") as page:
        page.goto(f"/allocation?from={MONTH}-01&to=2026-09-01&{part}")
        own = page.get_by_role("region", name="Statements")
        link = own.get_by_role("link", name=f"Statement {issued}")
        link.wait_for()
        head = next(
            each for each in rows(office, "ana", "statements") if each["Statement"] == issued
        )
        assert dollars(head["Amount"]) in own.inner_text()
        file = own.get_by_role("link", name="Download PDF").first.get_attribute("href") or ""
        assert file == f"/api/statements/{issued}.pdf"
        assert page.request.get(file).ok
        page.goto(f"/allocation?from=2026-09-01&to=2026-10-01&{part}")
        own.get_by_text("No statement of this team was drafted").wait_for()


def test_a_team_sees_its_own_and_disputes_a_line(
    browser: Browser, office: Served, issued: int
) -> None:
    with page_of(browser, office, "support-team") as page:
        page.goto("/statements")
        page.get_by_role("grid", name="Statements").get_by_text("support").click()
        page.get_by_text(f"Statement {issued}").wait_for()
        page.wait_for_load_state("networkidle")
        offered = buttons(page)
        assert {"Approve", "Issue", "Record posting", "Void", "Draft"}.isdisjoint(offered)
        assert page.get_by_role("link", name="Download XLSX").count() == 0
        assert page.get_by_role("link", name="Journal").count() == 0
        press(page, "Dispute a line")
        page.get_by_role("dialog").get_by_label("Line").select_option("2")
        page.get_by_role("dialog").get_by_label("Reason").fill("not our gateway")
        confirm(page, "Dispute")
        page.get_by_text("The dispute is recorded.").wait_for()
        page.get_by_text("not our gateway").wait_for()
        assert {"Accept", "Reject"}.isdisjoint(buttons(page))
        assert "Withdraw" in buttons(page)
    with page_of(browser, office, "ana") as page:
        page.goto(f"/statements?n={issued}")
        press(page, "Reject")
        page.get_by_role("dialog").get_by_label("Reason").fill("it is")
        confirm(page, "Reject")
        page.get_by_text("rejected by ana").wait_for()
    assert rows(office, "ana", f"statements/{issued}/disputes")[0]["State"] == "rejected"
    with page_of(browser, office, "research-team") as page:
        page.goto(f"/statements?n={issued}")
        page.get_by_text(f"There is no statement {issued} here").wait_for()


def test_the_journal_balances_by_entity_and_currency(
    browser: Browser, office: Served, issued: int
) -> None:
    booked = rows(office, "ana", f"journal?month={MONTH}&limit=1000")
    assert issued in {each["Statement"] for each in booked}
    with page_of(browser, office, "ana") as page:
        page.goto(f"/statements?view=journal&month={MONTH}")
        page.get_by_role("grid", name="Journal").wait_for()
        places = {(each["Entity"], each["BillingCurrency"]) for each in booked}
        for entity, currency in places:
            row = page.locator(f'[data-balance="{entity} {currency}"]')
            debits = sum(
                Decimal(each["Debit"]) for each in booked
                if (each["Entity"], each["BillingCurrency"]) == (entity, currency) and each["Debit"]
            )  # fmt: skip
            assert row.inner_text().count(f"{debits:,.2f}") == 2
            assert "balanced" in row.inner_text()
        assert page.locator("[data-balance]").count() == len(places)


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1280, "light")])
def test_a_statement_and_its_acts_shut_nobody_out(
    browser: Browser, office: Served, issued: int, width: int, theme: Literal["dark", "light"]
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with page_of(browser, office, "root", width=width, theme=theme) as page:
        for path, button in (
            ("/statements", "Draft"),
            (f"/statements?n={issued}", "Void"),
            (f"/statements?view=journal&month={MONTH}", None),
        ):
            page.goto(path)
            page.wait_for_selector('[role="grid"]')
            page.wait_for_load_state("networkidle")
            for opens in (False, True):
                if opens and button:
                    press(page, button)
                    page.get_by_role("dialog").wait_for()
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
                found = axe.Axe().run(page).response["violations"]
                assert [
                    (each["id"], [node["html"][:160] for node in each["nodes"]][:3])
                    for each in found
                ] == [], path
            if button:
                page.keyboard.press("Escape")
                page.get_by_role("dialog").wait_for(state="detached")
                focus = "document.activeElement.innerText"
                assert page.evaluate(focus) == button
