r"""The formats of a table: text for people, CSV, JSON and Parquet exact, XLSX for spreadsheets.

CSV is RFC 4180 with `\n` line ends and UTF-8: NULL is empty, decimals are plain digits, times
end in Z. JSON is a list of objects, one per line, whose numbers are the digits themselves. A text
cell that a spreadsheet would run as a formula gets a leading apostrophe in CSV and XLSX; numbers
never do. The header of each is the public contract.

Source: RFC 4180; docs/how-it-works.md;
https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import io
import json
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from pertoken.errors import ConfigError, alternatives
from pertoken.reports.cells import cell_text, neutralised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pertoken.reports.table import Stream, Table

FORMATS = ("table", "csv", "json", "parquet", "xlsx")
BINARY_FORMATS = ("parquet", "xlsx")
Target = TextIO | BinaryIO | str | PathLike[str]
_QUOTED = frozenset('",\r\n')
_ROWS_PER_WRITE = 2000


def write(
    table: Table,
    format: str,  # noqa: A002 - the name of the option it comes from
    target: Target,
    *,
    provenance: Mapping[str, str] | None = None,
) -> None:
    """Write a table in one of FORMATS to a path, a binary stream or a text stream.

    Takes:   target; a text stream with a `buffer` (such as stdout) takes the bytes there, so that
             its encoding and line ends change nothing. provenance, kept in the metadata of
             Parquet and the document properties of XLSX.
    Raises:  ConfigError for an unknown format, a path that cannot be written, or bytes meant for
             a terminal.
    """
    if format not in FORMATS:
        raise ConfigError(
            f"'{format}' is not a format.",
            "Expected the name of an output format.",
            f"Take one of {alternatives(format, FORMATS)}.",
        )
    table = table.without_hints()
    if isinstance(target, str | PathLike):
        _write_path(table, format, Path(target), provenance)
    elif format in BINARY_FORMATS:
        _write_binary(table, format, _byte_stream(target, format), provenance)
    elif format == "table":
        _write_text(table, target)
    else:
        chunks = csv_chunks(table) if format == "csv" else json_chunks(table)
        _write_chunks(chunks, target)


def write_workbook(
    tables: Sequence[Table | Stream],
    target: BinaryIO | str | PathLike[str],
    *,
    provenance: Mapping[str, str] | None = None,
) -> None:
    """Write tables as the sheets of one XLSX workbook; see `write_xlsx` for streams."""
    from pertoken.reports.table import Table  # noqa: PLC0415 - lazy on purpose
    from pertoken.reports.xlsx import write_xlsx  # noqa: PLC0415 - lazy on purpose

    tables = [each.without_hints() if isinstance(each, Table) else each for each in tables]
    if isinstance(target, str | PathLike):
        with _opened(Path(target)) as stream:
            write_xlsx(tables, stream, provenance)
    else:
        write_xlsx(tables, target, provenance)


def csv_chunks(table: Table) -> Iterator[str]:
    """The lines of a table as CSV, header first."""
    yield ",".join(_csv_cell(name) for name in table.column_names) + "\n"
    for row in table.rows:
        # one empty cell alone would be an empty line, which readers skip
        yield (",".join([_csv_cell(cell) for cell in row]) or '""') + "\n"


def json_chunks(table: Table) -> Iterator[str]:
    """The lines of a table as a JSON list of objects."""
    if not table.rows:
        yield "[]\n"
        return
    keys = [json.dumps(name, ensure_ascii=False) + ": " for name in table.column_names]
    cells = [_json_nested if column.kind == "json" else _json_cell for column in table.columns]
    before = "[\n"
    for row in table.rows:
        pairs = zip(keys, cells, row, strict=True)
        yield before + "{" + ", ".join([key + cell(value) for key, cell, value in pairs]) + "}"
        before = ",\n"
    yield "\n]\n"


def _csv_cell(value: object) -> str:
    if not isinstance(value, str):
        return cell_text(value)
    text = neutralised(value)
    if _QUOTED.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def _json_cell(value: object) -> str:
    if value is None:
        return "null"
    text = cell_text(value)
    if isinstance(value, bool | int | Decimal):
        return text
    return json.dumps(text, ensure_ascii=False)


def _json_nested(value: object) -> str:
    """A cell that holds JSON, nested as it stands; as a string where it is not JSON."""
    if isinstance(value, str):
        try:
            json.loads(value, parse_constant=_refuse_constant)
        except ValueError:
            return _json_cell(value)
        return value.strip()
    return _json_cell(value)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _write_path(
    table: Table,
    format_name: str,
    path: Path,
    provenance: Mapping[str, str] | None,
) -> None:
    with _opened(path) as stream:
        write(table, format_name, stream, provenance=provenance)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}.",
            "Expected a path in a folder that exists and may be written.",
            "Name another path.",
        ) from error


def _byte_stream(target: TextIO | BinaryIO, format_name: str) -> BinaryIO:
    if target.isatty():
        raise ConfigError(
            f"{format_name} is made of bytes, and the output is a terminal.",
            "Expected a file or a pipe.",
            f"Add '> result.{format_name}' or take --format table.",
        )
    stream = cast("BinaryIO", getattr(target, "buffer", target))
    if isinstance(stream, io.TextIOBase):
        raise TypeError(f"{format_name} is made of bytes and cannot go to a text stream")
    return stream


def _write_binary(
    table: Table,
    format_name: str,
    stream: BinaryIO,
    provenance: Mapping[str, str] | None,
) -> None:
    if format_name == "xlsx":
        write_workbook([table], stream, provenance=provenance)
        return
    import pyarrow.parquet as pq  # noqa: PLC0415 - lazy on purpose

    # bytes are collected first: pyarrow closes the stream it is given
    collected = io.BytesIO()
    arrow = table.to_arrow(provenance)
    pq.write_table(arrow, collected, compression="zstd")
    stream.write(collected.getbuffer())


def _write_text(table: Table, target: TextIO | BinaryIO) -> None:
    from rich.console import Console  # noqa: PLC0415 - lazy on purpose

    from pertoken.reports.text import table_text  # noqa: PLC0415 - lazy on purpose

    if isinstance(target, io.TextIOBase):
        table_text(table, Console(file=target))
        return
    text = io.StringIO()
    table_text(table, Console(file=text))
    _write_chunks([text.getvalue()], target)


def _write_chunks(chunks: Iterable[str], target: TextIO | BinaryIO) -> None:
    put: Callable[[str], object]
    if isinstance(target, io.TextIOBase) and not hasattr(target, "buffer"):
        put = target.write
    else:
        target.flush()
        stream = cast("BinaryIO", getattr(target, "buffer", target))

        def put(text: str) -> object:
            return stream.write(text.encode())

    held: list[str] = []
    for chunk in chunks:
        held.append(chunk)
        if len(held) >= _ROWS_PER_WRITE:
            put("".join(held))
            held.clear()
    put("".join(held))
    target.flush()
