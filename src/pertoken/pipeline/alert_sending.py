"""`alerts` as a table, and their sending: one digest per owner and channel, nothing twice.

What a channel took is kept in the hub under the alert's key, so that a fact is told once by each
channel; what it did not take stays unsent and is tried again at the next call.

Source: docs/alerts.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pertoken.integrations import Digest, DigestLine, SendError, send
from pertoken.pipeline.kept_rows import append_rows, kept_rows
from pertoken.reports import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pertoken.engine import Engine
    from pertoken.hub import Hub
    from pertoken.integrations import Channel
    from pertoken.pipeline.alert_channels import AlertConfig
    from pertoken.pipeline.alert_rules import Alert
    from pertoken.pipeline.audience import Relations

TABLE = "alerts_sent"
SENT_COLUMNS = {
    "AlertKey": "VARCHAR", "Rule": "VARCHAR", "Owner": "VARCHAR", "Channel": "VARCHAR",
    "SentAt": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip
ALERT_COLUMNS = {
    "Rule": "text", "Severity": "text", "Owner": "text", "Title": "text", "Detail": "text",
    "BillingCurrency": "text", "Cost": "money", "Command": "text", "Key": "text",
    "SentTo": "text", "SentAt": "time",
}  # fmt: skip
Sent = dict[tuple[str, str], datetime]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one call sent: digests taken, and what went wrong with the others."""

    digests: int
    alerts: int
    faults: tuple[str, ...]


def sent_alerts(engine: Engine, relations: Relations) -> Sent:
    """When each alert was sent, by its key and channel."""
    return {
        (row["AlertKey"], row["Channel"]): row["SentAt"]
        for row in kept_rows(engine, relations, TABLE, SENT_COLUMNS)
    }


def alerts_table(found: Sequence[Alert], config: AlertConfig, sent: Sent) -> Table:
    """One row per alert, with the channels that have it already."""
    rows = []
    for alert in found:
        known = {channel: time for (key, channel), time in sent.items() if key == alert.key}
        rows.append((
            alert.rule, alert.severity, config.owner_of(alert.owner), alert.title, alert.detail,
            alert.currency, alert.cost, alert.command, alert.key,
            ", ".join(sorted(known)) or None, max(known.values(), default=None),
        ))  # fmt: skip
    columns = tuple(Column(name, kind) for name, kind in ALERT_COLUMNS.items())
    return Table("alerts", columns, tuple(rows))


def send_alerts(
    engine: Engine,
    hub: Hub,
    found: Sequence[Alert],
    config: AlertConfig,
    as_of: datetime,
) -> Delivery:
    """Send what each channel has not had, one digest per owner, and keep what was taken.

    Raises: ConfigError for a setting or secret that is missing; a channel that does not take its
    digest is a fault of the answer, and the others are sent all the same.
    """
    sent = sent_alerts(engine, hub.snapshot(engine))
    digests, alerts, faults = 0, 0, []
    for channel in config.channels:
        for owner, due in _due(found, config, channel, sent).items():
            digest = Digest(owner, as_of, tuple(_line(alert) for alert in due))
            try:
                send(channel, digest)
            except SendError as error:
                faults.append(str(error))
                continue
            now = datetime.now(UTC)
            rows = [(alert.key, alert.rule, owner, channel.name, now) for alert in due]
            append_rows(engine, hub, TABLE, SENT_COLUMNS, rows)
            digests, alerts = digests + 1, alerts + len(due)
    return Delivery(digests, alerts, tuple(faults))


def _due(
    found: Sequence[Alert], config: AlertConfig, channel: Channel, sent: Sent
) -> Mapping[str, list[Alert]]:
    """What a channel is still to tell, by owner."""
    due: dict[str, list[Alert]] = {}
    for alert in found:
        owner = config.owner_of(alert.owner)
        if channel.owner in ("*", owner) and (alert.key, channel.name) not in sent:
            due.setdefault(owner, []).append(alert)
    return dict(sorted(due.items()))


def _line(alert: Alert) -> DigestLine:
    return DigestLine(
        alert.rule, alert.key, alert.severity, alert.title, alert.detail, alert.command,
        alert.currency, alert.cost,
    )  # fmt: skip
