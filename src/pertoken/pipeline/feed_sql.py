"""The SQL of a query of a feed: identifiers are columns of the relation, values are bound.

Comparisons are as OData has them: with an unknown value they are false, and their negation true.
Source: docs/odata.md; OData 4.01, Part 2, section 5.1.1.1.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.engine import quoted
from pertoken.errors import ConfigError, alternatives
from pertoken.pipeline.feed_query import Joined, Negated, OneOf, TextTest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pertoken.pipeline.feed_query import (
        Compare,
        Condition,
        FeedQuery,
        Grouping,
        Measure,
        Operand,
        Value,
    )

FUNCTIONS = {
    "year": ("year({})", ("date", "time"), "number"),
    "month": ("month({})", ("date", "time"), "number"),
    "day": ("day({})", ("date", "time"), "number"),
    "date": ("CAST({} AS DATE)", ("date", "time"), "date"),
    "tolower": ("lower({})", ("text",), "text"),
    "toupper": ("upper({})", ("text",), "text"),
    "trim": ("trim({})", ("text",), "text"),
    "length": ("length({})", ("text",), "number"),
}
"""Functions of one column: what each is here, of which kinds of value, and what it gives."""
_TEXT_TESTS = {"contains": "contains({}, ?)", "startswith": "starts_with({}, ?)",
               "endswith": "ends_with({}, ?)"}  # fmt: skip


class FeedPlan:
    """The SQL of queries over `feed`."""

    def __init__(self, columns: Mapping[str, str], key: Sequence[str]) -> None:
        self._columns = columns
        self._key = key

    def rows(self, query: FeedQuery) -> tuple[str, list[Value], Mapping[str, str]]:
        """The rows before order and page, their values, and the types of the columns."""
        source, kinds = "feed", self._columns
        values: list[Value] = []
        if query.grouping is not None:
            source, values, kinds = self._groups(query.grouping)
        where, bound = self.where(query.where, kinds)
        names = ", ".join(quoted(name) for name in self.shown(query, kinds))
        return f"SELECT {names} FROM {source}{where}", [*values, *bound], kinds

    def shown(self, query: FeedQuery, kinds: Mapping[str, str]) -> tuple[str, ...]:
        """The columns of the answer."""
        for name in query.columns:
            _known(name, kinds)
        return query.columns or tuple(kinds)

    def order(self, query: FeedQuery, kinds: Mapping[str, str]) -> str:
        """ORDER BY what is asked, then by the key or the groups, so that pages do not overlap."""
        asked = [(_known(name, kinds), descends) for name, descends in query.order]
        last = self._key if query.grouping is None else query.grouping.by
        held = {name for name, _ in asked}
        asked += [(name, False) for name in last if name not in held]
        words = [f"{quoted(name)} {'DESC' if down else 'ASC'} NULLS LAST" for name, down in asked]
        return f" ORDER BY {', '.join(words)}" if words else ""

    def where(
        self, condition: Condition | None, kinds: Mapping[str, str]
    ) -> tuple[str, list[Value]]:
        """WHERE and its values."""
        if condition is None:
            return "", []
        values: list[Value] = []
        return f" WHERE {_sql(condition, kinds, values)}", values

    def _groups(self, grouping: Grouping) -> tuple[str, list[Value], dict[str, str]]:
        where, values = self.where(grouping.where, self._columns)
        kinds = {name: self._columns[_known(name, self._columns)] for name in grouping.by}
        shown = [quoted(name) for name in grouping.by]
        for measure in grouping.measures:
            if measure.name in kinds:
                raise ConfigError(
                    f"'{measure.name}' stands twice in the answer.",
                    "Expected a new name for every aggregate.",
                    "Name it otherwise after `as`.",
                )
            sql, kinds[measure.name] = self._aggregate(measure)
            shown.append(f"{sql} AS {quoted(measure.name)}")
        groups = ", ".join(quoted(name) for name in grouping.by)
        by = f" GROUP BY {groups}" if grouping.by else ""
        return f"(SELECT {', '.join(shown)} FROM feed{where}{by}) AS groups", values, kinds

    def _aggregate(self, measure: Measure) -> tuple[str, str]:
        if measure.column is None:
            return "count(*)", "BIGINT"
        kind = self._columns[_known(measure.column, self._columns)]
        column = quoted(measure.column)
        if measure.aggregation == "countdistinct":
            return f"count(DISTINCT {column})", "BIGINT"
        if measure.aggregation == "sum":
            if not kind.startswith(("DECIMAL", "BIGINT")):
                raise ConfigError(
                    f"'{measure.column}' holds {kind.lower()} and cannot be summed.",
                    "Expected a column of amounts, quantities or counts.",
                    "Take min, max or countdistinct.",
                )
            wide = kind if kind.startswith("DECIMAL") else "BIGINT"
            return f"CAST(sum({column}) AS {wide})", wide
        return f"{measure.aggregation}({column})", kind


def _sql(condition: Condition, kinds: Mapping[str, str], values: list[Value]) -> str:
    """A condition as SQL; its values are appended in the order of their marks."""
    if isinstance(condition, Joined):
        parts = [_sql(each, kinds, values) for each in condition.conditions]
        return "(" + f" {condition.word} ".join(parts) + ")"
    if isinstance(condition, Negated):
        return f"(NOT {_sql(condition.condition, kinds, values)})"
    return _test(condition, kinds, values)


def _test(test: Compare | TextTest | OneOf, kinds: Mapping[str, str], values: list[Value]) -> str:
    operand, kind = _operand(test.operand, kinds)
    known = f"({operand} IS NOT NULL AND {{}})"
    if isinstance(test, OneOf):
        values += [_check_kind(test.operand, kind, each) for each in test.values]
        return known.format(f"{operand} IN ({', '.join('?' for _ in test.values)})")
    if test.value is None:
        return f"({operand} IS {'NOT ' if test.comparison == '<>' else ''}NULL)"
    values.append(_check_kind(test.operand, kind, test.value))
    if isinstance(test, TextTest):
        return known.format(_TEXT_TESTS[test.test].format(operand))
    if test.comparison == "<>":
        return f"({operand} IS DISTINCT FROM ?)"
    return known.format(f"{operand} {test.comparison} ?")


def _operand(operand: Operand, kinds: Mapping[str, str]) -> tuple[str, str]:
    """An operand as SQL, and which kind of value it has."""
    kind = _kind(kinds[_known(operand.column, kinds)])
    sql = quoted(operand.column)
    for function in operand.functions:
        form, takes, gives = FUNCTIONS[function]
        if kind not in takes:
            raise ConfigError(
                f"{function}({operand.column}) does not fit: the column holds a {kind}.",
                f"Expected a {' or a '.join(takes)}.",
                "See the types in $metadata.",
            )
        sql, kind = form.format(sql), gives
    return sql, kind


def _kind(sql_type: str) -> str:
    if sql_type.startswith(("DECIMAL", "BIGINT", "INTEGER", "HUGEINT")):
        return "number"
    known = {"DATE": "date", "BOOLEAN": "flag"}
    return known.get(sql_type, "time" if sql_type.startswith("TIMESTAMP") else "text")


def _check_kind(operand: Operand, kind: str, value: Value) -> Value:
    """The value, when a column of this kind can be compared with it."""
    fits = {
        "text": isinstance(value, str),
        "flag": isinstance(value, bool),
        "number": isinstance(value, int | Decimal) and not isinstance(value, bool),
        "date": isinstance(value, date) and not isinstance(value, datetime),
        "time": isinstance(value, datetime),
    }
    if not fits[kind]:
        raise ConfigError(
            f"{operand.column} cannot be compared with {value!s}: it holds a {kind}.",
            "Expected a value of the column's type in $metadata.",
            "Write texts in single quotes, numbers and dates (2026-09-01) without.",
        )
    return value


def _known(name: str, kinds: Mapping[str, str]) -> str:
    if name not in kinds:
        raise ConfigError(
            f"There is no column '{name}' here.",
            "Expected a column of $metadata, or one that $apply made.",
            f"Nearest: {alternatives(name, kinds)}.",
        )
    return name
