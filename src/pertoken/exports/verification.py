"""Is a run whole? Its parts against its manifest, before a charge is read.

Each check is a function from a run to the reason why it must be refused, or None; the first
reason found is given. Row counts inside the files are counted by the reader, later.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.errors import SourceError
from pertoken.exports.contents import read_content, read_digest
from pertoken.exports.datasets import check_dataset
from pertoken.exports.manifest import name_segments
from pertoken.periods import month_end

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pertoken.exports.run import ExportRun, Part

FORMATS = ("csv", "parquet")
_SHOWN = 3


def check_run(run: ExportRun) -> str | None:
    """The reason why a run must be refused before it is read: dataset, month, parts; or None."""
    return check_dataset(run.dataset, run.dataset_version) or check_month(run) or check_parts(run)


def check_month(run: ExportRun) -> str | None:
    """The reason why a run does not lie in one month, or None.

    Its rows could be told apart by month, but what it covers of each could not be compared with
    the runs of that month.
    """
    if run.end <= month_end(run.month):
        return None
    return (
        f"covers more than one month ({run.start} to before {run.end}): "
        "export each month as a run of its own"
    )


def check_parts(run: ExportRun) -> str | None:
    """The reason why the parts of a run do not agree with its manifest, or None.

    Takes:   a run, as `parse_manifest` gives it.
    Gives:   one line that names the part and both figures. Reads sizes and the first bytes only.
    """
    checks = (_check_format, _check_names, _check_counts, _check_presence, _check_sizes)
    reasons = (check(run) for check in (*checks, _check_contents))
    return next((reason for reason in reasons if reason is not None), None)


def fingerprint(run: ExportRun) -> str:
    """What the bytes of a run are, whatever its parts, folder and RunId are called.

    Takes:   a run whose parts are present.
    Gives:   a SHA-256 over the digest and size of each part, in the order of their names.
    Raises:  SourceError, when a part cannot be read.
    """
    whole = sha256()
    for part in sorted(run.parts, key=lambda each: each.name):
        try:
            digest, length = read_digest(Path(part.path))
        except OSError as error:
            raise SourceError(
                f"{part.path} cannot be read: {error.strerror or error}.",
                f"Expected a part of run {run.run_id}.",
                "Make the file readable or copy the run again.",
                path=part.path,
            ) from error
        whole.update(f"{digest} {length}\n".encode())
    return whole.hexdigest()


def _check_format(run: ExportRun) -> str | None:
    if run.file_format in FORMATS:
        return None
    return f"unknown file format '{run.file_format}'; known are Csv and Parquet"


def _check_names(run: ExportRun) -> str | None:
    outside = [part.name for part in run.parts if _leaves_folder(part, run)]
    if outside:
        return f"part name leaves the folder of the manifest: {_shown(outside)}"
    times = Counter(part.name for part in run.parts)
    twice = [name for name, count in times.items() if count > 1]
    return f"manifest lists a part twice: {_shown(twice)}" if twice else None


def _leaves_folder(part: Part, run: ExportRun) -> bool:
    segments = name_segments(part.name)
    strange = any(
        segment in ("", ".", "..") or "\\" in segment or not _is_file_name(segment)
        for segment in segments
    )
    drive = segments[0][1:2] == ":"
    return strange or drive or not Path(part.path).is_relative_to(run.path)


def _is_file_name(segment: str) -> bool:
    return not any(ord(sign) < ord(" ") or "\ud800" <= sign <= "\udfff" for sign in segment)


def _check_counts(run: ExportRun) -> str | None:
    listed = len(run.parts)
    if run.blob_count is not None and run.blob_count != listed:
        return f"manifest says blobCount {run.blob_count} and lists {_parts(listed)}"
    if not run.parts and run.row_count:
        return f"manifest says {run.row_count} rows and lists no part"
    rows = [part.row_count for part in run.parts]
    total = sum(row for row in rows if row is not None)
    if None not in rows and run.row_count is not None and total != run.row_count:
        return f"parts hold {total} rows, the manifest says dataRowCount {run.row_count}"
    return None


def _check_presence(run: ExportRun) -> str | None:
    missing = [Path(part.path).name for part in run.parts if not _is_present(part)]
    if not missing:
        return None
    return f"{len(missing)} of {_parts(len(run.parts))} missing: {_shown(missing)}"


def _is_present(part: Part) -> bool:
    """Whether a part lies on disk, or in the store that it is read from."""
    return part.stored is not None or Path(part.path).is_file()


def _check_sizes(run: ExportRun) -> str | None:
    sizes = [
        part.stored.size if part.stored else Path(part.path).stat().st_size for part in run.parts
    ]
    for part, size in zip(run.parts, sizes, strict=True):
        if part.byte_count is not None and part.byte_count != size:
            name = Path(part.path).name
            return f"part {name} has {size} bytes, the manifest says {part.byte_count}"
    stated = all(part.byte_count is not None for part in run.parts)
    if stated or run.byte_count is None or run.byte_count == sum(sizes):
        return None
    return f"parts have {sum(sizes)} bytes, the manifest says byteCount {run.byte_count}"


def _check_contents(run: ExportRun) -> str | None:
    for part in run.parts:
        name = Path(part.path).name
        try:
            content = read_content(Path(part.path))
        except OSError as error:
            return f"part {name} cannot be opened: {error.strerror or error}"
        if content is None:
            return f"part {name} is neither CSV text, gzip nor Parquet by its bytes"
        if content.file_format != run.file_format:
            return f"part {name} is {content.file_format} by its bytes, the run {run.file_format}"
    return None


def _parts(count: int) -> str:
    return f"{count} part" if count == 1 else f"{count} parts"


def _shown(names: Iterable[str]) -> str:
    listed = [f"{name!r:.120}" for name in names]
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
