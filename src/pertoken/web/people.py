"""Who asks: a person or a machine, a role, and the audience that follows from it.

    admin    everything, and where files lie on the server
    finance  every charge, list and contracted prices; drafts statements, resolves disputes
    approver what finance sees; approves, issues, posts and voids statements
    team     the charges whose tags match a binding, without list and contracted prices, and the
             attributed rows of the teams it is granted

Source: docs/page.md, "Who may see what".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from pertoken.errors import ConfigError
from pertoken.pipeline.audience import EVERYONE, Audience
from pertoken.pipeline.saved_rules import own_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pertoken.pipeline.audience import Binding

Role = Literal["admin", "finance", "approver", "team"]
_ORDER: tuple[Role, ...] = ("admin", "finance", "approver", "team")


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks; `audience` is what they see, `roles` what they may do, `role` the widest.

    `is_known` is whether they signed in or sent a token: on loopback without login nobody has.
    """

    name: str
    role: Role
    audience: Audience
    roles: frozenset[Role] = field(default_factory=frozenset)
    is_known: bool = True

    @property
    def key(self) -> str:
        """Equal for two people who get the same answers."""
        return f"{self.role}:{self.audience.key}"

    @property
    def acts_as(self) -> str:
        """What an answer that names the person depends on, beside `key`."""
        return f"{self.name}:{sorted(self.roles)}"


THIS_MACHINE = Person("this machine", "admin", EVERYONE, frozenset({"admin"}), is_known=False)
"""Who asks a server without login, where the operating system names no user."""


def user_of_this_machine() -> Person:
    """Who asks a server without login, which answers on loopback only: who runs it."""
    try:
        return replace(THIS_MACHINE, name=own_name())
    except ConfigError:
        return THIS_MACHINE


def person_of(
    name: str,
    grants: Iterable[tuple[Role, Mapping[str, Sequence[str]]]],
    teams: Iterable[str] = (),
) -> Person:
    """A person from what they were granted: the widest role, or every team they are in.

    Takes:   grants, at least one: a role, and for a team its tag values by tag key. A team without
             tags sees no charges. teams, those whose attributed rows are theirs.
    """
    held = list(grants)
    role = min((each for each, _ in held), key=_ORDER.index)
    if role != "team":
        return Person(name, role, EVERYONE, frozenset(each for each, _ in held))
    bindings: set[Binding] = {
        tuple(sorted((key, tuple(sorted(values))) for key, values in tags.items()))
        for _, tags in held
        if tags
    }
    own = tuple(sorted(set(teams)))
    return Person(
        name, role, Audience(tuple(sorted(bindings)), sees_all=False, teams=own), frozenset({role})
    )
