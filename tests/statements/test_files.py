"""A statement as a workbook and as a page: read back by the readers that people have."""

from __future__ import annotations

import io
import shutil
import subprocess
from decimal import Decimal
from typing import TYPE_CHECKING

import openpyxl
import pypdf
import pytest
from statement_hubs import issued, write_usage

from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.api import Hub


def test_the_workbook_adds_up_by_formulas_whose_values_are_written(hub: Hub) -> None:
    number = issued(hub, "2026-01")
    content = hub.statements.document(number, "xlsx")
    formulas = openpyxl.load_workbook(io.BytesIO(content))
    values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    assert formulas.sheetnames[:6] == [
        "Statement", "Lines", "Models", "Applications", "Token kinds", "Evidence",
    ]  # fmt: skip
    total = hub.statements.list().to_dicts()[0]["Amount"]
    lines = formulas["Lines"]
    at = [cell.value for cell in lines[1]].index("Amount") + 1
    last = lines.max_row
    assert lines.cell(last, at).value == f"=SUM(K2:K{last - 1})"
    amounts = [values["Lines"].cell(row, at).value for row in range(2, last)]
    assert all(isinstance(each, int | float) for each in amounts)
    assert round(Decimal(sum(amounts)), 2) == total
    assert Decimal(str(values["Lines"].cell(last, at).value)) == total
    summary = {row[0].value: row[1].value for row in values["Statement"].iter_rows()}
    assert Decimal(str(summary["Total charged"])) == total


def test_a_name_that_a_spreadsheet_would_run_is_text(hub: Hub, tmp_path: Path) -> None:
    rows = [("2026-01-01", "=cmd()", "@app", 900_000, 0)]
    hub.ingest(write_usage(tmp_path / "late.csv", rows))
    hub.statements.draft("2026-01", by="Ana", team="=cmd()")
    content = hub.statements.document(1, "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Lines"]
    assert (sheet["C2"].value, sheet["D2"].value) == ("'=cmd()", "'@app")


def test_libre_office_computes_the_totals_that_are_written(hub: Hub, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    hub.statements.draft("2026-01", by="Ana")
    path = tmp_path / "statement.xlsx"
    hub.statements.write(1, path, format="xlsx")
    subprocess.run(
        [office, "--headless", "--convert-to", "csv", "--outdir", tmp_path, path],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    total = hub.statements.list().to_dicts()[0]["Amount"]
    assert f"{total:,.2f}" in (tmp_path / "statement.csv").read_text("utf-8")


@pytest.mark.parametrize("kind", ["xlsx", "pdf"])
def test_the_same_statement_gives_the_same_bytes(hub: Hub, kind: str) -> None:
    pytest.importorskip("typst")
    hub.statements.draft("2026-01", by="Ana", issuer="Northwind Traders")
    assert hub.statements.document(1, kind) == hub.statements.document(1, kind)


def test_the_page_says_what_is_charged_and_who_signed(hub: Hub) -> None:
    pytest.importorskip("typst")
    hub.statements.draft("2026-01", by="Ana Ruiz", team="search", issuer="Northwind Traders")
    drafted = _text(hub.statements.document(1, "pdf"))
    hub.statements.approve(1, by="Ben Cole")
    hub.statements.issue(1, by="Ben Cole")
    text = _text(hub.statements.document(1, "pdf"))
    row = hub.statements.list().to_dicts()[0]
    for words in ("Northwind Traders", "000001", "search", "January 2026", f"{row['Amount']:,.2f}",
                  "1100", "NW-US", "Ana Ruiz", "Ben Cole", str(row["Hash"])):  # fmt: skip
        assert words in text, words
    assert "DRAFT" in drafted
    assert "DRAFT" not in text


def _text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def test_another_format_is_refused(hub: Hub) -> None:
    hub.statements.draft("2026-01", by="Ana")
    with pytest.raises(ConfigError, match="'docx' is no document"):
        hub.statements.document(1, "docx")
