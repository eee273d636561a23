"""Why a run that was read must be refused: its rows against its manifest, in one line each.

Each check is a function from a run and what its rows hold to a reason, or None. The checks before
anything is read (presence, size, format) are in `exports.verification`.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pertoken.exports.scopes import subscription_of
from pertoken.normalize import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pertoken.errors import EngineError, SourceError
    from pertoken.exports import ExportRun
    from pertoken.normalize import SourceFacts

_BILLING_SCOPE = "/providers/microsoft.billing/"
_SEGMENT = re.compile(r"/([^/]+)/([^/]+)")
_SHOWN = 3


def rows_fault(run: ExportRun, facts: SourceFacts) -> str | None:
    """Why the rows of a run are not those that its manifest promises, or None."""
    if run.is_plain:
        return _row_fault(run, facts)
    checks = (_row_fault, _month_fault, _scope_fault)
    return next((fault for check in checks if (fault := check(run, facts)) is not None), None)


def unreadable_fault(error: EngineError | SourceError, paths: list[str]) -> str:
    """One line for the ledger: what cannot be read, and in which file and row."""
    detail = str(error.context.get("detail", error))
    _, marker, unread = detail.partition(UNREADABLE)
    if not marker:
        found = " ".join(error.found.removeprefix("The engine could not run a query: ").split())
        named = [Path(path).name for path in paths if path in detail or len(paths) == 1]
        return found if not named or named[0] in found else f"{named[0]} cannot be read: {found}"
    column, _, value = unread.partition("=")
    value = value.splitlines()[0] if value else ""
    where = _place_of(column, value, paths)
    what = f"{column} '{value}' cannot be read" if value.strip() else f"{column} is missing"
    return f"{what}{where}"


def _row_fault(run: ExportRun, facts: SourceFacts) -> str | None:
    """Parts, then the whole run, have the rows that the manifest states."""
    return parts_fault(run, facts.rows_by_file)


def parts_fault(run: ExportRun, rows_by_file: Mapping[str, int]) -> str | None:
    """Why the rows of each file, and of all, are not those that the manifest states, or None."""
    for part in run.parts:
        rows = rows_by_file.get(part.path, 0)
        if part.row_count is not None and part.row_count != rows:
            return (
                f"part {Path(part.path).name} has {rows} rows, the manifest says {part.row_count}"
            )
    found = sum(rows_by_file.values())
    if run.row_count is not None and run.row_count != found:
        return f"the parts have {found} rows, the manifest says {run.row_count}"
    return None


def _month_fault(run: ExportRun, facts: SourceFacts) -> str | None:
    """The charges are of the month that the manifest states."""
    others = sorted({group.month for group in facts.groups} - {run.month})
    if not others:
        return None
    return f"holds charges of {', '.join(others)}, the manifest says {run.month}"


def _scope_fault(run: ExportRun, facts: SourceFacts) -> str | None:
    """The charges lie in the scope that the manifest states: parts of two runs can be swapped.

    Only ids of one kind are compared (billing account, billing profile, subscription), so a scope
    that names its charges otherwise is never refused.
    """
    accounts = {group.billing_account_id.lower() for group in facts.groups}
    if not run.scope:
        if accounts <= {""}:
            return "the manifest names no scope, and no charge a BillingAccountId"
        return (
            f"the manifest names no scope, and its charges are of {len(accounts)} accounts "
            f"({_shown(accounts)}): export each account as a run of its own"
        )
    stated = _billing_ids(run.scope)
    subscription = subscription_of(run.scope)
    strange = {
        account
        for account in accounts
        if any(stated.get(kind, each) != each for kind, each in _billing_ids(account).items())
    }
    if subscription is not None:
        own = subscription.rsplit("/", 1)[-1]
        strange |= {each for each in facts.sub_account_ids if each.rsplit("/", 1)[-1] != own}
    if not strange:
        return None
    return f"holds charges of {_shown(strange)}, the manifest says {run.scope}"


def _billing_ids(scope: str) -> dict[str, str]:
    """The ids in a billing path by their kind: {'billingaccounts': '1', ...}; else none."""
    folded = unquote(scope).lower()
    if not folded.startswith(_BILLING_SCOPE):
        return {}
    return dict(_SEGMENT.findall(folded[len(_BILLING_SCOPE) - 1 :]))


def _shown(ids: Iterable[str]) -> str:
    listed = [each or "none" for each in sorted(ids)]
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _place_of(column: str, value: str, paths: list[str]) -> str:
    """The file and row of the first such value in CSV files; nothing for Parquet.

    A file that cannot be read to its end (cut, or no CSV) gives no place: the fault stands without.
    """
    for path in paths:
        try:
            row = _row_of(column, value, path)
        except (OSError, EOFError, ValueError, csv.Error, zlib.error):
            continue
        if row is not None:
            return f" ({Path(path).name}, row {row})"
    return ""


def _row_of(column: str, value: str, path: str) -> int | None:
    with Path(path).open("rb") as file:
        magic = file.read(4)
    if magic == b"PAR1":
        return None
    opener = gzip.open if magic[:2] == b"\x1f\x8b" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            cells = {str(key).strip().casefold(): cell for key, cell in row.items()}
            if (cells.get(column.casefold()) or "") == value:
                return number
    return None
