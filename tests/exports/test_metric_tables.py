"""A table of business metrics is known by its columns, and read whole or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pertoken.errors import SourceError
from pertoken.exports import is_metric_table, parse_metrics

DAY = date(2026, 1, 1)
KNOWN = {
    "one column per metric": (["date", "app", "conversations"], ["2026-01-01", "chat", "17"]),
    "an empty cell": (["Day", "Team", "tasks"], ["2026-01-01", "a", ""]),
    "metric and value": (["date", "metric", "value"], ["2026-01-01", "tickets", "3"]),
    "a cost centre is a dimension": (["month", "Cost Center", "tasks"], ["2026-01", "4100", "1"]),
}
OTHER = {
    "a text that is no dimension": (["date", "app", "owner"], ["2026-01-01", "chat", "kim"]),
    "a budget": (["month", "Team", "Budget"], ["2026-01", "a", "100"]),
    "cost": (["date", "Team", "EffectiveCost"], ["2026-01-01", "a", "1"]),
    "tokens": (["date", "app", "InputTokens"], ["2026-01-01", "a", "1"]),
    "exchange rates of a bank": (["Date", "USD", "JPY"], ["2026-01-01", "1.1", "160"]),
    "no day": (["app", "conversations"], ["chat", "17"]),
    "no row": (["date", "app", "conversations"], []),
}
BAD = {
    "no day": ([["soon", "a", "1"]], "row 2: 'soon' is no day"),
    "no number": ([["2026-01-01", "a", "many"]], "row 2, tasks: 'many' is no count"),
    "a negative count": ([["2026-01-01", "a", "-1"]], "is no count"),
    "a count beyond all": ([["2026-01-01", "a", "1e30"]], "is no count"),
    "twice": ([["2026-01-01", "a", "1"], ["2026-01-01", "a", "1"]], "row 3: tasks of that day"),
    "a short row": ([["2026-01-01", "a"]], "row 2 has 2 cells, the header 3"),
    "nothing": ([["2026-01-01", "a", ""], ["", "", ""]], "it holds no value"),
}


@pytest.mark.parametrize("case", KNOWN)
def test_business_metrics_are_known_by_their_columns(case: str) -> None:
    assert is_metric_table(*KNOWN[case])


@pytest.mark.parametrize("case", OTHER)
def test_other_tables_are_none(case: str) -> None:
    assert not is_metric_table(*OTHER[case])


@pytest.mark.parametrize("case", BAD)
def test_a_table_that_cannot_be_read_is_refused(case: str) -> None:
    rows, words = BAD[case]
    with pytest.raises(SourceError, match="one column per metric") as raised:
        parse_metrics(["date", "team", "tasks"], rows, "m.csv")
    assert words in str(raised.value)


def test_both_shapes_state_the_same_values() -> None:
    wide = parse_metrics(["date", "app", "a", "b"], [["2026-01-01", "x", "1", "0.5"]], "w")
    long = parse_metrics(
        ["Metric", "Value", "Application", "Date"],
        [["a", "1", "x", "2026-01-01"], ["b", "5e-1", "x", "2026-01-01T00:00:00Z"]],
        "l",
    )
    assert wide == long
    assert [(each.day, each.value) for each in long] == [(DAY, 1), (DAY, Decimal("0.5"))]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["date", "metric", "value", "owner"], "the column 'owner' is no dimension"),
        (["date", "app", "application", "tasks"], "mean the same"),
    ],
)
def test_columns_that_cannot_be_told_apart_refuse_the_table(header: list[str], words: str) -> None:
    with pytest.raises(SourceError, match=words):
        parse_metrics(header, [], "m.csv")
