"""What a billing meter means: the grammar of AI meter names.

    >>> from pertoken.meters import MeterName, classify
    >>> meter = classify(MeterName("5.6 sol ShortCo Cd Wr Std Gl 1M Tokens", "Azure OpenAI GPT5"))
    >>> meter.model_id, meter.token_cache_action, meter.tokens_per_unit
    ('gpt-5.6-sol', 'Write', 1000000)

Source: docs/meters.md.
"""

from __future__ import annotations

from pertoken.meters.classify import classify, classify_all
from pertoken.meters.products import is_ai
from pertoken.meters.values import COLUMNS, Meter, MeterName
from pertoken.meters.vocabulary import vocabulary_version

__all__ = [
    "COLUMNS",
    "VOCABULARY_VERSION",
    "Meter",
    "MeterName",
    "classify",
    "classify_all",
    "is_ai",
]

VOCABULARY_VERSION = vocabulary_version()
