"""The evidence word of every case: who said it, from the strongest word to none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from usage_relations import attributed, billed, used

from pertoken.allocation import parse_rules
from pertoken.engine import local_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pertoken.engine import Engine

RULES = """
[tags.Team]
keys = ["team"]
[tags.BusinessUnit]
keys = ["bu"]
[[rule]]
dimension = "Team"
value = "ruled"
when = { ResourceName = "aoai" }
[[organisation]]
team = "search"
cost_center = "4100"
"""
GATEWAY = "ApimUsage"
TAGGED = {"x_TagsKey": "t", "tags": [("team", "tagged"), ("bu", "north")]}
SEEN = [used(prompt=100, read=0), used(prompt=100, read=0, source=GATEWAY, Team="search")]
UNTOLD = [used(prompt=100), used(prompt=100, source=GATEWAY, Team="search")]
GUESSED = [
    used(prompt=100, read=0),
    used(prompt=100, read=0, source=GATEWAY, Team="search", Provenance="estimated"),
]
PTU = [
    used(prompt=100, read=0, utilisation="0"),
    used(prompt=100, read=0, source=GATEWAY, Team="search"),
]
BOTH = [billed(tokens=80), billed("read", tokens=20)]
CASES = {
    "a call counted": ([billed()], SEEN, ("Team",), {}, "measured"),
    "the provider counted": ([billed()], SEEN[:1], ("Deployment",), {}, "measured"),
    "the organisation of a counted team": ([billed()], SEEN, ("CostCenter",), {}, "measured"),
    "cached tokens were not told apart": (BOTH, UNTOLD, ("Team",), {}, "estimated"),
    "the source estimates": ([billed()], GUESSED, ("Team",), {}, "estimated"),
    "a tag": ([billed(**TAGGED)], SEEN, ("Team",), {"evidence": "tags"}, "assumed"),
    "a tag of what a call used": ([billed(**TAGGED)], SEEN, ("BusinessUnit",), {}, "assumed"),
    "a call and a tag": ([billed(**TAGGED)], SEEN, ("Team", "BusinessUnit"), {}, "assumed"),
    "a rule alone": ([billed()], [], ("Team",), {}, "assumed"),
    "a rule asked for": ([billed()], SEEN, ("Team",), {"evidence": "rules"}, "assumed"),
    "idle capacity": ([billed("capacity")], PTU, ("Team",), {}, "assumed"),
    "idle capacity of its owner": (
        [billed("capacity", **TAGGED)], PTU, ("Team",), {"idle": "owner"}, "assumed",
    ),
    "a fact, with telemetry": ([billed()], SEEN, ("x_ModelId",), {}, "billed"),
    "a fact, without telemetry": ([billed()], [], ("ChargeDate",), {}, "billed"),
    "a fact beside tags": ([billed()], SEEN, ("ResourceId",), {"evidence": "tags"}, "billed"),
    "a fact of idle capacity": ([billed("capacity")], PTU, ("SkuMeter",), {}, "billed"),
    "nobody": ([billed()], SEEN[:1], ("Customer",), {}, None),
    "a fact beside nobody": ([billed()], [], ("Customer", "ChargeDate"), {}, None),
}  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = local_engine(threads=1)
    yield engine
    engine.close()


@pytest.mark.parametrize("case", CASES)
def test_the_word_of_evidence_is_true(engine: Engine, case: str) -> None:
    bill, usage, by, options, expected = CASES[case]
    rows = _rows(engine, bill, usage, by, options)
    words = {row["Evidence"] for row in rows if row["EffectiveCost"]}
    assert words == {expected}


@pytest.mark.parametrize(("charge", "said"), [({}, "false"), (TAGGED, "true")])
def test_whether_a_charge_is_tagged_is_a_fact(
    engine: Engine, charge: dict[str, Any], said: str
) -> None:
    rows = _rows(engine, [billed(**charge)], SEEN, ("Team", "x_IsTagged"), {})
    assert [(row["Team"], row["x_IsTagged"], row["Evidence"]) for row in rows] == [
        ("search", said, "measured")
    ]


def _rows(
    engine: Engine,
    bill: list[dict[str, Any]],
    usage: list[dict[str, Any]],
    by: tuple[str, ...],
    options: dict[str, str],
) -> list[dict[str, Any]]:
    return attributed(engine, bill, usage, parse_rules(RULES, "rules.toml"), by, **options)
