"""Which ServiceCategory each ServiceSubcategory belongs to.

Source: FOCUS ServiceSubcategory (since 1.1, the same 82 in 1.1 to 1.4).
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from pertoken.focus.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def subcategories() -> Mapping[str, str]:
    """The one ServiceCategory of each ServiceSubcategory.

    >>> subcategories()["Generative AI"]
    'AI and Machine Learning'
    """
    rows = table("service_subcategories")
    return MappingProxyType({row["service_subcategory"]: row["service_category"] for row in rows})
