"""The real server with login: people by a provider, and the machine of a team by its token."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from provider import CLIENT_ID, CLIENT_SECRET, Provider
from serving import Served, serving

import pertoken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "token-of-a-machine-that-reads-for-search"  # noqa: S105 - made for this test
TEAM = {"team": ["localization"]}
OWN = ("Tags.team", "localization")
WORDS = (
    "ResourceName", "ResourceId", "SubAccountName", "SubAccountId", "x_ResourceGroupName",
    "SkuMeter", "x_ModelId", "x_RunId", "BillingCurrency",
)  # fmt: skip


@contextmanager
def guarding(hub: Path, provider: Provider) -> Iterator[Served]:
    """A server with login, its roles bound to claims."""
    roles = [
        {"claim": "finops", "role": "admin"},
        {"claim": "controlling", "role": "finance"},
        {"claim": "localization", "role": "team", "tags": TEAM},
    ]
    tokens = [
        {
            "name": "machine",
            "sha256": hashlib.sha256(TOKEN.encode()).hexdigest(),
            "role": "team",
            "tags": TEAM,
        }
    ]
    with serving(
        hub,
        PERTOKEN_WEB_OIDC_ISSUER=provider.issuer,
        PERTOKEN_WEB_OIDC_CLIENT_ID=CLIENT_ID,
        PERTOKEN_WEB_OIDC_CLIENT_SECRET=CLIENT_SECRET,
        PERTOKEN_WEB_ROLES=json.dumps(roles),
        PERTOKEN_WEB_TOKENS=json.dumps(tokens),
        no_proxy="127.0.0.1",
    ) as server:
        yield server


def words_of_others(hub: Path) -> set[str]:
    """Words of charges that are not the team's and stand in none of its own."""
    found: set[str] = set()
    tenant = pertoken.open(hub)
    for column in WORDS:
        everyone = tenant.matrix([column], all_charges=True).to_dicts()
        own = tenant.matrix([column], where=[OWN], all_charges=True).to_dicts()
        names = {str(row[column]) for row in everyone if row[column]}
        found |= names - {str(row[column]) for row in own}
    found |= {"Support CX", "ai-platform", "CC-4100", "8842190"}
    return {word for word in found if len(word) > 2}


def holds(text: str, word: str) -> bool:
    """Whether a text holds a word, not as a part of another."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None
