"""The report as PBIR files: one JSON per page and visual, ids by hashing names.

Source: https://learn.microsoft.com/power-bi/developer/projects/projects-report; the schemas of
https://github.com/microsoft/json-schemas, whose versions stand in each file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pertoken.integrations.powerbi.model import object_id
from pertoken.integrations.powerbi.pages import HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pertoken.integrations.powerbi.pages import Field, Page, Visual

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric/item/report"
_ID_LENGTH = 20
_DRILLED = ("Rows", "Columns", "Category", "Series")


def report_files(pages: Sequence[Page], measures: Mapping[str, str]) -> dict[str, str]:
    """The files of the folder `definition`, path to text; `measures`: the table that holds each."""
    names = [_short_id("page", page.name) for page in pages]
    files = {
        "version.json": _json("definition/versionMetadata/1.0.0", {"version": "2.0.0"}),
        "report.json": _json(
            "definition/report/3.0.0",
            {"themeCollection": {}, "settings": {"useStylableVisualContainerHeader": True}},
        ),
        "pages/pages.json": _json(
            "definition/pagesMetadata/1.0.0", {"pageOrder": names, "activePageName": names[0]}
        ),
    }
    for page, name in zip(pages, names, strict=True):
        files[f"pages/{name}/page.json"] = _json(
            "definition/page/2.0.0",
            {
                "name": name,
                "displayName": page.name,
                "displayOption": "FitToPage",
                "height": HEIGHT,
                "width": WIDTH,
            },
        )
        for place, visual in enumerate(page.visuals):
            own = _short_id("visual", page.name, str(place), visual.title)
            files[f"pages/{name}/visuals/{own}/visual.json"] = _visual(visual, own, place, measures)
    return files


def _short_id(*names: str) -> str:
    return object_id(*names).replace("-", "")[:_ID_LENGTH]


def _visual(visual: Visual, name: str, order: int, measures: Mapping[str, str]) -> str:
    x, y, width, height = visual.place
    position = {"x": x, "y": y, "z": order, "width": width, "height": height, "tabOrder": order}
    shape: dict[str, Any] = {"visualType": visual.kind}
    state = {
        role: {"projections": list(_projections(role, fields, measures))}
        for role, fields in visual.roles.items()
    }
    shape["query"] = {"queryState": state}
    if visual.kind == "slicer":
        shape["objects"] = {"data": [{"properties": {"mode": _literal("Dropdown")}}]}
    title = {"show": _value("true"), "text": _literal(visual.title)}
    shape["visualContainerObjects"] = {
        "title": [{"properties": title}],
        "general": [{"properties": {"altText": _literal(visual.title)}}],
    }
    shape["drillFilterOtherVisuals"] = True
    return _json(
        "definition/visualContainer/2.0.0", {"name": name, "position": position, "visual": shape}
    )


def _projections(
    role: str, fields: Sequence[Field], measures: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    for place, field in enumerate(fields):
        if isinstance(field, str):
            kind, table, name = "Measure", measures[field], field
        else:
            kind, (table, name) = "Column", field
        source = {"Expression": {"SourceRef": {"Entity": table}}, "Property": name}
        projection: dict[str, Any] = {
            "field": {kind: source},
            "queryRef": f"{table}.{name}",
            "nativeQueryRef": name,
        }
        if role in _DRILLED and place == 0:
            projection["active"] = True
        yield projection


def _literal(text: str) -> dict[str, Any]:
    return _value("'" + text.replace("'", "''") + "'")


def _value(value: str) -> dict[str, Any]:
    return {"expr": {"Literal": {"Value": value}}}


def _json(schema: str, content: Mapping[str, Any]) -> str:
    whole = {"$schema": f"{_SCHEMAS}/{schema}/schema.json", **content}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
