"""The spellings of a place in an object store, and what each names.

    az://container/path                                       the account is set apart
    abfss://container@account.dfs.core.windows.net/path       ADLS Gen2, as Spark spells it
    https://account.blob.core.windows.net/container/path      or .dfs., as the portal shows it
    s3://bucket/path

A URL never holds a credential: one with a query (`?sv=...&sig=...`) is refused. Of the https
spelling alone the path is percent-encoded; the other ones name a blob as it is.

Source: Microsoft Learn, "Use the Azure Data Lake Storage URI"; hadoop-azure, ABFS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from pertoken.errors import ConfigError

AZURE, S3 = "azure", "s3"
_SCHEMES = ("az", "azure", "abfs", "abfss", "https", "s3", "s3a")
_STORE_URL = re.compile(r"(?i)^(az|azure|abfss?|s3a?)://|^https://[^/]*\.(blob|dfs)\.")
_HOST = re.compile(r"^(?P<account>[a-z0-9]{3,24})\.(?:blob|dfs)\.(?P<suffix>[a-z0-9.-]+)$")
_PUBLIC = "core.windows.net"
SPELLINGS = (
    "az://CONTAINER/PATH, abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH, "
    "https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH or s3://BUCKET/PATH"
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A container of Azure Storage, or a bucket of S3.

    `account` is None where the URL names none; `endpoint` is that of another cloud than the public
    one, else None; `text` is the URL up to the path, as the user spelt it.
    """

    kind: str
    name: str
    text: str
    account: str | None = None
    endpoint: str | None = None
    encoded: bool = False

    def url(self, key: str) -> str:
        """The URL of a key."""
        path = quote(key, safe="/") if self.encoded else key
        return f"{self.text}/{path}" if path else self.text


def is_store_url(text: str) -> bool:
    """Whether a text names a place in an object store, well or badly.

    >>> is_store_url("az://exports/2026"), is_store_url("exports/2026")
    (True, False)
    """
    return _STORE_URL.match(text) is not None


def parse_url(text: str) -> tuple[Bucket, str]:
    """The bucket and the key that a URL names.

    Raises: ConfigError for a URL that names no container, or that holds a credential.
    """
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    if scheme not in _SCHEMES or not rest:
        raise _unreadable(text, "names no container")
    if "?" in rest:
        raise ConfigError(
            f"The URL {text.partition('?')[0]} has a query, such as the signature of a SAS.",
            "Expected a URL without a credential, which may be shown, logged and kept.",
            "Leave out '?' and what follows; set PERTOKEN_AZURE_SAS_TOKEN to it instead.",
        )
    authority, _, path = rest.partition("/")
    path = path.strip("/")
    if scheme in ("abfs", "abfss"):
        name, _, host = authority.rpartition("@")
        return _azure(text, name, host, f"{scheme}://{authority}"), path
    if scheme == "https":
        name, _, path = path.partition("/")
        bucket = _azure(text, name, authority, f"https://{authority}/{name}", encoded=True)
        return bucket, unquote(path)
    if not authority or "@" in authority:
        raise _unreadable(text, "names no container")
    kind = S3 if scheme in ("s3", "s3a") else AZURE
    return Bucket(kind, authority, f"{scheme}://{authority}"), path


def _azure(text: str, name: str, host: str, shown: str, *, encoded: bool = False) -> Bucket:
    found = _HOST.match(host.lower())
    if found is None or not name:
        raise _unreadable(text, "names no container of a storage account")
    account, suffix = found["account"], found["suffix"]
    endpoint = None if suffix == _PUBLIC else f"https://{account}.blob.{suffix}"
    return Bucket(AZURE, name, shown, account, endpoint, encoded)


def _unreadable(text: str, found: str) -> ConfigError:
    return ConfigError(
        f"The URL {text} {found}.",
        f"Expected {SPELLINGS}.",
        "Correct the URL.",
    )
