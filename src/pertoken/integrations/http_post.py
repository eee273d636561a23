"""One POST: what passes is told apart from what does not, and a redirect is never followed.

A redirect would carry the digest, and perhaps a key, to another host.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pertoken.integrations.tries import PassingError, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_SECONDS = 20.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_BUSY = frozenset({408, 425, 429})
_SERVER_FAULT = 500


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses every redirect."""

    def redirect_request(self, *_args: Any, **_named: Any) -> None:  # noqa: ANN401 - as the base has
        return None


def post_json(
    name: str, url: str, content: object, headers: Mapping[str, str], secrets: tuple[str, ...]
) -> None:
    """Send JSON; https, or http to this machine.

    Raises: SendError when it is refused; PassingError when it may be tried again.
    """
    check_address(name, url, secrets)
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        url,
        data=json.dumps(content).encode(),
        headers={"Content-Type": "application/json", **headers},
        method="POST",
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS):
            return
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in _BUSY or error.code >= _SERVER_FAULT:
            raise PassingError(f"HTTP {error.code}") from error
        raise refused(name, f"HTTP {error.code}", secrets) from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise PassingError(str(getattr(error, "reason", error))) from error


def check_address(name: str, url: str, secrets: tuple[str, ...] = ()) -> bool:
    """Whether an address is on this machine; raises SendError for http to another one."""
    parts = urlsplit(url)
    local = parts.hostname in LOOPBACK
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and local)):
        raise refused(name, f"its address {url} is not https", secrets)
    return local
