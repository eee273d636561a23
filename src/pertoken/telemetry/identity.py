"""Who called, without knowing who: client and user ids become hashes by a key that the user owns.

Without a key no id is kept at all. The same id gives the same hash under one key, so that calls of
one client can be told apart from those of another; without the key nobody finds the id again.

Source: RFC 2104 (HMAC).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

USER_KEY_VARIABLE = "PERTOKEN_USER_KEY"
_LETTERS = 24


def hashed_clients(clients: Iterable[str], key: str | None) -> dict[str, str]:
    """The hash of each client id; nothing without a key.

    >>> hashed_clients(["sub-a"], None)
    {}
    >>> len(hashed_clients(["sub-a"], "k")["sub-a"])
    24
    """
    if not key:
        return {}
    return {
        client: hmac.new(key.encode(), client.encode(), hashlib.sha256).hexdigest()[:_LETTERS]
        for client in clients
    }
