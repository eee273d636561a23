"""The settings of the server: who may sign in, and as what.

Read from environment variables PERTOKEN_WEB_* and the TOML file that PERTOKEN_WEB_CONFIG names;
the environment wins. Without any of them there is no login, and the server answers on loopback
only.
Source: docs/page.md, "Settings".
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from pertoken.allocation import UNATTRIBUTED
from pertoken.errors import ConfigError
from pertoken.pipeline.kpis_view import ALL
from pertoken.web.people import Role  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "PERTOKEN_WEB_"
CONFIG = f"{PREFIX}CONFIG"


class Grant(BaseModel):
    """What a role is, and for a team which tag values and attributed teams are its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role
    tags: dict[str, list[str]] = Field(default_factory=dict)
    teams: list[str] = Field(default_factory=list)


class RoleRule(Grant):
    """A grant to everyone whose claim holds `claim`."""

    claim: str


class TokenRule(Grant):
    """A grant to a machine; only the SHA-256 of its token is kept."""

    name: str
    sha256: str = Field(pattern=r"^[0-9a-fA-F]{64}$")


class WebSettings(BaseModel):
    """The settings; without an issuer and tokens there is no login."""

    model_config = ConfigDict(extra="forbid")

    public_url: str | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: str = "openid profile email"
    oidc_claim: str = "roles"
    session_secret: SecretStr | None = None
    session_hours: float = Field(default=8.0, gt=0, le=24 * 7)
    roles: list[RoleRule] = Field(default_factory=list)
    tokens: list[TokenRule] = Field(default_factory=list)

    @property
    def has_login(self) -> bool:
        """Whether anyone must say who they are."""
        return self.oidc_issuer is not None or bool(self.tokens)


def read_settings(environment: Mapping[str, str] | None = None) -> WebSettings:
    """The settings from the environment and the file that it names.

    Raises: ConfigError for a file that cannot be read and for a setting that is unknown or wrong.
    """
    environment = os.environ if environment is None else environment
    if not any(name.upper().startswith(PREFIX) for name in environment):
        return WebSettings()
    values = _file_values(environment.get(CONFIG))
    try:
        settings = WebSettings(**(values | _environment_values(environment)))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"The setting '{place}' is wrong: {first['msg']}.",
            f"Expected the settings of docs/page.md, in the environment or the file of {CONFIG}.",
            f"Correct {place}, or the variable {PREFIX}{place.split('.')[0].upper()}.",
        ) from None
    _check(settings)
    return settings


def _file_values(name: str | None) -> dict[str, Any]:
    if not name:
        return {}
    import tomllib  # noqa: PLC0415 - only where there is a file

    try:
        return tomllib.loads(Path(name).read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not TOML"
        raise ConfigError(
            f"The settings file {name} cannot be read: {reason}.",
            f"Expected a TOML file in UTF-8 at the path in {CONFIG}.",
            "Correct the file or the path.",
        ) from None


def _environment_values(environment: Mapping[str, str]) -> dict[str, Any]:
    """The variables that are set; lists are JSON."""
    import json  # noqa: PLC0415 - only where there is a list

    values: dict[str, Any] = {}
    for variable, text in environment.items():
        if not variable.upper().startswith(PREFIX) or variable.upper() == CONFIG:
            continue
        name = variable.upper().removeprefix(PREFIX).lower()
        if name in ("roles", "tokens"):
            try:
                values[name] = json.loads(text)
            except ValueError:
                raise ConfigError(
                    f"The variable {variable} is not JSON.",
                    "Expected a JSON list of objects.",
                    f"Correct it, or move it to the file of {CONFIG}.",
                ) from None
        else:
            values[name] = text
    return values


def _check(settings: WebSettings) -> None:
    if settings.oidc_issuer is not None and settings.oidc_client_id is None:
        raise ConfigError(
            "oidc_issuer is set and oidc_client_id is not.",
            "Expected both: the provider knows this server by its client id.",
            f"Set {PREFIX}OIDC_CLIENT_ID.",
        )
    teams = [each for each in (*settings.roles, *settings.tokens) if each.role == "team"]
    if any(not (each.tags or each.teams) or not all(each.tags.values()) for each in teams):
        raise ConfigError(
            "A grant with role 'team' has no tags and no teams.",
            "Expected the tag values that are the team's own, tags = { team = ['search'] }, or "
            "the teams whose attributed cost is, teams = ['search'].",
            "Add them, or grant the role finance.",
        )
    nobodies = {"", ALL.casefold(), UNATTRIBUTED.casefold()}
    if named := [name for each in teams for name in each.teams if name.casefold() in nobodies]:
        raise ConfigError(
            f"'{named[0]}' in `teams` is no team: it stands for nobody's or everybody's cost.",
            "Expected names of teams as `pertoken attribute --by Team` prints them.",
            "Name the team, or grant the role finance.",
        )
    if settings.oidc_issuer is not None and not settings.roles:
        raise ConfigError(
            "There is an OIDC provider and no role for anyone it knows.",
            "Expected at least one of `roles`: a claim value, and the role that it grants.",
            "Add one; see docs/page.md.",
        )
    if settings.public_url is not None and urlsplit(settings.public_url).scheme not in (
        "http",
        "https",
    ):
        raise ConfigError(
            f"public_url '{settings.public_url}' is no address.",
            "Expected the address at which people open the page, such as https://cost.example.com.",
            f"Correct {PREFIX}PUBLIC_URL.",
        )
