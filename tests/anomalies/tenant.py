"""A small tenant: two applications on two models, 120 days, weekly, with seeded noise of 4 %."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

START = date(2026, 1, 5)
DAYS = 120
WEEK = np.array([1.0, 1.1, 1.1, 1.0, 0.9, 0.4, 0.3])
PRICES = {
    "gpt-4.1": (2.0, 0.5, 8.0),
    "gpt-4o-mini": (0.15, 0.075, 0.6),
    "gpt-4.1-mini": (0.4, 0.1, 1.6),
}
KINDS = (("Input", "Uncached", 4e7), ("Input", "Read", 6e7), ("Output", None, 2e7))
USES = (("chat", "gpt-4.1"), ("search", "gpt-4o-mini"), ("agent", "gpt-4.1-mini"))


def day(number: int) -> date:
    return START + timedelta(days=number)


class Tenant:
    """Tokens and prices by (resource, model, kind); change them, then read `columns`."""

    def __init__(self, *, noise: float = 0.04, seed: int = 7) -> None:
        random = np.random.default_rng(seed)
        self.tokens: dict[tuple[str, str, int], np.ndarray] = {}
        self.price: dict[tuple[str, str, int], np.ndarray] = {}
        self.rows = np.ones(DAYS, dtype=int)
        for resource, model in USES:
            use = WEEK[np.arange(DAYS) % 7] * np.exp(random.normal(0, noise, DAYS))
            for kind, (_, _, size) in enumerate(KINDS):
                wobble = np.exp(random.normal(0, 0.01, DAYS))
                self.tokens[resource, model, kind] = np.round(use * size * wobble)
                self.price[resource, model, kind] = np.full(DAYS, PRICES[model][kind] / 1e6)

    def times(self, resource: str, days: slice, factor: float) -> None:
        for key in self.tokens:
            if key[0] == resource:
                self.tokens[key][days] *= factor

    def columns(self) -> dict[str, list[Any]]:
        names = (
            "ChargeDate", "BillingCurrency", "BillingAccountId", "ResourceId", "x_ModelId",
            "x_TokenDirection", "x_TokenCacheAction", "SkuMeter", "EffectiveCost",
            "x_TokenQuantity", "x_Rows",
        )  # fmt: skip
        rows = []
        for (resource, model, kind), tokens in self.tokens.items():
            direction, action, _ = KINDS[kind]
            meter = f"{model} {action or ''} {direction}"
            for number in np.flatnonzero(tokens > 0):
                cost = float(tokens[number] * self.price[resource, model, kind][number])
                rows.append(
                    (day(int(number)), "USD", "account", resource, model, direction, action, meter,
                     cost, float(tokens[number]), int(self.rows[number]))
                )  # fmt: skip
        return {
            name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)
        }
