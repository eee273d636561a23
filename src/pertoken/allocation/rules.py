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
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    when: tuple[tuple[str, tuple[str, ...]], ...]
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
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(name, [str(error)]) from error
    problems = [f"unknown table [{key}]" for key in content if key not in _TABLES]
    tags = tuple(_tag_rules(content.get("tags", {}), problems))
    rules = tuple(_rules(content.get("rule", []), problems))
    members = tuple(_members(content.get("organisation", []), problems))
    problems += _unreachable(rules) + _overlapping(members)
    if problems:
        raise _wrong(name, problems)
    return Rules(tags or default_rules().tags, rules, members)


_TABLES = ("tags", "rule", "organisation")


def _tag_rules(tables: Mapping[str, Any], problems: list[str]) -> Iterable[TagRule]:
    spelt: dict[str, str] = {}
    for key, table in tables.items():
        where = f"[tags.{key}]"
        _check_fields(where, table, _TAG_FIELDS, problems)
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
            *_dates(where, table, problems),
        )


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


def _rules(tables: list[dict[str, Any]], problems: list[str]) -> Iterable[Rule]:
    for number, table in enumerate(tables, 1):
        where = f"[[rule]] {number}"
        _check_fields(where, table, _RULE_FIELDS, problems)
        if not table.get("dimension") or not table.get("value") or not table.get("when"):
            problems.append(f"{where}: dimension, value and when are needed")
            continue
        dimension = str(table["dimension"])
        when = tuple(
            (column, tuple(map(str, value)) if isinstance(value, list) else (str(value),))
            for column, value in table["when"].items()
        )
        if dimension in (column for column, _ in when):
            problems.append(f"{where}: {dimension} stands in its own condition, which is a loop")
        yield Rule(dimension, str(table["value"]), when, *_dates(where, table, problems))


def _members(tables: list[dict[str, Any]], problems: list[str]) -> Iterable[Member]:
    for number, table in enumerate(tables, 1):
        where = f"[[organisation]] {number}"
        _check_fields(where, table, _MEMBER_FIELDS, problems)
        if not table.get("team"):
            problems.append(f"{where}: team is needed")
            continue
        facts = {
            column: str(table[field])
            for column, field in ORGANISATION_COLUMNS.items()
            if field in table
        }
        yield Member(str(table["team"]), facts, *_dates(where, table, problems))


def _check_fields(
    where: str, table: Mapping[str, Any], known: set[str], problems: list[str]
) -> None:
    problems += [
        f"{where}: unknown field '{field}'; the fields are {', '.join(sorted(known))}"
        for field in table
        if field not in known
    ]


def _dates(
    where: str, table: Mapping[str, Any], problems: list[str]
) -> tuple[date | None, date | None]:
    since, until = table.get("from"), table.get("to")
    for field, day in (("from", since), ("to", until)):
        if day is not None and type(day) is not date:
            problems.append(f"{where}: {field} is {day!r}, not a day such as 2026-01-01")
            return None, None
    if since and until and since >= until:
        problems.append(f"{where}: from {since} to {until} holds no day")
    return since, until


def _unreachable(rules: tuple[Rule, ...]) -> list[str]:
    """Rules that an earlier one of their dimension leaves nothing to."""
    problems = []
    for place, rule in enumerate(rules):
        for earlier in rules[:place]:
            if earlier.dimension == rule.dimension and _covers(earlier, rule):
                problems.append(
                    f"[[rule]] {place + 1} can never match: "
                    f"[[rule]] {rules.index(earlier) + 1} overlaps all of it"
                )
                break
    return problems


def _covers(earlier: Rule, later: Rule) -> bool:
    wanted = dict(later.when)
    conditions = all(
        column in wanted and set(wanted[column]) <= set(values) for column, values in earlier.when
    )
    starts = earlier.since is None or (later.since is not None and earlier.since <= later.since)
    ends = earlier.until is None or (later.until is not None and later.until <= earlier.until)
    return conditions and starts and ends


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
        "Expected TOML with [tags.KEY], [[rule]] and [[organisation]]: docs/allocation.md.",
        "Mend the file, then preview it with `pertoken rules preview FILE`.",
    )
