"""The errors a person can meet, and the shape of what they say.

Every message has three short lines: what was found and where; what was expected and by which
rule; what to do. The tree, by what the user can do about it:

    PertokenError
        ConfigError         an option, a path or a setting is wrong
        SourceError         an export is missing, changed, partial or unreadable
        HubError            the hub is missing, locked, unwritable or of another version
            ChangedMeanwhile
        StoreError          an object store does not answer, or refuses
        ConformanceError    data does not keep a FOCUS rule
        CostError           costs cannot be added or do not agree
            MixedCurrency
            TotalsDiffer
        EngineError         the engine could not run a relation

Source: docs/how-it-works.md, "Errors".
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from pertoken.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable


class PertokenError(Exception):
    """Base of every error that a person can act on; its text is three lines."""

    def __init__(self, found: str, expected: str, action: str, **context: object) -> None:
        found, expected, action = redacted(found), redacted(expected), redacted(action)
        super().__init__(f"{found}\n{expected}\n{action}")
        self.found = found
        self.expected = expected
        self.action = action
        self.context = context

    @property
    def code(self) -> str:
        """The name of the error, as used in JSON answers."""
        return type(self).__name__


class ConfigError(PertokenError):
    """An option, a path or a setting is wrong."""


class SourceError(PertokenError):
    """An export is missing, changed, partial or unreadable."""


class HubError(PertokenError):
    """The hub is missing, locked, unwritable or of another version."""


class ChangedMeanwhile(HubError):  # noqa: N818 - the name states the fact
    """Somebody else changed what was looked at; nothing was written."""


class StoreError(PertokenError):
    """An object store does not answer, refuses, or gave something else than was asked for."""


class ConformanceError(PertokenError):
    """Data does not keep a FOCUS rule."""


class CostError(PertokenError):
    """Costs cannot be added, or two totals that must agree do not."""


class MixedCurrency(CostError):  # noqa: N818 - the name states the fact
    """Costs of several billing currencies met where one was needed."""


class TotalsDiffer(CostError):  # noqa: N818 - the name states the fact
    """The total after a step is not the total before it."""


class EngineError(PertokenError):
    """The engine could not run a relation."""


def alternatives(name: str, valid: Iterable[str]) -> str:
    """The valid names, the nearest first, as words for the third line of an error.

    >>> alternatives("SkuMetre", ["ResourceId", "SkuMeter"])
    "'SkuMeter', 'ResourceId'"
    """
    names = sorted(valid)
    folded = {each.casefold(): each for each in names}
    near = [folded[each] for each in get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
    rest = [each for each in names if each not in near]
    shown = near + rest[: max(0, 8 - len(near))]
    more = len(names) - len(shown)
    return ", ".join(repr(each) for each in shown) + (f" and {more} more" if more else "")
