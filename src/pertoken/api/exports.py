"""What other products read, as Python asks for it: the part of a hub that writes exports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.allocation import EVIDENCE
from pertoken.deferred import deferred
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.engine import Engine
    from pertoken.hub import Snapshot
    from pertoken.pipeline.allocation_rules import hub_rules
    from pertoken.pipeline.power_bi import PowerBIExport, export_power_bi, refresh_power_bi
    from pertoken.pipeline.serving_tables import (
        served_tables,
        write_database,
        write_files,
        write_sheets,
    )
else:
    hub_rules = deferred("pertoken.pipeline.allocation_rules", "hub_rules")
    export_power_bi = deferred("pertoken.pipeline.power_bi", "export_power_bi")
    refresh_power_bi = deferred("pertoken.pipeline.power_bi", "refresh_power_bi")
    served_tables = deferred("pertoken.pipeline.serving_tables", "served_tables")
    write_database = deferred("pertoken.pipeline.serving_tables", "write_database")
    write_files = deferred("pertoken.pipeline.serving_tables", "write_files")
    write_sheets = deferred("pertoken.pipeline.serving_tables", "write_sheets")


TABLE_FORMATS = ("parquet", "csv", "xlsx", "duckdb")


class Exports:
    """Files for other products; `Hub` has these methods as its own, as those of `Attribution`."""

    if TYPE_CHECKING:

        @property
        def _engine(self) -> Engine: ...

        def _snapshot(self) -> Snapshot: ...

    def export_power_bi(
        self,
        folder: str | Path,
        *,
        audience: str | None = None,
        evidence: str | None = None,
        hub_at: str | None = None,
        tables_at: str | None = None,
    ) -> PowerBIExport:
        """Write a Power BI project into a new or empty folder.

        Takes:   audience, a team that gets its own attributed rows and nothing else; evidence, as
                 in `attribute`; hub_at and tables_at, where Power BI finds the hub and the tables
                 of the export: a folder, or an https:// URL of Azure Data Lake Storage Gen2.
        Gives:   the number of files, rows per table and notes.
        Raises:  ConfigError for a folder that is not empty, a team without attributed cost or an
                 unknown evidence; HubError for an empty hub.
        """
        if evidence is not None and evidence not in EVIDENCE:
            raise ConfigError(
                f"'{evidence}' is not a value of evidence.",
                f"Expected one of {', '.join(EVIDENCE)}.",
                "Give one of them, or none for telemetry, then rules.",
            )
        snapshot = self._snapshot()
        return export_power_bi(
            self._engine,
            snapshot,
            hub_rules(snapshot),
            Path(folder),
            audience=audience,
            evidence=evidence,
            hub_at=hub_at,
            tables_at=tables_at,
        )

    def refresh_power_bi(self, folder: str | Path) -> PowerBIExport:
        """Write the tables of an earlier Power BI export anew; its project stays as it is."""
        snapshot = self._snapshot()
        return refresh_power_bi(self._engine, snapshot, hub_rules(snapshot), Path(folder))

    def export_tables(
        self,
        format: str,  # noqa: A002 - as on the command line
        target: str | Path,
        *,
        tables: Sequence[str] = (),
    ) -> dict[str, int]:
        """Write the hub's serving tables as files.

        Takes:   format: parquet or csv into a new or empty folder; duckdb or xlsx into a new file.
                 tables, only these; all that hold rows by default.
        Gives:   the rows of each table.
        Raises:  ConfigError for a target that is there, an unknown format or table, or a table
                 that is too long for a sheet; HubError for an empty hub. Then nothing is written.
        """
        path = Path(target)
        if format not in TABLE_FORMATS:
            raise ConfigError(
                f"'{format}' is no format of tables.",
                f"Expected one of {', '.join(TABLE_FORMATS)}.",
                "Give one of them.",
            )
        served = served_tables(self._engine, self._snapshot(), tables)
        if format in ("parquet", "csv"):
            return write_files(self._engine, served, path, format)
        write = write_database if format == "duckdb" else write_sheets
        return write(self._engine, served, path)
