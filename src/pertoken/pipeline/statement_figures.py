"""The figures that statements are made of, from the attribution of a hub as of one commit.

The organisation and a rate card are dated, so days are asked for in stretches in which neither
changes; the attribution is exact day by day, so the stretches of a month sum to it.

Source: docs/statements.md.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from pertoken.allocation import ORGANISATION_COLUMNS, UNATTRIBUTED, AttributionQuery
from pertoken.pipeline.attribution_view import queried_attribution, view_attribution
from pertoken.reports.numbers import EXACT
from pertoken.statements import Figures, Key, Method, Part, summed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import Snapshot
    from pertoken.statements import RateCard

_BY = ("Team", "Application", "x_ModelId", "x_MeterUse", "x_TokenDirection", "x_TokenCacheAction")
_EVIDENCE = ("measured", "estimated", "assumed")
_MILLION = Decimal(1_000_000)


class StatementFigures:
    """Figures by month and currency of a hub and its rules, by any method, each computed once."""

    def __init__(
        self, engine: Engine, snapshot: Snapshot, rules: Rules, card: RateCard | None = None
    ) -> None:
        self._engine = engine
        self._snapshot = snapshot
        self.rules = rules
        self._card = card
        self._known: dict[Method, dict[tuple[str, str], Figures]] = {}

    @property
    def first_month(self) -> str:
        """The first billing month whose charges the hub keeps; empty where it dropped none."""
        return self._snapshot.dropped_before

    def __call__(self, method: Method) -> Mapping[tuple[str, str], Figures]:
        """The figures of every (month, currency).

        Keeps: their costs sum to the AI bill of the month, to the last decimal.
        """
        if method not in self._known:
            pairs: dict[tuple[str, str], list[tuple[Key, Part]]] = {}
            for month, currency, key, part in self._parts(method):
                pairs.setdefault((month, currency), []).append((key, part))
            self._known[method] = {place: summed(found) for place, found in pairs.items()}
        return self._known[method]

    def _parts(self, method: Method) -> Iterator[tuple[str, str, Key, Part]]:
        by_usage = method.evidence != "tags"
        view_attribution(
            self._engine, self._snapshot, self.rules, by_usage=by_usage, basis=method.basis,
            reservations=method.reservations,
        )  # fmt: skip
        for start, end in stretches(self._boundaries()):
            query = AttributionQuery(
                by=_BY, evidence=method.evidence, start=start, end=end, idle=method.idle,
                reservations=method.reservations,
            )  # fmt: skip
            rows = queried_attribution(self._engine, query, self.rules).to_dicts()
            day = start or (end - timedelta(days=1) if end else date.min)
            for row in rows:
                yield (str(row["BillingMonth"]), str(row["BillingCurrency"]),
                       self._key(row, day), self._part(row, day))  # fmt: skip

    def _boundaries(self) -> set[date]:
        members = self.rules.organisation
        days = {day for each in members for day in (each.since, each.until) if day}
        return days | (self._card.days if self._card else set())

    def _key(self, row: Mapping[str, object], day: date) -> Key:
        """What a row is about; a row that names an application and no team is nobody's."""
        team, reason = row["Team"], row["ResidualReason"]
        if team is None:
            team, reason = UNATTRIBUTED, reason or "NoDimension"
        facts = team_facts(self.rules, str(team), day)
        words = [None if row[name] == UNATTRIBUTED else row[name] for name in _BY[1:]]
        values = [*words, reason, facts["CostCenter"], facts["Entity"], facts["LedgerAccount"]]
        return Key._make((str(team), *(None if each is None else str(each) for each in values)))

    def _part(self, row: Mapping[str, object], day: date) -> Part:
        cost, tokens = _decimal(row["EffectiveCost"]), _decimal(row["x_TokenQuantity"])
        evidence = row["Evidence"] if row["Team"] is not None else None
        kinds = {name: cost if evidence == name else Decimal(0) for name in _EVIDENCE}
        residual = Decimal(0) if evidence in _EVIDENCE else cost
        return Part(
            cost=cost, token_cost=_decimal(row["x_TokenCost"]), tokens=tokens, residual=residual,
            card=self._card_cost(row, tokens, day), **kinds,
        )  # fmt: skip

    def _card_cost(self, row: Mapping[str, object], tokens: Decimal, day: date) -> Decimal | None:
        if self._card is None:
            return None
        if not tokens:
            return Decimal(0)
        words = (row["x_ModelId"], row["x_TokenDirection"], row["x_TokenCacheAction"])
        model, direction, action = (None if word is None else str(word) for word in words)
        price = self._card.price(model, direction, action, str(row["BillingCurrency"]), day)
        return None if price is None else EXACT.divide(EXACT.multiply(tokens, price), _MILLION)


def team_facts(rules: Rules, team: str, day: date) -> dict[str, str | None]:
    """What the organisation says of a team on a day; None for what it does not say."""
    facts = next(
        (
            each.facts
            for each in rules.organisation
            if each.team == team
            and (each.since is None or each.since <= day)
            and (each.until is None or day < each.until)
        ),
        {},
    )
    return {name: facts.get(name) for name in ORGANISATION_COLUMNS}


def stretches(boundaries: Iterable[date]) -> list[tuple[date | None, date | None]]:
    """All days, parted where something begins or ends: (first day, day after the last).

    >>> stretches([date(2026, 2, 1)])
    [(None, datetime.date(2026, 2, 1)), (datetime.date(2026, 2, 1), None)]
    """
    edges = [None, *sorted(set(boundaries)), None]
    return list(pairwise(edges))


def _decimal(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)
