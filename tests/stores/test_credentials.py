"""Which place a URL names, and which credential counts for it: tables of cases."""

from __future__ import annotations

import os

import pytest

from pertoken.errors import ConfigError, StoreError
from pertoken.redaction import keep_secret, redacted
from pertoken.stores import StorePath, ambient_hidden
from pertoken.stores.credentials import access_of
from pertoken.stores.url import Bucket, is_store_url, parse_url

HOST = "contoso.blob.core.windows.net"
CONNECTION = (
    "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=c2VjcmV0a2V5;"
    "EndpointSuffix=core.windows.net"
)


@pytest.mark.parametrize(
    ("url", "kind", "account", "name", "key"),
    [
        ("az://bills", "azure", None, "bills", ""),
        ("az://bills/a/b c/", "azure", None, "bills", "a/b c"),
        ("AZ://bills/A%20", "azure", None, "bills", "A%20"),
        ("abfss://bills@contoso.dfs.core.windows.net/a", "azure", "contoso", "bills", "a"),
        (f"https://{HOST}/bills/a%20b", "azure", "contoso", "bills", "a b"),
        ("https://contoso.dfs.core.windows.net/bills", "azure", "contoso", "bills", ""),
        ("s3://bills/2026/01", "s3", None, "bills", "2026/01"),
        ("s3a://bills/", "s3", None, "bills", ""),
    ],
)
def test_every_spelling_names_its_place(
    url: str, kind: str, account: str | None, name: str, key: str
) -> None:
    """And its text leads back to the same place."""
    bucket, found = parse_url(url)
    assert (bucket.kind, bucket.account, bucket.name, found) == (kind, account, name, key)
    assert parse_url(bucket.url(found)) == (bucket, found)
    assert is_store_url(url)


def test_another_cloud_is_reached_at_its_own_endpoint() -> None:
    bucket, _ = parse_url("abfss://bills@contoso.dfs.core.chinacloudapi.cn/a")
    assert bucket.endpoint == "https://contoso.blob.core.chinacloudapi.cn"


@pytest.mark.parametrize(
    "url",
    ["az://", "s3:///a", "abfss://contoso.dfs.core.windows.net/a", f"https://{HOST}", "az://a@b/c"],
)
def test_a_url_without_a_container_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"names no container|Expected az://"):
        parse_url(url)


def test_a_url_with_a_signature_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as refused:
        parse_url(f"https://{HOST}/bills?sv=2024-11-04&sig=abcdef")
    assert "PERTOKEN_AZURE_SAS_TOKEN" in refused.value.action
    assert "abcdef" not in str(refused.value)


@pytest.mark.parametrize("path", ["bills", "./az", "C:/bills", "https://example.com/a", "az:x"])
def test_other_texts_name_no_store(path: str) -> None:
    assert not is_store_url(path)


def test_a_path_in_a_store_has_names_and_parents() -> None:
    place = StorePath.of("az://bills/a/b")
    assert (place.name, str(place.parent), str(place / "c")) == (
        "b",
        "az://bills/a",
        "az://bills/a/b/c",
    )
    assert str(place.parent.parent) == "az://bills"
    assert StorePath.of("az://bills").name == "bills"


AZ = Bucket("azure", "bills", "az://bills")
OF_CONTOSO = Bucket("azure", "bills", "abfss://bills@contoso", "contoso")
S3 = Bucket("s3", "my.bills-1", "s3://my.bills-1")


@pytest.mark.parametrize(
    ("bucket", "environment", "options"),
    [
        (AZ, {"AZURE_ACCOUNT": "contoso", "AZURE_SAS_TOKEN": "?sv=1&sig=x"},
         {"account_name": "contoso", "sas_key": "sv=1&sig=x"}),
        (OF_CONTOSO, {"AZURE_ACCOUNT_KEY": "a2V5"},
         {"account_name": "contoso", "account_key": "a2V5"}),
        (OF_CONTOSO, {"AZURE_TOKEN": "eyJ0"}, {"account_name": "contoso", "token": "eyJ0"}),
        (OF_CONTOSO,
         {"AZURE_CLIENT_ID": "id", "AZURE_CLIENT_SECRET": "se", "AZURE_TENANT_ID": "t"},
         {"account_name": "contoso", "client_id": "id", "client_secret": "se", "tenant_id": "t"}),
        (AZ, {"AZURE_CONNECTION_STRING": CONNECTION},
         {"account_name": "contoso", "account_key": "c2VjcmV0a2V5", "endpoint": f"https://{HOST}"}),
        (AZ, {"AZURE_CONNECTION_STRING": f"BlobEndpoint=https://{HOST}/;AccountName=contoso;"
                                         "SharedAccessSignature=sv=1&sig=abcd"},
         {"account_name": "contoso", "sas_key": "sv=1&sig=abcd", "endpoint": f"https://{HOST}"}),
        (OF_CONTOSO, {"AZURE_ACCOUNT_KEY": "b3RoZXI=", "AZURE_SAS_TOKEN_CONTOSO": "sig=own"},
         {"account_name": "contoso", "sas_key": "sig=own"}),
        (AZ, {"AZURE_ACCOUNT": "contoso", "AZURE_TOKEN_CONTOSO": "eyJ0",
              "AZURE_ENDPOINT_CONTOSO": "https://private.link/"},
         {"account_name": "contoso", "token": "eyJ0", "endpoint": "https://private.link"}),
    ],
)  # fmt: skip
def test_one_stated_azure_credential_counts(
    bucket: Bucket, environment: dict[str, str], options: dict[str, str]
) -> None:
    stated = {f"PERTOKEN_{name}": value for name, value in environment.items()}
    expected = {f"azure_storage_{name}": value for name, value in options.items()}
    assert access_of(bucket, stated).options == expected


