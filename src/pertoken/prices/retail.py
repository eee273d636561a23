"""The public retail price list (the JSON of the Retail Prices API) -> rows of `prices`.

One page is `{"Items": [...]}`; a file may hold one page or a list of pages. Numbers are read by
their digits. A price is in force from its effectiveStartDate until its effectiveEndDate, else
until the next price of the same meter, product and unit starts. The savings plan prices that an
item carries are rows of their own.

Source: Microsoft Learn, "Azure Retail Prices REST API overview" (2023-01-01-preview).
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pertoken.errors import SourceError
from pertoken.periods import parse_timestamp
from pertoken.prices.table import RETAIL_LIST, price_columns, table_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_TERMS = {"1 month": "P1M", "1 year": "P1Y", "3 years": "P3Y", "5 years": "P5Y"}
_NEEDED = ("meterId", "unitOfMeasure", "type", "currencyCode", "retailPrice", "effectiveStartDate")
_LIMIT, _SCALE = Decimal(10) ** 20, 18


def is_retail_list(text: bytes) -> bool:
    """Whether a JSON text begins as pages of the retail price list do."""
    head = text[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head[:1] in (b"{", b"[") and b'"Items"' in text[:65536]


def parse_retail_list(text: bytes, where: str) -> list[dict[str, Any]]:
    """The prices of a file, one dict per row of `prices`, in the order of the file.

    Raises: SourceError, naming the item, for text that is no price list or a value not readable.
    """
    try:
        content = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise _unfit(where, f"is no JSON ({error})") from error
    pages = content if isinstance(content, list) else [content]
    rows: list[dict[str, Any]] = []
    for page in pages:
        items = page.get("Items") if isinstance(page, dict) else None
        if not isinstance(items, list):
            raise _unfit(where, "holds something that is no page of Items")
        for item in items:
            rows += _rows(item, f"{where}, item {len(rows) + 1}")
    if not rows:
        raise _unfit(where, "holds no price")
    return rows


def retail_table(rows: list[dict[str, Any]], *, run_id: str, scope: str) -> pa.Table:
    """The rows as Arrow, in the columns of `table_columns`."""
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    kinds = {"VARCHAR": pa.string(), "DATE": pa.date32(), "DECIMAL(38,18)": pa.decimal128(38, 18)}
    own = {"PriceSource": RETAIL_LIST, "RunId": run_id, "Scope": scope}
    columns = table_columns()
    arrays = [
        pa.array([own.get(name, row.get(name)) for row in rows], kinds[kind])
        for name, kind in columns.items()
    ]
    return pa.table(arrays, names=list(columns))


def _rows(item: object, where: str) -> Iterator[dict[str, Any]]:
    """One item, and one row for each of its savings plan prices."""
    if not isinstance(item, dict):
        raise _unfit(where, "is no object")
    missing = [name for name in _NEEDED if item.get(name) in (None, "")]
    if missing:
        raise _unfit(where, f"states no {', '.join(missing)}")
    row = {column.name: _value(item, column.retail_name, column.kind, where)
           for column in price_columns() if column.retail_name}  # fmt: skip
    row["MeterId"] = row["MeterId"].lower()
    row["SkuId"] = row["SkuId"].rpartition("/")[2] if row["SkuId"] else None
    row["Term"] = _TERMS.get((row["Term"] or "").lower(), row["Term"])
    yield row
    for plan in item.get("savingsPlan") or ():
        yield row | {
            "PriceType": "SavingsPlan",
            "Term": _TERMS.get(str(plan.get("term", "")).lower(), plan.get("term")),
            "ContractedUnitPrice": _value(plan, "retailPrice", "decimal", where),
        }


def _value(item: dict[str, Any], name: str, kind: str, where: str) -> Any:  # noqa: ANN401 - JSON
    value = item.get(name)
    if value in (None, ""):
        return None
    if kind == "decimal":
        return _decimal(value, name, where)
    if kind == "date":
        return _day(value, name, where)
    if not isinstance(value, str):
        raise _unfit(where, f"has {name} {value!r:.80}, which is no text")
    return value.strip()


def _decimal(value: object, name: str, where: str) -> Decimal:
    if (
        not isinstance(value, Decimal)
        or not value.is_finite()
        or abs(value) >= _LIMIT
        or int(value.as_tuple().exponent) < -_SCALE
    ):
        raise _unfit(where, f"has {name} {value!s:.80}, which is no DECIMAL(38,18)")
    return value


def _day(value: object, name: str, where: str) -> date:
    """The day of a time; an end with a time of day is moved to the next midnight."""
    try:
        moment = parse_timestamp(str(value))
    except (ValueError, OverflowError) as error:
        raise _unfit(where, f"has {name} {value!s:.80}, which is no time") from error
    midnight = datetime.combine(moment.date(), time(), UTC)
    late = name == "effectiveEndDate" and moment > midnight
    return moment.date() + timedelta(days=1) if late else moment.date()


def _unfit(where: str, found: str) -> SourceError:
    return SourceError(
        f"{where} {found}.",
        'Expected pages of the Retail Prices API: {"Items": [...]}.',
        "Download the price list again, or leave the file out.",
        path=where,
    )
