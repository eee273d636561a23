"""One check: a rule held against one column by one SQL predicate.

A predicate is true for a row that breaks the rule. A screen is a predicate that is true for at
least those rows and cheaper, or shared by several checks: screens run over all rows, predicates
only where a screen found something.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """A rule, its column and the SQL over `Charges.source` that finds the rows.

    `shown` are the columns an example prints; `expected` ends the help of a finding. `cell`
    names the one cell a screen reads where it is held against distinct values instead of rows.
    """

    rule: str
    column: str
    predicate: str
    shown: tuple[str, ...]
    expected: str = ""
    screen: str = ""
    cell: str = ""

    @property
    def screened_by(self) -> str:
        """The predicate of the first pass."""
        return self.screen or self.predicate
