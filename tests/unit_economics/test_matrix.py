"""The matrix: costs, tokens and unit costs of any groups, the quotient always of sums."""

from __future__ import annotations

import csv
import tempfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export
from hypothesis import given, settings
from hypothesis import strategies as st

import pertoken
from pertoken.errors import ConfigError, HubError

if TYPE_CHECKING:
    from pertoken.api import Hub

INPUT = {"SkuMeter": "gpt 4o 0513 Input global Tokens", "x_SkuMeterSubcategory": "Azure OpenAI"}
OUTPUT = {"SkuMeter": "gpt 4o 0513 Output global Tokens", "x_SkuMeterSubcategory": "Azure OpenAI"}
PTU = {
    "SkuMeter": "Provisioned Managed Global Unit",
    "x_PricingUnitDescription": "1/Hour",
    "x_PricingBlockSize": "1",
    "PricingUnit": "Units/Hour",
    "ConsumedUnit": "Units/Hour",
    "ConsumedQuantity": "100",
    "PricingQuantity": "100",
    "EffectiveCost": "110",
    "BilledCost": "110",
    "x_EffectiveUnitPrice": "1.1",
    "ContractedUnitPrice": "1.1",
    "ListUnitPrice": "1.1",
    "x_BilledUnitPrice": "1.1",
    "ListCost": "110",
    "ContractedCost": "110",
}
MACHINE = {
    "SkuMeter": "D16as v5",
    "x_SkuMeterCategory": "Virtual Machines",
    "ServiceName": "Virtual Machines",
    "x_SkuMeterSubcategory": "Virtual Machines D Series",
    "ServiceCategory": "Compute",
}


def hub_of(folder: Path, rows: list[dict[str, str | None]], **export: object) -> Hub:
    write_export(folder / "exports", rows, **export)  # type: ignore[arg-type]
    hub = pertoken.open(folder / "hub")
    hub.ingest(folder / "exports")
    return hub


def test_the_published_example_comes_out(tmp_path: Path) -> None:
    """292.77 and 23.40 USD are 5.00 and 15.00 per million, and 5.26 for the model, not 10.00.

    Source: Microsoft FinOps blog, "Managing Azure OpenAI costs with the FinOps toolkit and FOCUS".
    """
    hub = hub_of(
        tmp_path,
        [
            charge(tokens=58_554_000, price="0.005", **INPUT),
            charge(tokens=1_560_000, price="0.015", **OUTPUT),
        ],
    )
    by_meter = {row["SkuMeter"]: row for row in hub.matrix(by=["SkuMeter"]).to_dicts()}
    assert by_meter[INPUT["SkuMeter"]]["EffectiveCost"] == Decimal("292.77")
    assert by_meter[INPUT["SkuMeter"]]["x_UnitCost"] == 5
    assert by_meter[OUTPUT["SkuMeter"]]["EffectiveCost"] == Decimal("23.40")
    assert by_meter[OUTPUT["SkuMeter"]]["x_UnitCost"] == 15
    [model] = hub.matrix(by=["x_ModelId", "x_ModelVersion"]).to_dicts()
    assert (model["x_ModelId"], model["x_ModelVersion"]) == ("gpt-4o", "2024-05-13")
    assert model["x_TokenCost"] == Decimal("316.17")
    assert model["x_TokenQuantity"] == 60_114_000
    assert round(model["x_UnitCost"], 2) == Decimal("5.26")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """Tokens with and without proof, capacity, a machine, two currencies, two days, tags."""
    return hub_of(
        tmp_path_factory.mktemp("mixed"),
        [
            charge(
                tokens=1_000_000,
                price="0.005",
                day=1,
                Tags='{"team": "search", "Cost Center": "7"}',
                **INPUT,
            ),
            charge(tokens=2_000_000, price="0.005", day=2, Tags='{"team": "sales"}', **INPUT),
            charge(
                tokens=1_000_000, price="0.015", day=2, BillingCurrency="EUR", Tags=None, **OUTPUT
            ),
            charge(
                day=3,
                ConsumedQuantity="17",
                PricingQuantity="99",
                EffectiveCost="7.77",
                BilledCost="7.77",
                ListCost="7.77",
                ContractedCost="7.77",
                **INPUT,
            ),
            charge(
                day=3, ListCost="0", ListUnitPrice="0", tokens=1_000_000, price="0.005", **INPUT
            ),
            charge(day=3, **PTU),
            charge(day=3, **MACHINE),
            charge(
                day=3,
                ChargeCategory="Tax",
                SkuMeter=None,
                x_SkuMeterCategory=None,
                x_SkuMeterSubcategory=None,
                ServiceCategory="Other",
                ServiceName=None,
            ),
        ],
    )


def _one(hub: Hub, **query: object) -> dict[str, object]:
    [row] = hub.matrix(**query).to_dicts()  # type: ignore[arg-type]
    return row


