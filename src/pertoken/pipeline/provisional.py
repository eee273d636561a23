"""Provisional findings: what telemetry says of days that the bill does not have yet.

Usage is priced at what each meter of the resource cost the tenant in the last four weeks that the
bill has, so that history and new days stand on one footing; the room of anomalies judges it, and
only events that begin after the bill are told. Nothing of it enters a total.

Source: docs/forecast-and-anomalies.md, "Before the bill".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pertoken.allocation import view_used_days
from pertoken.anomalies import DATA_KINDS, Finding, detect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pertoken.anomalies.settings import Settings
    from pertoken.engine import Engine

PRICE_DAYS = 28
LABEL = "Provisional, from telemetry at your own last prices: "
_KINDS = {
    "Uncached": ("Input", "Uncached"),
    "Read": ("Input", "Read"),
    "Write": ("Input", "Write"),
    "Output": ("Output", None),
}
Price = tuple[float, str | None, str | None, str | None]


def provisional_findings(
    engine: Engine, cells: Mapping[str, Sequence[Any]], settings: Settings
) -> tuple[Finding, ...]:
    """Findings of days after the bill; none where telemetry is not newer.

    Takes:   an engine in which `usage` is named; the daily cells of the bill.
    Gives:   findings whose explanation says that they are provisional; faults of delivery are left
             to the bill.
    """
    if not cells["ChargeDate"]:
        return ()
    through: date = max(cells["ChargeDate"])
    view_used_days(engine)
    newest = engine.rows("SELECT max(ChargeDate) FROM deployment_days")[0][0]
    if newest is None or newest <= through:
        return ()
    priced = list(_priced(engine, _prices(cells, through)))
    names = (
        "ChargeDate", "BillingCurrency", "BillingAccountId", "ResourceId", "Deployment",
        "x_ModelId", "x_TokenDirection", "x_TokenCacheAction", "SkuMeter", "EffectiveCost",
        "x_TokenQuantity",
    )  # fmt: skip
    if not priced:
        return ()
    columns = dict(zip(names, zip(*priced, strict=True), strict=True))
    judged = replace(settings, since=through + timedelta(days=1), unsettled_days=1)
    return tuple(
        replace(each, explanation=LABEL + each.explanation)
        for each in detect(columns, judged)
        if each.start > through and each.kind not in DATA_KINDS
    )


def _prices(cells: Mapping[str, Sequence[Any]], through: date) -> dict[tuple[str, str, str], Price]:
    """Cost per token by resource, model and kind; currency, account and id of the resource."""
    since = through - timedelta(days=PRICE_DAYS)
    sums: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    facts: dict[tuple[str, str, str], tuple[str | None, str | None, str | None]] = {}
    for place, day in enumerate(cells["ChargeDate"]):
        tokens, cost = cells["x_TokenQuantity"][place], cells["EffectiveCost"][place]
        resource, model = cells["ResourceId"][place], cells["x_ModelId"][place]
        if day <= since or not tokens or cost is None or resource is None or model is None:
            continue
        kind = _kind(cells["x_TokenDirection"][place], cells["x_TokenCacheAction"][place])
        home = (str(resource).rsplit("/", 1)[-1].casefold(), str(model).casefold())
        for key in [(*home, kind)] + ([(*home, "Prompt")] if kind != "Output" else []):
            sums[key][0] += float(cost)
            sums[key][1] += float(tokens)
            facts[key] = (
                cells["BillingCurrency"][place], cells["BillingAccountId"][place], resource,
            )  # fmt: skip
    return {key: (cost / tokens, *facts[key]) for key, (cost, tokens) in sums.items() if tokens > 0}


def _kind(direction: str | None, action: str | None) -> str:
    if direction == "Output":
        return "Output"
    return action if action in ("Read", "Write") else "Uncached"


def _priced(
    engine: Engine, prices: Mapping[tuple[str, str, str], Price]
) -> Iterator[tuple[Any, ...]]:
    """Cells by day, deployment and kind; what has no price of its own (capacity) is left out."""
    rows = engine.rows(
        "SELECT ChargeDate, lower(ResourceName) AS ResourceName, Deployment, Model, Prompt, "
        'Uncached, "Read", "Write", Output, KnowsKinds FROM deployment_days '
        "ORDER BY ChargeDate, ResourceName, Deployment"
    )
    for day, resource, deployment, model, prompt, uncached, read, write, output, knows in rows:
        kinds = (
            {"Uncached": uncached, "Read": read, "Write": write} if knows else {"Prompt": prompt}
        )
        for kind, tokens in (kinds | {"Output": output}).items():
            price = prices.get((resource, model or "", kind))
            if price is not None and tokens:
                direction, action = _KINDS.get(kind, ("Input", None))
                unit, currency, account, full = price
                yield (
                    day, currency, account, full, deployment, model, direction, action,
                    f"{model} {kind}", unit * tokens, float(tokens),
                )  # fmt: skip
