"""A statement as a workbook: one sheet per view, amounts as numbers, totals as formulas.

Every total is a formula over the cells above it, with its value written beside, so that it shows
in a viewer that computes nothing. A text that a spreadsheet would run begins with an apostrophe.

Source: docs/statements.md, "Files"; https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.reports.cells import cell_text, neutralised
from pertoken.reports.numbers import minor_units, plain
from pertoken.statements.document import CORRECTION, COST
from pertoken.statements.figures import total
from pertoken.statements.views import VIEWS, evidence_shares, view_table

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from pertoken.reports import Table
    from pertoken.statements.life import Statement

_SUMMED = frozenset({
    "EffectiveCost", "BilledCost", "Amount", "x_TokenCost", "x_TokenQuantity", "MeasuredCost",
    "EstimatedCost", "AssumedCost", "ResidualCost", "PreviousCost", "Difference", "RateCardCost",
    "OverRecovery", "UnderRecovery",
})  # fmt: skip
_WITHOUT_TOTALS = frozenset({"Disputes", "Events", "Pins"})
_WIDEST = 44


class _Formats:
    """The cell formats of a statement's workbook."""

    def __init__(self, workbook: Workbook, currency: str) -> None:
        decimals = minor_units(currency)
        amount = "#,##0" + ("." + "0" * decimals if decimals else "")
        self.title = workbook.add_format({"bold": True, "font_size": 16})
        self.header = workbook.add_format({
            "bold": True, "bottom": 1, "bg_color": "#EEF1F5", "text_wrap": True, "valign": "top",
        })  # fmt: skip
        self.label = workbook.add_format({"font_color": "#5A6472"})
        codes = {"amount": amount, "cost": "#,##0.00####", "price": "#,##0.00####",
                 "quantity": "#,##0", "share": "0.0%", "text": "General"}  # fmt: skip
        self.plain = {
            name: workbook.add_format({"num_format": each}) for name, each in codes.items()
        }
        self.total = {
            name: workbook.add_format({"num_format": each, "bold": True, "top": 1})
            for name, each in codes.items()
        }

    @staticmethod
    def kind(name: str, kind: str) -> str:
        """Which format a column takes."""
        if name == "Amount":
            return "amount"
        return {"money": "cost", "price": "price", "quantity": "quantity", "share": "share",
                "count": "quantity"}.get(kind, "text")  # fmt: skip


def workbook_bytes(statement: Statement) -> bytes:
    """The workbook of a statement; the same bytes for the same statement and events."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - lazy on purpose

    stream = io.BytesIO()
    workbook = Workbook(stream, {"in_memory": True})
    subject = statement.subject
    workbook.set_properties({
        "title": f"Statement {statement.number}",
        "subject": subject.words,
        "author": "pertoken",
        "created": datetime.fromisoformat(statement.events[0].at).replace(tzinfo=None),
        "comments": f"Document hash {statement.hash}. Numbers keep 15 significant digits here; "
        "CSV, JSON and Parquet keep every digit.",
    })  # fmt: skip
    formats = _Formats(workbook, subject.currency)
    tables = {view: view_table(statement, view, lambda _: None) for view in VIEWS}
    shown = {view: table for view, table in tables.items() if table.rows or view == "lines"}
    _summary(workbook.add_worksheet("Statement"), statement, formats)
    for table in shown.values():
        _sheet(workbook.add_worksheet(table.name), table, formats)
    workbook.close()
    return stream.getvalue()


def _summary(sheet: Worksheet, statement: Statement, formats: _Formats) -> None:
    """The first sheet: who is charged what, by formulas over the sheet of lines."""
    subject, content = statement.subject, statement.content
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 30)
    sheet.set_column(2, 2, 12)
    sheet.write_string(0, 0, f"Statement {statement.number}", formats.title)
    facts = [
        ("State", statement.state), ("Period", subject.month),
        ("Team", subject.team or "The whole house"), ("Currency", subject.currency),
        ("Basis", content["Basis"]), ("Prepared by", statement.events[0].by),
        ("Approved by", statement.by("Approved")), ("Issued by", statement.by("Issued")),
        ("Document hash", statement.hash),
    ]  # fmt: skip
    row = 2
    for label, value in facts:
        sheet.write_string(row, 0, label, formats.label)
        sheet.write_string(row, 1, neutralised(value or ""))
        row += 1
    row += 1
    last = len(statement.lines) + 1
    for label, kind in (("Cost of the month", COST), ("Corrections", CORRECTION)):
        value = total(line.amount for line in statement.lines if line.kind == kind)
        sheet.write_string(row, 0, label)
        formula = f'=SUMIF(Lines!$B$2:$B${last},"{kind}",Lines!$K$2:$K${last})'
        sheet.write_formula(row, 1, formula, formats.plain["amount"], float(value))
        row += 1
    amount = Decimal(content["Totals"]["Amount"])
    sheet.write_string(row, 0, "Total charged", formats.total["text"])
    formula = f"=SUM(B{row - 1}:B{row})"
    sheet.write_formula(row, 1, formula, formats.total["amount"], float(amount))
    row += 2
    for name, (cost, share) in evidence_shares(statement).items():
        sheet.write_string(row, 0, f"{name} cost")
        sheet.write_number(row, 1, float(cost), formats.plain["cost"])
        if share is not None:
            sheet.write_number(row, 2, float(share), formats.plain["share"])
        row += 1


def _sheet(sheet: Worksheet, table: Table, formats: _Formats) -> None:
    """One view: header, cells, and a total of what may be added."""
    for index, column in enumerate(table.columns):
        sheet.write_string(0, index, neutralised(column.name), formats.header)
        widest = max((len(_shown(row[index])) for row in table.rows), default=0)
        sheet.set_column(index, index, min(max(len(column.name), widest) + 2, _WIDEST))
    for line, row in enumerate(table.rows, start=1):
        for index, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            _cell(
                sheet, (line, index), value, formats.plain[formats.kind(column.name, column.kind)]
            )
    sheet.freeze_panes(1, 0)
    if not table.rows:
        return
    sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    if table.name not in _WITHOUT_TOTALS:
        _totals(sheet, table, formats)


def _totals(sheet: Worksheet, table: Table, formats: _Formats) -> None:
    from xlsxwriter.utility import xl_col_to_name  # noqa: PLC0415 - lazy on purpose

    at = len(table.rows) + 1
    sheet.write_string(at, 0, "Total", formats.total["text"])
    for index, column in enumerate(table.columns):
        known = [row[index] for row in table.rows if isinstance(row[index], Decimal)]
        if column.name not in _SUMMED or not known:
            continue
        letter = xl_col_to_name(index)
        value = total(each for each in known if isinstance(each, Decimal))
        code = formats.total[formats.kind(column.name, column.kind)]
        sheet.write_formula(at, index, f"=SUM({letter}2:{letter}{at})", code, float(value))


def _cell(sheet: Worksheet, place: tuple[int, int], value: object, code: Format) -> None:
    line, index = place
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, index, value)
    elif isinstance(value, Decimal | int):
        sheet.write_number(line, index, float(value), code)
    else:
        sheet.write_string(line, index, neutralised(cell_text(value)))


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(round(value, 2))
    return cell_text(value)
