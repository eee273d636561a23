"""A digest arrives whole, is tried a limited number of times, and no secret is told."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from receivers import MailReceiver, WebReceiver

from pertoken.errors import ConfigError
from pertoken.integrations import Channel, Digest, DigestLine, SendError, azure_monitor, send
from pertoken.integrations.tries import redacted

DIGEST = Digest(
    "finops",
    datetime(2026, 10, 5, 8, tzinfo=UTC),
    (
        DigestLine(
            "forecast breach", "budget|All|2026-10", "warning", "The budget All is <at risk>",
            "12 of 10 USD expected.", "pertoken budgets", "USD", Decimal("2.5"),
        ),
    ),
)  # fmt: skip


MAIL = {"sender": "a@b.example", "to": "c@d.example"}


class Token:
    """A credential that is given, never looked for."""

    def get_token(self, *_: str, **__: Any) -> Any:  # noqa: ANN401 - as the SDK has it
        from azure.core.credentials import AccessToken  # noqa: PLC0415 - an extra

        return AccessToken("secret-token", 4_000_000_000)


def hook(kind: str) -> Channel:
    return Channel("hook", kind, "*", {"url_variable": "TEST_HOOK_URL"})


@pytest.mark.parametrize("kind", ["webhook", "slack", "teams"])
def test_a_webhook_gets_every_alert(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with WebReceiver() as web:
        monkeypatch.setenv("TEST_HOOK_URL", f"{web.address}/services/secret-path")
        send(hook(kind), DIGEST)
    [received] = web.received
    told = str(received.content)
    assert received.path == "/services/secret-path"
    assert "12 of 10 USD expected." in told
    assert "pertoken budgets" in told
    assert ("&lt;at risk&gt;" in told) == (kind == "slack")
    if kind == "webhook":
        assert received.content["Alerts"][0]["Cost"] == "2.5"
    if kind == "teams":
        card = received.content["attachments"][0]["content"]
        assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")


def test_what_may_pass_is_tried_three_times_and_logged_without_secrets(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with WebReceiver([503, 429, 200]) as web:
        monkeypatch.setenv("TEST_HOOK_URL", f"{web.address}/services/secret-path")
        with caplog.at_level(logging.WARNING, logger="pertoken.integrations"):
            send(hook("webhook"), DIGEST, wait=0)
    assert len(web.received) == 3
    assert [record.message for record in caplog.records] == [
        "hook: try 1 of 3 failed: HTTP 503", "hook: try 2 of 3 failed: HTTP 429",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "tries", "word"),
    [(500, 3, "did not take"), (404, 1, "refused"), (302, 1, "refused"), (401, 1, "refused")],
)
def test_a_channel_that_takes_nothing_is_named_and_its_address_is_not(
    code: int, tries: int, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WebReceiver([code]) as web:
        monkeypatch.setenv("TEST_HOOK_URL", f"{web.address}/services/secret-path")
        with pytest.raises(SendError, match=word) as error:
            send(hook("webhook"), DIGEST, wait=0)
    assert len(web.received) == tries
    assert "secret-path" not in str(error.value)


def test_a_server_that_is_not_there_is_a_fault_that_may_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with WebReceiver() as web:
        address = web.address
    monkeypatch.setenv("TEST_HOOK_URL", f"{address}/secret-path")
    with pytest.raises(SendError, match="3 tries"):
        send(hook("webhook"), DIGEST, wait=0)


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://127.0.0.1/x", "file:///etc/passwd"])
def test_an_address_without_tls_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_HOOK_URL", url)
    with pytest.raises(SendError, match="not https"):
        send(hook("webhook"), DIGEST, wait=0)


def test_a_secret_that_is_not_in_the_environment_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TEST_HOOK_URL", raising=False)
    with pytest.raises(ConfigError, match="TEST_HOOK_URL"):
        send(hook("slack"), DIGEST)


def test_a_mail_has_the_digest_as_text() -> None:
    with MailReceiver() as mail:
        options = {
            "host": "127.0.0.1",
            "port": mail.port,
            "sender": "a@b.example",
            "to": "c@d.example",
        }
        send(Channel("mail", "email", "*", options), DIGEST)
    [message] = mail.messages
    assert "Subject: pertoken: 1 alert for finops" in message
    assert "12 of 10 USD expected." in message


def test_a_mail_that_is_refused_is_not_tried_again() -> None:
    with MailReceiver("554 no") as mail:
        options = {
            "host": "127.0.0.1",
            "port": mail.port,
            "sender": "a@b.example",
            "to": "c@d.example",
        }
        with pytest.raises(SendError, match="SMTP 554"):
            send(Channel("mail", "email", "*", options), DIGEST, wait=0)


def test_rows_go_to_a_stream_of_a_data_collection_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("azure.monitor.ingestion", reason="the extra `azure` is not installed")
    monkeypatch.setattr("azure.identity.ClientSecretCredential", lambda *_: Token())
    for name in azure_monitor.VARIABLES:
        monkeypatch.setenv(name, "given")
    with WebReceiver([503, 204]) as web:
        options = {"endpoint": web.address, "rule_id": "dcr-1", "stream": "Custom-Alerts_CL"}
        send(Channel("logs", "azure-logs", "*", options), DIGEST, wait=0)
    assert len(web.received) == 2
    received = web.received[-1]
    assert received.path.startswith("/dataCollectionRules/dcr-1/streams/Custom-Alerts_CL")
    assert received.headers["Authorization"] == "Bearer secret-token"
    assert received.content[0]["Title"] == "The budget All is <at risk>"
    assert received.content[0]["TimeGenerated"] == "2026-10-05T08:00:00+00:00"


def test_counts_go_to_the_custom_metrics_of_a_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("azure.identity", reason="the extra `azure` is not installed")
    monkeypatch.setattr("azure.identity.ClientSecretCredential", lambda *_: Token())
    for name in azure_monitor.VARIABLES:
        monkeypatch.setenv(name, "given")
    with WebReceiver() as web:
        options = {"endpoint": web.address, "resource_id": "/subscriptions/s/x"}
        send(Channel("metrics", "azure-metrics", "*", options), DIGEST)
    [received] = web.received
    assert received.path == "/subscriptions/s/x/metrics"
    data = received.content["data"]["baseData"]
    assert data["series"] == [
        {"dimValues": ["finops", "forecast breach", "warning"], "min": 1, "max": 1, "sum": 1,
         "count": 1}
    ]  # fmt: skip


def test_no_identity_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("azure.identity", reason="the extra `azure` is not installed")
    for name in azure_monitor.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    options = {"endpoint": "https://dce.example", "rule_id": "r", "stream": "s"}
    with pytest.raises(ConfigError, match="AZURE_TENANT_ID"):
        send(Channel("logs", "azure-logs", "*", options), DIGEST)


def test_texts_lose_their_secrets() -> None:
    told = redacted("https://h.example/a/b?sig=x token=abc pw hunter2", ["hunter2"])
    assert told == "https://h.example/... token=*** pw ***"
