"""The card says what was ingested, whether it equals the source, and what to look at."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from rich.console import Console

from pertoken.reports.trust_card import AICost, Finding, SetAside, Total, TrustCard, card_text

Golden = Callable[[str, str], None]
Printed = Callable[[Callable[[Console], None], int], str]

COST = Decimal("1234567.891")
FINDINGS = (
    Finding("9 months are open", "pertoken periods"),
    Finding("2 meters cannot be read, 12.30 USD", "pertoken meters --unread", "warning"),
    Finding("1 run refused: a part is missing", "pertoken runs --where Status=refused", "error"),
)
CARD = TrustCard(
    months=("2026-01", "2026-09", "2026-02"),
    scopes=("a", "b"),
    through_day=date(2026, 9, 30),
    runs=(("applied", 18), ("superseded", 4), ("duplicate", 1), ("refused", 7), ("empty", 0)),
    totals=(
        Total("USD", 25324, COST, COST, COST, COST),
        Total("JPY", 1, Decimal(29277), Decimal(29277), Decimal(29277), Decimal("29277.004")),
        Total("EUR", 2, Decimal(0), Decimal(0), None, Decimal(0)),
    ),
    ai_cost=(
        AICost("USD", Decimal("1013456.01"), Decimal(1), Decimal("0.992"), Decimal("0.97")),
        AICost("EUR", Decimal(0), None, None, None),
    ),
    set_aside=(SetAside("USD", 12, Decimal("34.56")), SetAside("JPY", 0, Decimal(0))),
    findings=FINDINGS,
)
QUIET = TrustCard(months=(), scopes=(), through_day=None, runs=())


@pytest.mark.parametrize("width", [80, 160])
def test_a_card_prints_as_the_golden_file(width: int, golden: Golden, printed: Printed) -> None:
    text = printed(partial(card_text, CARD), width)
    golden(f"trust_card_{width}.txt", text)
    assert max(len(line) for line in text.splitlines()) <= width


def test_a_card_as_json_is_the_golden_file(golden: Golden) -> None:
    golden("trust_card.json", json.dumps(CARD.to_json(), indent=1) + "\n")


def test_a_card_of_nothing_is_three_calm_lines(printed: Printed) -> None:
    text = printed(partial(card_text, QUIET), 80)
    assert text == "Ingested 0 runs\nNo month of charges\nNo findings\n"
    assert QUIET.to_json()["ThroughDay"] is None


def test_one_month_is_not_a_range(printed: Printed) -> None:
    card = TrustCard(("2026-01",), ("a",), None, (("applied", 1),))
    assert printed(partial(card_text, card), 80).splitlines()[:2] == [
        "Ingested 1 run: 1 applied",
        "2026-01, 1 scope",
    ]


def test_many_findings_keep_the_card_short_and_the_worst_on_it(printed: Printed) -> None:
    many = tuple(Finding(f"note {at}", "pertoken runs") for at in range(2000)) + FINDINGS
    card = TrustCard(CARD.months, CARD.scopes, CARD.through_day, CARD.runs, findings=many)
    lines = printed(partial(card_text, card), 80).splitlines()
    assert len(lines) <= 18
    assert "1 run refused" in lines[3]
    assert lines[-1] == "  and 1,989 more"


def test_a_finding_too_long_for_the_line_has_its_command_below(printed: Printed) -> None:
    card = TrustCard((), (), None, (), findings=(Finding("x" * 70, "pertoken runs", "warning"),))
    assert printed(partial(card_text, card), 80).splitlines()[-2:] == [
        "! " + "x" * 70,
        "    pertoken runs",
    ]


def test_an_unknown_source_total_never_counts_as_equal() -> None:
    known, unknown = CARD.totals[0], CARD.totals[2]
    assert known.agrees is True
    assert CARD.totals[1].agrees is False
    assert unknown.agrees is None
