"""Who asks: a person or a machine, a role, and the audience that follows from it.

    admin    everything, and where files lie on the server
    finance  every charge, list and contracted prices
    team     the charges whose tags match a binding, without list and contracted prices, and the
             attributed rows of the teams it is granted

Source: docs/page.md, "Who may see what".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pertoken.pipeline.audience import EVERYONE, Audience

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pertoken.pipeline.audience import Binding

Role = Literal["admin", "finance", "team"]
_ORDER: tuple[Role, ...] = ("admin", "finance", "team")


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks; `audience` is what they see."""

    name: str
    role: Role
    audience: Audience

    @property
    def key(self) -> str:
        """Equal for two people who get the same answers."""
        return f"{self.role}:{self.audience.key}"


THIS_MACHINE = Person("this machine", "admin", EVERYONE)
"""Who asks a server without login: it answers on loopback only."""


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
        return Person(name, role, EVERYONE)
    bindings: set[Binding] = {
        tuple(sorted((key, tuple(sorted(values))) for key, values in tags.items()))
        for _, tags in held
        if tags
    }
    own = tuple(sorted(set(teams)))
    return Person(name, role, Audience(tuple(sorted(bindings)), sees_all=False, teams=own))
