"""The file of channels: who gets alerts, where, and which thresholds count. It holds no secret.

Source: docs/alerts.md.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pertoken.errors import ConfigError, alternatives
from pertoken.integrations import CHANNEL_KINDS, Channel
from pertoken.pipeline.alert_rules import RULES, AlertSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_OWNER = "finops"
_TOP = ("default_owner", "channel", "rules", "owners")
_OPTIONS = (
    "url_variable", "host", "port", "sender", "to", "user_variable", "password_variable",
    "endpoint", "rule_id", "stream", "resource_id",
)  # fmt: skip
_SHARES = ("unread_share", "unattributed_share", "ptu_utilisation", "minimum_cost")
_COUNTS = ("missing_export_hours", "ptu_days")


@dataclass(frozen=True, slots=True)
class AlertConfig:
    """Channels, thresholds, the owner of what has none, and owners by team."""

    channels: tuple[Channel, ...] = ()
    settings: AlertSettings = field(default_factory=AlertSettings)
    default_owner: str = DEFAULT_OWNER
    owners: Mapping[str, str] | None = None

    def owner_of(self, owner: str | None) -> str:
        """Who gets an alert: the owner of its team, the owner it names, else the default."""
        if owner is None:
            return self.default_owner
        return (self.owners or {}).get(owner, owner)


def read_alert_config(path: Path) -> AlertConfig:
    """The channels and thresholds of a TOML file.

    Takes:   default_owner; [owners] team = "owner"; [[channel]] with name, kind, owner ("*" is
             everybody) and the settings of its kind; [rules] with thresholds and off.
    Raises:  ConfigError that names everything that cannot be read.
    """
    content = _content(path)
    faults: list[str] = []
    _only(content, _TOP, "the file", faults)
    channels = [
        channel
        for number, row in enumerate(_list(content, "channel", faults), start=1)
        if (channel := _channel(row, number, faults)) is not None
    ]
    names = [channel.name for channel in channels]
    faults += [f"the channel '{name}' stands twice" for name in {*names} if names.count(name) > 1]
    rules = content.get("rules", {})
    settings = _settings(rules if isinstance(rules, dict) else {}, faults)
    owners = content.get("owners", {})
    if not isinstance(owners, dict):
        faults.append("owners is no table")
        owners = {}
    if faults:
        raise ConfigError(
            f"{path} has {len(faults)} faults: {'; '.join(faults)}.",
            "Expected channels with name, kind and the settings of their kind; no secret.",
            "Mend them; nothing was sent.",
        )
    default = str(content.get("default_owner") or DEFAULT_OWNER)
    told = {str(team): str(owner) for team, owner in owners.items()}
    return AlertConfig(tuple(channels), settings, default, told)


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}.",
            "Expected a TOML file of channels in UTF-8.",
            "Mend the file, or name another one.",
        ) from error


def _list(content: Mapping[str, Any], name: str, faults: list[str]) -> list[dict[str, Any]]:
    rows = content.get(name, [])
    if isinstance(rows, list) and all(isinstance(each, dict) for each in rows):
        return rows
    faults.append(f"{name} is no list of tables: write [[{name}]]")
    return []


def _only(row: Mapping[str, Any], known: tuple[str, ...], where: str, faults: list[str]) -> None:
    faults += [
        f"{where} has '{name}' (nearest: {alternatives(name, known)})"
        for name in row
        if name not in known
    ]


def _channel(row: Mapping[str, Any], number: int, faults: list[str]) -> Channel | None:
    name, kind = str(row.get("name") or ""), str(row.get("kind") or "")
    where = f"channel {name or number}"
    _only(row, ("name", "kind", "owner", *_OPTIONS), where, faults)
    if not name:
        faults.append(f"{where} has no name")
    if kind not in CHANNEL_KINDS:
        faults.append(f"{where} has the kind '{kind}', none of {', '.join(CHANNEL_KINDS)}")
        return None
    options = {key: row[key] for key in _OPTIONS if key in row}
    lacking = [key for key in CHANNEL_KINDS[kind][1] if not options.get(key)]
    faults += [f"{where} ({kind}) has no {key}" for key in lacking]
    if ("user_variable" in options) != ("password_variable" in options):
        faults.append(f"{where} has only one of user_variable and password_variable")
    return Channel(name, kind, str(row.get("owner") or "*"), options)


def _settings(rules: Mapping[str, Any], faults: list[str]) -> AlertSettings:
    known = (*_SHARES, *_COUNTS, "reservation_days", "off")
    _only(rules, known, "rules", faults)
    values: dict[str, Any] = {}
    for name in _SHARES:
        if name in rules:
            values[name] = _number(rules[name], name, faults)
    for name in _COUNTS:
        if name in rules:
            values[name] = rules[name]
            if type(rules[name]) is not int or rules[name] < 1:
                faults.append(f"{name} '{rules[name]}' is no whole number from 1")
    if "reservation_days" in rules:
        values["reservation_days"] = _days(rules["reservation_days"], faults)
    if "off" in rules:
        off = rules["off"] if isinstance(rules["off"], list) else [rules["off"]]
        unknown = [each for each in off if each not in RULES]
        faults += [f"off names '{each}', none of {', '.join(RULES)}" for each in unknown]
        values["off"] = frozenset(str(each) for each in off)
    return AlertSettings() if faults else AlertSettings(**values)


def _number(value: object, name: str, faults: list[str]) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        faults.append(f"{name} '{value}' is no number from 0")
    return number


def _days(value: object, faults: list[str]) -> tuple[int, ...]:
    if isinstance(value, list) and value and all(type(day) is int and day > 0 for day in value):
        return tuple(value)
    faults.append(f"reservation_days '{value}' is no list of days")
    return ()
