"""The bridge of a month: from the invoice to BilledCost, to EffectiveCost, to what teams have.

Every row says how it adds (`Kind`). A total and the steps after it give the next total, to the last
decimal; the parts before BilledCost sum to it, for each charge is in exactly one. What only an
invoice can say is NULL where none was given, and nothing that is not known counts as 0: the walk
then starts at the bill. The prepaid balance stands beside the walk.

An invoice holds a charge of its currency (and scope, where it states one) unless one of them says
that it does not: by InvoiceId where both state it, else by InvoiceIssuerName where every invoice
states it; an issuer other than the publisher does not hold a marketplace charge.

Source: docs/reference.md, "pertoken bridge".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.engine import local_engine, quoted, sql_file
from pertoken.errors import ConfigError, alternatives
from pertoken.hub import PARTITIONS
from pertoken.pipeline.charged import Charged, PartitionRelations, charged_to_teams
from pertoken.pipeline.commitments import commitments_table, prepaid_balances
from pertoken.pipeline.invoices import invoices_of_month
from pertoken.pipeline.standing import partition_of, standing_runs
from pertoken.reports import Column, Table
from pertoken.reports.numbers import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pertoken.engine import Engine
    from pertoken.hub import Snapshot
    from pertoken.pipeline.invoice_file import Invoice

BRIDGE_COLUMNS = {
    "Step": "text", "Amount": "money", "BillingCurrency": "text", "Kind": "text",
    "BillingMonth": "text", "Scope": "text",
}  # fmt: skip
INVOICE_STEPS = (
    "difference of tax", "marketplace on no invoice", "other charges on no invoice",
    "difference to the invoice",
)  # fmt: skip
PARTS = (
    "usage", "purchases of commitments", "other purchases", "other adjustments", "tax", "credits",
    "round-ups", "marketplace",
)  # fmt: skip
MOVEMENTS = ("purchases out", "amortisation in", "other effective cost")
_CHARGES = {
    **dict.fromkeys(
        (
            "BillingCurrency", "ChargeCategory", "ChargeDescription", "CommitmentDiscountId",
            "PricingCategory", "InvoiceId", "InvoiceIssuerName", "ProviderName", "PublisherName",
            "SkuMeter", "x_ChargeType", "x_PublisherCategory", "x_SkuDescription",
        ),
        "VARCHAR",
    ),
    **dict.fromkeys(("BilledCost", "EffectiveCost"), "DECIMAL(38,18)"),
}  # fmt: skip
_COLUMNS = tuple(Column(name, kind) for name, kind in BRIDGE_COLUMNS.items())
_DIGITS, _NONE = 76, Decimal(0)
_SEEN = Decimal("0.005")
"""A difference below half of the smallest unit of most currencies is shown and no problem."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """The table; what a reader should know of it; and what does not agree."""

    table: Table
    notes: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChargeGroup:
    """Charges of one currency in one part and one movement, on one invoice: a row of bridge.sql."""

    currency: str
    part: str
    movement: str
    invoice_id: str | None
    issuer: str | None
    publisher: str | None
    billed_cost: Decimal
    effective_cost: Decimal


def bridge(engine: Engine, snapshot: Snapshot, month: str, scope: str | None = None) -> Bridge:
    """The walk of every currency of a month, of the whole hub or of one scope.

    Gives:   BRIDGE_COLUMNS; Amount in BillingCurrency, NULL where it is not known; Scope NULL for
             all scopes. One row per step and currency, the same steps for every currency.
    Keeps:   the sums of BilledCost and of EffectiveCost.
    Raises:  ConfigError for a month or scope of which the hub has no charges.
    """
    scopes = _scopes_of_month(snapshot, month)
    chosen = None if scope is None else _scope_named(scope, month, scopes)
    partitions = [partition_of(each, month) for each in scopes if chosen in (None, each)]
    groups = _charge_groups(engine, snapshot, partitions)
    invoices = [
        each
        for each in invoices_of_month(engine, snapshot, month)
        if chosen is None or _is_of_scope(each, chosen, scopes)
    ]
    # What follows names tables of some months only: in an engine that keeps its names, later
    # questions would meet them.
    narrowed = local_engine()
    try:
        charged = charged_to_teams(narrowed, snapshot, partitions)
        commitments = commitments_table(
            narrowed, snapshot if chosen is None else _every_month(snapshot, chosen)
        )
    finally:
        narrowed.close()
    walked = Bridge(Table("bridge", _COLUMNS, ()), (), _strange_scopes(invoices, month, scopes))
    currencies = {each.currency for each in groups} | {each.currency for each in invoices}
    for currency in sorted(currencies):
        own = [each for each in invoices if each.currency == currency]
        unknown = _unknown_purchases(commitments, month, currency)
        balance = prepaid_balances(commitments, month).get(currency, None if unknown else _NONE)
        steps = bridge_steps(
            [each for each in groups if each.currency == currency],
            own,
            balance,
            charged.get(currency, Charged()),
        )
        rows = tuple((step, value, currency, kind, month, chosen) for step, kind, value in steps)
        walked = Bridge(
            Table("bridge", _COLUMNS, (*walked.table.rows, *rows)),
            (*walked.notes, *_notes(currency, month, own, unknown)),
            (*walked.problems, *_problems(currency, month, steps)),
        )
    return walked


def bridge_steps(
    groups: Sequence[ChargeGroup],
    invoices: Sequence[Invoice],
    balance: Decimal | None,
    charged: Charged,
) -> list[tuple[str, str, Decimal | None]]:
    """The walk of one currency as (Step, Kind, Amount).

    Takes:   the charges and the invoices of one currency; the prepaid balance; what teams have.
    Gives:   invoice + INVOICE_STEPS = BilledCost (all NULL without an invoice), the sum of PARTS =
             BilledCost, BilledCost + MOVEMENTS = EffectiveCost, EffectiveCost + residual = charged
             to teams; exact.
    """
    parts, moved = dict.fromkeys(PARTS, Decimal(0)), dict.fromkeys(MOVEMENTS, Decimal(0))
    with localcontext(prec=_DIGITS):
        for each in groups:
            parts[each.part] += each.billed_cost
            moved[each.movement] += each.effective_cost - each.billed_cost
        billed, effective = (
            sum((getattr(each, name) for each in groups), Decimal(0))
            for name in ("billed_cost", "effective_cost")
        )
    known = [each.amount for each in invoices]
    return [
        ("invoice", "total", _sum(known) if known else None),
        *zip(INVOICE_STEPS, ["step"] * 4, _invoice_steps(groups, invoices, billed), strict=True),
        *((part, "part", value) for part, value in parts.items()),
        ("BilledCost", "total", billed),
        *((movement, "step", value) for movement, value in moved.items()),
        ("EffectiveCost", "total", effective),
        ("residual", "step", _sum((charged.to_teams, effective.copy_negate()))),
        ("charged to teams", "total", charged.to_teams),
        ("AI cost without a team", "memo", charged.without_team),
        ("prepaid balance", "memo", balance),
    ]


def _invoice_steps(
    groups: Sequence[ChargeGroup], invoices: Sequence[Invoice], billed: Decimal
) -> tuple[Decimal | None, ...]:
    """INVOICE_STEPS: what the bill has beyond the invoices, by cause; the last is unexplained."""
    if not invoices:
        return (None,) * 4
    on_invoice = [each for each in groups if _is_on_invoice(each, invoices)]
    absent = [each for each in groups if not _is_on_invoice(each, invoices)]
    marketplace = _sum(each.billed_cost for each in absent if each.part == "marketplace")
    other = _sum(each.billed_cost for each in absent if each.part != "marketplace")
    stated = [each.tax for each in invoices if each.tax is not None]
    with localcontext(prec=_DIGITS):
        tax = None
        if len(stated) == len(invoices):
            tax = _sum(each.billed_cost for each in on_invoice if each.part == "tax")
            tax -= _sum(stated)
        explained = marketplace + other + (tax or 0)
        rest = billed - _sum(each.amount for each in invoices) - explained
    return tax, marketplace, other, rest


def _is_on_invoice(group: ChargeGroup, invoices: Sequence[Invoice]) -> bool:
    """Whether one of the invoices of a currency holds a charge, as far as they say so."""
    numbers = {each.invoice_id.casefold() for each in invoices if each.invoice_id}
    if numbers and group.invoice_id:
        return group.invoice_id.casefold() in numbers or len(numbers) < len(invoices)
    issuers = {each.issuer.casefold() for each in invoices if each.issuer}
    if len(issuers) == 0 or any(each.issuer is None for each in invoices):
        return True
    name = group.publisher if group.part == "marketplace" else group.issuer
    return name is None or any(_is_same_name(name.casefold(), each) for each in issuers)


def _is_same_name(name: str, other: str) -> bool:
    """Whether a name is another or begins with it: Microsoft, Microsoft Ireland Operations."""
    return name.startswith(other) or other.startswith(name)


def _charge_groups(
    engine: Engine, snapshot: Snapshot, partitions: Iterable[Mapping[str, str]]
) -> list[ChargeGroup]:
    files = [path for each in partitions for path in snapshot.files("charges", each)]
    engine.view_parquet("month_charges", files, partitions=PARTITIONS)
    view_bridge_charges(engine, "month_charges")
    return [ChargeGroup(*row) for row in engine.rows(sql_file(__package__, "bridge"))]


def view_bridge_charges(engine: Engine, relation: str) -> None:
    """Name the columns of charges that the bridge reads `bridge_charges`; NULL for those absent."""
    held = engine.columns(relation)
    columns = ", ".join(
        quoted(name) if name in held else f"CAST(NULL AS {kind}) AS {quoted(name)}"
        for name, kind in _CHARGES.items()
    )
    engine.view("bridge_charges", f"SELECT {columns} FROM {quoted(relation)}")


def _every_month(snapshot: Snapshot, scope: str) -> PartitionRelations:
    """The relations of a hub with the charges of one scope only, all months."""
    months = {month for each, month in standing_runs(snapshot.runs) if each == scope}
    return PartitionRelations(
        snapshot, tuple(partition_of(scope, month) for month in sorted(months))
    )


def _scopes_of_month(snapshot: Snapshot, month: str) -> tuple[str, ...]:
    """The scopes with charges of a month; raises ConfigError where there are none."""
    standing = standing_runs(snapshot.runs)
    scopes = tuple(sorted(scope for scope, each in standing if each == month))
    if scopes:
        return scopes
    months = ", ".join(sorted({each for _, each in standing}))
    raise ConfigError(
        f"The hub has no charges of {month}.",
        f"Expected a month of the hub, YYYY-MM: {months or 'it has none'}.",
        "Give one of them.",
    )


def _scope_named(text: str, month: str, scopes: Sequence[str]) -> str:
    """The scope of a month that a text names, whole or by its last segment."""
    named = [each for each in scopes if _names_scope(text, each)]
    if len(named) == 1:
        return named[0]
    raise ConfigError(
        f"'{text}' names {'no scope' if not named else f'{len(named)} scopes'} of {month}.",
        f"Expected one of {', '.join(scopes)}.",
        f"Nearest: {alternatives(text, scopes)}.",
    )


def _names_scope(text: str, scope: str) -> bool:
    folded = text.strip().lower().rstrip("/")
    return folded == scope or scope.endswith(f"/{folded}")


def _is_of_scope(invoice: Invoice, scope: str, scopes: Sequence[str]) -> bool:
    """Whether an invoice is of a scope; one that states none is where there is only one scope."""
    if invoice.scope is None:
        return len(scopes) == 1
    return _names_scope(invoice.scope, scope)


def _unknown_purchases(commitments: Table, month: str, currency: str) -> int:
    """Commitments used up to a month whose purchase is not known, so that their balance is not."""
    return len({
        row["CommitmentDiscountId"]
        for row in commitments.to_dicts()
        if row["Check"] == "purchase not known"
        and row["BillingCurrency"] == currency
        and str(row["BillingMonth"]) <= month
    })  # fmt: skip


def _notes(currency: str, month: str, invoices: Sequence[Invoice], unknown: int) -> list[str]:
    if invoices:
        count = f"{len(invoices)} {'invoice' if len(invoices) == 1 else 'invoices'}"
        notes = [f"{currency} {month}: the walk starts at {count}."]
    else:
        starts = f"{currency} {month}: no invoice was given, so the walk starts at the bill"
        notes = [f"{starts}; `pertoken ingest invoices.csv` brings one."]
    if unknown:
        lacking = f"{currency}: the purchase of {unknown} commitments is not in the hub"
        notes.append(f"{lacking}; the prepaid balance is without them.")
    return notes


def _problems(
    currency: str, month: str, walk: Iterable[tuple[str, str, Decimal | None]]
) -> list[str]:
    """What of a walk a person should look at: what no invoice and no commitment explains."""
    amounts = {step: value for step, _, value in walk}
    rest, other = amounts["difference to the invoice"], amounts["other effective cost"]
    problems = []
    if rest is not None and abs(rest) >= _SEEN:
        more = f"{plain(abs(rest))} {'more' if rest > 0 else 'less'}"
        problems.append(f"{currency} {month}: the bill is {more} than the invoice explains.")
    if other:
        problems.append(
            f"{currency} {month}: {plain(other)} of EffectiveCost is on charges that are "
            "neither purchases nor of a commitment."
        )
    return problems


def _strange_scopes(
    invoices: Iterable[Invoice], month: str, scopes: Sequence[str]
) -> tuple[str, ...]:
    """Invoices of a scope of which the hub has no charges in that month."""
    stated = sorted({each.scope for each in invoices if each.scope is not None})
    return tuple(
        f"{month}: an invoice is of scope {named}, which has no charges."
        for named in stated
        if not any(_names_scope(named, scope) for scope in scopes)
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    with localcontext(prec=_DIGITS):
        return sum(amounts, Decimal(0))
