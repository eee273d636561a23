"""From the text of a manifest.json to an ExportRun; the folder's path is never read for facts.

A manifest is refused (SourceError) when it is no JSON object or lacks what a decision needs:
runId, type, startDate, endDate. Everything else may be absent. Names may carry stray blanks, dates
`Z`, `+00:00` or no zone, times seven fractional digits.

A blob's name is relative to its container, and a local copy may hold any part of that tree:
a part is the file of its base name beside the manifest. Where base names repeat, the names below
the folder that all blobs share tell them apart. `verification` refuses names that leave it.

Source: Microsoft Learn, "tutorial-improved-exports"; finops-toolkit, exports (manifest handling).
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from hashlib import sha256
from itertools import takewhile
from typing import TYPE_CHECKING

from pertoken.errors import SourceError
from pertoken.exports.datasets import dataset_name
from pertoken.exports.run import ExportRun, Part
from pertoken.periods import month_of, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pertoken.stores import Folder

MANIFEST_NAME = "manifest.json"
_EXPORT_MARK = "/providers/microsoft.costmanagement/exports/"


def parse_manifest(text: bytes, folder: Folder) -> ExportRun:
    """The run that a manifest describes; no file is opened.

    Takes:   text, the bytes of manifest.json (UTF-8, a byte order mark is allowed); folder, where
             it lies (a local folder or one of a store) and where its parts are expected.
    Gives:   the run as the manifest states it; `row_count` is the sum of its parts where the
             manifest states no total, 0 where it lists no part, else None.
    Raises:  SourceError, when it is no manifest of an export or lacks what a decision needs.
    Source:  Microsoft Learn, "tutorial-improved-exports".
    """
    folder = folder.absolute()
    where = str(folder / MANIFEST_NAME)
    manifest = _object(text, where)
    config, info = (_section(manifest, name, where) for name in ("exportConfig", "runInfo"))
    delivery = manifest.get("deliveryConfig")
    delivery = delivery if isinstance(delivery, dict) else {}
    start, end = _days(info, where)
    scope, export_name = _scope_and_name(_words(config, "resourceId", where))
    parts = _parts(manifest, folder, where)
    file_format = _file_format(_words(delivery, "fileFormat", where), parts)
    gzipped = file_format == "csv" and "gzip" in _words(delivery, "compressionMode", where).lower()
    return ExportRun(
        run_id=_needed(info, "runId", where),
        export_name=_words(config, "exportName", where) or export_name,
        dataset=dataset_name(_needed(config, "type", where)),
        dataset_version=_words(config, "dataVersion", where),
        scope=scope,
        month=month_of(start),
        start=start,
        end=end,
        submitted_time=_submitted_time(info, where),
        parts=tuple(_with_compression(part, file_format, gzipped=gzipped) for part in parts),
        row_count=_row_count(_count(manifest, "dataRowCount", where), parts),
        byte_count=_count(manifest, "byteCount", where),
        file_format=file_format,
        path=str(folder),
        manifest_digest=sha256(text).hexdigest(),
        blob_count=_count(manifest, "blobCount", where),
    )


def name_segments(name: str) -> tuple[str, ...]:
    """The folders and the file of a blob name, stray blanks removed.

    >>> name_segments(" folder/sample/ 0000/part0.csv")
    ('folder', 'sample', '0000', 'part0.csv')
    """
    return tuple(segment.strip() for segment in name.strip().split("/"))


def unfit(found: str, where: str) -> SourceError:
    """The three lines for a manifest that cannot be used."""
    return SourceError(
        f"{where}: {found}.",
        "Expected the manifest of a Cost Management export (exportConfig, runInfo, blobs).",
        "Copy the run again with its manifest, or move the file out of the folder.",
        path=where,
    )


def _object(text: bytes, where: str) -> Mapping[str, object]:
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise unfit(f"not JSON ({error})", where) from error
    if not isinstance(manifest, dict):
        raise unfit(f"JSON, but a {type(manifest).__name__} and no object", where)
    return manifest


def _section(manifest: Mapping[str, object], name: str, where: str) -> Mapping[str, object]:
    section = manifest.get(name)
    if not isinstance(section, dict):
        raise unfit(f"{name} is missing or no object", where)
    return section


def _words(section: Mapping[str, object], name: str, where: str) -> str:
    """A text without blanks around it; empty when absent or null."""
    value = section.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise unfit(f"{name} is {value!r:.80} and no text", where)
    return value.strip()


def _needed(section: Mapping[str, object], name: str, where: str) -> str:
    text = _words(section, name, where)
    if not text:
        raise unfit(f"{name} is missing", where)
    return text


def _count(section: Mapping[str, object], name: str, where: str) -> int | None:
    value = section.get(name)
    if value is None:
        return None
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or not isinstance(value, (int, float)) or value < 0:
        raise unfit(f"{name} is {value!r:.80} and no count", where)
    return int(value)


def _days(info: Mapping[str, object], where: str) -> tuple[date, date]:
    """The first day and the day after the last; the days as written, whatever their zone."""
    first, last = (
        _day(_needed(info, name, where), name, where) for name in ("startDate", "endDate")
    )
    if last < first or last == date.max:
        raise unfit(f"endDate {last} and startDate {first} span no days", where)
    return first, last + timedelta(days=1)


def _day(text: str, name: str, where: str) -> date:
    _time(text, name, where)
    return date.fromisoformat(text[:10])


def _submitted_time(info: Mapping[str, object], where: str) -> datetime | None:
    text = _words(info, "submittedTime", where)
    return _time(text, "submittedTime", where) if text else None


def _time(text: str, name: str, where: str) -> datetime:
    try:
        return parse_timestamp(text)
    except (ValueError, OverflowError) as error:
        raise unfit(f"{name} is {text!r:.80} and no date", where) from error


def _scope_and_name(resource_id: str) -> tuple[str, str]:
    """The scope, in lower case, and the name of the export from its resource id."""
    path = "/".join(name_segments(resource_id))
    at = path.lower().find(_EXPORT_MARK)
    if at < 0:
        return path.lower().rstrip("/"), ""
    return path[:at].lower(), path[at + len(_EXPORT_MARK) :]


def _parts(manifest: Mapping[str, object], folder: Folder, where: str) -> tuple[Part, ...]:
    blobs = manifest.get("blobs")
    if blobs is None:
        return ()
    if not isinstance(blobs, list):
        raise unfit("blobs is no list", where)
    if not all(isinstance(blob, dict) for blob in blobs):
        raise unfit("blobs holds something that is no object", where)
    names = [name_segments(_needed(blob, "blobName", where)) for blob in blobs]
    return tuple(
        Part(
            name="/".join(segments),
            path=str(folder.joinpath(*below)),
            byte_count=_count(blob, "byteCount", where),
            row_count=_count(blob, "dataRowCount", where),
        )
        for blob, segments, below in zip(blobs, names, _names_below(names), strict=True)
    )


def _names_below(names: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Where each part lies below the manifest: its base name, or more where those repeat."""
    times = Counter(segments[-1] for segments in names)
    levels = zip(*(segments[:-1] for segments in names), strict=False)
    shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, levels))
    return [segments[-1:] if times[segments[-1]] == 1 else segments[shared:] for segments in names]


def _file_format(declared: str, parts: Sequence[Part]) -> str:
    if declared:
        return declared.lower()
    parquet = bool(parts) and all(part.path.lower().endswith(".parquet") for part in parts)
    return "parquet" if parquet else "csv"


def _with_compression(part: Part, file_format: str, *, gzipped: bool) -> Part:
    if file_format != "csv" or not (gzipped or part.path.lower().endswith(".gz")):
        return part
    return Part(part.name, part.path, part.byte_count, part.row_count, compression="gzip")


def _row_count(total: int | None, parts: Sequence[Part]) -> int | None:
    if total is not None:
        return total
    counts = [part.row_count for part in parts]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
