"""Source dialect -> FOCUS columns and x_ columns: relation in, relation out.

`source_facts` measures a source before any rule; `charges_select` is the transformation. Nothing
here reads or writes a file. Source: docs/how-it-works.md; docs/decisions/0003 and 0004.
"""

from pertoken.normalize.dialects import DIALECTS, column_rules, rule_files
from pertoken.normalize.facts import SourceFacts, check_columns, read_expression, source_facts
from pertoken.normalize.focus import (
    BASE_COLUMNS,
    METER_COLUMNS,
    OWN_COLUMNS,
    REPAIRED_FROM,
    REPAIRED_TOKENS,
    charges_select,
)
from pertoken.normalize.inferred import inferred_select, undecided_charges
from pertoken.normalize.native import commitment_evidence, native_select
from pertoken.normalize.native_headers import is_native, native_names
from pertoken.normalize.native_writing import Writing, native_writing
from pertoken.normalize.source_types import FILE_COLUMN, UNREADABLE

__all__ = [
    "BASE_COLUMNS",
    "DIALECTS",
    "FILE_COLUMN",
    "METER_COLUMNS",
    "OWN_COLUMNS",
    "REPAIRED_FROM",
    "REPAIRED_TOKENS",
    "UNREADABLE",
    "SourceFacts",
    "Writing",
    "charges_select",
    "check_columns",
    "column_rules",
    "commitment_evidence",
    "inferred_select",
    "is_native",
    "native_names",
    "native_select",
    "native_writing",
    "read_expression",
    "rule_files",
    "source_facts",
    "undecided_charges",
]
