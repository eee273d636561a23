"""FOCUS rules over the hub or any file, what the hub lacks, and FOCUS files out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.conformance import (
    EXPORT_VERSIONS,
    FINDING_COLUMNS,
    check,
    focus_select,
    focus_text_select,
    missing_columns,
)
from pertoken.engine import quoted
from pertoken.errors import ConfigError, SourceError, alternatives
from pertoken.meters import COLUMNS
from pertoken.pipeline.coverage import coverage_findings
from pertoken.pipeline.views import require_charges, view_mart
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from pertoken.engine import Engine
    from pertoken.hub import Snapshot

_KINDS = {"Rows": "count", "CostAtStake": "money"}
_READING = tuple(name for name in COLUMNS if name.startswith("x_"))
_NOT_FOCUS = (
    "BillingMonth", "x_ScopeKey", "x_MeterKey", "x_TagsKey", "x_SourceFile", "x_UnitQuantity",
)  # fmt: skip
"""Keys of the hub, which mean nothing outside it; x_UnitQuantity goes as ConsumedQuantity."""


def check_file(engine: Engine, path: Path) -> Table:
    """The FOCUS rules that a file breaks.

    Takes:   a FOCUS file: CSV (plain or gzip) or Parquet, by its first bytes.
    Gives:   Rule, Severity, Column, Rows, CostAtStake, BillingCurrency, Example, Help.
    Raises:  SourceError when the file cannot be read as a table.
    """
    view_file(engine, path, "checked")
    return _findings(engine, "checked")


def check_hub(engine: Engine, snapshot: Snapshot) -> Table:
    """The FOCUS rules that the charges of the hub break, then what the hub lacks.

    Gives:   the columns of `check_file`; the rules of what it lacks begin with `coverage-`.
    """
    require_charges(snapshot)
    snapshot.view(engine, "charges")
    names = [name for name in engine.columns("charges") if name not in _NOT_FOCUS]
    engine.view("checked", f"SELECT {', '.join(quoted(name) for name in names)} FROM charges")
    broken = _findings(engine, "checked")
    lacking = tuple(finding.as_row() for finding in coverage_findings(engine, snapshot))
    return Table(broken.name, broken.columns, (*broken.rows, *lacking))


def export_focus(
    engine: Engine, snapshot: Snapshot, version: str, path: Path
) -> tuple[int, tuple[str, ...]]:
    """Write the hub's charges as a FOCUS file, tokens as ConsumedQuantity in "Tokens".

    Takes:   a version of EXPORT_VERSIONS; a path that ends in .parquet or .csv.
    Gives:   the rows written, and the mandatory columns that the hub's sources cannot fill.
    Keeps:   rows and the four costs.
    Raises:  ConfigError for another version or ending; HubError for an empty hub.
    """
    if version not in EXPORT_VERSIONS:
        raise ConfigError(
            f"FOCUS {version} is not a version that can be exported.",
            f"Expected one of {', '.join(EXPORT_VERSIONS)}.",
            f"Nearest: {alternatives(version, EXPORT_VERSIONS)}.",
        )
    if path.suffix not in (".parquet", ".csv"):
        raise ConfigError(
            f"'{path.name}' has no ending that says what to write.",
            "Expected a file that ends in .parquet or .csv.",
            "Name the file with one of them.",
        )
    require_charges(snapshot)
    view_mart(engine, snapshot)
    snapshot.view(engine, "charges")
    view_read_charges(engine)
    columns = engine.columns("read_charges")
    if path.suffix == ".parquet":
        rows = engine.write_parquet(focus_select(columns, version, "read_charges"), path)
    else:
        rows = engine.write_csv(focus_text_select(columns, version, "read_charges"), path)
    return rows, missing_columns(columns, version)


def view_read_charges(engine: Engine) -> None:
    """Name the charges with their meter's reading and x_TokenQuantity `read_charges`."""
    own = [name for name in engine.columns("charges") if name not in (*_NOT_FOCUS, *_READING)]
    charges = ", ".join(f"charges.{quoted(name)} AS {quoted(name)}" for name in own)
    reading = ", ".join(f"meters.{quoted(name)} AS {quoted(name)}" for name in _READING)
    engine.view(
        "read_charges",
        f"SELECT {charges}, {reading}, CASE WHEN meters.Unit = 'Tokens' "
        "THEN charges.x_UnitQuantity END AS x_TokenQuantity "
        "FROM charges LEFT JOIN meters ON meters.x_MeterKey = charges.x_MeterKey",
    )


def view_file(engine: Engine, path: Path, name: str) -> None:
    """Name a CSV or Parquet file, by its first bytes."""
    try:
        with Path(path).open("rb") as file:
            is_parquet = file.read(4) == b"PAR1"
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}.",
            "Expected a FOCUS file: CSV or Parquet.",
            "Check the path.",
        ) from error
    if is_parquet:
        engine.view_parquet(name, [str(path)])
    else:
        engine.view_csv(name, [str(path)])


def _findings(engine: Engine, relation: str) -> Table:
    findings = check(engine, relation, columns=engine.columns(relation))
    columns = tuple(Column(name, _KINDS.get(name, "text")) for name in FINDING_COLUMNS)
    return Table("findings", columns, tuple(finding.as_row() for finding in findings))
