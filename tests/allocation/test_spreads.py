"""A spread divides what nobody is shown to have caused, by a stated key, and moves nothing else."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from usage_relations import DAY, attributed, billed, used

from pertoken.allocation import default_rules, parse_rules
from pertoken.allocation.spreads import WHOLE, whole_shares
from pertoken.engine import local_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.engine import Engine

GATEWAY = "ApimUsage"
NEXT = DAY + timedelta(days=1)
MONTH_AFTER = date(2026, 10, 1)
# a used 75 input tokens for 1.00, b 25 output tokens for 3.00; no call explains the tool's 0.80
USED = [
    used(prompt=75, output=25, read=0),
    used(prompt=75, source=GATEWAY, Team="a", Application="chat"),
    used(output=25, source=GATEWAY, Team="b", Application="docs"),
]
BILL = [
    billed(tokens=75, cost="1"),
    billed("output", tokens=25, cost="3"),
    billed("tool", cost="0.8"),
]
EVIDENCE = {("a", None): "1", ("b", None): "3"}
TOOLS = 'name = "tools"\ndimension = "Team"\nwhen = { x_MeterUse = "Tool" }\n'
CASES = {
    "by cost": ('by = "cost"', {"a": "0.2", "b": "0.6"}),
    "by tokens": ('by = "tokens"', {"a": "0.6", "b": "0.2"}),
    "even": ('by = "even"', {"a": "0.4", "b": "0.4"}),
    "fixed shares": ("shares = { b = 0.125, c = 0.875 }", {"b": "0.1", "c": "0.7"}),
    "one fixed share": ("shares = { platform = 1 }", {"platform": "0.8"}),
    "on its first day": (f'by = "even"\nfrom = {DAY}', {"a": "0.4", "b": "0.4"}),
    "before its first day": (f'by = "even"\nfrom = {NEXT}', {"Unattributed": "0.8"}),
    "after its last day": (f'by = "even"\nto = {DAY}', {"Unattributed": "0.8"}),
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = local_engine(threads=1)
    yield engine
    engine.close()


def _costs(rows: list[dict[str, Any]], *keys: str) -> dict[tuple[Any, ...], str]:
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[tuple(row[name] for name in keys)] += row["EffectiveCost"]
    return {key: str(cost.normalize() + 0) for key, cost in sums.items()}


@pytest.mark.parametrize("case", CASES)
def test_the_key_divides_what_no_call_explains(engine: Engine, case: str) -> None:
    key, expected = CASES[case]
    rules = parse_rules(f"[[spread]]\n{TOOLS}{key}", "r.toml")
    rows = attributed(engine, BILL, USED, rules)
    left = "Unattributed" in expected
    moved = {(team, None if left else "tools"): cost for team, cost in expected.items()}
    assert _costs(rows, "Team", "x_SpreadRule") == EVIDENCE | moved
    words = {row["x_SpreadRule"]: (row["Evidence"], row["ResidualReason"]) for row in rows}
    assert words.get("tools", ("assumed", None)) == ("assumed", None)
    assert {row["Evidence"] for row in rows if row["Team"] in ("a", "b")} >= {"measured"}


@pytest.mark.parametrize(
    ("when", "moved"),
    [
        ('ResidualReason = "NoCallEvidence"', True),
        ('ResidualReason = ["NoTelemetry", "NoCall*"]', True),
        ('ResidualReason = "NoTelemetry"', False),
        ('"Tags.Environment" = "prod"', True),
        ('Tags.Environment = "prod"', True),
        ('Tags.Environment = "dev"', False),
        ('ResourceName = "ao*", x_MeterUse = "Tool"', True),
        ('ResourceName = "ao*", x_MeterUse = "Training"', False),
        ('Application = "chat"', False),
    ],
)
def test_only_charges_of_its_conditions_are_moved(
    engine: Engine,
    when: str,
    moved: bool,  # noqa: FBT001 - a case
) -> None:
    bill = [*BILL[:2], billed("tool", cost="0.8", x_TagsKey="t", tags=[("env", "production")])]
    text = f'[[spread]]\nname = "s"\ndimension = "Team"\nby = "even"\nwhen = {{ {when} }}'
    rows = attributed(engine, bill, USED, parse_rules(text, "r.toml"))
    expected = {("a", "s"): "0.4", ("b", "s"): "0.4"} if moved else {("Unattributed", None): "0.8"}
    assert _costs(rows, "Team", "x_SpreadRule") == EVIDENCE | expected


def test_what_has_evidence_stays_even_where_conditions_hold(engine: Engine) -> None:
    """60 of 100 tokens were seen: the other 40, and their cost, go by the key."""
    rules = parse_rules(
        '[[spread]]\nname = "s"\ndimension = "Team"\nby = "cost"\nwhen = { ResourceName = "*" }',
        "r",
    )
    usage = [
        used(prompt=100, read=0),
        used(prompt=45, source=GATEWAY, Team="a"),
        used(prompt=15, source=GATEWAY, Team="b"),
    ]
    rows = attributed(engine, [billed(tokens=100, cost="1")], usage, rules)
    assert {
        (row["Team"], row["Evidence"], str(row["EffectiveCost"].normalize()),
         str(row["x_TokenQuantity"].normalize()))
        for row in rows
    } == {
        ("a", "measured", "0.45", "45"), ("b", "measured", "0.15", "15"),
        ("a", "assumed", "0.3", "3E+1"), ("b", "assumed", "0.1", "1E+1"),
    }  # fmt: skip


def test_weights_are_those_of_the_month_and_currency(engine: Engine) -> None:
    """In the next month nobody was seen, in euros nobody at all: the key has no weight there."""
    bill = [
        *BILL,
        billed("tool", cost="0.5", day=MONTH_AFTER),
        billed("tool", cost="0.7", BillingCurrency="EUR"),
    ]
    rules = parse_rules(f'[[spread]]\n{TOOLS}by = "cost"', "r.toml")
    rows = attributed(engine, bill, USED, rules)
    left = {
        (row["BillingMonth"], row["BillingCurrency"], row["ResidualReason"], row["x_SpreadRule"])
        for row in rows
        if row["Team"] == "Unattributed"
    }
    assert left == {
        ("2026-09", "EUR", "NoSpreadKey", None), ("2026-10", "USD", "NoSpreadKey", None),
    }  # fmt: skip


def test_days_of_a_month_are_spread_by_the_whole_month(engine: Engine) -> None:
    """The tool's day has no call; stretches of a month so sum to the month."""
    bill = [*BILL[:2], billed("tool", cost="0.8", day=NEXT)]
    rules = parse_rules(f'[[spread]]\n{TOOLS}by = "cost"', "r.toml")
    rows = attributed(engine, bill, USED, rules, start=NEXT)
    assert _costs(rows, "Team", "x_SpreadRule") == {("a", "tools"): "0.2", ("b", "tools"): "0.6"}


