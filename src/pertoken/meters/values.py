"""What a bill says of a meter, and what the grammar reads in it.

Both are plain tuples: a bill has few distinct meters, a price sheet has thousands, and each is
hashed, compared and sent to a table. None always means that the name does not say it.

Source: FOCUS 1.5 draft, SkuPriceDetails AI keys; docs/meters.md.
"""

from __future__ import annotations

from typing import NamedTuple

COLUMNS = (
    "x_ModelDeveloper",
    "x_ModelFamily",
    "x_ModelId",
    "x_ModelVersion",
    "x_TokenDirection",
    "x_TokenCacheAction",
    "x_Modality",
    "x_DeploymentScope",
    "x_ServiceTier",
    "x_ContextTier",
    "x_MeterUse",
    "x_FineTuned",
    "Unit",
    "TokensPerUnit",
    "x_MeterStatus",
    "Reason",
)

RECOGNISED = "recognised"
AMBIGUOUS = "ambiguous"
UNRECOGNISED = "unrecognised"
NOT_AI = "not AI"


class MeterName(NamedTuple):
    """The words of a bill about one meter, each as the bill spells it."""

    meter_name: str
    product_name: str | None = None
    service_name: str | None = None
    unit_of_measure: str | None = None
    meter_id: str | None = None
    publisher_name: str | None = None
    description: str | None = None
    service_category: str | None = None


class Meter(NamedTuple):
    """What a meter measures; the fields stand in the order of COLUMNS.

    model_id is "*" where a meter serves every model, such as provisioned capacity.
    tokens_per_unit counts the tokens of one priced unit and is None where no tokens are counted.
    """

    model_developer: str | None
    model_family: str | None
    model_id: str | None
    model_version: str | None
    token_direction: str | None
    token_cache_action: str | None
    modality: str | None
    deployment_scope: str | None
    service_tier: str | None
    context_tier: str | None
    meter_use: str | None
    fine_tuned: bool | None
    unit: str | None
    tokens_per_unit: int | None
    status: str
    reason: str


def unread_meter(status: str, reason: str) -> Meter:
    """A meter of which nothing but the status is known."""
    return Meter(*(None,) * 14, status, reason)
