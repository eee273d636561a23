"""Credentials of object stores: stated in variables of pertoken's own names, or not at all.

No chain of defaults is ever tried: no managed identity, no profile, no AWS_ or AZURE_ variable. A
variable followed by `_` and the account or bucket (upper case, other signs as `_`) counts for that
one only, and before the one without, so that exports and hub may lie in different accounts.

Source: docs/object-stores.md; the option names are those of object_store (AzureConfigKey,
AmazonS3ConfigKey), which obstore and deltalake share.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pertoken.errors import ConfigError
from pertoken.redaction import keep_secret
from pertoken.stores.url import AZURE, Bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AZURE_CREDENTIALS = {
    "connection string": {"PERTOKEN_AZURE_CONNECTION_STRING": ""},
    "SAS": {"PERTOKEN_AZURE_SAS_TOKEN": "azure_storage_sas_key"},
    "account key": {"PERTOKEN_AZURE_ACCOUNT_KEY": "azure_storage_account_key"},
    "Entra token": {"PERTOKEN_AZURE_TOKEN": "azure_storage_token"},
    "client secret": {
        "PERTOKEN_AZURE_CLIENT_ID": "azure_storage_client_id",
        "PERTOKEN_AZURE_CLIENT_SECRET": "azure_storage_client_secret",
        "PERTOKEN_AZURE_TENANT_ID": "azure_storage_tenant_id",
    },
}
"""The kinds of credentials of an Azure account: its variables, and the option that each sets."""
_ACCOUNT, _AZURE_ENDPOINT = "PERTOKEN_AZURE_ACCOUNT", "PERTOKEN_AZURE_ENDPOINT"
_S3_NEEDED = {
    "PERTOKEN_S3_ACCESS_KEY_ID": "aws_access_key_id",
    "PERTOKEN_S3_SECRET_ACCESS_KEY": "aws_secret_access_key",
    "PERTOKEN_S3_REGION": "aws_region",
}
_S3_TOKEN, _S3_ENDPOINT = "PERTOKEN_S3_SESSION_TOKEN", "PERTOKEN_S3_ENDPOINT"
_ALLOW_HTTP = "PERTOKEN_STORE_ALLOW_HTTP"
_NO_SECRET = ("_ACCOUNT", "_REGION", "_ENDPOINT", "CLIENT_ID", "TENANT_ID", "ACCESS_KEY_ID")
_AMBIENT = ("AWS_", "AZURE_", "IDENTITY_", "MSI_")


@dataclass(frozen=True, slots=True)
class Access:
    """How a bucket is reached: the options of object_store; never shown, for they hold secrets."""

    options: Mapping[str, str] = field(repr=False)
    allow_http: bool


def access_of(bucket: Bucket, environment: Mapping[str, str] | None = None) -> Access:
    """The stated way to reach a bucket.

    Takes:   environment, the variables; those of the process when not given.
    Raises:  ConfigError, when a credential is missing, is stated twice, or would pass in clear.
    """
    stated = _Stated(os.environ if environment is None else environment, bucket)
    options = _azure_options(bucket, stated) if bucket.kind == AZURE else _s3_options(stated)
    endpoint = options.get("azure_storage_endpoint") or options.get("aws_endpoint") or "https://"
    allow_http = stated.value(_ALLOW_HTTP).casefold() in ("1", "true", "yes")
    if not endpoint.lower().startswith("https://") and not allow_http:
        raise ConfigError(
            f"The endpoint {endpoint} is not https: a credential would pass in clear.",
            f"Expected https://, or {_ALLOW_HTTP}=1 for a server on this machine.",
            "Change the endpoint, or set that variable.",
        )
    return Access(options, allow_http)


class _Stated:
    """The variables as they count for one bucket; what is read of them is kept secret."""

    def __init__(self, environment: Mapping[str, str], bucket: Bucket) -> None:
        self.bucket = bucket
        self._environment = environment
        self._owner = bucket.account if bucket.kind == AZURE else bucket.name

    def own(self, name: str) -> str:
        """The name of a variable for the account or bucket alone; the plain one without."""
        if not self._owner:
            return name
        return f"{name}_{re.sub(r'[^A-Z0-9]', '_', self._owner.upper())}"

    def of_account(self, account: str) -> None:
        self._owner = account

    def value(self, name: str) -> str:
        """The value that counts; empty where there is none."""
        return self.read(self.own(name)) or self.read(name)

    def read(self, name: str) -> str:
        value = self._environment.get(name, "").strip()
        if value and "PERTOKEN_STORE_" not in name and not any(n in name for n in _NO_SECRET):
            keep_secret(value)
        return value


def _azure_options(bucket: Bucket, stated: _Stated) -> dict[str, str]:
    account = bucket.account or stated.value(_ACCOUNT)
    if account:
        stated.of_account(account)
    options = _azure_credential(bucket, stated)
    stated_account = options.get("azure_storage_account_name", account)
    if account and stated_account != account:
        raise ConfigError(
            f"The connection string is of account {stated_account}, {bucket.text} of {account}.",
            "Expected the connection string of the account that the URL names.",
            f"Set {stated.own('PERTOKEN_AZURE_CONNECTION_STRING')} to that of {account}.",
        )
    if not stated_account:
        raise _missing(bucket, "its storage account", f"{_ACCOUNT}, or name it in an abfss:// URL")
    endpoint = stated.value(_AZURE_ENDPOINT) or bucket.endpoint
    options["azure_storage_account_name"] = stated_account
    return options | ({"azure_storage_endpoint": endpoint.rstrip("/")} if endpoint else {})


def _azure_credential(bucket: Bucket, stated: _Stated) -> dict[str, str]:
    for name_of in (stated.own, str):
        kinds = {
            kind: names
            for kind, names in AZURE_CREDENTIALS.items()
            if any(stated.read(name_of(name)) for name in names)
        }
        if len(kinds) > 1:
            raise ConfigError(
                f"Several credentials are set for {bucket.text}: {', '.join(kinds)}.",
                "Expected one, so that it is plain which counts.",
                "Unset the others: "
                + ", ".join(name_of(name) for names in kinds.values() for name in names)
                + ".",
            )
        for kind, names in kinds.items():
            missing = [name_of(name) for name in names if not stated.read(name_of(name))]
            if missing:
                raise _missing(bucket, f"a part of its {kind}", " and ".join(missing))
            options = {option: stated.read(name_of(name)) for name, option in names.items()}
            return _unpacked(bucket, options)
    shown = ", ".join(next(iter(names)) for names in list(AZURE_CREDENTIALS.values())[:4])
    raise _missing(
        bucket,
        "a credential",
        f"one of {shown}, or {', '.join(AZURE_CREDENTIALS['client secret'])}",
    )


def _unpacked(bucket: Bucket, options: dict[str, str]) -> dict[str, str]:
    """The options, those of a connection string in the place of it; a SAS without its '?'."""
    if "azure_storage_sas_key" in options:
        return {"azure_storage_sas_key": options["azure_storage_sas_key"].removeprefix("?")}
    if "" not in options:
        return options
    parts = {
        name.strip().lower(): value.strip()
        for name, mark, value in (each.partition("=") for each in options[""].split(";"))
        if mark
    }
    keep_secret(parts.get("accountkey", ""), parts.get("sharedaccesssignature", ""))
    protocol = parts.get("defaultendpointsprotocol", "https")
    suffix, account = parts.get("endpointsuffix", "core.windows.net"), parts.get("accountname", "")
    endpoint = parts.get("blobendpoint") or f"{protocol}://{account}.blob.{suffix}"
    found = {
        "azure_storage_account_name": account,
        "azure_storage_account_key": parts.get("accountkey", ""),
        "azure_storage_sas_key": parts.get("sharedaccesssignature", "").removeprefix("?"),
        "azure_storage_endpoint": endpoint.rstrip("/"),
    }
    if not account or not (found["azure_storage_account_key"] or found["azure_storage_sas_key"]):
        raise _missing(
            bucket,
            "AccountName, or AccountKey or SharedAccessSignature, in the connection string",
            "PERTOKEN_AZURE_CONNECTION_STRING to that of the portal, "
            "'DefaultEndpointsProtocol=https;AccountName=...;AccountKey=...'",
        )
    return {name: value for name, value in found.items() if value}


def _s3_options(stated: _Stated) -> dict[str, str]:
    options = {option: stated.value(name) for name, option in _S3_NEEDED.items()}
    missing = [name for name, option in _S3_NEEDED.items() if not options[option]]
    if missing:
        raise _missing(stated.bucket, "a credential or the region", " and ".join(missing))
    optional = {_S3_TOKEN: "aws_session_token", _S3_ENDPOINT: "aws_endpoint"}
    found = {option: stated.value(name).rstrip("/") for name, option in optional.items()}
    return options | {option: value for option, value in found.items() if value}


def _missing(bucket: Bucket, what: str, names: str) -> ConfigError:
    return ConfigError(
        f"There is no way to reach {bucket.text}: {what} is not set.",
        "Expected explicit credentials in pertoken's own variables; no other is looked for.",
        f"Set {names} (docs/object-stores.md).",
    )


_hiding = threading.Lock()
_hidden: dict[str, str] = {}
_inside = 0


@contextmanager
def ambient_hidden() -> Iterator[None]:
    """Hide the variables of the clouds' own tools while a client is made.

    obstore and deltalake add what AZURE_ and AWS_ variables say to the options that they are given,
    so that a token of another account would win over the stated key.
    """
    global _inside  # noqa: PLW0603 - one environment, one count
    with _hiding:
        _inside += 1
        for name in [each for each in os.environ if each.startswith(_AMBIENT)]:
            _hidden[name] = os.environ.pop(name)
    try:
        yield
    finally:
        with _hiding:
            _inside -= 1
            if not _inside:
                os.environ.update(_hidden)
                _hidden.clear()
