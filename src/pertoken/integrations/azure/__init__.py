"""Azure, asked: exports of Microsoft Cost Management, metrics of accounts, logs of gateways.

The Azure SDK (extra `azure`) is imported only where a request is sent.
Source: docs/azure-exports.md; docs/telemetry.md, "Fetching from Azure".
"""

from pertoken.integrations.azure.credentials import CREDENTIALS
from pertoken.integrations.azure.definitions import (
    DATASETS,
    ExportPlan,
    Placement,
    export_plans,
    month_requests,
)
from pertoken.integrations.azure.exports import Exports

__all__ = [
    "CREDENTIALS",
    "DATASETS",
    "ExportPlan",
    "Exports",
    "Placement",
    "export_plans",
    "month_requests",
]
