"""Which runs lie in the given folders and files.

A folder, of any depth, is searched for manifest.json and nothing else: neither its path nor the
files beside a manifest say what a run is. A file named by the user is taken as it is: a manifest,
or a plain FOCUS file, whose scopes and months are read from its rows by the pipeline. What cannot
be used becomes a problem, and the rest is still found. The answer does not depend on the order of
the sources. A URL of an object store is listed once, and its manifests are read; parts are not.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.errors import SourceError
from pertoken.exports.at_hand import as_contained, at_hand
from pertoken.exports.contents import Content, read_content, read_digest
from pertoken.exports.in_store import files_at, with_stored_parts
from pertoken.exports.manifest import MANIFEST_NAME, parse_manifest, unfit
from pertoken.exports.tag_export import is_tag_json
from pertoken.exports.verification import check_parts, fingerprint
from pertoken.prices import is_retail_list
from pertoken.stores import StorePath, is_store_url, kept_files, read_many

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pertoken.exports.run import ExportRun, RunKey
    from pertoken.stores import Folder, StoreFile

MANIFEST_LIMIT = 64 * 1024 * 1024
"""Bytes of the largest manifest that is read: some 200,000 parts."""

JSON_FORMAT = "json"
_JSON_NAMES = (".json", ".json.gz")
_TEXT_NAMES = (".csv", ".csv.gz", ".txt", ".txt.gz", ".gz")
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file without a manifest: charges, rates, invoices, metrics; (json) retail prices or tags.

    `digest`, its SHA-256, is its RunId. A file in a store has its URL as `path`, and its local
    copy as `copy`.
    """

    path: str
    digest: str
    file_format: str
    compression: str = "none"
    copy: str = ""
    stored: StoreFile | None = field(default=None, compare=False, repr=False)

    @property
    def local(self) -> str:
        """The local file to read."""
        return self.copy or self.path


@dataclass(frozen=True, slots=True)
class Discovery:
    """What the sources hold: runs by month, scope and time; what could not be used; files."""

    runs: tuple[ExportRun, ...]
    problems: tuple[SourceError, ...]
    plain_files: tuple[PlainFile, ...] = ()


def discover(sources: Sequence[str | Path]) -> Discovery:
    """The export runs and plain files in folders and files.

    Takes:   sources, folders (local, or URLs of a store; searched for manifest.json) and files.
    Gives:   each run once, even where copies of it are found; each plain file's content once;
             one problem per source or manifest that cannot be used. Parts are not verified here:
             a run with missing parts is listed, and refused by `verification`.
    Raises:  StoreError, when a store does not answer, or refuses; ConfigError, when the credential
             of one is missing.
    """
    problems: list[SourceError] = []
    texts = sorted({str(source) for source in sources})
    local = [text for text in texts if not is_store_url(text)]
    manifests, files = _found_files(local, problems)
    runs = [run for path in manifests if (run := _run_of(path, problems)) is not None]
    plain = [file for path in files if (file := _plain_file(path, problems)) is not None]
    for text in texts:
        if is_store_url(text):
            _add_stored(StorePath.of(text), runs, plain, problems)
    by_key: defaultdict[RunKey, list[ExportRun]] = defaultdict(list)
    for run in runs:
        by_key[run.key].append(run)
    chosen = [_one_copy(copies, problems) for copies in by_key.values()]
    by_digest = {file.digest: file for file in reversed(plain)}
    return Discovery(
        runs=tuple(sorted(chosen, key=_order)),
        problems=tuple(sorted(problems, key=str)),
        plain_files=tuple(sorted(by_digest.values(), key=lambda file: file.path)),
    )


def _order(run: ExportRun) -> tuple[str, str, str, datetime, str]:
    return run.month, run.scope, run.dataset, run.submitted_time or _NEVER, run.run_id


def _found_files(
    sources: Sequence[str], problems: list[SourceError]
) -> tuple[list[Path], list[Path]]:
    """The manifests and the plain files, each real file once, in the order of their paths."""
    manifests: dict[Path, Path] = {}
    files: dict[Path, Path] = {}
    for source in sources:
        path = Path(source).absolute()
        if path.is_dir():
            _add(manifests, _manifests_below(path, problems))
        elif path.is_file():
            _add(manifests if _is_manifest(path.name) else files, [path])
        else:
            problems.append(_no_source(source))
    return sorted(manifests.values()), sorted(files.values())


def _add(by_real_path: dict[Path, Path], paths: Iterable[Path]) -> None:
    for path in paths:
        real = path.resolve()
        by_real_path[real] = min(path, by_real_path.get(real, path))


def _is_manifest(name: str) -> bool:
    return name.casefold() == MANIFEST_NAME


def _no_source(source: str) -> SourceError:
    found = "is neither a path nor a URL of a store" if "://" in source else "does not exist"
    return SourceError(
        f"Source '{source}' {found}.",
        "Expected a folder of exports, a manifest.json, or a FOCUS file; or one in a store: "
        "az://, abfss://, s3:// or https:// with the host of a storage account.",
        "Check the path.",
        path=source,
    )


def _manifests_below(folder: Path, problems: list[SourceError]) -> list[Path]:
    def unreadable(error: OSError) -> None:
        problems.append(_unreadable(error.filename or folder, error))

    walk = os.walk(folder, onerror=unreadable)
    manifests = [
        Path(parent, name) for parent, _, names in walk for name in names if _is_manifest(name)
    ]
    if not manifests:
        problems.append(_no_manifest(folder))
    return manifests


