"""Files of telemetry as rows of `runs`: what was handed over, what of it stands, and why not.

A file is one row per billing month in which hours of it stand. It never is a run of charges: it has
no cost, and no month depends on it. Source: docs/telemetry.md, "What an ingest keeps".
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pertoken.engine import sql_file
from pertoken.pipeline.telemetry_parts import TOGETHER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pertoken.engine import Engine
    from pertoken.hub import Snapshot
    from pertoken.telemetry import TelemetryFile

DATASET = "Telemetry"
_STANDING = ("FileDigest", "BillingMonth", "Provenance", "ResourceName")


def telemetry_loads(engine: Engine, snapshot: Snapshot) -> list[tuple[Any, ...]]:
    """One row, in the columns of `runs`, per file of telemetry and month in which it stands.

    Gives:   RunId, the file's SHA-256; DatasetVersion, its source; Scope, its resource where it has
             one only; SubmittedTime, when it was ingested; Rows, its hours of usage that stand, or
             that it held where none does; costs NULL. Status: reference; superseded, when every
             hour stands from a fuller delivery; empty, when nothing of it counts; dropped.
    """
    if not snapshot.view(engine, "usage_files"):
        return []
    names = ", ".join(_STANDING)
    nothing = f"SELECT {', '.join(f'CAST(NULL AS VARCHAR) AS {name}' for name in _STANDING)}"
    has_usage = snapshot.view(engine, "usage")
    engine.view(
        "usage_standing", f"SELECT {names} FROM usage" if has_usage else f"{nothing} WHERE false"
    )
    files = engine.arrow(sql_file("pertoken.pipeline", "telemetry_loads")).to_pylist()
    return [_load(file, snapshot.dropped_before) for file in files]


def found_loads(
    loads: Iterable[tuple[Any, ...]],
    found: Iterable[TelemetryFile],
    refused: dict[str, str],
) -> list[tuple[Any, ...]]:
    """The rows of the files that an ingest found, each path once.

    Takes:   refused, by digest, why a file could not be read.
    Gives:   the rows of telemetry_loads, duplicate for a path whose bytes another has, refused.
    """
    by_digest: dict[str, list[tuple[Any, ...]]] = {}
    for load in loads:
        by_digest.setdefault(load[0], []).append(load)
    rows: list[tuple[Any, ...]] = []
    first: dict[str, str] = {}
    for file in found:
        if file.digest in first:
            words = f"the same bytes as {first[file.digest]}"
            rows.append(_row(file, "duplicate", words))
        elif file.digest in by_digest:
            rows += by_digest[file.digest]
        elif file.digest in refused:
            rows.append(_row(file, "refused", refused[file.digest]))
        first.setdefault(file.digest, file.shown)
    return rows


def _load(file: dict[str, Any], dropped_before: str) -> tuple[Any, ...]:
    """One row of telemetry_loads.sql in the columns of `runs`."""
    status, reasons = _standing(file, dropped_before)
    if file["Findings"]:
        reasons.append(file["Findings"])
    hours = file["DeliveredHours"] if file["Hours"] is None else file["Hours"]
    return (
        file["FileDigest"], PurePath(file["Path"]).name, DATASET, file["Source"],
        file["ResourceName"], file["BillingMonth"], file["IngestedAt"], status, "; ".join(reasons),
        hours, None, None, None, file["Path"],
    )  # fmt: skip


def _standing(file: dict[str, Any], dropped_before: str) -> tuple[str, list[str]]:
    """The status of a file, and what of its hours stands and how it was counted."""
    standing, delivered = file["StandingHours"], file["DeliveredHours"]
    if delivered == 0:
        return "empty", []
    if standing is None and file["BillingMonth"] < dropped_before:
        return "dropped", [f"months before {dropped_before} are kept no more (pertoken hub retain)"]
    if standing is None and TOGETHER in file["Findings"]:
        return "reference", []
    if standing is None:
        return "superseded", ["every hour stands from a fuller delivery"]
    estimated, hours = file["EstimatedHours"], file["Hours"]
    reasons = [f"{estimated:,} of {hours:,} hours estimated" if estimated else "measured"]
    if standing < delivered:
        reasons.append(f"{standing:,} of {delivered:,} hours stand")
    return "reference", reasons


def _row(file: TelemetryFile, status: str, reason: str) -> tuple[Any, ...]:
    return (
        file.digest, PurePath(file.shown).name, DATASET, file.source.name, None, None, None, status,
        reason, None, None, None, None, file.shown,
    )  # fmt: skip
