"""An internal rate card: dated prices per million tokens, by model and kind of token.

A CSV with x_ModelId, x_TokenDirection, BillingCurrency and PricePerMillionTokens and, where known,
x_TokenCacheAction, From (inclusive) and To (exclusive). A row without a cache action holds for
every token of its direction that has no row of its own. Two rows for one day refuse the file.

Source: docs/statements.md, "A rate card".
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn

from pertoken.errors import ConfigError, SourceError, alternatives
from pertoken.focus.currencies import currencies
from pertoken.periods import parse_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NEEDED = ("x_ModelId", "x_TokenDirection", "BillingCurrency", "PricePerMillionTokens")
OPTIONAL = ("x_TokenCacheAction", "From", "To")
_NAMES = {name.casefold(): name for name in (*NEEDED, *OPTIONAL)}
_DIRECTIONS = {"input": "Input", "output": "Output"}
_ACTIONS = {"": None, "uncached": "Uncached", "read": "Read", "write": "Write", "other": "Other"}
_PRICE = re.compile(r"\d{1,9}(\.\d{1,12})?")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class CardPrice:
    """One row: the price of a million tokens from a day to another; None is open."""

    model: str
    direction: str
    action: str | None
    currency: str
    price: Decimal
    since: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the price holds on a day."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


@dataclass(frozen=True, slots=True)
class RateCard:
    """A rate card, checked; `text` is the file, so that a statement can hold it."""

    prices: tuple[CardPrice, ...]
    name: str
    text: str

    @property
    def digest(self) -> str:
        """The SHA-256 of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def days(self) -> set[date]:
        """The days on which a price begins or ends."""
        return {day for each in self.prices for day in (each.since, each.until) if day}

    def price(
        self, model: str | None, direction: str | None, action: str | None, currency: str, day: date
    ) -> Decimal | None:
        """The price of a million tokens on a day; None where the card has none."""
        rows = [
            each
            for each in self.prices
            if each.model == (model or "").casefold()
            and (each.direction, each.currency) == (direction, currency)
            and each.holds(day)
        ]
        own = [each for each in rows if each.action is not None and each.action == action]
        any_action = [each for each in rows if each.action is None]
        return next((each.price for each in (*own, *any_action)), None)


def parse_rate_card(text: str, where: str) -> RateCard:
    """The rate card of a CSV.

    Raises: SourceError with row, column and value of what cannot be read, and for two rows of one
    model, kind and day.
    """
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    header = [cell.strip() for cell in next(lines, [])]
    unknown = [cell for cell in header if cell.casefold() not in _NAMES]
    if unknown:
        nearest = alternatives(unknown[0], _NAMES.values())
        _refuse(where, f"row 1, column '{unknown[0]:.80}' is not known; nearest are {nearest}")
    names = [_NAMES[cell.casefold()] for cell in header]
    missing = [name for name in NEEDED if name not in names]
    if missing or len(set(names)) < len(names):
        _refuse(where, f"row 1 lacks {', '.join(missing)}" if missing else "row 1 names one twice")
    faults: list[str] = []
    prices: list[CardPrice] = []
    for number, row in enumerate(lines, start=2):
        if any(cell.strip() for cell in row):
            prices += _price(names, row, number, faults)
    faults += _overlaps(prices)
    if faults:
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        _refuse(where, "; ".join(faults[:_SHOWN]) + more)
    if not prices:
        _refuse(where, "it holds no price")
    return RateCard(tuple(prices), where, text)


def _price(
    names: Sequence[str], row: Sequence[str], number: int, faults: list[str]
) -> Iterator[CardPrice]:
    if len(row) != len(names):
        faults.append(f"row {number} has {len(row)} cells, the header {len(names)}")
        return
    cells = dict.fromkeys(OPTIONAL, "") | {
        name: cell.strip() for name, cell in zip(names, row, strict=True)
    }
    bad = [
        f"row {number}, column {column}: '{cells[column]:.80}' is {why}"
        for column, why in _unreadable(cells)
    ]
    faults += bad
    if not bad:
        since, until = (parse_day(cells[name]) if cells[name] else None for name in ("From", "To"))
        yield CardPrice(
            cells["x_ModelId"].casefold(), _DIRECTIONS[cells["x_TokenDirection"].casefold()],
            _ACTIONS[cells["x_TokenCacheAction"].casefold()], cells["BillingCurrency"].upper(),
            Decimal(cells["PricePerMillionTokens"]), since, until,
        )  # fmt: skip


def _unreadable(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if not cells["x_ModelId"]:
        yield "x_ModelId", "no model"
    if cells["x_TokenDirection"].casefold() not in _DIRECTIONS:
        yield "x_TokenDirection", "neither Input nor Output"
    if cells["x_TokenCacheAction"].casefold() not in _ACTIONS:
        yield "x_TokenCacheAction", "not Uncached, Read, Write or Other"
    if cells["BillingCurrency"].upper() not in currencies():
        yield "BillingCurrency", "no currency of ISO 4217"
    if not _PRICE.fullmatch(cells["PricePerMillionTokens"]):
        yield "PricePerMillionTokens", "no price such as 2.50"
    for name in ("From", "To"):
        if cells[name] and not _is_day(cells[name]):
            yield name, "no day YYYY-MM-DD"


def _is_day(text: str) -> bool:
    try:
        parse_day(text)
    except ConfigError:
        return False
    return True


def _overlaps(prices: Sequence[CardPrice]) -> list[str]:
    return [
        f"{later.model} {later.direction} {later.action or '(any cache action)'} has two prices "
        f"in {later.currency} for one day"
        for place, later in enumerate(prices)
        for other in prices[:place]
        if (later.model, later.direction, later.action, later.currency)
        == (other.model, other.direction, other.action, other.currency)
        and (other.until or date.max) > (later.since or date.min)
        and (later.until or date.max) > (other.since or date.min)
    ]


def _refuse(where: str, found: str) -> NoReturn:
    raise SourceError(
        f"{where} is no rate card that can be read: {found}.",
        f"Expected the columns {', '.join(NEEDED)} and, where known, {', '.join(OPTIONAL)}.",
        "Mend the file; nothing was drafted.",
        path=where,
    )
