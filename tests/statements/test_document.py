"""The arithmetic of a statement: sums first, then corrections, for figures of any kind."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pertoken.errors import ConfigError
from pertoken.statements import (
    Booked,
    Figures,
    Key,
    Line,
    Method,
    Part,
    Subject,
    document,
    line_amounts,
    team_totals,
)
from pertoken.statements.document import CORRECTION, COST

if TYPE_CHECKING:
    from collections.abc import Mapping

HOUSE = Subject("2026-08", None, "USD")
COSTS = st.decimals(min_value=-100, max_value=10_000, places=18, allow_nan=False)
TEAMS = st.sampled_from(["search", "support", "Unattributed"])
REASONS = st.sampled_from([None, "BypassedGateway", "NoCallEvidence"])


def key(team: str = "search", application: str | None = "find", reason: str | None = None) -> Key:
    """A key of an inference on one model."""
    use = ("gpt-4o", "Inference", "Input", "Uncached")
    return Key(team, application, *use, reason, None, None, None)


FIGURES = st.dictionaries(
    st.builds(key, TEAMS, st.sampled_from(["find", "chat", None]), REASONS),
    st.builds(Part, COSTS),
    min_size=1,
    max_size=8,
)


def made(
    months: Mapping[str, Figures],
    subject: Subject = HOUSE,
    booked: tuple[Booked, ...] = (),
    threshold: str = "0",
) -> dict[str, Any]:
    """A document of figures by month, all in USD."""
    figures = {(month, "USD"): held for month, held in months.items()}
    return document(
        subject, Method(), Decimal(threshold), figures_of=lambda _: figures, booked=booked
    )


def lines_of(content: dict[str, Any]) -> list[Line]:
    """The lines of a document."""
    return [Line.from_json(each) for each in content["Lines"]]


def exact(values: list[Decimal]) -> Decimal:
    """A sum of decimals that loses nothing."""
    return Decimal(sum(int(value.scaleb(18)) for value in values)).scaleb(-18)


@given(house=FIGURES)
def test_lines_and_rounding_are_the_total_and_the_lines_are_the_bill(house: Figures) -> None:
    content = made({"2026-08": house})
    lines = lines_of(content)
    total = Decimal(content["Totals"]["Amount"])
    assert exact([part.cost for part in house.values()]) == exact(
        [line.cost for line in lines if line.kind == COST]
    )
    assert exact([line.cost for line in lines]) == total
    assert exact([line.amount for line in lines]) == total
    assert all(line.amount == round(line.amount, 2) for line in lines)


@given(house=FIGURES)
def test_the_totals_of_the_teams_are_the_rounded_bill(house: Figures) -> None:
    totals, amounts = team_totals(house, 2), line_amounts(house, 2)
    bill = exact([part.cost for part in house.values()])
    assert abs(sum(totals.values()) - bill) <= Decimal("0.005")
    for team, total in totals.items():
        assert total == sum(amount for each, amount in amounts.items() if each.team == team)


@given(then=FIGURES, now=FIGURES, later=FIGURES)
def test_what_is_booked_of_a_month_and_its_corrections_are_what_it_is_now(
    then: Figures, now: Figures, later: Figures
) -> None:
    first = Booked(1, Subject("2026-07", None, "USD"), Method(), tuple(lines_of(
        made({"2026-07": then}, Subject("2026-07", None, "USD")))))  # fmt: skip
    content = made({"2026-07": now, "2026-08": later}, booked=(first,))
    corrections = [line for line in lines_of(content) if line.kind == CORRECTION]
    assert {line.corrects_month for line in corrections} <= {"2026-07"}
    booked: dict[Key, list[tuple[Decimal, Decimal]]] = {}
    for line in (*(line for line in first.lines if line.kind == COST), *corrections):
        booked.setdefault(line.key, []).append((line.cost, line.amount))
    amounts = line_amounts(now, 2)
    for each in {*booked, *now}:
        costs = [pair[0] for pair in booked.get(each, [])]
        assert exact(costs) == (now[each].cost if each in now else 0)
        assert sum(pair[1] for pair in booked.get(each, [])) == amounts.get(each, 0)
    again = Booked(2, HOUSE, Method(), tuple(lines_of(content)))
    third = made(
        {"2026-07": now, "2026-08": later, "2026-09": now},
        Subject("2026-09", None, "USD"), (first, again),
    )  # fmt: skip
    assert CORRECTION not in {line.kind for line in lines_of(third)}


def test_a_correction_below_the_threshold_is_carried_and_grows_until_it_is_booked() -> None:
    july = Subject("2026-07", None, "USD")
    first = Booked(1, july, Method(), tuple(
        lines_of(made({"2026-07": {key(): Part(Decimal(10))}}, july))))  # fmt: skip
    moved = {"2026-07": {key(): Part(Decimal(7)), key("labs"): Part(Decimal(3))}}
    august = {"2026-08": {key(): Part(Decimal(1))}}
    small = made(moved | august, booked=(first,), threshold="3.01")
    assert [(each["Moved"], each["Amount"]) for each in small["Carried"]] == [("3", "0")]
    assert {line.kind for line in lines_of(small)} == {"cost", "rounding"}
    booked = made(moved | august, booked=(first,), threshold="3")
    assert booked["Carried"] == []
    amounts = {line.key.team: line.amount for line in lines_of(booked) if line.kind == CORRECTION}
    assert amounts == {"search": Decimal(-3), "labs": Decimal(3)}


def test_last_month_stands_beside_and_what_ended_is_a_line_of_zero() -> None:
    months = {
        "2026-07": {key(): Part(Decimal(4)), key(application="gone"): Part(Decimal(2))},
        "2026-08": {key(): Part(Decimal(5)), key(application="new"): Part(Decimal(1))},
    }
    content = made(months)
    shown = {line.application: (line.cost, line.previous)
             for line in lines_of(content) if line.kind == COST}  # fmt: skip
    assert shown == {"find": (5, 4), "gone": (0, 2), "new": (1, 0)}
    assert content["Totals"]["Difference"] == "0"
    alone = made({"2026-08": months["2026-08"]})
    assert alone["Totals"]["Difference"] is None
    assert {line.previous for line in lines_of(alone)} == {None}


def test_yen_are_whole() -> None:
    subject = Subject("2026-08", None, "JPY")
    figures = {
        ("2026-08", "JPY"): {key(): Part(Decimal("10.5")), key("labs"): Part(Decimal("1.1"))}
    }
    content = document(subject, Method(), None, figures_of=lambda _: figures, booked=())
    assert [line.amount for line in lines_of(content)] == [1, 11, 0]
    assert content["Method"]["Threshold"] == "1"


@pytest.mark.parametrize(
    ("subject", "words"),
    [(Subject("2026-07", None, "USD"), "no AI cost of 2026-07 in USD"),
     (Subject("2026-08", "serach", "USD"), "Team 'serach' has no cost")],
)  # fmt: skip
def test_a_subject_without_cost_is_refused(subject: Subject, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        made({"2026-08": {key(): Part(Decimal(1))}}, subject)
