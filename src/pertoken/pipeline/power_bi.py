"""A Power BI project of a hub: the project's text, and the tables that the hub does not hold.

The bill is read from the hub's own Delta tables. The attribution and the cost of budgets are
answers, not tables of the hub, so they are written beside the project as Delta tables. An audience
gets only its own attributed rows, their meters and the budgets that name it, for row-level security
ends where a person may read the files.
Source: docs/power-bi.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pertoken.allocation import UNATTRIBUTED, AttributionQuery, attribution_select
from pertoken.engine import quoted, quoted_text
from pertoken.errors import ConfigError, alternatives
from pertoken.hub import save_table
from pertoken.integrations.powerbi import (
    METER_COLUMNS,
    TABLES,
    ProjectFacts,
    project_files,
    write_project,
)
from pertoken.pipeline.attribution_view import view_attribution
from pertoken.pipeline.budget_months import budget_months, team_of
from pertoken.pipeline.budgets import hub_budgets
from pertoken.pipeline.unfinished import new_folder
from pertoken.pipeline.views import require_charges, view_mart

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import Snapshot

DIMENSIONS = (
    "ChargeDate", "x_MeterKey", "Team", "Application", "Feature", "Environment", "Deployment",
)  # fmt: skip
_RECORD = "pertoken-export.json"


@dataclass(frozen=True, slots=True)
class PowerBIExport:
    """What was written: files of the project, rows per table, and what a person should know."""

    files: int
    tables: dict[str, int]
    notes: tuple[str, ...]


def export_power_bi(
    engine: Engine,
    snapshot: Snapshot,
    rules: Rules,
    folder: Path,
    *,
    audience: str | None = None,
    evidence: str | None = None,
    hub_at: str | None = None,
    tables_at: str | None = None,
) -> PowerBIExport:
    """Write a Power BI project, with attribution and budgets as Delta tables beside it.

    Takes:   audience, one team, which then gets its own attributed rows and nothing else;
             evidence, as in `attribute`; hub_at and tables_at, where Power BI finds the hub and
             the tables of the export (the folders here, unless told otherwise).
    Keeps:   the cost and tokens of the attribution, to the last decimal; an export that fails
             leaves nothing in the folder.
    Raises:  ConfigError for a folder that is not empty or a team that has no attributed cost;
             HubError for an empty hub.
    """
    require_charges(snapshot)
    if not view_mart(engine, snapshot):
        raise ConfigError(
            f"There are no AI charges in the hub {snapshot.root}.",
            "Expected AI charges, which the report shows.",
            "Ingest the exports of subscriptions that use AI services.",
        )
    if audience is not None and hub_at is not None:
        raise ConfigError(
            "A project for an audience does not read the hub.",
            "Expected --audience without --hub-at: the hub holds everybody's charges.",
            "Leave one of them out; --tables-at says where the audience's own tables are.",
        )
    with new_folder(folder) as place:
        _hold_attribution(engine, snapshot, rules, evidence)
        teams = _teams(engine)
        if audience is not None:
            audience = _team(audience, teams)
        tables = _written(engine, place, audience) if teams else {}
        budgets = _budgets(engine, snapshot, rules, audience)
        if budgets:
            tables |= _written_budgets(engine, place)
        at = tables_at or str((folder / TABLES).absolute())
        facts = ProjectFacts(
            hub=None if audience is not None else hub_at or str(snapshot.root),
            tables=at if tables else None,
            tag_keys=() if audience is not None else _tag_keys(engine),
            attribution=bool(teams),
            budgets=budgets > 0,
        )
        files = project_files(facts)
        files[_RECORD] = json.dumps({"audience": audience, "evidence": evidence}, indent=2) + "\n"
        write_project(place, files)
    return PowerBIExport(len(files), tables, () if teams else (_nothing(evidence),))


def refresh_power_bi(
    engine: Engine, snapshot: Snapshot, rules: Rules, folder: Path
) -> PowerBIExport:
    """Write the tables of an earlier export anew, for the audience and evidence it was made for.

    Raises: ConfigError for a folder that holds no export, or one without an attribution.
    """
    choices = _recorded(folder)
    require_charges(snapshot)
    audience, tables, notes = choices["audience"], {}, []
    if _has_table(folder, "attributed_costs"):
        _hold_attribution(engine, snapshot, rules, choices["evidence"])
        if audience is not None:
            _team(audience, _teams(engine))
        tables = _written(engine, folder, audience)
    view_mart(engine, snapshot)
    count = _budgets(engine, snapshot, rules, audience)
    if _has_table(folder, "budgets"):
        tables |= _written_budgets(engine, folder)
    elif count:
        notes.append("The project has no budgets and the hub has: export a new project for them.")
    return PowerBIExport(0, tables, tuple(notes))


def _recorded(folder: Path) -> dict[str, Any]:
    try:
        choices = json.loads((folder / _RECORD).read_text("utf-8"))
        held = {"audience": choices["audience"], "evidence": choices["evidence"]}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(
            f"{folder} holds no export of pertoken: {_RECORD} cannot be read.",
            "Expected the folder of an earlier `pertoken export powerbi`.",
            "Name that folder, or leave --refresh out to write a new project.",
        ) from error
    if not (_has_table(folder, "attributed_costs") or _has_table(folder, "budgets")):
        raise ConfigError(
            f"The project in {folder} has no table of its own: nothing in it needs a refresh.",
            "Expected an attribution or budgets; the project reads the hub's tables as they are.",
            "Export a new project, once the hub has an attribution or budgets.",
        )
    return held


def _has_table(folder: Path, name: str) -> bool:
    return (folder / TABLES / name).is_dir()


def _budgets(engine: Engine, snapshot: Snapshot, rules: Rules, audience: str | None) -> int:
    """Name the budgets that a project shows `budget_months`; gives how many rows they are."""
    own = None if audience is None else audience.casefold()
    shown = [
        budget
        for budget in hub_budgets(snapshot.root)
        if own is None or (team_of(budget) or "").strip().casefold() == own
    ]
    table = budget_months(engine, snapshot, snapshot.runs, shown, rules)
    engine.view_arrow("budget_months", table.to_arrow())
    return len(table.rows)


def _written_budgets(engine: Engine, folder: Path) -> dict[str, int]:
    sql = "SELECT * FROM budget_months ORDER BY Budget, BillingMonth"
    return {"budgets": save_table(engine, folder / TABLES / "budgets", sql)}


def _hold_attribution(
    engine: Engine, snapshot: Snapshot, rules: Rules, evidence: str | None
) -> None:
    """Name the attribution by team and day `attributed`, computed once."""
    view_attribution(engine, snapshot, rules, by_usage=evidence != "tags")
    meters = [name for name in engine.columns("meters") if name != "x_MeterKey"]
    query = AttributionQuery(by=DIMENSIONS, evidence=evidence)
    sql = attribution_select(engine, query, rules, meter_columns=meters)
    engine.view_arrow("attributed", engine.arrow(sql))


def _teams(engine: Engine) -> tuple[str, ...]:
    rows = engine.rows(
        "SELECT DISTINCT Team FROM attributed WHERE Team IS NOT NULL AND Team <> "
        f"{quoted_text(UNATTRIBUTED)} ORDER BY Team"
    )
    return tuple(row[0] for row in rows)


def _team(audience: str, teams: tuple[str, ...]) -> str:
    folded = {team.casefold(): team for team in teams}
    if audience.casefold() not in folded:
        raise ConfigError(
            f"No cost is attributed to a team '{audience}'.",
            "Expected a team of `pertoken attribute --by Team`.",
            f"Nearest: {alternatives(audience, teams)}." if teams else _nothing(None),
        )
    return folded[audience.casefold()]


def _written(engine: Engine, folder: Path, audience: str | None) -> dict[str, int]:
    """Write the tables of an export; gives their rows."""
    own = "" if audience is None else f" WHERE lower(Team) = lower({quoted_text(audience)})"
    order = ", ".join(
        quoted(name)
        for name in (*DIMENSIONS, "BillingCurrency", "Evidence", "ResidualReason", "x_SpreadRule")
    )
    target = folder / TABLES
    rows = save_table(
        engine,
        target / "attributed_costs",
        f"SELECT * FROM attributed{own} ORDER BY {order}",
    )
    if audience is None:
        return {"attributed_costs": rows}
    names = ", ".join(quoted(name) for name in METER_COLUMNS)
    meters = save_table(
        engine,
        target / "meters",
        f"SELECT {names} FROM meters WHERE x_MeterKey IN "
        f"(SELECT x_MeterKey FROM attributed{own}) ORDER BY x_MeterKey",
    )
    return {"attributed_costs": rows, "meters": meters}


def _tag_keys(engine: Engine) -> tuple[str, ...]:
    """The tag keys of AI charges."""
    rows = engine.rows(
        "SELECT DISTINCT tags.TagKey FROM tags WHERE tags.TagKey <> '' AND tags.x_TagsKey IN "
        "(SELECT x_TagsKey FROM token_costs) ORDER BY tags.TagKey"
    )
    return tuple(row[0] for row in rows)


def _nothing(evidence: str | None) -> str:
    other = "" if evidence == "tags" else ", or try --evidence tags"
    return (
        "No cost is attributed to a team: the pages of allocation are left out. "
        f"Ingest telemetry, save rules{other}."
    )
