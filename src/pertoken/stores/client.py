"""Reading and writing one object store: lists, pieces of a download, puts under a condition.

A request that fails is tried again a few times (`RETRIES`, within `RETRY_TIME`), a piece of a
download that breaks off `PIECE_TRIES` times with a line in the log; then the error is raised.
Memory is bound by pieces at once, never by the size of a file.

Source: docs/decisions/0040-object-stores.md.
"""

from __future__ import annotations

import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from pertoken.errors import StoreError
from pertoken.redaction import redacted
from pertoken.stores.credentials import access_of, ambient_hidden
from pertoken.stores.url import AZURE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from pertoken.stores.path import StorePath
    from pertoken.stores.url import Bucket

RETRIES = 5
RETRY_TIME = timedelta(seconds=60)
PIECE = 16 * 1024 * 1024
PIECE_TRIES = 3
DOWNLOADS = 4
_READS = 16
_TIMEOUT = timedelta(seconds=600)
_LOG = logging.getLogger("pertoken.stores")


@dataclass(frozen=True, slots=True)
class StoreFile:
    """One object as a list names it; `tag` (the ETag) changes with its content."""

    path: StorePath
    size: int
    tag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """The content of a small object, and the tag under which it was read."""

    content: bytes
    tag: str
    modified: datetime


def files_below(folder: StorePath, *, after: str = "") -> list[StoreFile]:
    """Every file below a folder, in the order of their keys; `after` a key only the later ones.

    Raises: StoreError, when the store does not answer, or refuses.
    """
    import obstore  # noqa: PLC0415 - only who names a store loads it

    with _as_store_error(folder, "listed"):
        pages = obstore.list(_client(folder), folder.prefix or None, offset=after or None)
        metas = chain.from_iterable(pages)
        files = [_file(folder, meta) for meta in metas if meta["path"].startswith(folder.prefix)]
    return sorted(files, key=lambda file: file.path.key)


def find_file(path: StorePath) -> StoreFile | None:
    """The object of exactly this key; None when there is none."""
    import obstore  # noqa: PLC0415 - as above

    if not path.key:
        return None
    with _as_store_error(path, "looked for"):
        try:
            return _file(path, obstore.head(_client(path), path.key))
        except FileNotFoundError:
            return None


def read_small(path: StorePath) -> Found | None:
    """The content of a small object, whole; None when there is none."""
    import obstore  # noqa: PLC0415 - as above

    with _as_store_error(path, "read"):
        try:
            answer = obstore.get(_client(path), path.key)
        except FileNotFoundError:
            return None
        content = bytes(answer.bytes())
        return Found(content, _tag(answer.meta), answer.meta["last_modified"])


def read_many(paths: Sequence[StorePath]) -> list[Found | None]:
    """The contents of many small objects, in their order."""
    with ThreadPoolExecutor(_READS) as pool:
        return list(pool.map(read_small, paths))


def put_if(path: StorePath, content: bytes, tag: str | None) -> bool:
    """Write a small object if there is none (no tag), or it still has a tag; else False."""
    import obstore  # noqa: PLC0415 - as above
    from obstore.exceptions import AlreadyExistsError, PreconditionError  # noqa: PLC0415

    with _as_store_error(path, "written"):
        try:
            mode: Any = "create" if tag is None else {"e_tag": tag}
            obstore.put(_client(path), path.key, content, mode=mode)
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            return False
    return True


def upload(path: StorePath, file: Path) -> None:
    """Write a local file to a key, in pieces."""
    import obstore  # noqa: PLC0415 - as above

    with _as_store_error(path, "written"):
        obstore.put(_client(path), path.key, file, chunk_size=PIECE, max_concurrency=DOWNLOADS)


def delete(paths: Sequence[StorePath]) -> None:
    """Delete objects, one after the other; one that is gone already is no error."""
    import obstore  # noqa: PLC0415 - as above

    for path in paths:
        with _as_store_error(path, "deleted"):
            try:
                obstore.delete(_client(path), path.key)
            except FileNotFoundError:
                continue


def download(wanted: Sequence[tuple[StoreFile, Path]]) -> None:
    """Bring files to local paths, several at once; each appears there whole, or not at all.

    Raises: StoreError, when one cannot be read, or is another one than was listed.
    """
    with ThreadPoolExecutor(DOWNLOADS) as pool:
        for done in [pool.submit(_download, file, target) for file, target in wanted]:
            done.result()