def test_currencies_are_never_added(mixed: Hub) -> None:
    rows = mixed.matrix(by=["x_ModelId"], where={"x_ModelId": "gpt-4o"}).to_dicts()
    assert [(row["BillingCurrency"], row["x_TokenQuantity"]) for row in rows] == [
        ("EUR", 1_000_000),
        ("USD", 4_000_000),
    ]


def test_set_aside_charges_stay_in_cost_and_out_of_the_quotient(mixed: Hub) -> None:
    row = _one(mixed, by=["x_ModelId"], where={"x_ModelId": "gpt-4o"}, currency="usd")
    assert row["EffectiveCost"] == Decimal("27.77")
    assert row["x_TokenCost"] == Decimal(20)
    assert row["x_UnitCost"] == 5


def test_capacity_has_cost_and_no_tokens(mixed: Hub) -> None:
    row = _one(mixed, by=["SkuMeter"], where={"SkuMeter": PTU["SkuMeter"]})
    assert row["EffectiveCost"] == 110
    assert (row["x_TokenCost"], row["x_TokenQuantity"], row["x_UnitCost"]) == (None, None, None)


def test_only_ai_charges_unless_all_are_asked_for(mixed: Hub) -> None:
    meters = {row["SkuMeter"] for row in mixed.matrix(by=["SkuMeter"]).to_dicts()}
    assert "D16as v5" not in meters
    everything = mixed.matrix(by=["SkuMeter"], all_charges=True).to_dicts()
    assert {"D16as v5", None} <= {row["SkuMeter"] for row in everything}
    total = sum(row["BilledCost"] for row in everything if row["BillingCurrency"] == "USD")  # type: ignore[misc]
    assert total == next(
        row["BilledCost"] for row in mixed.periods().to_dicts() if row["BillingCurrency"] == "USD"
    )


def test_the_mart_and_the_charges_give_the_same_matrix(mixed: Hub) -> None:
    """ChargeDescription is in no mart: grouping by it reads the charges."""
    for cost in ("Effective", "Billed", "List", "Contracted"):
        mart = mixed.matrix(by=["SkuMeter", "ChargeDate"], cost=cost).to_dicts()
        charges = mixed.matrix(
            by=["SkuMeter", "ChargeDate", "ChargePeriodStart"], cost=cost
        ).to_dicts()
        for row in charges:
            del row["ChargePeriodStart"]
        assert charges == mart


def test_days_are_half_open(mixed: Hub) -> None:
    row = _one(mixed, by=["x_ModelId"], start="2026-01-01", end="2026-01-02", currency="USD")
    assert row["x_TokenQuantity"] == 1_000_000
    assert len(mixed.matrix(by=["SkuMeter"], start="2026-02", all_charges=True)) == 0


def test_tags_group_and_filter(mixed: Hub) -> None:
    rows = mixed.matrix(by=["Tags.team"], currency="USD", end="2026-01-03").to_dicts()
    assert {(row["Tags.team"], row["x_TokenQuantity"]) for row in rows} == {
        ("search", 1_000_000),
        ("sales", 2_000_000),
    }
    row = _one(mixed, by=["Tags.Cost Center"], where={"Tags.team": "search"}, end="2026-01-02")
    assert row["Tags.Cost Center"] == "7"


def test_several_values_of_a_column_are_alternatives_and_an_empty_one_is_unknown(
    mixed: Hub,
) -> None:
    teams = [("Tags.team", "search"), ("Tags.team", "sales")]
    assert (
        _one(mixed, by=["x_ModelId"], where=teams, end="2026-01-03")["x_TokenQuantity"] == 3_000_000
    )
    row = _one(mixed, by=["x_ModelId"], where={"Tags.team": ""}, end="2026-01-03")
    assert row["BillingCurrency"] == "EUR"


@pytest.mark.parametrize(
    ("per", "unit_cost", "unit"),
    [
        ("token", "0.000005", "Tokens"),
        ("1K", "0.005", "1000 Tokens"),
        ("1M", "5", "1000000 Tokens"),
    ],
)
def test_unit_cost_is_per_the_tokens_asked_for(
    mixed: Hub, per: str, unit_cost: str, unit: str
) -> None:
    row = _one(mixed, by=["x_ModelId"], where={"x_ModelId": "gpt-4o"}, currency="USD", per=per)
    assert (row["x_UnitCost"], row["x_UnitCostUnit"]) == (Decimal(unit_cost), unit)


def test_list_cost_counts_only_tokens_whose_list_cost_is_known(mixed: Hub) -> None:
    row = _one(mixed, by=["x_ModelId"], where={"x_ModelId": "gpt-4o"}, currency="USD", cost="List")
    assert row["x_TokenQuantity"] == 3_000_000
    assert row["x_UnitCost"] == 5


