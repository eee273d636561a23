"""Files and folders that are whole or not there: written under another name, then renamed.

A process that is killed leaves `.NAME.unfinished` beside the file, or the folder `unfinished` in
the folder, and nothing that looks whole. One that fails leaves nothing at all.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pertoken.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNFINISHED = "unfinished"
_DISK = ("IO Error", "Out of Memory Error: failed to offload")


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Where to write a file that is not there yet; it has its own name once it is whole.

    Raises:  ConfigError for a file that is there, no folder for it, or no room.
    """
    _check_new(path)
    place = path.with_name(f".{path.name}.{UNFINISHED}")
    log = place.with_name(f"{place.name}.wal")
    try:
        with _saying_so(path):
            for left in (place, log):
                left.unlink(missing_ok=True)
            yield place
            _check_new(path)
            place.rename(path)
    finally:
        for left in (place, log):
            left.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Where to write the files of a new or empty folder; they are in it once all are whole.

    Raises:  ConfigError for a folder that is not empty, cannot be written, or has no room.
    """
    _check_empty(folder)
    place = folder / UNFINISHED
    try:
        with _saying_so(folder):
            place.mkdir()
            yield place
            for made in sorted(place.iterdir()):
                made.rename(folder / made.name)
            place.rmdir()
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _saying_so(path: Path) -> Iterator[None]:
    """What the disk answers, in three lines."""
    try:
        yield
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error
    except EngineError as error:
        detail = str(error.context.get("detail", ""))
        if not detail.startswith(_DISK):
            raise
        raise _refused(path, detail.splitlines()[0]) from error


def _refused(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"{path} cannot be written: {reason.rstrip('.')}.",
        "Expected room on the disk and the right to write there; nothing was left behind.",
        "Free some space, or name another place.",
    )


def _check_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = next(folder.iterdir(), None)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be written: {error.strerror}.",
            "Expected a new or empty folder.",
            "Name another folder.",
        ) from error
    if held is not None:
        raise ConfigError(
            f"{folder} is not empty: it holds {held.name}.",
            "Expected a new or empty folder, so that nothing is mixed or lost.",
            "Name another folder, or empty this one.",
        )


def _check_new(path: Path) -> None:
    if path.exists():
        raise ConfigError(
            f"{path} is there already.",
            "Expected a new file, so that nothing is lost.",
            "Name another file, or remove this one.",
        )
    if not path.parent.is_dir():
        raise ConfigError(
            f"There is no folder {path.parent}.",
            "Expected a file in a folder that exists.",
            "Make the folder, or name another file.",
        )
