"""How the API answers: JSON that loses no digit, files by extension, one envelope for errors.

Decimals leave as JSON strings of plain digits, because a reader in JavaScript would round a number
of more than 15 digits. `.json` is the file of `pertoken ... --format json`, whose numbers are the
digits themselves. Source: docs/page.md, "The API"; docs/decisions/0020-the-page.md.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from pertoken.reports import write
from pertoken.reports.cells import time_text
from pertoken.reports.numbers import plain
from pertoken.version import __version__
from pertoken.web.store import Body

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

    from pertoken.reports import Table

FILE_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
JSON_TYPE = "application/json"
_LEAST_COMPRESSED = 600
_WORTH_COMPRESSING = ("text/", "application/json", "application/javascript", "image/svg")


def json_body(content: Mapping[str, Any]) -> Body:
    """An answer as JSON: `{"ok": true, ...}`."""
    text = json.dumps({"ok": True, **content}, default=_plain_value, separators=(",", ":"),
                      ensure_ascii=False)  # fmt: skip
    return finished(text.encode(), JSON_TYPE)


def table_content(
    table: Table, *, offset: int = 0, limit: int, total: int | None = None
) -> dict[str, Any]:
    """A table as JSON: its columns with their kinds, and a page of rows as lists.

    Takes:   total, when `table` holds only the page; else the page is cut from the table.
    """
    table = table.without_hints()
    rows = table.rows if total is not None else table.rows[offset : offset + limit]
    whole = len(table.rows) if total is None else total
    after = offset + len(rows)
    return {
        "table": table.name,
        "columns": [{"name": each.name, "kind": each.kind} for each in table.columns],
        "rows": rows,
        "total": whole,
        "offset": offset,
        "next": after if after < whole else None,
    }


def table_file(table: Table, extension: str, provenance: Mapping[str, str]) -> Body:
    """A table as a file: the bytes that `pertoken ... --format` writes."""
    target = io.BytesIO()
    write(table, extension, target, provenance=provenance)
    return finished(target.getvalue(), FILE_TYPES[extension])


def finished(content: bytes, media_type: str) -> Body:
    """A body with its gzip form, where that is worth it."""
    worth = len(content) >= _LEAST_COMPRESSED and media_type.startswith(_WORTH_COMPRESSING)
    return Body(content, gzip.compress(content, 6, mtime=0) if worth else None, media_type)


def etag_of(key: Sequence[str]) -> str:
    """The entity tag of an answer: by software version, commit, role and query."""
    digest = hashlib.sha256("\x1f".join((__version__, *key)).encode()).hexdigest()
    return f'W/"{digest[:24]}"'


def response_of(
    request: Request, body: Body, etag: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The response that carries a body, compressed where the client takes gzip."""
    sent = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding, Authorization, Cookie",
        **(headers or {}),
    }
    content = body.content
    if body.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        content = body.compressed
        sent["Content-Encoding"] = "gzip"
    return Response(content, headers=sent, media_type=body.media_type)


def not_modified(request: Request, etag: str) -> Response | None:
    """304, where the client holds this answer already."""
    held = request.headers.get("if-none-match", "")
    if etag in (each.strip() for each in held.split(",")):
        return Response(
            status_code=304,
            headers={"ETag": etag, "Cache-Control": "private, no-cache",
                     "Vary": "Accept-Encoding, Authorization, Cookie"},
        )  # fmt: skip
    return None


def file_name(table: str, start: date | None, end: date | None, extension: str) -> str:
    """The name under which a browser keeps a file: the table and its period."""
    period = "".join(f"-{day.isoformat()}" for day in (start, end) if day is not None)
    return f"pertoken-{table}{period}.{extension}"


def _plain_value(value: object) -> object:
    """A value that JSON has no form for; Decimal as the string of its digits."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    raise TypeError(f"no JSON for {type(value).__name__}")