def test_a_value_that_costs_nothing_or_less_has_no_weight(engine: Engine) -> None:
    bill = [*BILL, billed("output", tokens=25, cost="-4", ChargeClass="Correction")]
    text = (
        '[[rule]]\ndimension = "Team"\nvalue = "c"\nwhen = { ChargeClass = "Correction" }\n'
        f'[[spread]]\n{TOOLS}by = "cost"'
    )
    rows = attributed(engine, bill, USED, parse_rules(text, "r.toml"))
    assert _costs(rows, "Team", "x_SpreadRule") == EVIDENCE | {
        ("c", None): "-4", ("a", "tools"): "0.2", ("b", "tools"): "0.6",
    }  # fmt: skip


def test_the_first_spread_that_matches_wins(engine: Engine) -> None:
    text = (
        '[[spread]]\nname = "first"\ndimension = "Team"\nshares = { x = 1 }\n'
        'when = { x_MeterUse = "Tool" }\n'
        '[[spread]]\nname = "rest"\ndimension = "Team"\nshares = { y = 1 }\n'
        'when = { BillingCurrency = "*" }'
    )
    bill = [*BILL, billed("unused", cost="2")]
    rows = attributed(engine, bill, USED, parse_rules(text, "r.toml"))
    assert _costs(rows, "Team", "x_SpreadRule") == EVIDENCE | {
        ("x", "first"): "0.8", ("y", "rest"): "2",
    }  # fmt: skip


