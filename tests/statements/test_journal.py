"""The journal: debits equal credits by entity and currency; what has no place is in suspense."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statement_hubs import issued

from pertoken.errors import ConfigError, SourceError
from pertoken.statements import Accounts, Posting, journal_table, parse_rate_card

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.api import Hub

ACCOUNTS = Accounts("CLEARING", "SUSPENSE", str.isdigit)
TEXTS = st.sampled_from([None, "", "1100", "x"])
POSTINGS = st.builds(
    Posting,
    st.sampled_from(["USD", "EUR"]), st.sampled_from(["search", "Unattributed"]), TEXTS, TEXTS,
    TEXTS, st.decimals(-1000, 1000, places=2), st.sampled_from([None, 1, 2]),
)  # fmt: skip


def _balances(rows: list[dict[str, Any]]) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["Entity"], row["BillingCurrency"]] += (row["Debit"] or 0) - (row["Credit"] or 0)
    return sums


@given(postings=st.lists(POSTINGS, max_size=12))
def test_debits_equal_credits_and_the_clearing_is_the_whole(postings: list[Posting]) -> None:
    rows = journal_table("2026-08", postings, ACCOUNTS).to_dicts()
    assert set(_balances(rows).values()) <= {Decimal(0)}
    cleared = sum(
        (row["Credit"] or 0) - (row["Debit"] or 0)
        for row in rows
        if row["LedgerAccount"] == "CLEARING"
    )
    assert cleared == sum(posting.amount for posting in postings)


def test_a_booked_month_is_the_lines_of_its_statements_and_the_rest_provisional(hub: Hub) -> None:
    number = issued(hub, "2026-01", team="search")
    rows = hub.statements.journal("2026-01").to_dicts()
    assert set(_balances(rows).values()) == {Decimal(0)}
    debits = {row["Team"]: row for row in rows if row["Team"]}
    booked = debits["search"]
    assert (booked["Statement"], booked["Status"], booked["CostCenter"], booked["Entity"]) == (
        number, "booked", "1100", "NW-US",
    )  # fmt: skip
    assert (debits["support"]["Status"], debits["support"]["LedgerAccount"]) == (
        "provisional", "SUSPENSE",
    )  # fmt: skip
    assert debits["support"]["SuspenseReason"] == "invalid CostCenter 'not a number'"
    assert debits["Unattributed"]["SuspenseReason"] == "Unattributed"
    bill = hub.statements.draft("2026-01", by="Ana").to_dicts()[0]["Amount"]
    assert sum(row["Debit"] for row in rows if row["Debit"]) == bill


def test_the_journal_of_another_day_books_the_organisation_of_that_day(hub: Hub) -> None:
    issued(hub, "2026-01", team="search")
    rows = hub.statements.journal("2026-01", as_of="2026-02-01").to_dicts()
    assert {row["CostCenter"] for row in rows if row["Team"] == "search"} == {"1200"}
    assert set(_balances(rows).values()) == {Decimal(0)}


def test_one_name_for_both_accounts_and_a_month_without_cost_are_refused(hub: Hub) -> None:
    with pytest.raises(ConfigError, match="clearing and suspense are both"):
        hub.statements.journal("2026-01", clearing_account="X", suspense_account="x")
    with pytest.raises(ConfigError, match="no AI cost of 2025-01"):
        hub.statements.journal("2025-01")


CARD = "x_ModelId,x_TokenDirection,BillingCurrency,PricePerMillionTokens,From,To\n"


def test_a_rate_card_stands_beside_the_cost(hub: Hub, tmp_path: Path) -> None:
    """1,000,000 input tokens of search at 3.00 cost 2.50: 0.50 over; output has no price."""
    path = tmp_path / "card.csv"
    path.write_text(
        CARD + "gpt-4o,Input,USD,4.00,,2026-01-01\ngpt-4o,Input,USD,3.00,2026-01-01,\n", "utf-8"
    )
    hub.statements.draft("2026-01", by="Ana", team="search", rate_card=path)
    rows = hub.statements.show(1).to_dicts()
    cards = {row["x_TokenDirection"]: (row["RateCardCost"], row["OverRecovery"])
             for row in rows if row["Kind"] == "cost"}  # fmt: skip
    assert cards == {"Input": (Decimal(3), Decimal("0.5")), "Output": (None, None)}
    assert hub.statements.verify(1).findings == ()


@pytest.mark.parametrize(
    ("rows", "words"),
    [("gpt-4o,Inputt,USD,1,,\n", "row 2, column x_TokenDirection: 'Inputt'"),
     ("gpt-4o,Input,USD,-1,,\n", "column PricePerMillionTokens: '-1' is no price"),
     ("gpt-4o,Input,XXZ,1,,\n", "no currency of ISO 4217"),
     ("gpt-4o,Input,USD,1,2026-13-01,\n", "column From: '2026-13-01' is no day"),
     ("gpt-4o,Input,USD,1,,\nGPT-4o,Input,USD,2,2026-01-01,\n", "two prices in USD for one day"),
     ("", "holds no price")],
)  # fmt: skip
def test_a_rate_card_that_cannot_be_read_is_refused(rows: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        parse_rate_card(CARD + rows, "card.csv")
