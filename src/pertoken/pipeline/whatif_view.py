"""A month's own tokens under a scenario, and what became of it later.

Cells are the token charges of the month (usage, no corrections) by way of the matrix. Only what a
scenario touches has a row, so that the sum of Difference is what the scenario changes.

Source: docs/variance.md, "What if".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.engine import sql_file
from pertoken.errors import ConfigError
from pertoken.periods import month_end, month_start
from pertoken.pipeline.own_prices import own_prices
from pertoken.pipeline.views import matrix_table, require_charges, view_dimensions
from pertoken.reports import Column, Table
from pertoken.unit_economics import MatrixQuery
from pertoken.unit_economics.what_if import KIND_COLUMNS, Scenario, TokenKind, Tokens, repriced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations
    from pertoken.unit_economics.what_if import Repriced

DEFAULT_BY = ("x_ModelId",)
SHOWN = {
    "Scenario": "text", "x_TokenQuantity": "quantity", "CostBefore": "money",
    "CostAfter": "money", "Difference": "money", "PriceSource": "text", "BillingCurrency": "text",
    "x_TokenQuantityAfter": "quantity", "BillingMonth": "date", "Assumption": "text",
    "Reason": "text",
}  # fmt: skip
COMPARED = {
    "Scenario": "text", "SavedMonth": "date", "BillingMonth": "date", "BillingCurrency": "text",
    "x_TokenQuantity": "quantity", "AdoptedShare": "share", "ExpectedUnitCost": "price",
    "ActualUnitCost": "price", "ExpectedCost": "money", "ActualCost": "money",
    "Difference": "money", "x_UnitCostUnit": "text", "Reason": "text",
}  # fmt: skip
_ZERO, _MILLION, _HOURS = Decimal(0), 1_000_000, 24
_SCALE, _DIGITS = Decimal("1e-18"), 60


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A scenario over a month's tokens; `ptu_units` re-prices provisioned capacity instead."""

    name: str
    month: str
    scenario: Scenario
    by: tuple[str, ...] = DEFAULT_BY
    where: tuple[tuple[str, str], ...] = ()
    currency: str | None = None
    ptu_units: int | None = None


def whatif_table(engine: Engine, relations: Relations, asked: WhatIf) -> Table:
    """One row per group and currency that the scenario touches.

    Gives:   costs in BillingCurrency; CostAfter and Difference NULL with a Reason where a kind
             has no own price.
    Raises:  ConfigError for a month without token charges, or where nothing is touched.
    """
    taken = [name for name in asked.by if name in SHOWN]
    if taken:
        raise ConfigError(
            f"A scenario by {taken[0]} groups nothing: its table has that column itself.",
            "Expected columns of charges, such as x_ModelId or ResourceName.",
            f"Leave {taken[0]} out.",
        )
    require_charges(relations)
    view_dimensions(engine, relations)
    with localcontext(prec=_DIGITS):
        if asked.ptu_units is not None:
            rows = _capacity_rows(engine, relations, asked)
        else:
            rows = _token_rows(engine, relations, asked)
    columns = [Column(name, "text") for name in asked.by]
    return Table(
        "whatif", (*columns, *(Column(name, kind) for name, kind in SHOWN.items())), tuple(rows)
    )


def compared_table(engine: Engine, relations: Relations, asked: WhatIf, month: str) -> Table:
    """What a saved scenario expected, and what a later month cost: one row per currency.

    Gives:   tokens of the later month that the scenario touches or that are of a kind it leads
             to; ExpectedUnitCost is that of the saved month under the scenario. AdoptedShare is
             NULL for a scenario without a switch. A scenario of capacity is not compared.
    Raises:  ConfigError for such a scenario, and for a month without tokens.
    """
    if asked.ptu_units is not None:
        raise ConfigError(
            f"The scenario '{asked.name}' is of provisioned capacity, which has no tokens billed.",
            "Expected a scenario of tokens.",
            f"Look at what provisioned capacity cost in {month}.",
        )
    require_charges(relations)
    view_dimensions(engine, relations)
    with localcontext(prec=_DIGITS):
        saved = _used(engine, relations, asked, asked.month)
        later = _used(engine, relations, asked, month)
        rows = []
        for currency, used in later.items():
            prices = own_prices(engine, relations, asked.month, currency)
            before = list(repriced(saved.get(currency, ()), asked.scenario, prices))
            rows.append(_compared_row(asked, month, currency, before, used))
    columns = tuple(Column(name, kind) for name, kind in COMPARED.items())
    return Table("whatif", columns, tuple(rows))


