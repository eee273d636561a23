"""The fields that tables of a rules file share: known names, days, conditions, overlaps.

Nothing here raises: what is wrong is added to `problems`, so that a file is told all of it at once.

Source: docs/allocation.md, "Rules".
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

When = tuple[tuple[str, tuple[str, ...]], ...]
"""Conditions that all hold: (column, alternatives)."""


class Conditioned(Protocol):
    """What counts where its conditions hold, from a day to another."""

    @property
    def dimension(self) -> str:
        """The dimension that it speaks of."""

    @property
    def when(self) -> When:
        """Its conditions."""

    @property
    def since(self) -> date | None:
        """Its first day; None: it always was."""

    @property
    def until(self) -> date | None:
        """The day after its last; None: it stands."""


def tables_of(key: str, content: Any, problems: list[str]) -> list[dict[str, Any]]:  # noqa: ANN401 - any TOML
    """The tables of `[[key]]`, those that are none told."""
    if isinstance(content, list) and all(isinstance(each, dict) for each in content):
        return content
    problems.append(f"{key} is not written as [[{key}]]")
    return []


def check_fields(
    where: str, table: Mapping[str, Any], known: Iterable[str], problems: list[str]
) -> None:
    """Tell fields that a table has not."""
    problems += [
        f"{where}: unknown field '{field}'; the fields are {', '.join(sorted(known))}"
        for field in table
        if field not in known
    ]


def days_of(
    where: str, table: Mapping[str, Any], problems: list[str]
) -> tuple[date | None, date | None]:
    """`from` (inclusive) and `to` (exclusive) of a table."""
    since, until = table.get("from"), table.get("to")
    for field, day in (("from", since), ("to", until)):
        if day is not None and type(day) is not date:
            problems.append(f"{where}: {field} is {str(day)!r}, not a day such as 2026-01-01")
            return None, None
    if since and until and since >= until:
        problems.append(f"{where}: from {since} to {until} holds no day")
    return since, until


def conditions_of(where: str, table: Mapping[str, Any], problems: list[str]) -> When:
    """The conditions of `when`; none where they cannot be read. Tags.KEY needs no quotes."""
    when = table["when"]
    if not isinstance(when, dict):
        problems.append(f"{where}: when is {when!r}, not columns such as {{ ResourceName = 'a*' }}")
        return ()
    tags = when.get("Tags")
    named = {f"Tags.{key}": value for key, value in tags.items()} if isinstance(tags, dict) else {}
    named |= {column: value for column, value in when.items() if value is not tags or not named}
    wrong = [
        f"{where}: {column} is {value!r}, not a text or a list of texts"
        for column, value in named.items()
        if isinstance(value, dict) or value == [] or not column
    ]
    problems += wrong
    return () if wrong else tuple((column, _texts(value)) for column, value in named.items())


def unreachable(kind: str, rules: Iterable[tuple[int, Conditioned]]) -> list[str]:
    """Rules, by their number, that an earlier one of their dimension leaves nothing to."""
    problems = []
    earlier: list[tuple[int, Conditioned]] = []
    for number, rule in rules:
        covering = (
            other
            for other, each in earlier
            if each.dimension == rule.dimension and _covers(each, rule)
        )
        other = next(covering, None)
        if other is not None:
            problems.append(
                f"[[{kind}]] {number} can never match: [[{kind}]] {other} overlaps all of it"
            )
        earlier.append((number, rule))
    return problems


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _covers(earlier: Conditioned, later: Conditioned) -> bool:
    wanted = dict(later.when)
    conditions = all(
        column in wanted and set(wanted[column]) <= set(values) for column, values in earlier.when
    )
    starts = earlier.since is None or (later.since is not None and earlier.since <= later.since)
    ends = earlier.until is None or (later.until is not None and later.until <= earlier.until)
    return conditions and starts and ends
