"""Tables and charts of a notebook: nothing hidden, nothing added that must not be, safe text."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from pathlib import Path

import altair as alt
import pytest

from pertoken.api.result import Result
from pertoken.errors import ConfigError
from pertoken.reports import Column, Table
from pertoken.reports.chart import chart, drawing
from pertoken.reports.html import table_html
from pertoken.reports.palette import FAMILIES, HUES, family_colour

PALETTE = Path(__file__).parents[2] / "frontend" / "src" / "lib" / "palette.ts"
COLUMNS = (
    Column("BillingMonth", "text"), Column("x_ModelFamily", "text"),
    Column("BillingCurrency", "text"), Column("EffectiveCost", "money"),
    Column("x_UnitCost", "price"), Column("x_UnitCostUnit", "text"), Column("Reason", "text"),
)  # fmt: skip


def row(month: str, family: str | None, currency: str, cost: str | None) -> tuple[object, ...]:
    amount = None if cost is None else Decimal(cost)
    return (month, family, currency, amount, amount, "1000000 Tokens", "no price" * (cost is None))


def table(*rows: tuple[object, ...]) -> Table:
    return Table("matrix", COLUMNS, rows)


USD = table(row("2026-01", "GPT", "USD", "1234.5"), row("2026-02", "GPT", "USD", "0.1"))
BOTH = table(*USD.rows, row("2026-01", "GPT", "EUR", "7"), row("2026-01", None, "USD", None))


def test_a_table_has_its_units_in_the_head_and_figures_to_the_right() -> None:
    html = table_html(USD)
    assert re.search(r"EffectiveCost<br><span[^>]*>USD</span>", html)
    assert "USD per 1000000 Tokens" in html
    assert re.search(
        r'<td style="[^"]*text-align:right;[^"]*tabular-nums[^"]*">1,234.50</td>', html
    )


def test_a_table_of_two_currencies_has_none_in_the_head() -> None:
    assert not re.search(r"EffectiveCost<br>", table_html(BOTH))


def test_the_unknown_is_a_dash_with_its_reason() -> None:
    assert '<span title="no price">–</span>' in table_html(BOTH)  # noqa: RUF001 - an en dash is meant


def test_what_is_not_shown_is_counted() -> None:
    html = table_html(
        table(*(row("2026-01", str(n), "USD", "1") for n in range(1200))), most_rows=5
    )
    assert "5 of 1,200 rows" in html
    assert html.count("<tr>") == 6


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x>', "a\x1b[31mb"])
def test_no_text_of_a_bill_is_markup(text: str) -> None:
    result = Result(Table(text, (Column(text, "text"),), ((text,),)), findings=(text,))
    html = result._repr_html_()
    assert "<script" not in html
    assert "<img" not in html
    assert "\x1b" not in html


def test_amounts_on_one_point_are_added_exactly_and_currencies_never() -> None:
    twice = table(*BOTH.rows, row("2026-01", "GPT", "USD", "0.000000000000000001"))
    drawn = drawing(twice)
    assert drawn.points["2026-01", "GPT", "USD"] == Decimal("1234.500000000000000001")
    assert drawn.points["2026-01", "GPT", "EUR"] == 7
    assert drawn.unknown == 1


def test_a_quotient_is_never_added() -> None:
    twice = table(*USD.rows, row("2026-01", "GPT", "USD", "3"))
    with pytest.raises(ConfigError, match="a quotient is never added"):
        drawing(twice, y="x_UnitCost")


def test_each_currency_has_a_panel_and_a_scale_of_its_own() -> None:
    spec = chart(BOTH).to_dict()
    assert spec["encoding"]["row"]["field"] == "currency"
    assert spec["resolve"]["scale"]["y"] == "independent"
    assert "row" not in chart(USD).to_dict()["encoding"]
    assert spec["title"]["subtitle"] == "1 of 4 rows are unknown and not drawn"


SHAPES = ({}, {"y": "x_UnitCost"}, {"x": "x_ModelFamily"}, {"colour": "BillingCurrency"})


@pytest.mark.parametrize("shape", SHAPES)
def test_a_chart_keeps_the_schema_of_vega_lite_and_becomes_a_picture(
    shape: dict[str, str], tmp_path: Path
) -> None:
    made = chart(USD, **shape)
    alt.Chart.from_dict(made.to_dict(validate=True), validate=True)
    made.save(tmp_path / "chart.svg")
    assert (tmp_path / "chart.svg").read_text("utf-8").startswith("<svg")
    if not shape:
        made.save(tmp_path / "chart.png")
        assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_a_family_has_the_colour_of_the_page() -> None:
    text = PALETTE.read_text("utf-8")
    families = re.search(r"FAMILIES[^{]*\{(.*?)\}", text, re.DOTALL)
    assert families is not None
    pairs = re.findall(r"'?([\w -]+?)'?: (\d+)", families.group(1))
    assert {name.strip(): int(at) for name, at in pairs} == FAMILIES
    assert tuple(re.findall(r"\['(#\w+)', '#\w+'\],", text)) == HUES
    assert family_colour("GPT") == HUES[0]
    assert family_colour("Nova") == family_colour("Nova")


def test_two_charts_of_one_table_are_equal() -> None:
    assert chart(BOTH).to_json() == chart(table(*reversed(BOTH.rows))).to_json()


NONSENSE = (
    {"y": "x_ModelFamily"}, {"y": "EfectiveCost"}, {"x": "nothing"}, {"colour": "nothing"},
)  # fmt: skip


@pytest.mark.parametrize("shape", NONSENSE)
def test_what_cannot_be_drawn_is_said_in_three_lines(shape: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refused:
        chart(USD, **shape)
    assert len(str(refused.value).splitlines()) == 3


def test_more_groups_than_can_be_told_apart_are_refused() -> None:
    columns = (Column("Team", "text"), Column("EffectiveCost", "money"))
    many = Table("t", columns, tuple((str(n), Decimal(1)) for n in range(11)))
    assert len(drawing(many).points) == 11
    with pytest.raises(ConfigError, match="tell apart"):
        chart(many, colour="Team")


MISSING = {"altair": ("plot", "pertoken[notebook]"), "pandas": ("to_pandas", "pip install pandas"),
           "polars": ("to_polars", "pip install polars")}  # fmt: skip


@pytest.mark.parametrize("package", MISSING)
def test_a_package_that_is_missing_is_named_with_what_installs_it(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    method, help_ = MISSING[package]
    with pytest.raises(ConfigError) as refused:
        getattr(Result(USD), method)()
    assert len(str(refused.value).splitlines()) == 3
    assert help_ in str(refused.value)
