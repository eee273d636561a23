"""Budgets and alerts, as Python asks for them: the part of a hub that keeps watch."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pertoken.api.outlook import OutlookResult
from pertoken.api.result import Result
from pertoken.deferred import deferred
from pertoken.errors import ConfigError
from pertoken.periods import parse_month, parse_timestamp

if TYPE_CHECKING:
    from pertoken.allocation import Rules
    from pertoken.engine import Engine
    from pertoken.hub import Hub as HubStore
    from pertoken.hub import Snapshot
    from pertoken.pipeline.alert_channels import AlertConfig, read_alert_config
    from pertoken.pipeline.alert_rules import Asked, alerts
    from pertoken.pipeline.alert_sending import alerts_table, send_alerts, sent_alerts
    from pertoken.pipeline.budgets import BudgetQuery, budgets_table, hub_budgets, save_budgets
    from pertoken.pipeline.plans import read_plans
    from pertoken.stores import Folder
else:
    _VIEWS = "pertoken.pipeline"
    AlertConfig = deferred(f"{_VIEWS}.alert_channels", "AlertConfig")
    read_alert_config = deferred(f"{_VIEWS}.alert_channels", "read_alert_config")
    Asked = deferred(f"{_VIEWS}.alert_rules", "Asked")
    alerts = deferred(f"{_VIEWS}.alert_rules", "alerts")
    alerts_table = deferred(f"{_VIEWS}.alert_sending", "alerts_table")
    send_alerts = deferred(f"{_VIEWS}.alert_sending", "send_alerts")
    sent_alerts = deferred(f"{_VIEWS}.alert_sending", "sent_alerts")
    BudgetQuery = deferred(f"{_VIEWS}.budgets", "BudgetQuery")
    budgets_table = deferred(f"{_VIEWS}.budgets", "budgets_table")
    hub_budgets = deferred(f"{_VIEWS}.budgets", "hub_budgets")
    save_budgets = deferred(f"{_VIEWS}.budgets", "save_budgets")
    read_plans = deferred(f"{_VIEWS}.plans", "read_plans")


class Alerts:
    """Questions about budgets and what somebody should act on; `Hub` has them as its own."""

    if TYPE_CHECKING:
        _store: HubStore

        @property
        def _engine(self) -> Engine: ...

        def _snapshot(self) -> Snapshot: ...

        def _rules(self, file: str | Path | None) -> Rules: ...

    def budgets(
        self,
        file: str | Path | None = None,
        *,
        month: str | None = None,
        plans: str | Path | None = None,
        rules: str | Path | None = None,
    ) -> Result:
        """How each budget of a month stands: actual, forecast, the day of breach and its odds.

        Takes:   a file of budgets, else the one that counts in the hub; month, else that of the
                 first day ahead.
        Gives:   the columns of `pertoken budgets`.
        Raises:  ConfigError where there are no budgets, or the file cannot be read.
        """
        snapshot = self._snapshot()
        known = hub_budgets(snapshot.root, None if file is None else Path(file))
        if not known:
            raise ConfigError(
                "There are no budgets.",
                "Expected a file of budgets, or one that the hub keeps.",
                "Name one, or run `pertoken budgets save FILE`.",
            )
        query = BudgetQuery(
            budgets=known,
            month=None if month is None else parse_month(month),
            plans=() if plans is None else read_plans(Path(plans)),
        )
        return Result(
            budgets_table(self._engine, snapshot, snapshot.runs, query, self._rules(rules))
        )

    def save_budgets(self, file: str | Path) -> Folder:
        """Make a file of budgets the one that counts; gives where the hub keeps it."""
        return save_budgets(self._snapshot().root, Path(file))

    def alerts(
        self,
        channels: str | Path | None = None,
        *,
        send: bool = False,
        as_of: datetime | str | None = None,
        budgets: str | Path | None = None,
        plans: str | Path | None = None,
        rules: str | Path | None = None,
    ) -> OutlookResult:
        """What somebody should act on; with `send`, told to the channels that have not had it.

        Takes:   channels, a file of channels and thresholds; as_of, the time against which a
                 missing export and an expiring reservation are judged, else the system clock.
        Gives:   the columns of `pertoken alerts`; findings are channels that took nothing.
        Raises:  ConfigError for a file, setting or secret that is wrong or missing.
        """
        config = AlertConfig() if channels is None else read_alert_config(Path(channels))
        if send and not config.channels:
            raise ConfigError(
                "There is no channel to send to.",
                "Expected a file with a [[channel]].",
                "Name it with --channels FILE.",
            )
        moment = _moment(as_of)
        snapshot = self._snapshot()
        found = alerts(
            Asked(
                engine=self._engine,
                snapshot=snapshot,
                rules=self._rules(rules),
                as_of=moment,
                settings=config.settings,
                budgets=hub_budgets(snapshot.root, None if budgets is None else Path(budgets)),
                plans=() if plans is None else read_plans(Path(plans)),
            )
        )
        notes: tuple[str, ...] = ()
        faults: tuple[str, ...] = ()
        if send:
            done = send_alerts(self._engine, self._store, found, config, moment)
            notes, faults = (f"Sent: {done.alerts} alerts in {done.digests} digests.",), done.faults
        sent = sent_alerts(self._engine, self._snapshot())
        return OutlookResult(Result(alerts_table(found, config, sent), faults), notes)


def _moment(value: datetime | str | None) -> datetime:
    if value is None:
        return datetime.now(UTC)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        text = value.strip()
        return parse_timestamp(text if "T" in text or " " in text else f"{text}T00:00:00Z")
    except ValueError:
        raise ConfigError(
            f"'{value}' is not a time.",
            "Expected YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ, in UTC.",
            "Give --as-of in that form.",
        ) from None
