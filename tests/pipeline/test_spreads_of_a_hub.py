"""Spreads in a hub: shown before they count, then in every view of who caused a cost."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from builders import TEAM_RULES, charge, run_pertoken, write_export

import pertoken
from pertoken.allocation import AttributionQuery
from pertoken.engine import local_engine
from pertoken.errors import ConfigError
from pertoken.hub import Hub as HubFolder
from pertoken.pipeline.allocation_rules import read_rules
from pertoken.pipeline.audience import Audience, SeenRelations
from pertoken.pipeline.own_attribution import own_attribution

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.api import Hub

RULES = f"""
{TEAM_RULES}[[organisation]]
team = "search"
cost_center = "4100"
"""
SPREAD = """
[[spread]]
name = "platform"
dimension = "Team"
by = "cost"
when = { ResourceName = "aoai-shared" }
"""


def _billed(resource: str, cost: str, day: int = 1) -> dict[str, Any]:
    costs = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost)
    place = f"/subscriptions/s/resourceGroups/rg/providers/p/accounts/{resource}"
    return charge(
        tokens=1000, price=cost, day=day, ResourceName=resource, ResourceId=place, **costs
    )


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    charges = [
        _billed("aoai-search", "3"), _billed("aoai-ads", "1", day=2),
        _billed("aoai-shared", "0.8", day=3), _billed("aoai-other", "5", day=3),
    ]  # fmt: skip
    write_export(tmp_path / "in", charges)
    (tmp_path / "rules.toml").write_text(RULES, "utf-8")
    (tmp_path / "spread.toml").write_text(RULES + SPREAD, "utf-8")
    made = pertoken.open(tmp_path / "hub")
    made.ingest(tmp_path / "in")
    made.save_rules(tmp_path / "rules.toml")
    return made


def test_a_preview_shows_what_a_spread_moves_and_moves_nothing(hub: Hub, tmp_path: Path) -> None:
    before = hub.attribute().to_dicts()
    moves = hub.preview_rules(tmp_path / "spread.toml").to_dicts()
    assert {row["Team"]: str(row["Difference"].normalize()) for row in moves} == {
        "Unattributed": "-0.8", "ads": "0.2", "search": "0.6",
    }  # fmt: skip
    assert hub.attribute().to_dicts() == before
    assert {row["x_SpreadRule"] for row in before} == {None}
    assert list(before[0])[-1] == "x_SpreadRule"


def test_saved_spreads_count_in_every_view(hub: Hub, tmp_path: Path) -> None:
    hub.save_rules(tmp_path / "spread.toml")
    costs = {
        (row["Team"], row["Evidence"], row["x_SpreadRule"]): str(row["EffectiveCost"].normalize())
        for row in hub.attribute().to_dicts()
    }
    assert costs == {
        ("search", "assumed", None): "3", ("ads", "assumed", None): "1",
        ("search", "assumed", "platform"): "0.6", ("ads", "assumed", "platform"): "0.2",
        ("Unattributed", None, None): "5",
    }  # fmt: skip
    centres = hub.attribute(["CostCenter"]).to_dicts()
    assert [(row["CostCenter"], row["EffectiveCost"], row["x_SpreadRule"]) for row in centres] == [
        ("Unattributed", Decimal("6.2"), None), ("4100", 3, None),
        ("4100", Decimal("0.6"), "platform"),
    ]  # fmt: skip
    teams = {row["Team"]: row for row in hub.kpis().to_dicts()}
    assert teams["ads"]["EffectiveCost"] == Decimal("1.2")
    assert teams["All"]["UnattributedShare"] == (Decimal(5) / Decimal("9.8")).quantize(
        Decimal("1e-12")
    )
    whole = sum(row["EffectiveCost"] for row in hub.matrix(["SkuMeter"]).to_dicts())
    assert sum(row["EffectiveCost"] for row in hub.attribute().to_dicts()) == whole
    statement = hub.statements.draft("2026-01", by="Ana", team="ads").to_dicts()
    assert [row["Amount"] for row in statement] == [Decimal("1.2")]
    table = run_pertoken("attribute", hub=tmp_path / "hub").stdout
    assert "x_Spread" in table
    assert table.count("platform") == 2


def test_a_spread_that_names_no_column_is_refused_before_it_is_saved(
    hub: Hub, tmp_path: Path
) -> None:
    """What a file says of itself is told when it is saved; what the bill has, by the preview."""
    file = tmp_path / "wrong.toml"
    file.write_text(SPREAD.replace("ResourceName", "ResorceName"), "utf-8")
    with pytest.raises(ConfigError, match="names the column 'ResorceName', which no charge has"):
        hub.preview_rules(file)
    file.write_text(SPREAD.replace('by = "cost"', "shares = { ads = 0.5 }"), "utf-8")
    with pytest.raises(ConfigError, match=r"shares sum to 0\.5, not to 1"):
        hub.save_rules(file)


def test_a_team_sees_what_a_spread_gives_it_and_nothing_of_the_rest(
    hub: Hub, tmp_path: Path
) -> None:
    rules = read_rules(tmp_path / "spread.toml")
    engine = local_engine(threads=1)
    audience = Audience(sees_all=False, teams=("Ads",))
    relations = SeenRelations(HubFolder(hub.path).snapshot(engine), audience)
    for by in (("Team",), ("ResourceName",)):
        rows = own_attribution(relations, AttributionQuery(by=by), rules).to_dicts()
        assert {row["Team"] for row in rows} == {"ads"}
        assert {row["x_SpreadRule"]: row["EffectiveCost"] for row in rows} == {
            None: 1, "platform": Decimal("0.2"),
        }  # fmt: skip
    engine.close()
