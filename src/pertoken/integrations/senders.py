"""A channel and how each kind of it is sent to: one table of kinds.

Secrets are named by environment variables: `url_variable` for webhooks, `user_variable` and
`password_variable` for e-mail, AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET for Azure.

Source: docs/alerts.md; Teams workflows and Adaptive Cards 1.4; Slack incoming webhooks; Azure
Monitor Logs Ingestion API and custom metrics API (2018-09-01-preview).
"""

from __future__ import annotations

import os
import smtplib
import ssl
from collections import Counter
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError
from pertoken.integrations.azure_monitor import send_logs, send_metrics
from pertoken.integrations.http_post import LOOPBACK, TIMEOUT_SECONDS, post_json
from pertoken.integrations.tries import WAIT_SECONDS, PassingError, refused, tried

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pertoken.integrations.digest import Digest

_SUBMISSION = 587
_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class Channel:
    """Where the digests of an owner go; `options` are the settings of its kind."""

    name: str
    kind: str
    owner: str = "*"
    options: Mapping[str, Any] = field(default_factory=dict)

    def option(self, name: str) -> str:
        """A setting that the kind needs; raises ConfigError where it is not there."""
        value = self.options.get(name)
        if not value:
            raise ConfigError(
                f"The channel {self.name} ({self.kind}) has no '{name}'.",
                f"Expected {', '.join(CHANNEL_KINDS[self.kind][1])}.",
                "Add it to the file of channels.",
            )
        return str(value)

    def secret(self, name: str) -> str:
        """The value of the environment variable that a setting names."""
        variable = self.option(name)
        value = os.environ.get(variable)
        if not value:
            raise ConfigError(
                f"The environment variable {variable} of the channel {self.name} is not set.",
                "Expected the secret there: files and options hold none.",
                f"Set {variable} for this command.",
            )
        return value


def send(channel: Channel, digest: Digest, *, wait: float = WAIT_SECONDS) -> None:
    """Send a digest; a fault that may pass is tried again, three times in all.

    Raises: SendError when it was not taken; ConfigError for a setting or secret that is missing.
    """
    CHANNEL_KINDS[channel.kind][0](channel, digest, wait)


def _webhook(channel: Channel, digest: Digest, wait: float) -> None:
    _post(channel, digest.to_json(), wait)


def _slack(channel: Channel, digest: Digest, wait: float) -> None:
    told = [
        f"*{_plain(line.title)}*\n{_plain(line.detail)}\n`{_plain(line.command)}`"
        for line in digest.lines
    ]
    _post(channel, {"text": "\n\n".join([f"*{_plain(digest.subject)}*", *told])}, wait)


def _teams(channel: Channel, digest: Digest, wait: float) -> None:
    body: list[dict[str, Any]] = [
        {"type": "TextBlock", "size": "Medium", "weight": "Bolder", "wrap": True,
         "text": digest.subject}
    ]  # fmt: skip
    for line in digest.lines:
        body.append({"type": "TextBlock", "weight": "Bolder", "wrap": True, "text": line.title})
        body.append({"type": "TextBlock", "wrap": True, "text": line.detail})
        body.append({"type": "TextBlock", "fontType": "Monospace", "wrap": True,
                     "text": line.command})  # fmt: skip
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard", "version": "1.4", "body": body,
    }  # fmt: skip
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    _post(channel, {"type": "message", "attachments": [attachment]}, wait)


def _post(channel: Channel, content: object, wait: float) -> None:
    url = channel.secret("url_variable")
    tried(
        channel.name, lambda: post_json(channel.name, url, content, {}, (url,)),
        secrets=(url,), wait=wait,
    )  # fmt: skip


def _plain(text: str) -> str:
    """A text without the signs that Slack reads as links and mentions."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _email(channel: Channel, digest: Digest, wait: float) -> None:
    message = EmailMessage()
    message["Subject"] = digest.subject
    message["From"] = channel.option("sender")
    message["To"] = channel.option("to")
    message.set_content(digest.text)
    host, port = channel.option("host"), int(channel.options.get("port") or _SUBMISSION)
    password = channel.secret("password_variable") if "user_variable" in channel.options else ""
    user = channel.secret("user_variable") if password else ""

    def deliver() -> None:
        try:
            with smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS) as server:
                if host not in LOOPBACK:
                    server.starttls(context=ssl.create_default_context())
                if password:
                    server.login(user, password)
                server.send_message(message)
        except smtplib.SMTPResponseException as error:
            if error.smtp_code >= _PERMANENT:
                raise refused(channel.name, f"SMTP {error.smtp_code}", (password, user)) from error
            raise PassingError(f"SMTP {error.smtp_code}") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise refused(channel.name, "every recipient was refused") from error
        except (smtplib.SMTPException, OSError) as error:
            raise PassingError(str(error)) from error

    tried(channel.name, deliver, secrets=(password, user), wait=wait)


def _azure_logs(channel: Channel, digest: Digest, wait: float) -> None:
    rows = [
        {"TimeGenerated": digest.as_of.isoformat(), "Owner": digest.owner, **line.to_json()}
        for line in digest.lines
    ]
    endpoint, rule = channel.option("endpoint"), channel.option("rule_id")
    stream = channel.option("stream")
    tried(channel.name, lambda: send_logs(channel.name, endpoint, rule, stream, rows), wait=wait)


def _azure_metrics(channel: Channel, digest: Digest, wait: float) -> None:
    counts = Counter((line.rule, line.severity) for line in digest.lines)
    endpoint, resource = channel.option("endpoint"), channel.option("resource_id")
    content = {
        "time": digest.as_of.isoformat(),
        "data": {
            "baseData": {
                "metric": "Alerts", "namespace": "pertoken",
                "dimNames": ["Owner", "Rule", "Severity"],
                "series": [
                    {"dimValues": [digest.owner, rule, severity], "min": 1, "max": 1,
                     "sum": count, "count": count}
                    for (rule, severity), count in sorted(counts.items())
                ],
            }
        },
    }  # fmt: skip
    tried(channel.name, lambda: send_metrics(channel.name, endpoint, resource, content), wait=wait)


CHANNEL_KINDS: Mapping[str, tuple[Callable[[Channel, Digest, float], None], tuple[str, ...]]] = {
    "webhook": (_webhook, ("url_variable",)),
    "teams": (_teams, ("url_variable",)),
    "slack": (_slack, ("url_variable",)),
    "email": (_email, ("host", "sender", "to")),
    "azure-logs": (_azure_logs, ("endpoint", "rule_id", "stream")),
    "azure-metrics": (_azure_metrics, ("endpoint", "resource_id")),
}
"""How each kind is sent to, and the settings that it needs."""
