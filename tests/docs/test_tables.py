"""docs/tables.md names every column of every serving table, in the section of its table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pertoken.engine import local_engine
from pertoken.hub import Hub
from pertoken.normalize import OWN_COLUMNS
from pertoken.pipeline.audience import EVERYONE, SeenRelations
from pertoken.pipeline.invoices import INVOICE_COLUMNS
from pertoken.pipeline.serving_tables import SERVED, served_tables
from pertoken.pipeline.tag_snapshots import SNAPSHOT_COLUMNS
from pertoken.prices import PRICE_COLUMNS, RATE_COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "tables.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
ABSENT = {"rates": RATE_COLUMNS, "invoices": INVOICE_COLUMNS, "tag_snapshots": SNAPSHOT_COLUMNS}
"""Tables that the bundled tenant has no rows of."""
OURS = {*OWN_COLUMNS, *PRICE_COLUMNS, "x_ScopeKey", "x_Unread"}
"""The x_ columns of charges that pertoken makes; any other is exported, and the page says so."""


def test_every_serving_table_has_a_section_and_no_other_has() -> None:
    assert list(SECTIONS) == list(SERVED)


@pytest.mark.parametrize("name", SERVED)
def test_every_column_of_a_table_is_on_the_page(name: str, demo_hub: Path) -> None:
    engine = local_engine()
    relations = SeenRelations(Hub(demo_hub).snapshot(engine), EVERYONE)
    tables = {table.name: list(table.columns) for table in served_tables(engine, relations)}
    columns = tables.get(name) or list(ABSENT[name])
    meters = set(tables["meters"]) if name == "token_costs" else set()
    named = set(re.findall(r"\w+", SECTIONS[name]))
    exported = {each for each in columns if name == "charges" and each.startswith("x_")} - OURS
    assert set(columns) - exported - meters - named == set()


def test_the_columns_of_ours_are_in_every_hub_and_on_the_page(demo_hub: Path) -> None:
    engine = local_engine()
    Hub(demo_hub).snapshot(engine).view(engine, "charges")
    assert set(engine.columns("charges")) >= OURS
    assert set(re.findall(r"\w+", SECTIONS["charges"])) >= OURS


def test_every_column_that_a_section_lists_is_one_of_its_table(demo_hub: Path) -> None:
    engine = local_engine()
    relations = SeenRelations(Hub(demo_hub).snapshot(engine), EVERYONE)
    for table in served_tables(engine, relations):
        listed = {
            word
            for row in re.findall(r"^\| ([A-Zx][^|]*) \|", SECTIONS[table.name], re.MULTILINE)
            for word in re.findall(r"\w+", row)
        }
        optional = {"ServiceSubcategory", "SkuPriceDetails"} if table.name == "charges" else set()
        assert listed - set(table.columns) - optional == set(), table.name
