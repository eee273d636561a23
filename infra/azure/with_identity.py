"""Run pertoken with a storage token of the container's managed identity.

pertoken looks for no identity by itself; this asks for one and states it. The token is for Azure
Storage, lasts for hours, and is in the environment of the process only.
Arguments: those of pertoken. Variables: IDENTITY_ENDPOINT and IDENTITY_HEADER, which Container Apps
sets, and PERTOKEN_IDENTITY_CLIENT_ID, the user-assigned identity.
Source: https://learn.microsoft.com/azure/container-apps/managed-identity (REST endpoint reference).
"""

from __future__ import annotations

import json
import os
import sys
from urllib.parse import urlencode
from urllib.request import Request, urlopen

RESOURCE = "https://storage.azure.com/"


def storage_token(environment: dict[str, str]) -> str:
    """The token that the identity endpoint of the container gives."""
    query = urlencode({
        "api-version": "2019-08-01", "resource": RESOURCE,
        "client_id": environment["PERTOKEN_IDENTITY_CLIENT_ID"],
    })  # fmt: skip
    request = Request(  # noqa: S310 - the endpoint is the container's own
        f"{environment['IDENTITY_ENDPOINT']}?{query}",
        headers={"X-IDENTITY-HEADER": environment["IDENTITY_HEADER"]},
    )
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        return str(json.load(answer)["access_token"])


if __name__ == "__main__":
    os.environ["PERTOKEN_AZURE_TOKEN"] = storage_token(dict(os.environ))
    os.execvp("pertoken", ["pertoken", *sys.argv[1:]])  # noqa: S606, S607 - the image's own