def _compared_row(
    asked: WhatIf, month: str, currency: str, before: list[Repriced], used: list[Tokens]
) -> tuple[object, ...]:
    targets = {asked.scenario.target(each.tokens.kind)._replace(version=None) for each in before}
    adopted = [each for each in used if each.kind._replace(version=None) in targets]
    still = [each for each in used if each not in adopted and asked.scenario.touches(each.kind)]
    held = [*adopted, *still]
    tokens = sum((each.quantity for each in held), _ZERO)
    actual = sum((each.cost for each in held), _ZERO)
    costs = [each.cost for each in before if each.cost is not None]
    known = bool(before) and len(costs) == len(before)
    quantity = sum((each.quantity for each in before), _ZERO)
    unit = sum(costs, _ZERO) / quantity if known and quantity else None
    expected = None if unit is None else (unit * tokens).quantize(_SCALE)
    reasons = [reason for each in before for reason in each.reasons]
    if not before:
        reasons.append(f"{asked.month} has no tokens that the scenario touches")
    return (
        asked.name, asked.month, month, currency, tokens,
        (sum((each.quantity for each in adopted), _ZERO) / tokens).quantize(Decimal("1e-12"))
        if tokens and asked.scenario.switches else None,
        None if unit is None else (unit * _MILLION).quantize(Decimal("1e-12")),
        (actual * _MILLION / tokens).quantize(Decimal("1e-12")) if tokens else None,
        expected, actual, None if expected is None else actual - expected, f"{_MILLION} Tokens",
        "; ".join(dict.fromkeys(reasons)) or None,
    )  # fmt: skip


def _used(
    engine: Engine, relations: Relations, asked: WhatIf, month: str
) -> dict[str, list[Tokens]]:
    """The tokens of a month by currency."""
    names = tuple(dict.fromkeys((*asked.by, *KIND_COLUMNS)))
    query = MatrixQuery(
        by=names, currency=asked.currency, per="token",
        where=(*asked.where, ("BillingMonth", month), ("ChargeCategory", "Usage"),
               ("ChargeClass", ""), ("Unit", "Tokens")),
    )  # fmt: skip
    used: dict[str, list[Tokens]] = defaultdict(list)
    for row in matrix_table(engine, relations, query).to_dicts():
        quantity, cost = row["x_TokenQuantity"], row["x_TokenCost"]
        if isinstance(quantity, Decimal) and isinstance(cost, Decimal) and quantity > 0:
            kind = TokenKind(*(row[name] for name in KIND_COLUMNS))  # type: ignore[arg-type]
            group = tuple(row[name] for name in asked.by)
            used[str(row["BillingCurrency"])].append(Tokens(group, kind, quantity, cost))
    if not used:
        raise ConfigError(
            f"There are no tokens of {month} to price anew.",
            "Expected a month with token charges that the filters and the currency keep.",
            "Take another month, or remove a filter.",
        )
    return used


@dataclass(slots=True)
class _Sum:
    quantity: Decimal = _ZERO
    after: Decimal = _ZERO
    before: Decimal = _ZERO
    cost: Decimal | None = _ZERO
    sources: dict[str, None] = field(default_factory=dict)
    reasons: dict[str, None] = field(default_factory=dict)


def _token_rows(engine: Engine, relations: Relations, asked: WhatIf) -> list[tuple[object, ...]]:
    sums: dict[tuple[tuple[object, ...], str], _Sum] = defaultdict(_Sum)
    everything = _used(engine, relations, asked, asked.month)
    for currency, used in everything.items():
        prices = own_prices(engine, relations, asked.month, currency)
        for each in repriced(used, asked.scenario, prices):
            _add(sums[each.tokens.group, currency], each)
    if not sums:
        kinds = [each.kind for used in everything.values() for each in used]
        raise ConfigError(
            f"The scenario touches no token of {asked.month}.",
            "Expected a switch from a model, tier or scope that the month has: "
            f"{', '.join(sorted({kind.model for kind in kinds if kind.model}))}.",
            "Name one of them before the equals sign.",
        )
    return [
        (
            *group, asked.name, each.quantity, each.before, each.cost,
            None if each.cost is None else each.cost - each.before,
            None if each.cost is None else "; ".join(each.sources), currency,
            each.after, asked.month, _assumption(asked), "; ".join(each.reasons) or None,
        )
        for (group, currency), each in sorted(
            sums.items(), key=lambda item: (item[0][1], -item[1].before, str(item[0]))
        )
    ]  # fmt: skip


