"""Whether charges keep the rules of FOCUS: relation in, findings out.

`check` finds what the official validator misses, row by row and in SQL; `focus_select` projects
charges to a file of one version; `recognise` and `repaired_select` mend the files of gateways.
"""

from pertoken.conformance.check import check
from pertoken.conformance.export import (
    EXPORT_VERSIONS,
    focus_select,
    focus_text_select,
    missing_columns,
)
from pertoken.conformance.findings import FINDING_COLUMNS, Finding
from pertoken.conformance.repair import Repair, recognise, repaired_select
from pertoken.conformance.rules import Rule, rules
from pertoken.conformance.versions import detect_version

__all__ = [
    "EXPORT_VERSIONS",
    "FINDING_COLUMNS",
    "Finding",
    "Repair",
    "Rule",
    "check",
    "detect_version",
    "focus_select",
    "focus_text_select",
    "missing_columns",
    "recognise",
    "repaired_select",
    "rules",
]
