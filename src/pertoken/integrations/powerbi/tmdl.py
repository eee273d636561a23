"""A semantic model as TMDL files: tabs for depth, names quoted where the grammar asks for it.

Properties stand one tab below their object, children after a blank line, and the lines of an
expression two tabs below the object that owns it.
Source: https://learn.microsoft.com/analysis-services/tmdl/tmdl-overview, "Indentation", "Name".
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pertoken.integrations.powerbi.model import FINE_MONEY, WHOLE, object_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.integrations.powerbi.model import (
        Expression,
        Hierarchy,
        Measure,
        Model,
        ModelColumn,
        ModelTable,
        Relationship,
        Role,
    )

COMPATIBILITY = 1567
"""The oldest level that Power BI projects are written at; every later Power BI reads it."""

_BARE = re.compile(r"[^\W\d][\w-]*")


def tmdl_name(name: str) -> str:
    """A name as TMDL writes it: bare where it is one word, else in single quotes.

    >>> tmdl_name("x_MeterKey"), tmdl_name("Tags.team's")
    ('x_MeterKey', "'Tags.team''s'")
    """
    return name if _BARE.fullmatch(name) else "'" + name.replace("'", "''") + "'"


def model_files(model: Model) -> dict[str, str]:
    """The files of the folder `definition`, path to text."""
    files = {
        "database.tmdl": f"database\n\tcompatibilityLevel: {COMPATIBILITY}\n",
        "model.tmdl": _text(_model(model)),
        "expressions.tmdl": _text(_joined(_expression(each) for each in model.expressions)),
        "relationships.tmdl": _text(_joined(_relationship(each) for each in model.relationships)),
    }
    for table in model.tables:
        files[f"tables/{table.name}.tmdl"] = _text(_table(table))
    for role in model.roles:
        files[f"roles/{role.name}.tmdl"] = _text(_role(role))
    return files


def _model(model: Model) -> Iterator[str]:
    order = [*(each.name for each in model.expressions), *(each.name for each in model.tables)]
    yield "model Model"
    yield "\tculture: en-US"
    yield "\tdefaultPowerBIDataSourceVersion: powerBI_V3"
    yield "\tdiscourageImplicitMeasures"
    yield "\tsourceQueryCulture: en-US"
    yield ""
    yield "annotation __PBI_TimeIntelligenceEnabled = 0"
    yield ""
    yield f"annotation PBI_QueryOrder = {json.dumps(order)}"
    yield ""
    for table in model.tables:
        yield f"ref table {tmdl_name(table.name)}"
    if model.roles:
        yield ""
    for role in model.roles:
        yield f"ref role {tmdl_name(role.name)}"


def _expression(expression: Expression) -> Iterator[str]:
    yield from _description(expression.description, "")
    if expression.parameter is not None:
        head = f"expression {tmdl_name(expression.name)}"
        yield f"{head} = {expression.m} meta [{expression.parameter}]"
        result = "Text"
    else:
        yield f"expression {tmdl_name(expression.name)} ="
        yield from _indented(expression.m, "\t\t")
        result = "Table"
    yield f"\tlineageTag: {object_id('expression', expression.name)}"
    yield ""
    yield f"\tannotation PBI_ResultType = {result}"


def _relationship(relationship: Relationship) -> Iterator[str]:
    yield f"relationship {object_id('relationship', *relationship.many, *relationship.one)}"
    for word, (table, column) in (("from", relationship.many), ("to", relationship.one)):
        yield f"\t{word}Column: {tmdl_name(table)}.{tmdl_name(column)}"


def _table(table: ModelTable) -> Iterator[str]:
    yield from _description(table.description, "")
    yield f"table {tmdl_name(table.name)}"
    if table.is_calendar:
        yield "\tdataCategory: Time"
    if table.hidden:
        yield "\tisHidden"
    yield f"\tlineageTag: {object_id('table', table.name)}"
    for measure in table.measures:
        yield ""
        yield from _measure(table, measure)
    for column in table.columns:
        yield ""
        yield from _column(table, column)
    for hierarchy in table.hierarchies:
        yield ""
        yield from _hierarchy(table, hierarchy)
    yield ""
    yield f"\tpartition {tmdl_name(table.name)} = m"
    yield "\t\tmode: import"
    yield "\t\tsource ="
    yield from _indented(table.query, "\t\t\t\t")


def _measure(table: ModelTable, measure: Measure) -> Iterator[str]:
    yield from _description(measure.description, "\t")
    yield f"\tmeasure {tmdl_name(measure.name)} ="
    yield from _indented(measure.dax, "\t\t\t")
    yield f"\t\tformatString: {measure.format}"
    yield f"\t\tdisplayFolder: {measure.folder}"
    yield f"\t\tlineageTag: {object_id('measure', table.name, measure.name)}"


def _column(table: ModelTable, column: ModelColumn) -> Iterator[str]:
    yield from _description(column.description, "\t")
    yield f"\tcolumn {tmdl_name(column.name)}"
    yield f"\t\tdataType: {column.kind}"
    if column.hidden:
        yield "\t\tisHidden"
    if column.key:
        yield "\t\tisKey"
    formats = {"dateTime": "yyyy-mm-dd", "int64": WHOLE if column.hidden else "0"}
    formats["double"] = FINE_MONEY
    if column.kind in formats:
        yield f"\t\tformatString: {formats[column.kind]}"
    yield f"\t\tlineageTag: {object_id('column', table.name, column.name)}"
    yield "\t\tsummarizeBy: none"
    yield f"\t\tsourceColumn: {column.source or column.name}"
    if column.sort_by is not None:
        yield f"\t\tsortByColumn: {tmdl_name(column.sort_by)}"
    yield ""
    yield "\t\tannotation SummarizationSetBy = User"


def _hierarchy(table: ModelTable, hierarchy: Hierarchy) -> Iterator[str]:
    yield from _description(hierarchy.description, "\t")
    yield f"\thierarchy {tmdl_name(hierarchy.name)}"
    yield f"\t\tlineageTag: {object_id('hierarchy', table.name, hierarchy.name)}"
    for column in hierarchy.columns:
        yield ""
        yield f"\t\tlevel {tmdl_name(column)}"
        yield f"\t\t\tlineageTag: {object_id('level', table.name, hierarchy.name, column)}"
        yield f"\t\t\tcolumn: {tmdl_name(column)}"


def _role(role: Role) -> Iterator[str]:
    yield from _description(role.description, "")
    yield f"role {tmdl_name(role.name)}"
    yield "\tmodelPermission: read"
    for table, dax in role.filters:
        yield ""
        yield f"\ttablePermission {tmdl_name(table)} ="
        yield from _indented(dax, "\t\t\t")


def _description(text: str, depth: str) -> Iterator[str]:
    if text:
        yield f"{depth}/// {text}"


def _indented(text: str, depth: str) -> Iterator[str]:
    for line in text.strip("\n").splitlines():
        yield f"{depth}{line}".rstrip()


def _joined(parts: Iterator[Iterator[str]]) -> Iterator[str]:
    for place, part in enumerate(parts):
        if place:
            yield ""
        yield from part


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"
