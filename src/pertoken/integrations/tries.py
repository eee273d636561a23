"""Tries with a limit: what may pass is tried again, each time with a log line without secrets."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING

from pertoken.errors import PertokenError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TRIES = 3
WAIT_SECONDS = 1.0
_LOG = logging.getLogger("pertoken.integrations")
_URL = re.compile(r"(https?://[^/\s'\"?#]+)[^\s'\"]*")
_PAIR = re.compile(r"(?i)\b(sig|signature|token|key|secret|password|authorization)=[^&\s'\"]+")


class SendError(PertokenError):
    """A digest was not taken by its channel."""


class PassingError(Exception):
    """A fault that may pass: the server is busy or not there. Private to this room."""


def tried(
    name: str, act: Callable[[], None], *, secrets: Sequence[str] = (), wait: float = WAIT_SECONDS
) -> None:
    """Do something up to three times, waiting longer each time.

    Raises: SendError with what the last try met, secrets left out.
    """
    for number in range(1, TRIES + 1):
        try:
            act()
        except PassingError as error:
            said = redacted(str(error), secrets)
            if number == TRIES:
                raise SendError(
                    f"The channel {name} did not take the digest: {said}.",
                    f"Expected it to answer within {TRIES} tries.",
                    "The alerts are not marked as sent: run `pertoken alerts --send` again.",
                ) from None
            _LOG.warning("%s: try %d of %d failed: %s", name, number, TRIES, said)
            time.sleep(wait * 2 ** (number - 1))
        else:
            return


def refused(name: str, detail: str, secrets: Sequence[str] = ()) -> SendError:
    """A fault that will not pass, such as a wrong address or key."""
    return SendError(
        f"The channel {name} refused the digest: {redacted(detail, secrets)}.",
        "Expected an address and a key that it knows.",
        "Check the environment variables that the channel names.",
    )


def redacted(text: str, secrets: Sequence[str] = ()) -> str:
    """A text without these secrets, the paths of addresses and the values of keys.

    >>> redacted("POST https://example.com/hook/abc?sig=1 failed")
    'POST https://example.com/... failed'
    """
    for secret in sorted((each for each in secrets if each), key=len, reverse=True):
        text = text.replace(secret, "***")
    return _PAIR.sub(r"\1=***", _URL.sub(r"\1/...", text))
