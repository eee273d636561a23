"""The rules of a person: what tags mean, which cost goes where, who a team is. All dated.

A file of rules is TOML. Everything that is wrong in it is said at once; a rule that can never match
because an earlier one of its dimension matches all that it does is wrong too.

Source: docs/allocation.md, "Rules"; default_rules.toml.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pertoken.allocation.rule_fields import (
    check_fields,
    conditions_of,
    days_of,
    tables_of,
    unreachable,
)
from pertoken.allocation.split import USAGE_DIMENSIONS
from pertoken.allocation.spreads import Spread, check_spreads, read_spreads
from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pertoken.allocation.rule_fields import When

DEFAULT_RULES = "default_rules.toml"
ORGANISATION_COLUMNS = {
    "CostCenter": "cost_center", "Owner": "owner", "Entity": "entity",
    "LedgerAccount": "ledger_account",
}  # fmt: skip
_SEPARATORS = re.compile(r"[\s._-]+")
_RULE_FIELDS = {"dimension", "value", "when", "from", "to", "name"}
_TAG_FIELDS = {"keys", "values", "pattern", "from", "to"}
_MEMBER_FIELDS = {"team", "from", "to", *ORGANISATION_COLUMNS.values()}


@dataclass(frozen=True, slots=True)
class TagRule:
    """How one canonical key is read from tags."""

    key: str
    spellings: tuple[str, ...]
    values: Mapping[str, str]
    pattern: re.Pattern[str] | None
    since: date | None = None
    until: date | None = None

    def value_of(self, text: str) -> str:
        """The canonical value of a tag's value.

        >>> TagRule("Environment", ("env",), {"production": "prod"}, None).value_of("Production")
        'prod'
        """
        trimmed = text.strip()
        if folded(trimmed) in self.values:
            return self.values[folded(trimmed)]
        match = self.pattern.fullmatch(trimmed) if self.pattern else None
        return match.group(1) if match else trimmed


@dataclass(frozen=True, slots=True)
class Rule:
    """A value for a dimension where all conditions hold; `when` is (column, alternatives)."""

    dimension: str
    value: str
    when: When
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """What a team is from a day to another: `facts` by ORGANISATION_COLUMNS."""

    team: str
    facts: Mapping[str, str]
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """A file of rules, checked."""

    tags: tuple[TagRule, ...]
    rules: tuple[Rule, ...] = ()
    organisation: tuple[Member, ...] = ()
    spreads: tuple[Spread, ...] = ()
    digest: str = ""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension that tags, rules or the organisation can give, in order."""
        named = [rule.key for rule in self.tags] + [rule.dimension for rule in self.rules]
        facts = [key for member in self.organisation for key in member.facts]
        return tuple(dict.fromkeys([*named, *facts]))


@cache
def default_rules() -> Rules:
    """The rules that hold while a hub has none of its own."""
    return parse_rules(default_rules_text(), DEFAULT_RULES)


def default_rules_text() -> str:
    """The rules that hold while a hub has none of its own, as they are written."""
    return files("pertoken.allocation").joinpath(DEFAULT_RULES).read_text("utf-8")


def folded(text: str) -> str:
    """A spelling without what does not matter in it.

    >>> folded("Cost-Center ")
    'costcenter'
    """
    return _SEPARATORS.sub("", text).casefold()


def parse_rules(text: str, name: str) -> Rules:
    """The rules of a TOML file.

    Raises: ConfigError, with everything that is wrong in it.
    """
    try:
        content = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(name, [str(error)]) from error
    problems = [f"unknown table [{key}]" for key in content if key not in _TABLES]
    lists = {key: tables_of(key, content.get(key, []), problems) for key in _LISTS}
    tags = tuple(_tag_rules(content.get("tags", {}), problems))
    rules = tuple(_rules(lists["rule"], problems))
    members = tuple(_members(lists["organisation"], problems))
    spreads = tuple(read_spreads(lists["spread"], problems))
    problems += unreachable("rule", rules) + _overlapping(members)
    found = Rules(
        tags or default_rules().tags,
        tuple(rule for _, rule in rules),
        members,
        tuple(spread for _, spread in spreads),
    )
    known = {*USAGE_DIMENSIONS, "Deployment", *ORGANISATION_COLUMNS, *found.dimensions}
    problems += check_spreads(spreads, known)
    if problems:
        raise _wrong(name, problems)
    return found


