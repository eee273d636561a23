"""Prices that must stand in a relation, and what is suspected where they do not."""

from decimal import Decimal

import pytest

from pertoken.meters import MeterName, classify
from pertoken.meters.price_relations import (
    PricedMeter,
    Suspicion,
    price_pairs,
    price_suspicions,
    relations,
)


def priced(name: str, price: str, region: str = "eastus", unit: str = "1K") -> PricedMeter:
    meter_name = MeterName(name, "Azure OpenAI", "Foundry Models", unit)
    return PricedMeter(meter_name, classify(meter_name), Decimal(price), region, "USD")


@pytest.mark.parametrize(
    ("relation", "base", "other"),
    [
        ("Data zone to global", ("gpt 4.1 Inp glbl Tokens", "2"), ("gpt 4.1 Inp DZ Tokens", "2.2")),
        (
            "Batch to standard",
            ("gpt 4.1 Inp glbl Tokens", "2"),
            ("gpt 4.1 Batch Inp glbl Tokens", "1"),
        ),
        (
            "Priority to standard",
            ("gpt 4.1 Inp glbl Tokens", "2"),
            ("gpt 4.1 pp Inp glbl Tokens", "4"),
        ),
        (
            "Cached input to input",
            ("gpt 4.1 Inp glbl Tokens", "2"),
            ("gpt 4.1 cd Inp glbl Tokens", "1"),
        ),
        (
            "Cache write to input",
            ("gpt 4.1 Inp glbl Tokens", "2"),
            ("gpt 4.1 cd wr glbl Tokens", "2.5"),
        ),
        ("Output to input", ("gpt 4.1 Inp glbl Tokens", "2"), ("gpt 4.1 Outp glbl Tokens", "8")),
    ],
)
def test_two_meters_that_differ_in_one_field_are_a_pair(
    relation: str, base: tuple[str, str], other: tuple[str, str]
) -> None:
    pairs = list(price_pairs([priced(*base), priced(*other)]))
    assert [(relation, True)] == [(pair.relation.name, pair.in_band) for pair in pairs]


def test_blocks_of_two_sizes_are_compared_per_token() -> None:
    rows = [
        priced("gpt 4.1 Inp glbl Tokens", "0.002"),
        priced("gpt 4.1 Outp glbl 1M Tokens", "8", unit="1M"),
    ]
    assert [Decimal(4)] == [pair.ratio for pair in price_pairs(rows)]


@pytest.mark.parametrize(
    "other",
    [
        priced("gpt 4.1 Inp DZ Tokens", "2.2", region="westus"),
        priced("gpt 4.1 mini Inp DZ Tokens", "2.2"),
        priced("gpt 4.1 Inp DZ Tokens", "0"),
        priced("qqqq 4.1 Inp DZ Tokens", "2.2"),
        priced("gpt 4.1 ft Inp DZ Tokens", "2.2"),
    ],
)
def test_meters_of_two_regions_models_or_uses_are_no_pair(other: PricedMeter) -> None:
    assert list(price_pairs([priced("gpt 4.1 Inp glbl Tokens", "2"), other])) == []


def suspicions(*cached_prices: str) -> list[Suspicion]:
    rows = []
    for at, price in enumerate(cached_prices):
        rows.append(priced("gpt 4.1 Inp glbl Tokens", "2", region=f"region{at}"))
        rows.append(priced("gpt 4.1 cd Inp glbl Tokens", price, region=f"region{at}"))
    return price_suspicions(rows)


def test_prices_in_band_raise_no_suspicion() -> None:
    assert suspicions("1", "0.5", "0.2") == []


def test_a_relation_that_fails_in_one_region_points_at_the_price() -> None:
    found = suspicions("1", "44", "0.2")
    assert [("price", Decimal(22))] == [(item.points_at, item.pair.ratio) for item in found]


def test_a_relation_that_fails_everywhere_points_at_the_reading() -> None:
    assert [item.points_at for item in suspicions("44", "44")] == ["reading"] * 2


def test_every_relation_has_a_band() -> None:
    assert [relation for relation in relations() if not 0 < relation.low < relation.high] == []
