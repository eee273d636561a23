"""What a source relation holds, measured before any rule touches it.

The totals here are the ones that everything later is held against: they are sums over the source's
own columns, read as DECIMAL(38,18), in one scan.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pertoken.engine import quoted
from pertoken.errors import SourceError
from pertoken.normalize.source_types import (
    FILE_COLUMN,
    NEEDED,
    READABLE,
    canonical_names,
    checked,
    known_columns,
    typed_expression,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from pertoken.engine import Engine, Row

Totals = tuple[tuple[str, int, Decimal, Decimal], ...]
"""(BillingCurrency, rows, BilledCost, EffectiveCost), by currency."""


@dataclass(frozen=True, slots=True)
class SourceGroup:
    """The charges of one BillingAccountId and billing month in a source."""

    billing_account_id: str
    month: str
    rows: int
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Rows per file, totals per currency, and which accounts, months and subscriptions occur.

    `sub_account_ids` are in lower case; a charge without SubAccountId adds none.
    """

    rows: int
    rows_by_file: Mapping[str, int]
    totals: Totals
    groups: tuple[SourceGroup, ...]
    sub_account_ids: frozenset[str]


def check_columns(columns: Mapping[str, str]) -> str | None:
    """Why a source cannot be charges at all: a column without which no charge has a cost."""
    names = list(canonical_names(columns).values())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return f"column {', '.join(twice)} is there twice"
    missing = [name for name in NEEDED if name not in names]
    if not missing:
        return None
    return f"column {', '.join(missing)} missing: a charge needs {', '.join(NEEDED)}"


def read_expression(column: str, columns: Mapping[str, str]) -> str:
    """SQL: one canonical column of a source, typed and checked; NULL when the source has none."""
    source = next((each for each, to in canonical_names(columns).items() if to == column), None)
    if source is None:
        return "NULL"
    kind = known_columns().get(column, "text")
    typed = typed_expression(source, kind, columns[source])
    return checked(source, column, typed) if column in READABLE else typed


def source_facts(engine: Engine, relation: str) -> SourceFacts:
    """Measure a source relation in one scan.

    Takes:   a relation of charges with FILE_COLUMN, as `view_csv` or `view_parquet` names it.
    Gives:   its facts.
    Raises:  SourceError when a needed column is missing; EngineError from the scan when a cost,
             currency or date cannot be read.
    """
    columns = {name: kind for name, kind in engine.columns(relation).items() if name != FILE_COLUMN}
    if missing := check_columns(columns):
        raise SourceError(
            f"The source has no charges: {missing}.",
            "Expected FOCUS Cost and Usage data.",
            "Name a FOCUS export or file.",
        )
    rows = engine.rows(_facts_sql(columns, relation))
    return _facts(rows)


def _facts_sql(columns: Mapping[str, str], relation: str) -> str:
    def value(name: str) -> str:
        return read_expression(name, columns)

    start = f"coalesce({value('BillingPeriodStart')}, {value('ChargePeriodStart')})"
    readable = ", ".join(
        f"count({value(name)})" for name in READABLE if name not in (*NEEDED, "BillingPeriodStart")
    )
    return (
        f"SELECT {quoted(FILE_COLUMN)}, {value('BillingCurrency')} AS BillingCurrency, "
        f"{value('BillingAccountId')} AS BillingAccountId, "
        f"strftime({start}, '%Y-%m') AS BillingMonth, count(*), "
        f"sum({value('BilledCost')}), sum({value('EffectiveCost')}), "
        f"CAST(min({value('ChargePeriodStart')}) AS DATE), "
        f"CAST(max({value('ChargePeriodStart')}) AS DATE), "
        f"list(DISTINCT lower({value('SubAccountId')})), {readable} "
        f"FROM {quoted(relation)} GROUP BY 1, 2, 3, 4"
    )


def _facts(rows: list[Row]) -> SourceFacts:
    by_file: Counter[str] = Counter()
    totals: dict[str, tuple[int, Decimal, Decimal]] = {}
    groups: dict[tuple[str, str], SourceGroup] = {}
    ids: set[str] = set()
    for file, currency, account, month, count, billed, effective, first, last, subs, *_ in rows:
        by_file[file] += count
        before = totals.get(currency, (0, Decimal(0), Decimal(0)))
        totals[currency] = (before[0] + count, before[1] + billed, before[2] + effective)
        key = (account or "", month)
        group = groups.get(key, SourceGroup(*key, 0, first, last))
        groups[key] = SourceGroup(
            *key,
            rows=group.rows + count,
            first_day=min(first, group.first_day),
            last_day=max(last, group.last_day),
        )
        ids |= {each for each in subs or () if each}
    return SourceFacts(
        rows=sum(by_file.values()),
        rows_by_file=dict(by_file),
        totals=tuple((currency, *totals[currency]) for currency in sorted(totals)),
        groups=tuple(groups[key] for key in sorted(groups)),
        sub_account_ids=frozenset(ids),
    )
