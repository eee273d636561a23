"""The rules, each written once: id, severity, title, help, source and first version.

Ids are words and never change their meaning. Source: rules.csv, whose rows name the section of
the specification.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pertoken.conformance.findings import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as documented in docs/focus.md."""

    id: str
    severity: Severity
    title: str
    help: str
    source: str
    since: str


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by id, in the order in which findings are listed.

    >>> rules()["unit-format"].severity
    'error'
    """
    return {
        row["rule"]: Rule(
            row["rule"],
            cast("Severity", row["severity"]),
            row["title"],
            row["help"],
            row["source"],
            row["since"],
        )
        for row in table("rules")
    }


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `name`.csv beside this file."""
    text = files("pertoken.conformance").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