def _add(sums: _Sum, each: Repriced) -> None:
    sums.quantity += each.tokens.quantity
    sums.after += each.quantity
    sums.before += each.tokens.cost
    sums.cost = None if sums.cost is None or each.cost is None else sums.cost + each.cost
    sums.sources |= dict.fromkeys(each.sources)
    sums.reasons |= dict.fromkeys(each.reasons)


def _assumption(asked: WhatIf) -> str:
    said = [
        f"{ratio} tokens{f' of {model}' if model else ''} for one of before"
        for model, ratio in asked.scenario.ratios.items()
    ]
    if not said and any(each.field == "model" for each in asked.scenario.switches):
        said.append("as many tokens as before")
    if asked.scenario.cache_rate is not None:
        said.append(f"{asked.scenario.cache_rate} of input read from the cache")
    if asked.scenario.discount is not None:
        said.append(f"a discount of {asked.scenario.discount} on every price")
    return "; ".join(said) or "the same tokens"


def _capacity_rows(engine: Engine, relations: Relations, asked: WhatIf) -> list[tuple[object, ...]]:
    """Provisioned capacity of a month at another size: reservations stay as they are paid."""
    relations.view(engine, "charges")
    found = [
        row for row in engine.rows(sql_file("pertoken.pipeline", "capacity"))
        if row[0] == asked.month and asked.currency in (None, row[2])
    ]  # fmt: skip
    resources = {row[3] for row in found if row[4] != "Unused"}
    if len(resources) != 1 or asked.where or asked.by != DEFAULT_BY:
        raise ConfigError(
            f"{len(resources)} resources have provisioned capacity in {asked.month}, or columns or "
            "filters narrow them.",
            "Expected units of capacity over one resource, whole, in the month.",
            "Leave columns and filters out; a month with more than one cannot be asked so.",
        )
    rows: list[tuple[object, ...]] = []
    hours = (month_end(asked.month) - month_start(asked.month)).days * _HOURS
    units = Decimal(asked.ptu_units or 0) * hours
    for currency in sorted({row[2] for row in found}):
        own = [row for row in found if row[2] == currency]
        before = sum((row[7] for row in own), _ZERO)
        reserved = [row for row in own if row[5] is not None]
        open_rows = [row for row in own if row[5] is None and row[8]]
        held = sum((row[8] or _ZERO for row in reserved), _ZERO)
        more = max(units - held, _ZERO)
        open_hours = sum((row[8] for row in open_rows), _ZERO)
        cost: Decimal | None = sum((row[7] for row in reserved), _ZERO)
        reason = source = None
        if more and not open_hours:
            cost, reason = None, f"{asked.month} bills no unit hour on demand, so it has no price"
        elif cost is not None and more:
            price = sum((row[7] for row in open_rows), _ZERO) / open_hours
            cost = (cost + more * price).quantize(_SCALE)
            source = f"bill {asked.month}"
        else:
            source = f"bill {asked.month}: the reservation covers it"
        rows.append((
            None, asked.name, None, before, cost, None if cost is None else cost - before, source,
            currency, None, asked.month,
            f"{asked.ptu_units} units in every hour; reservations stay as they are paid", reason,
        ))  # fmt: skip
    return rows


def scenario_totals(table: Table) -> Mapping[str, tuple[Decimal, Decimal | None]]:
    """Cost before and after of a what-if table by currency; NULL where a row has none."""
    totals: dict[str, tuple[Decimal, Decimal | None]] = {}
    for row in table.to_dicts():
        before, after = row["CostBefore"], row["CostAfter"]
        currency = str(row["BillingCurrency"])
        held = totals.get(currency, (_ZERO, _ZERO))
        with localcontext(prec=_DIGITS):
            whole = held[0] + (before if isinstance(before, Decimal) else _ZERO)
            new = held[1] + after if held[1] is not None and isinstance(after, Decimal) else None
        totals[currency] = (whole, new)
    return totals
