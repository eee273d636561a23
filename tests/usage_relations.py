"""Small bills and usage as relations, for tests of the split and of the audit.

    view_bill(engine, [billed(tokens=100, cost="1.00")])
    view_used(engine, [used(input=60, output=0, team="search")])

A billed row is one meter and day of the resource `aoai`; a used row one hour of a deployment.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pertoken.allocation import (
    POOLED,
    AttributionQuery,
    attribution_columns,
    attribution_rows,
    tag_columns_select,
    view_canonical_tags,
    view_parts,
)
from pertoken.pipeline.attribution_view import view_organisation
from pertoken.telemetry import USAGE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pertoken.allocation import Rules
    from pertoken.engine import Engine

DAY = date(2026, 9, 1)
_MONEY = pa.decimal128(38, 18)
_TEXT = (
    "BillingMonth", "BillingCurrency", "ResourceId", "ResourceName", "x_MeterKey", "x_TagsKey",
    "SubAccountId", "SubAccountName", "x_ResourceGroupName", "BillingAccountId", "x_ScopeKey",
    "ChargeCategory", "ChargeClass", "CommitmentDiscountStatus", "x_QuantityBasis", "RegionId",
)  # fmt: skip
_COSTS = ("EffectiveCost", "x_ProvenEffectiveCost", "x_UnitQuantity")
_METER = ("x_MeterKey", "SkuMeter", "x_ModelId", "x_ModelVersion", "x_TokenDirection",
          "x_TokenCacheAction", "x_DeploymentScope", "x_ServiceTier", "x_MeterUse", "Unit",
          "x_MeterStatus")  # fmt: skip
_KINDS = {"uncached": ("Input", "Uncached"), "read": ("Input", "Read"), "write": ("Input", "Write"),
          "output": ("Output", None)}  # fmt: skip


def billed(
    kind: str = "uncached",
    *,
    tokens: int = 100,
    cost: str = "1",
    day: date = DAY,
    model: str = "gpt-4o",
    **more: Any,  # noqa: ANN401 - any column
) -> dict[str, Any]:
    """One meter and day: `kind` is uncached, read, write, output, capacity, unused or tool."""
    direction, action = _KINDS.get(kind, (None, None))
    counts = direction is not None
    return {
        "ChargeDate": day, "BillingMonth": f"{day:%Y-%m}", "BillingCurrency": "USD",
        "ResourceId": "/subscriptions/s/resourceGroups/rg/accounts/AOAI", "ResourceName": "aoai",
        "ChargeCategory": "Usage", "SubAccountId": "/subscriptions/s", "x_ScopeKey": "k",
        "x_ResourceGroupName": "rg",
        "CommitmentDiscountStatus": "Unused" if kind == "unused" else None,
        "EffectiveCost": Decimal(cost),
        "x_ProvenEffectiveCost": Decimal(cost),
        "x_UnitQuantity": Decimal(tokens),
        "x_MeterKey": f"{model} {kind} {more.get('x_ServiceTier', '')}",
        "SkuMeter": f"{model} {kind}",
        "x_ModelId": model if kind not in ("capacity", "unused") else "*",
        "x_TokenDirection": direction, "x_TokenCacheAction": action,
        "x_DeploymentScope": "Global",
        "x_ServiceTier": "Provisioned" if kind in ("capacity", "unused") else "Standard",
        "x_MeterUse": {"capacity": "Capacity", "unused": "Capacity", "tool": "Tool"}.get(
            kind, "Inference"
        ),
        "Unit": "Tokens" if counts else "Calls" if kind == "tool" else "PTU-Hours",
        "x_MeterStatus": "recognised", "x_FineTuned": False, **more,
    }  # fmt: skip


def used(
    *,
    prompt: int = 0,
    read: int | None = None,
    output: int = 0,
    deployment: str = "chat",
    source: str = "AzureMonitor",
    day: date = DAY,
    model: str = "gpt-4o",
    utilisation: str | None = None,
    **more: Any,  # noqa: ANN401 - any column
) -> dict[str, Any]:
    """One hour: `prompt` counts every input token, `read` those that were cached, if known."""
    hour = datetime.combine(day, time(3), UTC)
    return {
        "Hour": hour, "FirstTime": hour, "LastTime": hour, "ResourceName": "aoai",
        "ResourceId": "/subscriptions/s/resourcegroups/rg/accounts/aoai",
        "Deployment": deployment, "x_ModelId": model, "ModelName": model, "Source": source,
        "InputIncludesCached": read is None, "Provenance": "measured", "Calls": 1,
        "InputTokens": prompt - (read or 0), "CacheReadTokens": read, "OutputTokens": output,
        "FailedCalls": 0, "FailedTokens": 0, "BillingMonth": f"{day:%Y-%m}", "FileDigest": "f",
        "Utilisation": None if utilisation is None else Decimal(utilisation), **more,
    }  # fmt: skip


def view_bill(engine: Engine, rows: Sequence[dict[str, Any]]) -> None:
    """Name `token_costs`, `meters` and `tags`; rows of one meter share its reading."""
    columns: dict[str, Any] = {"ChargeDate": pa.array([row["ChargeDate"] for row in rows])}
    columns |= {name: pa.array([row.get(name) for row in rows], pa.string()) for name in _TEXT}
    columns |= {name: pa.array([row.get(name) for row in rows], _MONEY) for name in _COSTS}
    _view(engine, "token_costs", pa.table(columns))
    meters = list({row["x_MeterKey"]: row for row in rows}.values())
    read: dict[str, Any] = {
        name: pa.array([row.get(name) for row in meters], pa.string()) for name in _METER
    }
    read["x_FineTuned"] = pa.array([row["x_FineTuned"] for row in meters], pa.bool_())
    _view(engine, "meters", pa.table(read))
    tags = [(row["x_TagsKey"], *tag) for row in rows for tag in row.get("tags", ())]
    _view(engine, "tags", pa.table({
        name: pa.array([tag[place] for tag in tags], pa.string())
        for place, name in enumerate(("x_TagsKey", "TagKey", "TagValue"))
    }))  # fmt: skip


def view_used(engine: Engine, rows: Sequence[dict[str, Any]]) -> None:
    """Name `usage`."""
    kinds = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "BOOLEAN": pa.bool_(),
             "DECIMAL(18,6)": pa.decimal128(18, 6),
             "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC")}  # fmt: skip
    columns = {
        name: pa.array([row.get(name) for row in rows], kinds[kind])
        for name, kind in USAGE_COLUMNS.items()
    }
    _view(engine, "usage", pa.table(columns))


def attributed(
    engine: Engine,
    bill: Sequence[dict[str, Any]],
    usage: Sequence[dict[str, Any]],
    rules: Rules,
    by: tuple[str, ...] = ("Team",),
    **options: Any,  # noqa: ANN401 - any option of a query
) -> list[dict[str, Any]]:
    """The rows of an attribution of a bill."""
    view_bill(engine, bill)
    view_used(engine, usage)
    query = AttributionQuery(by=by, **options)
    view_parts(engine, by_usage=bool(usage), pooled=query.reservations == POOLED)
    view_canonical_tags(engine, rules)
    engine.view("tagged_parts", tag_columns_select(rules, "parts"))
    view_organisation(engine, rules)
    meters = [name for name in engine.columns("meters") if name != "x_MeterKey"]
    rows = attribution_rows(engine, query, rules, meter_columns=meters)
    return [dict(zip(attribution_columns(query), row, strict=True)) for row in rows]


def _view(engine: Engine, name: str, table: pa.Table) -> None:
    engine.view_arrow(f"{name}_given", table)
    engine.view(name, f"SELECT * FROM {name}_given")
