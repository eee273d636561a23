"""A forecast of 10,000 series and a day's detection of 10,000 cells: what `run.py` times."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

from pertoken.anomalies import detect
from pertoken.anomalies.settings import Settings
from pertoken.forecast import Panel, forecast

START = date(2026, 1, 1)
DAYS = 180
HORIZON = 30


def random_days(series: int, seed: int) -> np.ndarray:
    """Daily values (series, days) with a week, noise and sizes that differ by a thousand."""
    random = np.random.default_rng(seed)
    size = np.exp(random.uniform(0, np.log(1000), (series, 1)))
    week = 1 + (np.arange(DAYS) % 7 < 5)
    return size * week * np.exp(random.normal(0, 0.2, (series, DAYS)))


def forecast_all(values: np.ndarray) -> None:
    """Every series and the total, 30 days ahead, with intervals."""
    days = tuple(START + timedelta(days=number) for number in range(DAYS))
    keys = tuple((number,) for number in range(len(values)))
    forecast(Panel(("x_MeterKey",), keys, days, values), HORIZON)


def cells_of(values: np.ndarray) -> dict[str, list[Any]]:
    """The values as daily cells: ten meters of each resource, at a price of 2 per million."""
    count = len(values)
    numbers = np.repeat(np.arange(count), DAYS)
    tokens = (values * 1e6).round().ravel()
    return {
        "ChargeDate": [START + timedelta(days=day) for day in range(DAYS)] * count,
        "BillingCurrency": ["USD"] * (count * DAYS),
        "ResourceId": [f"resource-{number // 10}" for number in numbers],
        "x_ModelId": [f"model-{number % 5}" for number in numbers],
        "SkuMeter": [f"meter-{number % 10}" for number in numbers],
        "x_TokenDirection": [("Input", "Output")[number % 2] for number in numbers],
        "x_TokenCacheAction": [None] * (count * DAYS),
        "EffectiveCost": (tokens * 2e-6).tolist(),
        "x_TokenQuantity": tokens.tolist(),
    }


def detect_day(cells: dict[str, list[Any]]) -> None:
    """What the last day shows, the days before it being history."""
    detect(cells, Settings(since=START + timedelta(days=DAYS - 1)))
