"""The query options of OData, read into a query of a feed.

$filter is parsed by odata-query; what it can say and a feed cannot answer is refused by name.
$apply is read here: filters, then one groupby or aggregate.
Source: OData 4.01, Part 2: URL Conventions; OData Extension for Data Aggregation 4.0;
docs/odata.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser

from pertoken.errors import ConfigError, alternatives
from pertoken.pipeline.feed_query import (
    PAGE_ROWS,
    Compare,
    Condition,
    FeedQuery,
    Grouping,
    Joined,
    Measure,
    Negated,
    OneOf,
    Operand,
    TextTest,
)
from pertoken.pipeline.feed_sql import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pertoken.pipeline.feed_query import Aggregation, Comparison, Value

OPTIONS = ("$select", "$filter", "$orderby", "$top", "$skip", "$count", "$apply", "$format")
_MOST_CHARACTERS, _MOST_DEPTH = 8000, 50
_COMPARISONS = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_AGGREGATIONS = ("sum", "min", "max", "countdistinct")
_AGGREGATE = re.compile(r"(\w+)\s+with\s+(\w+)\s+as\s+(\w+)")
_COUNT = re.compile(r"\$count\s+as\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of a feed, whether all rows are counted, and how many rows the client wants."""

    query: FeedQuery
    counts: bool
    top: int | None
    skip: int


def asked_of(options: Mapping[str, str]) -> Asked:
    """The query that the options of a request name.

    Raises: ConfigError for an option that is unknown or wrong.
    """
    for name in options:
        if name.startswith("$") and name not in OPTIONS:
            raise _refused(f"The option {name} is not supported.", ", ".join(OPTIONS))
    if options.get("$format", "json").partition(";")[0] not in ("json", "application/json"):
        raise _refused(f"$format={options['$format']} is not supported.", "json")
    top = _number(options, "$top") if "$top" in options else None
    skip = _number(options, "$skip") if "$skip" in options else 0
    query = FeedQuery(
        columns=_names(options.get("$select", "")),
        where=condition_of(options["$filter"]) if options.get("$filter") else None,
        grouping=grouping_of(options["$apply"]) if options.get("$apply") else None,
        order=_order(options.get("$orderby", "")),
        limit=PAGE_ROWS if top is None else min(top, PAGE_ROWS),
        offset=skip,
    )
    return Asked(query, _flag(options, "$count"), top, skip)


def condition_of(text: str) -> Condition:
    """The condition of a $filter; raises ConfigError where it is wrong or not supported."""
    if len(text) > _MOST_CHARACTERS:
        raise _refused(f"$filter has {len(text):,} characters.", f"at most {_MOST_CHARACTERS:,}")
    try:
        parsed = ODataParser().parse(ODataLexer().tokenize(text))
        return _condition(parsed, 0)
    except (ODataException, ValueError, ArithmeticError) as error:
        if isinstance(error, ConfigError):
            raise
        raise _refused(
            f"$filter cannot be read: {text[:200]}", "such as x_ModelId eq 'gpt-4o'"
        ) from None


def grouping_of(text: str) -> Grouping:
    """The grouping of an $apply: filter(...)/.../groupby((A,B),aggregate(C with sum as D))."""
    steps = _split(text, "/")
    wheres: list[Condition] = []
    while len(steps) > 1 and (inner := _call(steps[0], "filter")) is not None:
        wheres.append(condition_of(inner))
        steps = steps[1:]
    where = None if not wheres else wheres[0] if len(wheres) == 1 else Joined("AND", tuple(wheres))
    if len(steps) == 1 and (inner := _call(steps[0], "aggregate")) is not None:
        return Grouping(where, (), _measures(inner))
    inner = _call(steps[0], "groupby") if len(steps) == 1 else None
    parts = [] if inner is None else _split(inner, ",")
    names = _call(parts[0], "") if parts else None
    aggregates = _call(parts[1], "aggregate") if len(parts) == 2 else ""  # noqa: PLR2004 - a pair
    if names is None or aggregates is None or len(parts) > 2:  # noqa: PLR2004 - a pair
        raise _refused(
            f"$apply cannot be read: {text[:200]}",
            "filter(...)/groupby((A,B),aggregate(C with sum as D,$count as N)), or aggregate(...)",
        )
    by = _names(names)
    if not by or len(set(by)) < len(by):
        raise _refused("groupby names no column, or one twice.", "each column once")
    return Grouping(where, by, _measures(aggregates) if aggregates else ())


def _measures(text: str) -> tuple[Measure, ...]:
    measures = []
    for part in _split(text, ","):
        count, aggregate = _COUNT.fullmatch(part), _AGGREGATE.fullmatch(part)
        if count is not None:
            measures.append(Measure("count", None, count.group(1)))
        elif aggregate is not None and aggregate.group(2) in _AGGREGATIONS:
            method = cast("Aggregation", aggregate.group(2))
            measures.append(Measure(method, aggregate.group(1), aggregate.group(3)))
        elif aggregate is not None:
            raise _refused(
                f"'{aggregate.group(2)}' is no aggregation of this feed.",
                f"{', '.join(_AGGREGATIONS)} or $count; a unit cost is a quotient of two sums, "
                "never an average",
            )
        else:
            raise _refused(
                f"aggregate cannot be read: {part[:200]}",
                "COLUMN with sum as NAME, or $count as NAME",
            )
    return tuple(measures)


