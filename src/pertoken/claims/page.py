"""A claim as a page for an account manager: PDF by typst, the same bytes for the same claim.

Every word and number of the page is made here, as text; the template places them. Only the fonts
inside typst are used, and the date of the document is the last day claimed, so no machine and no
clock changes a byte.

Source: claim.typ; docs/reconciliation.md, "The claim".
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pertoken.claims.claim import CLAIMED_REASONS, NOT_CLAIMED_REASONS, summed
from pertoken.errors import ConfigError
from pertoken.reports.numbers import UNKNOWN, money_text, plain, quantity_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from pertoken.claims.claim import Claim

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_TITLES = {"CachedMeteredTwice": "Cached tokens metered twice", "PriceDrift": "Price above sheet"}
_OTHER_TITLES = {
    "UnderBilled": "Billed below", "OwnTelemetry": "Own telemetry", "NoEvidence": "No evidence",
    "CountedAlready": "Counted already", "UnknownCost": "Unknown cost",
}  # fmt: skip
_METHODS = {
    "CachedMeteredTwice": "Per day, resource and model the tokens billed on the meter of uncached "
    "input are exactly the prompt tokens that telemetry counted (the files below), cached "
    "ones included, while the cached tokens stand on their own meter as well. The gap is "
    "the cached tokens; its cost is what they were billed for on the uncached meter.",
    "PriceDrift": "The unit price of the charge is held against the price sheet for the same "
    "meter, unit, currency and day, where the sheet states exactly one contracted price. The gap "
    "is the cost billed less the cost of the same tokens at that price.",
}
_LINES_ON_PAGE = 45
_PLACE = ("BillingCurrency", "ReasonCode", "ResourceId", "Deployment", "x_ModelId")
_MINIMUM_HASH = 16


def page_bytes(claim: Claim) -> bytes:
    """The PDF of a claim.

    Raises: ConfigError where typst is not installed.
    """
    try:
        import typst  # noqa: PLC0415 - an extra, and lazy on purpose
    except ImportError as error:
        raise ConfigError(
            "typst, which makes PDF, is not installed.",
            "Expected the extra `reports`.",
            "Run `pip install 'pertoken[reports]'`.",
        ) from error
    content = json.dumps(page_content(claim), ensure_ascii=False, sort_keys=True)
    last = datetime.combine(max(row["ChargeDate"] for row in claim.dicts()), time(), UTC)
    compiled: bytes = typst.compile(
        files("pertoken.claims").joinpath("claim.typ").read_bytes(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"claim": content},
        timestamp=int(last.timestamp()),
    )
    return compiled


def page_content(claim: Claim) -> dict[str, Any]:
    """What stands on the page, all of it text."""
    rows, digest = claim.dicts(), claim.digest
    days = [row["ChargeDate"] for row in rows]
    accounts = _listed(rows, "BillingAccountId")
    reasons = sorted({row["ReasonCode"] for row in rows})
    last = max(days)
    return {
        "title": "Claim for charges billed in excess",
        "date": {"year": last.year, "month": last.month, "day": last.day},
        "claimant": claim.claimant or "The holder of the billing account",
        "short_hash": digest[:_MINIMUM_HASH],
        "facts": [
            ["Addressed to", claim.provider or UNKNOWN],
            ["Claimed by", claim.claimant or f"the holder of {accounts}"],
            ["Billing account", accounts],
            ["Subscription", _listed(rows, "SubAccountId")],
            ["Charges of", f"{_day(min(days))} to {_day(last)} (UTC)"],
            ["Period audited", _asked(*claim.asked)],
            ["Billing month", _listed(rows, "BillingMonth")],
            ["Invoice", _listed(rows, "InvoiceId")],
        ],
        "totals": [
            {"amount": money_text(cost, currency), "currency": currency,
             "exact": f"exactly {plain(cost)} {currency}"}
            for currency, cost in claim.totals().items()
        ],
        "reasons": list(_by_reason(rows)),
        "places": list(_by_place(rows)),
        "lines": list(_lines(rows)) if len(rows) <= _LINES_ON_PAGE else [],
        "lines_note": f"All {len(rows)} lines stand in claim.csv, with the identifiers of their "
        "charges (meter, price, invoice, run and source file), prices, and exact costs.",
        "methods": [[_TITLES[each], _METHODS[each]] for each in reasons],
        "notes": list(_notes(claim)),
        "others": list(_others(claim)),
        "sources": [[each.kind, each.name, each.digest] for each in claim.sources],
        "files": [["claim.csv", digest]],
    }  # fmt: skip


def _by_reason(rows: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    for currency, reason in sorted({(row["BillingCurrency"], row["ReasonCode"]) for row in rows}):
        held = [row for row in rows
                if (row["BillingCurrency"], row["ReasonCode"]) == (currency, reason)]  # fmt: skip
        yield {
            "reason": _TITLES[reason],
            "code": reason,
            "meaning": CLAIMED_REASONS[reason],
            "lines": str(len(held)),
            "tokens": quantity_text(sum(row["GapTokens"] for row in held)),
            "amount": f"{money_text(_total(held), currency)} {currency}",
        }


def _by_place(rows: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    keys = sorted({tuple(str(row[name] or "") for name in _PLACE) for row in rows})
    for key in keys:
        held = [row for row in rows if tuple(str(row[name] or "") for name in _PLACE) == key]
        currency = key[0]
        yield {
            "resource": key[2].rpartition("/")[2],
            "deployment": key[3] or UNKNOWN,
            "model": key[4] or UNKNOWN,
            "reason": _TITLES[key[1]],
            "days": str(len({row["ChargeDate"] for row in held})),
            "tokens": quantity_text(sum(row["GapTokens"] for row in held)),
            "amount": f"{money_text(_total(held), currency)} {currency}",
        }


def _lines(rows: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    for number, row in enumerate(rows, 1):
        unit = row["PricingUnit"]
        billed, sheet = row["BilledUnitPrice"], row["SheetUnitPrice"]
        yield {
            "line": str(number),
            "day": row["ChargeDate"].isoformat(),
            "meter": row["SkuMeter"] or UNKNOWN,
            "meter_id": row["x_SkuMeterId"] or UNKNOWN,
            "billed": quantity_text(row["BilledTokens"]),
            "measured": quantity_text(row["TelemetryTokens"]),
            "gap": quantity_text(row["GapTokens"]),
            "price": UNKNOWN if billed is None else f"{plain(billed)} / {unit}",
            "sheet": "" if sheet is None else f"{plain(sheet)} / {unit}",
            "amount": money_text(row["GapCost"], row["BillingCurrency"]),
        }


def _notes(claim: Claim) -> Iterator[str]:
    yield (
        "Costs are EffectiveCost of the bill in its own currency (for a price above the sheet "
        "BilledCost); nothing is converted. Days are UTC. Tokens are those that the bill and the "
        "counters state; none is estimated."
    )
    if claim.corrections:
        booked = ", ".join(
            f"{money_text(cost, currency)} {currency}"
            for currency, cost in claim.corrections.items()
        )
        yield (
            f"The bill holds corrections of these resources of {booked} in all; they are not taken "
            "off this claim, as no charge says which usage they correct."
        )
    else:
        yield "The bill read here holds no correction (credit) of these resources."


def _others(claim: Claim) -> Iterator[dict[str, str]]:
    rows = claim.other_dicts()
    keys = sorted({(row["NotClaimedReason"], row["ReasonCode"], row["BillingCurrency"])
                   for row in rows})  # fmt: skip
    for why, reason, currency in keys:
        held = [row for row in rows
                if (row["NotClaimedReason"], row["ReasonCode"], row["BillingCurrency"])
                == (why, reason, currency)]  # fmt: skip
        known = [row for row in held if row["GapCost"] is not None]
        yield {
            "title": _OTHER_TITLES[why],
            "reason": reason,
            "meaning": NOT_CLAIMED_REASONS[why],
            "lines": str(len(held)),
            "amount": f"{money_text(_total(known), currency)} {currency}" if known else UNKNOWN,
        }


def _total(rows: Iterable[dict[str, Any]]) -> Decimal:
    return summed(("", row["GapCost"]) for row in rows).get("", Decimal(0))


def _listed(rows: list[dict[str, Any]], column: str) -> str:
    words = {word for row in rows if row[column] for word in row[column].split("; ")}
    return ", ".join(sorted(words)) or UNKNOWN


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _asked(start: date | None, end: date | None) -> str:
    since = "the first charge kept" if start is None else _day(start)
    until = "the last" if end is None else _day(end - timedelta(days=1))
    return f"{since} to {until}"