def test_variables_of_a_bucket_count_before_those_of_all() -> None:
    stated = {
        "PERTOKEN_S3_ACCESS_KEY_ID": "all", "PERTOKEN_S3_SECRET_ACCESS_KEY": "secret",
        "PERTOKEN_S3_REGION": "eu-west-1", "PERTOKEN_S3_ACCESS_KEY_ID_MY_BILLS_1": "own",
        "PERTOKEN_S3_SESSION_TOKEN": "session",
    }  # fmt: skip
    assert access_of(S3, stated).options == {
        "aws_access_key_id": "own", "aws_secret_access_key": "secret", "aws_region": "eu-west-1",
        "aws_session_token": "session",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("bucket", "environment", "says"),
    [
        (AZ, {}, "PERTOKEN_AZURE_CONNECTION_STRING"),
        (AZ, {"AZURE_SAS_TOKEN": "sig=x"}, "Set PERTOKEN_AZURE_ACCOUNT"),
        (OF_CONTOSO, {"AZURE_CLIENT_ID": "id"}, "PERTOKEN_AZURE_CLIENT_SECRET and PERTOKEN_AZURE_"),
        (OF_CONTOSO, {"AZURE_TOKEN": "eyJ0", "AZURE_ACCOUNT_KEY": "a2V5"}, "Unset the others"),
        (OF_CONTOSO, {"AZURE_CONNECTION_STRING": CONNECTION.replace("contoso", "fabrikam")},
         "of account fabrikam"),
        (AZ, {"AZURE_CONNECTION_STRING": "AccountName=contoso"}, "AccountKey or Shared"),
        (OF_CONTOSO, {"AZURE_TOKEN": "eyJ0", "AZURE_ENDPOINT": "http://127.0.0.1:1"},
         "PERTOKEN_STORE_ALLOW_HTTP=1"),
        (S3, {"S3_ACCESS_KEY_ID": "id", "S3_SECRET_ACCESS_KEY": "se"}, "Set PERTOKEN_S3_REGION"),
    ],
)  # fmt: skip
def test_a_credential_that_is_missing_or_doubtful_says_what_to_do(
    bucket: Bucket, environment: dict[str, str], says: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        access_of(bucket, {f"PERTOKEN_{name}": value for name, value in environment.items()})
    assert says in str(refused.value)
    assert len(str(refused.value).splitlines()) == 3


def test_ambient_variables_are_hidden_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AZURE_CLIENT_ID", "mine")
    with ambient_hidden(), ambient_hidden():
        assert not {"AWS_PROFILE", "AZURE_CLIENT_ID"} & set(os.environ)
    assert (os.environ["AWS_PROFILE"], os.environ["AZURE_CLIENT_ID"]) == ("mine", "mine")


def test_errors_hide_secrets_by_their_shape_and_by_their_value() -> None:
    keep_secret("a+secret/key==", "")
    error = StoreError(
        "https://x/c?sv=1&sig=abc%2Fdef%3D&se=2 and a%2Bsecret%2Fkey%3D%3D",
        "AccountName=x;AccountKey=Zm9vYmFy;EndpointSuffix=y",
        "a+secret/key==",
    )
    assert str(error) == (
        "https://x/c?sv=1&sig=[hidden]&se=2 and [hidden]\n"
        "AccountName=x;AccountKey=[hidden];EndpointSuffix=y\n[hidden]"
    )
    assert redacted("a design=plain text") == "a design=plain text"
