"""`export powerbi` writes a project and the attribution it reads, for everybody or for one team."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export
from deltalake import DeltaTable

import pertoken
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.api import Hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    root = tmp_path_factory.mktemp("powerbi")
    rows = [
        charge(tokens=1_000_000),
        charge(day=2, Tags='{"team": "ads"}', tokens=3_000_000),
        charge(day=3, Tags=None, tokens=500_000),
    ]
    write_export(root / "exports", rows)
    opened = pertoken.open(root / "hub")
    opened.ingest(root / "exports")
    return opened


BUDGETS = """
[[budget]]
budget = "house"
amount = 10
billing_currency = "USD"
from = "2026-01"

[[budget]]
budget = "ads"
amount = 5
billing_currency = "USD"
from = "2026-01"
owner = "ann"
where = "Team=Ads"

[[budget]]
budget = "search"
amount = 3.5
billing_currency = "USD"
from = "2026-01"
where = "Team=search"

[[budget]]
budget = "euro"
amount = 1
billing_currency = "EUR"
from = "2026-01"

[[budget]]
budget = "later"
amount = 1
billing_currency = "USD"
from = "2026-02"
"""


@pytest.fixture(scope="module")
def budgeted(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """As `hub`, with budgets; the tag rule of the hub attributes by tags."""
    root = tmp_path_factory.mktemp("budgeted")
    rows = [
        charge(tokens=1_000_000),
        charge(day=2, Tags='{"team": "ads"}', tokens=3_000_000),
        charge(day=3, Tags=None, tokens=500_000),
    ]
    write_export(root / "exports", rows)
    (root / "budgets.toml").write_text(BUDGETS, "utf-8")
    opened = pertoken.open(root / "hub")
    opened.ingest(root / "exports")
    opened.save_budgets(root / "budgets.toml")
    return opened


def _rows(folder: Path, table: str) -> list[dict[str, object]]:
    return DeltaTable(str(folder / "tables" / table)).to_pyarrow_table().to_pylist()


def test_the_attribution_written_is_the_bill(hub: Hub, tmp_path: Path) -> None:
    made = hub.export_power_bi(tmp_path / "all", evidence="tags")
    rows = _rows(tmp_path / "all", "attributed_costs")
    assert made.tables == {"attributed_costs": 3}
    assert sum(row["EffectiveCost"] for row in rows) == Decimal("11.25")
    assert sum(row["x_TokenQuantity"] for row in rows) == 4_500_000
    assert [row["Team"] for row in rows] == ["search", "ads", "Unattributed"]


def test_a_team_gets_its_own_rows_and_no_price(hub: Hub, tmp_path: Path) -> None:
    hub.export_power_bi(tmp_path / "ads", evidence="tags", audience="Ads")
    rows = _rows(tmp_path / "ads", "attributed_costs")
    assert [(row["Team"], row["EffectiveCost"]) for row in rows] == [("ads", Decimal("7.5"))]
    columns = {*rows[0], *_rows(tmp_path / "ads", "meters")[0]}
    assert not [name for name in columns if "List" in name or "Contracted" in name]
    files = [path.read_bytes() for path in (tmp_path / "ads").rglob("*") if path.is_file()]
    assert not any(b"search" in content.lower() for content in files)


def test_a_refresh_writes_the_tables_of_the_same_audience(hub: Hub, tmp_path: Path) -> None:
    hub.export_power_bi(tmp_path / "ads", evidence="tags", audience="ads")
    before = (tmp_path / "ads" / "pertoken.pbip").read_bytes()
    assert hub.refresh_power_bi(tmp_path / "ads").tables == {"attributed_costs": 1, "meters": 1}
    assert [row["Team"] for row in _rows(tmp_path / "ads", "attributed_costs")] == ["ads"]
    assert (tmp_path / "ads" / "pertoken.pbip").read_bytes() == before


def test_a_hub_without_attribution_leaves_allocation_out_and_says_so(
    hub: Hub, tmp_path: Path
) -> None:
    made = hub.export_power_bi(tmp_path / "bill")
    assert made.tables == {}
    assert "left out" in made.notes[0]
    assert not (tmp_path / "bill" / "tables").exists()
    with pytest.raises(ConfigError, match="nothing in it needs a refresh"):
        hub.refresh_power_bi(tmp_path / "bill")


def test_nothing_is_overwritten(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError) as refused:
        hub.export_power_bi(tmp_path)
    assert len(str(refused.value).splitlines()) == 3


NONSENSE = (
    {"audience": "nobody"},
    {"evidence": "guess"},
    {"audience": "ads", "evidence": "tags", "hub_at": "x"},
)


@pytest.mark.parametrize("options", NONSENSE)
def test_options_that_make_no_sense_are_refused(
    hub: Hub, tmp_path: Path, options: dict[str, str]
) -> None:
    with pytest.raises(ConfigError):
        hub.export_power_bi(tmp_path / "new", **options)


def test_two_exports_are_equal_byte_for_byte(hub: Hub, tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        hub.export_power_bi(tmp_path / name, evidence="tags", tables_at="C:\\tables")
        folder = tmp_path / name
        found.append({
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and "_delta_log" not in path.parts
        })  # fmt: skip
    assert found[0] == found[1]


def test_budgets_stand_beside_their_cost(budgeted: Hub, tmp_path: Path) -> None:
    made = budgeted.export_power_bi(tmp_path / "all", evidence="tags")
    rows = {row["Budget"]: row for row in _rows(tmp_path / "all", "budgets")}
    assert made.tables["budgets"] == len(rows) == 4
    assert (rows["house"]["BudgetCost"], rows["house"]["ActualCost"]) == (10, Decimal("11.25"))
    assert rows["euro"]["ActualCost"] is None
    assert rows["euro"]["Reason"] == "no AI charges in EUR"
    assert {row["Team"] for row in rows.values()} == {None, "Ads", "search"}


def test_a_team_gets_its_own_budgets_only(budgeted: Hub, tmp_path: Path) -> None:
    budgeted.export_power_bi(tmp_path / "ads", evidence="tags", audience="ads")
    assert [row["Budget"] for row in _rows(tmp_path / "ads", "budgets")] == ["ads"]
    files = [path.read_bytes() for path in (tmp_path / "ads").rglob("*") if path.is_file()]
    assert not any(word in content for content in files for word in (b"search", b"house"))
    assert budgeted.refresh_power_bi(tmp_path / "ads").tables["budgets"] == 1


def test_a_project_without_attribution_has_budgets_and_they_can_be_refreshed(
    budgeted: Hub, tmp_path: Path
) -> None:
    made = budgeted.export_power_bi(tmp_path / "bill")
    assert made.tables == {"budgets": 4}
    assert budgeted.refresh_power_bi(tmp_path / "bill").tables == {"budgets": 4}
    model = tmp_path / "bill" / "pertoken.SemanticModel" / "definition"
    assert (model / "tables" / "Budgets.tmdl").is_file()
    assert not (model / "roles").exists()


def test_a_refresh_says_which_tables_the_project_lacks(hub: Hub, tmp_path: Path) -> None:
    hub.export_power_bi(tmp_path / "all", evidence="tags")
    assert hub.refresh_power_bi(tmp_path / "all").notes == ()
