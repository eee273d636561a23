"""Which scope lies inside which: by its path, or by the subscriptions a bill holds.

A billing profile, department, enrollment account or invoice section lies below its billing account
by path, a resource group below its subscription. A subscription's path does not name the account
that pays it: it lies inside a billing scope when that scope's charges hold its SubAccountId.

Source: Microsoft Learn, "Understand and work with scopes"; docs/decisions/0007-which-run-stands.md.
"""

from __future__ import annotations

import re

_SUBSCRIPTION = re.compile(r"/subscriptions/[^/]+")


def enclosing_paths(scope: str) -> tuple[str, ...]:
    """The paths above a scope, the widest first; none for a scope that is no path.

    >>> enclosing_paths("/subscriptions/s1/resourcegroups/rg")
    ('/subscriptions', '/subscriptions/s1', '/subscriptions/s1/resourcegroups')
    """
    if not scope.startswith("/"):
        return ()
    ends = [at for at, sign in enumerate(scope) if sign == "/" and at > 0]
    return tuple(scope[:end] for end in ends)


def subscription_of(scope: str) -> str | None:
    """The subscription that a scope is or lies in, as a SubAccountId; None for a billing scope.

    >>> subscription_of("/subscriptions/s1/resourcegroups/rg")
    '/subscriptions/s1'
    """
    match = _SUBSCRIPTION.match(scope)
    return match.group() if match else None
