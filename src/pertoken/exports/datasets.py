"""Which datasets of an export are read, in which versions, and in what order versions stand.

`datasets.csv` holds one row per dataset and version, the oldest version first: that order
decides between two runs that are equal otherwise. A dataset whose rows say `no` is known and
not read, whatever its version.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from pertoken.errors import alternatives

FOCUS_COST = "FocusCost"
FOCUS_FILE = "FocusFile"
"""A plain FOCUS file, named on the command line: FOCUS charges without a manifest."""

NOT_YET_READ = "dataset not yet read"


@cache
def _versions() -> dict[str, tuple[str, ...]]:
    """Read versions of each known dataset, oldest first; none for a dataset not yet read."""
    table = files(__package__).joinpath("datasets.csv").read_text(encoding="utf-8")
    versions: dict[str, tuple[str, ...]] = {}
    for row in csv.DictReader(table.splitlines()):
        read = (row["DatasetVersion"],) if row["Read"] == "yes" else ()
        versions[row["Dataset"]] = versions.get(row["Dataset"], ()) + read
    return versions


def dataset_name(text: str) -> str:
    """The dataset's name as its table spells it, or the text when it is not known.

    >>> dataset_name(" focuscost")
    'FocusCost'
    """
    folded = {name.casefold(): name for name in _versions()}
    return folded.get(text.strip().casefold(), text.strip())


def dataset_family(dataset: str) -> str:
    """The dataset whose runs hold the same charges: a plain FOCUS file stands with FocusCost."""
    return FOCUS_COST if dataset == FOCUS_FILE else dataset


def version_rank(dataset: str, version: str) -> int:
    """The place of a version among those of its dataset, newer is higher; -1 when unknown."""
    versions = _versions().get(dataset_family(dataset), ())
    return versions.index(version) if version in versions else -1


def check_dataset(dataset: str, version: str) -> str | None:
    """The reason why a dataset and version cannot be read, or None."""
    if dataset == FOCUS_FILE:
        return None
    known = _versions()
    if dataset not in known:
        return f"unknown dataset '{dataset}'; known are {alternatives(dataset, known)}"
    if not known[dataset]:
        return NOT_YET_READ
    if version not in known[dataset]:
        names = alternatives(version, known[dataset])
        return f"unknown version '{version}' of {dataset}; known are {names}"
    return None
