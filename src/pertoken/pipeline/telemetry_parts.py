"""The usage of files of telemetry: of one, and of several that hold calls of the same minutes.

A gateway's log comes in parts: one per machine, or as an engine wrote them, each with some calls of
an hour. As deliveries of that hour the fullest would stand alone. Where every call has its id, such
parts are counted together, each call once; the ids are not kept, so this holds for the files of one
ingest. So are answers of Azure Monitor, which may be of one metric each.

Source: docs/telemetry.md, "What is counted".
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pertoken.engine import quoted
from pertoken.errors import EngineError, SourceError
from pertoken.telemetry import (
    METRICS,
    USER_KEY_VARIABLE,
    TelemetryFile,
    UsageFinding,
    knows_every_call,
    overlapping_files_select,
    view_readings,
    view_usage,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from pertoken.engine import Engine

TOGETHER = "counted together with "
_EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
_TWICE = "delivered twice"


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file, the usage that it states alone, and what of it does not count."""

    file: TelemetryFile
    usage: pa.Table
    findings: tuple[UsageFinding, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """Files that were counted as one; `findings` are of what only all of them show."""

    digests: frozenset[str]
    findings: tuple[UsageFinding, ...]

    @property
    def words(self) -> str:
        """What `runs` says of each of them."""
        others = len(self.digests) - 1
        return f"{TOGETHER}{others} other {'file' if others == 1 else 'files'} of the same hours"


def usage_of(
    engine: Engine, files: Sequence[TelemetryFile]
) -> tuple[pa.Table, tuple[UsageFinding, ...]]:
    """The usage of files of one source, counted as one, and what of them does not count.

    Raises: SourceError for a file that cannot be read to its end: nothing of it counts.
    """
    first = files[0]
    try:
        _view_readings(engine, files)
        findings = view_usage(
            engine,
            first,
            since=_EARLIEST,
            until=datetime.now(UTC) + timedelta(days=1),
            user_key=os.environ.get(USER_KEY_VARIABLE),
        )
        return engine.arrow("SELECT * FROM new_usage"), findings
    except EngineError as error:
        detail = str(error.context.get("detail", error))
        if not (error.context.get("of_data") or first.path in detail):
            raise
        lines = detail.splitlines()
        counts = [line for line in lines[1:] if line.startswith("Expected Number of Columns")]
        raise SourceError(  # never the line itself: it may hold what nobody may read
            f"{first.shown} cannot be read to its end: {'; '.join([lines[0], *counts[:1]])}",
            f"Expected a whole file of {first.source.name}, each row with the cells of its header.",
            "Fetch the telemetry again, or leave the file out; nothing of it counts.",
        ) from error


def count_together(
    engine: Engine, read: Sequence[ReadFile]
) -> tuple[list[pa.Table], list[Together]]:
    """The usage of new files; those of a source that share minutes of a cell are counted as one.

    Keeps: every call that one of the files holds, once, and every metric. Files in which a call
           has no id stay deliveries, of which the fullest stands. The usage of a group has the
           digest of its first file.
    """
    import pyarrow as pa  # noqa: PLC0415 - only a writer needs Arrow

    tables = {one.file.digest: one.usage for one in read}
    engine.view_arrow("usage_read", pa.concat_tables(list(tables.values())))
    engine.view("usage_deliveries", "SELECT * FROM usage_read")
    metrics = {one.file.digest for one in read if one.file.layout == METRICS}
    sharing: dict[tuple[str, bool], set[str]] = {}
    for source, digest in engine.rows(overlapping_files_select()):
        sharing.setdefault((source, digest in metrics), set()).add(digest)
    groups = []
    for (_, is_metrics), digests in sorted(sharing.items()):
        parts = [one for one in read if one.file.digest in digests]
        if not (is_metrics or "CallId" in parts[0].file.source.spellings):
            continue
        usage, findings = usage_of(engine, [part.file for part in parts])
        if not (is_metrics or knows_every_call(engine)):
            continue
        apart = sum(f.rows for part in parts for f in part.findings if f.reason == _TWICE)
        again = sum(f.rows for f in findings if f.reason == _TWICE) - apart
        path = f"{parts[0].file.shown} and {len(parts) - 1} more"
        found = (UsageFinding(path, _TWICE, again),) if again else ()
        groups.append(Together(frozenset(digests), found))
        tables = {key: table for key, table in tables.items() if key not in digests}
        tables[parts[0].file.digest] = usage
    return list(tables.values()), groups


def _view_readings(engine: Engine, files: Sequence[TelemetryFile]) -> None:
    """Name the readings of all files `telemetry_readings`."""
    first, *others = files
    if not others or first.layout == METRICS:
        view_readings(engine, first, more=[file.path for file in others])
        return
    names = [f"telemetry_readings_{number}" for number in range(len(files))]
    for file, name in zip(files, names, strict=True):
        view_readings(engine, file, name)
    every = " UNION ALL BY NAME ".join(f"SELECT * FROM {quoted(name)}" for name in names)
    engine.view("telemetry_readings", every)
