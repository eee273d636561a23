"""Variance: effects that add to the difference, by hand, by law, and from a hub."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import pytest
from builders import charge, write_export
from hypothesis import given
from hypothesis import strategies as st

import pertoken
from pertoken.errors import ConfigError
from pertoken.unit_economics.variance import (
    CELL_COLUMNS,
    TOKENS,
    Cell,
    Side,
    effects,
    three_effects,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.api import Hub

PLAIN = {
    "x_ModelId": "a", "x_DeploymentScope": "Global", "x_ServiceTier": "Standard",
    "x_TokenDirection": "Input", "x_TokenCacheAction": "Uncached", "x_MeterUse": "Inference",
    "x_Modality": "text", "x_FineTuned": False,
}  # fmt: skip


def side(cost: object, quantity: object, list_cost: object = None, rate: object = None) -> Side:
    return Side(
        Decimal(str(cost)),
        Decimal(str(quantity)),
        None if list_cost is None else Decimal(str(list_cost)),
        None if rate is None else Decimal(str(rate)),
    )


def cell(before: Side | None, after: Side | None, **words: object) -> Cell:
    held = PLAIN | words
    return Cell((), "USD", TOKENS, tuple(held.get(name) for name in CELL_COLUMNS), before, after)


def sums(cells: list[Cell]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for each in effects(cells):
        name = each.component or each.driver
        found[name] = found.get(name, Decimal(0)) + each.amount
    return found


CASES = {
    "twice the tokens": ([cell(side(10, 100), side(20, 200))], {"Volume": 10}),
    "a list price cut at the same discount": (
        [cell(side(8, 100, 10), side(4, 100, 5))],
        {"ListPrice": -4},
    ),
    "a better discount at the same list price": (
        [cell(side(10, 100, 10), side(8, 100, 10))],
        {"Discount": -2},
    ),
    "a price without a list price": ([cell(side(10, 100), side(12, 100))], {"Unsplit": 2}),
    "another exchange rate": (
        [cell(side(8, 100, 8, "0.8"), side(9, 100, 9, "0.9"))],
        {"Currency": 1},
    ),
    "tokens move to a dearer model": (
        [cell(side(10, 100), side(5, 50)), cell(side(40, 100), side(60, 150), x_ModelId="b")],
        {"ModelMix": 15},
    ),
    "longer answers": (
        [
            cell(side(10, 100), side(8, 80)),
            cell(side(30, 100), side(36, 120), x_TokenDirection="Output", x_TokenCacheAction=None),
        ],
        {"TokenKindMix": 4},
    ),
    "the cache is hit less": (
        [
            cell(side(10, 100), side(20, 200)),
            cell(side(2, 200), side(1, 100), x_TokenCacheAction="Read"),
        ],
        {"CacheRate": 9},
    ),
    "batch instead of standard": (
        [
            cell(side(10, 100), side(5, 50)),
            cell(side(5, 100), side("7.5", 150), x_ServiceTier="Batch"),
        ],
        {"TierAndScopeMix": "-2.5"},
    ),
    "a newer version": (
        [
            cell(side(10, 100), side(5, 50), x_ModelVersion="1"),
            cell(side(20, 100), side(30, 150), x_ModelVersion="2"),
        ],
        {"OtherMix": 5},
    ),
    "a model that was not there": (
        [cell(side(10, 100), side(10, 100)), cell(None, side(30, 100), x_ModelId="b")],
        {"Volume": 10, "New": 20},
    ),
    "a model that is gone": (
        [cell(side(10, 100), side(20, 200)), cell(side(30, 100), None, x_ModelId="b")],
        {"ModelMix": -10, "Retired": -10},
    ),
    "all that was used is new": ([cell(None, side(30, 100))], {"New": 30}),
    "nothing is used any more": ([cell(side(30, 100), None)], {"Retired": -30}),
}


@pytest.mark.parametrize(("cells", "expected"), CASES.values(), ids=list(CASES))
def test_effects_by_hand(cells: list[Cell], expected: dict[str, object]) -> None:
    assert {name: Decimal(str(each)) for name, each in expected.items()} == sums(cells)


amounts = st.decimals(min_value="0.000000000000000001", max_value=10**9, places=18)
sides = st.none() | st.builds(
    Side,
    cost=amounts,
    quantity=st.integers(1, 10**12).map(Decimal),
    list_cost=st.none() | amounts,
    rate=st.none() | st.decimals(min_value="0.5", max_value=2, places=4),
)
words = st.tuples(*(st.sampled_from(("x", "y", None)) for _ in CELL_COLUMNS))
many = st.dictionaries(
    st.tuples(st.sampled_from(("red", "blue")), words),
    st.tuples(sides, sides).filter(lambda each: each != (None, None)),
    max_size=12,
)


@given(many)
def test_effects_add_to_the_difference_to_the_last_digit(held: dict) -> None:
    """Per group, whatever is new, gone or dearer."""
    cells = [
        Cell((group,), "USD", TOKENS, key, before, after)
        for (group, key), (before, after) in held.items()
    ]
    found = effects(cells)
    with localcontext(prec=80):
        for group in (("red",), ("blue",)):
            own = [each for each in cells if each.group == group]
            after = sum((each.after.cost for each in own if each.after), Decimal(0))
            before = sum((each.before.cost for each in own if each.before), Decimal(0))
            amounts = [each.amount for each in found if each.cell.group == group]
            assert sum(amounts, Decimal(0)) == after - before


@given(many)
def test_drivers_are_the_parts_of_price_volume_and_mix(held: dict) -> None:
    cells = list(
        {key: Cell((), "USD", TOKENS, key, *each) for (_, key), each in held.items()}.values()
    )
    if not any(each.before for each in cells) or not any(each.after for each in cells):
        return
    price, volume, _ = three_effects(cells)
    with localcontext(prec=80):
        totals = {"Price": Decimal(0), "Currency": Decimal(0), "Volume": Decimal(0)}
        for each in effects(cells):
            totals[each.driver] = totals.get(each.driver, Decimal(0)) + each.amount
        assert abs(totals["Price"] + totals["Currency"] - price) < Decimal("1e-12")
        assert abs(totals["Volume"] - volume) < Decimal("1e-12")


INPUT = {"SkuMeter": "gpt 4o 0513 Input global Tokens", "x_SkuMeterSubcategory": "Azure OpenAI"}
OUTPUT = {"SkuMeter": "gpt 4o 0513 Output global Tokens", "x_SkuMeterSubcategory": "Azure OpenAI"}


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """Two whole months, and the first days of a third."""
    for month, tokens, submitted in (
        ("2026-06", 100, "2026-07-02T06:00:00Z"),
        ("2026-07", 150, "2026-08-02T06:00:00Z"),
        ("2026-08", 90, "2026-08-06T06:00:00Z"),
    ):
        rows = [
            charge(month=month, day=day, tokens=tokens * each, **meter)
            for day in (1, 2, 3, 4, 5)
            for each, meter in ((1000, INPUT), (100, OUTPUT))
        ]
        write_export(tmp_path / "exports", rows, month=month, submitted=submitted)
    made = pertoken.open(tmp_path / "hub")
    made.ingest(tmp_path / "exports")
    return made


def test_whole_months_are_compared_whole(hub: Hub) -> None:
    result = hub.variance("2026-06", "2026-07")
    (row,) = result.to_dicts()
    assert row["Driver"] == "Volume"
    assert row["Effect"] == row["CostAfter"] - row["CostBefore"] == Decimal("0.6875")
    assert str(row["DataThrough"]) == "2026-07-31"
    assert "50.0 % more tokens" in str(row["Explanation"])


def test_an_open_month_is_compared_through_its_settled_days(hub: Hub) -> None:
    """Submitted on the 6th: the days before the 4th are settled, on both sides."""
    result = hub.variance("2026-07", "2026-08")
    (row,) = result.to_dicts()
    assert row["CostAfter"] == 3 * Decimal("0.2475")
    assert row["CostBefore"] == 3 * Decimal("0.4125")
    assert str(row["DataThrough"]) == "2026-08-03"
    assert any("2026-08" in note and "first 3 days" in note for note in result.notes)


def test_days_are_compared_with_as_many_days_before(hub: Hub) -> None:
    result = hub.variance(start="2026-07-01", end="2026-07-03")
    assert result.notes[0].startswith("Compared: 2026-06-29 to 2026-06-30 with 2026-07-01 to")
    assert {row["Driver"] for row in result.to_dicts()} == {"New"}


def test_a_driver_drills_to_the_cells_that_make_it(hub: Hub) -> None:
    rows = hub.variance("2026-06", "2026-07", drill="volume").to_dicts()
    assert {row["x_TokenDirection"] for row in rows} == {"Input", "Output"}
    assert sum(row["Effect"] for row in rows) == Decimal("0.6875")


def test_groups_have_effects_of_their_own(hub: Hub) -> None:
    rows = hub.variance("2026-06", "2026-07", by=["Tags.team", "x_TokenDirection"]).to_dicts()
    assert {(row["Tags.team"], row["x_TokenDirection"]) for row in rows} == {
        ("search", "Input"),
        ("search", "Output"),
    }
    by_team = hub.variance("2026-06", "2026-07", by=["Team"]).to_dicts()
    assert sum(row["Effect"] for row in by_team) == Decimal("0.6875")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"from_month": "2026-06", "to_month": "2026-06"}, "itself"),
        ({"from_month": "2025-06", "to_month": "2026-06"}, "no charges of 2025-06"),
        ({"from_month": "2026-06"}, "by half"),
        ({"from_month": "2026-06", "to_month": "2026-07", "start": "2026-06-01"}, "by half"),
        ({}, "no first day"),
        ({"start": "2026-06-03", "end": "2026-06-03"}, "holds no day"),
        (
            {
                "start": "2026-06-03",
                "end": "2026-06-05",
                "compare_start": "2026-06-04",
                "compare_end": "2026-06-06",
            },
            "share days",
        ),
        ({"from_month": "2026-06", "to_month": "2026-07", "by": ["BillingMonth"]}, "nothing"),
        ({"from_month": "2026-06", "to_month": "2026-07", "by": ["Teem"]}, "'Teem'"),
        ({"from_month": "2026-06", "to_month": "2026-07", "drill": "Pric"}, "not a driver"),
    ],
)
def test_what_cannot_be_compared_is_said(hub: Hub, arguments: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        hub.variance(**arguments)


def test_a_currency_without_charges_has_no_effects_and_says_so(hub: Hub) -> None:
    result = hub.variance("2026-06", "2026-07", currency="gbp")
    assert not len(result)
    assert "No AI charge" in result.notes[-1]
