"""What a token costs this tenant in a month: of its price sheet, else of its own bill.

A price sheet states contracted prices for days; its meters are read as those of the bill are. Where
it states none, what the month's bill charged per token counts. A price in another currency is
converted by the one exchange rate that the month's charges state. A kind with several prices has
none: which of them would count is not known.

Source: docs/variance.md, "Own prices"; docs/prices.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from pertoken.meters import COLUMNS, MeterName, classify_all
from pertoken.periods import month_end, month_start
from pertoken.pipeline.views import matrix_table
from pertoken.prices import answers_select
from pertoken.unit_economics import MatrixQuery
from pertoken.unit_economics.what_if import ANY_VERSION, KIND_COLUMNS, TokenKind

if TYPE_CHECKING:
    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations

_DIGITS, _SCALE = 50, Decimal("1e-24")


@dataclass(frozen=True, slots=True)
class Price:
    """Currency per token and where it is from; `amount` is NULL where several are stated."""

    amount: Decimal | None
    source: str


class OwnPrices:
    """The prices of a month in one BillingCurrency."""

    def __init__(self, sheet: dict[TokenKind, Price], bill: dict[TokenKind, Price]) -> None:
        self._sheet, self._bill = sheet, bill

    @property
    def kinds(self) -> list[TokenKind]:
        """Every kind that a source states."""
        return list(dict.fromkeys((*self._sheet, *self._bill)))

    def find(self, kind: TokenKind) -> Price | None:
        """The price of a kind; None where no source states it."""
        for source in (self._sheet, self._bill):
            price = source.get(kind)
            if price is not None and price.amount is not None:
                return price
        return self._sheet.get(kind)

    def price(self, kind: TokenKind) -> tuple[Decimal | None, str]:
        """Currency per token and its source; NULL and the reason where there is not one price."""
        found: dict[Decimal, str] = {}
        priced = []
        for each in self.kinds:
            price = self.find(each)
            if price is None or not _is_of_one_model(each, kind):
                continue
            if (each.scope, each.tier) != (kind.scope, kind.tier):
                if price.amount is not None:
                    priced.append(f"{each.scope} {each.tier}")
            elif price.amount is None:
                return None, f"{price.source}: {kind.words}"
            else:
                found[price.amount] = price.source
        if len(found) == 1:
            return next(iter(found.items()))
        if found:
            return None, f"several prices of {kind.words}: name a version"
        others = f"; it has one in {', '.join(sorted(set(priced)))}" if priced else ""
        return None, f"no price of {kind.words}{others}"


def _is_of_one_model(stated: TokenKind, asked: TokenKind) -> bool:
    """Whether a stated kind is an asked one, their scope and tier apart."""
    if (stated.model or "").casefold() != (asked.model or "").casefold():
        return False
    if asked.version not in (ANY_VERSION, stated.version):
        return False
    same = ("use", "direction", "cache", "modality")
    return (
        all(getattr(stated, name) == getattr(asked, name) for name in same)
        and bool(stated.fine_tuned) == bool(asked.fine_tuned)
        and _context(stated) == _context(asked)
    )


def _context(kind: TokenKind) -> str:
    """The context tier; a model without one has the price of a short context."""
    return (kind.context or "short").casefold()


def own_prices(engine: Engine, relations: Relations, month: str, currency: str) -> OwnPrices:
    """The contracted prices of a month, per token, in a BillingCurrency."""
    with localcontext() as context:
        context.prec = _DIGITS
        return OwnPrices(
            _of_sheet(engine, relations, month, currency),
            _of_bill(engine, relations, month, currency),
        )


def _of_bill(
    engine: Engine, relations: Relations, month: str, currency: str
) -> dict[TokenKind, Price]:
    query = MatrixQuery(
        by=KIND_COLUMNS, currency=currency, per="token",
        where=(("BillingMonth", month), ("ChargeCategory", "Usage"), ("ChargeClass", ""),
               ("Unit", "Tokens")),
    )  # fmt: skip
    found = {}
    for row in matrix_table(engine, relations, query).to_dicts():
        cost, tokens = row["x_TokenCost"], row["x_TokenQuantity"]
        if isinstance(cost, Decimal) and isinstance(tokens, Decimal) and tokens > 0 and cost:
            kind = TokenKind(*(row[name] for name in KIND_COLUMNS))  # type: ignore[arg-type]
            found[kind] = Price((cost / tokens).quantize(_SCALE), f"bill {month}")
    return found


def _of_sheet(
    engine: Engine, relations: Relations, month: str, currency: str
) -> dict[TokenKind, Price]:
    if not relations.view(engine, "prices"):
        return {}
    start, end = month_start(month), month_end(month)
    engine.view("own_answers", answers_select(start, end))
    rows = engine.rows(
        "SELECT answers.MeterId, names.MeterName, names.UnitOfMeasure, answers.CurrencyCode, "
        "answers.Block, answers.ContractedUnitPrice, answers.Several, answers.RunId "
        "FROM own_answers AS answers INNER JOIN (SELECT MeterId, min(MeterName) AS MeterName, "
        "min(UnitOfMeasure) AS UnitOfMeasure FROM prices "
        "WHERE regexp_matches(upper(UnitOfMeasure), '^ *[0-9]+ ?[KM]?( |/|$)') GROUP BY MeterId) "
        "AS names ON names.MeterId = answers.MeterId "
        "WHERE answers.Kind <> 'retail' AND answers.ContractedUnitPrice > 0 "
        "AND answers.SegmentStart < ? AND answers.SegmentEnd > ? AND answers.UnitWords = ''",
        [end, start],
    )
    rates = _rates(engine, relations, month, currency)
    names = [MeterName(row[1], unit_of_measure=row[2]) for row in rows]
    prices: dict[TokenKind, dict[Decimal | None, str]] = defaultdict(dict)
    for row, reading in zip(rows, classify_all(names), strict=True):
        _, _, _, stated_in, block, amount, several, run = row
        rate = rates.get(stated_in)
        if reading.status != "recognised" or reading.unit != "Tokens" or rate is None:
            continue
        said = dict(zip(COLUMNS, reading, strict=True))
        kind = TokenKind(*(said[name] for name in KIND_COLUMNS))  # type: ignore[arg-type]
        per_token = None if several else (amount / block * rate).quantize(_SCALE)
        prices[kind][per_token] = f"price sheet {run}"
    return {
        kind: Price(next(iter(held)), next(iter(held.values())))
        if len(held) == 1
        else Price(None, "several prices in the price sheet")
        for kind, held in prices.items()
    }


def _rates(engine: Engine, relations: Relations, month: str, currency: str) -> dict[str, Decimal]:
    """From a pricing currency to the billing currency; the billing currency itself is 1."""
    rates = {currency: Decimal(1)}
    relations.view(engine, "charges")
    held = engine.columns("charges")
    pricing = "PricingCurrency" if "PricingCurrency" in held else "x_PricingCurrency"
    if "x_BillingExchangeRate" not in held or pricing not in held:
        return rates
    rows = engine.rows(
        f"SELECT {pricing}, min(x_BillingExchangeRate), max(x_BillingExchangeRate) FROM charges "
        f"WHERE BillingMonth = ? AND BillingCurrency = ? AND {pricing} <> BillingCurrency "
        f"GROUP BY {pricing}",
        [month, currency],
    )
    return rates | {row[0]: row[1] for row in rows if row[1] is not None and row[1] == row[2]}