def _condition(node: Any, depth: int) -> Condition:  # noqa: ANN401 - a node of the parser
    if depth > _MOST_DEPTH:
        raise _refused("$filter is nested too deeply.", f"at most {_MOST_DEPTH} levels")
    if isinstance(node, ast.BoolOp):
        word = "AND" if isinstance(node.op, ast.And) else "OR"
        sides = _condition(node.left, depth + 1), _condition(node.right, depth + 1)
        return Joined(cast("Any", word), sides)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return Negated(_condition(node.operand, depth + 1))
    if isinstance(node, ast.Compare):
        return _comparison(node)
    if isinstance(node, ast.Call) and node.func.name in ("contains", "startswith", "endswith"):
        text = _value(node.args[1])
        if not isinstance(text, str):
            raise _refused(f"{node.func.name} takes a text.", "a text in single quotes")
        return TextTest(cast("Any", node.func.name), _operand(node.args[0]), text)
    if isinstance(node, ast.Identifier):
        return Compare(_operand(node), "=", value=True)
    raise _refused(f"$filter holds {type(node).__name__}.", "comparisons, in, and, or, not, "
                   "contains, startswith, endswith")  # fmt: skip


def _comparison(node: ast.Compare) -> Condition:
    if isinstance(node.comparator, ast.In):
        values = tuple(_value(each) for each in cast("ast.List", node.right).val)
        return OneOf(_operand(node.left), values)
    comparison = _COMPARISONS[type(node.comparator)]
    left, right = node.left, node.right
    if not isinstance(left, ast.Identifier | ast.Call):
        left, right, comparison = right, left, _TURNED.get(comparison, comparison)
    if isinstance(left, ast.Call) and left.func.name in ("contains", "startswith", "endswith"):
        # Excel and Power BI write: contains(A,'x') eq true
        held = _condition(left, 0)
        return held if _value(right) is (comparison == "=") else Negated(held)
    return Compare(_operand(left), cast("Comparison", comparison), _value(right))


def _operand(node: Any) -> Operand:  # noqa: ANN401 - a node of the parser
    if isinstance(node, ast.Identifier):
        return Operand(node.name)
    if isinstance(node, ast.Call) and node.func.name in FUNCTIONS and len(node.args) == 1:
        inner = _operand(node.args[0])
        return Operand(inner.column, (*inner.functions, node.func.name))
    name = node.func.name if isinstance(node, ast.Call) else type(node).__name__
    raise _refused(
        f"$filter holds {name} where a column is expected.",
        f"a column, or one of {alternatives(name, FUNCTIONS)} of one",
    )


def _value(node: Any) -> Value:  # noqa: ANN401 - a node of the parser
    """A literal; a number with a point as the Decimal of its digits."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _value(node.operand)
        if isinstance(number, int | Decimal):
            return -number
    if isinstance(node, ast.Float):
        return Decimal(node.val)
    literals = (ast.Null, ast.Integer, ast.Boolean, ast.String, ast.Date, ast.DateTime)
    if isinstance(node, literals):
        return cast("Value", node.py_val)
    raise _refused(f"$filter holds {type(node).__name__} where a value is expected.",
                   "a text in single quotes, a number, a date, true, false or null")  # fmt: skip


def _order(text: str) -> tuple[tuple[str, bool], ...]:
    order = []
    for part in _names(text):
        name, _, direction = part.partition(" ")
        if direction.strip() not in ("", "asc", "desc"):
            raise _refused(
                f"$orderby cannot be read: {part[:200]}", "COLUMN, COLUMN asc or COLUMN desc"
            )
        order.append((name, direction.strip() == "desc"))
    return tuple(order)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(each.strip() for each in text.split(",") if each.strip())
    return () if names == ("*",) else names


def _number(options: Mapping[str, str], name: str) -> int:
    text = options[name]
    if not text.isascii() or not text.isdigit() or len(text) > 12:  # noqa: PLR2004 - rows
        raise _refused(f"{name}={text[:50]} is no count of rows.", "a number of rows, 0 or more")
    return int(text)


def _flag(options: Mapping[str, str], name: str) -> bool:
    text = options.get(name, "false")
    if text not in ("true", "false"):
        raise _refused(f"{name}={text[:50]} is neither true nor false.", "true or false")
    return text == "true"


def _call(text: str, name: str) -> str | None:
    """What stands in the brackets of `name(...)`, or None where the text is something else."""
    text = text.strip()
    is_call = text.startswith(f"{name}(") and text.endswith(")")
    return text[len(name) + 1 : -1] if is_call else None


def _split(text: str, sign: str) -> list[str]:
    """The parts of a text between signs that stand outside of brackets and quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for place, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
        elif not quoted and depth == 0 and character == sign:
            parts.append(text[start:place])
            start = place + 1
    return [each.strip() for each in (*parts, text[start:])]


def _refused(found: str, expected: str) -> ConfigError:
    return ConfigError(found, f"Expected {expected}.", "See docs/odata.md for what a feed answers.")
