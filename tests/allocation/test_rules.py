"""Rules are dated, checked as a whole, and the first that matches wins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pertoken.allocation import (
    canonical_rows,
    default_rules,
    default_rules_text,
    parse_rules,
    rule_value,
)
from pertoken.engine import local_engine

TAGS = [
    ("CostCenter", "CC-4100", "CostCenter", "4100"),
    ("cost-center", "CC-3300", "CostCenter", "3300"),
    ("costcenter", "cc2200", "CostCenter", "2200"),
    ("COSTCENTER", "Marketing", "CostCenter", "Marketing"),
    ("ENV", "prod", "Environment", "prod"),
    ("Environment", "Production", "Environment", "prod"),
    ("env", "PROD", "Environment", "prod"),
    ("stage", "sandbox", "Environment", "dev"),
    ("team", " search ", "Team", "search"),
    ("app", "chat", "Application", "chat"),
]


@pytest.mark.parametrize(("key", "value", "canonical", "expected"), TAGS)
def test_spellings_of_keys_and_values_are_one(
    key: str, value: str, canonical: str, expected: str
) -> None:
    rows = canonical_rows([("h", key, value)], default_rules())
    assert [row[1:3] for row in rows] == [(canonical, expected)]


def test_of_two_spellings_in_one_set_the_one_named_first_wins() -> None:
    rules = parse_rules('[tags.Team]\nkeys = ["Team", "Owner"]', "r.toml")
    rows = canonical_rows([("h", "owner", "kim"), ("h", "TEAM", "search")], rules)
    assert [row[2] for row in rows] == ["search"]


def test_an_empty_tag_says_nothing() -> None:
    assert canonical_rows([("h", "team", " "), ("h", "env", None)], default_rules()) == []


@pytest.mark.parametrize(
    ("day", "group", "expected"),
    [
        ("2026-01-31", "rg-dev-1", "early"),
        ("2026-02-01", "RG-DEV-1", "late"),
        ("2026-02-01", "rg-prod", "rest"),
        ("2026-02-01", "rg_dev", None),
    ],
)
def test_the_first_rule_that_matches_on_its_day_wins(
    day: str, group: str, expected: str | None
) -> None:
    rules = parse_rules(
        """
        [[rule]]
        dimension = "Team"
        value = "early"
        to = 2026-02-01
        when = { x_ResourceGroupName = "rg-dev*" }
        [[rule]]
        dimension = "Team"
        value = "late"
        when = { x_ResourceGroupName = "rg-dev*" }
        [[rule]]
        dimension = "Team"
        value = "rest"
        when = { x_ResourceGroupName = ["rg-prod", "rg-*"] }
        """,
        "rules.toml",
    )
    sql = rule_value("Team", rules.rules, ("x_ResourceGroupName",))
    engine = local_engine(threads=1)
    rows = engine.rows(
        f"SELECT {sql} FROM (SELECT CAST(? AS DATE) AS ChargeDate, ? AS x_ResourceGroupName)",
        [day, group],
    )
    assert rows == [(expected,)]
    engine.close()


def test_the_defaults_are_rules_that_can_be_used() -> None:
    assert default_rules().dimensions[:3] == ("CostCenter", "Application", "Environment")
    assert parse_rules(Path(__file__).with_name("northwind.toml").read_text("utf-8"), "n").rules


def test_the_rules_that_the_documentation_shows_can_be_used() -> None:
    page = Path(__file__).parents[2] / "docs" / "allocation.md"
    blocks = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    spreads = [each.name for block in blocks for each in parse_rules(block, "docs").spreads]
    assert spreads == ["shared tools", "gateway down", "gateway"]
    commented = re.findall(r"^# (\[\[.*|\w+ = .*)$", default_rules_text(), re.MULTILINE)
    told = parse_rules("\n".join(commented), "comments")
    assert (len(told.rules), len(told.organisation), len(told.spreads)) == (1, 1, 1)
