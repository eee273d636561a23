"""The exports room: finds runs by their manifests, verifies them, and decides on each.

discover (folders and files -> runs) -> check_run (why a run must be refused) -> fingerprint (what
its bytes are) -> decide (one decision per run, from the set of runs known). No charge is read
here.
"""

from pertoken.exports.at_hand import at_hand
from pertoken.exports.contenders import Decision, KnownRun
from pertoken.exports.datasets import (
    ACTUAL_COST,
    AMORTIZED_COST,
    BUSINESS_METRICS,
    EXCHANGE_RATES,
    FOCUS_COST,
    FOCUS_FILE,
    INVOICES,
    NATIVE_COST,
    PRICE_SHEET,
    PRICES,
    REFERENCE,
    REFERENCE_FILES,
    RETAIL_PRICES,
    TAG_SNAPSHOT,
    check_dataset,
    holds_charges,
)
from pertoken.exports.decisions import STATUSES, decide
from pertoken.exports.discovery import JSON_FORMAT, Discovery, PlainFile, discover
from pertoken.exports.in_store import files_at
from pertoken.exports.manifest import parse_manifest
from pertoken.exports.metric_table import (
    METRIC_DIMENSIONS,
    MetricValue,
    is_metric_table,
    parse_metrics,
)
from pertoken.exports.native_choice import DIFFERS
from pertoken.exports.run import ExportRun, Part, RunKey
from pertoken.exports.tag_export import (
    TaggedPlace,
    is_tag_header,
    is_tag_json,
    parse_tag_export,
)
from pertoken.exports.verification import check_month, check_parts, check_run, fingerprint

__all__ = [
    "ACTUAL_COST",
    "AMORTIZED_COST",
    "BUSINESS_METRICS",
    "DIFFERS",
    "EXCHANGE_RATES",
    "FOCUS_COST",
    "FOCUS_FILE",
    "INVOICES",
    "JSON_FORMAT",
    "METRIC_DIMENSIONS",
    "NATIVE_COST",
    "PRICES",
    "PRICE_SHEET",
    "REFERENCE",
    "REFERENCE_FILES",
    "RETAIL_PRICES",
    "STATUSES",
    "TAG_SNAPSHOT",
    "Decision",
    "Discovery",
    "ExportRun",
    "KnownRun",
    "MetricValue",
    "Part",
    "PlainFile",
    "RunKey",
    "TaggedPlace",
    "at_hand",
    "check_dataset",
    "check_month",
    "check_parts",
    "check_run",
    "decide",
    "discover",
    "files_at",
    "fingerprint",
    "holds_charges",
    "is_metric_table",
    "is_tag_header",
    "is_tag_json",
    "parse_manifest",
    "parse_metrics",
    "parse_tag_export",
]
