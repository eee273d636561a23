"""Reservations and savings plans: what was bought, what was used, unused, and used beyond them.

A purchase is billed once; its cost becomes effective as the commitment is used or goes unused. Over
its term the two are equal, per commitment and to the last decimal, so what was bought and is not
yet effective is a balance that can be shown after every month. A commitment whose purchase lies
before the first month of the hub has no balance: NULL, and `Check` says so.

Source: FOCUS 1.2 ("per CommitmentDiscountId the EffectiveCost of usage is the BilledCost of the
purchase"); docs/native-exports.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.engine import sql_file
from pertoken.pipeline.views import require_charges
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pertoken.engine import Engine, Row
    from pertoken.pipeline.audience import Relations

COLUMNS = (
    "BillingMonth", "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountType",
    "SkuMeter", "BillingCurrency", "PurchasedCost", "RefundedCost", "UsedCost", "UnusedCost",
    "OverageCost", "UsedQuantity", "UnusedQuantity", "OverageQuantity", "PricingUnit",
    "BalanceCost", "Utilisation", "Check",
)  # fmt: skip
CHECKS = {
    "prepaid": "bought and not yet used or gone unused",
    "amortised": "all that was bought has been used or gone unused",
    "ahead": "more was used or gone unused than is known to be bought",
    "purchase not known": "it was bought before the first month of the hub",
    "overage": "use of a meter beyond several commitments that cover it",
}
"""Every value of Check, and what it says."""


def commitments_table(engine: Engine, snapshot: Relations) -> Table:
    """One row per commitment, month and BillingCurrency: bought, used, unused, beyond, balance.

    Gives:   costs in BillingCurrency, quantities in PricingUnit. BalanceCost is what was bought
             and refunded less what was used and unused, up to and with the month, NULL where the
             purchase is not known. Utilisation is used / (used + unused), NULL without either.
    Keeps:   the sums of BilledCost of purchases and of EffectiveCost of usage with a
             CommitmentDiscountId.
    Source:  FOCUS 1.2, CommitmentDiscountStatus.
    """
    require_charges(snapshot)
    snapshot.view(engine, "charges")
    found = engine.rows(sql_file("pertoken.pipeline", "commitments"))
    rows = tuple((*row, _utilisation(row), _check(row)) for row in found)
    return Table("commitments", tuple(Column(name, _kind(name)) for name in COLUMNS), rows)


def prepaid_balances(table: Table, month: str) -> Mapping[str, Decimal]:
    """What was bought and is not yet effective at the end of a month, by BillingCurrency.

    Takes:   the rows of `commitments_table`.
    Gives:   the sum of the last BalanceCost of every commitment up to that month; a commitment
             whose purchase is not known adds nothing, for nothing is known of it.
    """
    names = ("BillingMonth", "CommitmentDiscountId", "BillingCurrency", "BalanceCost")
    places = [table.column_names.index(name) for name in names]
    last: dict[tuple[str, str], Decimal] = {}
    for row in sorted(table.rows, key=lambda each: str(each[places[0]])):
        of_month, commitment, currency, balance = (row[place] for place in places)
        if str(of_month) <= month and isinstance(balance, Decimal):
            last[str(commitment), str(currency)] = balance
    balances: dict[str, Decimal] = {}
    for (_, currency), balance in sorted(last.items()):
        balances[currency] = balances.get(currency, Decimal(0)) + balance
    return balances


def ahead_of_purchase(table: Table) -> tuple[str, ...]:
    """A sentence for every commitment of which more became effective than is known to be bought.

    Takes: the rows of `commitments_table`; of each commitment its last month counts.
    """
    last = {
        (row["CommitmentDiscountId"], row["BillingCurrency"]): row
        for row in sorted(table.to_dicts(), key=lambda each: str(each["BillingMonth"]))
    }
    return tuple(
        f"{row['CommitmentDiscountName'] or row['CommitmentDiscountId']}: "
        f"{abs(Decimal(str(row['BalanceCost']))).normalize():f} {row['BillingCurrency']} more "
        f"became effective until {row['BillingMonth']} than is known to be bought."
        for row in last.values()
        if row["Check"] == "ahead"
    )


def _utilisation(row: Row) -> Decimal | None:
    used, unused = (row[COLUMNS.index(f"{each}Quantity")] for each in ("Used", "Unused"))
    return (used / (used + unused)).quantize(Decimal("1e-12")) if used + unused else None


def _check(row: Row) -> str:
    if row[COLUMNS.index("CommitmentDiscountId")] is None:
        return "overage"
    balance = row[COLUMNS.index("BalanceCost")]
    if balance is None:
        return "purchase not known"
    if balance == 0:
        return "amortised"
    return "prepaid" if balance > 0 else "ahead"


def _kind(name: str) -> str:
    if name.endswith("Cost"):
        return "money"
    if name == "Utilisation":
        return "share"
    return "quantity" if name.endswith("Quantity") else "text"
