"""The shapes of the answers, for the OpenAPI document; no answer is made from them.

Source: docs/page.md, "The API".
"""

from typing import Any, Literal

from pydantic import BaseModel, Field

from pertoken.web.answers import FILE_TYPES


class ErrorItem(BaseModel):
    """One error: what was found, where, and what helps."""

    code: str
    message: str
    where: str
    help: str


class ErrorAnswer(BaseModel):
    """The one envelope of every error."""

    ok: Literal[False]
    errors: list[ErrorItem]
    status: int


class ColumnItem(BaseModel):
    """A column and what kind of value it holds."""

    name: str
    kind: Literal[
        "text", "money", "price", "quantity", "count", "share", "date", "time", "flag", "json"
    ]


class SumItem(BaseModel):
    """Count and costs of all rows that match, of one currency."""

    BillingCurrency: str
    Rows: int
    EffectiveCost: str
    BilledCost: str


class TableAnswer(BaseModel):
    """A page of a table. Decimals (money, price, quantity, share) are strings of plain digits."""

    ok: Literal[True]
    commit: str
    table: str
    columns: list[ColumnItem]
    rows: list[list[str | int | bool | None]]
    total: int
    offset: int
    next: int | None
    sums: list[SumItem] | None = Field(default=None)
    notes: list[str] | None = Field(default=None, description="What a reader should know.")
    problems: list[str] | None = Field(default=None, description="What does not agree.")


class ClaimedItem(BaseModel):
    """What is claimed in one currency."""

    BillingCurrency: str
    GapCost: str


class ClaimAnswer(TableAnswer):
    """The lines of a claim, their sums, and how many exceptions are not claimed."""

    claimed: list[ClaimedItem]
    others: int
    provider: str | None


class ViewAnswer(BaseModel):
    """A view of the page: see docs/page.md for its parts."""

    model_config = {"extra": "allow"}

    ok: Literal[True]


def _error(words: str) -> dict[str, Any]:
    return {"model": ErrorAnswer, "description": words}


DOCUMENTED_ERRORS: dict[int | str, dict[str, Any]] = {
    400: _error("A parameter is unknown or wrong."),
    401: _error("Nobody is signed in, or the token is not known."),
    403: _error("The role does not see this."),
    404: _error("The hub keeps no telemetry, or no business metrics, to answer from."),
    405: _error("The route does not take this method."),
    422: _error("Not used: wrong parameters are answered with 400."),
    503: _error("There is no hub, or it cannot be read."),
}
ACT_ERRORS: dict[int | str, dict[str, Any]] = {
    **DOCUMENTED_ERRORS,
    403: _error("The role may not do this, or the request may come from another site."),
    409: _error("Somebody else writes the hub, or changed it meanwhile; nothing was changed."),
}
FILE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The whole table as a file.",
        "content": {kind.split(";")[0]: {} for kind in FILE_TYPES.values()},
    },
    **DOCUMENTED_ERRORS,
}
