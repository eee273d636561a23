"""A Power BI project whole: the model, the report and the files that bind them.

Three kinds: over the hub's bill, over the bill and the attribution, over one audience's own
attribution. What a kind has no table for is left out, measures, pages and roles alike.
Source: https://learn.microsoft.com/power-bi/developer/projects/projects-overview.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pertoken.integrations.powerbi import star
from pertoken.integrations.powerbi.measures import (
    attributed_measures,
    budget_measures,
    cost_measures,
)
from pertoken.integrations.powerbi.model import (
    Expression,
    Model,
    ModelColumn,
    ModelTable,
    Role,
    m_text,
    object_id,
)
from pertoken.integrations.powerbi.pages import report_pages
from pertoken.integrations.powerbi.report import report_files
from pertoken.integrations.powerbi.tmdl import model_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PROJECT = "pertoken"
TABLES = "tables"
"""The folder of a project that holds the Delta tables written for it."""
_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric"
_TEXT = 'IsParameterQuery = true, IsParameterQueryRequired = {}, Type = "Text"'
_CLOUD = "AzureStorage.DataLake({0}, [HierarchicalNavigation = true])"
_CLOUD_SCHEME = "https://"


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What a project is made of.

    `hub` is where Power BI finds the hub, None for an audience, which may not read it; `tables`
    where it finds the tables of the export, None where it has none; each a folder or an
    https:// URL of Azure Data Lake Storage Gen2. `tag_keys` are the keys that AI charges carry.
    `attribution` and `budgets` say which tables the export has.
    """

    hub: str | None
    tables: str | None
    tag_keys: tuple[str, ...] = ()
    attribution: bool = True
    budgets: bool = False

    @property
    def has_attribution(self) -> bool:
        """Whether there is an attribution to read."""
        return self.tables is not None and self.attribution

    @property
    def has_budgets(self) -> bool:
        """Whether there are budgets to read."""
        return self.tables is not None and self.budgets


def project_model(facts: ProjectFacts) -> Model:
    """The semantic model of a project."""
    bill, attribution = facts.hub is not None, facts.has_attribution
    dated = [star.COSTS if bill else star.ATTRIBUTED]
    dated += [star.BUDGETS] if facts.has_budgets else []
    measures = (
        *(cost_measures() if bill else ()),
        *(attributed_measures() if attribution else ()),
        *(budget_measures() if facts.has_budgets else ()),
    )
    tables = [
        ModelTable(
            "Key figures",
            "The measures of the model; a table may not be called Measures.",
            (ModelColumn("Value", hidden=True),),
            "#table(type table [Value = text], {})",
            measures,
        ),
        star.dates(*dated),
        star.currencies(*dated),
        star.meters("HubFiles" if bill else "TableFiles"),
    ]
    if bill:
        tables += [star.token_costs(), star.resources(), star.periods()]
        tables += [star.tags(facts.tag_keys)] if facts.tag_keys else []
    if attribution:
        tables += [star.attributed_costs(), star.teams()]
    tables += [star.budgets()] if facts.has_budgets else []
    roles: tuple[Role, ...] = ()
    if bill and attribution:
        tables.append(star.team_members())
        roles = (_team_role([table.name for table in tables]),)
    return Model(tuple(tables), star.relationships(tables), _expressions(facts), roles)


def project_files(facts: ProjectFacts) -> dict[str, str]:
    """Every file of a project, path to text; the same facts give the same bytes."""
    model = project_model(facts)
    pages = report_pages(
        bill=facts.hub is not None,
        attribution=facts.has_attribution,
        budgets=facts.has_budgets,
    )
    report, semantic = f"{PROJECT}.Report", f"{PROJECT}.SemanticModel"
    files = {
        f"{PROJECT}.pbip": _json(
            "pbip/pbipProperties/1.0.0",
            {
                "version": "1.0",
                "artifacts": [{"report": {"path": report}}],
                "settings": {"enableAutoRecovery": True},
            },
        ),
        f"{report}/definition.pbir": _json(
            "item/report/definitionProperties/2.0.0",
            {"version": "4.0", "datasetReference": {"byPath": {"path": f"../{semantic}"}}},
        ),
        f"{semantic}/definition.pbism": _json(
            "item/semanticModel/definitionProperties/1.0.0", {"version": "4.2", "settings": {}}
        ),
    }
    for folder, kind in ((report, "Report"), (semantic, "SemanticModel")):
        files[f"{folder}/.platform"] = _json(
            "gitIntegration/platformProperties/2.0.0",
            {
                "metadata": {"type": kind, "displayName": PROJECT},
                "config": {"version": "2.0", "logicalId": object_id("item", kind)},
            },
        )
    for path, text in report_files(pages, model.measures()).items():
        files[f"{report}/definition/{path}"] = text
    for path, text in model_files(model).items():
        files[f"{semantic}/definition/{path}"] = text
    return files


def write_project(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files of a project below a folder; the one that opens it comes last."""
    for name, text in sorted(files.items(), key=lambda each: each[0].endswith(".pbip")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _expressions(facts: ProjectFacts) -> tuple[Expression, ...]:
    found: list[Expression] = []
    if facts.hub is not None:
        found += _location("Hub", facts.hub, "the hub's Delta tables")
    if facts.tables is not None:
        found += _location("Table", facts.tables, "the Delta tables that were exported with this")
    if facts.hub is not None and facts.has_attribution:
        found.append(
            Expression(
                "TeamMembers",
                '""',
                "Who sees which team in the role Team: person@example.com=team; and so on.",
                _TEXT.format("false"),
            )
        )
    return tuple(found)


def _location(name: str, place: str, what: str) -> list[Expression]:
    """The parameter that says where a folder is, and the expression that lists it.

    A URL lists by the cloud's function only, so that the Power BI service asks for no gateway.
    """
    folder = f"{name}Folder"
    cloud = _CLOUD.format(folder)
    listing = (
        f"let\n    Source = {cloud}\nin\n    Source"
        if place.lower().startswith(_CLOUD_SCHEME)
        else f'let\n    InCloud = Text.StartsWith(Text.Lower({folder}), "{_CLOUD_SCHEME}"),\n'
        f"    Source = if InCloud then {cloud} else Folder.Contents({folder})\nin\n    Source"
    )
    return [
        Expression(
            folder,
            m_text(place),
            f"Where {what} are: a folder, or the https:// URL of a folder in Azure Data Lake "
            "Storage Gen2.",
            _TEXT.format("true"),
        ),
        Expression(f"{name}Files", listing, f"The folders of {what}, one per table."),
    ]


def _team_role(tables: Sequence[str]) -> Role:
    """A person sees the rows of their own teams; the bill itself, and who else is in it, never."""
    mine = "'Team members'[UserPrincipalName] = USERPRINCIPALNAME()"
    keys = f"CALCULATETABLE(VALUES('Team members'[TeamKey]), {mine})"
    own = [(name, f"{name}[TeamKey] IN {keys}") for name in ("Teams", star.BUDGETS)]
    hidden = [name for name in (star.COSTS, "Resources", "Tags", "Periods") if name in tables]
    return Role(
        "Team",
        "Sees the cost and budgets of the teams that TeamMembers names for them, and nothing else.",
        (
            *(each for each in own if each[0] in tables),
            ("Team members", mine),
            *((table, "FALSE()") for table in hidden),
        ),
    )


def _json(schema: str, content: Mapping[str, object]) -> str:
    whole = {"$schema": f"{_SCHEMAS}/{schema}/schema.json", **content}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