_LISTS = ("rule", "organisation", "spread")
_TABLES = ("tags", *_LISTS)


def _tag_rules(tables: Any, problems: list[str]) -> Iterable[TagRule]:  # noqa: ANN401 - any TOML
    spelt: dict[str, str] = {}
    if not isinstance(tables, dict):
        problems.append("tags is not written as [tags.KEY]")
        return
    for key, table in tables.items():
        where = f"[tags.{key}]"
        if not isinstance(table, dict):
            problems.append(f"{where}: {table!r} is no table")
            continue
        check_fields(where, table, _TAG_FIELDS, problems)
        wrong = _not_lists(where, table)
        if wrong:
            problems += wrong
            continue
        for spelling in table.get("keys", [key]):
            other = spelt.setdefault(folded(str(spelling)), key)
            if other != key:
                problems.append(f"{where}: the tag key '{spelling}' means {other} too")
        values = {
            folded(str(each)): str(value)
            for value, spellings in table.get("values", {}).items()
            for each in (value, *spellings)
        }
        yield TagRule(
            key,
            tuple(folded(str(each)) for each in table.get("keys", [key])),
            values,
            _pattern(where, table.get("pattern"), problems),
            *days_of(where, table, problems),
        )


def _not_lists(where: str, table: Mapping[str, Any]) -> list[str]:
    """Spellings that are not written as lists."""
    values = table.get("values", {})
    if not isinstance(values, dict):
        return [f"{where}: values is {values!r}, not a table of lists"]
    lists = {f"values.{value}": spellings for value, spellings in values.items()}
    if "keys" in table:
        lists["keys"] = table["keys"]
    return [
        f"{where}: {field} is {held!r}, not a list such as ['a', 'b']"
        for field, held in lists.items()
        if not isinstance(held, list) or not held
    ]


def _pattern(where: str, text: str | None, problems: list[str]) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        pattern = re.compile(text, re.IGNORECASE)
    except re.error as error:
        problems.append(f"{where}: pattern '{text}': {error}")
        return None
    if pattern.groups != 1:
        problems.append(f"{where}: pattern '{text}' needs one group, which is the value")
        return None
    return pattern


def _rules(tables: list[dict[str, Any]], problems: list[str]) -> Iterable[tuple[int, Rule]]:
    for number, table in enumerate(tables, 1):
        where = f"[[rule]] {number}"
        check_fields(where, table, _RULE_FIELDS, problems)
        if not table.get("dimension") or not table.get("value") or not table.get("when"):
            problems.append(f"{where}: dimension, value and when are needed")
            continue
        dimension = str(table["dimension"])
        when = conditions_of(where, table, problems)
        if not when:
            continue
        if dimension in (column for column, _ in when):
            problems.append(f"{where}: {dimension} stands in its own condition, which is a loop")
        yield number, Rule(dimension, str(table["value"]), when, *days_of(where, table, problems))


def _members(tables: list[dict[str, Any]], problems: list[str]) -> Iterable[Member]:
    for number, table in enumerate(tables, 1):
        where = f"[[organisation]] {number}"
        check_fields(where, table, _MEMBER_FIELDS, problems)
        if not table.get("team"):
            problems.append(f"{where}: team is needed")
            continue
        facts = {
            column: str(table[field])
            for column, field in ORGANISATION_COLUMNS.items()
            if field in table
        }
        yield Member(str(table["team"]), facts, *days_of(where, table, problems))


def _overlapping(members: tuple[Member, ...]) -> list[str]:
    return [
        f"[[organisation]] {place + 1}: team '{member.team}' has two rows for one day"
        for place, member in enumerate(members)
        for other in members[:place]
        if other.team == member.team
        and (other.until or date.max) > (member.since or date.min)
        and (member.until or date.max) > (other.since or date.min)
    ]


def _wrong(name: str, problems: list[str]) -> ConfigError:
    return ConfigError(
        f"The rules in {name} cannot be used: {'; '.join(problems)}.",
        "Expected TOML with [tags.KEY], [[rule]], [[organisation]] and [[spread]]: "
        "docs/allocation.md.",
        "Mend it, then preview what it would move.",
    )