def _no_manifest(folder: Folder) -> SourceError:
    return SourceError(
        f"{folder} holds no manifest.json.",
        "Expected the folder of one or more Cost Management exports, at any depth.",
        "Name another folder; a FOCUS file without a manifest is named as a file.",
        path=str(folder),
    )


def _unreadable(path: object, error: OSError) -> SourceError:
    return SourceError(
        f"{path} cannot be read: {error.strerror or error}.",
        "Expected a readable file or folder.",
        "Change its permissions or leave it out.",
        path=str(path),
    )


def _run_of(path: Path, problems: list[SourceError]) -> ExportRun | None:
    try:
        if not path.is_file():
            raise unfit("not a regular file", str(path))
        if _has_fit_size(path.stat().st_size, str(path), problems):
            return as_contained(parse_manifest(path.read_bytes(), path.parent))
    except SourceError as error:
        problems.append(error)
    except OSError as error:
        problems.append(_unreadable(path, error))
    return None


def _has_fit_size(size: int, where: str, problems: list[SourceError]) -> bool:
    if size > MANIFEST_LIMIT:
        found = f"{size} bytes, more than the {MANIFEST_LIMIT} of any manifest"
        problems.append(unfit(found, where))
    return size <= MANIFEST_LIMIT


def _add_stored(
    place: StorePath,
    runs: list[ExportRun],
    plain: list[PlainFile],
    problems: list[SourceError],
) -> None:
    """Add what lies at a URL: the runs of its manifests, or the plain file that it names."""
    files = files_at(place)
    by_url = {str(file.path): file for file in files}
    if not _is_manifest(place.name) and str(place) in by_url:
        path = kept_files(files)[0]
        plain += [each for each in (_plain_file(path, problems, files[0]),) if each is not None]
        return
    manifests = [file for file in files if _is_manifest(file.path.name)]
    if not manifests:
        problems.append(_no_manifest(place))
        return
    fit = [file for file in manifests if _has_fit_size(file.size, str(file.path), problems)]
    if len(files) == 1:
        by_url = {str(file.path): file for file in files_at(place.parent)}
    known = {run.path for run in runs}
    for file, content in zip(fit, read_many([file.path for file in fit]), strict=True):
        if content is None or str(file.path.parent) in known:
            continue
        try:
            run = parse_manifest(content.content, file.path.parent)
            runs.append(with_stored_parts(run, by_url))
        except SourceError as error:
            problems.append(error)


def _one_copy(copies: Sequence[ExportRun], problems: list[SourceError]) -> ExportRun:
    """One of several folders that hold the same run: a whole one before a partial one.

    Copies that are whole and differ are a problem; the one submitted last is listed.
    """
    if len(copies) == 1:
        return copies[0]
    whole = [run for run in copies if check_parts(at_hand(run)) is None] or list(copies)
    last = min(_submitted_last(whole), key=lambda run: run.path)
    if check_parts(at_hand(last)) is None and len({fingerprint(at_hand(run)) for run in whole}) > 1:
        places = " and ".join(run.path for run in whole)
        problems.append(
            SourceError(
                f"Run {last.run_id} is found with different content: {places}.",
                "Expected every copy of a run to hold the same bytes.",
                f"Remove the wrong copy; until then {last.path} is taken.",
                run_id=last.run_id,
            )
        )
    return last


def _submitted_last(runs: Sequence[ExportRun]) -> Iterator[ExportRun]:
    last = max(run.submitted_time or _NEVER for run in runs)
    return (run for run in runs if (run.submitted_time or _NEVER) == last)


def _is_json_source(path: Path, content: Content) -> bool:
    """Whether a file named as JSON begins as the retail price list or an export of tags does."""
    if content.file_format != "csv" or not path.name.casefold().endswith(_JSON_NAMES):
        return False
    opener = gzip.open if content.compression == "gzip" else open
    try:
        with opener(path, "rb") as file:
            head = file.read(1 << 16)
    except (OSError, EOFError, zlib.error):
        return False
    return is_retail_list(head) or is_tag_json(head.decode("utf-8", "replace"))


def _plain_file(
    path: Path, problems: list[SourceError], stored: StoreFile | None = None
) -> PlainFile | None:
    """The plain file at a local path, which is the copy of one in a store where `stored` is it."""
    shown, copy = (str(stored.path), str(path)) if stored else (str(path), "")
    try:
        content = read_content(path)
        digest = read_digest(path)[0]
    except OSError as error:
        problems.append(_unreadable(path, error))
        return None
    if content is not None and _is_json_source(path, content):
        return PlainFile(shown, digest, JSON_FORMAT, content.compression, copy, stored)
    named_as_text = path.name.casefold().endswith(_TEXT_NAMES)
    if content is None or (content.file_format == "csv" and not named_as_text):
        problems.append(
            SourceError(
                f"{shown} is neither a CSV nor a Parquet file.",
                f"Expected Parquet, or text named {', '.join(_TEXT_NAMES[:2])}.",
                "Name a FOCUS file, a manifest.json, or a folder of exports.",
                path=shown,
            )
        )
        return None
    return PlainFile(shown, digest, content.file_format, content.compression, copy, stored)
