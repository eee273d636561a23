"""Subscriptions that are charged in two billing scopes in one month: moved, or counted twice.

A subscription that moves from one agreement to another in mid-month is in the exports of both; each
holds its own days, and both stay. Days that both hold are no fault by themselves, for the day of
the move is billed in parts. The same charge in both is one: its cost stands in two scopes, and the
finding says which, how many and how much. Nothing is taken out: each total stays its export's.

Source: docs/decisions/0007-which-run-stands.md; docs/native-exports.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pertoken.engine import quoted_text, sql_file
from pertoken.exports.scopes import subscription_of
from pertoken.pipeline.standing import partition_of, standing_runs
from pertoken.reports.numbers import plain
from pertoken.reports.trust_card import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from decimal import Decimal

    from pertoken.engine import Engine
    from pertoken.hub import LedgerRun
    from pertoken.pipeline.audience import Relations


@dataclass(frozen=True, slots=True)
class Move:
    """A subscription in two scopes of one month, the one with the earlier days first.

    `last_day` is the last of the first scope, `first_day` the first of the second. `same_charges`
    are usage charges of one day, resource, meter and quantity in both; `same_costs` is their
    EffectiveCost in the second scope, by BillingCurrency.
    """

    month: str
    sub_account_id: str
    from_scope: str
    to_scope: str
    last_day: date
    first_day: date
    same_charges: int
    same_costs: tuple[tuple[str, Decimal], ...]

    @property
    def missing_days(self) -> int:
        """Days between the two scopes on which neither charges the subscription."""
        return max((self.first_day - self.last_day).days - 1, 0)


def shared_sub_accounts(runs: Iterable[LedgerRun]) -> dict[tuple[str, str], tuple[str, ...]]:
    """The scopes that hold a subscription in a month, by month and SubAccountId: two or more."""
    scopes: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for (scope, month), standing in standing_runs(runs).items():
        for run in standing:
            for sub_account_id in run.sub_account_ids or ():
                if sub_account_id:
                    scopes[month, sub_account_id.lower()].add(scope)
    return {place: tuple(sorted(held)) for place, held in scopes.items() if len(held) > 1}


def moves(engine: Engine, snapshot: Relations) -> tuple[Move, ...]:
    """The subscriptions in two scopes of one month, as the charges of the hub have them."""
    shared = shared_sub_accounts(snapshot.runs)
    if not shared or not snapshot.view(engine, "charges"):
        return ()
    places = " OR ".join(
        f"(BillingMonth = {quoted_text(month)} AND lower(SubAccountId) = {quoted_text(account)})"
        for month, account in sorted(shared)
    )
    engine.view("shared_charges", f"SELECT * FROM charges WHERE {places}")
    scopes = {
        partition_of(scope, month)["x_ScopeKey"]: scope
        for (month, _), held in shared.items()
        for scope in held
    }
    days: defaultdict[tuple[str, str], list[tuple[date, date, str]]] = defaultdict(list)
    for month, account, key, first, last in engine.rows(sql_file(__package__, "shared_days")):
        days[month, account].append((first, last, scopes[key]))
    same: defaultdict[tuple[str, str, str, str], list[tuple[str, int, Decimal]]] = defaultdict(list)
    for month, account, key, other, *found in engine.rows(sql_file(__package__, "same_charges")):
        pair = sorted((scopes[key], scopes[other]))
        same[month, account, pair[0], pair[1]].append((found[0], found[1], found[2]))
    found_moves = []
    for (month, account), held in sorted(days.items()):
        for before, after in pairwise(sorted(held)):
            low, high = sorted((before[2], after[2]))
            alike = same[month, account, low, high]
            found_moves.append(
                Move(
                    month, account, before[2], after[2], before[1], after[0],
                    sum(count for _, count, _ in alike),
                    tuple((currency, cost) for currency, _, cost in alike),
                )
            )  # fmt: skip
    return tuple(found_moves)


def move_findings(found: Iterable[Move]) -> list[Finding]:
    """What to say of each: an error where charges stand in both, a warning where days lack."""
    return [Finding(_words(move), _command(move), _severity(move)) for move in found]


def _words(move: Move) -> str:
    names = " and ".join(scope.rsplit("/", 1)[-1] for scope in (move.from_scope, move.to_scope))
    what = f"{(subscription_of(move.sub_account_id) or move.sub_account_id).rsplit('/', 1)[-1]}"
    where = f"subscription {what} of {move.month} is in {names}"
    if move.same_charges:
        costs = ", ".join(f"{currency} {plain(cost)}" for currency, cost in move.same_costs)
        return f"{where}: {move.same_charges} charges stand in both and count twice ({costs})"
    if move.missing_days:
        days = "1 day has" if move.missing_days == 1 else f"{move.missing_days} days have"
        return f"{where}: {days} no charge between {move.last_day} and {move.first_day}"
    if move.first_day > move.last_day:
        return f"{where}: moved on {move.first_day}, no day is missing or counted twice"
    return f"{where}: both charge {move.first_day} to {move.last_day}, no charge is the same"


def _severity(move: Move) -> str:
    if move.same_charges:
        return "error"
    return "warning" if move.missing_days else "info"


def _command(move: Move) -> str:
    where = f"--where SubAccountId={move.sub_account_id}"
    return f"pertoken matrix --all-charges --by ChargeDate,BillingAccountId {where}"