def test_a_rule_comes_before_a_spread(engine: Engine) -> None:
    rule = '[[rule]]\ndimension = "Team"\nvalue = "a"\nwhen = { x_MeterUse = "Tool" }\n'
    rules = parse_rules(f'{rule}[[spread]]\n{TOOLS}by = "even"', "r.toml")
    rows = attributed(engine, BILL, USED, rules)
    assert _costs(rows, "Team", "x_SpreadRule") == {("a", None): "1.8", ("b", None): "3"}


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ("telemetry", EVIDENCE | {("Unattributed", None): "0.8"}),
        ("tags", {("Unattributed", None): "4.8"}),
        ("rules", {("Unattributed", None): "4.8"}),
    ],
)
def test_chosen_evidence_is_not_widened(
    engine: Engine, evidence: str, expected: dict[tuple[str, str | None], str]
) -> None:
    """By rules alone no team is known, so that the key weighs nothing."""
    rules = parse_rules(f'[[spread]]\n{TOOLS}by = "cost"', "r.toml")
    rows = attributed(engine, BILL, USED, rules, evidence=evidence)
    assert _costs(rows, "Team", "x_SpreadRule") == expected


def test_a_spread_is_the_same_beside_other_dimensions(engine: Engine) -> None:
    """Who used a tool's resource is not known of Team; its facts, and other dimensions, stay."""
    text = (
        f'[[spread]]\n{TOOLS}by = "cost"\n[[spread]]\nname = "apps"\ndimension = "Application"\n'
        'by = "even"\nwhen = { x_MeterUse = "Tool" }'
    )
    rules = parse_rules(text, "r.toml")
    by_team = attributed(engine, BILL, USED, rules)
    rows = attributed(engine, BILL, USED, rules, by=("Team", "Application", "SkuMeter"))
    assert _costs(rows, "Team") == _costs(by_team, "Team")
    spread = [row for row in rows if row["x_SpreadRule"]]
    assert _costs(spread, "Application", "SkuMeter", "x_SpreadRule") == {
        ("chat", "gpt-4o tool", "tools, apps"): "0.4",
        ("docs", "gpt-4o tool", "tools, apps"): "0.4",
    }
    alone = attributed(engine, BILL, USED, rules, by=("Feature",))
    assert {row["x_SpreadRule"] for row in alone} == {None}


ORGANISATION = """
[[organisation]]
team = "a"
cost_center = "4100"
[[organisation]]
team = "b"
cost_center = "2200"
to = 2026-09-01
"""


@pytest.mark.parametrize("by", [("CostCenter",), ("Team", "CostCenter")])
def test_the_organisation_follows_a_team_that_a_spread_names(
    engine: Engine, by: tuple[str, ...]
) -> None:
    """The organisation of b ended before the day of the bill."""
    rules = parse_rules(f'[[spread]]\n{TOOLS}by = "cost"\n{ORGANISATION}', "r.toml")
    rows = attributed(engine, BILL, USED, rules, by=by)
    spread = _costs(rows, "CostCenter", "Evidence", "x_SpreadRule")
    assert spread["4100", "measured", None] == "1"
    assert spread["4100", "assumed", "tools"] == "0.2"
    if "Team" in by:
        assert spread[None, "assumed", "tools"] == "0.6"
    else:
        assert spread["Unattributed", None, None] == "3.6"


def test_a_key_counts_what_the_organisation_says_of_a_team_that_a_rule_names(
    engine: Engine,
) -> None:
    """The organisation knows a, by calls for 1.00 and by a rule for 3.00, and c by a rule: 2.00."""
    text = (
        '[[rule]]\ndimension = "Team"\nvalue = "a"\nwhen = { ResourceName = "other" }\n'
        '[[rule]]\ndimension = "Team"\nvalue = "c"\nwhen = { ResourceName = "third" }\n'
        '[[organisation]]\nteam = "a"\ncost_center = "4100"\n'
        '[[organisation]]\nteam = "c"\ncost_center = "3300"\n'
        '[[spread]]\nname = "s"\ndimension = "CostCenter"\nby = "cost"\n'
        'when = { x_MeterUse = "Tool" }'
    )
    bill = [
        BILL[0], BILL[2],
        billed(cost="3", ResourceId="/x/other", ResourceName="other"),
        billed(cost="2", ResourceId="/x/third", ResourceName="third"),
    ]  # fmt: skip
    rows = attributed(engine, bill, USED, parse_rules(text, "r.toml"), by=("CostCenter",))
    assert _costs(rows, "CostCenter", "x_SpreadRule") == {
        ("4100", None): "4", ("3300", None): "2",
        ("4100", "s"): "0.53333333336", ("3300", "s"): "0.26666666664",
    }  # fmt: skip


