"""How the cells of charges are read in SQL, whether a relation is text (CSV) or typed (Parquet).

One `Charges` stands for a relation and its columns. It gives, for a FOCUS column, the cell as it
stands, as a number and as a time; a cell that cannot be read is NULL there, never an error. In a
relation that is all text, as a CSV file is, an empty cell is NULL. Costs are DECIMAL(32,18):
fourteen digits before the point, so that a million of them can be added.
A template names cells as `{Column}`, `{Column:number}`, `{Column:time}`, `{Column:json}`; a
question mark after the name allows the column to be absent (NULL).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pertoken import focus
from pertoken.engine.sql import quoted, with_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

NUMBER = "DECIMAL(32, 18)"
_ZONED = "TIMESTAMP WITH TIME ZONE"
_CELL = re.compile(r"\{([A-Za-z]\w*)(\?)?(?::(number|time|json))?\}")
_NUMERIC = re.compile(r"(DECIMAL|NUMERIC|DOUBLE|FLOAT|REAL|U?(TINY|SMALL|BIG|HUGE)?INT)")
_CONTEXT = ("SkuMeter", "ResourceId", "ChargeDescription", "ServiceName", "BillingAccountId")


@dataclass(frozen=True)
class Charges:
    """A relation of charges, the type of each of its columns, and the version it is held to."""

    relation: str
    types: Mapping[str, str]
    version: str

    @cached_property
    def is_text(self) -> bool:
        """Whether every column is text, as in a CSV file."""
        return all(kind == "VARCHAR" for kind in self.types.values())

    @cached_property
    def focus_columns(self) -> list[str]:
        """The columns that this or another version of FOCUS defines, in their order here."""
        return [name for name in self.types if focus.column_type(name) is not None]

    @cached_property
    def context(self) -> tuple[str, ...]:
        """The column that tells a reader which charge an example is, where there is one."""
        return tuple(name for name in _CONTEXT if name in self.types)[:1]

    def is_number(self, name: str) -> bool:
        """Whether a column is stored as a number."""
        return _NUMERIC.match(self.types[name]) is not None

    def is_binary(self, name: str) -> bool:
        """Whether a column is stored in binary floating point."""
        return self.types[name] in {"DOUBLE", "FLOAT", "REAL"}

    def is_time(self, name: str) -> bool:
        """Whether a column is stored as a date and time, with or without a zone."""
        return self.types[name].startswith("TIMESTAMP")

    def is_zoned(self, name: str) -> bool:
        """Whether a column is stored as a moment in time."""
        return self.types[name] == _ZONED

    def has(self, template: str) -> bool:
        """Whether the relation has every column that a template cannot do without."""
        return all(name in self.types or optional for name, optional, _ in _CELL.findall(template))

    def sql(self, template: str) -> str:
        """A template with its cells written as columns of `source`."""
        return _CELL.sub(lambda cell: self._cell(cell[1], cell[3] or ""), template)

    def names(self, template: str) -> list[str]:
        """The columns of a template that the relation has, each once."""
        found = dict.fromkeys(name for name, _, _ in _CELL.findall(template))
        return [name for name in found if name in self.types]

    @cached_property
    def source(self) -> str:
        """The charges as a query: the FOCUS columns as they stand, and their readings."""
        empty = "NULLIF({0}, '') AS {0}" if self.is_text else "{0}"
        cells = [empty.format(quoted(name)) for name in self.focus_columns]
        for name in self.focus_columns:
            kind = focus.column_type(name)
            if kind == "decimal":
                cells.append(f"{self._number(name)} AS {quoted(f'#{name}')}")
            elif kind == "timestamp":
                cells.append(f"{self._time(name)} AS {quoted(f'#{name}')}")
            elif kind == "json":
                cells.append(f"{self._json(name)} AS {quoted(f'#{name}')}")
        if not cells:
            cells = ["1 AS one"]
        return f"SELECT {', '.join(cells)} FROM {quoted(self.relation)}"

    def shown(self, names: list[str]) -> str:
        """An example as one text: each column and its cell, shortened."""
        parts = [f"'{name} ' || COALESCE({self._shown(name)}, 'NULL')" for name in names]
        return f"CONCAT_WS(', ', {', '.join(parts)})" if parts else "''"

    def _shown(self, name: str) -> str:
        text = f"CAST({quoted(name)} AS VARCHAR)"
        if self.types[name].startswith("DECIMAL") and not self.types[name].endswith(",0)"):
            return f"regexp_replace({text}, '\\.?0+$', '')"
        if self.is_number(name) or self.is_time(name):
            return text
        return f"'''' || LEFT({text}, 80) || ''''"

    def _cell(self, name: str, reading: str) -> str:
        if name not in self.types:
            return "CAST(NULL AS VARCHAR)" if not reading else f"CAST(NULL AS {NUMBER})"
        return quoted(f"#{name}") if reading else quoted(name)

    def _number(self, name: str) -> str:
        cell = f"CAST({quoted(name)} AS VARCHAR)" if self.is_binary(name) else quoted(name)
        if self.is_number(name) or self.types[name] == "VARCHAR":
            return f"TRY_CAST({cell} AS {NUMBER})"
        return f"CAST(NULL AS {NUMBER})"

    def _time(self, name: str) -> str:
        if self.is_zoned(name):
            return quoted(name)
        text = f"CAST({quoted(name)} AS VARCHAR)"
        readings = (text, with_seconds(text))
        return f"coalesce({', '.join(f'TRY_CAST({each} AS {_ZONED})' for each in readings)})"

    def _json(self, name: str) -> str:
        if self.types[name] in {"VARCHAR", "JSON"}:
            text = f"CAST({quoted(name)} AS VARCHAR)"
            return f"NULLIF({text}, '')" if self.is_text else text
        return f"CAST(to_json({quoted(name)}) AS VARCHAR)"
