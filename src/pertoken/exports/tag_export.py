"""Tags as Azure Resource Graph exports them: which tags a place carried on the day of the export.

A place is a resource, a resource group or a subscription. The day is a column of the rows
(SnapshotDate, Date, Timestamp, ...), a field of the JSON document, or the one date in the name of
the file; an export without a day is refused, because tags are inherited by date only. Rows that lie
in no subscription (management groups) cannot carry tags and are left out.

Source: https://learn.microsoft.com/azure/governance/resource-graph (Resources, ResourceContainers).
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from pertoken.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LEVELS = ("resource", "resource group", "subscription")
_DAYS = ("snapshotdate", "snapshotday", "snapshottime", "date", "day", "timestamp", "timegenerated")
_IDS = ("id", "resourceid")
_BESIDE = {"type", "resourcegroup", "subscriptionid", "tenantid", *_DAYS}
_COSTS = {"billedcost", "effectivecost", "costinbillingcurrency", "cost"}
_DAY_IN_NAME = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")
_ID = re.compile(r"/subscriptions/([^/]+)(?:/resourcegroups/([^/]+)(/.+)?|(/.+))?/?")
_KEYS = re.compile(r'"([A-Za-z_]+)"\s*:')
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class TaggedPlace:
    """A place and its tags on a day; `place` is an id of LEVELS in lower case.

    A resource is its whole id, a resource group `subscription/group`, a subscription its own id.
    """

    day: date
    level: str
    place: str
    subscription: str
    tags: tuple[tuple[str, str], ...]


def is_tag_header(header: Sequence[str]) -> bool:
    """Whether the columns of a CSV are those of a tag export.

    >>> is_tag_header(["ID", "NAME", "TYPE", "TAGS"])
    True
    """
    names = {name.strip().casefold() for name in header}
    return "tags" in names and _is_placed(names)


def is_tag_json(head: str) -> bool:
    """Whether the beginning of a JSON file is that of a tag export.

    >>> is_tag_json('{"count": 1, "data": [{"id": "/subscriptions/s", "type": "t", "tags": {}}]}')
    True
    """
    names = {name.casefold() for name in _KEYS.findall(head)}
    return "tags" in names and _is_placed(names)


def _is_placed(names: set[str]) -> bool:
    return bool(names.intersection(_IDS) and names & _BESIDE) and not names & _COSTS


def parse_tag_export(text: str, name: str) -> list[TaggedPlace]:
    """The places of a tag export, JSON or CSV, in its order.

    Raises: SourceError, with the first rows that cannot be read, or where no day is stated.
    """
    is_json = text.lstrip()[:1] in ("{", "[")
    records, stated = _json_records(text, name) if is_json else (_csv_records(text), None)
    named = set(_DAY_IN_NAME.findall(name))
    day = stated or (_day(named.pop()) if len(named) == 1 else None)
    faults: list[str] = []
    places = [
        place
        for number, record in enumerate(records, start=1)
        for place in _places(record, number, day, faults)
    ]
    if faults:
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        _refuse(name, f"{'; '.join(faults[:_SHOWN])}{more}")
    if not places:
        _refuse(name, "it holds no resource, resource group or subscription")
    return places


def _csv_records(text: str) -> Iterator[Mapping[str, Any]]:
    for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")):
        yield {str(key).strip().casefold(): value for key, value in row.items() if key is not None}


def _json_records(text: str, name: str) -> tuple[list[Mapping[str, Any]], date | None]:
    """The records of a JSON export and the day that the document itself states."""
    try:
        content = json.loads(text)
    except ValueError as error:
        _refuse(name, f"it is no JSON ({error})")
    day = None
    if isinstance(content, dict):
        outer = {key.casefold(): value for key, value in content.items()}
        day = next((found for key in _DAYS if (found := _day(outer.get(key)))), None)
        content = outer.get("data", outer.get("value", []))
        if isinstance(content, dict):
            columns = [str(column["name"]) for column in content.get("columns", [])]
            content = [dict(zip(columns, row, strict=False)) for row in content.get("rows", [])]
    return [
        {key.casefold(): value for key, value in record.items()}
        for record in content
        if isinstance(record, dict)
    ], day


def _places(
    record: Mapping[str, Any], number: int, day: date | None, faults: list[str]
) -> Iterator[TaggedPlace]:
    """The place of a record; nothing where it lies in no subscription, or with its faults."""
    text = next((str(record[key]) for key in _IDS if record.get(key)), "").strip().lower()
    found = _ID.fullmatch(text)
    if found is None:
        if not text.startswith("/providers/microsoft.management/"):
            faults.append(f"row {number}: id '{text:.80}' is no id of Azure")
        return
    own = next((record[key] for key in _DAYS if record.get(key)), None)
    on = day if own is None else _day(own)
    tags = _tags(record.get("tags"))
    if on is None:
        words = "no day is stated" if own is None else f"'{own!s:.40}' is no day"
        faults.append(f"row {number}: {words}")
    elif tags is None:
        faults.append(f"row {number}: tags '{record.get('tags')!s:.40}' are no JSON object")
    else:
        subscription, group, below, other = found.groups()
        if below or other:
            level, place = LEVELS[0], text.rstrip("/")
        elif group:
            level, place = LEVELS[1], f"{subscription}/{group}"
        else:
            level, place = LEVELS[2], subscription
        yield TaggedPlace(on, level, place, subscription, tags)


def _tags(value: object) -> tuple[tuple[str, str], ...] | None:
    """Key and value pairs; none where nothing is tagged; None where it cannot be read."""
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError:
            return None
    if value is None or value == "":
        return ()
    if not isinstance(value, dict):
        return None
    return tuple((str(key), str(each)) for key, each in value.items() if each is not None)


def _day(value: object) -> date | None:
    """The UTC day of an ISO date or time.

    >>> _day("2026-03-01T23:30:00-05:00")
    datetime.date(2026, 3, 2)
    """
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date()


def _refuse(name: str, found: str) -> NoReturn:
    raise SourceError(
        f"{name} holds tags and cannot be read: {found}.",
        "Expected an export of Azure Resource Graph with id, type, tags and its day "
        "(SnapshotDate, or one date YYYY-MM-DD in the file's name).",
        "Add `| extend SnapshotDate = now()` to the query, or mend the file.",
        path=name,
    )