@pytest.mark.parametrize(("idle", "moved"), [("spread", "100"), ("show", None), ("owner", None)])
def test_idle_capacity_that_is_shown_is_never_spread(
    engine: Engine, idle: str, moved: str | None
) -> None:
    """Nobody was seen at the gateway; the deployment was idle all day."""
    bill = [billed("capacity", tokens=24, cost="100"), billed(tokens=75, cost="1", model="o")]
    usage = [
        used(prompt=80, output=20, read=0, utilisation="0", deployment="ptu"),
        used(prompt=75, read=0, deployment="o", model="o"),
        used(prompt=75, source=GATEWAY, deployment="o", model="o", Team="a"),
    ]
    text = '[[spread]]\nname = "s"\ndimension = "Team"\nby = "even"\nwhen = { ResourceName = "*" }'
    found = attributed(engine, bill, usage, parse_rules(text, "r.toml"), idle=idle)
    rows = [row for row in found if row["EffectiveCost"]]
    expected = (
        {("a", None, "s"): moved} if moved else {("Unattributed", "IdleCapacity", None): "100"}
    )
    assert (
        _costs(rows, "Team", "ResidualReason", "x_SpreadRule")
        == {("a", None, None): "1"} | expected
    )
    assert sum(row["x_IdleCost"] or 0 for row in rows) == 100


def test_a_remainder_goes_to_the_largest_share(engine: Engine) -> None:
    bill = [*BILL[:2], billed("tool", cost="0.000000000000000010")]
    text = f"[[spread]]\n{TOOLS}shares = {{ x = 0.4, y = 0.35, z = 0.25 }}"
    rows = attributed(engine, bill, USED, parse_rules(text, "r.toml"))
    spread = {row["Team"]: row["EffectiveCost"] for row in rows if row["x_SpreadRule"]}
    units = {team: int(cost.scaleb(18)) for team, cost in spread.items()}
    assert units == {"x": 4, "y": 4, "z": 2}


def test_a_cost_of_any_size_is_divided(engine: Engine) -> None:
    """Units times a share would outgrow 128 bits."""
    bill = [*BILL[:2], billed("tool", cost="-76543210987654321.000000000000000003")]
    text = f"[[spread]]\n{TOOLS}shares = {{ x = 0.9999999999, y = 0.0000000001 }}"
    rows = attributed(engine, bill, USED, parse_rules(text, "r.toml"))
    spread = [row for row in rows if row["x_SpreadRule"]]
    assert {row["Team"]: f"{row['EffectiveCost']:f}" for row in spread} == {
        "x": "-76543210979999999.901234567900000003", "y": "-7654321.098765432100000000",
    }  # fmt: skip


@given(st.dictionaries(st.text(max_size=3), st.integers(-5, 10**30), min_size=1))
def test_shares_are_whole_and_the_largest_is_first(weights: dict[str, int]) -> None:
    shares = whole_shares(weights)
    total = sum(weight for weight in weights.values() if weight > 0)
    assert sum(shares.values()) == (WHOLE if total else 0)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    for name, share in shares.items():
        assert abs(share * total - weights[name] * WHOLE) < total


COST = st.decimals(min_value=-1000, max_value=1000, places=15, allow_nan=False)
DAYS = st.sampled_from([DAY, NEXT, MONTH_AFTER])
BILLED = st.builds(
    lambda kind, tokens, cost, day, currency, tags: billed(
        kind, tokens=tokens, cost=str(cost), day=day, BillingCurrency=currency,
        x_TagsKey=tags, tags=[(key, f"{key}-{tags}") for key in ("team", "bu") if tags],
    ),
    st.sampled_from(["uncached", "read", "output", "capacity", "unused", "tool"]),
    st.integers(0, 500),
    COST,
    DAYS,
    st.sampled_from(["USD", "EUR"]),
    st.none() | st.sampled_from(["s", "t"]),
)  # fmt: skip
CALLS = st.builds(
    lambda prompt, output, deployment, source, team, application, day, utilisation: used(
        prompt=prompt, read=0 if source == "AzureMonitor" else None, output=output,
        deployment=deployment, source=source, Team=team, Application=application, day=day,
        utilisation=utilisation if source == "AzureMonitor" else None,
    ),
    st.integers(0, 500),
    st.integers(0, 100),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["AzureMonitor", GATEWAY]),
    st.none() | st.sampled_from(["x", "y", "z"]),
    st.none() | st.sampled_from(["p", "q"]),
    DAYS,
    st.none() | st.sampled_from(["0", "33.3"]),
)  # fmt: skip
CONDITION = st.sampled_from(
    ['x_MeterUse = "Tool"', 'BillingCurrency = "*"', 'BillingCurrency = "EUR"',
     'ResidualReason = "No*"', 'Tags.BusinessUnit = "bu-s"', 'ResourceName = ["a*", "b*"]',
     'CommitmentDiscountStatus = "Unused"']
)  # fmt: skip
KEY = st.sampled_from(
    [
        'by = "cost"',
        'by = "tokens"',
        'by = "even"',
        "shares = { x = 0.3333333333, w = 0.6666666667 }",
    ]
)
SPREAD = st.tuples(
    st.sampled_from(["Team", "Application", "CostCenter"]), CONDITION, KEY,
    st.sampled_from(["", f"from = {NEXT}", f"to = {MONTH_AFTER}"]),
)  # fmt: skip
RULE = st.tuples(
    st.sampled_from(["Team", "CostCenter"]), CONDITION.filter(lambda c: "Res" not in c)
)


