"""The model id of a model's name in telemetry, by the tables and rules that read meters.

Telemetry states ids such as gpt-4.1-mini; one that the meters room does not know, or knows as more
than one model, has no id here and keeps its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pertoken.meters.families import name_words
from pertoken.meters.models import ANY, resolved
from pertoken.meters.vocabulary import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable


def model_ids(names: Iterable[str]) -> dict[str, str]:
    """The x_ModelId of every name that means one model.

    >>> model_ids(["GPT-4o", "my own model"])
    {'GPT-4o': 'gpt-4o'}
    """
    known = {row["model_id"].casefold(): row["model_id"] for row in rows_of("models.csv")}
    found: dict[str, str] = {}
    for name in names:
        if name.casefold() in known:
            found[name] = known[name.casefold()]
            continue
        readings = resolved(tuple(name_words(name)), ANY, None)
        if len({reading.model_id for reading in readings}) == 1:
            found[name] = readings[0].model_id
    return found
