"""Who asks Azure, and where: credentials that are stated, and endpoints that may have them.

Credentials are explicit, always: an Entra token, or the id, secret and tenant of an application, by
environment variables. No chain of defaults is tried.

Source: docs/azure-exports.md, "Credentials".
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from pertoken.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

PUBLIC = "https://management.azure.com"
PUBLIC_LOGS = "https://api.loganalytics.io"
TOKEN = "PERTOKEN_AZURE_MANAGEMENT_TOKEN"  # noqa: S105 - the name of a variable
LOGS_TOKEN = "PERTOKEN_AZURE_LOGS_TOKEN"  # noqa: S105 - the name of a variable
APPLICATION = (
    "PERTOKEN_AZURE_TENANT_ID",
    "PERTOKEN_AZURE_CLIENT_ID",
    "PERTOKEN_AZURE_CLIENT_SECRET",
)
AUTHORITY = "PERTOKEN_AZURE_AUTHORITY"
CREDENTIALS = (TOKEN, LOGS_TOKEN, *APPLICATION, AUTHORITY)
"""The environment variables that are read, and no others."""

_SHORTEST_LIFE = 300


class AccessToken(NamedTuple):
    """A token and when it ends, in seconds since 1970, as the Azure SDK takes it."""

    token: str
    expires_on: int


class StatedToken:
    """The credential of a token that the user gives; it is used as it is."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        """The token, whatever it is asked for."""
        del scopes, options
        return AccessToken(self._token, int(time.time()) + _SHORTEST_LIFE)


def credential_of(environment: Mapping[str, str], endpoint: str, token: str = TOKEN) -> Any:  # noqa: ANN401 - the SDK's
    """The credential that the environment states for an endpoint.

    Takes:  token, the variable that may state an Entra token for this endpoint.
    Raises: ConfigError when the environment states none, or a part of one.
    """
    stated = {name: environment.get(name, "").strip() for name in CREDENTIALS}
    if stated[token]:
        return StatedToken(stated[token])
    missing = [name for name in APPLICATION if not stated[name]]
    if missing:
        asked = "" if token == TOKEN else f" --resource {endpoint}"
        raise ConfigError(
            f"There is no credential for {endpoint}: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not set.",
            f"Expected {token}, or {', '.join(APPLICATION)}; nothing else is tried.",
            f"Set {token} to what `az account get-access-token{asked}` prints, or name an "
            "application.",
        )
    if endpoint not in (PUBLIC, PUBLIC_LOGS) and not stated[AUTHORITY]:
        raise ConfigError(
            f"{AUTHORITY} is not set, and {endpoint} is not the public cloud.",
            "Expected the sign-in host of that cloud, such as https://login.chinacloudapi.cn.",
            f"Set {AUTHORITY}.",
        )
    from azure.identity import ClientSecretCredential  # noqa: PLC0415 - the extra `azure`

    options = {"authority": stated[AUTHORITY]} if stated[AUTHORITY] else {}
    return ClientSecretCredential(*(stated[name] for name in APPLICATION), **options)


def checked_endpoint(endpoint: str, public: str = PUBLIC, option: str = "--endpoint") -> str:
    """An endpoint that may be sent a credential: https, or on loopback; raises ConfigError."""
    parts = urlsplit(endpoint)
    if parts.hostname and (parts.scheme == "https" or is_loopback(endpoint)) and not parts.query:
        return endpoint.rstrip("/")
    raise ConfigError(
        f"'{endpoint}' is not an endpoint of Azure.",
        "Expected an https address such as https://management.chinacloudapi.cn: a credential is "
        "sent to it.",
        f"Give {option}, or leave it out for {public}.",
    )


def is_loopback(endpoint: str) -> bool:
    """Whether an endpoint is this machine; there plain http is taken."""
    return urlsplit(endpoint).hostname in ("127.0.0.1", "localhost", "::1")


def missing_packages(packages: str) -> ConfigError:
    """The error of an extra that is not installed."""
    return ConfigError(
        "The packages for Azure are not installed.",
        f"Expected the extra `azure`: {packages}.",
        "Run `pip install 'pertoken[azure]'`.",
    )
