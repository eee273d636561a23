"""The journal of a month: balanced double entry by entity and currency, made of statement lines.

Debit the account and cost centre of who caused a cost, credit the clearing account to which the
invoice was booked, in the same entity. What has no cost centre, entity or account that holds goes
to suspense, with the reason. Amounts are whole minor units, so debits equal credits exactly.

Source: docs/statements.md, "The journal".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pertoken.allocation import UNATTRIBUTED
from pertoken.reports import Column, Table
from pertoken.reports.numbers import EXACT
from pertoken.statements.figures import ZERO, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from decimal import Decimal

JOURNAL_COLUMNS = {
    "BillingMonth": "date", "Entity": "text", "BillingCurrency": "text", "JournalLine": "count",
    "LedgerAccount": "text", "CostCenter": "text", "Team": "text", "Debit": "money",
    "Credit": "money", "Description": "text", "Statement": "count", "Status": "text",
    "SuspenseReason": "text",
}  # fmt: skip
UNASSIGNED = "Unassigned"
"""What Entity reads where nobody says whose cost it is: entries balance there too."""

BOOKED, PROVISIONAL = "booked", "provisional"


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of the journal, and which cost centres hold; `is_cost_center` judges a text."""

    clearing: str
    suspense: str
    is_cost_center: Callable[[str], bool]


class Posting(NamedTuple):
    """An amount to be booked: whose it is, what of, and the statement that books it, if any."""

    currency: str
    team: str
    cost_center: str | None
    entity: str | None
    ledger_account: str | None
    amount: Decimal
    statement: int | None
    corrects_month: str | None = None


class _Place(NamedTuple):
    entity: str
    currency: str
    account: str
    cost_center: str | None
    team: str
    statement: int | None
    corrects_month: str | None
    reason: str | None


def journal_table(month: str, postings: Iterable[Posting], accounts: Accounts) -> Table:
    """The journal of a month.

    Takes:   the amounts of the lines of every statement or figure that counts.
    Gives:   JOURNAL_COLUMNS; per entity and currency the debits, then the credit of clearing; an
             amount below zero stands on the other side. Status is provisional where no issued
             statement books it.
    Keeps:   debits = credits per entity and currency, and their sum is that of the amounts.
    """
    sums: dict[_Place, Decimal] = defaultdict(lambda: ZERO)
    for posting in postings:
        place = _place(posting, accounts)
        sums[place] = EXACT.add(sums[place], posting.amount)
    rows: list[tuple[object, ...]] = []
    for entity, currency in sorted({(place.entity, place.currency) for place in sums}):
        held = {
            place: amount
            for place, amount in sums.items()
            if (place.entity, place.currency) == (entity, currency) and amount
        }
        rows += _entries(month, entity, currency, held, accounts)
    columns = tuple(Column(*each) for each in JOURNAL_COLUMNS.items())
    return Table("journal", columns, tuple(rows))


def _place(posting: Posting, accounts: Accounts) -> _Place:
    reason = _suspense_reason(posting, accounts)
    entity = posting.entity or UNASSIGNED
    return _Place(
        entity, posting.currency, accounts.suspense if reason else str(posting.ledger_account),
        None if reason else posting.cost_center, posting.team, posting.statement,
        posting.corrects_month, reason,
    )  # fmt: skip


def _suspense_reason(posting: Posting, accounts: Accounts) -> str | None:
    """Why an amount cannot be booked where it belongs; None where it can."""
    if posting.team == UNATTRIBUTED:
        return UNATTRIBUTED
    missing = [
        name
        for name, value in (
            ("CostCenter", posting.cost_center),
            ("Entity", posting.entity),
            ("LedgerAccount", posting.ledger_account),
        )
        if not value
    ]
    if missing:
        return f"no {', '.join(missing)}"
    if not accounts.is_cost_center(str(posting.cost_center)):
        return f"invalid CostCenter '{posting.cost_center}'"
    return None


def _entries(
    month: str, entity: str, currency: str, held: dict[_Place, Decimal], accounts: Accounts
) -> list[tuple[object, ...]]:
    """The debits of an entity and currency, and the credits that balance them."""
    rows: list[tuple[object, ...]] = []
    ordered = sorted(held.items(), key=lambda each: tuple(str(word or "") for word in each[0]))
    for place, amount in ordered:
        rows.append(_row(month, place, len(rows) + 1, amount))
    by_statement: dict[int | None, list[Decimal]] = defaultdict(list)
    for place, amount in ordered:
        by_statement[place.statement].append(amount)
    for statement, amounts in sorted(by_statement.items(), key=lambda each: each[0] or 0):
        clearing = _Place(entity, currency, accounts.clearing, None, "", statement, None, None)
        credit = total(amounts).copy_negate()
        if credit:
            rows.append(_row(month, clearing, len(rows) + 1, credit))
    return rows


def _row(month: str, place: _Place, line: int, amount: Decimal) -> tuple[object, ...]:
    debit, credit = (amount, None) if amount > 0 else (None, amount.copy_negate())
    of = f"AI cost {month}" if place.team else f"AI cost {month}, clearing"
    if place.corrects_month:
        of = f"AI cost {place.corrects_month}, correction"
    return (
        month, place.entity, place.currency, line, place.account, place.cost_center,
        place.team or None, debit, credit, of, place.statement,
        BOOKED if place.statement is not None else PROVISIONAL, place.reason,
    )  # fmt: skip
