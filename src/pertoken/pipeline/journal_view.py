"""The journal of a month: what issued statements book, and for the rest the figures of today.

Where the statement of the whole house is issued in a currency, its lines are the journal of that
currency; else those of the teams that have one, and what no issued statement books is provisional.

Source: docs/statements.md, "The journal".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.errors import ConfigError
from pertoken.pipeline.allocation_rules import hub_rules
from pertoken.pipeline.statement_figures import StatementFigures, team_facts
from pertoken.pipeline.statement_pins import statement_events
from pertoken.reports.numbers import minor_units
from pertoken.statements import (
    BOOKED_STATES,
    Accounts,
    Method,
    Posting,
    journal_table,
    line_amounts,
    statements_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import Snapshot
    from pertoken.reports import Table
    from pertoken.statements import Figures, Statement

COST_CENTER = "CostCenter"


def month_journal(
    engine: Engine,
    snapshot: Snapshot,
    month: str,
    *,
    clearing: str,
    suspense: str,
    as_of: date | None = None,
) -> Table:
    """The journal of a month, debits equal to credits per entity and currency.

    Takes:   clearing and suspense, the ledger accounts; as_of, the day whose organisation counts
             in the place of what was booked.
    Raises:  ConfigError for a month without AI cost, or one name for both accounts.
    """
    if clearing.strip().casefold() == suspense.strip().casefold():
        raise ConfigError(
            f"The accounts of clearing and suspense are both '{clearing}'.",
            "Expected two accounts: a debit to suspense would vanish in its own credit.",
            "Give --clearing-account and --suspense-account.",
        )
    rules = hub_rules(snapshot)
    statements = statements_of(statement_events(engine, snapshot)).values()
    booked = [
        each for each in statements if each.state in BOOKED_STATES and each.subject.month == month
    ]
    postings = list(_booked_postings(booked))
    postings += _provisional(engine, snapshot, rules, month, booked)
    if not postings:
        raise ConfigError(
            f"There is no AI cost of {month} to book.",
            "Expected a month of the hub.",
            "See `pertoken periods`.",
        )
    if as_of is not None:
        postings = [_as_of(posting, rules, as_of) for posting in postings]
    accounts = Accounts(clearing.strip(), suspense.strip(), cost_center_check(rules))
    return journal_table(month, postings, accounts)


def cost_center_check(rules: Rules) -> Callable[[str], bool]:
    """Which texts are cost centres: those that the pattern of [tags.CostCenter] matches."""
    patterns = [rule.pattern for rule in rules.tags if rule.key == COST_CENTER and rule.pattern]

    def is_cost_center(text: str) -> bool:
        return not patterns or any(pattern.fullmatch(text) for pattern in patterns)

    return is_cost_center


def _booked_postings(booked: Iterable[Statement]) -> Iterator[Posting]:
    booked = list(booked)
    houses = {each.subject.currency for each in booked if each.subject.team is None}
    for statement in booked:
        subject = statement.subject
        if subject.team is not None and subject.currency in houses:
            continue
        for line in statement.lines:
            yield Posting(
                subject.currency, line.team or "", line.cost_center, line.entity,
                line.ledger_account, line.amount, statement.number, line.corrects_month,
            )  # fmt: skip


def _provisional(
    engine: Engine, snapshot: Snapshot, rules: Rules, month: str, booked: Iterable[Statement]
) -> Iterator[Posting]:
    """What no issued statement books of the month, by the figures of today."""
    subjects = {(each.subject.team, each.subject.currency) for each in booked}
    months = StatementFigures(engine, snapshot, rules)(Method())
    for place, house in sorted(months.items()):
        currency = place[1]
        if place[0] != month or (None, currency) in subjects:
            continue
        yield from (
            posting for posting in _postings(house, currency)
            if (posting.team, currency) not in subjects
        )  # fmt: skip


def _postings(house: Figures, currency: str) -> Iterator[Posting]:
    for key, amount in line_amounts(house, minor_units(currency)).items():
        yield Posting(
            currency, key.team, key.cost_center, key.entity, key.ledger_account, amount, None
        )


def _as_of(posting: Posting, rules: Rules, day: date) -> Posting:
    facts = team_facts(rules, posting.team, day)
    return posting._replace(
        cost_center=facts["CostCenter"],
        entity=facts["Entity"],
        ledger_account=facts["LedgerAccount"],
    )
