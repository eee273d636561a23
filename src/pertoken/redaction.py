"""No credential in anything that is printed, logged or kept: SAS signatures, keys, tokens.

What is known to be secret in this process is named by `keep_secret`; the signature of a SAS and the
key in a connection string are known by their shape. Every PertokenError passes through here.
"""

from __future__ import annotations

import re
from urllib.parse import quote

HIDDEN = "[hidden]"
_SHAPES = re.compile(
    r"(?i)(?P<name>\b(?:sig|AccountKey|SharedAccessSignature|X-Amz-Signature|X-Amz-Security-Token)=)"
    r"[^&;\s'\"<>)]+"
)
_SHORTEST = 4
_secrets: set[str] = set()


def keep_secret(*values: str) -> None:
    """Hide these values in every text that passes through `redacted`, as they are and quoted."""
    for value in values:
        if len(value) >= _SHORTEST:
            _secrets.update((value, quote(value, safe="")))


def redacted(text: str) -> str:
    """A text without credentials.

    >>> redacted("https://a.blob.core.windows.net/c?sv=2024-11-04&sig=abc%3D&sp=r")
    'https://a.blob.core.windows.net/c?sv=2024-11-04&sig=[hidden]&sp=r'
    """
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _SHAPES.sub(rf"\g<name>{HIDDEN}", text)
