"""docs/focus.md lists every rule, as rules.csv has it, and names every public function."""

from __future__ import annotations

import re

import pytest
from charges_files import REPOSITORY

from pertoken import conformance
from pertoken.conformance import FINDING_COLUMNS, rules

PAGE = (REPOSITORY / "docs" / "focus.md").read_text(encoding="utf-8")


def test_the_page_has_one_row_per_rule() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", PAGE, re.MULTILINE))
    expected = {
        rule.id: f"{rule.severity} | {rule.title}. {rule.help} | {rule.source} | {rule.since}"
        for rule in rules().values()
    }
    assert rows == expected


@pytest.mark.parametrize("column", FINDING_COLUMNS)
def test_the_page_names_every_column_of_a_finding(column: str) -> None:
    assert f"`{column}`" in PAGE


@pytest.mark.parametrize("name", ["check", "detect_version", "focus_select", "focus_text_select",
                                  "missing_columns", "recognise", "repaired_select"])  # fmt: skip
def test_the_page_names_every_function(name: str) -> None:
    assert name in conformance.__all__
    assert f"`{name}`" in PAGE
