"""Subtotals are sums of leaves, and their unit costs quotients of those sums."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pertoken.errors import CostError
from pertoken.reports import Column, Table
from pertoken.reports.numbers import EXACT
from pertoken.reports.subtotals import Subtotal, subtotals, tokens_per_unit

BY = ("Category", "SkuMeter")
MILLION = "1000000 Tokens"
KINDS = {"BillingCurrency": "text", "x_UnitCostUnit": "text", "x_Mix": "text"}
KINDS |= {"x_TokenQuantity": "quantity", "x_UnitCost": "price"}
KINDS |= dict.fromkeys(("EffectiveCost", "BilledCost", "x_TokenCost"), "money")
COLUMNS = (
    *(Column(name, "text") for name in BY),
    *(
        Column(name, KINDS[name])
        for name in (
            "BillingCurrency",
            "EffectiveCost",
            "BilledCost",
            "x_TokenCost",
            "x_TokenQuantity",
            "x_UnitCost",
            "x_UnitCostUnit",
            "x_Mix",
        )
    ),
)
PUBLISHED = (
    ("OpenAI", "Output", "USD", "23.40", "1560000", "15", "Inference/text/Standard"),
    ("OpenAI", "Input", "USD", "292.77", "58554000", "5", "Inference/text/Standard"),
)


def matrix(rows: Sequence[tuple[object, ...]], unit: str | None = MILLION) -> Table:
    """A table from (Category, SkuMeter, currency, cost, tokens, unit cost, mix)."""
    full = []
    for category, meter, currency, cost, tokens, unit_cost, mix in rows:
        amount, quantity, price = (
            None if text is None else Decimal(str(text)) for text in (cost, tokens, unit_cost)
        )
        token_cost = None if quantity is None else amount
        full.append(
            (category, meter, currency, amount, amount, token_cost, quantity, price, unit, mix)
        )
    return Table("matrix", COLUMNS, tuple(full))


def line(lines: Sequence[Subtotal], *labels: str | None, currency: str = "USD") -> Subtotal:
    return next(each for each in lines if (each.currency, each.labels) == (currency, labels))


def test_the_published_example_has_the_quotient_of_the_sums() -> None:
    lines = subtotals(matrix(PUBLISHED), BY)
    assert [each.labels for each in lines] == [
        ("OpenAI",),
        ("OpenAI", "Input"),
        ("OpenAI", "Output"),
        (),
    ]
    model = line(lines, "OpenAI")
    assert (model.effective_cost, model.token_quantity) == (Decimal("316.17"), Decimal(60114000))
    assert model.unit_cost == Decimal("5.259506936820041920")
    assert line(lines, "OpenAI", "Input").unit_cost == 5
    assert not model.mixed


def test_siblings_stand_by_cost_then_name_and_the_unknown_last() -> None:
    rows = [
        ("A", "b", "USD", "1", None, None, None),
        ("A", "a", "USD", "1", None, None, None),
        ("A", None, "USD", "1", None, None, None),
        ("A", "no cost", "USD", None, None, None, None),
        ("A", "refund", "USD", "-9", None, None, None),
        ("B", "c", "USD", "7", None, None, None),
    ]
    labels = [each.labels[-1] for each in subtotals(matrix(rows), BY) if each.is_leaf]
    assert labels == ["c", "a", "b", None, "refund", "no cost"]


def test_currencies_are_never_added() -> None:
    rows = [("A", "a", "USD", 1, 10, 100000, "m"), ("A", "a", "EUR", 2, 10, 200000, "m")]
    totals = [each for each in subtotals(matrix(rows), BY) if not each.labels]
    assert [(each.currency, each.effective_cost) for each in totals] == [("EUR", 2), ("USD", 1)]


def test_a_unit_cost_without_tokens_is_unknown() -> None:
    rows = [("A", "none", "USD", 1, None, None, None), ("A", "zero", "USD", 2, 0, None, "m")]
    lines = subtotals(matrix(rows), BY)
    assert line(lines, "A").token_quantity == 0
    assert line(lines, "A").unit_cost is None
    assert line(lines, "A", "none").token_quantity is None


def test_costs_without_tokens_do_not_enter_the_quotient() -> None:
    rows = [("A", "t", "USD", 5, 1000000, 5, "m"), ("A", "hours", "USD", 95, None, None, None)]
    total = subtotals(matrix(rows), BY)[-1]
    assert (total.effective_cost, total.token_cost, total.unit_cost) == (100, 5, 5)


@pytest.mark.parametrize(
    ("mixes", "mixed"),
    [
        (["Inference/text/Standard", "Inference/text/Standard"], False),
        (["Inference/text/Standard", "Inference/text/Batch"], True),
        (["Inference/text/Standard", None], True),
        (["Inference/text/Standard; Training/text/Standard"], True),
    ],
)
def test_tokens_of_more_than_one_use_modality_or_tier_are_mixed(
    mixes: list[str | None], *, mixed: bool
) -> None:
    rows = [("A", str(at), "USD", 1, 1000, 1000, mix) for at, mix in enumerate(mixes)]
    assert subtotals(matrix(rows), BY)[0].mixed is mixed


def test_rows_without_tokens_mix_nothing() -> None:
    rows = [("A", "t", "USD", 1, 1000, 1000, "m"), ("A", "h", "USD", 1, 0, None, "other")]
    assert not subtotals(matrix(rows), BY)[0].mixed


def test_without_x_mix_nothing_is_mixed_and_without_by_there_is_only_a_total() -> None:
    table = matrix(PUBLISHED)
    bare = Table("matrix", table.columns[:-1], tuple(row[:-1] for row in table.rows))
    (total,) = subtotals(bare, ())
    assert (total.labels, total.is_leaf, total.mixed) == ((), False, False)
    assert total.effective_cost == Decimal("316.17")


def test_rows_finer_than_the_leaves_are_added() -> None:
    rows = [("A", "a", "USD", 1, 1000000, 1, "x"), ("A", "a", "USD", 3, 1000000, 3, "y")]
    leaf = line(subtotals(matrix(rows), BY), "A", "a")
    assert (leaf.effective_cost, leaf.unit_cost, leaf.mixed, leaf.is_leaf) == (4, 2, True, True)


def test_a_row_without_currency_has_a_block_of_its_own() -> None:
    lines = subtotals(matrix([("A", "a", None, 1, None, None, None)], unit=None), BY)
    assert (lines[-1].currency, lines[-1].unit) == (None, None)


def test_tokens_without_a_unit_have_no_quotient() -> None:
    assert subtotals(matrix(PUBLISHED, unit=None), BY)[-1].unit_cost is None


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("Tokens", 1),
        ("1 Token", 1),
        ("1000 Tokens", 1000),
        ("1K Tokens", 1000),
        ("1M Tokens", 1000000),
        ("1000000 Tokens", 1000000),
        ("M Tokens", 1000000),
    ],
)
def test_a_unit_of_unit_cost_is_a_number_of_tokens(unit: str, expected: int) -> None:
    assert tokens_per_unit(unit) == expected


def test_an_unreadable_unit_is_refused() -> None:
    with pytest.raises(CostError, match="'1M' is not a number of tokens"):
        subtotals(matrix(PUBLISHED, unit="1M"), BY)


def test_two_units_in_one_table_are_refused() -> None:
    rows = (*matrix(PUBLISHED).rows, *matrix(PUBLISHED, unit="1000 Tokens").rows)
    with pytest.raises(CostError, match="per 1000 Tokens and per 1000000 Tokens"):
        subtotals(Table("matrix", COLUMNS, rows), BY)


def test_an_amount_that_is_no_decimal_is_refused() -> None:
    row = ("A", "a", "USD", 1.5, None, None, None, None, None, None)
    with pytest.raises(TypeError, match=r"not 1\.5"):
        subtotals(Table("matrix", COLUMNS, (row,)), BY)


COSTS = st.decimals("-1E20", "1E20", places=18) | st.none()
ROWS = st.tuples(
    st.sampled_from(["A", "B", None]),
    st.sampled_from("abc"),
    st.sampled_from(["EUR", "USD"]),
    COSTS,
    st.integers(0, 10**12) | st.none(),
    st.none(),
    st.sampled_from(["m", "n", None]),
)


@given(st.lists(ROWS, max_size=25))
@settings(max_examples=80, deadline=None)
def test_every_subtotal_is_the_exact_sum_of_its_leaves(rows: list[tuple[object, ...]]) -> None:
    table = matrix(rows)
    lines = subtotals(table, BY)
    for each in lines:
        below = [
            row
            for row in table.rows
            if row[2] == each.currency and row[: len(each.labels)] == each.labels
        ]
        for value, at in ((each.effective_cost, 3), (each.token_quantity, 6)):
            known = [row[at] for row in below if isinstance(row[at], Decimal)]
            total = Decimal(0)
            for amount in known:
                total = EXACT.add(total, amount)
            assert value == (total if known else None)


@given(st.lists(ROWS, max_size=25), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_changes_nothing_and_costs_fall(
    rows: list[tuple[object, ...]], shuffler: object
) -> None:
    lines = subtotals(matrix(rows), BY)
    shuffled = list(rows)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    groups = [each for each in lines if len(each.labels) == 1]
    assert [each.labels for each in subtotals(matrix(shuffled), BY)] == [
        each.labels for each in lines
    ]
    for before, after in pairwise(groups):
        if before.currency == after.currency and after.effective_cost is not None:
            assert before.effective_cost is not None
            assert before.effective_cost >= after.effective_cost
