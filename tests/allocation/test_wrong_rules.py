"""What is wrong in a file of rules: one table of cases, each with all that is found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from usage_relations import billed, used, view_bill, view_used

from pertoken.allocation import parse_rules, view_parts
from pertoken.engine import local_engine
from pertoken.errors import ConfigError
from pertoken.pipeline.attribution_view import refuse_unknown_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.engine import Engine

RULE = '[[rule]]\ndimension = "Team"\nvalue = "a"\n'
SPREAD = '[[spread]]\nname = "s"\ndimension = "Team"\n'
WHEN = 'when = { BillingCurrency = "USD" }\n'
EVEN = f'{SPREAD}by = "even"\n{WHEN}'
PLATFORM = (
    '[[spread]]\nname = "{}"\ndimension = "Team"\ncharges = "platform"\nby = "even"\n'
    'when = {{ BillingCurrency = "USD" }}\n'
)
EXPECTED = (
    "Expected TOML with [tags.KEY], [[rule]], [[organisation]] and [[spread]]: docs/allocation.md."
)
SHARES = "one of by (cost, tokens, even) and shares is needed"

WRONG = {
    # the file
    "an unknown table": ("[rool]\na = 1", "unknown table [rool]"),
    "one table where several may be": (f'[rule]\ndimension = "Team"\nvalue = "a"\n{WHEN}',
                                       "rule is not written as [[rule]]"),
    "a list of texts": ('spread = ["a"]', "spread is not written as [[spread]]"),
    "tags that are a text": ('tags = "Team"', "tags is not written as [tags.KEY]"),
    "all that is wrong": (
        f'[[rule]]\ndimension = "Team"\n[[organisation]]\nowner = "x"\n[[spread]]\n{WHEN}',
        ("[[rule]] 1: dimension, value and when are needed; [[organisation]] 1: team is needed; "
        "[[spread]] 1: name, dimension and when are needed"),
    ),
    # tags
    "a tag that is a text": ('[tags]\nTeam = "Owner"', "[tags.Team]: 'Owner' is no table"),
    "tag keys that are a text": (
        '[tags.Team]\nkeys = "Owner"', "[tags.Team]: keys is 'Owner', not a list such as ['a', 'b']"
    ),
    "tag keys that are none": (
        "[tags.Team]\nkeys = []", "[tags.Team]: keys is [], not a list such as ['a', 'b']"
    ),
    "a spelling that is a text": (
        '[tags.Team]\nkeys = ["t"]\nvalues = { a = "A" }',
        "[tags.Team]: values.a is 'A', not a list such as ['a', 'b']",
    ),
    "values that are a list": (
        '[tags.Team]\nvalues = ["A"]', "[tags.Team]: values is ['A'], not a table of lists"
    ),
    "one tag key with two meanings": (
        '[tags.Team]\nkeys = ["t"]\n[tags.Feature]\nkeys = ["T"]',
        "[tags.Feature]: the tag key 'T' means Team too",
    ),
    "a pattern without a group": (
        '[tags.Team]\nkeys = ["t"]\npattern = "a+"',
        "[tags.Team]: pattern 'a+' needs one group, which is the value",
    ),
    "a pattern that is none": (
        '[tags.Team]\nkeys = ["t"]\npattern = "("',
        "[tags.Team]: pattern '(': missing ), unterminated subpattern at position 0",
    ),
    # rules
    "an unknown field": (
        f"{RULE}{WHEN}whne = 1",
        "[[rule]] 1: unknown field 'whne'; the fields are dimension, from, name, to, value, when",
    ),
    "no condition": (RULE, "[[rule]] 1: dimension, value and when are needed"),
    "a condition that is a text": (
        f'{RULE}when = "all"',
        "[[rule]] 1: when is 'all', not columns such as { ResourceName = 'a*' }",
    ),
    "a condition without alternatives": (
        f"{RULE}when = {{ ResourceName = [] }}",
        "[[rule]] 1: ResourceName is [], not a text or a list of texts",
    ),
    "a condition within a condition": (
        f'{RULE}when = {{ Resource.Name = "a" }}',
        "[[rule]] 1: Resource is {'Name': 'a'}, not a text or a list of texts",
    ),
    "a rule that is its own condition": (
        f'{RULE}when = {{ Team = "b" }}',
        "[[rule]] 1: Team stands in its own condition, which is a loop",
    ),
    "a rule that another leaves nothing to": (
        f'{RULE}when = {{ A = ["1", "2"] }}\n{RULE}when = {{ A = "1", B = "2" }}',
        "[[rule]] 2 can never match: [[rule]] 1 overlaps all of it",
    ),
    "its number counts rules that are wrong": (
        f'{RULE}\n{RULE}when = {{ A = "1" }}\n{RULE}when = {{ A = "1" }}',
        ("[[rule]] 1: dimension, value and when are needed; "
        "[[rule]] 3 can never match: [[rule]] 2 overlaps all of it"),
    ),
    "days that are none": (
        f"{RULE}{WHEN}from = 2026-02-01\nto = 2026-01-01",
        "[[rule]] 1: from 2026-02-01 to 2026-01-01 holds no day",
    ),
    "a day that is a text": (
        f'{RULE}{WHEN}from = "soon"', "[[rule]] 1: from is 'soon', not a day such as 2026-01-01"
    ),
    "a day with an hour": (
        f"{RULE}{WHEN}to = 2026-01-01T06:00:00",
        "[[rule]] 1: to is '2026-01-01 06:00:00', not a day such as 2026-01-01",
    ),
    # organisation
    "two rows of a team for one day": (
        '[[organisation]]\nteam = "a"\nowner = "x"\n[[organisation]]\nteam = "a"\nowner = "y"',
        "[[organisation]] 2: team 'a' has two rows for one day",
    ),
    # spreads
    "a spread without a name": (
        f'[[spread]]\ndimension = "Team"\nby = "even"\n{WHEN}',
        "[[spread]] 1: name, dimension and when are needed",
    ),
    "an unknown field of a spread": (
        f"{EVEN}value = 'a'",
        ("[[spread]] 1 's': unknown field 'value'; the fields are by, charges, dimension, from, "
        "name, shares, to, when"),
    ),
    "no key": (f"{SPREAD}{WHEN}", f"[[spread]] 1 's': {SHARES}"),
    "two keys": (f"{EVEN}shares = {{ a = 1 }}", f"[[spread]] 1 's': {SHARES}"),
    "an unknown key": (
        f'{SPREAD}by = "costs"\n{WHEN}',
        "[[spread]] 1 's': by is 'costs'; it is one of cost, tokens, even",
    ),
    "a key that is a list": (
        f'{SPREAD}by = ["cost"]\n{WHEN}',
        "[[spread]] 1 's': by is ['cost']; it is one of cost, tokens, even",
    ),
    "shares that lack some": (
        f"{SPREAD}shares = {{ a = 0.5, b = 0.4 }}\n{WHEN}",
        "[[spread]] 1 's': shares sum to 0.9, not to 1",
    ),
    "shares that are too many": (
        f"{SPREAD}shares = {{ a = 1, b = 0.0000000001 }}\n{WHEN}",
        "[[spread]] 1 's': shares sum to 1.0000000001, not to 1",
    ),
    "shares below nothing": (
        f"{SPREAD}shares = {{ a = 1.1, b = -0.1, c = 0 }}\n{WHEN}",
        ("[[spread]] 1 's': the share of b is -0.1, not above 0; "
        "[[spread]] 1 's': the share of c is 0, not above 0"),
    ),
    "a share that is a text": (
        f"{SPREAD}shares = {{ a = '50%', b = 0.5 }}\n{WHEN}",
        "[[spread]] 1 's': the share of a is '50%', not a number",
    ),
    "a share that is true": (
        f"{SPREAD}shares = {{ a = true }}\n{WHEN}",
        "[[spread]] 1 's': the share of a is True, not a number",
    ),
    "a share without end": (
        f"{SPREAD}shares = {{ a = inf }}\n{WHEN}",
        "[[spread]] 1 's': the share of a is Infinity, not above 0",
    ),
    "a share that is not a number": (
        f"{SPREAD}shares = {{ a = nan }}\n{WHEN}",
        "[[spread]] 1 's': the share of a is NaN, not above 0",
    ),
    "a share with too many decimals": (
        f"{SPREAD}shares = {{ a = 0.33333333333, b = 0.66666666667 }}\n{WHEN}",
        ("[[spread]] 1 's': the share of a is 0.33333333333, which has more than 10 decimals; "
        "[[spread]] 1 's': the share of b is 0.66666666667, which has more than 10 decimals"),
    ),
    "a share of nobody": (
        f"{SPREAD}shares = {{ Unattributed = 1 }}\n{WHEN}",
        ("[[spread]] 1 's': the share of Unattributed is nobody's: Unattributed is what no value "
        "has"),
    ),
    "shares that are a list": (
        f"{SPREAD}shares = [1]\n{WHEN}",
        "[[spread]] 1 's': shares is [1], not a table such as { a = 0.4, b = 0.6 }",
    ),
    "shares that are none": (
        f"{SPREAD}shares = {{}}\n{WHEN}",
        "[[spread]] 1 's': shares is {}, not a table such as { a = 0.4, b = 0.6 }",
    ),
    "two spreads of one name": (
        f'{EVEN}[[spread]]\nname = "s"\ndimension = "Feature"\nby = "cost"\n{WHEN}',
        "[[spread]] 2 's': [[spread]] 1 has that name",
    ),
    "a spread of what it asks for": (
        f'{SPREAD}by = "even"\nwhen = {{ Team = "a" }}',
        "[[spread]] 1 's': its condition names Team, which is spread itself: a loop",
    ),
    "a spread of what another asks for": (
        (f'{EVEN}[[spread]]\nname = "t"\ndimension = "Feature"\nby = "cost"\n'
        'when = { Team = "a" }'),
        "[[spread]] 2 't': its condition names Team, which is spread itself: a loop",
    ),
    "a spread of what nothing states": (
        f'[[spread]]\nname = "s"\ndimension = "Teem"\nby = "even"\n{WHEN}',
        ("[[spread]] 1 's': nothing states the dimension 'Teem' (nearest: 'Team', 'Application', "
        "'BusinessUnit', 'Client', 'CostCenter', 'Customer', 'Deployment', 'Entity' and 6 more)"),
    ),
    "a spread that another leaves nothing to": (
        f'{EVEN}[[spread]]\nname = "t"\ndimension = "Team"\nshares = {{ a = 1 }}\n{WHEN}',
        "[[spread]] 2 can never match: [[spread]] 1 overlaps all of it",
    ),
    "charges that are unknown": (
        f'{EVEN}charges = "all"', "[[spread]] 1 's': charges is 'all'; it is one of ai, platform"
    ),
    "what no platform charge has": (
        (f'{SPREAD}by = "even"\ncharges = "platform"\n'
        'when = { ResidualReason = "Unknown", Deployment = "chat" }'),
        ("[[spread]] 1 's': ResidualReason is never known of platform charges; "
        "[[spread]] 1 's': Deployment is never known of platform charges"),
    ),
    "a spread of platform charges that another leaves nothing to": (
        EVEN + PLATFORM.format("t") + PLATFORM.format("u"),
        "[[spread]] 3 can never match: [[spread]] 2 overlaps all of it",
    ),
    "days of a spread that are none": (
        f"{EVEN}from = 2026-02-01\nto = 2026-02-01",
        "[[spread]] 1 's': from 2026-02-01 to 2026-02-01 holds no day",
    ),
    "a day of a spread that is a text": (
        f'{EVEN}to = "2026-02-01"',
        "[[spread]] 1 's': to is '2026-02-01', not a day such as 2026-01-01",
    ),
}  # fmt: skip

UNKNOWN = {
    "of a rule": (f'{RULE}when = {{ ResorceName = "a" }}', "ResorceName", "ResourceName"),
    "of a spread": (
        f'{SPREAD}by = "even"\nwhen = {{ x_MeterUze = "Tool" }}', "x_MeterUze", "x_MeterUse"
    ),
    "a tag that no key means": (
        f'{SPREAD}by = "even"\nwhen = {{ Tags.Feeture = "red" }}', "Tags.Feeture",
        "Tags.Feature"
    ),
    "the reason, which a rule cannot ask for": (
        f'{RULE}when = {{ ResidualReason = "NoTelemetry" }}', "ResidualReason", "Reason"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_in_rules_is_said(case: str) -> None:
    text, found = WRONG[case]
    with pytest.raises(ConfigError) as raised:
        parse_rules(text, "rules.toml")
    assert str(raised.value).splitlines() == [
        f"The rules in rules.toml cannot be used: {found}.",
        EXPECTED,
        "Mend it, then preview what it would move.",
    ]


def test_what_is_no_toml_is_said_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"line 2, column 8"):
        parse_rules("[tags.Team]\nkeys = a\n", "rules.toml")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = local_engine(threads=1)
    view_bill(engine, [billed()])
    view_used(engine, [used(prompt=1)])
    view_parts(engine, by_usage=True)
    yield engine
    engine.close()


@pytest.mark.parametrize("case", UNKNOWN)
def test_a_condition_on_a_column_that_no_charge_has_is_refused(engine: Engine, case: str) -> None:
    text, column, nearest = UNKNOWN[case]
    with pytest.raises(ConfigError) as raised:
        refuse_unknown_columns(engine, parse_rules(text, "rules.toml"))
    first, second, third = str(raised.value).splitlines()
    assert first == f"A rule names the column '{column}', which no charge has."
    assert second == "Expected a column of the charges, Tags.KEY or a dimension of telemetry."
    assert nearest in third


@pytest.mark.parametrize(
    "text",
    [
        EVEN,
        f"{SPREAD}shares = {{ a = 0.1, b = 0.2, c = 0.7 }}\n{WHEN}",
        f"{SPREAD}shares = {{ a = 0.3333333333, b = 0.6666666667 }}\n{WHEN}",
        f'{SPREAD}by = "cost"\nwhen = {{ "Tags.Team" = "shared" }}',
    ],
)
def test_what_is_right_is_taken(text: str) -> None:
    """A share is the number that is written: 0.1, 0.2 and 0.7 are 1."""
    assert len(parse_rules(text, "rules.toml").spreads) == 1
