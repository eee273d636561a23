"""The reports room: tables as values, and the forms they leave in.

A report never computes a cost. The one exception is the matrix on a terminal, whose group rows
are sums of its leaves and quotients of those sums (`reports.subtotals`). pyarrow, xlsxwriter and
rich are imported inside the functions that need them, so that a command which prints CSV or JSON
starts without them.
"""

from pertoken.reports.formats import FORMATS, write, write_workbook
from pertoken.reports.table import Column, Stream, Table

__all__ = ["FORMATS", "Column", "Stream", "Table", "write", "write_workbook"]
