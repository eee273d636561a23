"""Dated rates: what is read, which rate a month has, and exact conversion."""

from __future__ import annotations

from datetime import date
from decimal import Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pertoken.errors import SourceError
from pertoken.prices import (
    MonthRate,
    Rate,
    RateTable,
    converted,
    fx_effect,
    is_rate_header,
    parse_rates,
    rate_source,
)

ECB = """Date,USD,GBP,CYP,
2026-08-31,1.1600,0.8600,N/A,
2026-08-03,1.1500,0.8700,N/A,
2026-07-10,1.1000,0.8500,N/A,
"""


def table(text: str, name: str = "rates.csv") -> RateTable:
    return RateTable((rate, rate_source(text, name)) for rate in parse_rates(text, name))


def test_a_rate_table_is_read_with_its_kinds() -> None:
    text = "Date,From,To,Rate,Kind\n2026-08-31,usd,EUR,0.8588,Average\n2026-08,USD,EUR,0.86,\n"
    assert parse_rates(text, "rates.csv") == [
        Rate(date(2026, 8, 31), "USD", "EUR", Decimal("0.8588"), "average"),
        Rate(date(2026, 8, 1), "USD", "EUR", Decimal("0.86"), "daily"),
    ]


def test_the_history_of_the_central_bank_is_read() -> None:
    rates = parse_rates("\ufeff" + ECB, "eurofxref-hist.csv")
    assert len(rates) == 6
    assert rates[0] == Rate(date(2026, 8, 31), "EUR", "USD", Decimal("1.1600"), "daily")
    [today] = parse_rates("Date, USD, \n24 November 2026, 1.1575, \n", "eurofxref.csv")
    assert today.day == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (("date", "from", "to", "rate", "kind"), True),
        (("Date", "USD", "JPY", ""), True),
        (("Date", "USD", "Yen"), False),
        (("BilledCost", "EffectiveCost"), False),
        ((), False),
    ],
)
def test_a_rate_table_is_known_by_its_header(header: tuple[str, ...], known: bool) -> None:  # noqa: FBT001
    assert is_rate_header(header) is known


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2026-13-01,USD,EUR,1,average", "row 2 has the date '2026-13-01'"),
        ("2026-08-01,USD,EURO,1,average", "row 2 is from 'USD' to 'EURO'"),
        ("2026-08-01,USD,USD,1,average", "row 2 is from 'USD' to 'USD'"),
        ("2026-08-01,USD,EUR,0,average", "row 2 has the rate '0'"),
        ("2026-08-01,USD,EUR,-1,average", "row 2 has the rate '-1'"),
        ("2026-08-01,USD,EUR,NaN,average", "row 2 has the rate 'NaN'"),
        ("2026-08-01,USD,EUR,0.86x,average", "row 2 has the rate '0.86x'"),
        ("2026-08-01,USD,EUR,1,mean", "row 2 has the kind 'mean'"),
        ("2026-08-01,USD", "row 2 is shorter"),
        ("", "holds no rate"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(row: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        parse_rates(f"date,from,to,rate,kind\n{row}\n", "rates.csv")
    with pytest.raises(SourceError, match="columns a, b"):
        parse_rates("a,b\n", "rates.csv")


@pytest.mark.parametrize(
    ("pair", "month", "kind", "rate", "source"),
    [
        ("EURUSD", "2026-08", "average", "1.155", "ECB (ecb.csv), 2 daily rates"),
        ("EURUSD", "2026-08", "closing", "1.16", "ECB (ecb.csv), 1 daily rates"),
        ("USDEUR", "2026-08", "closing", "0.862068965517", "ECB (ecb.csv), 1 daily rates"),
        ("USDGBP", "2026-08", "average", "0.748917748918", "ECB (ecb.csv), 2 daily rates"),
        ("EURUSD", "2026-07", "average", "1.1", "ECB (ecb.csv), 1 daily rates"),
        ("EURUSD", "2026-07", "closing", None, None),
        ("EURUSD", "2026-06", "average", None, None),
        ("EURCYP", "2026-08", "average", None, None),
        ("CHFCHF", "2026-01", "average", "1", "same currency"),
    ],
)
def test_the_rate_of_a_month(
    pair: str, month: str, kind: str, rate: str | None, source: str | None
) -> None:
    """A closing rate needs a day within the last five of its month."""
    found = table(ECB, "ecb.csv").month_rate(pair[:3], pair[3:], month, kind)
    assert (found and found.rate) == (Decimal(rate) if rate else None)
    assert (found and found.source) == source


def test_a_rate_stated_for_the_month_comes_before_daily_ones() -> None:
    text = (
        "date,from,to,rate,kind\n2026-08-31,EUR,USD,1.2,average\n2026-08-31,EUR,USD,1.3,closing\n"
    )
    rates = [(rate, "own") for rate in parse_rates(text, "own")]
    rates += [(rate, "ECB") for rate in parse_rates(ECB, "ECB")]
    of_month = [
        RateTable(rates).month_rate("EUR", "USD", "2026-08", k) for k in ("average", "closing")
    ]
    assert [(rate.rate, rate.source) for rate in of_month if rate] == [
        (Decimal("1.2"), "own"), (Decimal("1.3"), "own"),
    ]  # fmt: skip


def test_of_two_tables_the_one_written_last_counts() -> None:
    text = "date,from,to,rate,kind\n2026-08-31,EUR,USD,{},average\n"
    rates = [(parse_rates(text.format(rate), name)[0], name) for name, rate in (("a", 1), ("b", 2))]
    found = RateTable(rates).month_rate("EUR", "USD", "2026-08")
    assert found is not None
    assert (found.rate, found.source) == (Decimal(2), "b")


COSTS = st.decimals("-9999999999", "9999999999", places=18)
RATES = st.builds(
    MonthRate,
    st.decimals("0.0001", "9999", places=8),
    st.decimals("0.0001", "9999", places=8),
    st.just("average"),
    st.just("s"),
)


@given(cost=COSTS, rate=RATES)
def test_a_cost_is_converted_to_the_18th_digit(cost: Decimal, rate: MonthRate) -> None:
    found = converted(cost, rate)
    assert found is not None
    exact = Fraction(cost) * Fraction(rate.numerator) / Fraction(rate.denominator)
    assert abs(Fraction(found) - exact) <= Fraction(1, 2 * 10**18)


@given(before=COSTS, after=COSTS, old=RATES, new=RATES)
def test_a_change_is_that_at_the_old_rate_and_the_fx_effect(
    before: Decimal, after: Decimal, old: MonthRate, new: MonthRate
) -> None:
    costs = [converted(before, old), converted(after, old), converted(after, new)]
    first, steady, last = (cost for cost in costs if cost is not None)
    exact = Context(prec=90)
    effect = fx_effect(after, old, new)
    assert exact.add(exact.subtract(steady, first), effect) == exact.subtract(last, first)


def test_nothing_is_made_of_an_unknown_cost_or_rate() -> None:
    rate = RateTable().month_rate("EUR", "EUR", "2026-08")
    assert converted(None, rate) is None
    assert converted(Decimal(1), None) is None
