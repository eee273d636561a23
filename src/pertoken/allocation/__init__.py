"""The allocation room: who caused a cost, exact to the last decimal, the rest named.

view_split divides the bill among deployments and callers by measured over billed tokens;
view_canonical_tags reads tags by rules; attribution_rows sums the parts by any dimensions.

Source: docs/allocation.md.
"""

from pertoken.allocation.attribution import (
    attribution_columns,
    attribution_rows,
    attribution_select,
)
from pertoken.allocation.attribution_query import (
    AS_BILLED,
    BILLED,
    EVIDENCE,
    IDLE_POLICIES,
    IS_TAGGED,
    PER,
    POOLED,
    RESERVATION_RATES,
    UNATTRIBUTED,
    AttributionQuery,
)
from pertoken.allocation.canonical import (
    CHARGE,
    PLACES,
    canonical_rows,
    condition_columns,
    rule_value,
    tag_columns_select,
    tag_rule_of,
    unknown_columns,
    view_canonical_tags,
)
from pertoken.allocation.platform import view_platform
from pertoken.allocation.rounding import rounded_parts
from pertoken.allocation.rules import (
    DEFAULT_RULES,
    ORGANISATION_COLUMNS,
    Rules,
    default_rules,
    default_rules_text,
    folded,
    parse_rules,
)
from pertoken.allocation.snapshots import SNAPSHOT_LEVELS, view_canonical_snapshots
from pertoken.allocation.split import BILL_COLUMNS, USAGE_DIMENSIONS, view_parts, view_used_days
from pertoken.allocation.spreads import PLATFORM

__all__ = [
    "AS_BILLED",
    "BILLED",
    "BILL_COLUMNS",
    "CHARGE",
    "DEFAULT_RULES",
    "EVIDENCE",
    "IDLE_POLICIES",
    "IS_TAGGED",
    "ORGANISATION_COLUMNS",
    "PER",
    "PLACES",
    "PLATFORM",
    "POOLED",
    "RESERVATION_RATES",
    "SNAPSHOT_LEVELS",
    "UNATTRIBUTED",
    "USAGE_DIMENSIONS",
    "AttributionQuery",
    "Rules",
    "attribution_columns",
    "attribution_rows",
    "attribution_select",
    "canonical_rows",
    "condition_columns",
    "default_rules",
    "default_rules_text",
    "folded",
    "parse_rules",
    "rounded_parts",
    "rule_value",
    "tag_columns_select",
    "tag_rule_of",
    "unknown_columns",
    "view_canonical_snapshots",
    "view_canonical_tags",
    "view_parts",
    "view_platform",
    "view_used_days",
]
