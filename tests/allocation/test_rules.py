"""Rules are dated, checked as a whole, and the first that matches wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from pertoken.allocation import canonical_rows, default_rules, parse_rules, rule_value
from pertoken.engine import local_engine
from pertoken.errors import ConfigError

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
WRONG = {
    "no TOML": ("[[rule", "Expected"),
    "an unknown table": ("[rool]\na = 1", "unknown table [rool]"),
    "an unknown field": ('[[rule]]\ndimension="T"\nvalue="a"\nwhen={A="1"}\nwhne=1', "whne"),
    "no condition": ('[[rule]]\ndimension="Team"\nvalue="a"', "are needed"),
    "a loop": ('[[rule]]\ndimension="Team"\nvalue="a"\nwhen={Team="b"}', "loop"),
    "a rule that cannot match": (
        ('[[rule]]\ndimension="T"\nvalue="a"\nwhen={A="1"}\n'
        '[[rule]]\ndimension="T"\nvalue="b"\nwhen={A="1", B="2"}'),
        "[[rule]] 2 can never match",
    ),
    "days that are none": (
        '[[rule]]\ndimension="T"\nvalue="a"\nwhen={A="1"}\nfrom=2026-02-01\nto=2026-01-01',
        "holds no day",
    ),
    "a day that is a text": (
        '[[rule]]\ndimension="T"\nvalue="a"\nwhen={A="1"}\nfrom="soon"', "not a day"
    ),
    "two teams of one day": (
        '[[organisation]]\nteam="a"\nowner="x"\n[[organisation]]\nteam="a"\nowner="y"',
        "two rows for one day",
    ),
    "one tag key with two meanings": (
        '[tags.Team]\nkeys=["t"]\n[tags.Feature]\nkeys=["T"]', "means Team too"
    ),
    "a pattern without a group": ('[tags.Team]\nkeys=["t"]\npattern="a+"', "needs one group"),
}  # fmt: skip


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


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_in_rules_is_said(case: str) -> None:
    text, words = WRONG[case]
    with pytest.raises(ConfigError) as raised:
        parse_rules(text, "rules.toml")
    assert words in str(raised.value)


def test_everything_wrong_is_said_at_once() -> None:
    text = '[[rule]]\ndimension="T"\n[[organisation]]\nowner="x"'
    with pytest.raises(ConfigError, match=r"are needed.*team is needed"):
        parse_rules(text, "rules.toml")


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