def test_a_billing_currency_asked_for_is_not_shown_twice(mixed: Hub) -> None:
    columns = mixed.matrix(by=["BillingCurrency", "x_ModelId"]).columns
    assert columns[:3] == ("BillingCurrency", "x_ModelId", "EffectiveCost")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"by": ["SkuMetre"]}, "'SkuMeter'"),
        ({"by": ["Tags."]}, r"Tags\.KEY"),
        ({"by": ["x_ModelId"], "where": {"EffectivCost": "1"}}, "'EffectiveCost'"),
        ({"by": []}, "at least one column"),
        ({"by": ["SkuMeter", "SkuMeter"]}, "stands twice"),
        ({"by": ["SkuMeter"], "per": "1G"}, "token, 1K, 1M"),
        ({"by": ["SkuMeter"], "cost": "Amortised"}, "Effective, Billed, List, Contracted"),
        ({"by": ["SkuMeter"], "start": "2026-02-30"}, "is not a day"),
        ({"by": ["SkuMeter"], "start": "2026-02", "end": "2026-01"}, "holds no day"),
        ({"by": ['x"; DROP TABLE charges; --']}, "There is no column"),
    ],
)
def test_a_wrong_question_names_what_is_valid(
    mixed: Hub, query: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        mixed.matrix(**query)  # type: ignore[arg-type]
    assert len(str(caught.value).splitlines()) == 3


def test_a_value_cannot_leave_its_place_in_a_query(mixed: Hub) -> None:
    assert len(mixed.matrix(by=["SkuMeter"], where={"SkuMeter": "' OR 1=1 --"})) == 0
    assert len(mixed.matrix(by=["Tags.x' OR '1'='1"], where={"SkuMeter": "D16as v5"})) == 0


def test_a_hub_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="pertoken ingest"):
        pertoken.open(tmp_path / "nowhere").matrix()


meters = st.sampled_from(
    [
        "gpt 4o 0513 Input global Tokens",
        "gpt 4o 0513 Output global Tokens",
        "gpt 4.1 mini cached Inp DZone Tokens",
        "file-search-tool-calls-datazone Calls",
        "MAI o Tokens",
    ]
)
rows_of_a_month = st.lists(
    st.builds(
        lambda meter, tokens, price, day, currency: charge(
            SkuMeter=meter, tokens=tokens, price=f"{price:f}", day=day, BillingCurrency=currency
        ),
        meters,
        st.integers(-(10**6), 10**10),
        st.decimals("0.0001", "0.9", places=4),
        st.integers(1, 31),
        st.sampled_from(["USD", "EUR"]),
    ),
    min_size=1,
    max_size=15,
)


@given(
    rows_of_a_month, st.sets(st.sampled_from(["SkuMeter", "x_ModelId", "ChargeDate"]), min_size=1)
)
@settings(max_examples=12, deadline=None)
def test_groups_add_up_to_the_bill_whatever_they_are(
    rows: list[dict[str, str | None]], by: set[str]
) -> None:
    bill: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        bill[str(row["BillingCurrency"])] += Decimal(str(row["EffectiveCost"]))
    with tempfile.TemporaryDirectory() as folder:
        hub = hub_of(Path(folder), rows)
        found: dict[str, Decimal] = defaultdict(Decimal)
        for row in hub.matrix(by=sorted(by), all_charges=True).to_dicts():
            found[str(row["BillingCurrency"])] += row["EffectiveCost"]  # type: ignore[arg-type]
            if row["x_TokenQuantity"]:
                quotient = row["x_TokenCost"] * 1_000_000 / row["x_TokenQuantity"]  # type: ignore[operator]
                assert abs(row["x_UnitCost"] - quotient) < Decimal("1e-9")  # type: ignore[operator]
        hub.close()
    assert found == bill


NORTHWIND = Path(__file__).parents[3] / "shared" / "tenants" / "northwind"


@pytest.mark.skipif(
    not NORTHWIND.exists(), reason="the tenant with truth is not beside the repository"
)
def test_northwind_tokens_and_costs_are_exact(tmp_path: Path) -> None:
    """Every month, currency and meter of the FOCUS exports of a tenant with known truth."""
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(NORTHWIND / "exports")
    expected: dict[tuple[str, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    with (NORTHWIND / "truth" / "tokens_by_cell.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["kind"] in ("token", "refund", "marketplace", "training"):
                cell = expected[row["month"], row["currency"], row["meter"]]
                cell[0] += Decimal(row["tokens"] or 0)
                cell[1] += Decimal(row["effective"])
    found = {
        (row["BillingMonth"], row["BillingCurrency"], row["SkuMeter"]): row
        for row in hub.matrix(by=["BillingMonth", "SkuMeter"]).to_dicts()
    }
    read = [key for key in expected if key in found]
    assert len(read) >= 345
    for key in read:
        assert found[key]["x_TokenQuantity"] == expected[key][0]
        assert abs(found[key]["EffectiveCost"] - expected[key][1]) < Decimal("1e-9")  # type: ignore[operator]
