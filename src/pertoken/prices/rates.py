"""Dated exchange rates from a CSV: what one unit of a currency is in another, on a day.

Two forms are known by their header. `date,from,to,rate,kind`: kind is `average` (of the month that
holds the date), `closing` (of that month) or `daily`; a file without that column has daily rates.
The other is the history of the European Central Bank (`Date,USD,JPY,...`: units of each currency
for one euro, every working day).

Source: European Central Bank, "Euro foreign exchange reference rates" (eurofxref-hist.csv).
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from pertoken.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RATE_KINDS = ("average", "closing", "daily")
RATE_COLUMNS = {
    "RateDate": "DATE", "FromCurrency": "VARCHAR", "ToCurrency": "VARCHAR",
    "Rate": "DECIMAL(38,18)", "RateKind": "VARCHAR", "RateSource": "VARCHAR", "RunId": "VARCHAR",
}  # fmt: skip
"""The columns of the hub's `rates` table and their types."""

_CODE = re.compile(r"[A-Z]{3}")
_NEEDED = ("date", "from", "to", "rate")
_ECB = "ECB"
_ABSENT = ("", "N/A")
_MOST, _SCALE = Decimal(10) ** 12, 18


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of `from_currency` is `rate` units of `to_currency`, on a day or for its month."""

    day: date
    from_currency: str
    to_currency: str
    rate: Decimal
    kind: str


def is_rate_header(header: Sequence[str]) -> bool:
    """Whether the header of a CSV is that of a rate table, of either form."""
    names = [name.strip() for name in header]
    folded = {name.casefold() for name in names}
    return folded.issuperset(_NEEDED) or _is_ecb(names)


def parse_rates(text: str, where: str) -> list[Rate]:
    """The rates of a file, in its order.

    Raises: SourceError, naming the row, for a date, currency, kind or rate that cannot be read.
    """
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    header = [name.strip() for name in next(lines, [])]
    if not is_rate_header(header):
        raise _unfit(where, f"has the columns {', '.join(header) or 'of no header'}")
    read = _ecb_rates if _is_ecb(header) else _stated_rates
    rates: list[Rate] = []
    for number, row in enumerate(lines, start=2):
        if any(cell.strip() for cell in row):
            rates += read(header, [cell.strip() for cell in row], f"{where}, row {number}")
    if not rates:
        raise _unfit(where, "holds no rate")
    return rates


def rate_source(text: str, name: str) -> str:
    """What the rates of a file are called in every table that uses them."""
    header = next(csv.reader([text.removeprefix("\ufeff").partition("\n")[0]]), [])
    return f"{_ECB} ({name})" if _is_ecb([each.strip() for each in header]) else name


def _is_ecb(header: Sequence[str]) -> bool:
    codes = [name for name in header[1:] if name]
    first = header[0].casefold() if header else ""
    return first == "date" and bool(codes) and all(_CODE.fullmatch(code) for code in codes)


def _ecb_rates(header: Sequence[str], row: Sequence[str], where: str) -> Iterator[Rate]:
    day = _day(row[0], where)
    for code, cell in zip(header[1:], row[1:], strict=False):
        if code and cell not in _ABSENT:
            yield Rate(day, "EUR", code, _rate(cell, where), "daily")


def _stated_rates(header: Sequence[str], row: Sequence[str], where: str) -> Iterator[Rate]:
    cells = dict(zip([name.casefold() for name in header], row, strict=False))
    if any(name not in cells for name in _NEEDED):
        raise _unfit(where, "is shorter than the header")
    kind = cells.get("kind", "").casefold() or "daily"
    start, end = cells["from"].upper(), cells["to"].upper()
    if kind not in RATE_KINDS:
        raise _unfit(where, f"has the kind '{kind}', known are {', '.join(RATE_KINDS)}")
    if not _CODE.fullmatch(start) or not _CODE.fullmatch(end) or start == end:
        raise _unfit(where, f"is from '{start:.20}' to '{end:.20}'")
    yield Rate(_day(cells["date"], where), start, end, _rate(cells["rate"], where), kind)


def _day(text: str, where: str) -> date:
    for form in ("%Y-%m-%d", "%d %B %Y", "%Y-%m"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise _unfit(where, f"has the date '{text:.80}'")


def _rate(text: str, where: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise _unfit(where, f"has the rate '{text:.80}'") from None
    fits = rate.is_finite() and 0 < rate < _MOST and int(rate.as_tuple().exponent) >= -_SCALE
    if not fits:
        raise _unfit(where, f"has the rate '{text:.80}'")
    return rate


def _unfit(where: str, found: str) -> SourceError:
    return SourceError(
        f"{where} {found}.",
        "Expected a rate table: date,from,to,rate,kind (YYYY-MM-DD, ISO 4217, a rate above 0, "
        "average, closing or daily), or the ECB's eurofxref-hist.csv.",
        "Mend the file, or leave it out.",
        path=where,
    )