def delta_options(bucket: Bucket) -> dict[str, str]:
    """The storage options of deltalake for a bucket; they hold the credential."""
    access = access_of(bucket)
    options = dict(access.options)
    if bucket.kind == AZURE:
        options |= {"azure_allow_http": str(access.allow_http).lower()}
    else:
        options |= {"aws_allow_http": str(access.allow_http).lower(), "aws_conditional_put": "etag"}
        if "aws_endpoint" in options:
            options["aws_endpoint_url"] = options["aws_endpoint"]
    seconds = int(RETRY_TIME.total_seconds())
    return options | {"max_retries": str(RETRIES), "retry_timeout": f"{seconds}s"}


def _download(file: StoreFile, target: Path) -> None:
    draft = target.with_name(f"{target.name}.{uuid.uuid4().hex}.draft")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with draft.open("wb") as written:
            for start in range(0, file.size, PIECE):
                written.write(_piece(file, start, min(start + PIECE, file.size)))
        draft.replace(target)
    except OSError as error:
        raise StoreError(
            f"{file.path} cannot be kept in {target.parent}: {error.strerror or error}.",
            "Expected a cache with room for the files in use.",
            "Free the disk, or set PERTOKEN_CACHE to a folder on another one.",
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def _piece(file: StoreFile, start: int, end: int) -> bytes:
    """A piece of a file, whole; a piece that broke off is asked for again."""
    import obstore  # noqa: PLC0415 - as above
    from obstore.exceptions import GenericError, PreconditionError  # noqa: PLC0415

    options: Any = {"range": (start, end)} | ({"if_match": file.tag} if file.tag else {})
    for attempt in range(1, PIECE_TRIES + 1):
        with _as_store_error(file.path, "read"):
            try:
                piece = bytes(
                    obstore.get(_client(file.path), file.path.key, options=options).bytes()
                )
                if len(piece) == end - start:
                    return piece
                fault = f"{len(piece)} bytes came of {end - start}"
            except PreconditionError:
                break
            except GenericError as error:
                if attempt == PIECE_TRIES:
                    raise
                fault = _first_line(error)
        _LOG.warning("%s: %s; attempt %d of %d", file.path, fault, attempt, PIECE_TRIES)
    raise StoreError(
        f"{file.path} changed or broke off while it was read.",
        f"Expected the {file.size} bytes that the list of the store names, within "
        f"{PIECE_TRIES} attempts.",
        "Wait for the export to end, then run the command again; nothing was committed.",
    )


def _file(place: StorePath, meta: Any) -> StoreFile:  # noqa: ANN401 - obstore has no types here
    path = type(place)(place.bucket, meta["path"])
    return StoreFile(path, meta["size"], _tag(meta), meta["last_modified"])


def _tag(meta: Any) -> str:  # noqa: ANN401 - as above
    """The ETag in quotes, as a condition needs it; lists of Azure give it without."""
    tag = (meta["e_tag"] or "").strip('"')
    return f'"{tag}"' if tag else ""


def _client(path: StorePath) -> Any:  # noqa: ANN401 - as above
    access = access_of(path.bucket)
    options = tuple(sorted(access.options.items()))
    return _made_client(path.bucket.kind, path.bucket.name, options, access.allow_http)


@lru_cache(maxsize=32)
def _made_client(
    kind: str,
    name: str,
    options: tuple[tuple[str, str], ...],
    allow_http: bool,  # noqa: FBT001 - a key of the cache
) -> Any:  # noqa: ANN401 - as above
    from obstore.store import AzureStore, S3Store  # noqa: PLC0415 - as above

    make = AzureStore if kind == AZURE else S3Store
    with ambient_hidden():
        return make(
            name,
            config=dict(options),
            client_options={"allow_http": allow_http, "timeout": _TIMEOUT},
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_TIME},
        )


@contextmanager
def _as_store_error(path: StorePath, done: str) -> Iterator[None]:
    from obstore.exceptions import BaseError  # noqa: PLC0415 - as above

    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        raise store_error(path, done, error) from None


def store_error(path: object, done: str, error: Exception) -> StoreError:
    """The three lines for what a store answered instead."""
    return StoreError(
        f"{path} cannot be {done}: {_first_line(error)}",
        "Expected a container or bucket that answers, and a credential that may do this there.",
        "Check the URL, the credential and its rights (docs/object-stores.md), then run it again.",
        missing=isinstance(error, FileNotFoundError),
    )


def _first_line(error: Exception) -> str:
    text = redacted(str(error)) or type(error).__name__
    code = text.partition("<Code>")[2].partition("</Code>")[0]
    line = next(iter(text.splitlines()), "").partition(": <?xml")[0]
    return f"{line} ({code})" if code else line