def _distinct(tables: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """One per dimension and condition, so that none covers another."""
    held = {(each[0], "EUR" in each[1] or "*" in each[1] or each[1]): each for each in tables}
    return list(held.values())


def _text(rules: list[tuple[str, ...]], spreads: list[tuple[str, ...]]) -> str:
    lines = [
        f'[[rule]]\ndimension = "{dimension}"\nvalue = "r{at}"\nwhen = {{ {when} }}'
        for at, (dimension, when) in enumerate(_distinct(rules))
    ]
    return "\n".join(
        lines
        + [ORGANISATION]
        + [
            f'[[spread]]\nname = "s{at}"\ndimension = "{each[0]}"\n{each[2]}\n{each[3]}\n'
            f"when = {{ {each[1]} }}"
            for at, each in enumerate(_distinct(spreads))
        ]
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    bill=st.lists(BILLED, min_size=1, max_size=8),
    usage=st.lists(CALLS, max_size=8),
    told=st.tuples(st.lists(RULE, max_size=2), st.lists(SPREAD, min_size=1, max_size=4)),
    by=st.sampled_from(
        [("Team",), ("Application", "Team"), ("CostCenter",), ("Team", "CostCenter", "ResourceId")]
    ),
    options=st.fixed_dictionaries(
        {
            "evidence": st.sampled_from([None, None, "rules", "tags", "telemetry"]),
            "idle": st.sampled_from(["spread", "show", "owner"]),
        }
    ),
)
def test_the_parts_are_the_bill_for_any_rules_tags_telemetry_and_spreads(
    engine: Engine,
    bill: list[dict[str, Any]],
    usage: list[dict[str, Any]],
    told: tuple[list[tuple[str, ...]], list[tuple[str, ...]]],
    by: tuple[str, ...],
    options: dict[str, Any],
) -> None:
    """Per charge, month and currency; and what has evidence is as it is without spreads."""
    by = (*by, "SkuMeter", "ChargeDate")
    text = _text(*told)
    after = attributed(engine, bill, usage, parse_rules(text, "r.toml"), by, **options)
    before = attributed(
        engine, bill, usage, parse_rules(_text(told[0], []), "r.toml"), by, **options
    )
    whole = [dict(row, EffectiveCost=row["EffectiveCost"]) for row in bill]
    charge = ("BillingMonth", "BillingCurrency", "SkuMeter", "ChargeDate")
    assert _costs(after, *charge) == _costs(whole, *charge)
    tokens = sum(row["x_UnitQuantity"] for row in bill if row["Unit"] == "Tokens")
    assert sum(row["x_TokenQuantity"] or 0 for row in after) == tokens
    assert sum(row["x_IdleCost"] or 0 for row in after) == sum(
        row["x_IdleCost"] or 0 for row in before
    )
    assert all(row["Evidence"] or row["ResidualReason"] for row in after)
    assert all(row["Evidence"] == "assumed" for row in after if row["x_SpreadRule"])
    people = [name for name in by if name not in ("SkuMeter", "ChargeDate", "ResourceId")]

    def known(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], str]:
        unspread = [
            row
            for row in rows
            if row["x_SpreadRule"] is None and all(row[name] not in (None, "Unattributed")
                                                   for name in people)
        ]  # fmt: skip
        return _costs(unspread, *by, "BillingCurrency", "Evidence")

    assert known(after) == known(before)


def test_rules_without_spreads_have_none() -> None:
    assert default_rules().spreads == ()
