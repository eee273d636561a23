"""What a month's tokens would have cost otherwise: by hand, from a hub, saved and compared."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export

import pertoken
from pertoken.errors import ConfigError
from pertoken.unit_economics.what_if import Scenario, Switch, TokenKind, Tokens, repriced

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.api import Hub

OLD = TokenKind(
    "a", None, fine_tuned=False, use="Inference", scope="Global", tier="Standard",
    direction="Input", cache="Uncached", modality="text", context=None,
)  # fmt: skip


class Prices:
    """Prices by the words of a kind."""

    def __init__(self, **amounts: str) -> None:
        self._amounts = amounts

    def price(self, kind: TokenKind) -> tuple[Decimal | None, str]:
        amount = self._amounts.get(f"{kind.model}_{kind.tier}_{kind.cache}")
        return (None, f"no price of {kind.words}") if amount is None else (Decimal(amount), "sheet")


def one(scenario: Scenario, prices: Prices) -> tuple[Decimal, Decimal | None, tuple[str, ...]]:
    (found,) = repriced([Tokens((), OLD, Decimal(100), Decimal(200))], scenario, prices)
    return found.quantity, found.cost, found.reasons


def test_another_model_takes_its_own_price() -> None:
    scenario = Scenario((Switch("model", "a", "b"),))
    assert one(scenario, Prices(b_Standard_Uncached="0.5")) == (100, 50, ())


def test_a_ratio_changes_the_tokens_of_another_model_only() -> None:
    scenario = Scenario((Switch("model", "a", "b"),), {"b": Decimal("1.2")})
    assert one(scenario, Prices(b_Standard_Uncached="0.5")) == (120, 60, ())
    batch = Scenario((Switch("tier", "Standard", "Batch"),), {"": Decimal(2)})
    assert one(batch, Prices(a_Batch_Uncached="1")) == (100, 100, ())


def test_a_kind_without_a_price_is_unknown_and_says_why() -> None:
    quantity, cost, reasons = one(Scenario((Switch("model", "a", "b"),)), Prices())
    assert (quantity, cost) == (100, None)
    assert reasons == ("no price of b Global Standard Input Uncached",)


def test_a_cache_rate_divides_input_and_keeps_the_billed_price_of_the_rest() -> None:
    scenario = Scenario(cache_rate=Decimal("0.25"))
    assert one(scenario, Prices(a_Standard_Read="0.4")) == (100, 160, ())


def test_a_discount_is_on_what_was_paid() -> None:
    assert one(Scenario(discount=Decimal("0.1")), Prices()) == (100, 180, ())


def test_what_a_scenario_does_not_touch_has_no_row() -> None:
    scenario = Scenario((Switch("model", "c", "b"),))
    assert not list(repriced([Tokens((), OLD, Decimal(1), Decimal(1))], scenario, Prices()))


def meter(name: str) -> dict[str, str]:
    return {"SkuMeter": name, "x_SkuMeterSubcategory": "Azure OpenAI", "x_SkuMeterId": name,
            "SkuId": name, "SkuPriceId": name}  # fmt: skip


BIG, SMALL = meter("gpt 4o 0806 Inp glbl Tokens"), meter("gpt 4.1 mini Inp glbl Tokens")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """One million tokens of a dear model and some of a cheap one; then half of them moved."""
    folder = tmp_path_factory.mktemp("whatif")
    for month, big in (("2026-01", 1_000_000), ("2026-02", 500_000)):
        rows = [
            charge(month=month, tokens=big, price="0.0025", **BIG),
            charge(month=month, tokens=1_200_000 - big, price="0.0004", **SMALL),
        ]
        write_export(folder / "exports", rows, month=month, submitted="2026-03-02T06:00:00Z")
    made = pertoken.open(folder / "hub")
    made.ingest(folder / "exports")
    return made


def test_a_switch_reprices_the_months_own_tokens(hub: Hub) -> None:
    (row,) = hub.whatif("2026-01", switch=["gpt-4o=gpt-4.1-mini"]).to_dicts()
    assert (row["x_ModelId"], row["x_TokenQuantity"]) == ("gpt-4o", 1_000_000)
    assert (row["CostBefore"], row["CostAfter"]) == (Decimal("2.5"), Decimal("0.4"))
    assert row["Difference"] == Decimal("-2.1")
    assert row["PriceSource"] == "bill 2026-01"
    assert row["Assumption"] == "as many tokens as before"


def test_no_price_is_no_cost(hub: Hub) -> None:
    (row,) = hub.whatif(
        "2026-01", switch=["Standard=Batch"], where={"x_ModelId": "gpt-4o"}
    ).to_dicts()
    assert row["CostAfter"] is row["Difference"] is None
    assert "no price of gpt-4o" in str(row["Reason"])
    (row,) = hub.whatif("2026-01", switch=["gpt-4o=gpt-9"]).to_dicts()
    assert row["CostAfter"] is None


def test_a_saved_scenario_is_held_against_a_later_month(hub: Hub) -> None:
    """Of 700,000 tokens that are big or small in February none is at the January price."""
    hub.whatif("2026-01", switch=["gpt-4o=gpt-4.1-mini"], save="smaller")
    (saved,) = hub.scenarios().to_dicts()
    assert (saved["Scenario"], saved["Difference"]) == ("smaller", Decimal("-2.1"))
    (row,) = hub.compare_scenario("smaller", "2026-02").to_dicts()
    assert (row["x_TokenQuantity"], row["ExpectedUnitCost"]) == (1_200_000, Decimal("0.4"))
    assert row["AdoptedShare"] == Decimal("0.583333333333")
    assert row["ActualCost"] == Decimal("1.53")
    assert row["Difference"] == Decimal("1.53") - Decimal("0.48")
    with pytest.raises(ConfigError, match="already"):
        hub.whatif("2026-01", switch=["gpt-4o=gpt-4.1-mini"], save="smaller")
    with pytest.raises(ConfigError, match="no scenario 'smaler'"):
        hub.compare_scenario("smaler", "2026-02")


def test_a_scenario_that_cannot_be_read_says_so(hub: Hub) -> None:
    file = hub.path / "scenarios" / "000009-broken.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text("{", "utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        hub.scenarios()
    file.unlink()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"switch": ["gpt-4o"]}, "no switch"),
        ({"switch": ["gpt-4o=gpt-4o"]}, "no switch"),
        ({"switch": ["Batch=gpt-4o"]}, "one kind of word"),
        ({"switch": ["gpt-9=gpt-4o"]}, "touches no token"),
        ({}, "changes nothing"),
        ({"discount": "0.1", "ptu": 10}, "at once"),
        ({"ptu": -1}, "no number of units"),
        ({"ptu": 10}, "0 resources"),
        ({"discount": "2"}, "no share"),
        ({"cache_rate": "much"}, "no share"),
        ({"discount": "0.1", "token_ratio": ["0"]}, "no token ratio"),
        ({"discount": "0.1", "save": "../x"}, "no name"),
        ({"discount": "0.1", "where": {"x_ModelId": "x"}}, "no tokens of 2026-01"),
    ],
)
def test_what_has_no_meaning_is_refused(hub: Hub, asked: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        hub.whatif("2026-01", **asked)


PTU = {
    "SkuMeter": "Provisioned Managed Global Unit", "x_PricingUnitDescription": "1/Hour",
    "x_PricingBlockSize": "1", "PricingUnit": "Units/Hour", "ConsumedUnit": "Units/Hour",
    "ConsumedQuantity": "360", "PricingQuantity": "360", "EffectiveCost": "396",
    "BilledCost": "396", "x_EffectiveUnitPrice": "1.1", "ContractedUnitPrice": "1.1",
    "ListUnitPrice": "1.1", "x_BilledUnitPrice": "1.1", "ListCost": "396",
    "ContractedCost": "396",
}  # fmt: skip


def test_capacity_at_another_size_has_its_own_price(tmp_path: Path) -> None:
    write_export(tmp_path / "exports", [charge(day=day, **PTU) for day in range(1, 32)])
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "exports")
    (row,) = hub.whatif("2026-01", ptu=10).to_dicts()
    assert row["CostBefore"] == 31 * 396
    assert row["CostAfter"] == 10 * 24 * 31 * Decimal("1.1")
    hub.whatif("2026-01", ptu=10, save="ten")
    with pytest.raises(ConfigError, match="provisioned capacity"):
        hub.compare_scenario("ten", "2026-01")
