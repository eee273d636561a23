"""Azure's control plane: the exports that Microsoft Cost Management writes, made and run.

The Azure SDK (extra `azure`) is imported only where a request is sent.
Source: docs/azure-exports.md.
"""

from pertoken.integrations.azure.definitions import (
    DATASETS,
    ExportPlan,
    Placement,
    export_plans,
    month_requests,
)
from pertoken.integrations.azure.exports import CREDENTIALS, Exports

__all__ = [
    "CREDENTIALS",
    "DATASETS",
    "ExportPlan",
    "Exports",
    "Placement",
    "export_plans",
    "month_requests",
]
