"""Scenarios in words, and those that a hub keeps: JSON files in its folder `scenarios`.

A saved scenario is written once, whole or not at all, with what it said then, so that it can be
held against a later month. The name of its file is a number and its own.

Source: docs/variance.md, "What if".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from pertoken.errors import ConfigError, alternatives
from pertoken.hub import documents, keep_document
from pertoken.pipeline.whatif_view import DEFAULT_BY, WhatIf, scenario_totals, whatif_table
from pertoken.reports import Column, Table
from pertoken.unit_economics.what_if import SCOPES, TIERS, Scenario, Switch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pertoken.engine import Engine
    from pertoken.pipeline.audience import Relations
    from pertoken.stores import Folder

FOLDER = "scenarios"
LISTED = {
    "Scenario": "text", "BillingMonth": "date", "Words": "text", "BillingCurrency": "text",
    "CostBefore": "money", "CostAfter": "money", "Difference": "money",
}  # fmt: skip
UNSAVED = "what if"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}")


@dataclass(frozen=True, slots=True)
class ScenarioWords:
    """A scenario as a person gives it; numbers are text, so that no digit is lost."""

    month: str
    switch: tuple[str, ...] = ()
    token_ratio: tuple[str, ...] = ()
    cache_rate: str | None = None
    discount: str | None = None
    ptu: int | None = None
    by: tuple[str, ...] = DEFAULT_BY
    where: tuple[tuple[str, str], ...] = ()
    currency: str | None = None

    @property
    def line(self) -> str:
        """The changes in one line."""
        said = [*self.switch, *(f"ratio {each}" for each in self.token_ratio)]
        for name, value in (("cache rate", self.cache_rate), ("discount", self.discount),
                            ("units", self.ptu)):  # fmt: skip
            if value is not None:
                said.append(f"{name} {value}")
        return "; ".join([*said, *(f"{column}={value}" for column, value in self.where)])

    def read(self, name: str = UNSAVED) -> WhatIf:
        """The question that the pipeline answers; raises ConfigError for what has no meaning."""
        scenario = Scenario(
            switches=tuple(_switch(each) for each in self.switch),
            ratios=dict(_ratio(each) for each in self.token_ratio),
            cache_rate=_share(self.cache_rate, "cache rate", 1),
            discount=_share(self.discount, "discount", 1),
        )
        of_tokens = bool(self.switch or self.cache_rate or self.discount)
        if of_tokens == (self.ptu is not None):
            raise ConfigError(
                "A scenario changes nothing."
                if not of_tokens
                else "A scenario changes tokens and provisioned capacity at once.",
                "Expected a switch, a cache rate or a discount, or a number of units alone.",
                "Say what would be otherwise, such as the switch gpt-4o=gpt-4.1-mini.",
            )
        if self.ptu is not None and self.ptu < 0:
            raise ConfigError(
                f"{self.ptu} is no number of units.", "Expected 0 or more.", "Correct it."
            )
        return WhatIf(
            name, self.month, scenario, self.by, self.where,
            self.currency.upper() if self.currency else None, self.ptu,
        )  # fmt: skip


def keep_scenario(engine: Engine, relations: Relations, name: str, words: ScenarioWords) -> Table:
    """The answer to a scenario, which is kept with it under a name.

    Raises: ConfigError for a name that is none or taken, and for what has no meaning or touches
            nothing; nothing is kept then.
    """
    _check_name(relations.root, name)
    table = whatif_table(engine, relations, words.read(name))
    content = {
        "month": words.month, "switch": words.switch, "token_ratio": words.token_ratio,
        "cache_rate": words.cache_rate, "discount": words.discount, "ptu": words.ptu,
        "by": words.by, "where": words.where, "currency": words.currency,
        "totals": {
            currency: [f"{before:f}", None if after is None else f"{after:f}"]
            for currency, (before, after) in scenario_totals(table).items()
        },
    }  # fmt: skip
    file = f"{len(_saved(relations.root)) + 1:06d}-{name}.json"
    keep_document(relations.root / FOLDER, file, json.dumps(content, indent=1).encode())
    return table


def saved_scenario(root: Folder, name: str) -> WhatIf:
    """A scenario by its name; raises ConfigError where there is none or it cannot be read."""
    saved = _saved(root)
    if name not in saved:
        raise ConfigError(
            f"There is no scenario '{name}'.",
            f"Expected one that was saved: {', '.join(saved) or 'none is'}.",
            f"Nearest: {alternatives(name, saved)}." if saved else "Save a scenario first.",
        )
    return _read(saved[name])[0].read(name)


def scenarios_table(root: Folder) -> Table:
    """The scenarios that a hub keeps: one row per name and currency."""
    rows: list[tuple[object, ...]] = []
    for name, path in sorted(_saved(root).items()):
        words, totals = _read(path)
        for currency, (before, after) in sorted(totals.items()):
            change = None if after is None else after - before
            rows.append((name, words.month, words.line, currency, before, after, change))
    return Table("scenarios", tuple(Column(*each) for each in LISTED.items()), tuple(rows))


def _check_name(root: Folder, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"'{name}' is no name of a scenario.",
            "Expected letters, digits, blanks, '.', '_' and '-', 64 at most.",
            "Give another name.",
        )
    if name in _saved(root):
        raise ConfigError(
            f"There is a scenario '{name}' already.",
            "Expected a new name: what a scenario said stays as it was said.",
            "Give another name.",
        )


def scenarios_mark(root: Folder) -> str:
    """A text that is another one once a scenario is saved or deleted; "" where there is none."""
    return " ".join(path.name for path in documents(root / FOLDER, (".json",)))


def _saved(root: Folder) -> dict[str, Path]:
    """The files of the scenarios by name, without their number."""
    return {path.stem.partition("-")[2]: path for path in documents(root / FOLDER, (".json",))}


def _read(path: Path) -> tuple[ScenarioWords, dict[str, tuple[Decimal, Decimal | None]]]:
    try:
        held = json.loads(path.read_text("utf-8"))
        totals = {
            currency: (Decimal(before), None if after is None else Decimal(after))
            for currency, (before, after) in held.pop("totals").items()
        }
        lists: dict[str, Sequence[str]] = {
            name: tuple(held.pop(name)) for name in ("switch", "token_ratio", "by")
        }
        where = tuple((column, value) for column, value in held.pop("where"))
        return ScenarioWords(where=where, **lists, **held), totals  # type: ignore[arg-type]
    except (OSError, ValueError, KeyError, TypeError, InvalidOperation, AttributeError) as error:
        raise ConfigError(
            f"The scenario {path} cannot be read: {error}.",
            "Expected the file as pertoken wrote it.",
            "Restore it, or delete it and save the scenario again.",
        ) from error


def _switch(text: str) -> Switch:
    old, sign, new = (each.strip() for each in text.partition("="))
    if not sign or not old or not new or old.casefold() == new.casefold():
        raise ConfigError(
            f"'{text}' is no switch.",
            "Expected FROM=TO: two models (MODEL or MODEL@VERSION), service tiers or scopes.",
            "Write it as gpt-4o=gpt-4.1-mini or Standard=Batch.",
        )
    for field, words in (("scope", SCOPES), ("tier", TIERS)):
        held = {each.casefold(): each for each in words}
        inside = [each.casefold() in held for each in (old, new)]
        if all(inside):
            return Switch(field, held[old.casefold()], held[new.casefold()])
        if any(inside):
            raise ConfigError(
                f"'{text}' switches from one kind of word to another.",
                f"Expected both of {', '.join(words)}, or two models.",
                f"Nearest: {alternatives(old if inside[1] else new, words)}.",
            )
    models = [each.partition("@") for each in (old, new)]
    return Switch("model", models[0][0], models[1][0], models[0][2] or None, models[1][2] or None)


def _ratio(text: str) -> tuple[str, Decimal]:
    model, sign, number = text.rpartition("=")
    value = _number(number)
    if value is None or value <= 0 or (sign and not model.strip()):
        raise ConfigError(
            f"'{text}' is no token ratio.",
            "Expected a number above 0, or MODEL=NUMBER for one new model.",
            "Write it as 1.1 or gpt-4.1=1.1.",
        )
    return model.strip().casefold(), value


def _share(text: str | None, what: str, most: int) -> Decimal | None:
    if text is None:
        return None
    value = _number(text)
    if value is None or not 0 <= value <= most:
        raise ConfigError(
            f"The {what} {text} is no share.",
            "Expected a number from 0 to 1, such as 0.25.",
            "Correct it.",
        )
    return value


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
