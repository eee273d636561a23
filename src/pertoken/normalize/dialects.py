"""Source dialects: which rules turn an export into FOCUS 1.2 names and values.

A dialect is a tuple of rule files, applied in order. Each file is a SELECT of the columns it
changes, one rule per column, in the DuckDB dialect; every other column passes through.
"""

from __future__ import annotations

import re
from functools import cache

from pertoken.engine import sql_file
from pertoken.errors import ConfigError, alternatives

NATIVE_DATASETS = ("ActualCost", "AmortizedCost")
DIALECTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("FocusCost", "1.0-preview(v1)"): ("azure_focus_1_0_preview", "focus_names", "azure_cleaning"),
    ("FocusCost", "1.0"): ("focus_names", "azure_cleaning"),
    ("FocusCost", "1.0r2"): ("focus_names", "azure_cleaning"),
    ("FocusCost", "1.2-preview"): ("focus_names", "azure_cleaning"),
    ("FocusCost", "1.2"): ("focus_names", "azure_cleaning"),
    ("FocusFile", ""): ("azure_focus_1_0_preview", "focus_names"),
}
NATIVE_RULES = ("azure_cleaning",)
"""Native costs come as FOCUS charges (`native.native_select`), whatever the version."""

_RULE_END = re.compile(r"\s+AS\s+(\w+),?\s*$")


def rule_files(dataset: str, version: str) -> tuple[str, ...]:
    """The rule files of a dataset and version; raises ConfigError for one without a dialect."""
    if dataset in NATIVE_DATASETS:
        return NATIVE_RULES
    try:
        return DIALECTS[dataset, version]
    except KeyError:
        known = [f"{each} {of}".strip() for each, of in DIALECTS]
        raise ConfigError(
            f"There are no rules for {dataset} {version}.",
            "Expected a dataset that is read: " + alternatives(f"{dataset} {version}", known) + ".",
            "Export the data in one of these versions.",
        ) from None


@cache
def column_rules(name: str) -> dict[str, str]:
    """The rules of one file: column -> SQL expression over the columns before the file.

    A rule ends with `AS Column` at the end of a line; lines that begin with `--` are comments.
    """
    lines = [
        line
        for line in sql_file("pertoken.normalize.rules", name).splitlines()
        if line.strip() and not line.lstrip().startswith("--")
    ]
    if lines[0].strip() != "SELECT" or lines[-1].strip() != "FROM source":
        raise ConfigError(
            f"rules/{name}.sql is not a rule file.",
            "Expected SELECT, rules that end with AS Column, FROM source.",
            "Write the file in that form.",
        )
    rules: dict[str, str] = {}
    expression: list[str] = []
    for line in lines[1:-1]:
        end = _RULE_END.search(line)
        expression.append(line[: end.start()].strip() if end else line.strip())
        if end:
            rules[end.group(1)] = " ".join(expression)
            expression = []
    return rules
