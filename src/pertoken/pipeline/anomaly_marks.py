"""What people said of findings, kept in the hub: expected, unexpected, or muted until a day.

A mark holds the finding's cell, kind and days, so that it still fits when the finding grows or its
figures move; the last mark of a finding counts.

Source: docs/forecast-and-anomalies.md, "Feedback".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from pertoken.anomalies.settings import Expected
from pertoken.errors import ConfigError, alternatives
from pertoken.pipeline.kept_rows import append_rows, kept_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pertoken.anomalies import Finding
    from pertoken.engine import Engine
    from pertoken.hub import Hub
    from pertoken.pipeline.audience import Relations

MARKS = ("expected", "unexpected", "muted")
MARK_COLUMNS = {
    "Id": "VARCHAR", "Mark": "VARCHAR", "Until": "DATE", "MarkedBy": "VARCHAR",
    "MarkedAt": "TIMESTAMP WITH TIME ZONE", "Note": "VARCHAR", "Kind": "VARCHAR", "Start": "DATE",
    "End": "DATE", "Cell": "VARCHAR",
}  # fmt: skip
TABLE = "anomaly_marks"


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody said of a finding."""

    mark: str
    by: str
    until: date | None = None
    note: str | None = None


def finding_id(finding: Finding) -> str:
    """The name of a finding: the same as long as its kind, cell and first day are."""
    told = json.dumps([finding.kind, finding.start.isoformat(), _cell(finding.cell)])
    return hashlib.sha256(told.encode()).hexdigest()[:10]


def marks(engine: Engine, relations: Relations) -> dict[str, dict[str, Any]]:
    """The mark that counts of every finding, by Id."""
    known = kept_rows(engine, relations, TABLE, MARK_COLUMNS)
    return {row["Id"]: row for row in sorted(known, key=lambda row: row["MarkedAt"])}


def expected_by(known: Iterable[Mapping[str, Any]]) -> tuple[Expected, ...]:
    """What is not to be alarmed, because somebody said so."""
    return tuple(
        Expected(
            start=row["Start"],
            end=row["Until"] or row["End"],
            reason=f"{row['Mark']} by {row['MarkedBy']}"
            + (f": {row['Note']}" if row["Note"] else ""),
            cell=json.loads(row["Cell"]),
            kinds=(row["Kind"],),
        )
        for row in known
        if row["Mark"] in ("expected", "muted")
    )


def keep_mark(
    engine: Engine, hub: Hub, findings: Sequence[Finding], identity: str, mark: Mark
) -> None:
    """Keep what somebody said of one of these findings.

    Raises: ConfigError for a finding that is not there, another mark, or a mute without an end.
    """
    if mark.mark not in MARKS:
        raise ConfigError(
            f"'{mark.mark}' is not a mark.", f"Expected one of {', '.join(MARKS)}.",
            f"Nearest: {alternatives(mark.mark, MARKS)}.",
        )  # fmt: skip
    by_id = {finding_id(each): each for each in findings}
    if identity not in by_id:
        raise ConfigError(
            f"There is no finding '{identity}'.",
            "Expected the Id of a finding.",
            f"Nearest: {alternatives(identity, by_id)}." if by_id else "There is none at all.",
        )
    finding = by_id[identity]
    if mark.mark == "muted" and mark.until is None:
        raise ConfigError(
            "A finding cannot be muted for ever.",
            "Expected the last day on which it is muted.",
            "Give that day, as YYYY-MM-DD.",
        )
    if mark.until is not None and mark.until < finding.start:
        raise ConfigError(
            f"The finding starts on {finding.start}, after {mark.until}.",
            "Expected the last day of the mark on that day or later.",
            "Give a later day.",
        )
    if not mark.by.strip():
        raise ConfigError("A mark has no name.", "Expected who says so.", "Say who it is.")
    row = (
        identity, mark.mark, mark.until, mark.by, datetime.now(UTC), mark.note, finding.kind,
        finding.start, finding.end, json.dumps(_cell(finding.cell)),
    )  # fmt: skip
    append_rows(engine, hub, TABLE, MARK_COLUMNS, [row])


def _cell(cell: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(cell[name]) for name in sorted(cell) if cell[name] is not None}
