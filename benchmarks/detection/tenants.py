"""Seeded organisations: applications x models x token kinds, one row per day.

Every draw comes from one numpy generator per seed and walks lists in a fixed order, so the arrays
do not depend on PYTHONHASHSEED; `fingerprint` is their SHA-256.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

DAYS = 420
MODELS = {
    # Microsoft's list prices in USD per million tokens: uncached input, cached input, output.
    "gpt-4o": (2.50, 1.25, 10.00),
    "gpt-4o-mini": (0.15, 0.075, 0.60),
    "gpt-4.1": (2.00, 0.50, 8.00),
    "gpt-4.1-mini": (0.40, 0.10, 1.60),
    "gpt-5": (1.25, 0.125, 10.00),
    "gpt-5-mini": (0.25, 0.025, 2.00),
    "o4-mini": (1.10, 0.275, 4.40),
    "DeepSeek-V3": (1.14, 1.14, 4.56),
}
KINDS = ("business", "consumer", "batch", "agent", "dev", "intermittent")
WEEKDAYS = {
    "business": (1.0, 1.05, 1.05, 1.0, 0.9, 0.25, 0.2),
    "consumer": (0.9, 0.9, 0.92, 0.95, 1.05, 1.2, 1.15),
    "batch": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "agent": (1.0, 1.1, 1.1, 1.05, 0.95, 0.5, 0.45),
    "dev": (1.0, 1.1, 1.15, 1.1, 0.9, 0.15, 0.12),
    "intermittent": (1.0, 1.0, 1.0, 1.0, 1.0, 0.4, 0.4),
}
NOISE = {
    "business": (0.08, 0.18), "consumer": (0.08, 0.2), "batch": (0.1, 0.3),
    "agent": (0.25, 0.6), "dev": (0.3, 0.8), "intermittent": (0.3, 0.7),
}  # fmt: skip
TOKEN_KINDS = (("Input", "Uncached"), ("Input", "Read"), ("Output", None))


@dataclass
class Organisation:
    """Cells by day: cost in USD and tokens, with what each cell is; labels are added by faults."""

    seed: int
    cells: list[dict[str, str | None]]
    tokens: np.ndarray
    cost: np.ndarray
    benign: list[tuple[str, int, int, str]] = field(default_factory=list)
    faults: list[dict[str, object]] = field(default_factory=list)
    twice: np.ndarray = field(default_factory=lambda: np.zeros(DAYS, dtype=int))
    """Days whose rows the bill holds twice."""

    def rows_of(self, app: str) -> list[int]:
        return [row for row, cell in enumerate(self.cells) if cell["Application"] == app]

    @property
    def apps(self) -> list[str]:
        return sorted({str(cell["Application"]) for cell in self.cells})

    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        digest.update(np.ascontiguousarray(self.tokens).tobytes())
        digest.update(np.ascontiguousarray(self.cost).tobytes())
        return digest.hexdigest()


def organisation(seed: int) -> Organisation:
    """An organisation of 1 to 8 applications over 420 days, without faults."""
    random = np.random.default_rng([20260, seed])
    made = Organisation(seed, [], np.zeros((0, DAYS)), np.zeros((0, DAYS)))
    holidays = np.sort(random.choice(np.arange(20, DAYS), size=4, replace=False))
    tokens, cost = [], []
    for number in range(int(random.integers(1, 9))):
        kind = KINDS[int(random.integers(len(KINDS)))]
        traffic = _traffic(random, kind, holidays)
        app = f"app-{number + 1}-{kind}"
        for model, share in _models(random, app, made):
            for place, (direction, action) in enumerate(TOKEN_KINDS):
                made.cells.append(
                    {
                        "ResourceId": f"resource-{number // 2 + 1}", "Application": app,
                        "x_ModelId": model, "x_TokenDirection": direction,
                        "x_TokenCacheAction": action,
                        "SkuMeter": f"{model} {direction} {action or 'Any'} Tokens",
                    }
                )  # fmt: skip
                row = traffic[place] * share
                noise = random.normal(0, 0.015, DAYS) if number % 3 == 2 else np.zeros(DAYS)
                tokens.append(row)
                cost.append(row * MODELS[model][place] / 1e6 * np.exp(noise))
    made.tokens, made.cost = np.round(np.array(tokens)), np.array(cost)
    return made


def _traffic(random: np.random.Generator, kind: str, holidays: np.ndarray) -> list[np.ndarray]:
    """Tokens per day of one application: uncached input, cached input, output."""
    low, high = NOISE[kind]
    noise = _autoregressive(random, random.uniform(0, 0.7), random.uniform(low, high))
    level = np.exp(random.normal(17.5, 0.9)) * np.exp(np.arange(DAYS) * random.uniform(0, 0.003))
    if random.random() < 0.35:
        middle, width = random.uniform(40, 300), random.uniform(6, 25)
        level *= 0.05 + 0.95 / (1 + np.exp(-(np.arange(DAYS) - middle) / width))
    calls = level * np.array(WEEKDAYS[kind])[np.arange(DAYS) % 7] * np.exp(noise)
    if kind in ("agent", "dev"):
        bursts = random.random(DAYS) < random.uniform(0.02, 0.06)
        calls[bursts] *= 1 + np.minimum(random.pareto(2.5, int(bursts.sum())), 4)
    if kind == "intermittent":
        calls *= random.random(DAYS) < random.uniform(0.3, 0.7)
    if kind in ("business", "dev"):
        calls[holidays] *= 0.3
    cached = np.clip(random.uniform(0, 0.7) + _autoregressive(random, 0.8, 0.02), 0, 0.9)
    ratio = random.uniform(0.05, 0.4) * np.exp(_autoregressive(random, 0.5, 0.06))
    return [calls * (1 - cached), calls * cached, calls * ratio]


def _models(
    random: np.random.Generator, app: str, made: Organisation
) -> list[tuple[str, np.ndarray]]:
    """One or two models of an application and the share of its traffic each takes by day."""
    names = list(MODELS)
    first, second = (names[int(place)] for place in random.choice(len(names), 2, replace=False))
    if random.random() < 0.3:
        start, length = int(random.integers(90, 380)), int(random.integers(1, 22))
        moved = np.clip((np.arange(DAYS) - start + 1) / length, 0, 1)
        made.benign.append(("migration", start, start + length, app))
        return [(first, 1 - moved), (second, moved)]
    if random.random() < 0.4:
        share = np.clip(random.uniform(0.5, 0.9) + _autoregressive(random, 0.8, 0.02), 0.05, 0.95)
        return [(first, share), (second, 1 - share)]
    return [(first, np.ones(DAYS))]


def _autoregressive(random: np.random.Generator, carry: float, spread: float) -> np.ndarray:
    shocks = random.normal(0, spread * np.sqrt(1 - carry**2), DAYS)
    path = np.empty(DAYS)
    state = random.normal(0, spread)
    for day in range(DAYS):
        state = carry * state + shocks[day]
        path[day] = state
    return path
