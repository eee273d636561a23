"""pertoken: what every token costs, exact to the cent, from the bills that already exist.

>>> import pertoken
>>> hub = pertoken.open("pertoken-hub")             # doctest: +SKIP
>>> hub.matrix(by=["x_ModelId"]).to_dicts()         # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from pertoken.api import Hub

__all__ = ["__version__", "open"]


def open(hub: str | Path = "pertoken-hub") -> Hub:  # noqa: A001 - the name users expect
    """The hub in a folder, as Python: the same nouns as the command line."""
    from pertoken.api import Hub  # noqa: PLC0415 - keeps `import pertoken` light

    return Hub(hub)
