"""A Power BI project over the hub's Delta tables: the model (TMDL) and the report (PBIR).

A project is text made of data: the same facts give the same bytes. Source: docs/power-bi.md.
"""

from pertoken.integrations.powerbi.project import (
    PROJECT,
    TABLES,
    ProjectFacts,
    project_files,
    project_model,
    write_project,
)
from pertoken.integrations.powerbi.star import METER_COLUMNS

__all__ = [
    "METER_COLUMNS",
    "PROJECT",
    "TABLES",
    "ProjectFacts",
    "project_files",
    "project_model",
    "write_project",
]
